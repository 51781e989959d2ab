"""The configured sources of documents: `kind:path`, and behind `!` who may read.

markdown:handbook                       everybody of the tenant
markdown:handbook!closed                a document is read by whom it names, and by nobody else
confluence:space.zip!group:engineering  these at most; a document's own list narrows it further
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from gnomon.context.knowledge.access import MalformedAccess, parse_readers
from gnomon.context.knowledge.sources.confluence import ConfluenceExport
from gnomon.context.knowledge.sources.google_docs import GoogleDocs
from gnomon.context.knowledge.sources.markdown_folder import MarkdownFolder
from gnomon.context.knowledge.sources.notion import NotionExport
from gnomon.context.knowledge.sources.pdf import PdfFiles
from gnomon.context.knowledge.sources.port import DocumentSource, Place
from gnomon.context.knowledge.sources.slack import SlackExport
from gnomon.domain.document import OPEN, AccessList
from gnomon.domain.errors import Misconfigured

KINDS: Mapping[str, Callable[[Place], DocumentSource]] = {
    "markdown": MarkdownFolder,
    "notion": NotionExport,
    "confluence": ConfluenceExport,
    "slack": SlackExport,
    "google-docs": GoogleDocs,
    "pdf": PdfFiles,
}
CLOSED_WORD = "closed"


def open_knowledge_sources(entries: Iterable[str], base_dir: Path) -> tuple[DocumentSource, ...]:
    """The sources that `context.documents` names. Nothing is read yet.

    Args:
        base_dir: Where relative paths start: the folder of `gnomon.toml`.

    Raises:
        Misconfigured: An entry is not of the form, of an unknown kind, or there twice.
    """
    sources = tuple(_source(entry, base_dir) for entry in entries)
    names = [source.place.name for source in sources]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise _wrong(twice, "it is there twice, and only one of them can say who reads it")
    return sources


def _source(entry: str, base_dir: Path) -> DocumentSource:
    name, marked, access = entry.strip().partition("!")
    kind, _, path = name.partition(":")
    if kind not in KINDS or not path:
        raise _wrong(entry, f"write kind:path; kinds are {', '.join(KINDS)}")
    ceiling, closed = _access(entry, access) if marked else (OPEN, False)
    return KINDS[kind](Place(name, base_dir / Path(path).expanduser(), ceiling, closed))


def _access(entry: str, access: str) -> tuple[AccessList, bool]:
    names = [part.strip() for part in access.split(",")]
    closed = CLOSED_WORD in names
    named = [name for name in names if name != CLOSED_WORD]
    try:
        return (parse_readers(named) if named else OPEN), closed
    except MalformedAccess as error:
        raise _wrong(entry, f"behind `!`, {error}, or `{CLOSED_WORD}`") from error


def _wrong(entry: str, reason: str) -> Misconfigured:
    return Misconfigured(
        f"`{entry}` is no source of documents: {reason}",
        facts=(("setting", "context.documents"),),
        hint="correct the entry; docs/knowledge.md shows the forms",
    )

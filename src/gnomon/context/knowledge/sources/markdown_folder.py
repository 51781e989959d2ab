"""A folder or archive of Markdown files with front matter: handbooks, wikis in git, notes.

    ---
    title: Refunds
    author: Ana
    date: 2026-03-01
    readers: [group:finance, user:bo@acme.test]
    tags: [finance]
    ---

Without `readers` the source says who reads. Front matter that cannot be read closes its document to all.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.access import READERS, MalformedAccess, is_misspelt, parse_readers
from gnomon.context.knowledge.markdown import markdown_blocks
from gnomon.context.knowledge.sources.port import TEXT_CHARS, Item, Place, bounded, day_of, decoded
from gnomon.domain.document import CLOSED, AccessList, Block, Document
from gnomon.store.archives import StoredFile
from gnomon.store.yaml_files import YamlError, load_yaml

SUFFIXES = (".md", ".markdown", ".mdx")
_FENCES = ("---", "+++")
_ENDS = ("---", "...")
_FRONT_CHARS = 100_000
_LEADING = re.compile(r"^[\s\ufeff\u200b-\u200f\u2060]+")
"""Nobody sees these, so a fence behind them is one."""

_NO_TEXT = re.compile("[\x00\ufffd]")


@dataclass(frozen=True, slots=True)
class MarkdownFolder:
    """Markdown files."""

    place: Place

    def read(self) -> Iterator[Item]:
        """Every file as a document."""
        problems: list[Problem] = []
        for file in self.place.files(lambda name: name.casefold().endswith(SUFFIXES), problems):
            yield markdown_document(self.place, file, problems)
            yield from problems
            problems.clear()
        yield from problems


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands above a text.

    Args:
        readers: The access list; None where there is none.
        body: The text below.
    """

    fields: Mapping[str, object]
    readers: AccessList | None
    body: str


def markdown_document(place: Place, file: StoredFile, problems: list[Problem]) -> Document:
    """The document that a Markdown file holds."""
    text = bounded(decoded(file, problems), file.name, TEXT_CHARS, problems)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front = front_matter(text, file.name, problems)
    blocks = tuple(markdown_blocks(front.body))
    said = front.fields
    card = place.card(
        file.name,
        _text(said.get("title")) or first_heading(blocks) or PurePosixPath(file.name).stem,
        author=_text(said.get("author")),
        written=day_of(said.get("date")) or day_of(said.get("updated")),
        url=_text(said.get("url")),
        tags=_tags(said.get("tags")),
    )
    return Document(card, blocks, front.readers)


def first_heading(blocks: tuple[Block, ...]) -> str:
    """The text of the topmost heading that a document begins with; empty if there is none."""
    return next((b.text for b in blocks[:5] if b.kind == "heading" and b.level == 1), "")


def front_matter(text: str, name: str, problems: list[Problem]) -> FrontMatter:
    """Take the front matter off a text. One that cannot be read, or does not end, closes the document."""
    lines = _LEADING.sub("", text).split("\n")
    if _NO_TEXT.search(lines[0]):
        problems.append(_closing(name, "is not text in UTF-8, so its front matter cannot be found"))
        return FrontMatter({}, CLOSED, text)
    if lines[0].rstrip() not in _FENCES:
        return FrontMatter({}, None, text)
    end = next((i for i, each in enumerate(lines[1:], 1) if each.rstrip() in _ENDS), 0)
    raw, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    try:
        if lines[0].startswith("+++"):
            raise MalformedAccess("front matter between +++ is not read; write it in YAML between ---")
        if not end or len(raw) > _FRONT_CHARS:
            raise MalformedAccess("the front matter does not end; close it with ---")
        fields = _fields(load_yaml(raw, name))
        return FrontMatter(fields, _readers(fields), body)
    except YamlError as error:
        # The text that was parsed begins on the file's second line.
        where = f"{name}:{error.line + 1}" if error.line else name
        problems.append(_closing(where, f"the front matter {error.message}"))
    except MalformedAccess as error:
        problems.append(_closing(name, str(error)))
    return FrontMatter({}, CLOSED, body if end else text)


def _closing(where: str, message: str) -> Problem:
    return Problem(where, f"{message}; nobody may read the document until this is mended")


def _fields(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedAccess("the front matter is not a list of fields")
    fields: dict[str, object] = {}
    for key, content in value.items():
        name = str(key).strip().casefold()
        if name in fields:
            raise MalformedAccess(f"the front matter has `{name[:60]}` twice")
        fields[name] = content
    return fields


def _readers(fields: Mapping[str, object]) -> AccessList | None:
    misspelt = next((key for key in fields if is_misspelt(key)), "")
    if misspelt:
        raise MalformedAccess(f"`{misspelt[:60]}` is not `{READERS}`")
    return parse_readers(fields[READERS]) if READERS in fields else None


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(v for v in value if isinstance(v, str))
    return value if isinstance(value, str) else ""


def _tags(value: object) -> tuple[str, ...]:
    tags = value.split(",") if isinstance(value, str) else value
    return tuple(t.strip() for t in tags if isinstance(t, str)) if isinstance(tags, list) else ()

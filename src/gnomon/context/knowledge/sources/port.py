"""What every source of documents can do, and what they all share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from gnomon.context.catalog.facts import Problem
from gnomon.domain.document import OPEN, AccessList, Document, DocumentCard
from gnomon.domain.errors import Misconfigured
from gnomon.store.archives import LIMITS, Limits, Skipped, StoredFile, open_files

Item = Document | Problem

TEXT_CHARS = 1_000_000
"""Of a document's text so much is read; it is a book of 400 pages."""

PAGE_CHARS = 5_000_000
"""The same with the markup of a web page."""

FIELD_CHARS = 300
TAGS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source's files are, and who may read them.

    Args:
        name: Kind and path as configured, for example `markdown:handbook`.
        ceiling: Whom the operator lets read the source at all.
        closed: A document without an access list of its own is read by nobody.
    """

    name: str
    path: Path
    ceiling: AccessList = OPEN
    closed: bool = False

    def card(
        self,
        place: str,
        title: str,
        *,
        author: str = "",
        written: date | None = None,
        url: str = "",
        tags: tuple[str, ...] = (),
    ) -> DocumentCard:
        """What is known of one document; every field is cut to what a page can show.

        A document cannot tag itself as one of another source: tags that begin with `source:` are dropped.
        """
        own = (line(t) for t in tags[:TAGS_KEPT] if not t.startswith("source:"))
        return DocumentCard(
            id=f"{self.name}:{place}",
            source=self.name,
            title=line(title) or place,
            place=place,
            author=line(author),
            written=written,
            url=line(url, 2_000),
            tags=(*dict.fromkeys(t for t in own if t), f"source:{self.name}"),
        )

    def files(
        self, wanted: Callable[[str], bool], problems: list[Problem], *, limits: Limits = LIMITS
    ) -> Iterator[StoredFile]:
        """The wanted files; what had to be passed over is added to `problems`.

        Raises:
            Misconfigured: There is nothing at the path; or, once all that can be read was given, it was not
            all.
        """
        unread = ""
        for found in open_files(self.path, wanted, limits=limits):
            if isinstance(found, StoredFile):
                yield found
            elif found.name == self.path.name:
                unread = found.reason
            elif not _is_attachment(found):
                problems.append(Problem(found.name, found.reason))
        if unread:
            raise unreadable(self.path.name, unread)


class DocumentSource(Protocol):
    """One configured source of documents.

    What cannot be read becomes a `Problem` with its place, and reading goes on. A document whose access list
    cannot be read is told with `CLOSED` as its readers, and a `Problem`.
    """

    @property
    def place(self) -> Place:
        """Where it reads, and whom the operator lets read it."""
        ...

    def read(self) -> Iterator[Item]:
        """Every document, one at a time, in a stable order.

        Raises:
            Misconfigured: The source cannot be read, or not to its end. What it told before counts; of the
            rest
                nothing is known, so nothing of it is given up.
        """
        ...


def unreadable(place: str, reason: str) -> Misconfigured:
    """What a source raises that cannot be read to its end."""
    return Misconfigured(
        f"{place}: {reason}",
        hint="export it again; what was indexed of it before is kept until it can be read",
    )


def line(text: str, chars: int = FIELD_CHARS) -> str:
    """The text as one line of bounded length."""
    return " ".join(text[: 4 * chars].split())[:chars]


def decoded(file: StoredFile, problems: list[Problem]) -> str:
    """The file's text; bytes that are none are shown as `�`, and said so."""
    try:
        return file.text()
    except UnicodeDecodeError as error:
        row = file.content.count(b"\n", 0, error.start) + 1
        where = f"{file.name}:{row}"
        problems.append(Problem(where, "is not UTF-8; save it as UTF-8 to keep every character"))
        return file.content.decode("utf-8-sig", "replace")


def bounded(text: str, name: str, chars: int, problems: list[Problem]) -> str:
    """The beginning of a text, with a problem if anything is left out."""
    if len(text) <= chars:
        return text
    problems.append(Problem(name, f"is longer than {chars:,} characters; the rest is not read"))
    return text[:chars]


_FORMS = (
    "%B %d, %Y",
    "%b %d, %Y",
    "%Y/%m/%d",
    "%d %B %Y",
    "%d %b %Y",
    "%d.%m.%Y",
)


def day_of(value: object) -> date | None:
    """The day that a source's date names; None where it is none that reads one way only."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = line(value, 40) if isinstance(value, str) else ""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    words = text.split()
    for form in _FORMS:
        try:
            return datetime.strptime(" ".join(words[: len(form.split())]), form).date()
        except ValueError:
            continue
    return None


def _is_attachment(found: Skipped) -> bool:
    """Files beside the pages of an export are not read, so that they cannot be read is no problem."""
    return "attachments/" in found.name or "images/" in found.name

"""A folder of SQL files: pipelines and saved queries, told apart by what their statements are."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gnomon.context.catalog.facts import Origin, PastQuery, PipelineCode, Problem
from gnomon.context.catalog.sources.port import Source
from gnomon.context.catalog.sources.queries.lines import Complaints, read_lines
from gnomon.context.catalog.sources.queries.places import Place, files_at, stamp
from gnomon.context.catalog.sources.queries.sql_text import Written, statements_of
from gnomon.context.catalog.sources.queries.statements import Code, code_item, code_of
from gnomon.context.catalog.usage.statements import READ_WORDS, WRITE_WORDS, Unread, first_word

MAX_FILE_BYTES = 8 * 1_048_576
"""Larger files are dumps of data, which no person wrote."""

_ENDINGS = frozenset({".sql"})


def open_sql_folder(path: Path, name: str, dialect: str = "") -> Source:
    """A source of every `.sql` file in and below a folder, or of one file.

    A query becomes a `PastQuery`, titled by the comment in front of it or by its file; a statement that makes
    a table becomes `PipelineCode`. Other statements are passed over.

    Args:
        dialect: sqlglot's name of the dialect; empty for the one that sqlglot reads by default.
    """
    return SqlFolder(path, name, dialect)


@dataclass(frozen=True, slots=True)
class SqlFolder:
    """See `open_sql_folder`."""

    path: Path
    name: str
    dialect: str = ""

    def fingerprint(self) -> str:
        """Changes when a file is added, removed or written.

        Raises:
            Misconfigured: There is no such folder.
        """
        return stamp(self._files())

    def read(self) -> Iterator[PastQuery | PipelineCode | Problem]:
        """Every statement, file by file.

        Raises:
            Misconfigured: There is no such folder.
        """
        for place in self._files():
            yield from self._read_file(place)

    def _files(self) -> list[Place]:
        return files_at(self.path, _ENDINGS, "folder of SQL files")

    def _read_file(self, place: Place) -> Iterator[PastQuery | PipelineCode | Problem]:
        complaints = Complaints(place.name)
        text = _whole(place, complaints)
        if isinstance(text, Problem):
            yield text
            return
        found = statements_of(text, self.dialect)
        if isinstance(found, Unread):
            yield Problem(
                f"{place.name}:1", "The file cannot be cut into statements; see that its quotes close."
            )
            return
        for written in found:
            yield from self._sorted(written, place, complaints)
        yield from complaints.rest()

    def _sorted(
        self, written: Written, place: Place, complaints: Complaints
    ) -> Iterator[PastQuery | PipelineCode | Problem]:
        word = first_word(written.sql)
        where = f"{place.name}:{written.line}"
        if word in READ_WORDS:
            origin = Origin("usage", where, self.name)
            title = written.title or _title_of(place.name)
            yield PastQuery(written.sql, origin, self.dialect, title=title)
        elif word in WRITE_WORDS:
            code = code_of(written.sql, self.dialect)
            if isinstance(code, Code):
                yield code_item(code, written.sql, Origin("code", where, self.name), self.dialect)
            elif isinstance(code, Unread):
                yield from complaints.about(written.line, f"Passed over: {code.reason}.")


def _whole(place: Place, complaints: Complaints) -> str | Problem:
    dump = Problem(f"{place.name}:1", f"The file is over {MAX_FILE_BYTES // 1_048_576} MB: no code, a dump.")
    if place.path.stat().st_size > MAX_FILE_BYTES:
        return dump
    parts: list[str] = []
    size = 0
    for line in read_lines(place.path, complaints):
        if isinstance(line, Problem):
            return line
        size += len(line.text) + 1
        if size > MAX_FILE_BYTES:
            return dump
        parts.append(line.text)
    return "\n".join(parts)


def _title_of(name: str) -> str:
    """The file's name in words; a name without a word, such as `12.sql`, is no title."""
    stem = name.rpartition("/")[2].removesuffix(".gz").removesuffix(".sql")
    words = stem.replace("_", " ").replace("-", " ").strip()
    return words if sum(c.isalpha() for c in words) >= 3 else ""

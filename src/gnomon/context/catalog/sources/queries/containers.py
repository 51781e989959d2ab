"""Records out of JSON Lines, JSON arrays and CSV, one at a time."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.queries.fields import normalised
from gnomon.context.catalog.sources.queries.lines import Complaints, Line

MAX_RECORD = 2_097_152
"""Characters of one record; a record in CSV or JSON may stand on many lines."""

_MARKS = re.compile(r'["\\{}]')


@dataclass(frozen=True, slots=True)
class Row:
    """A record with normalised field names, and the line it begins on."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one CSV record, and the line it begins on."""

    line: int
    values: list[str]


def json_rows(lines: Iterable[Line | Problem], complaints: Complaints) -> Iterator[Row | Problem]:
    """One JSON object a line. A line that is none is passed over."""
    for line in lines:
        if isinstance(line, Problem):
            yield line
        elif line.text.strip():
            yield from _object(line.number, line.text, complaints)


def json_array_rows(lines: Iterable[Line | Problem], complaints: Complaints) -> Iterator[Row | Problem]:
    """The objects of one JSON array, however it is broken into lines, or cut into pieces of them."""
    cutter = _ObjectCutter()
    for line in lines:
        if isinstance(line, Problem):
            yield line
            continue
        for start, text in cutter.feed(line):
            if len(text) > MAX_RECORD:
                yield from complaints.about(start, f"The record is over {MAX_RECORD // 1_048_576} MB long.")
            else:
                yield from _object(start, text, complaints)
    if cutter.is_inside:
        yield from complaints.about(cutter.began, "The file ends inside this record; export it again.")


def csv_cells(lines: Iterable[Line | Problem], complaints: Complaints) -> Iterator[Cells | Problem]:
    """The records of a CSV file; a quoted cell may hold line breaks.

    The separator is whichever of comma, semicolon and tab the first line has most of.
    """
    separator = ""
    held: list[str] = []
    start, size, quotes = 0, 0, 0
    for line in lines:
        if isinstance(line, Problem):
            yield line
            continue
        separator = separator or max(",;\t", key=line.text.count)
        start = start if held else line.number
        held.append(line.text)
        size += len(line.text) + 1
        quotes += line.text.count('"')
        if quotes % 2 and size <= MAX_RECORD:
            continue
        yield from _cells(start, held, separator, complaints)
        held, size, quotes = [], 0, 0
    if held:
        yield from complaints.about(start, "The file ends inside this record; export it again.")


def csv_rows(
    records: Iterable[Cells | Problem], header: Sequence[str], complaints: Complaints
) -> Iterator[Row | Problem]:
    """CSV records under the names of a header."""
    for record in records:
        if isinstance(record, Problem):
            yield record
        elif len(record.values) != len(header):
            message = (
                f"The record has {len(record.values)} cells and the header {len(header)}; it was passed over."
            )
            yield from complaints.about(record.line, message)
        else:
            yield Row(record.line, normalised(dict(zip(header, record.values, strict=True))))


def _object(start: int, text: str, complaints: Complaints) -> Iterator[Row | Problem]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        yield from complaints.about(start, "The line is not a JSON object; it was passed over.")
        return
    if isinstance(found, dict):
        yield Row(start, normalised(found))
    else:
        yield from complaints.about(start, "The line is not a JSON object; it was passed over.")


def _cells(start: int, held: list[str], separator: str, complaints: Complaints) -> Iterator[Cells | Problem]:
    if not any(text.strip() for text in held):
        return
    try:
        rows = list(csv.reader([text + "\n" for text in held], delimiter=separator, strict=True))
    except csv.Error:
        yield from complaints.about(start, "The record cannot be read as CSV; see that its quotes close.")
        return
    for row in rows:
        yield Cells(start, row)


@dataclass(slots=True)
class _ObjectCutter:
    """Cuts a stream of text into the outermost `{...}`, knowing strings and nothing else of JSON."""

    began: int = 0
    _depth: int = 0
    _quoted: bool = False
    _escaped_at: int = -1
    _parts: list[str] = field(default_factory=list)
    _size: int = 0

    @property
    def is_inside(self) -> bool:
        return self._depth > 0

    def feed(self, line: Line) -> Iterator[tuple[int, str]]:
        """Every object that ends on this line, with the line it began on; an oversized one is cut short."""
        text, start = line.text, 0
        for mark in _MARKS.finditer(text):
            at, sign = mark.start(), mark[0]
            if at == self._escaped_at:
                continue
            if sign == "\\":
                self._escaped_at = at + 1
            elif sign == '"':
                self._quoted = not self._quoted if self._depth else False
            elif self._quoted:
                continue
            elif sign == "{":
                if not self._depth:
                    start, self.began, self._parts, self._size = at, line.number, [], 0
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if not self._depth:
                    self._keep(text[start : at + 1])
                    yield self.began, "".join(self._parts)
        if self._depth:
            self._keep(text[start:])
        # What was escaped at the end of a piece is the first character of the next.
        self._escaped_at -= len(text)

    def _keep(self, part: str) -> None:
        if self._size <= MAX_RECORD:
            self._parts.append(part)
            self._size += len(part)

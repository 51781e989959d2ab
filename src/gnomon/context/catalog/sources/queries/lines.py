"""Lines of a file, plain or gzipped, in memory that does not grow with the file or with a line."""

import codecs
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from gnomon.context.catalog.facts import Problem

MAX_LINE_BYTES = 1_048_576
MAX_RATIO = 250
"""Bytes out for each byte in. A log packs to a tenth or a fiftieth; zeros pack to a thousandth."""
MAX_PROBLEMS = 100
_FREE_BYTES = 16 * 1_048_576
"""Below this much output a high ratio is no harm."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end, or a piece of one. Bytes that are not UTF-8 read as U+FFFD.

    Args:
        is_whole: It is the line from its first to its last character.
        ends: The line ends with it.
    """

    number: int
    text: str
    is_whole: bool = True
    ends: bool = True


@dataclass(slots=True)
class Complaints:
    """Problems of one file, bounded: a damaged file says so a hundred times, not a million."""

    place: str
    _count: int = field(default=0, init=False)

    def about(self, line: int, message: str) -> Iterator[Problem]:
        """The problem, if there were not too many before."""
        self._count += 1
        if self._count <= MAX_PROBLEMS:
            yield Problem(f"{self.place}:{line}", message)

    def rest(self) -> Iterator[Problem]:
        """How many problems were kept back, as one."""
        if self._count > MAX_PROBLEMS:
            kept = self._count - MAX_PROBLEMS
            yield Problem(
                self.place, f"{kept:,} more places could not be read; mend the file or leave it out."
            )


def read_lines(path: Path, complaints: Complaints) -> Iterator[Line | Problem]:
    """The lines of a file; one too long is passed over, a damaged archive is read up to the damage."""
    skipping = False
    for piece in read_pieces(path, complaints):
        if isinstance(piece, Problem):
            yield piece
        elif not piece.is_whole and not skipping:
            skipping = True
            message = f"The line is over {MAX_LINE_BYTES // 1024:,} kB and was passed over."
            yield from complaints.about(piece.number, message)
        elif piece.is_whole and not skipping:
            yield piece
        skipping = skipping and not (isinstance(piece, Line) and piece.ends)


def read_pieces(path: Path, complaints: Complaints) -> Iterator[Line | Problem]:
    """The same, with the long lines in pieces, for formats that care little for lines."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    number, inside = 1, False
    try:
        with closing(_opened(path)) as file:
            while raw := file.readline(MAX_LINE_BYTES):
                ends = raw.endswith(b"\n") or len(raw) < MAX_LINE_BYTES
                text = raw.decode("utf-8", "replace") if ends and not inside else decode(raw, final=ends)
                text = text.removeprefix("\ufeff") if number == 1 and not inside else text
                yield Line(
                    number, text.rstrip("\r\n") if ends else text, is_whole=ends and not inside, ends=ends
                )
                number, inside = number + ends, not ends
    except _Bomb:
        yield Problem(f"{complaints.place}:{number}", "The archive unpacks to too much; unpack it by hand.")
    except (OSError, EOFError, zlib.error) as error:
        yield Problem(f"{complaints.place}:{number}", f"The file cannot be read further: {_said(error)}.")


def texts(lines: Iterable[Line | Problem], limit: int) -> list[str]:
    """The first lines that can be read, for a look at what the file is."""
    found: list[str] = []
    for line in lines:
        if isinstance(line, Line) and line.text.strip():
            found.append(line.text)
        if len(found) >= limit:
            break
    return found


class _Bomb(Exception):
    """The archive unpacks to more than a log does."""


class _Watched:
    """An archive's output, which stops when there is too much of it for the input."""

    def __init__(self, path: Path) -> None:
        self._packed = path.open("rb")
        self._file = gzip.GzipFile(fileobj=self._packed)
        self._given = 0

    def readline(self, limit: int) -> bytes:
        raw = self._file.readline(limit)
        self._given += len(raw)
        if self._given > _FREE_BYTES and self._given > MAX_RATIO * self._packed.tell():
            raise _Bomb
        return raw

    def close(self) -> None:
        self._file.close()
        self._packed.close()


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, _Watched(path)) if packed else path.open("rb", buffering=1_048_576)


def _said(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")

"""Entries of a large JSON object one at a time, in bounded memory, and as many of a broken one as are whole.

A manifest is an object of sections, most of them objects of many entries. The sections are walked here and
each entry is decoded by the standard library, so memory holds one entry and what a reader keeps of it.
"""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gnomon.domain.errors import Failed

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Bytes read of one file; the largest manifests known are a third of this."""

MAX_ENTRY_CHARACTERS = 64 * 1024 * 1024
"""Characters that one entry may have."""

_CHUNK_BYTES = 1024 * 1024
_CUT = "the file ends in the middle"
_TOO_LONG = f"an entry has over {MAX_ENTRY_CHARACTERS:,} characters"
_SPACE = " \t\r\n"
_AFTER = frozenset(",:]} \t\r\n")
_LONGEST_WORD = len("-Infinity")


class BrokenJson(Failed):
    """The text stops being JSON, or exceeds a limit. What was read before it is good.

    Args:
        line: Of the place, from 1.
        offset: Of the place, in characters from 0.
        is_limit: A limit is met, as against broken text.
    """

    def __init__(self, message: str, line: int, offset: int, is_limit: bool = False) -> None:
        super().__init__(message)
        self.is_limit = is_limit
        self.line = line
        self.offset = offset


def said_of(broken: BrokenJson, command: str) -> str:
    """The sentence of a problem; `command` writes the file anew."""
    mend = "" if broken.is_limit else f"; run `{command}` again"
    return f"{broken.message}, up to character {broken.offset:,}{mend}"


@dataclass(frozen=True, slots=True)
class JsonEntry:
    """`key` and `value` in a section; a section that is no object has one entry, its key empty."""

    section: str
    key: str
    value: Any


class JsonFile:
    """One file as a stream of entries.

    Args:
        whole: Sections that are taken as one value though they are objects.
        limit_bytes: Reading ends there, with `BrokenJson`.
    """

    def __init__(
        self, path: Path, whole: frozenset[str] = frozenset(), limit_bytes: int = MAX_FILE_BYTES
    ) -> None:
        self._path = path
        self._whole = whole
        self._limit_bytes = limit_bytes
        self.sections: set[str] = set()
        """The names of the sections that were met."""
        self.bad_utf8_line = 0
        """The line near which bytes were not UTF-8 and were replaced; 0 if there were none."""

    def entries(self) -> Iterator[JsonEntry]:
        """Every entry in the order of the file.

        Raises:
            BrokenJson: At the place where the file stops being JSON or a limit is met.
            OSError: The file cannot be read.
        """
        with self._path.open("rb") as file:
            cursor = _Cursor(file, self._limit_bytes)
            try:
                for section in cursor.walk():
                    self.sections.add(section)
                    yield from self._section(cursor, section)
                cursor.end()
            finally:
                self.bad_utf8_line = cursor.bad_utf8_line

    def _section(self, cursor: "_Cursor", section: str) -> Iterator[JsonEntry]:
        if cursor.peek() == "{" and section not in self._whole:
            for key in cursor.walk():
                yield JsonEntry(section, key, cursor.value())
        else:
            yield JsonEntry(section, "", cursor.value())


class _Cursor:
    """A place in the text, with as much of what follows as was needed so far."""

    def __init__(self, file: BinaryIO, limit_bytes: int) -> None:
        self._file = file
        self._left_bytes = limit_bytes
        self._limit_bytes = limit_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._json = json.JSONDecoder(strict=False)
        self._text = ""
        self._at = 0
        self._line = 1
        self._offset = 0
        self._ended = False
        self.bad_utf8_line = 0

    def walk(self) -> Iterator[str]:
        """The keys of an object; after each, the caller takes the value."""
        self._expect("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                raise self._broken("a key in quotes is missing")
            key = self.value()
            self._expect(":")
            yield key
            if self.peek() == "}":
                self._at += 1
                return
            self._expect(",")

    def peek(self) -> str:
        """The next character that is no space, without taking it; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(_CHUNK_BYTES):
                return ""

    def value(self) -> Any:
        """The next value, taken."""
        self.peek()
        wanted = _CHUNK_BYTES
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                raise self._broken("values are nested too deeply") from None
            except json.JSONDecodeError as problem:
                self._read_past(problem, wanted)
            except ValueError:
                raise self._broken("a number has too many digits") from None
            else:
                if self._text[end : end + 1] in _AFTER:
                    self._at = end
                    return value
                # A number at the end of what was read may go on: `1` may become `1e3`.
                if end < len(self._text) - _LONGEST_WORD:
                    raise self._broken("`,` is missing", end - self._at)
                if not self._more(wanted):
                    raise self._broken(_CUT)
            wanted *= 2

    def _read_past(self, problem: json.JSONDecodeError, wanted: int) -> None:
        """Read on if that may mend what was found broken."""
        ahead = problem.pos - self._at
        unfinished = problem.msg.startswith("Unterminated")
        if not unfinished and problem.pos < len(self._text) - _LONGEST_WORD:
            raise self._broken(problem.msg, ahead)
        if len(self._text) - self._at > MAX_ENTRY_CHARACTERS:
            raise self._broken(_TOO_LONG, is_limit=True)
        if not self._more(wanted):
            at_end = unfinished or self._at + ahead >= len(self._text)
            raise self._broken(_CUT if at_end else problem.msg, ahead)

    def end(self) -> None:
        """Nothing but space may follow."""
        if self.peek():
            raise self._broken("text follows the end of the object")

    def _expect(self, character: str) -> None:
        found = self.peek()
        if found != character:
            raise self._broken(f"`{character}` is missing" if found else _CUT)
        self._at += 1

    def _more(self, size: int) -> bool:
        """Read on; False at the end of the file."""
        if self._ended:
            return False
        if self._left_bytes <= 0:
            raise self._broken(f"only the first {self._limit_bytes:,} bytes were read", is_limit=True)
        data = self._file.read(min(size, self._left_bytes))
        self._left_bytes -= len(data)
        self._ended = not data
        passed, self._text = self._text[: self._at], self._text[self._at :]
        self._line += passed.count("\n")
        self._offset += len(passed)
        self._at = 0
        new = self._decode(data)
        if not self._offset and not self._text:
            new = new.removeprefix("\ufeff")
        self._text += new
        return not self._ended or bool(new)

    def _decode(self, data: bytes) -> str:
        before = self._decoder.getstate()
        try:
            return self._decoder.decode(data, self._ended)
        except UnicodeDecodeError as problem:
            self.bad_utf8_line = self._line + self._text.count("\n") + data[: problem.start].count(b"\n")
            self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
            self._decoder.setstate(before)
            return self._decoder.decode(data, self._ended)

    def _broken(self, message: str, ahead: int = 0, is_limit: bool = False) -> BrokenJson:
        at = self._at + ahead
        return BrokenJson(message, self._line + self._text[:at].count("\n"), self._offset + at, is_limit)

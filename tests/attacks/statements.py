"""Reads the corpora: a line `--! what it is`, then a statement up to the next such line."""

import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_CHARACTER = re.compile(r"<U\+([0-9A-F]{4,6})>")
_COPIES = re.compile(r"<(\d+)\*([^<>]*)>")


@dataclass(frozen=True)
class Entry:
    """One statement. `note` says what it tries."""

    note: str
    sql: str

    @property
    def shown(self) -> str:
        """The note and the beginning of the statement, for messages."""
        return f"{self.note}: {self.sql[:160]!r}"


def read(path: Path) -> tuple[Entry, ...]:
    """Every statement of a corpus file, in order; a note without a statement is a comment of the file."""
    blocks = re.split(r"^--! ?", path.read_bytes().decode().lstrip("\n"), flags=re.MULTILINE)
    entries = []
    for block in blocks[1:]:
        note, _, sql = block.partition("\n")
        if sql.strip():
            entries.append(Entry(note, _expanded(sql.rstrip("\n"))))
    return tuple(entries)


def _expanded(sql: str) -> str:
    sql = _CHARACTER.sub(lambda m: chr(int(m[1], 16)), sql)
    return _COPIES.sub(lambda m: m[2] * int(m[1]), sql)


def attacks(dialect: str) -> tuple[Entry, ...]:
    """The attacks on an engine."""
    return read(HERE / "corpus" / f"{dialect}.sql")


def legitimate(dialect: str) -> tuple[Entry, ...]:
    """Statements of honest analysts."""
    return read(HERE / "legitimate" / f"{dialect}.sql")

"""Kept results on disk: the only thing that Gnomon writes for a model, one file a table, wiped after a day.

A file is a line of JSON that says whose it is and what it came from, then the compressed rows. It is written
whole or not at all, and its rows are shown only if their hash holds. The folder of a conversation is named by
a hash, so that no name from outside becomes a path.
"""

import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Failed, GnomonError, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.result import Cell, ResultColumn, ResultTable
from gnomon.store.codec import from_json, to_json
from gnomon.store.durable import exclusive, explained, make_private_folder, write_atomically
from gnomon.store.results import Rows, content_of

NAME = r"^[a-z][a-z0-9_]{0,47}$"
"""What a kept table may be called."""

KEEP_HOURS = 24.0
MAX_TABLES = 20
MAX_BYTES = 64 * 1024 * 1024
"""Of one conversation, all tables together, before compression."""

_SUFFIX = ".kept"
_LOCK = ".lock"
_FAST = 3
_KEY_KINDS = frozenset({"integer", "text"})
_HEADER_BYTES = 1024 * 1024
_CLOCK_SKEW = timedelta(minutes=5)

Before = Callable[[Mapping[str, str]], object]
"""Records a write or a wipe before it happens; raises if it cannot, and then nothing happens."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose scratch: one person's, in one conversation, about one warehouse."""

    tenant: str
    subject: str
    conversation_id: str
    warehouse_id: str

    @property
    def key(self) -> str:
        """The folder's name."""
        parts = (self.tenant, self.subject, self.conversation_id, self.warehouse_id)
        return hashlib.sha256(to_json(parts, tuple[str, ...]).encode()).hexdigest()[:32]

    def belongs_to(self, principal: Principal) -> bool:
        """Whether it is that person's."""
        return (self.tenant, self.subject) == (principal.tenant, principal.subject)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows of a kept table came from.

    Args:
        sources: The warehouse's tables.
        access: Fingerprint of what the person could see of them when the rows were read.
        policies: Ids of the access policies that decided about them.
        rules: Rules that rewrote the query to what the person may see.
        narrowed_by: Those among the policies that left out rows, masked cells or asked for groups.
    """

    sources: tuple[TableRef, ...]
    access: str
    policies: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    narrowed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept table, without its rows.

    Args:
        unique: Columns that identify a row, as counted on all rows; a check tells repeated rows by them.
        size_bytes: Of the rows before compression.
        sha256: Hash of the rows and column names.
    """

    place: Place
    name: str
    origin: Origin
    columns: tuple[ResultColumn, ...]
    unique: tuple[str, ...]
    kept_at: datetime
    row_count: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ScratchStore:
    """Every conversation's kept tables, in one folder. Threads and processes may share it.

    Args:
        keep_hours: After this long a table is not read any more, and wiped by the next sweep.
    """

    folder: Path
    keep_hours: float = KEEP_HOURS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def keep(self, place: Place, name: str, origin: Origin, table: ResultTable, before: Before) -> Kept:
        """Write one table.

        Raises:
            Retry: The conversation has a table of that name.
            Failed: The conversation's scratch is full.
            Misconfigured: No room or no right to write; nothing is written.
        """
        content = content_of(table)
        kept = Kept(
            place,
            name,
            origin,
            columns=table.columns,
            unique=_unique(table),
            kept_at=self.now(),
            row_count=len(table.rows),
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        path = self._path(kept)
        make_private_folder(self.folder)
        with self._locked():
            self._hold_limits(kept, path)
            before(_detail("keep", kept))
            make_private_folder(path.parent)
            write_atomically(path, _head(kept) + b"\n" + zlib.compress(content, _FAST))
        return kept

    def tables(self, place: Place) -> tuple[Kept, ...]:
        """The tables of one place that have not expired, by name."""
        if not (self.folder / place.key).is_dir():
            return ()
        with self._locked():
            return self._tables_of(place)

    def every(self) -> tuple[Kept, ...]:
        """The tables of everybody that have not expired."""
        if not self.folder.is_dir():
            return ()
        with self._locked():
            return tuple(k for _, k in self._all() if not self._expired(k))

    def rows(self, kept: Kept) -> ResultTable:
        """The rows of a table, after their hash was checked.

        Raises:
            Failed: They were wiped meanwhile, or changed.
        """
        try:
            head, _, packed = self._path(kept).read_bytes().partition(b"\n")
            content = zlib.decompress(packed)
        except (OSError, zlib.error) as error:
            raise _unreadable(kept, str(error)) from error
        if head != _head(kept) or hashlib.sha256(content).hexdigest() != kept.sha256:
            raise _unreadable(kept, "it was changed")
        _, rows = from_json(content, tuple[tuple[str, ...], Rows])
        return ResultTable(kept.columns, rows)

    def wipe(self, which: Callable[[Kept], bool], why: str, before: Before) -> tuple[Kept, ...]:
        """Delete the tables that `which` chooses, and return them.

        Raises:
            Misconfigured: No right to delete.
        """
        if not self.folder.is_dir():
            return ()
        with self._locked():
            chosen = [(path, kept) for path, kept in self._all() if which(kept)]
            for path, kept in chosen:
                before(_detail("wipe", kept, why))
                _delete(path)
        return tuple(kept for _, kept in chosen)

    def sweep(self, before: Before) -> tuple[Kept, ...]:
        """Delete what has expired, what cannot be read, and what a crash left half-written."""
        expired = self.wipe(self._expired, "expired", before)
        self._wipe_remains(before)
        return expired

    def until(self, kept: Kept) -> datetime:
        """When the table expires."""
        return kept.kept_at + timedelta(hours=self.keep_hours)

    def _expired(self, kept: Kept) -> bool:
        """Whether its time is over; a table from the future shows that a clock was set, and is over too."""
        return not kept.kept_at - _CLOCK_SKEW <= self.now() < self.until(kept)

    def _wipe_remains(self, before: Before) -> None:
        if not self.folder.is_dir():
            return
        with self._locked():
            # Under the lock nobody writes, so whatever is not a sound table is nobody's.
            for path in sorted(p for p in self.folder.glob("*/*") if not _is_sound(p)):
                before({"act": "wipe", "place": f"file {path.name} of the scratch", "why": "not sound"})
                _delete(path)

    def _hold_limits(self, kept: Kept, path: Path) -> None:
        if path.exists():
            raise Retry(f"`scratch.{kept.name}` is there already", hint="choose another name")
        there = self._tables_of(kept.place)
        if len(there) >= MAX_TABLES or kept.size_bytes + sum(k.size_bytes for k in there) > MAX_BYTES:
            raise Failed(
                f"the scratch of this conversation is full: {MAX_TABLES} tables, {MAX_BYTES >> 20} MiB",
                hint="aggregate before keeping; a person empties it with `gnomon scratch wipe`",
            )

    def _path(self, kept: Kept) -> Path:
        if not re.fullmatch(NAME, kept.name):
            raise ValueError(f"{kept.name!r} is no name of a kept table")
        return self.folder / kept.place.key / f"{kept.name}{_SUFFIX}"

    def _tables_of(self, place: Place) -> tuple[Kept, ...]:
        found = _sound(sorted((self.folder / place.key).glob(f"*{_SUFFIX}")))
        return tuple(k for _, k in found if k.place == place and not self._expired(k))

    def _all(self) -> list[tuple[Path, Kept]]:
        return _sound(sorted(self.folder.glob(f"*/*{_SUFFIX}")))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with explained(self.folder):
            handle = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                with exclusive(handle):
                    yield
            finally:
                os.close(handle)


def read_head(path: Path) -> Kept | None:
    """What a file says of itself; None if it is not a sound table in its own place."""
    try:
        with path.open("rb") as file:
            kept: Kept = from_json(file.readline(_HEADER_BYTES), Kept)
    except (OSError, GnomonError):
        return None
    is_there = kept.place.key == path.parent.name and f"{kept.name}{_SUFFIX}" == path.name
    return kept if is_there else None


def _unique(table: ResultTable) -> tuple[str, ...]:
    able = [(i, c.name) for i, c in enumerate(table.columns) if c.kind in _KEY_KINDS]
    return tuple(name for i, name in able if _identifies(table.values(i)))


def _identifies(cells: tuple[Cell, ...]) -> bool:
    plain = all(isinstance(cell, int | str) for cell in cells)
    return plain and len(set(cells)) == len(cells)


def _head(kept: Kept) -> bytes:
    return to_json(kept, Kept).encode("ascii")


def _sound(paths: list[Path]) -> list[tuple[Path, Kept]]:
    return [(path, kept) for path in paths if (kept := read_head(path)) is not None]


def _is_sound(path: Path) -> bool:
    return path.name.endswith(_SUFFIX) and read_head(path) is not None


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
    if not any(path.parent.iterdir()):
        path.parent.rmdir()


def _detail(act: str, kept: Kept, why: str = "") -> Mapping[str, str]:
    detail = {
        "act": act,
        "place": f"scratch.{kept.name}",
        "conversation": kept.place.conversation_id,
        "for": kept.place.subject,
        "rows": str(kept.row_count),
        "sha256": kept.sha256,
        "from": ", ".join(map(str, kept.origin.sources)),
    }
    return detail | ({"why": why} if why else {})


def _unreadable(kept: Kept, why: str) -> Failed:
    return Failed(
        f"`scratch.{kept.name}` cannot be read any more",
        facts=(("cause", why),),
        hint="ask for the data anew, from the warehouse",
    )

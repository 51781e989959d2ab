"""Memories at rest in `state.db`: each as it stands, every version it had, its vector, when it last helped,
and which of those that contradict each other a person keeps side by side.

Everything is bound to a tenant: with another tenant's name a memory does not exist. Nothing here decides who
may change what, and nothing is recorded here: `context/memory/changes.py` does both.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from gnomon.domain.errors import Retry
from gnomon.domain.memory import Memory, MemoryScope, MemoryStatus
from gnomon.store.codec import from_json, to_json
from gnomon.store.database import Database
from gnomon.store.durable import make_private_folder
from gnomon.store.schema import connect

MemoryChange = Literal["add", "edit", "confirm", "reject", "retire", "keep"]
"""What is done to a memory. `keep` leaves it as it is, beside what it contradicts, and makes no version."""

Place = tuple[MemoryScope, str]
"""A scope, and the subject or channel in it."""

APPLIED_EVERY_S = 3_600.0
"""That a memory was applied is written down at most this often: a question should not wait for the disk."""

_IDS_A_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class MemoryVersion:
    """A memory as somebody left it."""

    version: int
    at: datetime
    by: str
    change: MemoryChange
    memory: Memory


@dataclass(frozen=True, slots=True)
class Change:
    """A memory as it was and as it shall be.

    Args:
        before: As whoever wants the change saw it; None for a new one.
        after: The same as `before` for the act `keep`.
        beside: What it contradicts and a person keeps with it, as that person saw it; only where all hold.
    """

    act: MemoryChange
    before: Memory | None
    after: Memory
    beside: tuple[Memory, ...] = ()

    def __post_init__(self) -> None:
        if (self.act == "keep") != (self.before == self.after):
            raise ValueError(f"`keep` alone leaves {self.after.id} as it is, and always does")
        for other in self.beside:
            if _where(other) != _where(self.after) or other.id == self.after.id:
                raise ValueError(f"{other.id} cannot stand beside {self.after.id}")
            if (self.after.status, other.status) != ("active", "active"):
                raise ValueError(f"{self.after.id} and {other.id} do not both hold")


@dataclass(frozen=True, slots=True)
class KeptBoth:
    """That two memories, as both stand now, are kept although they contradict each other.

    Args:
        one: Id of the one, which sorts before that of the other.
        by: Subject of the person who decided it.
    """

    one: str
    other: str
    by: str
    at: datetime

    @property
    def pair(self) -> frozenset[str]:
        """The ids of both."""
        return frozenset((self.one, self.other))


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search looks at before it reads a memory.

    Args:
        phrases: Words of a question that the memory gives a meaning to.
        vector: Little-endian float32 by the asked-for embedder; None where there is none of that embedder.
    """

    id: str
    phrases: tuple[str, ...]
    vector: bytes | None


class MemoryStore(Database):
    """The memories of a deployment. Safe to share between threads; several processes may use the folder."""

    @classmethod
    def open(cls, folder: Path) -> "MemoryStore":
        """Open the state folder, making it if need be.

        Raises:
            Misconfigured: The folder is not writable, or `state.db` is damaged or too new.
            Failed: Another process holds it too long.
        """
        make_private_folder(folder)
        return cls(folder, connect(folder / "state.db", None))

    def add(self, memory: Memory, by: str, at: datetime) -> None:
        """Keep a new memory as its first version."""
        self.carry_out([Change("add", None, memory)], by, at)

    def change(self, before: Memory, after: Memory, change: MemoryChange, by: str, at: datetime) -> None:
        """Let `after` take the place of `before`; the version before stays readable.

        Raises:
            Retry: `before` is not how the memory stands any more.
        """
        self.carry_out([Change(change, before, after)], by, at)

    def carry_out(self, changes: Sequence[Change], by: str, at: datetime) -> None:
        """Make changes in their order, and keep what is to stand side by side after them: all, or nothing.

        Raises:
            Retry: A memory is not how somebody saw it any more.
        """
        if not changes:
            return
        with self._writing():
            for change in changes:
                if change.act != "keep":
                    self._write(change, by, at)
            for change in changes:
                for other in change.beside:
                    self._keep_both(change.after, other, by, at)

    def find(self, tenant: str, memory_id: str) -> Memory | None:
        """The memory of that id, whatever its status."""
        return next(iter(self.load(tenant, [memory_id])), None)

    def load(self, tenant: str, ids: Sequence[str]) -> tuple[Memory, ...]:
        """Those of the ids that exist, in their order."""
        found: dict[str, Memory] = {}
        with self._reading():
            for some in _batches(ids):
                rows = self._db.execute(
                    f"SELECT id, body FROM memories WHERE tenant = ? AND id IN ({_marks(some)})",
                    (tenant, *some),
                )
                found |= {row["id"]: from_json(row["body"], Memory) for row in rows}
        return tuple(found[each] for each in ids if each in found)

    def of_warehouse(
        self, tenant: str, warehouse: str, statuses: Sequence[MemoryStatus] = (), place: Place | None = None
    ) -> tuple[Memory, ...]:
        """Memories of a warehouse, newest first.

        Args:
            statuses: Only these; all without.
            place: Only those of one scope and place.
        """
        where, values = "tenant = ? AND warehouse = ?", [tenant, warehouse]
        if statuses:
            where, values = f"{where} AND status IN ({_marks(statuses)})", [*values, *statuses]
        if place is not None:
            where, values = f"{where} AND scope = ? AND place = ?", [*values, *place]
        with self._reading():
            rows = self._db.execute(
                f"SELECT body FROM memories WHERE {where} ORDER BY seq DESC", values
            ).fetchall()
        return tuple(from_json(row["body"], Memory) for row in rows)

    def ids(self, tenant: str) -> tuple[str, ...]:
        """Every id, newest first."""
        with self._reading():
            rows = self._db.execute("SELECT id FROM memories WHERE tenant = ? ORDER BY seq DESC", (tenant,))
            return tuple(row["id"] for row in rows)

    def tenants(self, warehouse: str) -> tuple[str, ...]:
        """Tenants that remember something about a warehouse; for maintenance."""
        with self._reading():
            rows = self._db.execute(
                "SELECT DISTINCT tenant FROM memories WHERE warehouse = ? ORDER BY tenant", (warehouse,)
            )
            return tuple(row["tenant"] for row in rows)

    def open_proposals(self, tenant: str, author: str) -> int:
        """How many memories of an author wait for a yes."""
        with self._reading():
            count: int = self._db.execute(
                "SELECT count(*) FROM memories WHERE tenant = ? AND author = ? AND status = 'proposed'",
                (tenant, author),
            ).fetchone()[0]
        return count

    def kept_both(self, tenant: str, warehouse: str) -> tuple[KeptBoth, ...]:
        """Which memories of a warehouse are kept side by side, by whom, and since when; the oldest first.

        A decision counts for the two as they stood: once either has another version it is not given any more.
        """
        with self._reading():
            rows = self._db.execute(
                "SELECT k.one, k.other, k.by, k.at FROM memories_kept_both k "
                "JOIN memories a ON a.id = k.one AND a.version = k.one_version "
                "JOIN memories b ON b.id = k.other AND b.version = k.other_version "
                "WHERE a.tenant = ? AND a.warehouse = ? ORDER BY k.at, k.one, k.other",
                (tenant, warehouse),
            ).fetchall()
        return tuple(KeptBoth(one, other, by, datetime.fromisoformat(at)) for one, other, by, at in rows)

    def versions(self, tenant: str, memory_id: str) -> tuple[MemoryVersion, ...]:
        """Every version of a memory, oldest first: who left it how, and when."""
        with self._reading():
            rows = self._db.execute(
                "SELECT v.* FROM memory_versions v JOIN memories m ON m.id = v.memory_id "
                "WHERE m.tenant = ? AND m.id = ? ORDER BY v.version",
                (tenant, memory_id),
            ).fetchall()
        return tuple(map(_version, rows))

    def sought(
        self, tenant: str, warehouse: str, places: Iterable[Place], embedder: str
    ) -> tuple[Sought, ...]:
        """Active memories of these places, as a search looks at them, place by place."""
        found: list[Sought] = []
        with self._reading():
            for scope, place in places:
                rows = self._db.execute(
                    "SELECT id, phrases, CASE WHEN embedder = ? THEN vector END FROM memories "
                    "WHERE tenant = ? AND warehouse = ? AND scope = ? AND place = ? AND status = 'active'",
                    (embedder, tenant, warehouse, scope, place),
                )
                found += (Sought(i, tuple(p.split("\n")) if p else (), vector) for i, p, vector in rows)
        return tuple(found)

    def vectors(self, tenant: str, embedder: str, ids: Sequence[str]) -> Mapping[str, bytes]:
        """What an embedder made of memories, by id; those it has not seen yet are left out."""
        found: dict[str, bytes] = {}
        with self._reading():
            for some in _batches(ids):
                rows = self._db.execute(
                    "SELECT id, vector FROM memories WHERE tenant = ? AND embedder = ? "
                    f"AND vector IS NOT NULL AND id IN ({_marks(some)})",
                    (tenant, embedder, *some),
                )
                found |= {row["id"]: row["vector"] for row in rows}
        return found

    def keep_vectors(self, tenant: str, embedder: str, vectors: Mapping[str, bytes]) -> None:
        """Keep what an embedder made of memories; what another one made is replaced."""
        if not vectors:
            return
        with self._writing():
            self._db.executemany(
                "UPDATE memories SET embedder = ?, vector = ? WHERE tenant = ? AND id = ?",
                [(embedder, vector, tenant, memory_id) for memory_id, vector in vectors.items()],
            )

    def applied(self, tenant: str, ids: Sequence[str], at: datetime) -> None:
        """Note that memories were applied, to the hour."""
        now_s = at.timestamp()
        late = [i for i, last in self._applied_s(tenant, ids).items() if now_s - last >= APPLIED_EVERY_S]
        if not late:
            return
        with self._writing():
            self._db.executemany(
                "UPDATE memories SET applied_at = ? WHERE tenant = ? AND id = ?",
                [(now_s, tenant, each) for each in late],
            )

    def last_applied(self, tenant: str, ids: Sequence[str]) -> Mapping[str, datetime]:
        """When memories were applied last; those that never were are left out."""
        known = self._applied_s(tenant, ids)
        return {i: datetime.fromtimestamp(at, UTC) for i, at in known.items() if at > 0}

    def _applied_s(self, tenant: str, ids: Sequence[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        with self._reading():
            for some in _batches(ids):
                rows = self._db.execute(
                    f"SELECT id, applied_at FROM memories WHERE tenant = ? AND id IN ({_marks(some)})",
                    (tenant, *some),
                )
                found |= {row["id"]: row["applied_at"] or 0.0 for row in rows}
        return found

    def _write(self, change: Change, by: str, at: datetime) -> None:
        body = to_json(change.after, Memory)
        if change.before is None:
            version = 1
            self._insert(change.after, body)
        else:
            version = self._version_as_seen(change.before) + 1
            self._update(change.after, body, version, anew=change.act == "edit")
        self._db.execute(
            "INSERT INTO memory_versions (memory_id, version, at, by, change, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (change.after.id, version, at.isoformat(), by, change.act, body),
        )

    def _insert(self, memory: Memory, body: str) -> None:
        self._db.execute(
            "INSERT INTO memories (id, tenant, warehouse, scope, place, status, author, version, body, "
            "phrases) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
            (memory.id, memory.tenant, memory.warehouse, memory.scope, memory.place, memory.status,
             memory.author, body, _phrases(memory)),
        )  # fmt: skip

    def _update(self, memory: Memory, body: str, version: int, *, anew: bool) -> None:
        self._db.execute(
            "UPDATE memories SET status = ?, author = ?, body = ?, phrases = ?, version = ?, "
            "vector = CASE WHEN ? THEN NULL ELSE vector END WHERE id = ?",
            (memory.status, memory.author, body, _phrases(memory), version, anew, memory.id),
        )

    def _version_as_seen(self, memory: Memory) -> int:
        """The version of a memory, if that is how it stands."""
        row = self._db.execute(
            "SELECT version, body FROM memories WHERE id = ? AND tenant = ?", (memory.id, memory.tenant)
        ).fetchone()
        if row is None or from_json(row["body"], Memory) != memory:
            raise Retry(
                f"the memory `{memory.id}` was changed by somebody else meanwhile",
                hint=f"look at it again with `gnomon memory show {memory.id}`",
            )
        version: int = row["version"]
        return version

    def _keep_both(self, one: Memory, other: Memory, by: str, at: datetime) -> None:
        """Keep that both hold; who said so first of the two as they stand is left."""
        first, second = sorted((one, other), key=lambda memory: memory.id)
        self._db.execute(
            "INSERT INTO memories_kept_both (one, one_version, other, other_version, by, at) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (first.id, self._version_as_seen(first), second.id, self._version_as_seen(second), by,
             at.isoformat()),
        )  # fmt: skip


def _version(row: sqlite3.Row) -> MemoryVersion:
    at = datetime.fromisoformat(row["at"])
    return MemoryVersion(row["version"], at, row["by"], row["change"], from_json(row["body"], Memory))


def _where(memory: Memory) -> tuple[str, str]:
    return memory.tenant, memory.warehouse


def _phrases(memory: Memory) -> str:
    return "\n".join(words for words, _ in memory.means)


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        yield ids[start : start + _IDS_A_STATEMENT]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))

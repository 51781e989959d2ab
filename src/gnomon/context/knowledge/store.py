"""Documents, their pieces, words and access lists in one SQLite file.

Whatever is read is read in a snapshot, and a document is written in one transaction, so a reader sees a whole
old or a whole new version. Access lists are rows of their own, few and shared; a document points to its list.
The words of the pieces are looked up here and not in the search partition: its ranking by words weighs a word
by how often it occurs in everything, which would tell a reader about what they may not read.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from gnomon.context.knowledge.access import from_text
from gnomon.domain.document import AccessList, DocumentCard
from gnomon.domain.errors import Misconfigured
from gnomon.store.durable import no_room, not_writable

FORMAT = "1"
FILE = "documents.db"
_BATCH = 500

_SCHEMA = """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists access_lists (id integer primary key, sets text not null unique);
create table if not exists documents (
    id text primary key,
    source text not null,
    title text not null,
    place text not null,
    author text not null,
    written text not null,
    url text not null,
    tags text not null,
    content_hash text not null,
    access integer not null references access_lists
) without rowid;
create table if not exists chunks (
    number integer primary key,
    document text not null references documents,
    position integer not null,
    id text not null unique,
    headings text not null,
    text text not null,
    vector blob not null,
    unique (document, position)
);
create virtual table if not exists words using fts5 (body, tokenize = 'porter unicode61');
"""


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A piece as it is kept.

    Args:
        id: Hash of its document's id and of what it is found by; equal pieces of one document are numbered.
        vector: float16 bytes.
        found_by: The words that it is found by; empty where it was read.
    """

    id: str
    headings: tuple[str, ...]
    text: str
    vector: bytes
    found_by: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A piece and its document, as they are in one snapshot."""

    card: DocumentCard
    access: AccessList
    position: int
    chunk: StoredChunk


class Snapshot:
    """The file as it was at one moment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def mark(self, name: str) -> int:
        """How often something happened: `version` any change, `texts` a change of pieces, `purges`."""
        row = self._connection.execute("select value from meta where name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def access_lists(self) -> dict[int, AccessList]:
        """Every access list by its number."""
        rows = self._connection.execute("select id, sets from access_lists")
        return {number: from_text(sets) for number, sets in rows}

    def documents(self) -> list[tuple[str, tuple[str, ...], int]]:
        """Id, tags and the number of the access list of every document."""
        rows = self._connection.execute("select id, tags, access from documents order by id")
        return [(identifier, _strings(tags), access) for identifier, tags, access in rows]

    def pieces(self) -> list[tuple[str, int, str]]:
        """Document, number and id of every piece."""
        return self._connection.execute("select document, number, id from chunks").fetchall()

    def vectors(self) -> Iterator[tuple[str, bytes]]:
        """Id and vector, as float16 bytes, of every piece, one at a time."""
        yield from self._connection.execute("select id, vector from chunks")

    def holding(self, word: str) -> list[int]:
        """Numbers of the pieces that hold a word.

        Args:
            word: An FTS5 expression, quoted.
        """
        rows = self._connection.execute("select rowid from words where words match ?", (word,))
        return [number for (number,) in rows]

    def chunks(self, ids: Sequence[str]) -> dict[str, Found]:
        """The pieces of those ids that are there, each with its document and the list that counts now."""
        marks = ", ".join("?" * len(ids))
        return {found.chunk.id: found for found in self._found(f"chunks.id in ({marks})", ids)}

    def document(self, identifier: str) -> list[Found]:
        """Every piece of a document, in its order; none if there is no such document."""
        return self._found("documents.id = ?", (identifier,))

    def cards(self, ids: Iterable[str]) -> list[DocumentCard]:
        """What is known of these documents, those that are there, by their ids."""
        cards = []
        for identifier in sorted(ids):
            row = self._connection.execute(
                f"select {_CARD} from documents where id = ?", (identifier,)
            ).fetchone()
            if row is not None:
                cards.append(_card(row))
        return cards

    def hashes(self) -> dict[str, tuple[str, str, str]]:
        """Source, content hash and text of the access list of every document."""
        rows = self._connection.execute(
            "select documents.id, source, content_hash, sets from documents "
            "join access_lists on access_lists.id = documents.access"
        )
        return {identifier: (source, content, sets) for identifier, source, content, sets in rows}

    def _found(self, condition: str, values: Sequence[str]) -> list[Found]:
        rows = self._connection.execute(
            f"select {_CARD}, sets, position, chunks.id, headings, text, vector from chunks "
            "join documents on documents.id = chunks.document "
            f"join access_lists on access_lists.id = documents.access where {condition} order by position",
            tuple(values),
        )
        found = []
        for row in rows:
            sets, position, chunk, headings, text, vector = row[8:]
            piece = StoredChunk(chunk, _strings(headings), text, vector)
            found.append(Found(_card(row[:8]), from_text(sets), position, piece))
        return found


class DocumentStore:
    """The file. Safe to share between threads; one process at a time writes (`indexing`)."""

    def __init__(self, path: Path, connection: sqlite3.Connection, embedder: str) -> None:
        self.path = path
        self._connection = connection
        self._embedder = embedder
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path, tenant: str, embedder: str) -> "DocumentStore":
        """Open the file, or create it for one tenant and one embedding model.

        Raises:
            Misconfigured: It cannot be read or written, is another tenant's, or holds another model's
            vectors.
        """
        connection: sqlite3.Connection | None = None
        try:
            connection = connect(path)
            connection.executescript(_SCHEMA)
            _claim(connection, path, {"format": FORMAT, "tenant": tenant, "embedder": embedder})
        except sqlite3.DatabaseError as problem:
            if connection is not None:
                connection.close()
            raise unreadable(path, problem) from problem
        except Misconfigured:
            if connection is not None:
                connection.close()
            raise
        return cls(path, connection, embedder)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The file as it is now, for the time of the block.

        Raises:
            Misconfigured: It cannot be read, or was built anew with another embedding model meanwhile.
        """
        with self._lock:
            try:
                self._connection.execute("begin")
                try:
                    _claim(self._connection, self.path, {"embedder": self._embedder}, create=False)
                    yield Snapshot(self._connection)
                finally:
                    self._connection.execute("rollback")
            except sqlite3.DatabaseError as problem:
                raise unreadable(self.path, problem) from problem

    def close(self) -> None:
        """Give back the file. Calling it twice is harmless."""
        with self._lock:
            self._connection.close()


class DocumentWriter:
    """Changes the file, each document in one transaction. Belongs to one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = connect(path)

    def put(self, card: DocumentCard, content_hash: str, access: str, chunks: Sequence[StoredChunk]) -> None:
        """Add or replace a document with its pieces and its access list."""
        with self._transaction("version", "texts"):
            self._delete(card.id)
            values = (*_card_values(card), content_hash, self._access(access))
            self._connection.execute(f"insert into documents values ({', '.join('?' * 10)})", values)
            for position, chunk in enumerate(chunks):
                self._insert(card.id, position, chunk)

    def set_access(self, identifier: str, access: str) -> None:
        """Give a document another access list."""
        with self._transaction("version"):
            number = self._access(access)
            self._connection.execute("update documents set access = ? where id = ?", (number, identifier))

    def remove(self, ids: Iterable[str]) -> None:
        """Take documents out, with their pieces."""
        for batch in _batches(list(ids)):
            with self._transaction("version", "texts"):
                for identifier in batch:
                    self._delete(identifier)

    def announce_purge(self) -> None:
        """Say that pieces which no document holds are about to go from the search partition."""
        with self._transaction("purges"):
            self._connection.execute(
                "delete from access_lists where id not in (select access from documents)"
            )

    def start_over(self, tenant: str, embedder: str) -> None:
        """Take everything out, for whatever embedding model comes. Who has the file open sees it empty."""
        with self._transaction("version", "texts", "purges"):
            for table in ("words", "chunks", "documents"):
                self._connection.execute(f"delete from {table}")
            facts = {"format": FORMAT, "tenant": tenant, "embedder": embedder}
            self._connection.executemany("insert or replace into meta values (?, ?)", facts.items())

    def snapshot(self) -> Snapshot:
        """The file as it is for the one who changes it."""
        return Snapshot(self._connection)

    def chunk_ids(self) -> set[str]:
        """Ids of all pieces."""
        return {identifier for (identifier,) in self._connection.execute("select id from chunks")}

    def pieces(self, ids: Iterable[str]) -> Iterator[Found]:
        """The pieces of those ids."""
        for batch in _batches(list(ids)):
            yield from self.snapshot().chunks(batch).values()

    def close(self) -> None:
        """Give back the file."""
        self._connection.close()

    def _insert(self, document: str, position: int, chunk: StoredChunk) -> None:
        number = self._connection.execute(
            "insert into chunks (document, position, id, headings, text, vector) values (?, ?, ?, ?, ?, ?)",
            (document, position, chunk.id, json.dumps(chunk.headings), chunk.text, chunk.vector),
        ).lastrowid
        self._connection.execute("insert into words (rowid, body) values (?, ?)", (number, chunk.found_by))

    def _delete(self, document: str) -> None:
        self._connection.execute(
            "delete from words where rowid in (select number from chunks where document = ?)", (document,)
        )
        self._connection.execute("delete from chunks where document = ?", (document,))
        self._connection.execute("delete from documents where id = ?", (document,))

    def _access(self, access: str) -> int:
        self._connection.execute("insert or ignore into access_lists (sets) values (?)", (access,))
        row = self._connection.execute("select id from access_lists where sets = ?", (access,)).fetchone()
        return int(row[0])

    @contextmanager
    def _transaction(self, *marks: str) -> Iterator[None]:
        """All of the block or nothing of it, with the marks of what it changed.

        Raises:
            Misconfigured: The file cannot be written.
        """
        try:
            self._connection.execute("begin immediate")
            try:
                yield
                for mark in marks:
                    self._connection.execute(
                        "insert into meta values (?, '1') on conflict do update set value = value + 1",
                        (mark,),
                    )
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")
        except sqlite3.DatabaseError as problem:
            raise unreadable(self.path, problem) from problem


_CARD = "documents.id, source, title, place, author, written, url, tags"


def connect(path: Path) -> sqlite3.Connection:
    """A connection that begins no transaction by itself."""
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    connection.execute("pragma foreign_keys = on")
    return connection


def unreadable(path: Path, problem: Exception) -> Misconfigured:
    """What an operator is told of a file that cannot be used."""
    text = str(problem)
    if "disk is full" in text:
        return no_room(path.parent)
    if "readonly" in text or "unable to open" in text:
        return not_writable(path.parent, text)
    return Misconfigured(
        "the documents cannot be read",
        facts=(("file", str(path)), ("sqlite says", text)),
        hint="run `gnomon knowledge index --full`",
    )


_WRONG = {
    "format": "another version of Gnomon wrote the index of the documents",
    "tenant": "the index of the documents is another tenant's",
    "embedder": "the index of the documents holds vectors of another embedding model",
}


def _claim(connection: sqlite3.Connection, path: Path, facts: dict[str, str], *, create: bool = True) -> None:
    """Write these facts into a new file, or compare them with what is there."""
    known = dict(connection.execute("select name, value from meta"))
    for name, wanted in facts.items():
        if name not in known and create:
            connection.execute("insert or ignore into meta values (?, ?)", (name, wanted))
        elif known.get(name) != wanted:
            raise Misconfigured(
                _WRONG[name],
                facts=(("file", str(path)), ("made with", known.get(name, "none")), ("asked for", wanted)),
                hint="run `gnomon knowledge index --full`",
            )


def _card(row: Sequence[str]) -> DocumentCard:
    identifier, source, title, place, author, written, url, tags = row
    day = date.fromisoformat(written) if written else None
    return DocumentCard(identifier, source, title, place, author, day, url, _strings(tags))


def _card_values(card: DocumentCard) -> tuple[str, ...]:
    written = card.written.isoformat() if card.written else ""
    tags = json.dumps(card.tags)
    return (card.id, card.source, card.title, card.place, card.author, written, card.url, tags)


@lru_cache(maxsize=4_096)
def _strings(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _batches(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]

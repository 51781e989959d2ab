"""Documents found, opened and listed by those who may read them.

A search looks at what exists for the reader alone: the pieces of documents that both the document's access
list and the policies let the person read. Ranks are as if there were nothing else. What is found is then read
again and put to list and policies again, in a later snapshot; what has gone meanwhile is dropped and the
search is made anew.

What is kept between calls holds nothing of anybody's rights (which pieces a document has), or is kept for one
person with all that their rights hang on (identity with groups, purpose, audience, version of the policies)
and for one state of the index. It only says where to look; nothing is given out on its word.
"""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.context.catalog.folding import stems
from gnomon.context.knowledge.access import admits, names_of
from gnomon.context.knowledge.indexing import KnowledgeReport, Progress, only_indexer, run_index
from gnomon.context.knowledge.sources.port import DocumentSource
from gnomon.context.knowledge.store import FILE, DocumentStore, DocumentWriter, Found, Snapshot
from gnomon.domain.document import EVERYONE, DocumentCard, Passage
from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.models.port import Embedder
from gnomon.policy.authority import Authority
from gnomon.search.fuse import DAMPING, DENSE_WEIGHT, TEXT_WEIGHT, fuse
from gnomon.search.partition import Partition
from gnomon.search.tokens import question_words
from gnomon.store.durable import make_private_folder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SEARCH_FILE = "search.db"
ATTEMPTS = 4
MIN_CHARS = 40
"""Less of a passage says nothing."""

READERS_KEPT = 64
LEAST_DEPTH = 50
"""Ranks read from each list before they are merged, at least."""

MAX_PASSAGES = 50

NEAR = 0.3
"""Cosine from which a passage is worth a look: what the demo company's pages say nothing about reaches 0.25
on them, what they speak of begins at 0.37."""

NEAR_WORDS = 0.5
"""So much of the words that are looked for, in the passage, makes it worth a look whatever its cosine."""

RELEVANT = 0.45
"""Cosine from which a passage is clearly about the question: questions about something else reach 0.41 on the
pages in docs/, so what is doubtful is left to the tool."""

ANYBODY = frozenset({EVERYONE})
MayRead = Callable[[str, tuple[str, ...]], bool]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, at one moment: made anew for each call.

    Args:
        may_read: Whether the policies let the person read a document, by its id and its tags.
        rights: Everything that `may_read` hangs on, as a value; None where that is unknown, then nothing is
            kept for them.
        shared: Others read along: what is for some people alone is then for none.
    """

    principal: Principal
    may_read: MayRead
    rights: Hashable | None = None
    shared: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The names that access lists know the reader by."""
        return ANYBODY if self.shared else names_of(self.principal)


def reader_under(authority: Authority) -> Reader:
    """The person of an authority as a reader, by the policies that are in force now.

    Raises:
        Refused: Their credential has ended.
        Misconfigured: The policies cannot be taken.
    """
    who, policies = authority.who(), authority.policies()
    now = replace(authority, who=lambda: who, policies=lambda: policies)

    def may_read(identifier: str, tags: tuple[str, ...]) -> bool:
        return now.document(identifier, tags).allowed

    shared = authority.situation.audience == "shared"
    return Reader(who, may_read, (authority.situation, policies.version), shared)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Which pieces there are in one state of the texts: by document, and their ids by number."""

    texts: int
    of: Mapping[str, Sequence[int]]
    ids: Mapping[int, str]

    @classmethod
    def at(cls, now: Snapshot) -> "_Pieces":
        of: dict[str, list[int]] = {}
        ids: dict[int, str] = {}
        for document, number, identifier in now.pieces():
            of.setdefault(document, []).append(number)
            ids[number] = identifier
        return cls(now.mark("texts"), of, ids)


@dataclass(frozen=True, slots=True)
class _Readable:
    """The pieces that exist for one reader in one state of the index: ids, and the same by number."""

    chunks: frozenset[str]
    ids: Mapping[int, str]


class KnowledgeBase:
    """The documents of one tenant. Safe to share between threads, beside a process that indexes."""

    def __init__(self, folder: Path, tenant: str, embedder: Embedder, parts: "_Parts") -> None:
        self.folder = folder
        self._tenant = tenant
        self._embedder = embedder
        self._store, self._partition = parts.store, parts.partition
        self._lock = threading.Lock()
        self._pieces = _Pieces(-1, {}, {})
        self._readable: OrderedDict[Hashable, _Readable] = OrderedDict()

    @classmethod
    def open(
        cls, folder: Path, embedder: Embedder, tenant: str = "local", *, full: bool = False
    ) -> "KnowledgeBase":
        """Open the index of the documents in `folder`, or create an empty one.

        Args:
            tenant: Whose documents they are; people of others find nothing.
            full: Empty it first, whatever it holds.

        Raises:
            Misconfigured: It cannot be read, is another tenant's, or holds another embedding model's vectors.
        """
        make_private_folder(folder)
        if full:
            with only_indexer(folder):
                _start_over(folder, embedder, tenant)
        return cls(folder, tenant, embedder, _Parts.open(folder, tenant, embedder))

    def index(self, sources: Sequence[DocumentSource], progress: Progress | None = None) -> KnowledgeReport:
        """Bring the index up to date with its sources, while others read; waits for another that does so.

        Raises:
            Misconfigured: The index cannot be written.
        """
        with only_indexer(self.folder):
            writer = DocumentWriter(self.folder / FILE)
            try:
                return run_index(sources, writer, self._partition, self._embedder, progress)
            finally:
                writer.close()

    def search(
        self, text: str, vector: "npt.NDArray[np.float32] | None", reader: Reader, k: int = 8
    ) -> tuple[Passage, ...]:
        """The `k` passages nearest to `text`, whose embedding is `vector`, of those that the reader may read.

        Args:
            k: At most 50.
        """
        k = min(k, MAX_PASSAGES)
        depth = max(LEAST_DEPTH, 4 * k)
        for _ in range(ATTEMPTS):
            with self._store.snapshot() as seen:
                purges, readable = seen.mark("purges"), self._readable_to(seen, reader)
                by_words = _by_words(seen, text, readable.ids, depth)
            if not readable.chunks:
                return ()
            by_meaning = self._by_meaning(vector, readable.chunks, depth)
            ids = _merged(by_meaning, by_words)[:k]
            with self._store.snapshot() as now:
                passages = self._authorised(now, ids, vector, reader)
                if len(passages) == len(ids) and now.mark("purges") == purges:
                    return passages
        return self._at_one_moment(text, vector, reader, k, depth)

    def relevant(
        self, text: str, vector: "npt.NDArray[np.float32]", reader: Reader, budget_chars: int
    ) -> tuple[Passage, ...]:
        """What documents say about a question; none unless it is clearly relevant.

        Args:
            budget_chars: Length of all of them together, written with `as_text`.
        """
        kept: list[Passage] = []
        for passage in self.search(text, vector, reader):
            room = budget_chars - sum(len(as_text(p)) for p in kept) - len(origin_of(passage)) - 2
            if passage.likeness >= RELEVANT and room > MIN_CHARS:
                kept.append(passage.cut(room))
        return tuple(kept)

    def passages_for(
        self, text: str, vector: "npt.NDArray[np.float32]", reader: Reader, budget_chars: int
    ) -> tuple[str, ...]:
        """The same as texts with their origin, for a question's context."""
        return tuple(map(as_text, self.relevant(text, vector, reader, budget_chars)))

    def get(self, identifier: str, reader: Reader) -> tuple[Passage, ...]:
        """Every passage of a document, in its order; none if there is no such document for the reader."""
        with self._store.snapshot() as now:
            found = now.document(identifier)
            return tuple(_passage(each, 0.0) for each in found) if self._may_read(found, reader) else ()

    def documents(self, reader: Reader) -> tuple[DocumentCard, ...]:
        """The documents that exist for the reader, by their ids."""
        with self._store.snapshot() as now:
            return tuple(now.cards(self._readable_now(now, reader)))

    def close(self) -> None:
        """Give back the files. Calling it twice is harmless."""
        self._store.close()
        self._partition.close()

    def _may_read(self, found: Sequence[Found], reader: Reader) -> bool:
        """List and policies, as they are now. All of `found` is of one document."""
        if not found or not self._is_served(reader.principal):
            return False
        card, access = found[0].card, found[0].access
        return admits(access, reader.names) and reader.may_read(card.id, card.tags)

    def _is_served(self, who: Principal) -> bool:
        return who.tenant == self._tenant and (who.scopes is None or "read" in who.scopes)

    def _by_meaning(self, vector: Any, readable: frozenset[str], depth: int) -> list[str]:
        if vector is None:
            return []
        return [hit.id for hit in self._partition.search("", vector, depth, among=readable)]

    def _at_one_moment(
        self, text: str, vector: Any, reader: Reader, k: int, depth: int
    ) -> tuple[Passage, ...]:
        """The same from the texts alone, for when they change faster than two files can be read.

        One snapshot of the texts is whole whatever the partition holds by then; it costs a look at the vector
        of every piece. What the reader may not read any more when it is over is left out.
        """
        with self._store.snapshot() as seen:
            readable = self._readable_to(seen, reader)
            by_words = _by_words(seen, text, readable.ids, depth)
            by_meaning = _nearest(seen, vector, readable.chunks, depth)
            passages = self._authorised(seen, _merged(by_meaning, by_words)[:k], vector, reader)
        with self._store.snapshot() as now:
            still = self._readable_now(now, reader)
        return tuple(passage for passage in passages if passage.card.id in still)

    def _authorised(
        self, now: Snapshot, ids: Sequence[str], vector: Any, reader: Reader
    ) -> tuple[Passage, ...]:
        """The pieces read again, without those that are gone or that the reader may not read any more."""
        found = now.chunks(ids)
        allowed: dict[str, bool] = {}
        for each in found.values():
            if each.card.id not in allowed:
                allowed[each.card.id] = self._may_read([each], reader)
        kept = [found[i] for i in ids if i in found and allowed[found[i].card.id]]
        return tuple(_passage(each, _cosine(vector, each.chunk.vector)) for each in kept)

    def _readable_to(self, now: Snapshot, reader: Reader) -> _Readable:
        """Where to look for one reader, perhaps as it was kept."""
        key = (reader.principal, reader.rights, reader.shared, now.mark("version"))
        kept = self._kept(key) if reader.rights is not None else None
        if kept is None:
            kept = self._look(now, reader)
            if reader.rights is not None:
                self._keep(key, kept)
        return kept

    def _look(self, now: Snapshot, reader: Reader) -> _Readable:
        pieces = self._pieces_of(now)
        numbers = [n for d in self._readable_now(now, reader) for n in pieces.of.get(d, ())]
        ids = {number: pieces.ids[number] for number in numbers}
        return _Readable(frozenset(ids.values()), ids)

    def _readable_now(self, now: Snapshot, reader: Reader) -> frozenset[str]:
        """The documents that lists and policies let the reader read, each asked anew."""
        if not self._is_served(reader.principal):
            return frozenset()
        names = reader.names
        lists = {number for number, access in now.access_lists().items() if admits(access, names)}
        return frozenset(
            identifier
            for identifier, tags, access in now.documents()
            if access in lists and reader.may_read(identifier, tags)
        )

    def _pieces_of(self, now: Snapshot) -> _Pieces:
        kept = self._pieces
        if kept.texts != now.mark("texts"):
            kept = self._pieces = _Pieces.at(now)
        return kept

    def _kept(self, key: Hashable) -> _Readable | None:
        with self._lock:
            return self._readable.get(key)

    def _keep(self, key: Hashable, readable: _Readable) -> None:
        with self._lock:
            self._readable[key] = readable
            while len(self._readable) > READERS_KEPT:
                self._readable.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The two files of an index."""

    store: DocumentStore
    partition: Partition

    @classmethod
    def open(cls, folder: Path, tenant: str, embedder: Embedder) -> "_Parts":
        store = DocumentStore.open(folder / FILE, tenant, embedder.model_id)
        try:
            return cls(store, Partition.open(folder / SEARCH_FILE, embedder.model_id, embedder.dimensions))
        except Misconfigured:
            store.close()
            raise


def _start_over(folder: Path, embedder: Embedder, tenant: str) -> None:
    """Empty the index. It stays the same file where it can, so that who has it open sees it empty too."""
    try:
        writer = DocumentWriter(folder / FILE)
        try:
            writer.start_over(tenant, embedder.model_id)
        finally:
            writer.close()
    except (sqlite3.DatabaseError, Misconfigured):
        # Damaged, of another format, or not there yet: nobody can read it, so a new file takes its place.
        _delete(folder, FILE)
    try:
        Partition.open(folder / SEARCH_FILE, embedder.model_id, embedder.dimensions).close()
    except Misconfigured:
        _delete(folder, SEARCH_FILE)


def _delete(folder: Path, name: str) -> None:
    for ending in ("", "-wal", "-shm"):
        (folder / f"{name}{ending}").unlink(missing_ok=True)


def _by_words(now: Snapshot, text: str, readable: Mapping[int, str], depth: int) -> list[str]:
    """Ids of the readable pieces that hold words of `text`, best first; at most `depth`.

    A word counts ln(1 + (n - d + 0.5) / (d + 0.5)) where d of the n readable pieces hold it, so nothing that
    the reader may not read has any part in it. How often a piece holds a word does not count: pieces are of
    like length.

    Args:
        readable: Ids by number.

    Source: Robertson and Spärck Jones, "Relevance weighting of search terms", 1976, without relevance
    information, shifted to be positive as Lucene does.
    """
    scores: dict[int, float] = {}
    for word in question_words(text):
        held = readable.keys() & now.holding(f'"{word}"')
        weight = log(1 + (len(readable) - len(held) + 0.5) / (len(held) + 0.5))
        for number in held:
            scores[number] = scores.get(number, 0.0) + weight
    best = nsmallest(depth, scores, key=lambda number: (-scores[number], readable[number]))
    return [readable[number] for number in best]


def _nearest(seen: Snapshot, vector: Any, readable: frozenset[str], depth: int) -> list[str]:
    """Ids of the readable pieces nearest to a vector, as the partition finds them; none without a vector."""
    if vector is None:
        return []
    likeness = ((-_cosine(vector, packed), key) for key, packed in seen.vectors() if key in readable)
    return [key for _, key in nsmallest(depth, likeness)]


def _merged(by_meaning: list[str], by_words: list[str]) -> list[str]:
    ranked = fuse([by_meaning, by_words], weights=[DENSE_WEIGHT, TEXT_WEIGHT], k=DAMPING)
    return [identifier for identifier, _ in ranked]


def near(passages: Iterable[Passage], text: str) -> tuple[Passage, ...]:
    """Those of the found passages that have to do with `text`: by meaning, or by words that they hold.

    Something is always the nearest; where nothing is said, that is noise.
    """
    asked = stems(" ".join(question_words(text)))

    def has_to_do(passage: Passage) -> bool:
        held = asked & stems(" ".join((passage.card.title, *passage.headings, passage.text)))
        return passage.likeness >= NEAR or (bool(held) and len(held) >= NEAR_WORDS * len(asked))

    return tuple(filter(has_to_do, passages))


def as_text(passage: Passage) -> str:
    """A passage behind where it is from."""
    return f"{origin_of(passage)}: {passage.text}"


def origin_of(passage: Passage) -> str:
    """Where a passage is from, in a line: title and headings, author, day, source."""
    card = passage.card
    path = " > ".join(dict.fromkeys((card.title, *passage.headings)))
    by = f"by {card.author}" if card.author else ""
    day = card.written.isoformat() if card.written else ""
    return f"{path} ({', '.join(filter(None, (by, day, card.id)))})"


def _passage(found: Found, likeness: float) -> Passage:
    chunk = found.chunk
    return Passage(found.card, found.position, chunk.headings, chunk.text, likeness)


def _cosine(vector: Any, packed: bytes) -> float:
    """Of two vectors of length 1; 0 where there is no question's vector."""
    if vector is None:
        return 0.0
    import numpy as np

    stored = np.frombuffer(packed, dtype=np.float16).astype(np.float32)
    return float(np.dot(np.asarray(vector, dtype=np.float32), stored))

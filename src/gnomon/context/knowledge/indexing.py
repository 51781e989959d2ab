"""One run that brings the index of the documents up to date with their sources.

Order makes it safe: pieces are searchable before their document refers to them, and go only after no document
does. What a kill leaves behind between the two is taken up, or taken away, by the next run. An access list
that gets narrower counts before anything else is done about its document; one that gets wider counts together
with the new text, never with the old one.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.access import conjunction, effective, from_text, to_text
from gnomon.context.knowledge.chunks import Piece, cut_into_pieces
from gnomon.context.knowledge.sources.port import DocumentSource, Place
from gnomon.context.knowledge.store import DocumentWriter, StoredChunk
from gnomon.domain.document import Document, DocumentCard
from gnomon.domain.errors import Misconfigured
from gnomon.models.port import Embedder
from gnomon.search.partition import Entry, Partition
from gnomon.search.tokens import expand
from gnomon.store.durable import exclusive, explained

Progress = Callable[[str, int, int], None]
"""Called with what is read, how many documents so far, and how many there are: 0 where that is unknown."""

BATCH_PIECES = 256
PROBLEMS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class KnowledgeReport:
    """What a run did.

    Args:
        documents: Documents that are indexed now.
        chunks: Their pieces.
        changed: Documents that are new, or whose text or card changed.
        embedded: Pieces that were embedded.
        removed: Documents that are gone.
        problems: What could not be read.
        sources: Each source and how many documents of it are indexed now.
    """

    documents: int
    chunks: int
    changed: int
    embedded: int
    removed: int
    problems: tuple[Problem, ...]
    elapsed_s: float
    sources: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Prepared:
    card: DocumentCard
    content_hash: str
    access: str
    pieces: tuple[tuple[str, Piece], ...]
    """Each with its id."""

    def chunk(self, key: str, piece: Piece, vector: bytes) -> StoredChunk:
        """A piece as it is kept."""
        found_by = expand(piece.searchable(self.card.title))
        return StoredChunk(key, piece.headings, piece.text, vector, found_by)


@contextmanager
def only_indexer(folder: Path) -> Iterator[None]:
    """Hold the right to write; waits for another process that has it. A killed holder gives it up."""
    with explained(folder):
        handle = os.open(folder / "index.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with exclusive(handle):
            yield
    finally:
        os.close(handle)


def run_index(
    sources: Sequence[DocumentSource],
    writer: DocumentWriter,
    partition: Partition,
    embedder: Embedder,
    progress: Progress | None = None,
) -> KnowledgeReport:
    """Read every source, and put in, change or take out what is not as it was.

    Raises:
        Misconfigured: The index cannot be written. A source that cannot be read is a problem of the report,
        and
            what was indexed of it before stays.
    """
    started_s = time.monotonic()
    run = _Run(writer, partition, embedder, progress or _silent)
    run.heal()
    for source in sources:
        run.read(source)
    run.remove_sources({source.place.name for source in sources})
    run.purge()
    chunks = writer.chunk_ids()
    indexed = Counter(name for name, _, _ in writer.snapshot().hashes().values())
    return KnowledgeReport(
        documents=indexed.total(),
        chunks=len(chunks),
        changed=run.changed,
        embedded=run.embedded,
        removed=run.removed,
        problems=tuple(run.problems),
        elapsed_s=time.monotonic() - started_s,
        sources=tuple((s.place.name, indexed[s.place.name]) for s in sources),
    )


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class _Run:
    """What a run knows while it goes."""

    writer: DocumentWriter
    partition: Partition
    embedder: Embedder
    progress: Progress
    problems: list[Problem] = field(default_factory=list)
    changed: int = 0
    embedded: int = 0
    removed: int = 0
    _stored: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _waiting: list[_Prepared] = field(default_factory=list)
    _pieces_waiting: int = 0

    def heal(self) -> None:
        """Make pieces searchable again that a document refers to and the partition does not hold."""
        self._stored = self.writer.snapshot().hashes()
        lost = self.writer.chunk_ids() - self.partition.hashes().keys()
        self.partition.upsert(
            _entry(found.chunk.id, _vector(found.chunk.vector)) for found in self.writer.pieces(sorted(lost))
        )

    def read(self, source: DocumentSource) -> None:
        """Take over what a source tells, and take out what it tells no more."""
        place, seen = source.place, 0
        try:
            for item in source.read():
                if isinstance(item, Problem):
                    self._problem(place, item.place, item.message)
                else:
                    self._take(place, item)
                    seen += 1
                    self.progress(place.name, seen, 0)
        except Misconfigured as error:
            self._flush()
            self._problem(place, "", f"{error.message}; {error.hint}")
            return
        self._flush()
        self.progress(place.name, seen, seen)
        self._remove(i for i, (name, _, _) in self._stored.items() if name == place.name)

    def remove_sources(self, names: set[str]) -> None:
        """Take out what comes from sources that are configured no more."""
        self._remove(i for i, (name, _, _) in self._stored.items() if name not in names)

    def purge(self) -> None:
        """Take pieces out of the partition that no document holds any more."""
        orphans = self.partition.hashes().keys() - self.writer.chunk_ids()
        if orphans:
            self.writer.announce_purge()
            self.partition.delete(sorted(orphans))

    def _take(self, place: Place, document: Document) -> None:
        prepared = _prepare(place, document)
        identifier = prepared.card.id
        if identifier in self._seen:
            self._problem(place, prepared.card.place, "is there twice; the first is indexed")
            return
        if not prepared.pieces:
            return
        self._seen.add(identifier)
        _, content_hash, access = self._stored.get(identifier, ("", "", ""))
        if content_hash == prepared.content_hash:
            if access != prepared.access:
                self.writer.set_access(identifier, prepared.access)
            return
        if access and access != prepared.access:
            both = conjunction((*from_text(access), *from_text(prepared.access)))
            self.writer.set_access(identifier, to_text(both))
        self._waiting.append(prepared)
        self._pieces_waiting += len(prepared.pieces)
        if self._pieces_waiting >= BATCH_PIECES:
            self._flush()

    def _flush(self) -> None:
        """Embed what is new, make it searchable, then let the documents refer to it."""
        waiting, self._waiting, self._pieces_waiting = self._waiting, [], 0
        kept = {
            found.chunk.id: found.chunk.vector
            for found in self.writer.pieces(key for p in waiting for key, _ in p.pieces)
        }
        new = {
            key: piece.searchable(p.card.title) for p in waiting for key, piece in p.pieces if key not in kept
        }
        if new:
            vectors = self.embedder.embed(list(new.values()))
            self.partition.upsert(_entry(key, vector) for key, vector in zip(new, vectors, strict=True))
            kept |= {key: _bytes(vector) for key, vector in zip(new, vectors, strict=True)}
            self.embedded += len(new)
        for prepared in waiting:
            chunks = [prepared.chunk(key, piece, kept[key]) for key, piece in prepared.pieces]
            self.writer.put(prepared.card, prepared.content_hash, prepared.access, chunks)
            self.changed += 1

    def _remove(self, candidates: Iterator[str]) -> None:
        gone = sorted(set(candidates) - self._seen)
        self.writer.remove(gone)
        for identifier in gone:
            del self._stored[identifier]
        self.removed += len(gone)

    def _problem(self, place: Place, where: str, message: str) -> None:
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(Problem(f"{place.name}: {where}" if where else place.name, message))


def _prepare(place: Place, document: Document) -> _Prepared:
    card = document.card
    digest = hashlib.sha256(repr(card).encode(errors="surrogatepass"))
    counts: Counter[str] = Counter()
    pieces = []
    for piece in cut_into_pieces(document.blocks):
        text = piece.searchable(card.title)
        counts[text] += 1
        key = _hash(f"{card.id}\x1f{counts[text]}\x1f{text}")[:32]
        digest.update(f"{key}\x1f{piece!r}".encode(errors="surrogatepass"))
        pieces.append((key, piece))
    access = to_text(effective(place.ceiling, place.closed, document.readers))
    return _Prepared(card, digest.hexdigest(), access, tuple(pieces))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _entry(key: str, vector: object) -> Entry:
    """A piece as the partition holds it: found by its vector alone."""
    return Entry(key, "", key, vector)


def _bytes(vector: object) -> bytes:
    import numpy as np

    return np.asarray(vector, dtype=np.float16).tobytes()


def _vector(packed: bytes) -> object:
    import numpy as np

    return np.frombuffer(packed, dtype=np.float16).astype(np.float32)

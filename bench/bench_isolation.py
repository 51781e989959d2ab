"""Whether anybody is ever given a passage that they may not read, while documents and access lists change.

Threads search, open, list and ask for context as random people of random groups, under random policies,
through two handles on one index. Meanwhile the index is brought up to date again and again, each time with
other texts and other access lists, and emptied once. Every passage says which version of its document it is
from; a read counts as a leak unless one of the states that the index may have been in during the read had
that version readable by that person. Embedding is replaced by counting words, so that the reads are many.

The peer is the same search without any rights to look at: a partition asked directly.
"""

import hashlib
import itertools
import random
import re
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.context.knowledge.retriever import SEARCH_FILE, KnowledgeBase, reader_under
from gnomon.context.knowledge.sources.port import Place
from gnomon.domain.document import Block, Document, Passage
from gnomon.domain.identity import Principal
from gnomon.policy.authority import Authority
from gnomon.policy.policies import Policies, Situation, parse_policies
from gnomon.search.partition import Partition

READS = 12_000
DOCUMENTS = 120
THREADS = 4

_PEOPLE = tuple(f"p{n}" for n in range(12))
_GROUPS = tuple(f"g{n}" for n in range(6))
_WORDS = tuple(f"word{n}" for n in range(2_000))
_RED = """
@id("all") permit (principal, action == Action::"read", resource);
@id("red") forbid (principal, action == Action::"read", resource in Tag::"red")
unless { principal in Group::"g1" };
"""
_TAGS = '[tables]\nred = ["red"]\n'
_ALL = '@id("all") permit (principal, action, resource);'
_MARK = re.compile(r"\bmark-(\d+)-(\d+)\b")


class WordCounter:
    """Vectors of the words of a text; stands in for an embedding model."""

    model_id, dimensions = "word-counter/64", 64

    def embed(self, texts: Sequence[str]) -> Any:
        """A row of length 1 for each text."""
        vectors = np.full((len(texts), 64), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                vectors[row, hashlib.blake2b(word.encode(), digest_size=1).digest()[0] % 64] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Written:
    """A document in one state of the index. `readers` is None where it has no list of its own."""

    number: int
    version: int
    readers: frozenset[str] | None
    red: bool


@dataclass(frozen=True, slots=True)
class Folder:
    """A source in memory."""

    place: Place
    documents: tuple[Written, ...]

    def read(self) -> Iterator[Document]:
        """Its documents."""
        for written in self.documents:
            dice = random.Random(written.number * 1_000 + written.version)
            parts = (" ".join(dice.choices(_WORDS, k=150)) for _ in range(2))
            mark = f"mark-{written.number}-{written.version}"
            blocks = tuple(Block("paragraph", f"{mark} {part}") for part in parts)
            card = self.place.card(str(written.number), mark, tags=("red",) if written.red else ())
            yield Document(card, blocks, None if written.readers is None else (written.readers,))


_PLACES = (
    Place("markdown:open", Path()),
    Place("markdown:closed", Path(), closed=True),
    Place("slack:staff", Path(), (frozenset({"group:g0", "group:g1", "user:p3"}),)),
    Place("confluence:both", Path(), (frozenset({"group:g2", "group:g3"}),), closed=True),
)


@dataclass(slots=True)
class History:
    """Every state that the index was brought to, and which of them it may be in now."""

    states: list[dict[int, Written]] = field(default_factory=lambda: [{}])
    finished: int = 0

    @property
    def begun(self) -> int:
        """The newest state that the index may be in."""
        return len(self.states) - 1

    def may_read(
        self, who: Principal, red_is_closed: bool, mark: tuple[int, int], low: int, high: int
    ) -> bool:
        """Whether in one of the states from `low` to `high` the person may read that version of the
        document."""
        number, version = mark
        names = {"everyone", f"user:{who.subject}", *(f"group:{g}" for g in who.groups)}
        closed = red_is_closed and "g1" not in who.groups
        for state in self.states[low : high + 1]:
            written = state.get(number)
            same = written is not None and written.version == version
            if written is not None and same and _admits(written, names) and not (closed and written.red):
                return True
        return False


def _admits(written: Written, names: set[str]) -> bool:
    """The rule, said once more and in another way than in the code that is tried."""
    place = _PLACES[written.number % len(_PLACES)]
    if any(not ceiling & names for ceiling in place.ceiling):
        return False
    return not place.closed if written.readers is None else bool(written.readers & names)


@dataclass(slots=True)
class Reads:
    """What became of a run."""

    reads: int = 0
    passages: int = 0
    unreadable: int = 0
    runs: int = 0
    seconds: float = 0.0


def run_reads(folder: Path, *, reads: int, documents: int, threads: int, seed: int) -> Reads:
    """Read at random while the index changes; count what was returned and what should not have been."""
    dice, history, done = random.Random(seed), History(), Reads()
    base = KnowledgeBase.open(folder / "knowledge", WordCounter())
    other = KnowledgeBase.open(folder / "knowledge", WordCounter())
    _change(base, history, documents, dice)
    stop, lock = threading.Event(), threading.Lock()
    failures: list[BaseException] = []
    policies = tuple(
        parse_policies(p, home="local")
        for p in ([("a.cedar", _ALL)], [("b.cedar", _RED), ("tags.toml", _TAGS)])
    )
    turns = itertools.count()

    def read(number: int) -> None:
        mine = random.Random(seed * 1_000 + number)
        try:
            while not stop.is_set() and next(turns) < reads:
                handle = (base, other)[mine.randrange(2)]
                found = _one_read(handle, history, policies, mine)
                with lock:
                    done.reads += 1
                    done.passages += found[0]
                    done.unreadable += found[1]
        except BaseException as error:  # told by the thread that waits for this one
            failures.append(error)

    began = time.perf_counter()
    readers = [threading.Thread(target=read, args=(n,)) for n in range(threads)]
    for thread in readers:
        thread.start()
    while any(thread.is_alive() for thread in readers):
        _change(base, history, documents, dice)
        done.runs += 1
    done.seconds = time.perf_counter() - began
    for handle in (base, other):
        handle.close()
    if failures:
        raise failures[0]
    return done


def _change(base: KnowledgeBase, history: History, documents: int, dice: random.Random) -> None:
    """Bring the index to another state: some texts, lists and tags are others, some documents come or go."""
    last = history.states[-1]
    state: dict[int, Written] = {}
    for number in range(documents):
        before = last.get(number)
        if dice.random() < 0.05:
            continue
        if before is not None and dice.random() < 0.7:
            state[number] = before
            continue
        version = before.version if before is not None and dice.random() < 0.6 else history.begun + 1
        state[number] = Written(number, version, _random_readers(dice), dice.random() < 0.3)
    history.states.append(state)
    folders = [
        Folder(place, tuple(w for w in state.values() if w.number % len(_PLACES) == position))
        for position, place in enumerate(_PLACES)
    ]
    base.index(folders)
    history.finished = history.begun


def _random_readers(dice: random.Random) -> frozenset[str] | None:
    kind = dice.random()
    if kind < 0.3:
        return None
    if kind < 0.4:
        return frozenset()
    if kind < 0.45:
        return frozenset({"everyone"})
    people = [f"user:{p}" for p in dice.sample(_PEOPLE, dice.randrange(3))]
    return frozenset([*people, *(f"group:{g}" for g in dice.sample(_GROUPS, dice.randrange(1, 3)))])


def _one_read(
    base: KnowledgeBase, history: History, policies: tuple[Policies, ...], dice: random.Random
) -> tuple[int, int]:
    """Passages, cards and texts that one random read returned, and how many of them it should not have."""
    groups = frozenset(dice.sample(_GROUPS, dice.randrange(4)))
    who = Principal(dice.choice(_PEOPLE), groups=groups, method="oidc")
    red_is_closed = dice.random() < 0.5
    chosen = policies[red_is_closed]
    reader = reader_under(Authority(lambda: who, Situation(), lambda: chosen))
    words = " ".join(dice.choices(_WORDS, k=3))
    vector = WordCounter().embed([words])[0]
    low = history.finished
    match dice.randrange(5):
        case 0:
            texts = [_text(p) for p in base.search(words, vector, reader, dice.choice((1, 8, 50)))]
        case 1:
            texts = [_text(p) for p in base.search(words, None, reader, 8)]
        case 2:
            number = dice.randrange(len(history.states[-1]) + 20)
            place = _PLACES[number % len(_PLACES)]
            texts = [_text(p) for p in base.get(f"{place.name}:{number}", reader)]
        case 3:
            texts = [card.title for card in base.documents(reader)]
        case _:
            texts = [*base.passages_for(words, vector, reader, 10_000)]
    high = history.begun
    marks = [{(int(n), int(v)) for n, v in _MARK.findall(text)} for text in texts]
    wrong = sum(
        not each or not all(history.may_read(who, red_is_closed, mark, low, high) for mark in each)
        for each in marks
    )
    return len(texts), wrong


def _text(passage: Passage) -> str:
    return f"{passage.card.title} {passage.text}"


def run() -> dict[str, float]:
    """Reads, what they returned, what they should not have, and how fast they were beside a bare search."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = run_reads(folder, reads=READS, documents=DOCUMENTS, threads=THREADS, seed=1)
        return {
            "reads": done.reads,
            "passages": done.passages,
            "unreadable_passages": done.unreadable,
            "index_runs": done.runs,
            "reads_per_s": round(done.reads / done.seconds, 1),
            **_quiet(folder / "knowledge"),
        }


def _quiet(folder: Path) -> dict[str, float]:
    """Milliseconds of a search while nothing changes, and of the bare partition under it."""
    base = KnowledgeBase.open(folder, WordCounter())
    bare = Partition.open(folder / SEARCH_FILE, WordCounter.model_id, WordCounter.dimensions)
    who = Principal("p1", groups=frozenset({"g0", "g2"}))
    policies = parse_policies([("a.cedar", _ALL)], home="local")
    authority = Authority(lambda: who, Situation(), lambda: policies)
    dice, with_rights, without = random.Random(3), [], []
    for _ in range(300):
        words = " ".join(dice.choices(_WORDS, k=6))
        vector = WordCounter().embed([words])[0]
        began = time.perf_counter()
        base.search(words, vector, reader_under(authority))
        with_rights.append(time.perf_counter() - began)
        began = time.perf_counter()
        bare.search(words, vector, 8)
        without.append(time.perf_counter() - began)
    base.close()
    bare.close()
    return {
        "search_ms_p50": round(1e3 * float(np.median(with_rights)), 3),
        "bare_search_ms_p50": round(1e3 * float(np.median(without)), 3),
    }


if __name__ == "__main__":
    for figure, value in run().items():
        print(f"{figure:<22} {value:,}")

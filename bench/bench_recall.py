"""Recall: how often the tables that answer a question are among the first that a search finds.

    python bench/bench_recall.py [--data DIR] [--sets NAME ...] [--sweep]

Recall at k is the share of a question's tables that are among the first k, averaged over the questions; MRR
is the mean of one over the rank of the first of them. Brackets hold the 95% interval of a bootstrap over the
questions. Settings are tuned on the half that `first_half` draws (`--sweep` shows it); figures are of the
other half, and of all.

Of the signals that `and_labels` adds, labels and owners are real. Nobody's use of these tables is known:
`and_simulated_use` draws it. Each table has a popularity, uniform in [0, 1]; a table that is asked about is
the more popular of two drawn, for people ask more about what is used more; the most popular gains 12%. Its
figures are means over 20 draws.
"""

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from card_sets import Asked, CardSet, first_half, read_sets
from remembering_embedder import CACHE, RememberingEmbedder

from gnomon.context.catalog.texts import card_texts, card_vectors
from gnomon.domain.catalog import TableRef
from gnomon.search import searcher
from gnomon.search.fuse import boosted
from gnomon.search.partition import Entry, Partition

DEPTH = 50
DRAWS = 20
POPULAR = 0.12
RESAMPLES = 2_000
SEED = 7
SWEEP: Mapping[str, Sequence[Any]] = {
    "WEIGHTS": ((0, 1, 1), (0, 2, 1), (1, 1, 1), (4, 1, 1), (4, 2, 1)),
    "DAMPING": (5, 20, 60),
    "WORDS_SHARE": (0.07, 0.13, 0.2),
}
"""The first of the weights is that of the sum."""

Rank = Callable[[Asked, npt.NDArray[np.float32]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Scores:
    """One list over questions: recall at 1, 5 and 10 and one over the first rank, shape (questions, 4)."""

    values: npt.NDArray[np.float64]

    def means(self) -> npt.NDArray[np.float64]:
        """Of each column."""
        return self.values.mean(axis=0)

    def intervals(self) -> npt.NDArray[np.float64]:
        """2.5% and 97.5% of resampled means, shape (2, 4)."""
        rng = np.random.default_rng(SEED)
        drawn = rng.integers(0, len(self.values), (RESAMPLES, len(self.values)))
        return np.quantile(self.values[drawn].mean(axis=1), (0.025, 0.975), axis=0)


@dataclass(frozen=True, slots=True)
class Searched:
    """A set in a partition, with the vectors of its questions."""

    found: CardSet
    partition: Partition
    vectors: npt.NDArray[np.float32]

    def scores(self, rank: Rank) -> Scores:
        """A list's scores over all questions, in their order."""
        asked = zip(self.found.questions, self.vectors, strict=True)
        return Scores(np.array([_score(rank(q, v), {str(t) for t in q.tables}) for q, v in asked]))

    def tuned_on(self) -> npt.NDArray[np.bool_]:
        """Which questions settings were chosen on."""
        return np.array([first_half(q.text) for q in self.found.questions])


def run() -> dict[str, Any]:
    """Recall and MRR of each list on the questions that people wrote: of the half that nothing was tuned on,
    and recall at 10 of all. Nothing where the data is not there."""
    data = os.environ.get("GNOMON_DATA")
    if not data or not (Path(data) / "retrieval").is_dir():
        return {}
    with ExitStack() as stack:
        (searched,) = opened(stack, Path(data), ["retrieval"])
        scores, reported = lists(searched), ~searched.tuned_on()
    figures: dict[str, Any] = {"questions": len(reported)}
    for name, found in scores.items():
        means = Scores(found.values[reported]).means()
        keys = ("recall_at_1", "recall_at_5", "recall_at_10", "mrr")
        figures |= {f"{key}_{name}": float(mean) for key, mean in zip(keys, means, strict=True)}
        figures[f"all_recall_at_10_{name}"] = float(found.means()[2])
    return figures


def opened(stack: ExitStack, data: Path, names: Sequence[str]) -> Iterator[Searched]:
    """Each set in a partition of its own, which the stack closes."""
    embedder = RememberingEmbedder.open(CACHE)
    for found in read_sets(data, names):
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "p.db"
        partition = Partition.open(path, embedder.model_id, embedder.dimensions)
        stack.callback(partition.close)
        texts = [card_texts(card) for card in found.cards]
        rows = zip(found.cards, texts, card_vectors(texts, embedder), strict=True)
        partition.upsert(Entry(str(card.ref), text.words, "", vector) for card, text, vector in rows)
        partition.seal()
        yield Searched(found, partition, embedder.embed([q.text for q in found.questions]))


def lists(searched: Searched) -> dict[str, Scores]:
    """The scores of each list."""
    partition = searched.partition
    asked = zip(searched.found.questions, searched.vectors, strict=True)
    merged = {q.text: [(h.id, h.score) for h in partition.search(q.text, v, DEPTH)] for q, v in asked}
    signals = {str(ref): factor for ref, factor in searched.found.signals.items()}
    scores = {
        "lexical": searched.scores(lambda q, v: partition.search_text(q.text, DEPTH)),
        "dense": searched.scores(lambda q, v: partition.search_vector(v, DEPTH)),
        "fused": searched.scores(lambda q, v: [i for i, _ in merged[q.text]]),
    }
    if signals:
        scores["and_labels"] = searched.scores(lambda q, v: [i for i, _ in boosted(merged[q.text], signals)])
    drawn = [
        searched.scores(
            lambda q, v, draw=draw: [
                i for i, _ in boosted(merged[q.text], _popularity(searched.found, q, draw))
            ]
        )
        for draw in range(DRAWS)
    ]
    scores["and_simulated_use"] = Scores(np.mean([s.values for s in drawn], axis=0))
    return scores


def _popularity(found: CardSet, asked: Asked, draw: int) -> dict[str, float]:
    """Factors of one draw: the same for a table in every question, but for those that are asked about."""
    rng = random.Random(f"{SEED} {draw}")
    popularity: dict[TableRef, float] = {c.ref: rng.random() for c in found.cards}
    second = random.Random(f"{SEED} {draw} {asked.text}")
    for ref in sorted(asked.tables):
        popularity[ref] = max(popularity[ref], second.random())
    return {str(ref): 1 + POPULAR * share for ref, share in popularity.items()}


def _score(ranked: Sequence[str], gold: set[str]) -> tuple[float, float, float, float]:
    ranks = sorted(ranked.index(i) + 1 for i in gold if i in ranked)
    at = [sum(rank <= k for rank in ranks) / len(gold) for k in (1, 5, 10)]
    return at[0], at[1], at[2], 1 / ranks[0] if ranks else 0.0


def sweep(sets: Sequence[Searched]) -> Iterator[str]:
    """Recall at 10 and MRR on the tuning halves, mean over the sets, with one setting changed."""
    yield f"{'as shipped':30} {_tuning(sets)}"
    for name, others in SWEEP.items():
        shipped = getattr(searcher, name)
        for other in others:
            setattr(searcher, name, other)
            try:
                yield f"{f'{name} {other}':30} {_tuning(sets)}"
            finally:
                setattr(searcher, name, shipped)


def _tuning(sets: Sequence[Searched]) -> str:
    means = []
    for searched in sets:
        scores = searched.scores(
            lambda q, v, p=searched.partition: [h.id for h in p.search(q.text, v, DEPTH)]
        )
        means.append(Scores(scores.values[searched.tuned_on()]).means())
    _, at_5, at_10, mrr = np.mean(means, axis=0)
    return f"recall@5 {at_5:.3f}  recall@10 {at_10:.3f}  MRR {mrr:.3f}"


def report(searched: Searched) -> Iterator[str]:
    """A set's table: each list, on the half that nothing was tuned on and on all questions."""
    found, tuned = searched.found, searched.tuned_on()
    yield f"\n{found.name}: {len(found.cards)} tables, {len(tuned)} questions, {tuned.sum()} of them tuned on"
    scores = lists(searched)
    for part, chosen in (("other half", ~tuned), ("all", np.ones(len(tuned), dtype=bool))):
        for name, whole in scores.items():
            picked = Scores(whole.values[chosen])
            cells = zip(("@1", "@5", "@10", "MRR"), picked.means(), *picked.intervals(), strict=True)
            text = "  ".join(f"{key} {mean:.3f} [{low:.2f}, {high:.2f}]" for key, mean, low, high in cells)
            yield f"  {part:10} {name:18} {text}"


def main() -> int:
    """Print a table a set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("GNOMON_DATA", "")))
    parser.add_argument("--sets", nargs="*", default=[], help="only these")
    parser.add_argument("--sweep", action="store_true", help="how other settings do on the tuning halves")
    options = parser.parse_args()
    with ExitStack() as stack:
        sets = []
        for searched in opened(stack, options.data, options.sets):
            sets.append(searched)
            print(*report(searched), sep="\n", flush=True)
        if options.sweep:
            print("\non the halves that settings are tuned on, mean over the sets", *sweep(sets), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

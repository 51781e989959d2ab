"""Merge ranked lists into one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DAMPING = 10
DENSE_WEIGHT, TEXT_WEIGHT = 2.0, 1.0
"""For two lists, one by meaning and one by words. The usual damping of 60 with equal weights finds no more
than vectors alone; bench/bench_recall.py has the figures."""

LEAST_BOOST, MOST_BOOST = 0.75, 1.3


@dataclass(frozen=True, slots=True)
class Hit:
    """A found entry. Ranks start at 1; None where that list does not hold the entry."""

    id: str
    score: float
    dense_rank: int | None
    text_rank: int | None


def fuse(
    rankings: Sequence[Sequence[str]], *, weights: Sequence[float] | None = None, k: int = 60
) -> list[tuple[str, float]]:
    """Merge ranked lists by weighted reciprocal rank.

    score(id) = sum of weight / (k + rank) over the lists that hold it; ranks start at 1.

    Args:
        rankings: m lists of entry ids, best first. Lengths may differ; no id repeats within a list.
        weights: m factors above 0; all 1 if left out.
        k: Damping, in ranks, at least 1. A larger k flattens the lead of the top ranks.

    Returns:
        Every id once, with its score in (0, sum of weights / (k + 1)], best first; equal scores by id.

    Raises:
        ValueError: If `k` is below 1, a list repeats an id, or weights and rankings differ in number.

    Source: Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion Outperforms Condorcet and Individual
    Rank Learning Methods", SIGIR 2009; k = 60 is theirs.

    >>> fuse([["orders", "refunds"], ["refunds", "stores"]], weights=[2, 1], k=1)
    [('refunds', 1.1666666666666665), ('orders', 1.0), ('stores', 0.3333333333333333)]
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    scores: dict[str, float] = {}
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        if len(set(ranking)) < len(ranking):
            raise ValueError("a ranking repeats an id")
        for rank, entry_id in enumerate(ranking, start=1):
            scores[entry_id] = scores.get(entry_id, 0.0) + weight / (k + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def boosted(merged: list[tuple[str, float]], boosts: Mapping[str, float] | None) -> list[tuple[str, float]]:
    """Multiply merged scores by factors, and order them anew.

    Scores of neighbouring ranks differ by about a tenth (damping 10), so that a factor decides between
    neighbours. The largest factor against the smallest moves an entry that is at one rank in all lists by at
    most eight ranks: it never makes a table that does not fit lead one that does.

    Args:
        boosts: Factors by id; 1 for others. What is beyond `LEAST_BOOST` and `MOST_BOOST` counts as these.

    >>> boosted([("raw_orders", 1.0), ("orders", 0.95)], {"orders": 1.1})
    [('orders', 1.045), ('raw_orders', 1.0)]
    """
    if not boosts:
        return merged
    raised = [(i, s * min(MOST_BOOST, max(LEAST_BOOST, boosts.get(i, 1.0)))) for i, s in merged]
    return sorted(raised, key=lambda pair: (-pair[1], pair[0]))

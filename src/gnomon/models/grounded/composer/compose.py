"""The readings of a question, with how likely each is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from gnomon.domain.context import Context
from gnomon.models.grounded.composer.propose import Careful, propose
from gnomon.models.grounded.composer.weighing import Given, weigh
from gnomon.models.grounded.composer.weights import learned, logistic
from gnomon.models.grounded.reading import Reading


@dataclass(frozen=True, slots=True)
class Composed:
    """A reading with its statement.

    Args:
        probability: How likely it is right, as measured on questions of databases it was not learned from.
        unplaced: Words of the question that it leaves out.
        twin: The statement that lists equal rows once, or as often as they come; empty for what is no list.
        likely: The probability that the ranker gives, before it is calibrated.
        features: What is known of it, by name.
        weighed: Whether it was run, and its probability takes account of what it gives.
        shows: Statements of readings that were run beside it of which it shows all, its own among them.
    """

    reading: Reading
    sql: str
    probability: float
    unplaced: tuple[str, ...] = ()
    twin: str = ""
    likely: float = 0.0
    features: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)
    weighed: bool = False
    shows: frozenset[str] = frozenset()


NONE = Careful()


def compose(text: str, context: Context, today: date, careful: Careful = NONE) -> tuple[Composed, ...]:
    """The readings of a question, the likeliest first; of equals the one with the likelier roles.

    Args:
        careful: What the careful reader makes of it: its reading is one of them.
    """
    weights = learned()
    proposed = propose(text, context, today, careful, weights.roles)
    scores = weights.first.scores([p.features for p in proposed])
    ranked = sorted(zip(proposed, scores, strict=True), key=lambda pair: -pair[1])
    return tuple(
        Composed(
            reading=p.reading,
            sql=p.sql,
            probability=weights.first.probability(score),
            unplaced=p.draft.left,
            twin=p.draft.twin,
            likely=logistic(score),
            features=p.features,
        )
        for p, score in ranked
    )


def weigh_composed(readings: Sequence[Composed], given: Sequence[Given | None]) -> tuple[Composed, ...]:
    """Readings that were run, the likeliest first now that it is known what they give.

    Args:
        readings: The likeliest first, as far as was known before.
        given: What each gave; None for one that did not run.
    """
    second = learned().second
    weighed = weigh([r.likely for r in readings], given)
    scores = second.scores([{**r.features, **more} for r, more in zip(readings, weighed, strict=True)])
    ranked = sorted(zip(readings, given, scores, strict=True), key=lambda one: -one[2])
    return tuple(
        replace(
            r,
            probability=second.probability(score),
            weighed=True,
            shows=frozenset(o.sql for o, seen in zip(readings, given, strict=True) if _covers(own, seen)),
        )
        for r, own, score in ranked
    )


def _covers(own: Given | None, other: Given | None) -> bool:
    return own is not None and other is not None and own.covers(other)

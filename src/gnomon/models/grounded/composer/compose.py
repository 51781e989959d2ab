"""The readings of a question, with how likely each is right."""

from dataclasses import dataclass
from datetime import date

from gnomon.domain.context import Context
from gnomon.models.grounded.composer.propose import Careful, propose
from gnomon.models.grounded.composer.weights import learned
from gnomon.models.grounded.reading import Reading


@dataclass(frozen=True, slots=True)
class Composed:
    """A reading with its statement.

    Args:
        probability: How likely it is right, as measured on questions of databases it was not learned from.
        unplaced: Words of the question that it leaves out.
        twin: The statement that lists equal rows once, or as often as they come; empty for what is no list.
    """

    reading: Reading
    sql: str
    probability: float
    unplaced: tuple[str, ...] = ()
    twin: str = ""


NONE = Careful()


def compose(text: str, context: Context, today: date, careful: Careful = NONE) -> tuple[Composed, ...]:
    """The readings of a question, the likeliest first; of equals the one with the likelier roles.

    Args:
        careful: What the careful reader makes of it: its reading is one of them.
    """
    weights = learned()
    proposed = propose(text, context, today, careful, weights.roles)
    scores = weights.scores([p.features for p in proposed])
    ranked = sorted(zip(proposed, scores, strict=True), key=lambda pair: -pair[1])
    return tuple(
        Composed(p.reading, p.sql, weights.probability(score), p.draft.left, p.draft.twin)
        for p, score in ranked
    )

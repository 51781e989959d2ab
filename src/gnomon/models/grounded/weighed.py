"""Readings that are run beside each other before one is taken: their rows tell which of them is meant.

A question with a reading that may be answered from is answered by one query. Where the likeliest is not sure
enough for that, and the tables are small, a few run, and what they give is weighed with all else.
"""

from collections.abc import Sequence
from dataclasses import replace

import sqlglot
from sqlglot import exp

from gnomon.domain.context import Context
from gnomon.models.grounded.composer.compose import Composed, weigh_composed
from gnomon.models.grounded.composer.weighing import LOOKED_AT, given_by
from gnomon.models.grounded.decide import Read, is_clear, preferred
from gnomon.models.port import ToolMessage

WORTH_RUNNING = 0.8
"""A reading that is less likely is not run: hardly any of those becomes an answer, and not a safe one."""

KEPT_WORTH_RUNNING = 0.5
"""The same for one that the careful reader makes as well."""

SAME_VALUE = 0.9
"""What a value scores at least that is not only like the words."""

CHEAP_ROWS = 1_000_000
"""Rows of a table up to which a reading of it is run only to be compared."""


def to_compare(known: Read, context: Context) -> tuple[Composed, ...]:
    """The readings to run, the likeliest first; none where one will do, none is likely, or running is dear.

    A name that may mean several things is asked about: what its readings give does not tell which is meant.
    """
    if not known.composed or known.doubt.options or is_clear(known):
        return ()
    best = preferred(known)
    worth = KEPT_WORTH_RUNNING if best.sql == known.careful.sql else WORTH_RUNNING
    if best.unplaced or best.probability < worth or _strays(best):
        return ()
    likeliest = known.composed[:LOOKED_AT]
    looked = likeliest if best in likeliest else (*likeliest[:-1], best)
    return looked if all(_is_cheap(c.sql, context) for c in looked) else ()


def _strays(reading: Composed) -> bool:
    """Whether it takes what may not be meant: a word that is like a value, or rows that nobody speaks of."""
    known = reading.features
    unlike = known.get("weakest value", 1.0) < SAME_VALUE
    return unlike or bool(known.get("far") or known.get("sideways"))


def _is_cheap(sql: str, context: Context) -> bool:
    """Whether each table of a statement, and any other of its name, is known to be small."""
    tables = sqlglot.parse_one(sql, read=context.dialect).find_all(exp.Table)
    named = {table.name.casefold() for table in tables}
    cards = [card for card in context.cards if card.ref.name.casefold() in named]
    small = all(card.row_count is not None and card.row_count <= CHEAP_ROWS for card in cards)
    return small and named <= {card.ref.name.casefold() for card in cards}


def weighed(known: Read, looked: Sequence[Composed], results: Sequence[ToolMessage]) -> Read:
    """What is known once the readings have run.

    Args:
        looked: The readings, the likeliest first.
        results: What came of each.
    """
    given = [None if r.failed else given_by(r.content) for r in results]
    return replace(known, composed=weigh_composed(looked, given))

"""How much a table is favoured when several fit a question alike."""

from gnomon.domain.catalog import Statement, TableCard

POPULARITY = 0.12
"""What the most used table gains. Neighbouring ranks of a fused list differ by about a tenth, so that use
decides between neighbours and lifts nothing that does not fit."""

CRITICALITY = {"critical": 0.06, "high": 0.04, "low": -0.03}
STALE = -0.10
RETIRED = -0.20
SUPERSEDED = -0.06
"""For a table that has a better one for some questions."""

_LEAST, _MOST = 0.75, 1.25


def boost(card: TableCard, popularity: float) -> float:
    """The factor in [0.75, 1.25] on a table's score: trust by use, criticality, freshness.

    Args:
        popularity: How much the table is used, in [0, 1], against the most used one.
    """
    factor = 1.0 + POPULARITY * popularity + CRITICALITY.get(card.criticality.casefold(), 0.0)
    if any(is_stale(c) for c in card.caveats):
        factor += STALE
    if any(is_retired(c) for c in card.caveats):
        factor += RETIRED
    elif card.use_instead:
        factor += SUPERSEDED
    return min(_MOST, max(_LEAST, factor))


def is_stale(caveat: Statement) -> bool:
    """Whether the caveat says that a table has stopped being filled."""
    return caveat.provenance == "profile" and caveat.text.startswith("Stale:")


def is_retired(caveat: Statement) -> bool:
    """Whether the caveat says that a table is not to be used any more."""
    return caveat.provenance in ("table comment", "table name")

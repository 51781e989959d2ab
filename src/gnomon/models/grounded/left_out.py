"""What a join takes for granted: which of several links it goes by, and rows that refer to nothing."""

from collections.abc import Iterable, Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.joins import JoinPlan
from gnomon.models.grounded.own_links import said_links
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema

DENYING = frozenset({"<>", "not in"})


def lacking(reading: Reading, plan: JoinPlan, schema: Schema) -> Iterator[ColumnRef]:
    """The columns that some rows of a list or of groups lack, where they join what is shown.

    Where a condition is about what is joined, whoever asks means those rows alone; but `not based in Linz`
    may be said of what has no base too.
    """
    all_said = (*reading.conditions, *reading.either)
    denied = {c.column.table for c in all_said if c.operator in DENYING}
    for hop in reversed(plan.hops):
        denied |= {hop.source} if hop.target in denied else set()
    shown = {t.table for t in reading.targets if t.aggregate is None}
    shown |= {g.column.table for g in reading.groups}
    shown |= {reading.group_by_entity} if reading.group_by_entity is not None else set()
    asked = {c.column.table for c in all_said if c.operator not in DENYING} | {*reading.kept}
    for hop in plan.hops:
        if hop.target not in shown | denied or hop.target in asked or len(hop.pairs) != 1:
            continue
        column = ColumnRef(hop.source, hop.pairs[0][0])
        profile = schema.column(column).profile
        if profile is not None and profile.nulls:
            yield column


def links_and_gaps(
    reading: Reading, plan: JoinPlan, schema: Schema, linked: Iterable[tuple[TableRef, TableRef]]
) -> Iterator[str]:
    """What is said of links that go without saying, and of rows that have none.

    Args:
        linked: The tables that are joined, the one that refers first.
    """
    gaps = tuple(lacking(reading, plan, schema))
    told = set()
    for column, sentence in said_links(schema.implied, linked):
        told.add(column)
        yield f"{sentence}; rows without one are left out." if column in gaps else f"{sentence}."
    yield from (f"Rows of {c.table} without a {c.column} are left out." for c in gaps if c not in told)

"""What tallies add up to: usage of tables, trusted queries, links, and conditions that most queries apply."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from gnomon.context.catalog.facts import Fact, JoinClaim, Origin
from gnomon.context.catalog.usage.shapes import Filter, JoinUse
from gnomon.context.catalog.usage.tallies import JoinTally, QueryTally, TableTally
from gnomon.context.catalog.usage.trust import Trust
from gnomon.context.catalog.usage.wording import draft_question
from gnomon.domain.catalog import Catalog, TableRef, TableUsage
from gnomon.domain.context import TrustedQuery

_Counted = TypeVar("_Counted", JoinUse, Filter)

MIN_JOIN_RUNS = 5
MIN_JOIN_PEOPLE = 2
MIN_FILTERED = 5
"""Trusted queries that a table needs before most of them say something."""
MOST = 0.8
_SHOWN = 10


def table_usage(tally: TableTally) -> TableUsage:
    """How one table is used."""
    return TableUsage(
        queries=tally.runs,
        users=len(tally.people),
        dashboards=tally.dashboards.best(),
        last_used=tally.last_run.date().isoformat() if tally.last_run else "",
        joins=tuple(str(use) for use in _usual(tally.joins)),
        filters=tuple(condition.text for condition in _usual(tally.filters)),
    )


def trusted_query(tally: QueryTally, trust: Trust) -> TrustedQuery:
    """The query with the question that it answers: its title, else its dashboard's, else a description."""
    titles = tally.titles.best() or tally.dashboards.best()
    return TrustedQuery(
        question=titles[0] if titles else _drafted(tally),
        sql=tally.sql,
        trust=trust.score,
        reason=" ".join(trust.reasons),
        tables=tally.shape.tables,
        origin=tally.place,
    )


def popularity(tables: Mapping[TableRef, TableTally]) -> dict[TableRef, float]:
    """log(1 + runs and views) of each table over that of the most used one, in [0, 1]."""
    use = {
        ref: tally.runs + sum(v or 0 for v in tally.dashboards.views.values())
        for ref, tally in tables.items()
    }
    most = max(use.values(), default=0)
    return {ref: round(math.log1p(n) / math.log1p(most), 4) for ref, n in sorted(use.items()) if n > 0}


def join_claims(joins: Mapping[JoinUse, JoinTally], catalog: Catalog) -> Iterator[JoinClaim]:
    """Links that several people write, from the table that repeats a key to the one that owns it."""
    for use, tally in sorted(joins.items()):
        if tally.runs < MIN_JOIN_RUNS or len(tally.people) < MIN_JOIN_PEOPLE:
            continue
        sides = (use.left, use.left_columns), (use.right, use.right_columns)
        owners = [i for i, (table, columns) in enumerate(sides) if _is_key(catalog, table, columns)]
        if len(owners) == 1:
            (child, child_columns), (parent, parent_columns) = sides[1 - owners[0]], sides[owners[0]]
            place = f"{tally.runs:,} runs by {len(tally.people):,} people"
            origin = Origin("usage", place, source="query history")
            yield JoinClaim(str(child), child_columns, str(parent), parent_columns, origin)


def filters_always(trusted: Sequence[QueryTally]) -> Iterator[Fact]:
    """Conditions that most trusted queries on a table apply. A hint, no rule: a person has to confirm it."""
    reading: Counter[TableRef] = Counter()
    applying: dict[TableRef, Counter[Filter]] = defaultdict(Counter)
    for tally in trusted:
        reading.update(tally.shape.tables)
        for condition in set(tally.shape.filters):
            applying[condition.table][condition] += 1
    for ref, queries in sorted(reading.items()):
        for condition, times in sorted(applying[ref].items(), key=lambda item: (-item[1], item[0].text)):
            if queries >= MIN_FILTERED and times >= MOST * queries:
                text = f"Most queries apply `{condition.text}` ({times} of {queries} trusted ones)."
                yield Fact(str(ref), "caveat", text, Origin("usage", "query history", source="query history"))


def _usual(counts: Mapping[_Counted, int]) -> list[_Counted]:
    return sorted(counts, key=lambda what: (-counts[what], str(what)))[:_SHOWN]


def _is_key(catalog: Catalog, ref: TableRef, columns: tuple[str, ...]) -> bool:
    table = catalog.find(ref.name, ref.schema)
    wanted = {column.casefold() for column in columns}
    return table is not None and any({c.casefold() for c in key.columns} <= wanted for key in table.keys)


def _drafted(tally: QueryTally) -> str:
    shape = tally.shape
    return draft_question(
        shape.measures,
        shape.groups,
        [column for condition in shape.filters for column in condition.columns],
        [ref.column for ref in shape.columns],
        [str(ref) for ref in shape.tables],
    )

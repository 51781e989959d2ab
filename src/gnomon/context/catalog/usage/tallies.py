"""Running counts of a stream of queries, each of bounded size."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar

from gnomon.context.catalog.facts import PastQuery
from gnomon.context.catalog.usage.shapes import Filter, JoinUse, Shape
from gnomon.context.catalog.usage.trust import Evidence
from gnomon.domain.catalog import TableRef

_Counted = TypeVar("_Counted", JoinUse, Filter)

MAX_PEOPLE = 10_000
"""Distinct people that are counted for one table; more are many."""
MAX_QUERY_PEOPLE = 500
"""The same for one query, or one join."""
MAX_CONDITIONS = 500
MAX_TITLES = 20
MAX_JOINS = 20_000


@dataclass(slots=True)
class People:
    """Distinct people, kept as hashes: a count is all that is told of them."""

    limit: int
    _seen: set[int] = field(default_factory=set)

    def add(self, author: str) -> None:
        """Count a person; beyond the limit nobody new is counted."""
        if author and len(self._seen) < self.limit:
            self._seen.add(_hashed(author))

    def absorb(self, others: "People") -> None:
        """Count the people that others counted."""
        room = self.limit - len(self._seen)
        new = others._seen - self._seen
        self._seen.update(new if len(new) <= room else sorted(new)[:room])

    def __len__(self) -> int:
        return len(self._seen)


@lru_cache(maxsize=10_000)
def _hashed(author: str) -> int:
    return int.from_bytes(blake2b(author.casefold().encode("utf-8", "replace"), digest_size=7).digest())


@dataclass(slots=True)
class Titles:
    """Titles with their views; the most viewed stay."""

    views: dict[str, int | None] = field(default_factory=dict)

    def add(self, title: str, views: int | None) -> None:
        """Note a title, with the highest count of views that was told of it."""
        if not title:
            return
        told = [v for v in (self.views.get(title), views) if v is not None]
        self.views[title] = max(told, default=None)
        if len(self.views) > MAX_TITLES:
            self.views.pop(self.best()[-1])

    def best(self) -> tuple[str, ...]:
        """Every title, the most viewed first, then by name."""
        return tuple(sorted(self.views, key=lambda title: (-(self.views[title] or 0), title)))


@dataclass(slots=True)
class QueryTally:
    """All runs of one sanitised query; people, roles and the newest run are of runs that did not fail."""

    sql: str
    shape: Shape
    place: str
    runs: int = 0
    failures: int = 0
    people: People = field(default_factory=lambda: People(MAX_QUERY_PEOPLE))
    roles: set[str] = field(default_factory=set)
    titles: Titles = field(default_factory=Titles)
    dashboards: Titles = field(default_factory=Titles)
    last_run: datetime | None = None
    last_viewed: datetime | None = None
    is_reviewed: bool = False

    def add(self, query: PastQuery, title: str, dashboard: str) -> None:
        """Count a logged run, or group of runs, under its redacted titles."""
        self.titles.add(title, query.views)
        self.dashboards.add(dashboard, query.views)
        self.last_viewed = newest(self.last_viewed, query.last_viewed)
        self.is_reviewed |= query.reviewed
        self.runs += query.runs
        if query.succeeded is False:
            self.failures += query.runs
            return
        self.people.add(query.author)
        if query.role and len(self.roles) < MAX_TITLES:
            self.roles.add(query.role[:80])
        self.last_run = newest(self.last_run, query.last_run)

    def evidence(self) -> Evidence:
        """What speaks for and against the query."""
        shown = self.dashboards if self.dashboards.views else self.titles
        views = [v for v in shown.views.values() if v is not None]
        return Evidence(
            runs=self.runs,
            failures=self.failures,
            users=len(self.people),
            roles=tuple(sorted(self.roles)),
            dashboards=self.dashboards.best(),
            views=sum(views) if views else None,
            last_viewed=self.last_viewed,
            last_run=self.last_run,
            is_saved=bool(self.titles.views),
            is_reviewed=self.is_reviewed,
            is_lookup=self.shape.is_lookup,
        )

    @property
    def good_runs(self) -> int:
        """Runs that did not fail, as far as is known."""
        return self.runs - self.failures

    @property
    def value(self) -> tuple[bool, int, int, float]:
        """What is kept when there are too many queries: the greater the longer."""
        newest_s = self.last_run.timestamp() if self.last_run else 0.0
        valued = self.is_reviewed or bool(self.dashboards.views) or bool(self.titles.views)
        return valued, len(self.people), self.good_runs, newest_s


@dataclass(slots=True)
class JoinTally:
    """How often, and by how many people, a join is written."""

    runs: int = 0
    people: People = field(default_factory=lambda: People(MAX_QUERY_PEOPLE))


@dataclass(slots=True)
class TableTally:
    """All runs that read one table and did not fail."""

    runs: int = 0
    people: People = field(default_factory=lambda: People(MAX_PEOPLE))
    last_run: datetime | None = None
    dashboards: Titles = field(default_factory=Titles)
    joins: Counter[JoinUse] = field(default_factory=Counter)
    filters: Counter[Filter] = field(default_factory=Counter)

    def absorb(self, query: QueryTally) -> None:
        """Count the runs of one query that reads the table."""
        self.runs += query.good_runs
        self.people.absorb(query.people)
        self.last_run = newest(self.last_run, query.last_run)
        for title, views in query.dashboards.views.items():
            self.dashboards.add(title, views)


@dataclass(slots=True)
class WarehouseTally:
    """All runs, by what they read and what they join by."""

    tables: dict[TableRef, TableTally] = field(default_factory=dict)
    joins: dict[JoinUse, JoinTally] = field(default_factory=dict)

    def table(self, ref: TableRef) -> TableTally:
        """The tally of a table, made if there is none yet."""
        return self.tables.setdefault(ref, TableTally())

    def absorb(self, query: QueryTally) -> None:
        """Count the runs of one query that did not fail."""
        if not query.good_runs:
            return
        for ref in query.shape.tables:
            self.table(ref).absorb(query)
        for condition in query.shape.filters:
            count(self.table(condition.table).filters, condition, query.good_runs)
        for use in query.shape.joins:
            count(self.table(use.left).joins, use, query.good_runs)
            count(self.table(use.right).joins, use, query.good_runs)
            self._count_join(use, query)

    def _count_join(self, use: JoinUse, query: QueryTally) -> None:
        if use not in self.joins and len(self.joins) >= MAX_JOINS:
            return
        tally = self.joins.setdefault(use, JoinTally())
        tally.runs += query.good_runs
        tally.people.absorb(query.people)


def count(counts: Counter[_Counted], what: _Counted, runs: int) -> None:
    """Count within bounds: when there are too many, the rarer half goes."""
    counts[what] += runs
    if len(counts) > MAX_CONDITIONS:
        for rare, _ in counts.most_common()[MAX_CONDITIONS // 2 :]:
            del counts[rare]


def newest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two moments, either of which may be unknown."""
    return max(one, other) if one is not None and other is not None else one or other

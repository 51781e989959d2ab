"""Past queries in, usage out: how tables are used, and the few queries that are worth showing.

Queries come one by one, as many as a log holds. What is kept is one tally for each distinct sanitised query,
and when there are too many of those, the least used go. No literal and no author leaves this module.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from gnomon.context.catalog.facts import Dashboard, Fact, JoinClaim, PastQuery, Problem
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.usage.findings import (
    filters_always,
    join_claims,
    popularity,
    table_usage,
    trusted_query,
)
from gnomon.context.catalog.usage.sanitise import redact, sanitise_tree
from gnomon.context.catalog.usage.shapes import shape_of
from gnomon.context.catalog.usage.statements import Unread, Words, parse_words, read_words
from gnomon.context.catalog.usage.tallies import QueryTally, WarehouseTally
from gnomon.context.catalog.usage.trust import Trust, judge
from gnomon.domain.catalog import Catalog, TableRef, TableUsage
from gnomon.domain.context import TrustedQuery

MAX_QUERIES = 20_000
"""Distinct sanitised queries held at once."""
MAX_REMEMBERED = 200_000
"""Texts whose reading is remembered, so that a query that runs every minute is read once."""
MAX_TRUSTED = 5_000
MAX_PROBLEM_KINDS = 50


@dataclass(frozen=True, slots=True)
class Usage:
    """What past queries tell.

    Args:
        trusted: Queries worth showing, the most trusted first.
        joins: Links that at least two people write, in the direction that keys give them.
        filters_always: Conditions that most trusted queries on a table apply.
        popularity: How much each table is used, in [0, 1], on a logarithmic scale; unused tables are absent.
        problems: One for each kind of query that was passed over, with how many.
        left_out: Distinct queries that are not trusted enough to be shown.
    """

    tables: Mapping[TableRef, TableUsage]
    trusted: tuple[TrustedQuery, ...]
    joins: tuple[JoinClaim, ...]
    filters_always: tuple[Fact, ...]
    popularity: Mapping[TableRef, float]
    problems: tuple[Problem, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class _Read:
    """What is remembered of a text: its query's key, or why there is none, and its titles without data."""

    key: bytes | None
    reason: str
    title: str = ""
    dashboard: str = ""


class UsageCollector:
    """Takes past queries and dashboards and sums them up.

    Args:
        dialect: sqlglot's name of the dialect of queries that do not name their own.
        now: The clock that ages are measured by, aware.
        max_queries: Distinct sanitised queries held at once.
    """

    def __init__(
        self, catalog: Catalog, names: Names, dialect: str, now: datetime, *, max_queries: int = MAX_QUERIES
    ) -> None:
        self._max_queries = max_queries
        self._catalog, self._names, self._dialect, self._now = catalog, names, dialect, now
        self._known = _known_names(catalog)
        self._texts: OrderedDict[bytes, _Read] = OrderedDict()
        self._shapes: OrderedDict[bytes, bytes | Unread] = OrderedDict()
        self._queries: dict[bytes, QueryTally] = {}
        self._whole = WarehouseTally()
        self._viewed: dict[str, Dashboard] = {}
        self._problems: dict[str, tuple[str, int]] = {}
        self._evicted = 0

    def add(self, query: PastQuery) -> None:
        """Take one logged query, or group of equal runs; one that cannot be read is counted as a problem."""
        read = self._read(query)
        if read.key is None:
            if read.reason:
                self._note(read.reason, query.origin.place)
            return
        tally = self._queries.get(read.key)
        if tally is None:
            # The tally was evicted after the text was remembered: read it again.
            self._texts.pop(_text_key(query), None)
            read = self._read(query)
            tally = self._queries[read.key] if read.key is not None else None
        if tally is not None:
            tally.add(query, read.title, read.dashboard)

    def add_dashboard(self, dashboard: Dashboard) -> None:
        """Take a dashboard: it counts for the tables it names and for the queries that carry its title."""
        title = _redacted(dashboard.title)
        before = self._viewed.get(title)
        if before is None or (dashboard.views or 0) >= (before.views or 0):
            self._viewed[title] = dashboard
        for name in dashboard.tables:
            ref = self._names.find(name)
            if ref is not None:
                self._whole.table(ref).dashboards.add(title, dashboard.views)

    def finish(self) -> Usage:
        """Everything that was learnt. Call it once, at the end."""
        self._credit_dashboards()
        whole = self._counted()
        judged = [(tally, judge(tally.evidence(), self._now)) for tally in self._queries.values()]
        trusted = sorted((t for t in judged if t[1].is_enough), key=_best_first)[:MAX_TRUSTED]
        return Usage(
            tables={ref: table_usage(whole.tables[ref]) for ref in sorted(whole.tables)},
            trusted=tuple(trusted_query(tally, trust) for tally, trust in trusted),
            joins=tuple(join_claims(whole.joins, self._catalog)),
            filters_always=tuple(filters_always([tally for tally, _ in trusted])),
            popularity=popularity(whole.tables),
            problems=tuple(self._told_problems()),
            left_out=len(judged) - len(trusted) + self._evicted,
        )

    def _read(self, query: PastQuery) -> _Read:
        key = _text_key(query)
        found = self._texts.get(key)
        if found is None:
            found = self._read_anew(query)
            self._texts[key] = found
            _shrink(self._texts)
        return found

    def _read_anew(self, query: PastQuery) -> _Read:
        dialect = query.dialect or self._dialect
        words = read_words(query.sql, dialect)
        if isinstance(words, Unread):
            return _Read(None, words.reason)
        key = self._shapes.get(words.fingerprint)
        if key is None or (isinstance(key, bytes) and key not in self._queries):
            key = self._learn(words, query, dialect)
            self._shapes[words.fingerprint] = key
            _shrink(self._shapes)
        if isinstance(key, Unread):
            return _Read(None, key.reason)
        return _Read(key, "", redact(query.title, words.literals), redact(query.dashboard, words.literals))

    def _learn(self, words: Words, query: PastQuery, dialect: str) -> bytes | Unread:
        """The key of the query's tally, made if there is none yet."""
        tree = parse_words(words, query.sql, dialect)
        if isinstance(tree, Unread):
            return tree
        cleaned = sanitise_tree(tree, dialect, self._known)
        if isinstance(cleaned, Unread):
            return cleaned
        shape = shape_of(cleaned.tree, self._catalog, self._names, dialect)
        if isinstance(shape, Unread):
            return shape
        if not shape.tables:
            return Unread("" if not shape.unresolved else "no table of the query is in the warehouse")
        key = _digest(cleaned.sql)
        if key not in self._queries:
            self._queries[key] = QueryTally(cleaned.sql, shape, str(query.origin.place))
            self._evict()
        return key

    def _evict(self) -> None:
        """Let the least used tenth go when there are too many queries, but never the newest."""
        if len(self._queries) <= self._max_queries:
            return
        *older, _ = self._queries
        for key in sorted(older, key=lambda k: self._queries[k].value)[: max(self._max_queries // 10, 1)]:
            self._whole.absorb(self._queries.pop(key))
            self._evicted += 1

    def _credit_dashboards(self) -> None:
        """Give queries the views of the dashboards that they name, where their log did not say."""
        for tally in self._queries.values():
            for title in tuple(tally.dashboards.views):
                dashboard = self._viewed.get(title)
                if dashboard is not None:
                    tally.dashboards.add(title, dashboard.views)
                    if dashboard.last_viewed is not None:
                        tally.last_viewed = max(
                            tally.last_viewed or dashboard.last_viewed, dashboard.last_viewed
                        )

    def _counted(self) -> WarehouseTally:
        for tally in self._queries.values():
            self._whole.absorb(tally)
        return self._whole

    def _note(self, reason: str, place: str) -> None:
        first, times = self._problems.get(reason, (place, 0))
        if times or len(self._problems) < MAX_PROBLEM_KINDS:
            self._problems[reason] = (first, times + 1)

    def _told_problems(self) -> Iterator[Problem]:
        for reason, (place, times) in self._problems.items():
            more = f" This and {times - 1:,} more were passed over." if times > 1 else " It was passed over."
            yield Problem(place, f"{reason[:1].upper()}{reason[1:]}.{more}")


def _known_names(catalog: Catalog) -> frozenset[str]:
    names = {column.name.casefold() for table in catalog.tables for column in table.columns}
    for table in catalog.tables:
        names |= {table.ref.name.casefold(), table.ref.schema.casefold()}
    return frozenset(names - {""})


def _text_key(query: PastQuery) -> bytes:
    return _digest("\0".join((query.dialect, query.title, query.dashboard, query.sql)))


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def _shrink(remembered: "OrderedDict[bytes, _Read] | OrderedDict[bytes, bytes | Unread]") -> None:
    if len(remembered) > MAX_REMEMBERED:
        remembered.popitem(last=False)


@lru_cache(maxsize=1000)
def _redacted(title: str) -> str:
    return redact(title)


def _best_first(judged: tuple[QueryTally, Trust]) -> tuple[float, int, str]:
    tally, trust = judged
    return -trust.score, -tally.runs, tally.sql

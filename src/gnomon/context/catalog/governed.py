"""The index as one person may see it.

What the index measured, it measured on all of the data. For a table of which the person sees less, nothing
measured is shown: no ranges, no frequent values, no counts, whichever card they stand on. Sentences that name
what is hidden are left out. Words of a question that are values of such a table are looked up again as the
person, with a query that policy has authorized.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gnomon.context.catalog.brief import write_brief
from gnomon.context.catalog.cards import drafted_purpose
from gnomon.context.catalog.lineage import Link
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.values import ValueIndex
from gnomon.domain.catalog import (
    CardColumn,
    Catalog,
    ColumnRef,
    Evidence,
    Key,
    Statement,
    TableCard,
    TableRef,
    TableSchema,
    TableUsage,
)
from gnomon.domain.context import Candidate, TrustedQuery, ValueMatch
from gnomon.domain.errors import Failed, Refused, Retry
from gnomon.domain.result import ResultTable
from gnomon.policy.access import Access
from gnomon.policy.sql import quote_identifier, quote_text

RunAsReader = Callable[[str], ResultTable]
"""Authorizes and runs a statement as the person; raises Retry, Failed or Refused."""

_BRIEF_CARDS = 60
_MATCHES = 20
_TRUSTED = 3


@dataclass
class GovernedIndex:
    """A `CatalogIndex` behind one person's rights; it has the same verbs."""

    index: CatalogIndex
    access: Access
    run: RunAsReader
    page: str = ""
    """The brief that people wrote; empty for the draft."""

    def catalog(self) -> Catalog:
        """The tables and columns that exist for the person."""
        return self.access.catalog

    def cards(self) -> tuple[TableCard, ...]:
        """The card of every table that exists for the person."""
        if self.access.sees_all:
            return self.index.cards()
        return tuple(c for t in self.catalog().tables if (c := self.card(t.ref)) is not None)

    def card(self, ref: TableRef) -> TableCard | None:
        """The card of a table as the person may see it, or None."""
        card = self.index.card(ref)
        if card is None or self.access.sees_all:
            return card
        table = self.catalog().find(ref.name, ref.schema)
        return None if table is None or table.ref != ref else self._governed(card, table)

    def retrieve(self, text: str, vector: Any, k: int) -> tuple[Candidate, ...]:
        """The `k` tables of the person that fit `text` best, ranked as if there were no others."""
        if self.access.sees_all:
            return self.index.retrieve(text, vector, k)
        return self.index.retrieve(text, vector, k, among=self._shown)

    def trusted(self, vector: Any, k: int = _TRUSTED) -> tuple[TrustedQuery, ...]:
        """Past queries like the question, over tables and columns that all exist for the person."""
        if self.access.sees_all:
            return self.index.trusted(vector, k)
        return self.index.trusted(vector, k, shown=self._is_shown_query)

    def lineage(self, ref: TableRef, *, up: bool, depth: int = 1) -> tuple[Link, ...]:
        """What a table is made from, or what is made from it, as far as the person may see those tables."""
        if self.access.sees_all:
            return self.index.lineage(ref, up=up, depth=depth)
        if ref not in self._shown:
            return ()
        links = self.index.lineage(ref, up=up, depth=depth, shown=self._shown.__contains__)
        return tuple(k for k in links if self._is_shown_link(k))

    def match_values(self, text: str, limit: int = _MATCHES) -> tuple[ValueMatch, ...]:
        """Words of the question that columns hold, as far as the person may see the cells."""
        if self.access.sees_all:
            return self.index.match_values(text, limit)
        found = self.index.match_values(text, limit, among=self._values)
        doubtful = [m for m in found if self.access.restricted(m.column.table)]
        seen = self._seen(doubtful)
        return tuple(
            m if m not in doubtful else replace(m, rows=0)
            for m in found
            if m not in doubtful or (m.column, m.value) in seen
        )

    def near_values(self, column: ColumnRef, literal: str, limit: int = 3) -> tuple[str, ...]:
        """Values that someone who wrote `literal` may have meant, as far as the person may see them."""
        if not self._is_shown(column):
            return ()
        near = self.index.near_values(column, literal, limit)
        if not self.access.restricted(column.table):
            return near
        seen = self._values_seen(column, near)
        return tuple(value for value in near if value in seen)

    def has_value(self, column: ColumnRef, literal: str) -> bool | None:
        """Whether the column holds exactly `literal`; None where only a query as the person can tell."""
        if not self._is_shown(column) or self.access.restricted(column.table):
            return None
        return self.index.has_value(column, literal)

    def brief(self) -> str:
        """The person's part of the warehouse in at most 4 KB."""
        if self.page:
            return self.page if self.access.sees_all else self._page_shown()
        if self.access.sees_all:
            return self.index.brief()
        tables = self.catalog().tables
        linked: dict[TableRef, int] = defaultdict(int)
        for join in self.catalog().joins:
            linked[join.child] += 1
            linked[join.parent] += 1
        first = sorted(tables, key=lambda t: (-linked[t.ref], str(t.ref)))[:_BRIEF_CARDS]
        return write_brief([c for t in first if (c := self.card(t.ref)) is not None], tables=len(tables))

    def _page_shown(self) -> str:
        """The page's lines without the sentences that name a hidden table or column."""
        hidden = self._hidden_tables | self._hidden_columns
        return "\n".join(
            line for line in (_without(w, hidden) for w in self.page.splitlines()) if line.strip()
        )

    @cached_property
    def _hidden_columns(self) -> frozenset[str]:
        """Names of columns that no table has for the person and some table has."""
        shown = {c.name.casefold() for t in self.catalog().tables for c in t.columns}
        names = {c.name.casefold() for t in self.access.full.tables for c in t.columns}
        return frozenset(names - shown)

    @cached_property
    def _shown(self) -> frozenset[TableRef]:
        return frozenset(t.ref for t in self.catalog().tables)

    @cached_property
    def _values(self) -> ValueIndex:
        return self.index.values_shown(self._is_shown)

    def _is_shown(self, column: ColumnRef) -> bool:
        """Whether the person sees the column's very cells, of some rows at least."""
        if column.table not in self._shown:
            return False
        whole = self.access.exact(column.table)
        rule = self.access.table(whole) if whole is not None else None
        if rule is None:
            return True
        found = getattr(rule, "column", lambda name: None)(column.column)
        return found is not None and found.mask is None

    def _is_shown_query(self, query: TrustedQuery) -> bool:
        """One over a table of which the person sees less is left out too: its title may tell of the rest."""
        if not query.tables or not self._shown.issuperset(query.tables):
            return False
        if any(self.access.restricted(ref) for ref in query.tables):
            return False
        return not _mentions(f"{query.question} {query.sql} {query.reason}", self._hidden_tables)

    def _is_shown_link(self, link: Link) -> bool:
        ends = ((link.table, link.column), (link.upstream, link.upstream_column))
        return all(not name or self._has_column(ref, name) for ref, name in ends)

    def _has_column(self, ref: TableRef, name: str) -> bool:
        table = self.catalog().find(ref.name, ref.schema)
        return table is not None and table.column(name) is not None

    def _seen(self, matches: Sequence[ValueMatch]) -> set[tuple[ColumnRef, str]]:
        by_column: dict[ColumnRef, list[str]] = defaultdict(list)
        for match in matches:
            by_column[match.column].append(match.value)
        return {(c, value) for c, values in by_column.items() for value in self._values_seen(c, values)}

    def _values_seen(self, column: ColumnRef, values: Iterable[str]) -> frozenset[str]:
        """Those of the values that the person finds in the column."""
        wanted = sorted(set(values))
        if not wanted:
            return frozenset()
        name = quote_identifier(column.column)
        table = ".".join(quote_identifier(p) for p in (column.table.schema, column.table.name) if p)
        literals = ", ".join(quote_text(value) for value in wanted)
        try:
            found = self.run(f"SELECT DISTINCT {name} FROM {table} WHERE {name} IN ({literals})")
        except (Retry, Failed, Refused):
            return frozenset()
        return frozenset(str(row[0]) for row in found.rows)

    def _governed(self, card: TableCard, table: TableSchema) -> TableCard:
        joins = self.catalog().joins_of(card.ref)
        hidden = self._hidden_names(card, table)
        measured = not self.access.restricted(card.ref)
        full = self.access.exact(card.ref)
        drafted = full is not None and card.purpose == drafted_purpose(full, card.joins)
        return replace(
            card,
            columns=tuple(_column(card, table, c.name, measured, hidden) for c in table.columns),
            row_count=card.row_count if measured else None,
            purpose=drafted_purpose(table, joins) if drafted else _without(card.purpose, hidden),
            keys=card.keys if measured else tuple(map(_unmeasured, table.keys)),
            joins=joins,
            always_filter=tuple(f for f in card.always_filter if not _mentions(f, hidden)),
            freshness_column=card.freshness_column if table.column(card.freshness_column) else "",
            caveats=tuple(self._sayable(card.caveats, hidden, measured)),
            use_instead="" if _mentions(card.use_instead, hidden) else card.use_instead,
            purpose_from="" if _mentions(card.purpose_from, hidden) else card.purpose_from,
            produced_by="" if _mentions(card.produced_by, hidden) else card.produced_by,
            tags=tuple(t for t in card.tags if not _mentions(t, hidden)),
            statements=tuple(s for s in card.statements if not _mentions(f"{s.text} {s.provenance}", hidden)),
            usage=_usage(card.usage, hidden) if measured else None,
        )

    def _hidden_names(self, card: TableCard, table: TableSchema) -> frozenset[str]:
        """Names that the card must not speak of, in lower case: its hidden columns, and hidden tables."""
        columns = {c.name.casefold() for c in card.columns if table.column(c.name) is None}
        return frozenset(columns) | self._hidden_tables

    @cached_property
    def _hidden_tables(self) -> frozenset[str]:
        shown = {ref.name.casefold() for ref in self._shown}
        names = {t.ref.name.casefold() for t in self.access.full.tables}
        return frozenset(names - shown)

    def _sayable(
        self, caveats: Iterable[Statement], hidden: frozenset[str], measured: bool
    ) -> Iterator[Statement]:
        """A caveat from the data of a restricted table tells of rows that the person does not see."""
        for caveat in caveats:
            if caveat.provenance in _FROM_DATA and not measured:
                continue
            compared = _COMPARED.get(caveat.provenance)
            said = caveat if compared is None else replace(caveat, text=compared.sub(".", caveat.text))
            if not _mentions(f"{said.text} {said.provenance}", hidden):
                yield said


_FROM_DATA = frozenset({"profile", "row count", "shared columns", "column name"})

_COMPARED = {
    "shared columns": re.compile(r"; [\d,]+ rows here, [\d,]+ there\.$"),
    "profile": re.compile(r", other tables reach [\d-]+\.$"),
}
"""What caveats say of other tables, of which the person may see less: `caveats.py` words it so."""


def _column(
    card: TableCard, table: TableSchema, name: str, measured: bool, hidden: frozenset[str]
) -> CardColumn:
    seen, shown = card.column(name), table.column(name)
    assert shown is not None
    shown = replace(shown, comment=_without(shown.comment, hidden))
    if seen is None:
        return CardColumn(shown)
    meaning = _without(seen.meaning, hidden)
    told = "" if _mentions(seen.meaning_from, hidden) or not meaning else seen.meaning_from
    return CardColumn(shown, seen.profile if measured else None, meaning, told)


def _usage(usage: TableUsage | None, hidden: frozenset[str]) -> TableUsage | None:
    """How a table is used, without what names something hidden."""
    if usage is None:
        return None

    def sayable(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(t for t in texts if not _mentions(t, hidden))

    return replace(
        usage,
        dashboards=sayable(usage.dashboards),
        joins=sayable(usage.joins),
        filters=sayable(usage.filters),
    )


def _unmeasured(key: Key) -> Key:
    """The key without how many rows it was measured on."""
    return replace(key, evidence=Evidence(key.evidence.source))


def _mentions(text: str, names: frozenset[str]) -> bool:
    """Whether any of the names, in lower case, stands in the text as words of its own."""
    folded = text.casefold()
    return any(
        name in folded and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded) is not None for name in names
    )


def _without(text: str, hidden: frozenset[str]) -> str:
    """The sentences that name nothing hidden."""
    if not _mentions(text, hidden):
        return text
    return " ".join(part for part in re.split(r"(?<=[.!?;\n])\s+", text) if not _mentions(part, hidden))

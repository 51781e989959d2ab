"""The index as one person may see it.

What the index measured, it measured on all of the data. For a table of which the person sees less, nothing
measured is shown: no ranges, no frequent values, no counts, no use, whichever card they stand on. Sentences
that name what is hidden are left out. Words of a question that are values of such a table are looked up again
as the person, with a query that policy has authorized. How well a table is trusted is measured against the
tables of the person.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import log1p
from typing import Any

from gnomon.context.catalog.brief import write_brief
from gnomon.context.catalog.cards import drafted_purpose
from gnomon.context.catalog.caveats import freshness_by_name, look_alike
from gnomon.context.catalog.discretion import Discretion
from gnomon.context.catalog.folding import fold, stem
from gnomon.context.catalog.lineage import Link
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.signals import boost
from gnomon.context.catalog.values import ValueIndex
from gnomon.domain.catalog import (
    CardColumn,
    CardStatement,
    Catalog,
    Column,
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
from gnomon.policy.access import Access, TableRule
from gnomon.policy.sql import quote_identifier, quote_text
from gnomon.search.fuse import boosted

RunAsReader = Callable[[str], ResultTable]
"""Authorizes and runs a statement as the person; raises Retry, Failed or Refused."""

_BRIEF_CARDS = 60
_MATCHES = 20
_TRUSTED = 3
_PASSED = 8
"""Ranks that trust moves a table by at most, beside as many as are asked for."""


@dataclass
class GovernedIndex:
    """A `CatalogIndex` behind one person's rights; it has the same verbs."""

    index: CatalogIndex
    access: Access
    run: RunAsReader
    page: str = ""
    """The brief that people wrote; empty for the draft."""

    def catalog(self) -> Catalog:
        """The tables and columns that exist for the person; of a view not what it is made from."""
        return self.access.catalog if self.access.sees_all else self._catalog

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
        table = self._by_ref.get(ref)
        if table is not None and ref not in self._cards:
            self._cards[ref] = self._governed(card, table)
        return self._cards.get(ref)

    def conceals(self, text: str, *about: TableRef) -> bool:
        """Whether a text names something hidden from the person, or may quote a cell that is.

        Args:
            about: The tables that it speaks of.
        """
        return self._discretion.conceals(text, *about) or any(self._quotes(text, ref) for ref in about)

    def discreet(self, text: str, *about: TableRef) -> str:
        """The sentences of a text that the person may read."""
        told = self._discretion.without(text, *about)
        return "" if any(self._quotes(told, ref) for ref in about) else told

    def retrieve(self, text: str, vector: Any, k: int) -> tuple[Candidate, ...]:
        """The `k` tables of the person that fit `text` best, ranked as if there were no others."""
        if self.access.sees_all:
            return self.index.retrieve(text, vector, k)
        found = self.index.retrieve(text, vector, 2 * k + _PASSED, among=self._shown, boosted=False)
        factors = self._boosts([c.ref for c in found])
        by_id = {str(i): c for i, c in enumerate(found)}
        merged = boosted(
            [(i, c.score) for i, c in by_id.items()], {i: factors[c.ref] for i, c in by_id.items()}
        )
        return tuple(replace(by_id[i], score=score) for i, score in merged[:k])

    def trusted(self, vector: Any, k: int = _TRUSTED) -> tuple[TrustedQuery, ...]:
        """Past queries like the question, over tables and columns that all exist for the person."""
        if self.access.sees_all:
            return self.index.trusted(vector, k)
        found = self.index.trusted(vector, k, shown=self._is_shown_query)
        return tuple(replace(q, origin=self._told(q.origin)) for q in found)

    def lineage(self, ref: TableRef, *, up: bool, depth: int = 1) -> tuple[Link, ...]:
        """What a table is made from, or what is made from it, as far as the person may see those tables."""
        if self.access.sees_all:
            return self.index.lineage(ref, up=up, depth=depth)
        if ref not in self._shown:
            return ()
        links = self.index.lineage(ref, up=up, depth=depth, shown=self._shown.__contains__)
        return tuple(replace(k, provenance=self._told(k.provenance)) for k in links if self._is_shown_link(k))

    @property
    def names(self) -> Mapping[str, Any]:
        """Vectors by name. They are looked up by names that the person sees, and tell of no other."""
        return self.index.names

    def match_values(self, text: str, limit: int = _MATCHES) -> tuple[ValueMatch, ...]:
        """Words of the question that columns hold, as far as the person may see the cells."""
        if self.access.sees_all:
            return self.index.match_values(text, limit)
        return self.index.match_values(text, limit, among=self._values, named=self._words)

    def near_values(self, column: ColumnRef, literal: str, limit: int = 3) -> tuple[str, ...]:
        """Values that someone who wrote `literal` may have meant, as far as the person may see them."""
        if self.access.sees_all:
            return self.index.near_values(column, literal, limit)
        return self.index.near_values(column, literal, limit, among=self._values)

    def has_value(self, column: ColumnRef, literal: str) -> bool | None:
        """Whether the column holds exactly `literal`; None where only a query as the person can tell."""
        if not self._is_shown(column) or self.access.restricted(column.table):
            return None
        return self.index.has_value(column, literal)

    def brief(self) -> str:
        """The person's part of the warehouse in at most 4 KB."""
        if self.page:
            return self.page if self.access.sees_all else self._discretion.without(self.page)
        if self.access.sees_all:
            return self.index.brief()
        tables = self.catalog().tables
        linked: dict[TableRef, int] = defaultdict(int)
        for join in self.catalog().joins:
            linked[join.child] += 1
            linked[join.parent] += 1
        first = sorted(tables, key=lambda t: (-linked[t.ref], str(t.ref)))[:_BRIEF_CARDS]
        return write_brief([c for t in first if (c := self.card(t.ref)) is not None], tables=len(tables))

    @cached_property
    def _catalog(self) -> Catalog:
        return replace(self.access.catalog, tables=tuple(map(self._plain, self.access.catalog.tables)))

    @cached_property
    def _by_ref(self) -> dict[TableRef, TableSchema]:
        return {t.ref: t for t in self.catalog().tables}

    @cached_property
    def _cards(self) -> dict[TableRef, TableCard]:
        """The cards shown so far: one question asks for the same ones again and again."""
        return {}

    @cached_property
    def _shown(self) -> frozenset[TableRef]:
        return frozenset(self._by_ref)

    @cached_property
    def _discretion(self) -> Discretion:
        return Discretion(self.access)

    @cached_property
    def _values(self) -> ValueIndex:
        return self.index.values_shown(self._is_shown, self._values_seen)

    @cached_property
    def _words(self) -> frozenset[str]:
        """Stems of the words that the person's tables and columns are named by."""
        return frozenset(stem(fold(word)) for word in self._discretion.vocabulary)

    @cached_property
    def _hidden_titles(self) -> frozenset[str]:
        """Dashboards that read a table of which the person sees less than all: the title may tell of it."""
        read = self.index.dashboards.items()
        return frozenset(title for title, tables in read if any(map(self.access.restricted, tables)))

    def _plain(self, table: TableSchema) -> TableSchema:
        """The table without what its comments and its definition say of hidden ones."""
        if not (table.comment or table.definition or any(c.comment for c in table.columns)):
            return table
        return replace(
            table,
            columns=tuple(self._commented(table.ref, c) for c in table.columns),
            comment=self.discreet(table.comment, table.ref),
            definition="",
        )

    def _commented(self, ref: TableRef, column: Column) -> Column:
        return replace(column, comment=self._of_column(column.comment, ref, column.name))

    def _is_shown(self, column: ColumnRef) -> bool:
        """Whether the person sees the column's very cells, of some rows at least."""
        if column.table not in self._shown:
            return False
        rule = self._rule(column.table)
        if rule is None:
            return True
        found = rule.column(column.column)
        return found is not None and found.mask is None

    def _rule(self, ref: TableRef) -> TableRule | None:
        whole = self.access.exact(ref)
        rule = self.access.table(whole) if whole is not None else None
        return rule if isinstance(rule, TableRule) else None

    def _is_shown_query(self, query: TrustedQuery) -> bool:
        """One over a table of which the person sees less is left out too: its title may tell of the rest."""
        if not query.tables or not self._shown.issuperset(query.tables):
            return False
        if any(self.access.restricted(ref) for ref in query.tables):
            return False
        titles = self._hidden_titles
        if query.question in titles or any(f"“{title}”" in query.reason for title in titles):
            return False
        texts = (query.question, query.sql, query.reason)
        return not any(self.conceals(text, *query.tables) for text in texts)

    def _is_shown_link(self, link: Link) -> bool:
        ends = ((link.table, link.column), (link.upstream, link.upstream_column))
        return all(not name or self._by_ref[ref].column(name) is not None for ref, name in ends)

    def _boosts(self, refs: Iterable[TableRef]) -> dict[TableRef, float]:
        """How far the found tables are trusted, by what their cards tell the person."""
        cards = {ref: card for ref in refs if (card := self.card(ref)) is not None}
        used = {ref: log1p(card.usage.queries) if card.usage else 0.0 for ref, card in cards.items()}
        most = max(used.values(), default=0.0) or 1.0
        return {ref: boost(card, used[ref] / most) for ref, card in cards.items()}

    def _values_seen(self, column: ColumnRef, values: frozenset[str]) -> frozenset[str] | None:
        """Those of the values that the person finds in the column; None where all of its rows are theirs."""
        if not self.access.restricted(column.table):
            return None
        name = quote_identifier(column.column)
        table = ".".join(quote_identifier(p) for p in (column.table.schema, column.table.name) if p)
        literals = ", ".join(quote_text(value) for value in sorted(values))
        try:
            found = self.run(f"SELECT DISTINCT {name} FROM {table} WHERE {name} IN ({literals})")
        except (Retry, Failed, Refused):
            return frozenset()
        return frozenset(str(row[0]) for row in found.rows)

    def _governed(self, card: TableCard, table: TableSchema) -> TableCard:
        joins, ref = self.access.catalog.joins_of(card.ref), card.ref
        measured = not self.access.restricted(ref)
        full = self.access.exact(ref)
        drafted = full is not None and card.purpose == drafted_purpose(full, card.joins)
        fresh = card.freshness_column if measured else freshness_by_name(table)
        return replace(
            card,
            columns=tuple(self._column(card, c, measured) for c in table.columns),
            row_count=card.row_count if measured else None,
            purpose=drafted_purpose(table, joins) if drafted else self.discreet(card.purpose, ref),
            keys=card.keys if measured else tuple(map(_unmeasured, table.keys)),
            joins=joins,
            owner=self._told(card.owner, ref),
            # Every question is filtered by these, whatever the person sees of the column.
            always_filter=tuple(f for f in card.always_filter if not self._discretion.conceals(f, ref)),
            freshness_column=fresh if table.column(fresh) else "",
            caveats=(*self._sayable(card, measured), *self._look_alikes(card, table), *self._untold(card)),
            use_instead=_SEVERAL.join(self._better(card)),
            purpose_from=self._told(card.purpose_from, ref),
            criticality=self._told(card.criticality, ref),
            freshness=self._told(card.freshness, ref),
            produced_by=self._told(card.produced_by, ref),
            tags=self._all_told(card.tags, ref),
            statements=tuple(s for s in card.statements if self._is_sayable(s, ref)),
            usage=self._usage(card.usage, ref) if measured else None,
            owner_from=self._source_told(card.owner, card.owner_from, ref),
            criticality_from=self._source_told(card.criticality, card.criticality_from, ref),
            freshness_from=self._source_told(card.freshness, card.freshness_from, ref),
            also_called=self._called(card.also_called, ref),
        )

    def _column(self, card: TableCard, shown: Column, measured: bool) -> CardColumn:
        seen = card.column(shown.name)
        if seen is None:
            return CardColumn(shown)
        meaning = self._of_column(seen.meaning, card.ref, shown.name)
        told = self._told(seen.meaning_from, card.ref) if meaning else ""
        called = self._called(seen.also_called, card.ref)
        return CardColumn(shown, seen.profile if measured else None, meaning, told, called)

    def _called(self, names: Iterable[Statement], ref: TableRef) -> tuple[Statement, ...]:
        """Further names that name nothing hidden, and where they are said if that may be told."""
        told = (n for n in names if not self.conceals(n.text, ref))
        return tuple(replace(n, provenance=self._told(n.provenance, ref)) for n in told)

    def _sayable(self, card: TableCard, measured: bool) -> Iterator[Statement]:
        """A caveat from the data, or the use, of a restricted table tells of rows that are hidden."""
        for caveat in card.caveats:
            if caveat.provenance == _COMPARED or (caveat.provenance in _MEASURED and not measured):
                continue
            # The other tables' newest day is one of tables that the person may not see.
            told = caveat if caveat.provenance != "profile" else replace(caveat, text=_alone(caveat.text))
            if self._is_sayable(told, card.ref):
                yield told

    def _better(self, card: TableCard) -> tuple[str, ...]:
        """The tables to use in place of the card's, each with its condition, that the person may know of."""
        return self._all_told(filter(None, card.use_instead.split(_SEVERAL)), card.ref)

    def _untold(self, card: TableCard) -> Iterator[Statement]:
        """That there is a warning which the person may not read: without it the table looks sound."""
        warnings = (c for c in card.caveats if c.provenance not in _MEASURED | {_COMPARED})
        if _SEVERAL.join(self._better(card)) != card.use_instead or not all(
            self._is_sayable(w, card.ref) for w in warnings
        ):
            yield Statement(
                f"Something that is said of `{card.ref}` as a warning is not told here, "
                "because it names what you may not see.",
                UNTOLD,
            )

    def _look_alikes(self, card: TableCard, table: TableSchema) -> Iterator[Statement]:
        """The look-alikes of the card that are alike in the person's eyes, compared by what they see."""
        for caveat in card.caveats:
            named = _OTHER.match(caveat.text) if caveat.provenance == _COMPARED else None
            other = next((t for t in self._named(named[1]) if t.ref != card.ref), None) if named else None
            told = look_alike(table, other) if other is not None else None
            if told is not None:
                yield told

    def _named(self, name: str) -> Iterator[TableSchema]:
        schema, _, bare = name.rpartition(".")
        yield from (t for r in (TableRef(bare, schema), TableRef(name)) if (t := self._by_ref.get(r)))

    def _usage(self, usage: TableUsage | None, ref: TableRef) -> TableUsage | None:
        """How a table is used, without what names something hidden, or also reads it."""
        if usage is None:
            return None
        titles = tuple(t for t in usage.dashboards if t not in self._hidden_titles)
        return replace(
            usage,
            dashboards=self._all_told(titles, ref),
            joins=self._all_told(usage.joins, ref),
            filters=self._all_told(usage.filters, ref),
        )

    def _told(self, text: str, *about: TableRef) -> str:
        """The text, or nothing if it names something hidden."""
        return "" if self.conceals(text, *about) else text

    def _source_told(self, text: str, source: str, ref: TableRef) -> str:
        """Where a text is from; of one that is not told, not even that it is there."""
        return self._told(source, ref) if self._told(text, ref) else ""

    def _all_told(self, texts: Iterable[str], ref: TableRef) -> tuple[str, ...]:
        return tuple(text for text in texts if not self.conceals(text, ref))

    def _of_column(self, text: str, ref: TableRef, column: str) -> str:
        """What is said of a column; one whose cells are masked may be described, and not by example."""
        told = self.discreet(text, ref)
        return "" if column in self._unseen(ref) and _LITERAL.search(told) else told

    def _is_sayable(self, said: Statement | CardStatement, ref: TableRef) -> bool:
        return not (self.conceals(said.text, ref) or self.conceals(said.provenance, ref))

    def _quotes(self, text: str, ref: TableRef) -> bool:
        """Whether a text may quote a cell of a column whose cells the person does not see as they are."""
        if "'" not in text or not _LITERAL.search(text):
            return False
        words = {word.casefold() for word in _WORD.findall(text)}
        return any(name.casefold() in words for name in self._unseen(ref))

    def _unseen(self, ref: TableRef) -> frozenset[str]:
        """Columns that the person sees masked, or in figures alone."""
        rule = self._rule(ref)
        if rule is None:
            return frozenset()
        return frozenset(c.name for c in rule.columns if c.mask is not None or rule.min_group)


_MEASURED = frozenset({"profile", "row count", "column name", "query history"})
"""The provenance of caveats that `caveats.py` draws from the data, and `usage` from the queries."""

_COMPARED = "shared columns"
_SEVERAL = "; "
UNTOLD = "your rights"
"""The provenance of the caveat that another caveat is not told."""

_OTHER = re.compile(r"Looks like `([^`]+)`")
_STALE = re.compile(r", other tables reach [\d-]+\.$")
_LITERAL = re.compile(r"'[^']+'")
_WORD = re.compile(r"\w+")


def _alone(text: str) -> str:
    return _STALE.sub(".", text)


def _unmeasured(key: Key) -> Key:
    """The key without how many rows it was measured on."""
    return replace(key, evidence=Evidence(key.evidence.source))

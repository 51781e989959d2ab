"""What the parser asks of the context's tables: kinds of columns, labels, keys, join paths."""

from collections import deque
from dataclasses import dataclass, field

from gnomon.domain.catalog import (
    NUMERIC_KINDS,
    TEMPORAL_KINDS,
    CardColumn,
    ColumnRef,
    Join,
    TableCard,
    TableRef,
)
from gnomon.domain.context import Context
from gnomon.models.grounded.cues import DIMENSIONS
from gnomon.models.grounded.own_links import Implied, implied, roots_said
from gnomon.models.grounded.words import is_short_name, name_words

MAX_HOPS = 4
YES = frozenset({"1", "yes", "y", "true", "t"})
NO = frozenset({"0", "no", "n", "false", "f"})
SEASONS = frozenset({"season", "vintage"})
"""Names of columns whose years are asked for by that name: a season may begin in the year before."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One join taken in a direction. `many` is True where it may multiply rows (parent to child)."""

    join: Join
    source: TableRef
    target: TableRef
    many: bool

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Source column and target column, pair by pair."""
        child, parent = self.join.child_columns, self.join.parent_columns
        pairs = zip(parent, child, strict=True) if self.many else zip(child, parent, strict=True)
        return tuple(pairs)


@dataclass(slots=True)
class Schema:
    """The cards of a context, looked at as a graph.

    Args:
        text: The question; of several links between two tables one may go without saying in it.
        implied: The links that do.
    """

    context: Context
    text: str = ""
    implied: Implied = field(init=False)
    _cards: dict[TableRef, TableCard] = field(init=False)
    _hops: dict[TableRef, list[Hop]] = field(init=False)

    def __post_init__(self) -> None:
        self._cards = {c.ref: c for c in self.context.cards}
        self._hops = {ref: [] for ref in self._cards}
        joins = {j for c in self.context.cards for j in c.joins}
        self.implied = implied(joins, self._said(), self.text) if self.text else {}
        for join in joins:
            if self._is_unsaid(join):
                continue
            if join.child in self._cards and join.parent in self._cards:
                self._hops[join.child].append(Hop(join, join.child, join.parent, many=False))
                self._hops[join.parent].append(Hop(join, join.parent, join.child, many=True))
        for hops in self._hops.values():
            hops.sort(key=lambda h: (str(h.target), h.pairs))

    def _said(self) -> frozenset[str]:
        chosen = (meant for _, meant in self.context.choices)
        return roots_said((self.text, *self.context.earlier, *chosen))

    def _is_unsaid(self, join: Join) -> bool:
        _, others = self.implied.get((join.child, join.parent), ("", ()))
        return len(join.child_columns) == 1 and join.child_columns[0] in others

    def card(self, ref: TableRef) -> TableCard:
        """The card of a table of the context."""
        return self._cards[ref]

    def column(self, ref: ColumnRef) -> CardColumn:
        """The column of a table of the context."""
        found = self._cards[ref.table].column(ref.column)
        assert found is not None
        return found

    def is_numeric(self, ref: ColumnRef) -> bool:
        """Whether sums and averages of the column make sense: numbers that are no keys."""
        column = self.column(ref)
        return column.column.kind in NUMERIC_KINDS and not self.is_key(ref)

    def is_key(self, ref: ColumnRef) -> bool:
        """Whether the column identifies rows, here or elsewhere."""
        card = self.card(ref.table)
        keys = {c for k in card.keys for c in k.columns if k.primary}
        foreign = {c for j in card.joins if j.child == ref.table for c in j.child_columns}
        named = name_words(ref.column)[-1:] == ("id",)
        return (
            named
            or (ref.column in keys and len(name_words(ref.column)) > 1 and named)
            or ref.column in foreign
        )

    def is_temporal(self, ref: ColumnRef) -> bool:
        """Whether the column holds dates or times."""
        return self.column(ref).column.kind in TEMPORAL_KINDS

    def is_flag(self, ref: ColumnRef) -> bool:
        """Whether the column says yes or no, as a boolean or as 0 and 1."""
        column = self.column(ref)
        if column.column.kind == "boolean":
            return True
        return bool(self.flag_values(ref))

    def flag_values(self, ref: ColumnRef) -> dict[bool, str]:
        """What a column that is no boolean stores for yes and for no: `1` and `0`, `Yes` and `No`."""
        column = self.column(ref)
        top = [value for value, _ in column.profile.top] if column.profile else []
        if not top or len(top) > 2 or column.column.kind not in ("integer", "text"):
            return {}
        found = {value.casefold() in YES: value for value in top if value.casefold() in YES | NO}
        return found if len(found) == len(top) else {}

    def dates(self, table: TableRef) -> list[ColumnRef]:
        """The temporal columns of a table."""
        return [ColumnRef(table, c.name) for c in self.card(table).columns if c.column.kind in TEMPORAL_KINDS]

    def year_columns(self, table: TableRef) -> list[ColumnRef]:
        """Integer (or text) columns that hold calendar years, by name and range."""
        return [ColumnRef(table, c.name) for c in self.card(table).columns if _is_year(c)]

    def is_season(self, ref: ColumnRef) -> bool:
        """Whether it holds seasons that are called by their year: a time only where the question says so."""
        column = self.column(ref)
        named = bool(SEASONS & set(name_words(ref.column)))
        return named and column.column.kind in ("integer", "text") and _ranges_over_years(column)

    def dimension(self, table: TableRef, dimension: str) -> list[ColumnRef]:
        """Columns whose name has a word of the dimension: `price`, `age`, `length`."""
        wanted = set(DIMENSIONS.get(dimension, ()))
        return [
            ColumnRef(table, c.name) for c in self.card(table).columns if wanted & set(name_words(c.name))
        ]

    def label(self, table: TableRef) -> tuple[str, ...]:
        """The columns by which people know a row: a name or title, else the key, else the first column."""
        columns = self.card(table).columns
        own = set(name_words(table.name))
        words = {c.name: spelled_name(c) for c in columns}
        for wanted in ("name", "title", "label"):
            exact = [
                n for n, w in words.items() if w in ((wanted,), ("full", wanted), name_words(table.name))
            ]
            prefixed = [n for n, w in words.items() if w[-1:] == (wanted,) and set(w[:-1]) <= own]
            if exact or prefixed:
                return ((exact or prefixed)[0],)
        person = [n for n, w in words.items() if w[-2:] in (("first", "name"), ("last", "name"))]
        if len({words[n][-2:] for n in person}) == len(person) == 2:
            return tuple(person)
        named = [n for n, w in words.items() if w[-1:] == ("name",) or is_short_name(n, table.name)]
        key = self.card(table).primary_key
        return tuple(named[:1]) or (key.columns if key else (columns[0].name,))

    def key(self, table: TableRef) -> tuple[str, ...]:
        """The columns that identify a row, or an empty tuple."""
        found = self.card(table).primary_key
        return found.columns if found else ()

    def paths(self, start: TableRef, goal: TableRef, *, many: bool) -> list[tuple[Hop, ...]]:
        """All shortest join paths; with `many` False only those that never multiply rows of `start`."""
        if start == goal:
            return [()]
        found: list[tuple[Hop, ...]] = []
        queue: deque[tuple[Hop, ...]] = deque((hop,) for hop in self._hops[start] if many or not hop.many)
        best = MAX_HOPS
        while queue:
            path = queue.popleft()
            if len(path) > best:
                break
            if path[-1].target == goal:
                found.append(path)
                best = len(path)
                continue
            if len(path) < best:
                seen = {start, *(h.target for h in path)}
                queue.extend(
                    (*path, hop)
                    for hop in self._hops[path[-1].target]
                    if hop.target not in seen and (many or not hop.many)
                )
        return found

    def tables(self) -> list[TableRef]:
        """Every table of the context, most relevant first."""
        return list(self._cards)


def spelled_name(column: CardColumn) -> tuple[str, ...]:
    """The words of a column's name; of a text, `nm` is a name and no measure."""
    *first, last = name_words(column.name) or ("",)
    return (*first, "name" if last == "nm" and column.column.kind == "text" else last)


def _is_year(column: CardColumn) -> bool:
    if "year" not in name_words(column.name):
        return False
    profile = column.profile
    if profile is None or profile.low is None or profile.high is None:
        return column.column.kind in ("integer", "text")
    return _ranges_over_years(column)


def _ranges_over_years(column: CardColumn) -> bool:
    profile = column.profile
    low, high = (profile.low, profile.high) if profile else (None, None)
    return (
        low is not None
        and high is not None
        and low[:4].isdigit()
        and high[:4].isdigit()
        and len(low.split(".")[0]) == 4
        and "1000" <= low <= high[:4] <= "2999"
    )

"""The items of a question, each with the roles that it could play."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import Context, ValueMatch
from gnomon.models.grounded.cues import DIMENSIONS
from gnomon.models.grounded.filters import ADJECTIVE_DIMENSIONS
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.linking import NAME, Lexicon, Link
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import NO_WORD, Item
from gnomon.models.grounded.words import name_words, stem

SKIP = "skip"
TABLE_ROLES = ("use", "count", "label", "group", "absent", "order:desc", "order:asc", "top:desc", "top:asc",
               "having")  # fmt: skip
AGGREGATES = ("min", "max", "avg", "sum", "count")
SHOWN = ("show", *(f"show:{a}" for a in AGGREGATES), "show:each")
RANKED = ("order:desc", "order:asc", "top:desc", "top:asc")
COLUMN_ROLES = (*SHOWN, "group", *RANKED, "most:desc", "most:asc", "where", "null", "known", "absent")
NUMERIC_ROLES = (
    "above_avg", "below_avg", *(f"{r}:{a}" for r in RANKED for a in ("avg", "sum", "min", "max")),
    *(f"having:{a}" for a in ("avg", "sum", "min", "max")),
)  # fmt: skip
FLAG_ROLES = ("true", "false")
VALUE_ROLES = ("=", "<>", "contains", "without")
OPERATORS = (">", ">=", "<", "<=", "=", "<>")
NAMING = frozenset(
    {"unsupported", "agg", "superlative", "count", "distinct", "order", "contains", "null", "share"}
)
"""Kinds of steering words that are also parts of names: `first name`, `total sales`."""

WHOLE_NAME, PART_OF_NAME = 0.96, 0.8
"""Scores of links by the whole of a table's name, and by less of it than this."""

HALF_SAID = 0.5
"""Score of a partial link of which half of the name is said nearby."""

MAX_LINKS = 8
MAX_PARTIAL = 6
MAX_VALUES = 6
MAX_COLUMNS = 10
"""Columns that a number is tried with."""


@dataclass(frozen=True, slots=True)
class Option:
    """A role that an item may play.

    Args:
        role: `skip`, or what it asks for.
        link: The table or column, with how well the words fit its name; None for values and `limit`.
        value: The value of the data that is meant.
        column: The column that a number or period restricts.
    """

    role: str
    link: Link | None = None
    value: ValueMatch | None = None
    column: ColumnRef | None = None

    @property
    def table(self) -> TableRef | None:
        """The table that the option is about."""
        if self.link is not None:
            return self.link.table
        if self.value is not None:
            return self.value.column.table
        return self.column.table if self.column is not None else None

    @property
    def ref(self) -> ColumnRef | None:
        """The column that the option is about."""
        if self.link is not None:
            return None if self.link.column is None else self.link.ref
        return self.value.column if self.value is not None else self.column

    @property
    def fit(self) -> float:
        """How well the words fit, in (0, 1]."""
        if self.link is not None:
            return self.link.score
        return self.value.score if self.value is not None else 0.5


NOTHING = Option(SKIP)


@dataclass(frozen=True, slots=True)
class Slot:
    """An item and its options; `skip` is always the first."""

    at: int
    item: Item
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question cut into items, over the tables of a context."""

    items: tuple[Item, ...]
    slots: tuple[Slot, ...]
    schema: Schema
    today: date
    fits: Mapping[int, tuple[tuple[float, ColumnRef | TableRef | None], ...]] = field(default_factory=dict)


def read_slots(question: str, context: Context, today: date) -> Question:
    """The items of a question, and the roles that each could play."""
    lexicon, heard = hear(question, context, today)
    schema, items = Schema(context, question), tuple(heard)
    partial = _Partial(lexicon, context, items)
    links = [k for at, item in enumerate(items) for k in (*item.links[:MAX_LINKS], *partial.links(at))]
    named = {link.ref for link in links if not link.is_table}
    slots = []
    for at, item in enumerate(items):
        options = tuple(dict.fromkeys(_options(item, at, items, schema, partial, named)))
        if options:
            slots.append(Slot(at, item, (NOTHING, *options)))
    fits = {s.at: tuple((o.fit, o.ref or o.table) for o in s.options if o.role != SKIP) for s in slots}
    return Question(items, tuple(slots), schema, today, fits)


def _options(
    item: Item, at: int, items: Sequence[Item], schema: Schema, partial: "_Partial", named: set[ColumnRef]
) -> Iterator[Option]:
    if item.kind in ("value", "quoted") or (item.kind == "name" and item.values):
        yield from _of_values(item, schema, named)
    if item.kind in ("name", "cue", "value"):
        for link in _named_whole(item.links)[:MAX_LINKS]:
            yield from _of_link(link, schema)
    if item.kind in ("unknown", "name", "number") or (item.cue is not None and item.cue.kind in NAMING):
        whole = any(k.is_table and k.score >= WHOLE_NAME for k in item.links)
        # `exhibitions` are not the rows of `exhibition_record` where there is a table of exhibitions.
        for link in (k for k in partial.links(at) if not (whole and k.is_table and k.score <= HALF_SAID)):
            yield from _of_link(link, schema)
    if item.kind == "cue" and item.cue is not None:
        yield from _of_adjective(item, schema)
    if stem(item.text.split()[-1].lower()) == NAME if item.text.split() else False:
        yield from (Option("label", Link(t, None, 0.8)) for t in schema.tables() if len(schema.label(t)) == 2)
    if item.kind == "number":
        yield from _of_number(items, at, schema, named)
    if item.kind == "period":
        yield from _of_period(item, schema, named)


def _named_whole(links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Without tables of whose name the words are a part, where they are the name of another."""
    if not any(k.is_table and k.score >= WHOLE_NAME for k in links):
        return links
    return tuple(k for k in links if not k.is_table or k.score >= PART_OF_NAME)


def _of_link(link: Link, schema: Schema) -> Iterator[Option]:
    if link.is_table:
        yield from (Option(role, link) for role in TABLE_ROLES)
        return
    yield from (Option(role, link) for role in COLUMN_ROLES)
    if schema.is_numeric(link.ref):
        yield from (Option(role, link) for role in NUMERIC_ROLES)
    if schema.is_flag(link.ref):
        yield from (Option(role, link) for role in FLAG_ROLES)


def _of_values(item: Item, schema: Schema, named: set[ColumnRef]) -> Iterator[Option]:
    known = set(schema.tables())
    for match in [v for v in item.values if v.column.table in known][:MAX_VALUES]:
        yield from (Option(role, value=match) for role in VALUE_ROLES)
    if item.kind == "quoted":
        for column in sorted(named, key=str):
            if schema.column(column).column.kind == "text":
                match = ValueMatch(item.text, column, item.text, "folded", 0, 0.5)
                yield Option("contains", value=match)
                yield Option("=", value=match)


def _of_adjective(item: Item, schema: Schema) -> Iterator[Option]:
    """`oldest`, `cheapest`: columns of the dimension that the word goes by."""
    assert item.cue is not None
    direction, _, dimension = item.cue.value.partition(":")
    if item.cue.kind != "superlative" or not dimension:
        return
    for table in schema.tables():
        columns = [(c, direction) for c in schema.dimension(table, dimension)]
        if dimension == "date":
            columns = [(c, direction) for c in (*schema.dates(table), *schema.year_columns(table))]
        if dimension == "age":
            turned = "desc" if direction == "asc" else "asc"
            columns += [(c, turned) for c in schema.dimension(table, "birth")]
        for column, way in columns[:3]:
            yield Option(f"top:{way}", Link(column.table, column.column, 0.8))


def _of_number(items: Sequence[Item], at: int, schema: Schema, named: set[ColumnRef]) -> Iterator[Option]:
    yield Option("limit")
    yield from (Option(f"having:{operator}") for operator in OPERATORS)
    columns = [c for c in sorted(named, key=str) if _comparable(schema, c)]
    for table in schema.tables():
        columns += schema.year_columns(table)
        for dimension in DIMENSIONS:
            if any(dimension_words(item) & {dimension} for item in items):
                columns += [c for c in schema.dimension(table, dimension) if _comparable(schema, c)]
    for column in list(dict.fromkeys(columns))[: MAX_COLUMNS * 2]:
        yield from (Option(f"where:{operator}", column=column) for operator in OPERATORS)


def dimension_words(item: Item) -> set[str]:
    """The dimensions that an adjective of a comparison goes by: `older` the age."""
    return {d for w in item.text.lower().split() for d in ADJECTIVE_DIMENSIONS.get(w, ())}


def _comparable(schema: Schema, column: ColumnRef) -> bool:
    return schema.column(column).column.kind != "boolean"


def _of_period(item: Item, schema: Schema, named: set[ColumnRef]) -> Iterator[Option]:
    columns = [c for c in sorted(named, key=str) if schema.is_temporal(c)]
    for table in schema.tables():
        columns += [*schema.dates(table), *schema.year_columns(table)]
    for column in list(dict.fromkeys(columns))[: MAX_COLUMNS * 2]:
        yield Option("where", column=column)


class _Partial:
    """Columns and tables of which a word is only a part of the name, and the rest is near or left unsaid."""

    def __init__(self, lexicon: Lexicon, context: Context, items: Sequence[Item]) -> None:
        self._items = items
        self._by_word: dict[str, list[tuple[Link, tuple[str, ...]]]] = {}
        for card in context.cards:
            self._put(Link(card.ref, None, 0.5), card.ref.name)
            for column in card.columns:
                self._put(Link(card.ref, column.name, 0.5), column.name)

    def _put(self, link: Link, name: str) -> None:
        words = tuple(dict.fromkeys(stem(w) for w in name_words(name)))
        for word in words if len(words) > 1 else ():
            if len(word) > 2 or word == "id":
                self._by_word.setdefault(word, []).append((link, words))

    def links(self, at: int) -> list[Link]:
        """Partial links of an item, those with more of the name said nearby first."""
        item = self._items[at]
        words = [stem(w) for w in name_words(item.text)]
        if len(words) != 1 or words[0] not in self._by_word or item.text.lower() == NO_WORD:
            return []
        own = {(k.table, k.column) for k in item.links}
        near = {
            stem(w)
            for i in range(max(0, at - 4), min(len(self._items), at + 5))
            for w in name_words(self._items[i].text)
        }
        ahead = {
            stem(w) for i in range(at, min(len(self._items), at + 6)) for w in name_words(self._items[i].text)
        }
        scored = [
            replace(
                link,
                score=0.9 if set(whole) <= ahead else 0.3 + 0.4 * sum(w in near for w in whole) / len(whole),
            )
            for link, whole in self._by_word[words[0]]
            if (link.table, link.column) not in own
        ]
        return sorted(scored, key=lambda k: (-k.score, str(k.table), k.column or ""))[:MAX_PARTIAL]

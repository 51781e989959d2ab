"""The table a question is about: one that it names, else the one that holds most of what it says."""

from collections.abc import Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.linking import BY_LAST, Link, drops_table
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.short_tables import state_tables
from gnomon.models.grounded.superlatives import partition_names
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem

RESTRICTING = ("compare", "between", "superlative", "common", "without", "not", "suffix_compare")
NEAR = 0.05
"""Tables whose scores differ by less than this hold as much of the question."""

MAX_OFFERED = 4
BOUNDS = frozenset(
    {"minimum", "maximum", "target", "planned", "expected", "estimated", "default", "previous"}
)
"""In the name of a measure these say that it is none of what is so, but of what may or should be."""


def find_focus(draft: Draft) -> TableRef | None:
    """The table a question is about: the first it names, else the one that holds most of its columns.

    Raises:
        NotRead: Tables of which none is named measure different things that are called so.
    """
    state_tables(draft)
    cut = next((i for i, item in enumerate(draft.items) if item.is_cue(*RESTRICTING)), len(draft.items))
    has_names = any(i.kind == "name" for i in draft.items[:cut])
    head = draft.items[:cut] if has_names else draft.items
    apart = partition_names(draft)
    if apart:
        head = [item for at, item in enumerate(draft.items) if at not in apart]
    named = [t for item in head if (t := draft.as_table(item)) is not None]
    named = named or [t for item in draft.items if (t := draft.as_table(item)) is not None and _fits(head, t)]
    if named:
        draft.focus_named = True
        return named[0]
    scores = _scores(draft, head)
    known = [t for t in draft.schema.tables() if t in scores]
    if not known:
        return None
    best = max(known, key=lambda t: scores[t])
    near = [t for t in known if scores[best] - scores[t] < NEAR]
    # A view is made of tables, and may leave rows of theirs out.
    best = next((t for t in (best, *near) if not draft.schema.card(t).is_view), best)
    rivals = [t for t in near if t != best]
    _refuse_bound(draft, head, best)
    if rivals:
        _refuse_unlike(draft, head, (best, *rivals))
        kin = any(draft.schema.paths(*pair, many=False) for t in rivals for pair in ((t, best), (best, t)))
        draft.assume(
            f"The question is taken to be about {best}.", f"or name {rivals[0]}", 0.95 if kin else 0.75
        )
    return best


def _scores(draft: Draft, head: Sequence[Item]) -> dict[TableRef, float]:
    scores: dict[TableRef, float] = {}
    for item in head:
        for link in {k.table: k for k in reversed(item.links) if not k.is_table}.values():
            # Where nothing says `coverage`, its `coverage_premium` is a premium like any other.
            score = min(link.score, BY_LAST) if _leaves_table(draft, link, item) else link.score
            scores[link.table] = scores.get(link.table, 0.0) + score
        for value in {v.column.table: v for v in item.values}.values():
            named_by = names_rows(draft, value.column)
            table = value.column.table
            scores[table] = scores.get(table, 0.0) + (0.8 if named_by else 0.5) * value.score
    return scores


def _leaves_table(draft: Draft, link: Link, item: Item) -> bool:
    """Whether a column is called so but for its table's noun, which the question does not say elsewhere."""
    if not drops_table(link, item.text):
        return False
    said = {stem(w) for other in draft.items for w in name_words(other.text)}
    return stem(name_words(link.ref.column)[0]) not in said


def names_rows(draft: Draft, column: ColumnRef) -> bool:
    """Whether a value of the column names a whole row: `Texas` a state, not each city of it."""
    if column.table not in draft.schema.tables():
        return False
    key = draft.schema.key(column.table)
    return key == (column.column,) or draft.schema.label(column.table) == (column.column,)


def _refuse_unlike(draft: Draft, head: Sequence[Item], tables: Sequence[TableRef]) -> None:
    """`average premium`, where policies have an annual and coverages a coverage premium."""
    for item in (i for i in head if i.kind == "name"):
        first = {k.table: k for k in reversed(item.links) if not k.is_table and k.table in tables}
        links = list(first.values())
        if any(_leaves_table(draft, k, item) for k in links) and len({k.column for k in links}) > 1:
            options = tuple(str(k.ref) for k in _alike(draft, links)[:MAX_OFFERED])
            if len(options) > 1:
                reason = f"`{item.text}` could be {' or '.join(options)}."
                raise NotRead(reason, (item.text,), options, final=True)


def _refuse_bound(draft: Draft, head: Sequence[Item], table: TableRef) -> None:
    """`average premium per line of business` is none of minimum premiums where policies have premiums.

    Raises:
        NotRead: The table found has but a bound or plan of what rows that belong to it measure.
    """
    for item in (i for i in head if i.kind == "name" and not BOUNDS & set(name_words(i.text))):
        measures = [k for k in item.links if not k.is_table and draft.schema.is_numeric(k.ref)]
        own = next((k for k in measures if k.table == table), None)
        tables = {k.table for k in measures if not draft.schema.card(k.table).is_view}
        below = {t for t in tables if t != table and draft.schema.paths(t, table, many=False)}
        others = [k for k in measures if k.table in below and not _bounds(k)]
        if own is not None and _bounds(own) and others:
            options = tuple(str(k.ref) for k in (*others, own)[:MAX_OFFERED])
            raise NotRead(
                f"`{item.text}` could be {' or '.join(options)}.", (item.text,), options, final=True
            )


def _bounds(link: Link) -> bool:
    return bool(BOUNDS & set(name_words(link.ref.column)))


def _alike(draft: Draft, links: Sequence[Link]) -> list[Link]:
    """The links that are measures like the first one, or none like it."""
    ranked = sorted(links, key=lambda k: -k.score)
    measured = draft.schema.is_numeric(ranked[0].ref)
    return [k for k in ranked if draft.schema.is_numeric(k.ref) == measured]


def _fits(head: Sequence[Item], table: TableRef) -> bool:
    """Whether everything named before the first restriction may be a column of the table."""
    names = [i for i in head if i.kind == "name"]
    plain = {("name",), ("id",)}
    return bool(names) and all(
        name_words(i.text) in plain or any(k.table == table for k in i.links) for i in names
    )

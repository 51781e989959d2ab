"""What is said of rows that are counted for others: `the season with the most matches with penalty goals`.

What stands behind the counted noun restricts its rows, `with penalty goals` the matches and not the seasons.
Where nothing but the thing that is ranked links the two, it may be said of either, and nobody can tell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Condition, Counted, Linked, NotRead, Reading, Target
from gnomon.models.grounded.schema import Hop, Schema
from gnomon.models.grounded.tagging import Item

SOME = frozenset({"exists", "not exists"})


def counted_tables(reading: Reading) -> tuple[TableRef, ...]:
    """Tables whose rows are counted for each row of the base: ranked by, or compared with a number."""
    ranked = (reading.order.linked,) if reading.order is not None and reading.order.linked else ()
    return tuple(dict.fromkeys((*ranked, *(k.table for k in reading.linked if k.operator not in SOME))))


def settle_counted(draft: Draft, reading: Reading) -> Reading:
    """The reading in which what is said behind the counted noun restricts the counted rows.

    Raises:
        NotRead: It may be said of the rows that are ranked as well, or of rows of several tables.
    """
    found = list(_each_said(draft, reading))
    if not found:
        return reading
    table, said = found[0]
    _refuse_second(draft, table, reading, said.words)
    if len(found) > 1 or any(_own_way(draft.schema, table, g, reading.base) is None for g in said.goals):
        reason = f"I cannot tell whether `{said.words}` is said of {table} or of {reading.base}."
        raise NotRead(reason, (said.words,), final=True)
    own = (c for c in reading.conditions if table in (c.column.table, c.of) and c not in said.conditions)
    moved = [*said.conditions, *own]
    return replace(
        reading,
        conditions=tuple(c for c in reading.conditions if c not in moved),
        linked=tuple(k for k in reading.linked if k not in said.linked),
        counted=Counted(table, tuple(replace(c, of=None) for c in moved), tuple(said.linked)),
    )


def rows_counted(reading: Reading, counted: Counted, path: Sequence[Hop]) -> Reading:
    """The rows that are counted, as a reading of their own: what it lists is what they are counted for.

    Args:
        path: The way from the base of the reading to the table that is counted.

    Raises:
        NotRead: The counted rows do not refer to the base by one column.
    """
    first, last = path[0], path[-1]
    if not first.many or len(first.pairs) != 1:
        reason = f"{first.source} and {counted.table} are not linked in one clear way."
        raise NotRead(reason, (str(counted.table),))
    # Where rows are reached over what links them, they are joined to be told apart.
    apart = () if last.many else (Target(last.target, last.pairs[0][1]),)
    return Reading(
        base=[hop.target for hop in path if hop.many][-1],
        targets=(Target(first.target, first.pairs[0][1]), *apart),
        conditions=counted.conditions,
        linked=counted.linked,
        cautious=reading.cautious,
        mentioned=reading.mentioned,
        said=reading.said,
    )


def comes_again(path: Sequence[Hop], schema: Schema) -> bool:
    """Whether a way may lead to a row several times: a branch has an ingredient in each of its movements.

    It does not where it leads over pairs that are there but once: a student and a course he takes.
    """
    several = [hop.many for hop in path]
    if True not in several or all(several[several.index(True) :]):
        return False
    first, *rest = path
    if len(rest) != 1:
        return True
    pair = {target for _, target in first.pairs} | {source for source, _ in rest[0].pairs}
    return not any(set(key.columns) <= pair for key in schema.card(first.target).keys)


def doubted_counts(draft: Draft, reading: Reading) -> Iterator[str]:
    """Words that restrict the rows that are ranked, where they are said of the rows that are counted."""
    yield from (said.words for _, said in _each_said(draft, reading))


def refuse_counted_change(previous: Reading, draft: Draft) -> None:
    """`and with goals?` behind the season with the most matches: matches with goals, or seasons.

    Raises:
        NotRead: The change may be said of the rows that are counted.
    """
    for table in counted_tables(previous):
        goals = [k.table for k in draft.linked] + [c.column.table for c in draft.conditions]
        others = [g for g in goals if g != table and _is_apart(draft.schema, table, g, previous.base)]
        if previous.counted is not None or others:
            reason = f"I cannot tell whether this is said of {table} or of {previous.base}; ask in full."
            raise NotRead(reason, (str(table),))


@dataclass(slots=True)
class _Said:
    """What is said of counted rows, and its first word."""

    conditions: list[Condition] = field(default_factory=list)
    linked: list[Linked] = field(default_factory=list)
    words: str = ""

    @property
    def goals(self) -> list[TableRef]:
        """The tables that it is about."""
        return [*(c.column.table for c in self.conditions), *(k.table for k in self.linked)]


def _each_said(draft: Draft, reading: Reading) -> Iterator[tuple[TableRef, _Said]]:
    for table in counted_tables(reading):
        said = _said_of_counted(draft, reading, table)
        if said.goals:
            yield table, said


def _said_of_counted(draft: Draft, reading: Reading, table: TableRef) -> _Said:
    """What stands beside the counted noun and is not a matter of the base alone."""
    behind, said = _beside(draft, table, reading), _Said()
    for condition in reading.conditions:
        mine = next((i for i in behind if _gave(i, condition)), None)
        goal = condition.column.table
        own = table in (goal, condition.of)
        others = mine is not None and not own and _is_apart(draft.schema, table, goal, reading.base)
        if others or (own and _lacks_count(reading, table)):
            said.conditions.append(condition)
            said.words = said.words or (mine.text if mine is not None else condition.words)
    for link in reading.linked:
        named = next((i for i in behind if draft.as_table(i) == link.table), None)
        if named is not None and link.table not in (table, reading.base):
            said.linked.append(link)
            said.words = said.words or named.text
    return said


def _lacks_count(reading: Reading, table: TableRef) -> bool:
    """Whether the base may rank first by having none of the rows: the fewest moved lessons are no lesson."""
    return reading.order is not None and reading.order.linked == table and not reading.order.descending


def _beside(draft: Draft, table: TableRef, reading: Reading) -> Sequence[Item]:
    """The items that describe the counted noun: values and flags right before it, and what stands behind."""
    items, start = draft.items, _counted_at(draft, table)
    first = start
    while first > 0 and _may_describe(draft, items[first - 1]):
        first -= 1
    return [*items[first:start], *_behind(draft, table, reading)]


def _may_describe(draft: Draft, item: Item) -> bool:
    return item.kind in ("value", "quoted") or (item.kind == "name" and draft.as_table(item) is None)


def _counted_at(draft: Draft, table: TableRef) -> int:
    """Where the counted noun stands; behind all items where it is not named."""
    items = draft.items
    named = [i for i, item in enumerate(items) if draft.as_table(item) == table]
    return next((i for i in named if items[i].role.startswith("rows of")), named[0] if named else len(items))


def _behind(draft: Draft, table: TableRef, reading: Reading) -> Sequence[Item]:
    """The items behind the counted noun, up to where something else begins.

    That is where the base is named again, behind another noun that is counted, or before one that is counted
    besides (`and at least 2 fines`).
    """
    items = draft.items
    others = {*counted_tables(reading)} - {table}
    found: list[Item] = []
    for at in range(_counted_at(draft, table) + 1, len(items)):
        noun = draft.as_table(items[at])
        beside = draft.after(at) if items[at].is_cue("and") else None
        if noun == reading.base or (beside is not None and items[beside].is_cue("compare")):
            break
        found.append(items[at])
        if noun in others:
            break
    return found


def _refuse_second(draft: Draft, table: TableRef, reading: Reading, words: str) -> None:
    """`the most matches and goals`: what is joined to the counted noun is counted too, or had by the base."""
    behind = next((i for i in _behind(draft, table, reading) if not i.is_cue("fill", "all")), None)
    if behind is not None and behind.is_cue("and"):
        raise NotRead(f"I cannot tell what `{words}` adds to {table}.", (behind.text, words), final=True)


def _gave(item: Item, condition: Condition) -> bool:
    """Whether the item is where the condition comes from."""
    if item.period is not None:
        return item.period.label == condition.words
    words = condition.words
    return item.text in words.split(", ") or words.startswith(f"{item.text} ")


def _is_apart(schema: Schema, table: TableRef, goal: TableRef, base: TableRef) -> bool:
    """Whether to restrict the base is not the same as to restrict the counted rows."""
    if goal == base:
        return False
    ways = schema.paths(table, goal, many=False)
    return not ways or not all(_leads_over(way, base) for way in ways)


def _own_way(schema: Schema, table: TableRef, goal: TableRef, base: TableRef) -> tuple[Hop, ...] | None:
    """The way from a counted row to what is said of it, over anything but what it is counted for."""
    ways = schema.paths(table, goal, many=False) or schema.paths(table, goal, many=True)
    return next((way for way in ways if not _leads_over(way, base)), None)


def _leads_over(way: tuple[Hop, ...], base: TableRef) -> bool:
    return any(hop.target == base for hop in way)

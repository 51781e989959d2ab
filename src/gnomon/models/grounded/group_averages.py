"""Above the average of the row's own group: `keepers with a wage above the average of their town`."""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.amounts import is_one
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import NotRead, Reading

BELONGING = frozenset({"of", "for", "in", "within", "among", "at", "on"})
THEIRS = frozenset({"their", "its", "his", "her"})
BETWEEN = BELONGING | THEIRS | {"the", "own", "a", "an"}


def average_of_group(draft: Draft, average: int, measure: ColumnRef) -> ColumnRef | None:
    """The column whose values are the groups, where the average at a position is that of the row's own group.

    Its noun is accounted for. None where no group is said: the average is that of all rows.

    Raises:
        NotRead: A noun stands behind the average, and it is no group of the rows.
    """
    at = group_said(draft, average)
    if at is None or draft.as_table(draft.items[at]) == measure.table or _is_measure(draft, at, measure):
        return None
    words = draft.items[at].text
    own = is_one(words) and _is_alone(draft, average, at, measure) and _ends(draft, at)
    column = _groups(draft, at, measure) if own else None
    if column is None or column == measure:
        reason = f"I cannot tell over which rows the average is: `{words}` is no group that each row has."
        raise NotRead(reason, ("average", words), final=True)
    draft.take(at, f"the average is that of the same {column}")
    draft.alone = True
    profile = draft.schema.column(column).profile
    if profile is not None and profile.nulls:
        draft.assume(f"Rows of {column.table} without a {column.column} are left out.")
    return column


def group_said(draft: Draft, average: int) -> int | None:
    """`above the average pay of keepers IN THEIR ROLE`: the last noun and preposition behind the average."""
    found, seen, belongs = None, False, False
    for at in range(average + 1, len(draft.items)):
        item = draft.items[at]
        if item.is_cue("fill") and {*item.text.lower().split()} <= BETWEEN:
            belongs = belongs or bool({*item.text.lower().split()} & BELONGING)
        elif item.kind == "name" and (belongs or not seen):
            found, seen, belongs = at if belongs else found, True, False
        else:
            break
    return found


def measure_said(draft: Draft, average: int) -> int | None:
    """`above the average PAY`: the name behind the average, unless it is that of the group."""
    at = draft.after(average)
    return (
        at if at is not None and draft.items[at].kind == "name" and at != group_said(draft, average) else None
    )


def _is_measure(draft: Draft, at: int, measure: ColumnRef) -> bool:
    """`above the average of the wage`: what is averaged."""
    links = draft.items[at].links
    return any(not k.is_table and k.ref == measure and k.score >= links[0].score for k in links)


def _is_alone(draft: Draft, average: int, at: int, measure: ColumnRef) -> bool:
    """Whether only the measure and its rows are named before: `of their role in their town` says two."""
    named = (i for i in range(average + 1, at) if draft.items[i].kind == "name")
    return all(
        draft.as_table(draft.items[i]) == measure.table or _is_measure(draft, i, measure) for i in named
    )


def _ends(draft: Draft, at: int) -> bool:
    """Whether nothing else may belong to the group: `their role and town`, `their role in Bath`."""
    rest = draft.items[at + 1 : at + 2]
    return not rest or not (rest[0].is_cue("and") or rest[0].kind in ("name", "value", "quoted"))


def _groups(draft: Draft, at: int, measure: ColumnRef) -> ColumnRef | None:
    """The column of the measured rows that tells their group: it names it, or refers to it."""
    table = draft.as_table(draft.items[at])
    if table is None:
        return draft.column(at, lambda c: c.table == measure.table)
    paths = draft.schema.paths(measure.table, table, many=False)
    if len(paths) != 1 or len(paths[0]) != 1 or len(paths[0][0].pairs) != 1:
        return None
    return ColumnRef(measure.table, paths[0][0].pairs[0][0])


def doubted_averages(reading: Reading, draft: Draft) -> Iterator[str]:
    """The noun of a group of which an average is said, where a reading takes the average of all rows."""
    against = [a for a in reading.against_average if a.within is None]
    for at, item in enumerate(draft.items) if against else ():
        average = item.is_cue("agg") and item.cue is not None and item.cue.value == "avg"
        noun = group_said(draft, at) if average else None
        if noun is None or draft.as_table(draft.items[noun]) == reading.base:
            continue
        if not any(_is_measure(draft, noun, a.column) for a in against):
            yield draft.items[noun].text

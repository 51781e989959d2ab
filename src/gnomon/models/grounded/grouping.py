"""Read how rows are grouped and ordered."""

from collections.abc import Iterator
from typing import cast

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.amounts import is_one
from gnomon.models.grounded.computed import BEFORE_NAMES, counted, measured
from gnomon.models.grounded.dates import main_date, refuse_period
from gnomon.models.grounded.doers import refuse_doer, tells_of_doing
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.flags import is_participle
from gnomon.models.grounded.linking import UNITS
from gnomon.models.grounded.reading import (
    Bucket,
    Condition,
    Grouping,
    NotRead,
    Ordering,
    Reading,
    Target,
    Within,
)
from gnomon.models.grounded.whose_date import said_date
from gnomon.models.grounded.words import ADDITIVE, name_words, stem

POSSESSIVES = frozenset({"their", "its", "his", "her"})
"""`sorted by city and their names` may ask for the names rather than order by them."""

AMOUNTS = ADDITIVE | {"charge", "earning", "expenditure"}
"""Last words of tables whose rows are amounts."""

MAX_NUMERIC_GROUPS = 60
"""A number with more values than this is an amount: nobody asks for a row for each weight."""


def read_order(draft: Draft) -> None:
    """Read `ordered by age in descending order`, `in alphabetical order of name`."""
    for at in draft.cues("order", "direction"):
        if draft.items[at].role:
            continue
        if draft.order is not None:
            raise NotRead("I read two orders and can keep one.", (draft.items[at].text,))
        _read_one_order(draft, at)


def _read_one_order(draft: Draft, at: int) -> None:
    descending = False
    position: int | None = at
    draft.take(at, "order")
    if draft.items[at].is_cue("direction"):
        descending = _direction(draft, at)
    position = draft.after(at)
    while position is not None and draft.items[position].is_cue("order", "direction", "group"):
        descending = _direction(draft, position) or descending
        draft.take(position, "order")
        position = draft.after(position)
    if position is not None and draft.items[position].is_cue("count", "agg"):
        return _order_by_computed(draft, position, descending)
    if not draft.is_name(position):
        position = _earlier_name(draft, at)
        if draft.cues("agg", "count"):
            raise NotRead("I cannot tell what to order by.", (draft.items[at].text,))
    if position is None:
        raise NotRead("I cannot tell what to order by.", (draft.items[at].text,))
    column = draft.column(position)
    if column is None:
        raise NotRead(f"I cannot order by `{draft.items[position].text}`.", (draft.items[position].text,))
    if position > at:
        draft.take(position, f"order by {column}")
    before_both = descending
    following = draft.after(position)
    if (
        following is not None
        and draft.items[following].is_cue("direction")
        and not draft.items[following].role
    ):
        descending = _direction(draft, following)
        draft.take(following, "direction")
    draft.order = Ordering(descending, Target(column.table, column.column))
    if position > at:
        _read_further_keys(draft, position, before_both)


def _read_further_keys(draft: Draft, at: int, before_both: bool = False) -> None:
    """`by city and then name`: what else is ordered by, among equals.

    Args:
        before_both: Whether `descending` stands before the first, so that it may be said of all.
    """
    joiner = draft.after(at)
    if joiner is not None and draft.items[joiner].is_cue("direction"):
        joiner = draft.after(joiner)
    key = _key_after(draft, joiner)
    if key is None:
        return
    column = draft.column(key)
    if column is None or draft.as_table(draft.items[key]) is not None:
        raise NotRead(f"I cannot order by `{draft.items[key].text}`.", (draft.items[key].text,))
    draft.take(key, f"order by {column}, among equals")
    way = draft.after(key)
    descending = False
    if way is not None and draft.items[way].is_cue("direction"):
        _refuse_shared_direction(draft, at, key, way)
        descending = _direction(draft, way)
        draft.take(way, "direction")
    elif before_both:
        raise NotRead("I cannot tell whether both orders run the same way.", (draft.items[key].text,))
    draft.then.append(Ordering(descending, Target(column.table, column.column)))
    _read_further_keys(draft, key)


def _key_after(draft: Draft, joiner: int | None) -> int | None:
    """The name behind `and`, `then` or `and then by`; None if the order ends there."""
    if joiner is None or not draft.items[joiner].is_cue("and"):
        return joiner if draft.is_name(joiner) and _follows_then(draft, joiner) else None
    key = draft.after(joiner)
    if key is not None and draft.items[key].text.lower() == "by" and _follows_then(draft, key):
        draft.take(key, "order by")
        key = draft.after(key)
    owned = key is not None and any(i.text.lower() in POSSESSIVES for i in draft.items[joiner:key])
    return key if draft.is_name(key) and not owned else None


def _follows_then(draft: Draft, at: int | None) -> bool:
    return at is not None and at > 0 and draft.items[at - 1].text.lower() == "then"


def _refuse_shared_direction(draft: Draft, at: int, key: int, way: int) -> None:
    """`by city and name descending`: the direction may be that of both."""
    own = any(
        draft.items[i].is_cue("direction") or draft.items[i].text.lower() == "then" for i in range(at, key)
    )
    if not own:
        raise NotRead("I cannot tell whether both orders run the same way.", (draft.items[way].text,))


def _order_by_computed(draft: Draft, at: int, descending: bool) -> None:
    """`ordered by the number of orders`: the order is that of a target, read later."""
    following = draft.after(at, skip=BEFORE_NAMES)
    cue = draft.items[at].cue
    assert cue is not None
    if not draft.is_name(following) or following is None:
        raise NotRead("I cannot tell what to order by.", (draft.items[at].text,))
    target = counted(draft, following) if cue.kind == "count" else measured(draft, following, cue.value)
    draft.take(at, "order by")
    later = draft.after(following)
    if later is not None and draft.items[later].is_cue("direction") and not draft.items[later].role:
        descending = _direction(draft, later)
        draft.take(later, "direction")
    draft.order = Ordering(descending, target)


def _direction(draft: Draft, at: int) -> bool:
    cue = draft.items[at].cue
    return cue is not None and cue.kind == "direction" and cue.value == "desc"


def _earlier_name(draft: Draft, at: int) -> int | None:
    """`list the names in alphabetical order`: the name listed before."""
    names = [i for i in range(at) if draft.items[i].kind == "name" and draft.as_table(draft.items[i]) is None]
    return names[0] if names and not draft.items[names[0]].role else None


def read_groups(draft: Draft) -> None:
    """Read `by country`, `per month`, `for each store`."""
    computed = bool(draft.cues("count", "agg", "share")) or any(t.aggregate for t in draft.targets)
    for at in draft.cues("time_group"):
        cue = draft.items[at].cue
        assert cue is not None
        computed = computed or _count_per_time(draft, at)
        column = said_date(draft, at) or _date_beside(draft, at)
        column = column or grouped_date(draft, draft.items[at].text)
        if draft.limit is not None:
            _rank_within(draft, at, Within((Grouping(column, cast(Bucket, cue.value)),)))
            draft.take(at, f"within each {cue.value} of {column}")
            continue
        draft.groups.append(Grouping(column, cast(Bucket, cue.value)))
        draft.take(at, f"per {cue.value} of {column}")
    for at in draft.cues("each", "group"):
        following = draft.after(at)
        _refuse_agent(draft, at, following)
        if draft.items[at].text.lower() == "by" and following is not None:
            # A noun that is a value too is still what rows are grouped by; `by all of them` groups nothing.
            every = any(i.is_cue("all") for i in draft.items[at + 1 : following])
            if draft.items[following].kind in ("value", "quoted") or every:
                draft.take(at, "by")
                continue
            refuse_doer(draft, at, following)
        if draft.limit is not None and draft.order is not None:
            _read_within(draft, at)
            continue
        if draft.items[at].is_cue("group") and not computed:
            _count_by(draft, at)
        if draft.items[at].is_cue("each") and not computed and not _counts_per(draft, at):
            _take_each(draft, at)
            continue
        _read_group(draft, at)


def _read_within(draft: Draft, at: int) -> None:
    """`top 3 products by revenue in each category`: a ranking in each group."""
    if draft.items[at].is_cue("group"):
        words = draft.items[at].text
        raise NotRead(f"I cannot tell what `{words}` groups; say `in each` to rank within groups.", (words,))
    before = draft.before(at)
    if draft.is_name(before) and before is not None and draft.as_table(draft.items[before]) is None:
        words = f"{draft.items[before].text} {draft.items[at].text}"
        raise NotRead(f"I cannot tell whether `{words}` is shown beside the ranking.", (words,))
    _rank_within(draft, at, read_group_apart(draft, at))


def _rank_within(draft: Draft, at: int, within: Within) -> None:
    ranked = {*(g.column for g in draft.groups), *([draft.entity] if draft.entity else [])}
    if draft.within is not None or ranked & {*(g.column for g in within.groups), within.entity}:
        raise NotRead("I cannot tell within what it is ranked.", (draft.items[at].text,))
    draft.within = within
    _count_in_groups(draft, within)
    if draft.place is None:
        draft.assume("Those that are equal at the last place are all shown.")


def _count_in_groups(draft: Draft, within: Within) -> None:
    """Rows that are counted for a ranking are counted in each group, where the group is theirs alone."""
    order, entity = draft.order, draft.focus
    if order is None or order.linked is None or entity is None:
        return
    if all(draft.schema.paths(entity, table, many=False) for table in within.tables):
        return
    counted_rows = Target(order.linked, None, "count")
    draft.entity = entity
    draft.targets.append(counted_rows)
    draft.order = Ordering(order.descending, counted_rows)


def _date_beside(draft: Draft, at: int) -> ColumnRef | None:
    """`stores opened per year`, `by month of the order date`: the date named beside the time."""
    for beside in (at - 1, draft.after(at)):
        if beside is None or beside < 0 or not draft.is_name(beside):
            continue
        apart = draft.as_table(draft.items[beside]) is not None
        column = None if apart else draft.column(beside, draft.schema.is_temporal)
        if column is not None:
            if is_participle(draft.items[beside].text):
                draft.conditions.append(Condition(column, "not null", (), draft.items[beside].text))
            draft.take(beside, f"column {column}")
            return column
    return None


def grouped_date(draft: Draft, words: str) -> ColumnRef:
    """The date by which rows are put into days or months: of what is measured, else of what is named."""
    measured_tables = [i.resolved.table for i in draft.items if i.kind == "name" and i.resolved]
    for table in dict.fromkeys([*(t.table for t in draft.targets), *draft.mentioned(), *measured_tables]):
        column = main_date(draft, table, words)
        if column is not None:
            return column
    raise refuse_period(draft, words)


def _refuse_agent(draft: Draft, at: int, following: int | None) -> None:
    """`visits by patients from Graz`: who did it, not how it is grouped.

    `visits by patient in Graz` asks for groups, as `per patient in Graz` does.
    """
    if (
        draft.items[at].text.lower() != "by"
        or following is None
        or draft.as_table(draft.items[following]) is None
    ):
        return
    behind = [i for i in draft.items[following + 1 : following + 2] if i.kind != "period"]
    if _groups_within(draft, at, following):
        return
    if behind and behind[0].text.lower().split()[0] in (
        "from",
        "in",
        "who",
        "that",
        "with",
        "whose",
        "of",
        "at",
    ):
        raise NotRead(f"I cannot tell what `by {draft.items[following].text}` means.", ("by",))


def _groups_within(draft: Draft, at: int, following: int) -> bool:
    """`by branch in Leeds`: a noun for one of many, and a place where the rows are."""
    place = [i for i in draft.items[following + 1 : following + 4] if i.text.lower() != "the"][:2]
    told = [i.kind for i in place[1:]] == ["value"] and place[0].text.lower() in ("in", "in the")
    return told and is_one(draft.items[following].text) and not tells_of_doing(draft, at)


def _counts_per(draft: Draft, at: int) -> bool:
    """`enrollments per student`: the rows of what stands before are counted."""
    before = draft.before(at)
    table = draft.as_table(draft.items[before]) if before is not None else None
    if draft.items[at].text.lower() != "per" or table is None or draft.targets:
        return False
    _count_rows(draft, table)
    return True


def _count_per_time(draft: Draft, at: int) -> bool:
    """`claims per month`, `claims filed per month`, a note: the rows of each month are counted."""
    earlier = ((i, draft.items[i]) for i in range(at - 1, -1, -1))
    before = next((i for i, item in earlier if item.kind != "period" and item.dated is None), None)
    table = draft.as_table(draft.items[before]) if before is not None else None
    noted = all(item.kind in ("value", "period") for item in draft.items[:before])
    if table is None or not noted or draft.targets or draft.limit is not None or draft.order is not None:
        return False
    _count_rows(draft, table)
    return True


def _count_by(draft: Draft, at: int) -> None:
    """`claims by reason`, a note and no request for a list: the rows of each group are counted."""
    before, following = draft.before(at), draft.after(at)
    table = draft.as_table(draft.items[before]) if before is not None else None
    column = following is not None and draft.is_name(following) and not draft.as_table(draft.items[following])
    asked = draft.targets or any(i.is_cue("list", "order", "direction") for i in draft.items)
    if table is None or not column or asked or draft.items[at].text.lower() != "by":
        return
    _count_rows(draft, table)


def _count_rows(draft: Draft, table: TableRef) -> None:
    """Count rows where nothing says what of them is computed.

    Raises:
        NotRead: They are called amounts, so that those may be meant: `sales by region`.
    """
    columns = [ColumnRef(table, c.name) for c in draft.schema.card(table).columns]
    if name_words(table.name)[-1] in AMOUNTS and any(draft.schema.is_numeric(c) for c in columns):
        reason = f"I cannot tell whether rows of {table} are counted or added up."
        raise NotRead(reason, (table.name,), final=True)
    draft.targets.append(Target(table, None, "count"))
    draft.assume(f"Rows of {table} are counted.")


def _take_each(draft: Draft, at: int) -> None:
    """`the name of each singer` lists; `visits for every patient` asks for more than is read here."""
    following = draft.after(at)
    table = draft.as_table(draft.items[following]) if following is not None else None
    if table is None or table != draft.focus:
        raise NotRead(f"I cannot tell what `{draft.items[at].text}` asks for.", (draft.items[at].text,))
    for position in draft.open("name"):
        _refuse_several(draft, position, table)
    draft.take(at, "each")


def _refuse_several(draft: Draft, at: int, table: TableRef) -> None:
    """`CO2 per shipment`, where a shipment has many legs that have one each: a list of them is no answer."""
    column = None if draft.as_table(draft.items[at]) is not None else draft.column(at)
    if column is None or column.table == table or not draft.schema.is_numeric(column):
        return
    if not draft.schema.paths(table, column.table, many=False):
        words = draft.items[at].text
        reason = f"A row of {table} has several {column}; say `total {words}` or `average {words}`."
        raise NotRead(reason, (words,), final=True)


def read_group_apart(draft: Draft, at: int) -> Within:
    """The groups named after the word at a position, kept apart from those of the whole question."""
    groups, entity = draft.groups, draft.entity
    draft.groups, draft.entity = [], None
    _read_group(draft, at, joiners=("and",))
    found = Within(tuple(draft.groups), draft.entity)
    draft.groups, draft.entity = groups, entity
    return found


def _read_group(draft: Draft, at: int, joiners: tuple[str, ...] = ("and", ",", "as well as", "&")) -> None:
    position = draft.after(at, skip=("fill", "all", "distinct"))
    taken = False
    while position is not None and draft.is_name(position):
        _group_by(draft, position)
        taken = True
        joiner = draft.after(position)
        if joiner is None or draft.items[joiner].text.lower() not in joiners:
            break
        position = draft.after(joiner)
        if position is not None and draft.is_name(position) and _is_measure_next(draft, position):
            break
    if not taken:
        raise NotRead(
            f"I cannot tell what to group by after `{draft.items[at].text}`.", (draft.items[at].text,)
        )
    draft.take(at, "group by")


def _is_measure_next(draft: Draft, position: int) -> bool:
    column = draft.column(position)
    return column is not None and draft.schema.is_numeric(column)


def _group_by(draft: Draft, at: int) -> None:
    item = draft.items[at]
    table = draft.as_table(item)
    columns = [k for k in item.links if not k.is_table]
    if table is not None and not (
        columns
        and columns[0].score >= 0.97
        and name_words(columns[0].ref.column)[-1:] == name_words(item.text)[-1:]
        and _counts_only(draft, columns[0].table)
    ):
        if draft.entity is not None:
            raise NotRead("I group by one kind of thing at a time.", (item.text,))
        if (column_at := column_of_group(draft, at)) is not None:
            draft.take(at, f"rows of {table}")
            return _group_by(draft, column_at)
        draft.entity = table
        draft.take(at, f"each row of {table}")
        return
    column = draft.column(at)
    if column is None:
        raise NotRead(f"I cannot group by `{item.text}`.", (item.text,))
    if stem(item.text) in UNITS:
        raise NotRead(f"I do not compute a rate per `{item.text}`.", (item.text,))
    profile = draft.schema.column(column).profile
    many = profile is not None and profile.distinct > MAX_NUMERIC_GROUPS
    if draft.schema.column(column).column.kind == "decimal" or (many and draft.schema.is_numeric(column)):
        raise NotRead(f"{column} is an amount, not something to group by.", (item.text,))
    draft.groups.append(Grouping(column))
    draft.take(at, f"group by {column}")


def column_of_group(draft: Draft, at: int) -> int | None:
    """`by keeper town`: the position of the column right behind the noun of its table; no name or key is one.

    Two keepers of one name are two, so that a name behind a noun asks for a group each.
    """
    behind, table = at + 1, draft.as_table(draft.items[at])
    if (
        behind >= len(draft.items)
        or not draft.is_name(behind)
        or draft.as_table(draft.items[behind]) is not None
    ):
        return None
    own = [k for k in draft.items[behind].links if k.column is not None and k.table == table]
    if table is None or not own:
        return None
    return behind if own[0].column not in (*draft.schema.label(table), *draft.schema.key(table)) else None


def doubted_groups(reading: Reading, draft: Draft) -> Iterator[str]:
    """`by keeper town`, where a reading makes a group of each keeper."""
    for at, item in enumerate(draft.items):
        by = draft.before(at) if draft.as_table(item) is not None else None
        grouped = by is not None and draft.items[by].is_cue("group", "each")
        if not grouped or draft.as_table(item) != reading.group_by_entity:
            continue
        behind = column_of_group(draft, at)
        if behind is not None:
            yield f"{item.text} {draft.items[behind].text}"


def _counts_only(draft: Draft, table: TableRef) -> bool:
    return draft.focus == table

"""Read what a question computes and lists: counts, aggregates, superlatives, groups, order."""

from typing import cast

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import (
    Aggregate,
    Bucket,
    Grouping,
    NotRead,
    Ordering,
    Target,
)

BEFORE_NAMES = ("fill", "distinct", "list")


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
    if position is None:
        raise NotRead("I cannot tell what to order by.", (draft.items[at].text,))
    column = draft.column(position)
    if column is None:
        raise NotRead(f"I cannot order by `{draft.items[position].text}`.", (draft.items[position].text,))
    if position > at:
        draft.take(position, f"order by {column}")
    following = draft.after(position)
    if (
        following is not None
        and draft.items[following].is_cue("direction")
        and not draft.items[following].role
    ):
        descending = _direction(draft, following)
        draft.take(following, "direction")
    _refuse_second_key(draft, position)
    draft.order = Ordering(descending, Target(column.table, column.column))


def _refuse_second_key(draft: Draft, at: int) -> None:
    joiner = draft.after(at)
    second = draft.after(joiner) if joiner is not None and draft.items[joiner].is_cue("and") else None
    if second is not None and draft.is_name(second) and draft.items[at].role.startswith("order by"):
        raise NotRead("I order by one thing at a time.", (draft.items[second].text,))


def _order_by_computed(draft: Draft, at: int, descending: bool) -> None:
    """`ordered by the number of orders`: the order is that of a target, read later."""
    following = draft.after(at, skip=BEFORE_NAMES)
    cue = draft.items[at].cue
    assert cue is not None
    if not draft.is_name(following) or following is None:
        raise NotRead("I cannot tell what to order by.", (draft.items[at].text,))
    target = _counted(draft, following) if cue.kind == "count" else _measured(draft, following, cue.value)
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


def read_superlatives(draft: Draft) -> None:
    """Read `the most expensive product`, `customer with the most orders`, `top 5 stores by revenue`."""
    for at in draft.cues("common"):
        _read_common(draft, at)
    for at in draft.cues("superlative"):
        if not draft.items[at].role:
            _read_superlative(draft, at)


def _read_common(draft: Draft, at: int) -> None:
    cue = draft.items[at].cue
    assert cue is not None
    following = draft.after(at)
    name = following if draft.is_name(following) else draft.before(at)
    column = draft.column(name) if name is not None and draft.is_name(name) else None
    if column is None or name is None or draft.order is not None:
        raise NotRead(f"I cannot tell what is {draft.items[at].text}.", (draft.items[at].text,))
    draft.take(name, f"group by {column}")
    draft.take(at, "count of each")
    draft.focus = draft.focus or column.table
    draft.groups.append(Grouping(column))
    counted = Target(column.table, None, "count")
    draft.targets += [counted]
    draft.order = Ordering(cue.value == "desc", counted)
    draft.limit = 1


def _read_superlative(draft: Draft, at: int) -> None:
    cue = draft.items[at].cue
    assert cue is not None
    if draft.order is not None:
        raise NotRead("I read two orders and can keep one.", (draft.items[at].text,))
    direction, _, dimension = cue.value.partition(":")
    descending = direction == "desc"
    draft.take(at, "superlative")
    limit = _limit_beside(draft, at)
    following = draft.after(at, skip=("fill",))
    while following is not None and draft.items[following].role == "limit":
        following = draft.after(following)
    inner = draft.items[following] if following is not None else None
    if inner is not None and inner.is_cue("superlative") and not dimension and inner.cue is not None:
        draft.take(cast(int, following), "superlative")
        direction, _, dimension = inner.cue.value.partition(":")
        descending = direction == "desc"
        following = draft.after(cast(int, following))
    if dimension:
        return _by_dimension(draft, at, following, dimension, descending, limit)
    _by_following(draft, at, following, descending, limit)


def _limit_beside(draft: Draft, at: int) -> int | None:
    for position in (at + 1, at - 1):
        if 0 <= position < len(draft.items):
            item = draft.items[position]
            if item.kind == "number" and not item.role and item.number is not None:
                draft.take(position, "limit")
                return int(item.number)
    return None


def _by_dimension(
    draft: Draft, at: int, following: int | None, dimension: str, descending: bool, limit: int | None
) -> None:
    """`the oldest customer`, `the cheapest product`: order the entity by the column that fits."""
    table = draft.as_table(draft.items[following]) if following is not None else None
    if table is None and following is not None and draft.is_name(following):
        column = draft.column(following)
        if column is not None and dimension == "date" and draft.schema.is_temporal(column):
            draft.take(following, f"column {column}")
            return _extreme(draft, column, descending, limit)
    entity = table or draft.focus
    if entity is None:
        raise NotRead(f"I cannot tell what is {draft.items[at].text}.", (draft.items[at].text,))
    if table is not None and following is not None:
        draft.take(following, f"table {table}")
        draft.focus = draft.focus or table
    column, flip = _dimension_column(draft, entity, dimension, draft.items[at].text)
    draft.order = Ordering(descending != flip, Target(column.table, column.column))
    draft.limit = limit or 1


def _dimension_column(draft: Draft, entity: TableRef, dimension: str, words: str) -> tuple[ColumnRef, bool]:
    if dimension == "date":
        dates = draft.schema.dates(entity) or draft.schema.year_columns(entity)
        return _only(dates, words), False
    found = draft.schema.dimension(entity, dimension)
    if dimension == "age" and not found:
        return _only(draft.schema.dimension(entity, "birth"), words), True
    return _only(found, words), False


def _only(columns: list[ColumnRef], words: str) -> ColumnRef:
    if len(columns) != 1:
        options = tuple(map(str, columns[:4]))
        found = f"it could go by {' or '.join(options)}" if options else "no column says so"
        raise NotRead(f"I cannot tell what `{words}` goes by: {found}.", (words,), options)
    return columns[0]


def _by_following(draft: Draft, at: int, following: int | None, descending: bool, limit: int | None) -> None:
    if following is None:
        raise NotRead(f"`{draft.items[at].text}` has nothing after it.", (draft.items[at].text,))
    item = draft.items[following]
    by = _by_phrase(draft, following)
    if draft.is_name(following) and by is not None:
        return _top_by(draft, following, by, descending, limit)
    if item.is_cue("count", "agg") and item.cue is not None:
        inner = draft.after(following, skip=BEFORE_NAMES)
        if inner is None or not draft.is_name(inner):
            raise NotRead(f"I cannot tell what `{item.text}` is of.", (item.text,))
        draft.take(following, item.cue.kind)
        target = (
            _counted(draft, inner) if item.cue.kind == "count" else _measured(draft, inner, item.cue.value)
        )
        return _rank_groups(draft, at, target, descending, limit)
    if not draft.is_name(following):
        raise NotRead(f"I cannot tell what `{draft.items[at].text}` goes by.", (draft.items[at].text,))
    table = draft.as_table(item)
    if table is not None:
        entity = _entity_before(draft, at)
        if entity is None or (draft.focus == table and entity == table):
            raise NotRead(f"I cannot tell what `{draft.items[at].text} {item.text}` goes by.", (item.text,))
        return _rank_groups(draft, at, _counted(draft, following), descending, limit)
    column = draft.column(following, lambda c: draft.schema.is_numeric(c) or draft.schema.is_temporal(c))
    if column is None:
        raise NotRead(f"`{item.text}` is not something to rank by.", (item.text,))
    draft.take(following, f"column {column}")
    if _entity_before(draft, at) is None:
        return _extreme(draft, column, descending, limit)
    draft.order = Ordering(descending, Target(column.table, column.column))
    draft.limit = limit or 1


def _by_phrase(draft: Draft, name: int) -> int | None:
    """`top 5 stores BY revenue`: the position after `by`, if there is one."""
    position = draft.after(name)
    if position is not None and draft.items[position].is_cue("group", "order"):
        return position
    if position is not None and draft.items[position].text.lower() == "with":
        return None
    return None


def _top_by(draft: Draft, name: int, by: int, descending: bool, limit: int | None) -> None:
    draft.take(by, "ranked by")
    table = draft.as_table(draft.items[name])
    if table is not None:
        draft.take(name, f"table {table}")
        draft.focus = table
    else:
        column = draft.column(name)
        if column is None:
            raise NotRead(f"I cannot rank `{draft.items[name].text}`.", (draft.items[name].text,))
        draft.take(name, f"group by {column}")
        draft.groups.append(Grouping(column))
    measure = draft.after(by, skip=BEFORE_NAMES)
    if measure is None:
        raise NotRead("`by` has nothing after it.", ("by",))
    item = draft.items[measure]
    if item.is_cue("count", "agg") and item.cue is not None:
        inner = draft.after(measure, skip=BEFORE_NAMES)
        if inner is None or not draft.is_name(inner):
            raise NotRead(f"I cannot tell what `{item.text}` is of.", (item.text,))
        draft.take(measure, item.cue.kind)
        target = (
            _counted(draft, inner) if item.cue.kind == "count" else _measured(draft, inner, item.cue.value)
        )
    elif draft.is_name(measure):
        target = _implied_measure(draft, measure, table)
    else:
        raise NotRead(f"I cannot rank by `{item.text}`.", (item.text,))
    if target.aggregate is None:
        draft.order = Ordering(descending, target)
    elif table is not None:
        _group_entity(draft, table, target, descending)
    else:
        draft.targets.append(target)
        draft.order = Ordering(descending, target)
    draft.limit = limit or 1


def _implied_measure(draft: Draft, at: int, entity: TableRef | None) -> Target:
    """`by revenue`: the entity's own column as it is, another table's summed; `by orders`: counted."""
    counted = draft.as_table(draft.items[at])
    if counted is not None:
        return _counted(draft, at)
    column = draft.column(at, draft.schema.is_numeric)
    if column is None:
        raise NotRead(f"`{draft.items[at].text}` is not something to rank by.", (draft.items[at].text,))
    draft.take(at, f"column {column}")
    if column.table == entity:
        return Target(column.table, column.column)
    draft.assume(f"{column} is summed.", "say `average` to mean that", 0.9)
    return Target(column.table, column.column, "sum")


def _entity_before(draft: Draft, at: int) -> TableRef | None:
    """The thing that a superlative after it ranks: `which customer has the most ...`."""
    for item in draft.items[:at]:
        if item.kind == "name" and (table := draft.as_table(item)) is not None:
            return table
    names = [i for i in range(at) if draft.is_name(i) and draft.column(i) is not None]
    column = draft.column(names[0]) if names else None
    return column.table if column else None


def _rank_groups(draft: Draft, at: int, target: Target, descending: bool, limit: int | None) -> None:
    """`which city has the most customers`, `department with the highest average salary`."""
    named = [i for i in range(at) if draft.items[i].kind == "name"]
    tables = [t for i in named if (t := draft.as_table(draft.items[i])) is not None]
    draft.limit = limit or 1
    if tables:
        return _group_entity(draft, tables[0], target, descending)
    if not named:
        raise NotRead("I cannot tell what is to be ranked.", (draft.items[at].text,))
    for position in named:
        column = draft.column(position)
        if column is None:
            raise NotRead(f"I cannot rank `{draft.items[position].text}`.", (draft.items[position].text,))
        if not draft.items[position].role:
            draft.take(position, f"group by {column}")
        draft.groups.append(Grouping(column))
    draft.targets.append(target)
    draft.order = Ordering(descending, target)


def _group_entity(draft: Draft, table: TableRef, target: Target, descending: bool) -> None:
    draft.focus = table
    if target.aggregate == "count" and target.column is None:
        draft.order = Ordering(descending, linked=target.table)
        return
    draft.entity = table
    draft.targets.append(target)
    draft.order = Ordering(descending, target)


def _extreme(draft: Draft, column: ColumnRef, descending: bool, limit: int | None) -> None:
    if limit not in (None, 1):
        draft.targets.append(Target(column.table, column.column))
        draft.order = Ordering(descending, Target(column.table, column.column))
        draft.limit = limit
        return
    draft.targets.append(Target(column.table, column.column, "max" if descending else "min"))


def read_groups(draft: Draft) -> None:
    """Read `by country`, `per month`, `for each store`."""
    computed = bool(draft.cues("count", "agg", "share")) or any(t.aggregate for t in draft.targets)
    for at in draft.cues("time_group"):
        cue = draft.items[at].cue
        assert cue is not None
        column = _grouped_date(draft)
        draft.groups.append(Grouping(column, cast(Bucket, cue.value)))
        draft.take(at, f"per {cue.value} of {column}")
    for at in draft.cues("each", "group"):
        if draft.items[at].is_cue("each") and not computed:
            draft.take(at, "each")
            continue
        _read_group(draft, at)


def _grouped_date(draft: Draft) -> ColumnRef:
    for table in draft.mentioned() or draft.schema.tables()[:1]:
        dates = draft.schema.dates(table)
        freshest = draft.schema.card(table).freshness_column
        chosen = dates[0] if len(dates) == 1 else next((d for d in dates if d.column == freshest), None)
        if chosen is not None:
            if len(dates) > 1:
                others = ", ".join(d.column for d in dates if d != chosen)
                draft.assume(f"Time is taken from {chosen}.", f"name another date: {others}", 0.9)
            return chosen
    raise NotRead("I see no date column to group by.", ())


def _read_group(draft: Draft, at: int) -> None:
    position = draft.after(at, skip=("fill", "distinct"))
    taken = False
    while position is not None and draft.is_name(position):
        _group_by(draft, position)
        taken = True
        joiner = draft.after(position)
        if joiner is None or not draft.items[joiner].is_cue("and"):
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
        columns and columns[0].score >= 0.97 and _counts_only(draft, columns[0].table)
    ):
        if draft.entity is not None:
            raise NotRead("I group by one kind of thing at a time.", (item.text,))
        draft.entity = table
        draft.take(at, f"each row of {table}")
        return
    column = draft.column(at)
    if column is None:
        raise NotRead(f"I cannot group by `{item.text}`.", (item.text,))
    draft.groups.append(Grouping(column))
    draft.take(at, f"group by {column}")


def _counts_only(draft: Draft, table: TableRef) -> bool:
    return draft.focus == table


def read_computed(draft: Draft) -> None:
    """Read counts, aggregates and shares."""
    for at in draft.cues("share"):
        _read_share(draft, at)
    for at in draft.cues("count"):
        following = draft.after(at, skip=BEFORE_NAMES)
        if following is not None and draft.items[following].is_cue("count", "agg"):
            draft.take(at, "count")
            continue
        following = _past_values(draft, following)
        if following is None or not draft.is_name(following):
            raise NotRead(f"I cannot tell what `{draft.items[at].text}` counts.", (draft.items[at].text,))
        distinct = any(i.is_cue("distinct") for i in draft.items[at:following])
        target = _counted(draft, following, distinct)
        draft.targets.append(target)
        if target.aggregate == "sum":
            _also_measured(draft, following, ["sum"])
        draft.take(at, "count")
    _read_aggregates(draft)


def _past_values(draft: Draft, at: int | None) -> int | None:
    """`how many ACTIVE customers`: look past values and flags that stand before the noun."""
    while at is not None:
        item = draft.items[at]
        following = draft.after(at)
        flag = item.kind == "name" and draft.as_table(item) is None and _names_flag(draft, at)
        if not (item.kind in ("value", "period") or item.is_cue("distinct", "not") or flag):
            return at
        at = following
    return None


def _names_flag(draft: Draft, at: int) -> bool:
    following = draft.after(at)
    if following is None or draft.items[following].kind != "name":
        return False
    return draft.column(at, draft.schema.is_flag) is not None


def _counted(draft: Draft, at: int, distinct: bool = False) -> Target:
    table = draft.as_table(draft.items[at])
    if table is not None:
        if not draft.items[at].role:
            draft.take(at, f"rows of {table}")
        return Target(table, None, "count")
    column = draft.column(at)
    if column is None:
        raise NotRead(f"I cannot count `{draft.items[at].text}`.", (draft.items[at].text,))
    draft.take(at, f"values of {column}")
    if draft.schema.is_numeric(column) and not distinct and _is_total(draft, at):
        return Target(column.table, column.column, "sum")
    if draft.schema.is_numeric(column) and not distinct:
        raise NotRead(f"`{draft.items[at].text}` could be counted or summed.", (draft.items[at].text,))
    if not distinct and not draft.schema.is_key(column):
        draft.assume(f"Different values of {column} are counted.", "ask for the number of rows instead", 0.9)
    return Target(column.table, column.column, "count", distinct=True)


def _is_total(draft: Draft, at: int) -> bool:
    """`the total number of passengers`, where passengers are a number in each row."""
    cue = draft.before(at, skip=BEFORE_NAMES)
    return cue is not None and "total" in draft.items[cue].text.lower()


def _measured(draft: Draft, at: int, aggregate: str) -> Target:
    column = draft.column(at, draft.schema.is_numeric)
    if column is None and aggregate in ("min", "max"):
        column = draft.column(at, draft.schema.is_temporal)
    if column is None:
        raise NotRead(f"`{draft.items[at].text}` holds no numbers to compute with.", (draft.items[at].text,))
    draft.take(at, f"{aggregate} of {column}")
    return Target(column.table, column.column, cast(Aggregate, aggregate))


def _read_aggregates(draft: Draft) -> None:
    pending: list[int] = []
    for at in draft.cues("agg"):
        pending.append(at)
        following = draft.after(at, skip=BEFORE_NAMES)
        joined = (
            draft.after(following) if following is not None and draft.items[following].is_cue("and") else None
        )
        if joined is not None and draft.items[joined].is_cue("agg"):
            continue
        if following is not None and draft.items[following].is_cue("agg"):
            continue
        following = _past_number_of(draft, _past_values(draft, following))
        _apply(draft, pending, following)
        pending = []
    if pending:
        raise NotRead("An aggregate has no column.", tuple(draft.items[i].text for i in pending))


def _past_number_of(draft: Draft, at: int | None) -> int | None:
    """`the average number of followers`, where followers are a number in each row."""
    if at is None or not draft.items[at].is_cue("count"):
        return at
    following = draft.after(at, skip=BEFORE_NAMES)
    numbers = (
        following is not None and draft.is_name(following) and draft.as_table(draft.items[following]) is None
    )
    if not numbers:
        raise NotRead("I do not aggregate counts yet.", (draft.items[at].text,))
    draft.take(at, "number of")
    return following


def _apply(draft: Draft, pending: list[int], following: int | None) -> None:
    words = tuple(draft.items[i].text for i in pending)
    if following is None or not draft.is_name(following):
        raise NotRead(f"I cannot tell what `{' and '.join(words)}` is of.", words)
    aggregates = [cue.value for i in pending if (cue := draft.items[i].cue) is not None]
    for at, aggregate in zip(pending, aggregates, strict=True):
        draft.items[following].role = ""
        table = draft.as_table(draft.items[following])
        if aggregate == "sum" and table is not None:
            draft.assume(
                f"`{words[0]} {draft.items[following].text}` is read as how many there are.", certainty=0.8
            )
            draft.targets.append(_counted(draft, following))
        else:
            draft.targets.append(_measured(draft, following, aggregate))
        draft.take(at, aggregate)
    _also_measured(draft, following, aggregates)


def _also_measured(draft: Draft, at: int, aggregates: list[str]) -> None:
    """`the average age and weight`: the aggregate holds for the second column too."""
    joiner = draft.after(at)
    if joiner is None or not draft.items[joiner].is_cue("and") or len(aggregates) != 1:
        return
    second = draft.after(joiner)
    if (
        second is not None
        and draft.is_name(second)
        and draft.column(second, draft.schema.is_numeric) is not None
    ):
        draft.targets.append(_measured(draft, second, aggregates[0]))


def _read_share(draft: Draft, at: int) -> None:
    following = draft.after(at, skip=BEFORE_NAMES)
    table = draft.as_table(draft.items[following]) if following is not None else None
    if table is None or following is None or not draft.is_name(following):
        raise NotRead("I cannot tell of what the share is.", (draft.items[at].text,))
    draft.take(following, f"rows of {table}")
    draft.take(at, "share")
    draft.focus = table
    draft.share = True

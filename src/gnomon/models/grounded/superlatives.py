"""Read rankings: `the most expensive product`, `customer with the most orders`, `top 5 stores by revenue`."""

from typing import cast

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.amounts import is_one
from gnomon.models.grounded.blanks import leave_out_unlabelled
from gnomon.models.grounded.computed import BEFORE_NAMES, counted, measured, past_values
from gnomon.models.grounded.dates import main_date, ranking_date
from gnomon.models.grounded.dimensions import dimension_columns
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.heights import COUNTING, HEIGHTS, highest_of_others, highest_of_rows
from gnomon.models.grounded.kind_ranked import kind_ranked
from gnomon.models.grounded.reading import Bucket, Grouping, NotRead, Ordering, Target
from gnomon.models.grounded.recent import end_today
from gnomon.models.grounded.verbs import is_additive
from gnomon.models.grounded.words import name_words

BEST_SELLING = frozenset({"best-selling", "top-selling", "bestselling"})
PIECES = frozenset({"quantity", "unit", "piece"})
"""Words of a column that counts how many were sold."""


def read_superlatives(draft: Draft) -> None:
    """Read `the most expensive product`, `customer with the most orders`, `top 5 stores by revenue`."""
    for at in draft.cues("common"):
        _read_common(draft, at)
    for at in draft.cues("superlative"):
        if not draft.items[at].role:
            _read_superlative(draft, at)


def read_best_selling(draft: Draft) -> None:
    """Read `the best-selling product`: by units, where one column alone counts them."""
    for at, item in enumerate(draft.items):
        if item.kind == "unknown" and item.text.lower() in BEST_SELLING:
            _by_units(draft, at)


def _by_units(draft: Draft, at: int) -> None:
    words = draft.items[at].text
    name = draft.after(at)
    table = draft.as_table(draft.items[name]) if name is not None and draft.is_name(name) else None
    if table is None or name is None or draft.order is not None:
        raise NotRead(f"I cannot tell what is {words}.", (words,))
    sold = [
        c
        for t in draft.schema.tables()
        for c in _units_in(draft, t)
        if draft.schema.paths(t, table, many=False)
    ]
    column = _only(draft, [c for c in sold if c.table != table], words)
    draft.assume(f"`{words}` is read as by {column}.", "name what to rank by", 0.9)
    draft.take(at, f"ranked by {column}")
    draft.take(name, f"table {table}")
    draft.limit = _limit_beside(draft, at) or 1
    _group_entity(draft, table, Target(column.table, column.column, "sum"), descending=True)


def _units_in(draft: Draft, table: TableRef) -> list[ColumnRef]:
    columns = [ColumnRef(table, c.name) for c in draft.schema.card(table).columns]
    return [c for c in columns if {*name_words(c.column)} & PIECES and is_additive(draft, c)]


def _read_common(draft: Draft, at: int) -> None:
    cue = draft.items[at].cue
    assert cue is not None
    # `most common across all products` is not said of the products.
    following = at + 1 if at + 1 < len(draft.items) else None
    name = following if draft.is_name(following) else draft.before(at)
    column = draft.column(name) if name is not None and draft.is_name(name) else None
    others = {t for i in draft.items if (t := draft.as_table(i)) is not None} - {column and column.table}
    if column is None or name is None or draft.order is not None or others:
        raise NotRead(f"I cannot tell what is {draft.items[at].text}.", (draft.items[at].text,))
    draft.take(name, f"group by {column}")
    draft.take(at, "count of each")
    draft.focus = draft.focus or column.table
    draft.groups.append(Grouping(column))
    counted = Target(column.table, None, "count")
    draft.targets += [counted]
    draft.order = Ordering(cue.value == "desc", counted)
    words = draft.items[name].text
    draft.limit = _limit_beside(draft, at) or (1 if is_one(words) else None)
    if draft.limit is None:
        # The composer was taught to take one.
        draft.alone = True
        leave_out_unlabelled(draft, column)
        draft.assume(f"All `{words}` are listed, the {draft.items[at].text.lower()} first.", "say how many")


def _read_superlative(draft: Draft, at: int) -> None:
    cue = draft.items[at].cue
    assert cue is not None
    if draft.order is not None:
        raise NotRead("I read two orders and can keep one.", (draft.items[at].text,))
    direction, _, dimension = cue.value.partition(":")
    descending = direction == "desc"
    draft.take(at, "superlative")
    limit = _limit_beside(draft, at) or _limit_before(draft, at)
    if draft.place is not None and limit not in (None, 1):
        raise NotRead("I cannot tell how many are in one place.", (draft.items[at].text,))
    _refuse_open_top(draft, at, limit)
    following = draft.after(at, skip=("fill", "all"))
    while following is not None and draft.items[following].role == "limit":
        following = draft.after(following)
    inner = draft.items[following] if following is not None else None
    if inner is not None and inner.is_cue("superlative") and not dimension and inner.cue is not None:
        draft.take(cast(int, following), "superlative")
        direction, _, dimension = inner.cue.value.partition(":")
        descending = direction == "desc"
        following = draft.after(cast(int, following))
    # The composer was not taught that a value may stand for rows.
    draft.alone = draft.alone or kind_ranked(draft, at) is not None
    if dimension:
        return _by_dimension(draft, at, following, dimension, descending, limit)
    _by_following(draft, at, _past_what_describes(draft, at, following), descending, limit)


def _past_what_describes(draft: Draft, at: int, following: int | None) -> int | None:
    """`the most POSTPONED matches`: values and flags before the rows that are counted restrict them."""
    noun = past_values(draft, following) if draft.items[at].text.lower() in COUNTING else None
    counts = noun is not None and draft.is_name(noun) and draft.as_table(draft.items[noun]) is not None
    return noun if counts else following


def _limit_beside(draft: Draft, at: int) -> int | None:
    for position in (at + 1, at - 1):
        if 0 <= position < len(draft.items):
            item = draft.items[position]
            if item.kind == "number" and not item.role and item.number is not None and item.said is None:
                draft.take(position, "limit")
                return int(item.number)
    return None


def _refuse_open_top(draft: Draft, at: int, limit: int | None) -> None:
    """`top genres` wants several, and does not say how many."""
    following = draft.after(at)
    word = draft.items[following].text.lower() if following is not None else ""
    if draft.items[at].text.lower() == "top" and limit is None and word.endswith("s"):
        raise NotRead("How many are the top ones? Say, for example, `top five`.", ("top",))


def _limit_before(draft: Draft, at: int) -> int | None:
    """`which FIVE categories sold the most`: a number right before what is ranked."""
    for position in range(at):
        item = draft.items[position]
        following = draft.after(position, skip=())
        if item.kind != "number" or item.role or item.number is None or item.said or following is None:
            continue
        if draft.items[following].kind == "name" and following < at:
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
    by = _by_phrase(draft, following) if following is not None else None
    if table is not None and following is not None and by is not None:
        return _top_by(draft, following, by, descending, limit)
    if entity is None:
        raise NotRead(f"I cannot tell what is {draft.items[at].text}.", (draft.items[at].text,))
    if table is not None and following is not None:
        draft.take(following, f"table {table}")
        draft.focus = draft.focus or table
    column, flip = _dimension_column(draft, entity, dimension, draft.items[at].text)
    if dimension == "date" and descending:
        end_today(draft, column, draft.items[at].text)
    draft.order = Ordering(descending != flip, Target(column.table, column.column))
    draft.limit = limit or 1


def _dimension_column(draft: Draft, entity: TableRef, dimension: str, words: str) -> tuple[ColumnRef, bool]:
    if dimension == "date":
        return ranking_date(draft, entity, words), False
    found = [c for c in dimension_columns(draft, entity, dimension) if draft.schema.is_numeric(c)]
    if dimension == "age" and not found:
        return _only(
            draft, [c for c in draft.schema.dimension(entity, "birth") if draft.schema.is_temporal(c)], words
        ), True
    return _only(draft, found, words), False


def _only(draft: Draft, columns: list[ColumnRef], words: str) -> ColumnRef:
    columns = [c for c in columns if str(c) == draft.chosen(words)] or columns
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
        extreme = _extreme_by_group(draft, at, following, by, limit)
        if extreme is not None:
            draft.take(following, f"column {extreme}")
            return draft.targets.append(Target(extreme.table, extreme.column, "max" if descending else "min"))
        return _top_by(draft, following, by, descending, limit)
    if item.is_cue("count", "agg") and item.cue is not None:
        inner = draft.after(following, skip=BEFORE_NAMES)
        if inner is None or not draft.is_name(inner):
            raise NotRead(f"I cannot tell what `{item.text}` is of.", (item.text,))
        draft.take(following, item.cue.kind)
        target = counted(draft, inner) if item.cue.kind == "count" else measured(draft, inner, item.cue.value)
        return _rank_groups(draft, at, target, descending, limit)
    if not draft.is_name(following):
        raise NotRead(f"I cannot tell what `{draft.items[at].text}` goes by.", (draft.items[at].text,))
    table = draft.as_table(item)
    if table is not None:
        return _by_rows(draft, at, following, table, descending, limit)
    column = draft.column(following, lambda c: draft.schema.is_numeric(c) or draft.schema.is_temporal(c))
    if column is None:
        raise NotRead(f"`{item.text}` is not something to rank by.", (item.text,))
    draft.take(following, f"column {column}")
    units = [i for i in draft.cues("time_group") if i < at]
    if units:
        highest = _best_time_of(draft, at, following, column, descending=descending)
        return _best_time(draft, units[0], highest, descending, limit)
    behind = draft.items[following + 1] if following + 1 < len(draft.items) else None
    if behind is not None and draft.as_table(behind) is not None:
        raise NotRead(f"I cannot tell which `{item.text} {behind.text}` is meant.", (item.text, behind.text))
    if _entity_before(draft, at) is None and not draft.items[0].text.lower().startswith("who"):
        return _extreme(draft, column, descending, limit)
    _refuse_many_rows(draft, at, column)
    if _measures_others(draft, at, column):
        highest = highest_of_others(draft, at, following, column, descending=descending)
        return _rank_groups(draft, at, highest, descending, limit)
    ranked = kind_ranked(draft, at) or draft.focus
    if ranked is not None and ranked != column.table:
        raise NotRead(f"Several {ranked} may share the {draft.items[at].text} {column.column}.", (item.text,))
    draft.order = Ordering(descending, Target(column.table, column.column))
    draft.limit = limit or 1


def _by_rows(
    draft: Draft, at: int, following: int, table: TableRef, descending: bool, limit: int | None
) -> None:
    """`the highest fine`, by what one comes to; `player with the most fines`, by how many there are."""
    ranking, noun = draft.items[at].text.lower(), draft.items[following].text
    entity = _entity_before(draft, at)
    asks_who = draft.items[0].text.lower().startswith("who")
    if entity is None and ranking in HEIGHTS and is_one(noun) and not asks_who:
        highest = highest_of_rows(draft, at, following, table, descending=descending)
        assert highest.ref is not None
        return _extreme(draft, highest.ref, descending, limit)
    if entity is None or (draft.focus == table and entity == table and not _kinds_before(draft, at, table)):
        raise NotRead(f"I cannot tell what `{draft.items[at].text} {noun}` goes by.", (noun,))
    if ranking in HEIGHTS:
        highest = highest_of_rows(draft, at, following, table, descending=descending)
        return _rank_groups(draft, at, highest, descending, limit)
    if ranking not in COUNTING:
        raise NotRead(f"I cannot tell by what `{noun}` is the {draft.items[at].text}.", (noun,))
    refuse_counted_column(draft, following, entity)
    _rank_groups(draft, at, counted(draft, following), descending, limit)


def _kinds_before(draft: Draft, at: int, table: TableRef) -> bool:
    """`which plan has the most learners`: a column of the counted rows, of which each value is a kind."""
    apart = partition_names(draft)
    named = [i for i in range(at) if draft.items[i].kind == "name" and i not in apart]
    # Of two, such as `description of the color`, one need not be what is ranked.
    if len(named) != 1 or draft.as_table(draft.items[named[0]]) is not None:
        return False
    column = draft.column(named[0])
    own = {*draft.schema.label(table), *draft.schema.key(table)}
    kind = column is not None and column.table == table and not draft.schema.is_numeric(column)
    return kind and column is not None and column.column not in own


def _refuse_many_rows(draft: Draft, at: int, column: ColumnRef) -> None:
    """`which genre has the most pages`, where a genre has many rows: one row's pages, or all together."""
    if any(draft.as_table(item) is not None for item in draft.items[:at]):
        return
    named = [c for i in range(at) if draft.is_name(i) and (c := draft.column(i)) is not None]
    label = draft.schema.label(column.table)
    kinds = [
        c for c in named if c.table == column.table and c.column not in label and not draft.schema.is_key(c)
    ]
    if kinds:
        raise NotRead(f"A {kinds[0].column} has many rows; I cannot tell how to rank it.", (kinds[0].column,))


def refuse_counted_column(draft: Draft, at: int, entity: TableRef | None) -> None:
    """`party with the most hosts`, where a party has a `number_of_hosts`: rows or that column."""
    stored = [k.ref for k in draft.items[at].links if not k.is_table and k.table == entity]
    # What there is per piece is no number of pieces.
    stored = [c for c in stored if draft.schema.is_numeric(c) and "per" not in name_words(c.column)]
    words, counted = draft.items[at].text, draft.as_table(draft.items[at])
    if stored and words not in dict(draft.schema.context.choices):
        options = (str(counted), str(stored[0]))
        reason = f"`{words}` could be a count of {counted} or {stored[0]}."
        raise NotRead(reason, (words,), options if counted is not None else ())


def _best_time_of(draft: Draft, at: int, following: int, column: ColumnRef, *, descending: bool) -> Target:
    if not is_additive(draft, column):
        raise NotRead(f"I cannot tell how {column} adds up over time.", (column.column,))
    return highest_of_others(draft, at, following, column, descending=descending)


def _best_time(draft: Draft, unit_at: int, target: Target, descending: bool, limit: int | None) -> None:
    """`which month had the highest revenue`: the sum of each month, ranked."""
    cue = draft.items[unit_at].cue
    assert cue is not None
    date = main_date(draft, target.table, draft.items[unit_at].text)
    if date is None:
        raise NotRead(f"{target.table} has no date to group by.", (str(target.table),))
    draft.take(unit_at, f"ranked per {cue.value} of {date}")
    draft.groups.append(Grouping(date, cast(Bucket, cue.value)))
    draft.targets.append(target)
    draft.order = Ordering(descending, target)
    draft.limit = limit or 1


def _measures_others(draft: Draft, at: int, column: ColumnRef) -> bool:
    """`which store had the highest revenue`, where revenue is an amount in each of a store's many orders."""
    entity = _entity_before(draft, at)
    if entity is None or entity == column.table or not is_additive(draft, column):
        return False
    return bool(draft.schema.paths(column.table, entity, many=False))


def _by_phrase(draft: Draft, name: int) -> int | None:
    """`top 5 stores BY revenue`: the position after `by`, if there is one."""
    position = draft.after(name)
    if position is not None and draft.items[position].is_cue("each"):
        within = draft.after(position)
        position = draft.after(within) if within is not None and draft.is_name(within) else None
    if position is not None and draft.items[position].is_cue("group", "order"):
        return position
    if position is not None and draft.items[position].text.lower() == "with":
        return None
    return None


def _extreme_by_group(draft: Draft, at: int, name: int, by: int, limit: int | None) -> ColumnRef | None:
    """`highest salary by department`: the highest of each; None where the name is of what is ranked.

    Raises:
        NotRead: It may be the highest of single rows, or the group whose rows come to most.
    """
    words = f"{draft.items[at].text} {draft.items[name].text}"
    measure = draft.items[by].is_cue("group") and draft.as_table(draft.items[name]) is None
    column = draft.column(name, draft.schema.is_numeric) if measure else None
    behind = draft.after(by, skip=BEFORE_NAMES)
    if column is None or not _is_amount(draft, column) or behind is None or not draft.is_name(behind):
        return None
    if (
        draft.as_table(draft.items[behind]) is None
        and draft.column(behind, draft.schema.is_numeric) is not None
    ):
        return None
    if limit is not None or draft.items[at].text.lower() == "top" or _adds_up(draft, column, words):
        raise NotRead(f"`{words}` may be of single rows or of totals; say which.", (words,), final=True)
    return column


def _is_amount(draft: Draft, column: ColumnRef) -> bool:
    """Whether its values are measured rather than codes that rows share."""
    return not draft.schema.is_flag(column) and not draft.schema.is_key(column)


def _adds_up(draft: Draft, column: ColumnRef, words: str) -> bool:
    return is_additive(draft, column) or "total" in words.lower().split()


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
        target = counted(draft, inner) if item.cue.kind == "count" else measured(draft, inner, item.cue.value)
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
    if draft.as_table(draft.items[at]) is not None:
        return counted(draft, at)
    column = draft.column(at, draft.schema.is_numeric)
    if column is None:
        raise NotRead(f"`{draft.items[at].text}` is not something to rank by.", (draft.items[at].text,))
    draft.take(at, f"column {column}")
    if column.table == entity:
        return Target(column.table, column.column)
    draft.assume(f"{column} is summed.", "say `average` to mean that")
    return Target(column.table, column.column, "sum")


def _entity_before(draft: Draft, at: int) -> TableRef | None:
    """The thing that a superlative after it ranks: `which customer has the most ...`."""
    apart = partition_names(draft)
    for position, item in enumerate(draft.items[:at]):
        if position not in apart and item.kind == "name" and (table := draft.as_table(item)) is not None:
            return table
    names = [i for i in range(at) if i not in apart and draft.is_name(i) and draft.column(i) is not None]
    column = draft.column(names[0]) if names else None
    return column.table if column else kind_ranked(draft, at)


def _rank_groups(draft: Draft, at: int, target: Target, descending: bool, limit: int | None) -> None:
    """`which city has the most customers`, `department with the highest average salary`."""
    apart = partition_names(draft)
    named = [i for i in range(at) if draft.items[i].kind == "name" and i not in apart]
    tables = [t for i in named if (t := draft.as_table(draft.items[i])) is not None]
    draft.limit = limit or 1
    kind = kind_ranked(draft, at)
    if tables or kind is not None:
        return _group_entity(draft, cast(TableRef, tables[0] if tables else kind), target, descending)
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


def partition_names(draft: Draft) -> frozenset[int]:
    """`for each author, the most expensive book`: names that say within what is ranked, not what."""
    first = next((i for i, x in enumerate(draft.items) if x.is_cue("superlative", "common")), 0)
    named = {draft.after(i) for i in range(first) if draft.items[i].is_cue("each")}
    later = [x for x in draft.items[first:] if draft.as_table(x) is not None]
    return frozenset(i for i in named if later and i is not None and draft.items[i].kind == "name")


def _extreme(draft: Draft, column: ColumnRef, descending: bool, limit: int | None) -> None:
    if draft.place is not None:
        draft.targets.append(Target(column.table, column.column))
        draft.order = Ordering(descending, Target(column.table, column.column))
        draft.limit, draft.distinct = 1, True
        return
    if limit not in (None, 1):
        draft.targets.append(Target(column.table, column.column))
        draft.order = Ordering(descending, Target(column.table, column.column))
        draft.limit = limit
        return
    draft.targets.append(Target(column.table, column.column, "max" if descending else "min"))

"""Read what restricts a question: periods, comparisons, values, absence."""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.blanks import read_absent
from gnomon.models.grounded.computed import past_values
from gnomon.models.grounded.dates import refuse_period
from gnomon.models.grounded.dimensions import dimension_columns
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.flags import WITH, state_unflagged
from gnomon.models.grounded.group_averages import average_of_group, measure_said
from gnomon.models.grounded.kinds import counts_of_kinds
from gnomon.models.grounded.measured import fits, in_unit_of, only_column, said_of_either
from gnomon.models.grounded.month_texts import read_months, refuse_stored_month
from gnomon.models.grounded.periods import Period
from gnomon.models.grounded.reading import (
    AgainstAverage,
    Condition,
    Grouping,
    Linked,
    NotRead,
    Operator,
    Reading,
    Target,
)
from gnomon.models.grounded.stored_counts import kept_number
from gnomon.models.grounded.whose_date import period_table_date, said_date

ADJECTIVE_DIMENSIONS = {
    "older": ("age",), "younger": ("age",), "longer": ("length",), "shorter": ("length", "height"),
    "cheaper": ("price",), "heavier": ("weight",), "lighter": ("weight",), "taller": ("height",),
}  # fmt: skip
CHILD_OPERATORS: dict[str, Operator] = {">": ">", ">=": ">=", "<": "<", "<=": "<=", "=": "=", "<>": "<>"}


def read_periods(draft: Draft) -> None:
    """Turn each period into conditions on the date or year column that it is about."""
    for at in draft.open("period"):
        period = draft.items[at].period
        assert period is not None
        if read_months(draft, at, period):
            continue
        column = period_date(draft, at)
        refuse_stored_month(draft, at, column)
        draft.take(at, f"{column} within {period.label}")
        draft.conditions += within(draft, column, period)
        if period.assumed:
            draft.assume(period.assumed)


def period_date(draft: Draft, at: int) -> ColumnRef:
    """The date or year column that the period at a position is about.

    Raises:
        NotRead: There is none, or there are several.
    """
    said = _beside_temporal(draft, at) or said_date(draft, at) or draft.dated_by
    found = said or period_table_date(draft, at)
    if found is None:
        raise refuse_period(draft, draft.items[at].text)
    return found


def _beside_temporal(draft: Draft, at: int) -> ColumnRef | None:
    for beside in (draft.before(at), draft.after(at)):
        if beside is None or draft.items[beside].kind != "name":
            continue
        column = draft.column(beside, lambda c: _dates_or_years(draft, c))
        if column is not None and draft.as_table(draft.items[beside]) is None:
            if not draft.items[beside].role:
                draft.take(beside, f"column {column}")
            return column
    return None


def _dates_or_years(draft: Draft, column: ColumnRef) -> bool:
    return draft.schema.is_temporal(column) or _holds_years(draft, column)


def _holds_years(draft: Draft, column: ColumnRef) -> bool:
    return column in draft.schema.year_columns(column.table) or draft.schema.is_season(column)


def within(draft: Draft, column: ColumnRef, period: Period) -> list[Condition]:
    """The conditions by which a date or year column lies in a period.

    Raises:
        NotRead: The column holds years and the period is less than one.
    """
    if _holds_years(draft, column) and not draft.schema.is_temporal(column):
        return _within_years(draft, column, period)
    _say_zone(draft, column)
    found = []
    if period.start is not None:
        found.append(Condition(column, ">=", (period.start,), period.label))
    if period.end is not None:
        found.append(Condition(column, "<", (period.end,), period.label))
    return found


def _say_zone(draft: Draft, column: ColumnRef) -> None:
    """Moments are compared in UTC, as the engines hold them, whatever the zone of whoever asks."""
    declared = draft.schema.column(column).column.type_sql.upper()
    zoned = "WITH TIME ZONE" in declared or declared.startswith("TIMESTAMPTZ")
    if zoned and draft.schema.context.now.utcoffset():
        draft.assume(f"Days of {column} begin at midnight UTC.", "those of another time zone")


def _within_years(draft: Draft, column: ColumnRef, period: Period) -> list[Condition]:
    if not period.whole_years:
        raise NotRead(f"{column} holds years; `{period.label}` asks for less than a year.", (period.label,))
    text = draft.schema.column(column).column.kind == "text"

    def literal(year: int) -> str | int:
        return str(year) if text else year

    first = period.start.year if period.start else None
    last = period.end.year if period.end else None
    if first is not None and last == first + 1:
        return [Condition(column, "=", (literal(first),), period.label)]
    found = [Condition(column, ">=", (literal(first),), period.label)] if first is not None else []
    return found + ([Condition(column, "<", (literal(last),), period.label)] if last is not None else [])


def read_comparisons(draft: Draft) -> None:
    """Read `more than 5`, `between 1 and 9`, `10 or more`, `above the average`."""
    for at in draft.cues("between"):
        _read_between(draft, at)
    for at in draft.cues("suffix_compare"):
        _read_suffix(draft, at)
    for at in draft.cues("compare"):
        _read_compare(draft, at)


def _read_between(draft: Draft, at: int) -> None:
    low = draft.after(at)
    joiner = None if low is None else draft.after(low)
    high = None if joiner is None else draft.after(joiner)
    ends = (low, high)
    if any(e is None or draft.items[e].kind != "number" for e in ends) or joiner is None:
        raise NotRead("I cannot tell which two numbers `between` means.", ("between",))
    assert low is not None
    assert high is not None
    column = _compared_column(draft, high, at, high)
    for position, operator in ((low, ">="), (high, "<=")):
        number = in_unit_of(draft, position, column, said_of_either(draft, low, high))
        draft.conditions.append(Condition(column, CHILD_OPERATORS[operator], (number,), "between", True))
        draft.take(position, "bound")
    draft.take(joiner, "between")
    draft.take(at, f"{column} between")


def _read_suffix(draft: Draft, at: int) -> None:
    number = draft.before(at)
    if number is None or draft.items[number].kind != "number" or draft.items[number].role:
        raise NotRead(f"`{draft.items[at].text}` has no number before it.", (draft.items[at].text,))
    cue = draft.items[at].cue
    assert cue is not None
    draft.take(at, "comparison")
    _compare_number(draft, number, cue.value, left_of=number, right_of=at)


def _read_compare(draft: Draft, at: int) -> None:
    item = draft.items[at]
    assert item.cue is not None
    following = draft.after(at)
    if following is None:
        raise NotRead(f"`{item.text}` is followed by nothing to compare with.", (item.text,))
    other = draft.items[following]
    if other.kind == "number" and not other.role:
        draft.take(at, "comparison")
        _compare_number(draft, following, item.cue.value, left_of=at, right_of=following)
    elif other.is_cue("agg") and other.cue is not None and other.cue.value == "avg":
        _compare_average(draft, at, following)
    elif item.cue.value == "<>" and other.kind in ("value", "quoted"):
        draft.take(at, "not")
        draft.items[at].cue = type(item.cue)("not")
    elif item.cue.value == "=" and other.kind in ("value", "quoted"):
        draft.take(at, "equals")
    else:
        raise NotRead(f"I cannot tell what `{item.text} {other.text}` compares.", (item.text, other.text))


def _compare_number(draft: Draft, number_at: int, operator: str, *, left_of: int, right_of: int) -> None:
    number = draft.items[number_at].number
    assert number is not None
    right = draft.after(right_of, skip=("fill", "all"))
    words = draft.items[left_of].text + " " + draft.items[number_at].text
    if right is not None and draft.items[right].is_cue("distinct"):
        raise NotRead("I do not count different things in a comparison yet.", (draft.items[right].text,))
    adjacent = right is not None and not any(i.is_cue("fill") for i in draft.items[right_of + 1 : right])
    right = _described(draft, right) if adjacent else right
    if right is not None and adjacent and draft.is_name(right) and draft.items[number_at].said is None:
        table = draft.as_table(draft.items[right])
        if table is not None and table == draft.focus:
            return _having(draft, number_at, right, operator, left_of)
        if counts_of_kinds(draft, number_at, right, operator, left_of):
            return
        kept = kept_number(draft.schema, draft.focus, table) if draft.focus and table is not None else None
        if kept is not None:
            draft.take(right, f"column {kept}")
            draft.take(number_at, f"{kept} {operator} {number:f}")
            draft.assume(f"`{draft.items[right].text}` is read as {kept}.")
            return draft.conditions.append(Condition(kept, CHILD_OPERATORS[operator], (number,), words, True))
        if table is not None and number == number.to_integral_value():
            draft.take(right, f"rows of {table}")
            draft.take(number_at, "count")
            draft.linked.append(Linked(table, operator, int(number)))  # type: ignore[arg-type]
            return
    column = _compared_column(draft, number_at, left_of, right_of)
    number = in_unit_of(draft, number_at, column)
    draft.conditions.append(Condition(column, CHILD_OPERATORS[operator], (number,), words, True))
    draft.take(number_at, f"{column} {operator} {number:f}")


def _described(draft: Draft, at: int | None) -> int | None:
    """`exactly one active driver`: the noun that flags and values right behind a number describe."""
    noun = past_values(draft, at)
    return at if noun is None or draft.as_table(draft.items[noun]) is None else noun


def doubted_bounds(reading: Reading, draft: Draft) -> Iterator[str]:
    """Numbers of rows that a reading compares with a flag: `exactly one active driver`."""
    compared = (c for c in reading.conditions if c.operator in CHILD_OPERATORS)
    flags = [c for c in compared if draft.schema.is_flag(c.column)]
    for at, item in enumerate(draft.items) if flags else ():
        behind = draft.after(at)
        links = draft.items[behind].links if behind is not None and item.number is not None else ()
        if any(k.ref == c.column for k in links if not k.is_table for c in flags):
            yield item.text


def _compared_column(draft: Draft, number_at: int, left_of: int, right_of: int) -> ColumnRef:
    """What an adjective goes by, else the column named beside, else the only one that holds such a unit."""
    column = _dimension_of(draft, left_of, number_at)
    if column is not None and fits(draft, number_at, column):
        return column
    try:
        return _numeric_beside(draft, left_of, right_of)
    except NotRead:
        only = only_column(draft, number_at)
        if only is None:
            raise
        return only


def _having(draft: Draft, number_at: int, table_at: int, operator: str, left_of: int) -> None:
    """`cities with more than 3 airports`, where the city is a column of the airports."""
    number = draft.items[number_at].number
    words = f"{draft.items[left_of].text} {draft.items[number_at].text} {draft.items[table_at].text}"
    named = [i for i in range(left_of) if draft.is_name(i) and draft.as_table(draft.items[i]) is None]
    columns = [c for i in named if (c := draft.column(i, lambda c: c.table == draft.focus)) is not None]
    if number is None or number != number.to_integral_value() or not columns or len(columns) != len(named):
        raise NotRead(f"I cannot tell what has {words}.", (words,))
    for position, column in zip(named, columns, strict=True):
        draft.take(position, f"group by {column}")
        draft.groups.append(Grouping(column))
    assert draft.focus is not None
    draft.having = (Target(draft.focus, None, "count"), operator, int(number))
    draft.take(number_at, "count")
    draft.take(table_at, f"rows of {draft.focus}")


def _dimension_of(draft: Draft, at: int, number_at: int) -> ColumnRef | None:
    adjective = draft.items[at].text.lower().split()[0]
    before = draft.before(at)
    beside = draft.as_table(draft.items[before]) if before is not None else None
    focus = beside or draft.focus
    if adjective not in ADJECTIVE_DIMENSIONS or focus is None:
        return None
    if before is not None and draft.is_name(before) and draft.column(before, draft.schema.is_numeric):
        return None
    found = [c for d in ADJECTIVE_DIMENSIONS[adjective] for c in dimension_columns(draft, focus, d)]
    found = [c for c in found if fits(draft, number_at, c)]
    return found[0] if len(found) == 1 else None


def _numeric_beside(draft: Draft, left_of: int, right_of: int) -> ColumnRef:
    for position in (draft.before(left_of), draft.after(right_of)):
        if position is None or draft.items[position].kind != "name":
            continue
        if draft.as_table(draft.items[position]) is not None or is_had_apart(draft, right_of, position):
            continue
        test = _is_measured if position > right_of else _measurable
        column = draft.column(position, lambda c, test=test: test(draft, c))  # type: ignore[misc]
        if column is not None:
            if not draft.items[position].role:
                draft.take(position, f"column {column}")
            return column
    words = draft.items[left_of].text
    raise NotRead(f"I cannot tell which column `{words}` is about.", (words,))


def is_had_apart(draft: Draft, number: int, at: int) -> bool:
    """`bookings over 500 WITH A discount`: what rows have, said behind a number, is not what is compared."""
    between = [w for i in draft.items[number + 1 : at] for w in i.text.lower().split()]
    return number < at and bool(WITH & {*between}) and between[-1:] != ["of"]


def doubted_numbers_moved(reading: Reading, draft: Draft) -> Iterator[str]:
    """Numbers that a reading compares with a column that the question says only of what rows have as well."""
    for condition in reading.conditions:
        for at, item in enumerate(draft.items):
            if item.number is None or item.number not in condition.values:
                continue
            named = [
                i
                for i, x in enumerate(draft.items)
                if any(k.ref == condition.column for k in x.links if k.column)
            ]
            if named and all(is_had_apart(draft, at, i) for i in named):
                yield item.text


def _measurable(draft: Draft, column: ColumnRef) -> bool:
    return draft.schema.column(column).column.kind in ("integer", "decimal") and not draft.schema.is_key(
        column
    )


def _is_measured(draft: Draft, column: ColumnRef) -> bool:
    """Whether so many of it may be asked for: not of a flag, which rows have or have not."""
    return _measurable(draft, column) and not draft.schema.is_flag(column)


def _compare_average(draft: Draft, at: int, average: int) -> None:
    column_at = measure_said(draft, average)
    cue = draft.items[at].cue
    assert cue is not None
    column = None
    if column_at is not None:
        column = draft.column(column_at, lambda c: _measurable(draft, c))
    if column is None:
        column = _numeric_beside(draft, at, at)
    elif column_at is not None and not draft.items[column_at].role:
        draft.take(column_at, f"column {column}")
    left = draft.before(at)
    if left is not None and draft.is_name(left) and draft.column(left, lambda c: c == column):
        draft.take(left, f"column {column}")
    if cue.value not in (">", ">=", "<", "<="):
        raise NotRead("I only compare with an average by more or less than.", (draft.items[at].text,))
    within = average_of_group(draft, average, column)
    draft.against_average.append(AgainstAverage(column, cue.value, within))  # type: ignore[arg-type]
    draft.take(at, "comparison")
    draft.take(average, f"average of {column}")


def read_absence(draft: Draft) -> None:
    """Read `without orders`, `who never ordered`, `has no email`, `missing phone`."""
    for at in draft.cues("without"):
        following = draft.after(at)
        if following is None or not draft.is_name(following):
            raise NotRead(f"I cannot tell what `{draft.items[at].text}` leaves out.", (draft.items[at].text,))
        table = draft.as_table(draft.items[following])
        if table is not None and table != draft.focus:
            _refuse_restricted(draft, following)
            draft.linked.append(Linked(table, "not exists"))
            draft.take(following, f"no rows of {table}")
        elif table is not None or _has_value_after(draft, following):
            raise NotRead(f"I cannot tell what `{draft.items[at].text}` leaves out.", (draft.items[at].text,))
        else:
            _null(draft, following)
        draft.take(at, "absence")
    for at in draft.cues("null"):
        beside = next((p for p in (draft.before(at), draft.after(at)) if _is_column(draft, p)), None)
        if beside is None:
            raise NotRead(f"I cannot tell what is {draft.items[at].text}.", (draft.items[at].text,))
        _null(draft, beside)
        draft.take(at, "absence")


def _has_value_after(draft: Draft, at: int) -> bool:
    following = draft.after(at)
    return following is not None and draft.items[following].kind in ("value", "quoted", "number")


def _refuse_restricted(draft: Draft, at: int) -> None:
    """`without an order over 100`: the number may restrict what is absent, or what is asked for."""
    for item in draft.items[at:]:
        if item.kind in ("value", "quoted") or item.role.startswith(("bound", "comparison")) or item.number:
            raise NotRead(f"I cannot tell whether `{item.text}` restricts what is absent.", (item.text,))


def _is_column(draft: Draft, at: int | None) -> bool:
    return at is not None and draft.is_name(at) and draft.as_table(draft.items[at]) is None


def _null(draft: Draft, at: int) -> None:
    column = draft.column(at)
    if column is not None and draft.schema.is_flag(column):
        draft.conditions.append(Condition(column, "false", (), draft.items[at].text))
        state_unflagged(draft, column)
        return draft.take(at, f"{column} is false")
    if column is None:
        raise NotRead(
            f"I cannot tell what is missing from `{draft.items[at].text}`.", (draft.items[at].text,)
        )
    read_absent(draft, at, column)

"""Zero, empty and missing: what a column holds in rows that have nothing of it.

`no discount` is not only a missing one: an amount of zero is none, and neither is an empty text.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Condition, Grouping, Linked, NotRead, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.verbs import is_additive

STORED = frozenset({"stock", "inventory"})
HOLDING = frozenset({"in", "with", "have", "has", "having"})
NOTHING = frozenset({"", "no", "none", "n/a", "nothing"})
"""Texts, in small letters, that say that there is none."""

UNCOUNTED = STORED | {"supply", "balance", "credit", "capacity", "money", "cash"}
"""Words for what there may be more or less of, rows of a table or not."""


def blank_of(schema: Schema, column: ColumnRef) -> int | str | None:
    """What the column may hold, besides missing values, where there is nothing: 0, `No`, an empty text."""
    profile = schema.column(column).profile
    if schema.is_flag(column):
        return None
    if schema.column(column).column.kind == "text":
        return next(iter(_texts_for_none(schema, column)), None)
    if not schema.is_numeric(column):
        return None
    low, high = (_number(profile.low), _number(profile.high)) if profile is not None else (None, None)
    unknown = profile is None or (profile.rows > profile.nulls and (low is None or high is None))
    return 0 if unknown or (low is not None and high is not None and low <= 0 <= high) else None


def _texts_for_none(schema: Schema, column: ColumnRef) -> list[str]:
    """Texts by which a column says that there is nothing: an empty one, `No`, `none`."""
    profile = schema.column(column).profile
    held = {profile.low, *(value for value, _ in profile.top)} if profile is not None else set()
    return sorted(v for v in held if v is not None and v.casefold() in NOTHING)


def _number(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text is not None else None
    except InvalidOperation:
        return None


def read_absent(draft: Draft, at: int, column: ColumnRef) -> None:
    """Take rows that have no such thing: `no refills`, `missing refills`.

    Raises:
        NotRead: The column holds zeros and missing values, of which either may be meant.
    """
    words, blank = draft.items[at].text, blank_of(draft.schema, column)
    if isinstance(blank, str) and len(_texts_for_none(draft.schema, column)) > 1:
        raise NotRead(f"{column} says in several ways that there is no `{words}`.", (words,), final=True)
    beside = [p for p in (draft.before(at), draft.after(at)) if p is not None]
    if blank is None or any(draft.items[p].is_cue("null") for p in beside):
        draft.conditions.append(Condition(column, "null", (), words))
        return draft.take(at, f"{column} is missing")
    none, missing = Condition(column, "=", (blank,), words), Condition(column, "null", (), words)
    if not has_gaps(draft.schema, column):
        draft.conditions.append(none)
        draft.assume(f"No `{words}` is read as {column} being {_said(blank)}; it is never missing.")
    elif (blank == "" or is_additive(draft, column)) and not draft.either:
        draft.either += [none, missing]
        draft.assume(f"No `{words}` is read as {column} being {_said(blank)} or missing.")
    else:
        raise _refuse_both(words, column, blank)
    draft.take(at, f"{column} is nothing")


def read_present(draft: Draft, at: int, column: ColumnRef) -> None:
    """Take rows that have such a thing: `with a discount`.

    Raises:
        NotRead: The column holds zeros and missing values, of which the former may count, or yes and no.
    """
    if draft.schema.is_flag(column):
        said = draft.items[at].text
        raise NotRead(f"I cannot tell which value of {column} is meant.", (said,), final=True)
    words, blank = draft.items[at].text, blank_of(draft.schema, column)
    if blank is None:
        draft.conditions.append(Condition(column, "not null", (), words))
        return draft.take(at, f"{column} is known")
    if has_gaps(draft.schema, column) and blank == 0 and not is_additive(draft, column):
        raise _refuse_both(words, column, blank)
    profile = draft.schema.column(column).profile
    low = _number(profile.low) if profile is not None else None
    above = blank == 0 and low is not None and low >= 0
    draft.conditions.append(Condition(column, ">" if above else "<>", (blank,), words))
    draft.assume(f"Rows with {_said(blank)} in {column} are taken to have no `{words}`.")
    draft.take(at, f"{column} is something")


def _refuse_both(words: str, column: ColumnRef, blank: int | str) -> NotRead:
    reason = f"{column} holds {_said(blank)} and missing values; I cannot tell which is no `{words}`."
    return NotRead(reason, (words,), final=True)


def _said(blank: int | str) -> str:
    return "an empty text" if blank == "" else str(blank)


def stands_for_none(condition: Condition) -> bool:
    """Whether it is about zero or an empty text, which no number or value of the question asks for."""
    return condition.values in ((0,), ("",)) and not condition.named


def has_gaps(schema: Schema, column: ColumnRef) -> bool:
    """Whether rows lack a value of the column, as far as anybody knows."""
    profile = schema.column(column).profile
    return profile is None or profile.nulls > 0


def unlabelled(schema: Schema, groups: Sequence[Grouping]) -> list[ColumnRef]:
    """Columns of groups of which rows lack a value: such rows are no group that could lead a ranking."""
    return [g.column for g in groups if has_gaps(schema, g.column)]


def state_unlabelled(draft: Draft) -> None:
    """Leave rows out that are in no group of a ranking or of time, and say so."""
    for column in unlabelled(draft.schema, draft.groups) if draft.limit is not None else ():
        draft.assume(f"Rows that have no {column.column} are left out.")
    for group in draft.groups:
        dated = group.bucket is not None and has_gaps(draft.schema, group.column)
        if dated and all(c.column != group.column for c in draft.conditions):
            # What has not happened yet is in no month.
            leave_out_unlabelled(draft, group.column)


def leave_out_unlabelled(draft: Draft, column: ColumnRef) -> None:
    """Leave rows out that have no value of a column, where there may be some, and say so."""
    if has_gaps(draft.schema, column):
        draft.conditions.append(Condition(column, "not null"))
        draft.assume(f"Rows that have no {column.column} are left out.")


def doubted_blanks(reading: Reading, schema: Schema, items: Sequence[Item]) -> Iterator[str]:
    """Words of which a reading takes only the missing, where the column holds zeros or empty texts too."""
    if any(i.is_cue("null") for i in items):
        return
    conditions = (*reading.conditions, *(t.condition for t in reading.tests), *reading.either)
    zeros = {c.column for c in reading.either if c.operator == "="}
    for condition in conditions:
        bare = condition.operator in ("null", "not null") and condition.column not in zeros
        if bare and blank_of(schema, condition.column) is not None:
            yield condition.words or condition.column.column


def read_stock(draft: Draft) -> None:
    """`in stock`, of a table whose rows may hold none: those that hold some.

    Raises:
        NotRead: Rows of what is asked for may hold nothing, or several columns say how much.
    """
    for linked in list(draft.linked):
        at = next(
            (i for i, item in enumerate(draft.items) if _is_mass(item, linked, draft.as_table(item))), None
        )
        columns = _quantities(draft.schema, linked.table) if at is not None else []
        if at is None or not columns:
            continue
        words = draft.items[at].text
        before = draft.items[at - 1].text.lower().split()[-1] if at > 0 else ""
        held = before in HOLDING and words.lower() in STORED
        if len(columns) != 1 or not held or linked.operator != "exists":
            named = " or ".join(map(str, columns[:3]))
            raise NotRead(f"Rows of {linked.table} may hold none: name {named}.", (words,), final=True)
        draft.linked.remove(linked)
        draft.conditions.append(Condition(columns[0], ">", (0,), words))
        draft.assume(f"`{before} {words}` is read as {columns[0]} over 0.")


def doubted_stock(reading: Reading, schema: Schema, items: Sequence[Item]) -> Iterator[str]:
    """Words for a thing that rows may hold none of, where a reading asks only whether there are rows."""
    for linked in reading.linked:
        for item in items:
            tables = [k.table for k in item.links[:1] if k.is_table]
            if _is_mass(item, linked, tables[0] if tables else None) and _quantities(schema, linked.table):
                yield item.text


def _is_mass(item: Item, linked: Linked, table: TableRef | None) -> bool:
    """Whether the table is named by a word that is never counted: rows of it are no pieces."""
    asked = linked.operator in ("exists", "not exists")
    return asked and table == linked.table and item.text.lower() in UNCOUNTED


def _quantities(schema: Schema, table: TableRef) -> list[ColumnRef]:
    columns = [ColumnRef(table, c.name) for c in schema.card(table).columns]
    return [c for c in columns if blank_of(schema, c) == 0]

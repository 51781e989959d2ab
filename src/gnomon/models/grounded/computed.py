"""Read what a question computes: counts, aggregates, shares."""

from collections.abc import Iterator
from typing import cast

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.amounts import is_one, numbers_of, own_amount
from gnomon.models.grounded.draft import AMBIGUITY_MARGIN, Draft
from gnomon.models.grounded.flags import count_flagged, happened, noun_behind
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import Aggregate, NotRead, Reading, Target
from gnomon.models.grounded.units import ends_in_unit
from gnomon.models.grounded.verbs import is_additive
from gnomon.models.grounded.words import ADDITIVE, lemma, name_words, stem

BEFORE_NAMES = ("fill", "all", "distinct", "list")
VERBS_OF_THE_PART = frozenset({"are", "is", "was", "were", "have", "has", "had"})
COMING = frozenset(
    {"comes from", "come from", "came from", "came through", "come through", "came via", "come via"}
)
RATES = frozenset({"percent", "rate", "ratio", "average"})
"""Words of columns that do not add up."""

QUANTITIES = frozenset(stem(w) for w in ("quantity", "amount", "weight", "volume", "total", "net"))
TOTALS = frozenset({"total", "overall"})
SUMMING_OPENERS = frozenset(
    {"what was", "what is", "what were", "what are", "how much", "show", "give me", "show me"}
)


def read_implied_sums(draft: Draft) -> None:
    """`our net revenue in 2025`, `net revenue per region`: amounts that people mean added up."""
    if draft.cues("count", "agg", "share", "superlative") or draft.targets or draft.order is not None:
        return
    grouped = bool(draft.cues("each", "group", "time_group"))
    plain = [i for i in draft.items if draft.as_table(i) is not None]
    asked = bool(draft.items) and draft.items[0].text.lower() in SUMMING_OPENERS
    total = total_asked(draft)
    if not grouped and (plain or not asked) and total is None:
        return
    for deed in draft.open("name"):
        _past_deed(draft, deed)
    for at in draft.open("name") if grouped or not plain else [total]:
        if at is None or draft.as_table(draft.items[at]) is not None:
            continue
        column = draft.column(at, lambda c, at=at: _adds_up(draft, c, whole=at == total))  # type: ignore[misc]
        if column is not None:
            draft.take(at, f"sum of {column}")
            draft.targets.append(Target(column.table, column.column, "sum"))
            draft.assume(f"{column} is added up.", "say `average` to mean that")


def total_asked(draft: Draft) -> int | None:
    """`total charge of emergency visits`, of a column `total_charge`: the first thing asked for, alone."""
    at = next((i for i, item in enumerate(draft.items) if item.kind == "name"), None)
    if at is None or not draft.items[at].text.lower().startswith("total"):
        return None
    before = {i.text.lower() for i in draft.items[:at] if not i.is_cue("fill")}
    beside = draft.after(at)
    listed = beside is not None and draft.items[beside].is_cue("and", "each")
    return at if before <= SUMMING_OPENERS and not listed else None


def doubted_totals(reading: Reading, draft: Draft) -> Iterator[str]:
    """The words of a total, where a reading lists what they ask to add up."""
    at = total_asked(draft)
    computed = any(t.aggregate for t in reading.targets) or reading.exists_only
    if at is not None and draft.as_table(draft.items[at]) is None and not computed:
        yield draft.items[at].text
    ranked = reading.order.target if reading.order is not None else None
    for target in (*reading.targets, *([ranked] if ranked is not None else [])):
        if target.aggregate == "sum" and target.ref is not None and _says_when(draft, target.ref):
            yield target.ref.column


def _says_when(draft: Draft, column: ColumnRef) -> bool:
    """Whether it holds years or dates, as numbers or not: these come to nothing."""
    return "date" in name_words(column.column) or column in draft.schema.year_columns(column.table)


def _adds_up(draft: Draft, column: ColumnRef, *, whole: bool) -> bool:
    """Whether the column holds amounts, by its name, or is asked for as a total."""
    held = whole and draft.schema.is_numeric(column) and not draft.schema.is_flag(column)
    return held or is_additive(draft, column)


def read_computed(draft: Draft) -> None:
    """Read counts, aggregates and shares."""
    for at in draft.cues("share"):
        _read_share(draft, at)
    for at in draft.cues("count"):
        following = draft.after(at, skip=BEFORE_NAMES)
        before = draft.before(at)
        if before is not None and draft.items[before].is_cue("agg") and not draft.items[before].role:
            continue
        if following is not None and draft.items[following].is_cue("count", "agg"):
            draft.take(at, "count")
            continue
        following = past_values(draft, following)
        if following is None or not draft.is_name(following):
            raise NotRead(f"I cannot tell what `{draft.items[at].text}` counts.", (draft.items[at].text,))
        distinct = any(i.is_cue("distinct") for i in draft.items[at:following])
        target = counted(draft, following, distinct)
        draft.targets.append(target)
        if target.aggregate == "sum":
            _also_measured(draft, following, ["sum"])
        draft.take(at, "count")
    _read_aggregates(draft)


def past_values(draft: Draft, at: int | None) -> int | None:
    """`how many ACTIVE customers`: look past values and flags that stand before the noun."""
    while at is not None:
        item = draft.items[at]
        following = draft.after(at)
        flag = item.kind == "name" and draft.as_table(item) is None and _describes(draft, at)
        said = item.kind == "name" and _has_its_value_behind(draft, at)
        if not (item.kind in ("value", "period") or item.is_cue("distinct", "not") or flag or said):
            return at
        if following != at + 1:
            return None
        at = following
    return None


def _has_its_value_behind(draft: Draft, at: int) -> bool:
    """`how many GRADE A referees`: a column right before a value of it restricts, and is not counted."""
    item, behind = draft.items[at], draft.items[at + 1 : at + 2]
    if draft.as_table(item) is not None or not behind or behind[0].kind not in ("value", "quoted"):
        return False
    columns = {k.ref for k in item.links if not k.is_table}
    return any(v.column in columns for v in behind[0].values)


def fixed_counts(reading: Reading) -> Iterator[ColumnRef]:
    """Columns whose different values are counted although a condition leaves one, or those that it names."""
    fixed = {c.column for c in reading.conditions if c.operator in ("=", "in")}
    for target in reading.targets:
        if target.aggregate == "count" and target.ref is not None and target.ref in fixed:
            yield target.ref


def refuse_fixed_counts(reading: Reading) -> Reading:
    """The reading, unless it counts the values of a column that it restricts to some.

    Raises:
        NotRead: It counts the grades of those whose grade is A.
    """
    for column in fixed_counts(reading):
        raise NotRead(f"I cannot tell what is counted where {column.column} is given.", (column.column,))
    return reading


def _describes(draft: Draft, at: int) -> bool:
    """Whether a flag, or a date that says what happened, stands before the noun that is counted."""
    if noun_behind(draft, at) is None:
        return False
    return draft.column(at, draft.schema.is_flag) is not None or happened(draft, at) is not None


def counted(draft: Draft, at: int, distinct: bool = False) -> Target:
    """What counting the name at a position means: a table's rows, or a column's different values."""
    table = draft.as_table(draft.items[at])
    if table is not None:
        if not draft.items[at].role:
            draft.take(at, f"rows of {table}")
        return Target(table, None, "count")
    behind = draft.items[at + 1] if at + 1 < len(draft.items) else None
    if behind is not None and draft.as_table(behind) is not None:
        words = f"{draft.items[at].text} {behind.text}"
        raise NotRead(f"I cannot tell which are the `{words}`.", (words,))
    column = draft.column(at)
    if column is None:
        raise NotRead(f"I cannot count `{draft.items[at].text}`.", (draft.items[at].text,))
    if draft.schema.is_flag(column):
        return count_flagged(draft, at, column, distinct=distinct)
    draft.take(at, f"values of {column}")
    if draft.schema.is_numeric(column) and not distinct and _is_total(draft, at):
        return Target(column.table, column.column, "sum")
    if draft.schema.is_numeric(column) and not distinct:
        raise NotRead(f"`{draft.items[at].text}` could be counted or summed.", (draft.items[at].text,))
    if not distinct and not draft.schema.is_key(column):
        draft.assume(f"Different values of {column} are counted.", "ask for the number of rows instead")
    return Target(column.table, column.column, "count", distinct=True)


def _is_total(draft: Draft, at: int) -> bool:
    """`the total number of passengers`, where passengers are a number in each row."""
    cue = draft.before(at, skip=BEFORE_NAMES)
    return cue is not None and "total" in draft.items[cue].text.lower()


def measured(draft: Draft, at: int, aggregate: str) -> Target:
    """An aggregate of the column that the name at a position means."""
    column = draft.column(at, draft.schema.is_numeric) or own_measure(draft, at)
    if column is None and aggregate in ("min", "max"):
        column = draft.column(at, draft.schema.is_temporal)
    if column is None:
        column = _own_amount(draft, at, aggregate)
    if column is None:
        raise NotRead(f"`{draft.items[at].text}` holds no numbers to compute with.", (draft.items[at].text,))
    draft.take(at, f"{aggregate} of {column}")
    return Target(column.table, column.column, cast(Aggregate, aggregate))


def _own_amount(draft: Draft, at: int, aggregate: str) -> ColumnRef | None:
    """`average fine`, of fines that have an amount; None for what is no row of a table.

    Raises:
        NotRead: It may be another of their numbers, or how many there are.
    """
    item = draft.items[at]
    table = draft.as_table(item)
    if table is None or aggregate == "sum" or not is_one(item.text):
        return None
    amount, numbers = own_amount(draft, table), numbers_of(draft, table)
    if amount is None and numbers:
        could = " or ".join(map(str, numbers[:4]))
        raise NotRead(f"`{item.text}` is a row, and what it comes to could be {could}.", (item.text,))
    if amount is not None:
        draft.assume(f"`{item.text}` is read as {amount}.", "name another column", 0.9)
    return amount


def own_measure(draft: Draft, at: int) -> ColumnRef | None:
    """`daily active users`, a table with one row a day whose column `active_users` is meant."""
    table = draft.as_table(draft.items[at])
    if table is None:
        return None
    words = name_words(table.name)
    own = [ColumnRef(table, c.name) for c in draft.schema.card(table).columns]
    found = [c for c in own if words[-len(name_words(c.column)) :] == name_words(c.column)]
    return found[0] if len(found) == 1 and draft.schema.is_numeric(found[0]) else None


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
            words = (draft.items[at].text, draft.items[following].text)
            raise NotRead(f"I cannot tell over which groups `{' '.join(words)}` is.", words, final=True)
        following = _past_deed(draft, _past_number_of(draft, past_values(draft, following)))
        _apply(draft, pending, following)
        pending = []
    if pending:
        raise NotRead("An aggregate has no column.", tuple(draft.items[i].text for i in pending))


def _past_number_of(draft: Draft, at: int | None) -> int | None:
    """`the average number of followers`, where followers are a number in each row."""
    if at is None or not draft.items[at].is_cue("count"):
        return at
    following = draft.after(at, skip=BEFORE_NAMES)
    table = draft.as_table(draft.items[following]) if following is not None else None
    counts_rows = table is not None and following is not None and own_measure(draft, following) is None
    if following is None or not draft.is_name(following) or counts_rows:
        raise NotRead("I do not aggregate counts yet.", (draft.items[at].text,))
    draft.take(at, "number of")
    return following


def _past_deed(draft: Draft, at: int | None) -> int | None:
    """`total HARVESTED kg`, of harvests of which one column says how many kilograms there were."""
    behind = at + 1 if at is not None else 0
    table = draft.as_table(draft.items[at]) if at is not None else None
    if (
        at is None
        or table is None
        or not is_done(draft.items[at].text.lower())
        or not draft.is_name(behind if behind < len(draft.items) else None)
    ):
        return at
    found = [
        k.ref for k in draft.items[behind].links if k.column and k.table == table and _is_quantity(k.ref)
    ]
    if len(found) != 1:
        return at
    draft.take(at, f"rows of {table}")
    draft.items[behind].resolved = found[0]
    draft.assume(f"`{draft.items[at].text} {draft.items[behind].text}` is read as {found[0]}.")
    return behind


def _is_quantity(column: ColumnRef) -> bool:
    """Whether its name says no more than how much there is, and in what."""
    words = tuple(map(stem, name_words(column.column)))
    return ends_in_unit(words) and set(words[:-1]) <= QUANTITIES


def _apply(draft: Draft, pending: list[int], following: int | None) -> None:
    words = tuple(draft.items[i].text for i in pending)
    if following is None or not draft.is_name(following):
        raise NotRead(f"I cannot tell what `{' and '.join(words)}` is of.", words)
    aggregates = [cue.value for i in pending if (cue := draft.items[i].cue) is not None]
    for at, aggregate in zip(pending, aggregates, strict=True):
        draft.items[following].role = ""
        table = draft.as_table(draft.items[following])
        measure = own_measure(draft, following) or _said_measure(draft, following)
        if aggregate == "sum" and table is not None and measure is None:
            if amounts := _amounts_of(draft, following, table):
                raise NotRead(
                    f"A total of {table} could be of {' or '.join(amounts[:3])}, or a count.", words
                )
            draft.assume(
                f"`{words[0]} {draft.items[following].text}` is read as how many there are.", certainty=0.8
            )
            draft.targets.append(counted(draft, following))
        else:
            draft.targets.append(measured(draft, following, aggregate))
        draft.take(at, aggregate)
    _also_measured(draft, following, aggregates)


def _said_measure(draft: Draft, at: int) -> ColumnRef | None:
    """`total claimed`, of claims that have a `claimed_usd`: a column is called so as surely as the table."""
    links = draft.items[at].links
    least = max((k.score for k in links if k.is_table), default=0.0) - AMBIGUITY_MARGIN
    found = {k.ref for k in links if not k.is_table and k.score >= least and draft.schema.is_numeric(k.ref)}
    return found.pop() if len(found) == 1 else None


def _amounts_of(draft: Draft, at: int, table: TableRef) -> list[str]:
    """What a total of rows could be of; where the word is no plural, any number that they hold."""
    columns = [ColumnRef(table, c.name) for c in draft.schema.card(table).columns]
    words = draft.items[at].text.lower()
    numbers = [c for c in columns if draft.schema.is_numeric(c) and not draft.schema.is_flag(c)]
    singular = words == lemma(words)
    columns = [c for c in columns if not RATES & {*name_words(c.column)}]
    return [c.column for c in columns if ADDITIVE & {*name_words(c.column)} or (singular and c in numbers)]


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
        draft.targets.append(measured(draft, second, aggregates[0]))


def _read_share(draft: Draft, at: int) -> None:
    following = draft.after(at, skip=BEFORE_NAMES)
    described = following is not None and _is_part(draft, at, following)
    if following is not None and not described and _read_share_of_amount(draft, at, following):
        return
    following = following + 1 if described and following is not None else following
    table = draft.as_table(draft.items[following]) if following is not None else None
    if table is None or following is None or not draft.is_name(following):
        raise NotRead("I cannot tell of what the share is.", (draft.items[at].text,))
    if not described:
        _refuse_inner_part(draft, following)
    draft.take(following, f"rows of {table}")
    draft.take(at, "share")
    draft.focus = table
    draft.share = True


def _read_share_of_amount(draft: Draft, at: int, following: int) -> bool:
    """`percentage of maintenance cost`, `of the total fare`: a part of an amount and not of the rows.

    Raises:
        NotRead: It is of a number that does not add up.
    """
    total = draft.items[following].is_cue("agg") and draft.items[following].text.lower() in TOTALS
    noun = draft.after(following, skip=BEFORE_NAMES) if total else following
    amount = _amount_behind(draft, noun) if noun is not None and draft.is_name(noun) else None
    if noun is None or amount is None:
        return False
    column = draft.column(amount, draft.schema.is_numeric)
    if column is None or not (total or is_additive(draft, column)):
        raise NotRead(f"I cannot tell a part of `{draft.items[amount].text}`.", (draft.items[amount].text,))
    _refuse_inner_part(draft, amount)
    for position in {at, following, noun, amount}:
        draft.take(position, f"share of {column}")
    draft.assume(f"The share is that of {column} added up, not of the number of rows.")
    draft.targets.append(Target(column.table, column.column, "sum"))
    draft.focus, draft.share = column.table, True
    return True


def _amount_behind(draft: Draft, at: int) -> int | None:
    """The position of the amount: a column, or the one right behind the noun of its table in the singular.

    `What percentage of flights cost more than 500` is about flights.
    """
    table, behind = draft.as_table(draft.items[at]), at + 1
    if table is None:
        return at
    compared = draft.after(behind)
    told = compared is not None and draft.items[compared].is_cue("compare", "between", "suffix_compare")
    if not is_one(draft.items[at].text) or not draft.is_name(behind if behind < len(draft.items) else None):
        return None
    own = any(
        k.table == table and draft.schema.is_numeric(k.ref) for k in draft.items[behind].links if k.column
    )
    return behind if own and not told and draft.as_table(draft.items[behind]) is None else None


def _is_part(draft: Draft, at: int, following: int) -> bool:
    """`share of hidden reviews`: a flag or state right before the noun is the part, of all the rows.

    Only a period may stand behind: of `cancelled orders that were refunded` the cancelled are the whole.
    """
    item, rest = draft.items[following], draft.items[following + 1 :]
    table = draft.as_table(rest[0]) if rest else None
    if table is None or any(i.kind != "cue" for i in draft.items[:at]):
        return False
    own = any(v.column.table == table and v.kind in ("exact", "folded", "stemmed") for v in item.values)
    flag = item.kind == "name" and any(
        not k.is_table and k.table == table and draft.schema.is_flag(k.ref) for k in item.links
    )
    return (flag or (item.kind == "value" and own)) and all(
        i.kind == "period" or not any(map(str.isalnum, i.text)) for i in rest[1:]
    )


def _refuse_inner_part(draft: Draft, at: int) -> None:
    """`what share of enrollments IN CRAFTS are completed`: the whole is restricted, not the part."""
    for item in draft.items[at + 1 :]:
        said = item.text.lower()
        if item.is_cue("fill") and (said.split()[-1] in VERBS_OF_THE_PART or said in COMING):
            return
        if item.kind in ("value", "quoted", "number") or item.is_cue("compare"):
            raise NotRead(
                f"I cannot tell whether `{item.text}` restricts the whole or the part.", (item.text,)
            )

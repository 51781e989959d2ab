"""Read words that the data hold: which column they are a value of, or why that cannot be told."""

from decimal import Decimal

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import ValueMatch
from gnomon.models.grounded.attached import (
    by_column,
    leads_elsewhere,
    placed_by,
    placed_in,
    refuse_both_ways,
    said_of,
    several,
    way_chosen,
)
from gnomon.models.grounded.beside import refuse_had
from gnomon.models.grounded.coded import is_of_sex
from gnomon.models.grounded.countries import is_same_country
from gnomon.models.grounded.directions import direction
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.nearest_place import nearest_place
from gnomon.models.grounded.past_states import deny_by_date
from gnomon.models.grounded.reading import Condition, NotRead, Operator
from gnomon.models.grounded.relative_clauses import own_of_clause
from gnomon.models.grounded.tagging import Item


def read_values(draft: Draft) -> None:
    """Turn words found in the data, and quoted words, into conditions on the column that holds them."""
    for at in draft.open("quoted", "value"):
        if draft.items[at].kind == "quoted" and not draft.items[at].values:
            _read_quoted(draft, at)
        else:
            read_value(draft, at)
    _merge_alternatives(draft)


def read_value(draft: Draft, at: int) -> None:
    """Turn one word found in the data into the last of the conditions.

    Raises:
        NotRead: It is a value of several columns, or only like one.
    """
    item = draft.items[at]
    match = _choose(draft, at)
    if item.kind == "quoted" and match.kind == "fuzzy":
        raise NotRead(f"There is no '{item.text}'; did you mean '{match.value}'?", (item.text,))
    like = match.kind == "fuzzy" or (match.kind == "stemmed" and not _names_rows(draft, at, match.column))
    if like and match.column.table != draft.focus:
        raise NotRead(
            f"`{item.text}` is only like a value ('{match.value}' of {match.column}).", (item.text,)
        )
    operator: Operator = "<>" if _negated(draft, at) else "="
    refuse_had(draft, at, match.column)
    if operator == "<>" and deny_by_date(draft, at, match):
        return
    item.resolved = match.column
    said = False
    named = [p for p in (draft.before(at), draft.after(at)) if p is not None and draft.is_name(p)]
    for position in named:
        links = {k.ref for k in draft.items[position].links if not k.is_table}
        if match.column in links and draft.as_table(draft.items[position]) is None:
            draft.take(position, f"column {match.column}")
            said = True
            break
    profile = draft.schema.column(match.column).profile
    if operator == "<>" and profile is not None and profile.nulls:
        draft.assume(f"Rows without a {match.column.column} are left out.")
    spellings = spellings_of(item, match)
    if len(spellings) > 1:
        draft.assume(f"{' and '.join(map(repr, spellings))} of {match.column} are taken as one.")
        operator = "in" if operator == "=" else "not in"
    of, by = _attached(draft, at, match)
    draft.conditions.append(Condition(match.column, operator, spellings, item.text, said, of, by))
    certainty = 1.0 if match.kind in ("exact", "folded") else 0.6 + 0.4 * match.score
    draft.take(at, f"{match.column} {operator} '{match.value}'", certainty)
    if match.kind in ("stemmed", "fuzzy"):
        draft.assume(f"`{item.text}` is read as the value '{match.value}' of {match.column}.", certainty=0.85)


def _names_rows(draft: Draft, at: int, column: ColumnRef) -> bool:
    """Whether a word like a value says which rows are spoken of: a sex, or a kind with its noun behind it."""
    behind = draft.items[at + 1] if at + 1 < len(draft.items) else None
    return is_of_sex(column.column) or (behind is not None and draft.as_table(behind) == column.table)


def _attached(draft: Draft, at: int, match: ValueMatch) -> tuple[TableRef | None, str]:
    """The rows that the value is said of, and the column by which they lead to it, where that is a question.

    Raises:
        NotRead: Several columns lead there, and nothing says which is meant.
    """
    way = way_chosen(draft, at, [match])
    if way is not None:
        return way[1].table, way[1].column
    of = said_of(draft, at, match.column)
    start = of or draft.focus
    if start is None:
        return of, ""
    focus = draft.focus
    if of is not None and focus is not None and leads_elsewhere(draft.schema, focus, of, match.column.table):
        draft.assume(f"`{draft.items[at].text}` is said of {of}, not of {focus}.", f"or of {focus}")
    return of, by_column(draft, at, start, match)


def spellings_of(item: Item, match: ValueMatch) -> tuple[str, ...]:
    """The stored values of the column that differ from the match in case alone, the likeliest first.

    A country is one in all its spellings, `US` and `USA`.
    """
    same = dict.fromkeys((*(v.value for v in item.values if v.column == match.column), match.value))
    word = match.value.casefold()
    return tuple(v for v in same if v.casefold() == word or is_same_country(v, word))


def _negated(draft: Draft, at: int) -> bool:
    before = draft.before(at)
    if before is not None and draft.items[before].kind == "name":
        earlier = draft.before(before)
        before = earlier if earlier is not None and draft.items[earlier].is_cue("not") else before
    if before is None or not draft.items[before].is_cue("not"):
        return False
    draft.items[before].role = "not"
    return True


def _choose(draft: Draft, at: int) -> ValueMatch:
    item = draft.items[at]
    known = [v for v in item.values if v.column.table in set(draft.schema.tables())]
    if not known:
        raise NotRead(f"`{item.text}` is a value of a table that is out of sight.", (item.text,))
    chosen = draft.chosen(item.text)
    picked = [v for v in known if str(v.column) == chosen]
    way = way_chosen(draft, at, known)
    if picked or way is not None:
        return picked[0] if way is None else way[0]
    placed = placed_by(draft, at, known) or placed_in(draft, at, known)
    if placed is not None:
        return placed
    known = own_of_clause(draft, at, known) or known
    known = _not_its_own_name(draft, at, _of_noun_after(draft, at, known))
    beside = _beside_columns(draft, at)
    mentioned = set(draft.mentioned())
    for allowed in (
        lambda v: v.column in beside,
        lambda v: v.column.table == draft.focus,
        lambda v: v.column.table in mentioned,
        lambda v: (
            draft.focus is not None and bool(draft.schema.paths(draft.focus, v.column.table, many=False))
        ),
        lambda v: True,
    ):
        near = sorted((v for v in known if allowed(v)), key=lambda v: (-_likeness(item, v), -v.rows))
        if not near:
            continue
        _refuse_other_spelling(draft, at, near[0], known, beside)
        _refuse_other_parent(draft, at, near[0], known)
        tied = {v.column for v in near if _likeness(item, near[0]) - _likeness(item, v) < 0.02}
        own = [c for c in tied if c.table == draft.focus]
        if len(tied) > 1 and len(own) == 1:
            return next(v for v in near if v.column == own[0])
        if len(tied) > 1:
            return nearest_place(draft, at, near, tied) or _most_rows(draft, at, near, tied)
        return near[0]
    raise NotRead(f"`{item.text}` could not be placed.", (item.text,))


def _likeness(item: Item, match: ValueMatch) -> float:
    """How well a value fits: whoever writes in small letters does not tell `motor` from `Motor`."""
    small = match.kind == "folded" and item.text.islower()
    return 1.0 if small else match.score


def _refuse_other_spelling(
    draft: Draft, at: int, near: ValueMatch, known: list[ValueMatch], beside: set[ColumnRef]
) -> None:
    """`Visits in Emergency`: a department is written so, and a kind of visit only nearly so."""
    placed = direction(draft.items, at) or (at > 0 and draft.items[at - 1].text.lower() in ("in", "at"))
    if near.kind == "exact" or near.column in beside or not placed or draft.focus is None:
        return
    exact = [v for v in known if v.kind == "exact" and v.column.table != near.column.table]
    exact = [v for v in exact if draft.schema.paths(draft.focus, v.column.table, many=False)]
    if exact:
        raise several(draft.items[at].text, (str(near.column), str(exact[0].column)))


def _refuse_other_parent(draft: Draft, at: int, near: ValueMatch, known: list[ValueMatch]) -> None:
    """`visits in Bath had patients in York`: patients are spoken of later, and clinics have a town too."""
    later = [t for item in draft.items[at + 1 :] if (t := draft.as_table(item)) is not None]
    nouns = [t for item in draft.items[:at] if (t := draft.as_table(item)) is not None]
    table, focus = near.column.table, draft.focus
    if (
        focus is None
        or table == focus
        or table in nouns
        or table not in later[1 if _beside(draft, at) else 0 :]
    ):
        return
    alike = [v.column for v in known if v.column.column.casefold() == near.column.column.casefold()]
    others = [c for c in alike if c.table != table and draft.schema.paths(focus, c.table, many=False)]
    if others:
        raise several(draft.items[at].text, (str(near.column), *map(str, others[:2])))


def _beside(draft: Draft, at: int) -> bool:
    """Whether a noun stands right behind a value, which is said of it."""
    return any(draft.as_table(item) is not None for item in draft.items[at + 1 : at + 2])


def _of_noun_after(draft: Draft, at: int, known: list[ValueMatch]) -> list[ValueMatch]:
    """`Norwegian authors`: the value is said of the noun right behind it."""
    behind = draft.items[at + 1] if at + 1 < len(draft.items) else None
    table = draft.as_table(behind) if behind is not None else None
    if table is None:
        return known
    own = [v for v in known if v.column.table == table]
    reached = [v for v in known if draft.schema.paths(table, v.column.table, many=False)]
    if not own and not reached:
        words = draft.items[at].text
        raise NotRead(f"`{words}` is no value of {table}.", (words,))
    return own or reached


def _not_its_own_name(draft: Draft, at: int, known: list[ValueMatch]) -> list[ValueMatch]:
    """`rivers in Colorado` are not rivers called Colorado: a place is not the name of what lies in it."""
    placed = at > 0 and draft.items[at - 1].text.lower().split()[-1] in ("in", "from", "at")
    if draft.focus is None or not draft.focus_named or not placed:
        return known
    label = draft.schema.label(draft.focus)
    others = [v for v in known if v.column.table != draft.focus or v.column.column not in label]
    if not others:
        words = draft.items[at].text
        raise NotRead(f"`{words}` is only known as a name of {draft.focus}.", (words,))
    return others


def _most_rows(draft: Draft, at: int, near: list[ValueMatch], tied: set[ColumnRef]) -> ValueMatch:
    """Several columns hold the value: take the one with far more rows, else ask."""
    contenders = [v for v in near if v.column in tied]
    first, second = contenders[0], next(v for v in contenders if v.column != contenders[0].column)
    options = tuple(dict.fromkeys(str(v.column) for v in contenders))[:4]
    # Of a city of clinics and one of patients, how many rows there are of each says nothing.
    alike = first.column.column.casefold() == second.column.column.casefold()
    if first.rows > 20 * max(1, second.rows) and not alike:
        draft.assume(f"`{draft.items[at].text}` is looked up in {first.column}.", f"or in {options[1]}", 0.85)
        return first
    raise NotRead(
        f"`{draft.items[at].text}` is a value of {' and of '.join(options)}.",
        (draft.items[at].text,),
        options,
    )


def _beside_columns(draft: Draft, at: int) -> set[ColumnRef]:
    """Columns that stand right beside a value; one behind that holds it (`the North region`) is the one."""
    before, behind = (_columns_at(draft, position) for position in (draft.before(at), draft.after(at)))
    held = {v.column for v in draft.items[at].values}
    return behind if behind & held else before | behind


def _columns_at(draft: Draft, at: int | None) -> set[ColumnRef]:
    named = at is not None and draft.items[at].kind == "name"
    return {k.ref for k in draft.items[at].links if not k.is_table} if named and at is not None else set()


def _read_quoted(draft: Draft, at: int) -> None:
    """A quoted phrase that no indexed value equals: only with a column named right before it."""
    item = draft.items[at]
    contains = draft.before(at)
    wants_part = contains is not None and draft.items[contains].is_cue("contains")
    column_at = draft.before(contains) if wants_part and contains is not None else contains
    column = draft.column(column_at) if column_at is not None and draft.is_name(column_at) else None
    if column is None or column_at is None:
        raise NotRead(f"I find '{item.text}' in no column.", (item.text,))
    if not wants_part:
        raise NotRead(f"{column} holds no '{item.text}'.", (item.text,))
    draft.take(column_at, f"column {column}")
    if contains is not None:
        draft.take(contains, "contains")
    draft.conditions.append(Condition(column, "contains", (item.text,), item.text, True))
    draft.take(at, f"{column} contains '{item.text}'")


def _merge_alternatives(draft: Draft) -> None:
    """`from France and Germany` means either; a different column with `or` is beyond this reader."""
    merged: dict[tuple[ColumnRef, TableRef | None, str], Condition] = {}
    rest: list[Condition] = []
    for condition in draft.conditions:
        if condition.operator not in ("=", "<>") or not isinstance(condition.values[0], str | Decimal):
            rest.append(condition)
            continue
        place = (condition.column, condition.of, condition.by)
        known = merged.get(place)
        if known is None:
            merged[place] = condition
            continue
        refuse_both_ways(draft, condition.column)
        _refuse_apart(draft, known, condition)
        if condition.operator != known.operator.replace("not in", "<>").replace("in", "="):
            raise NotRead(
                "I cannot combine a wanted and an unwanted value of one column.", (condition.words,)
            )
        operator: Operator = "in" if condition.operator == "=" else "not in"
        words = f"{known.words}, {condition.words}"
        values = known.values + condition.values
        merged[place] = Condition(condition.column, operator, values, words, of=known.of, by=known.by)
    _place_or(draft)
    draft.conditions = rest + list(merged.values())


def _refuse_apart(draft: Draft, one: Condition, other: Condition) -> None:
    """`visits in Bath had patients in York`: two nouns are in two places, not either of them in one."""
    ends = [
        i for c in (one, other) for i, item in enumerate(draft.items) if item.text == c.words.split(", ")[-1]
    ]
    nouns = [_last_noun(draft, at) for at in ends[:2]]
    if len(nouns) == 2 and None not in nouns and nouns[0] != nouns[1]:
        words = (one.words, other.words)
        raise NotRead(f"I cannot tell of what `{words[0]}` and `{words[1]}` are said.", words, final=True)


def _last_noun(draft: Draft, at: int) -> TableRef | None:
    return next((t for i in reversed(draft.items[:at]) if (t := draft.as_table(i)) is not None), None)


def _place_or(draft: Draft) -> None:
    """`or` stands between two values of one column; anything else it may join is not read."""
    for at in draft.cues("or"):
        sides = [p for p in (draft.before(at), draft.after(at)) if p is not None]
        columns = [draft.items[p].resolved for p in sides if draft.items[p].kind in ("value", "quoted")]
        if len(columns) != 2 or columns[0] is None or columns[0] != columns[1]:
            raise NotRead("I do not read `or` between different things yet.", ("or",))
        draft.take(at, "either value")

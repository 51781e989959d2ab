"""A row that is named by its number: `the next visit of patient 12`, `parcels on trip 17`."""

from gnomon.domain.catalog import CardColumn, ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import Condition
from gnomon.models.grounded.words import lemma, name_words

YEARS = range(1900, 2101)
"""Numbers that people say for years."""

NUMBERED = frozenset(
    {"number", "code", "nr", "numb", "position", "rank", "sequence", "level", "jersey", "shirt"}
)
"""Last words of columns by which people may number rows besides the key."""


def read_keyed(draft: Draft) -> None:
    """Take a number right behind the noun of one row for its key, where nothing else numbers such rows."""
    for at in draft.open("number"):
        item, noun = draft.items[at], draft.items[at - 1] if at > 0 else None
        table = draft.as_table(noun) if noun is not None else None
        if noun is None or table is None or item.number is None or item.said is not None or noun.role:
            continue
        behind = draft.items[at + 1] if at + 1 < len(draft.items) else None
        ends = behind is None or behind.is_cue("fill", "and") or behind.kind in ("period", "unknown")
        ends = ends or (behind is not None and is_done(behind.text.lower()))
        column = _key(draft, table)
        single = lemma(noun.text) == noun.text.lower() and item.number == item.number.to_integral_value()
        if not ends or not single or column is None or _is_steered(draft, at - 1):
            continue
        if not _may_be_key(draft, column, int(item.number)):
            continue
        words = f"{noun.text} {item.text}"
        draft.conditions.append(Condition(column, "=", (int(item.number),), words, True))
        draft.assume(f"`{words}` is read as {column} being that number.")
        draft.take(at, f"{column} is {int(item.number)}")
        draft.alone = True
        if table != draft.focus:
            draft.take(at - 1, f"row of {table}")


def _may_be_key(draft: Draft, column: ColumnRef, number: int) -> bool:
    """Whether such keys are known, and no year may be meant: `season 2025`."""
    profile = draft.schema.column(column).profile
    if profile is None or profile.low is None or profile.high is None:
        return False
    dated = draft.schema.dates(column.table) or draft.schema.year_columns(column.table)
    year = number in YEARS and bool(dated)
    return float(profile.low) <= number <= float(profile.high) and not year


def _is_steered(draft: Draft, noun: int) -> bool:
    """`top player 5`, `more than patient 3`: a number of rows may be meant."""
    before = draft.before(noun)
    return before is not None and draft.items[before].is_cue("superlative", "compare", "common", "distinct")


def _key(draft: Draft, table: TableRef) -> ColumnRef | None:
    """The column of whole numbers that identifies rows, if it alone does."""
    card = draft.schema.card(table)
    single = {k.columns[0] for k in card.keys if len(k.columns) == 1}
    whole = [c for c in card.columns if c.name in single and c.column.kind == "integer"]
    called = [c for c in whole if name_words(c.name)[-1:] == ("id",) or c.name in draft.schema.key(table)]
    refers = {c for j in card.joins if j.child == table for c in j.child_columns}
    own = name_words(table.name)[-1:]
    numbered = [
        c
        for c in card.columns
        if c.name not in refers
        and (name_words(c.name)[-1] in NUMBERED or name_words(c.name) == own)
        and _holds_numbers(c)
    ]
    if len(called) != 1 or numbered:
        return None
    return ColumnRef(table, called[0].name)


def _holds_numbers(column: CardColumn) -> bool:
    """Whether a number may be one of the values: `12` is no code of a promotion that is called `SPRING`."""
    profile = column.profile
    ends = (profile.low, profile.high) if profile is not None else (None, None)
    return column.column.kind != "text" or any(end is None or end[:1].isdigit() for end in ends)

"""Ages where a table holds birth dates: `average age of our patients`, `members older than 60`.

An age is in whole years on the day of the clock, which the answer says. Nothing is read where people may have
died, where another period is spoken of, or where several columns are called after birth.
"""

from datetime import date, timedelta

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Condition, NotRead, Target
from gnomon.models.grounded.words import name_words

AGES = frozenset({"age", "ages"})
DEATH = frozenset({"death", "died", "deceased", "dod"})
YEARS = frozenset({"year", "years", "old"})
OLDEST = 130
"""Years that nobody lives to."""


def read_ages(draft: Draft) -> None:
    """Read an age that is computed or compared, where a birth date alone tells it."""
    for at, item in enumerate(draft.items):
        if item.kind == "unknown" and not item.role and item.text.lower() in AGES:
            _compute(draft, at)
        elif item.is_cue("compare") and not item.role and item.text.lower() in ("older than", "younger than"):
            _compare(draft, at)


def _compute(draft: Draft, at: int) -> None:
    """`average age`: of the ages of rows."""
    before = draft.before(at)
    column = _birth(draft, draft.focus or _only_people(draft))
    cue = draft.items[before].cue if before is not None and not draft.items[before].role else None
    if column is None or before is None or cue is None or cue.kind != "agg" or cue.value == "sum":
        return
    _state(draft, at, column)
    target = Target(column.table, column.column, cue.value, aged_on=draft.today)  # type: ignore[arg-type]
    draft.targets.append(target)
    draft.take(before, cue.value)
    draft.take(at, f"{cue.value} of ages by {column}")


def _compare(draft: Draft, at: int) -> None:
    """`older than 60`: whoever is 61 by now."""
    number = draft.items[at + 1] if at + 1 < len(draft.items) else None
    if number is None or number.number is None or number.role or number.said is not None:
        return
    years = int(number.number) if number.number == number.number.to_integral_value() else 0
    noun = draft.before(at, skip=("fill", "all", "list"))
    table = draft.as_table(draft.items[noun]) if noun is not None else None
    column = _birth(draft, table or draft.focus)
    if column is None or not 0 < years <= OLDEST:
        return
    _state(draft, at, column)
    older = draft.items[at].text.lower().startswith("older")
    until = born_before(draft.today, years + 1 if older else years)
    words = f"before {until.isoformat()}" if older else f"on or after {until.isoformat()}"
    draft.conditions.append(Condition(column, "<" if older else ">=", (until,), words))
    draft.take(at, "comparison")
    draft.take(at + 1, f"an age by {column}")
    for item in draft.items[at + 2 : at + 4]:
        if item.kind != "unknown" or item.text.lower() not in YEARS:
            break
        item.role = "years of age"


def born_before(today: date, years: int) -> date:
    """The first day on which nobody is born who has reached the age: all born before it have."""
    try:
        return today.replace(year=today.year - years) + timedelta(days=1)
    except ValueError:
        return date(today.year - years, 3, 1)


def _birth(draft: Draft, table: TableRef | None) -> ColumnRef | None:
    """The one date of birth of a table's rows; None where it also says who died, or there are several."""
    if table is None:
        return None
    columns = draft.schema.card(table).columns
    if any(DEATH & {*name_words(c.name)} for c in columns):
        return None
    found = [c for c in draft.schema.dimension(table, "birth") if draft.schema.is_temporal(c)]
    return found[0] if len(found) == 1 else None


def _only_people(draft: Draft) -> TableRef | None:
    """The table that alone holds birth dates, where the question names none."""
    found = [t for t in draft.schema.tables() if draft.schema.dimension(t, "birth")]
    named = any(draft.as_table(item) is not None for item in draft.items)
    return found[0] if len(found) == 1 and not named else None


def _state(draft: Draft, at: int, column: ColumnRef) -> None:
    if any(item.kind == "period" for item in draft.items):
        words = draft.items[at].text
        raise NotRead(f"I cannot tell on which day `{words}` is counted.", (words,), final=True)
    draft.alone = True
    draft.assume(f"Ages are in whole years on {draft.today.isoformat()}, by {column}.")

"""`retired plans`, `members who left`, `trained referees`: rows to which something has happened.

A date or a `... by` that is called after what happened is known where it has happened, and missing where not.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.event_dates import TIME, date_of_verb
from gnomon.models.grounded.flags import noun_behind, restrict_happened
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import Condition
from gnomon.models.grounded.words import name_words, root, stem

TAILS = TIME - {"utc", "moment"}
PLANNED = frozenset(
    {"expected", "planned", "scheduled", "estimated", "promised", "required", "requested", "projected"}
)
"""Said of what need not have happened."""

DOING = frozenset({"have", "has", "had", "who", "that", "not"})
AGO = frozenset({"ever", "already"})
BEFORE = DOING | {"are", "is", "was", "were", "been", "be", "got"}
"""Last words of what stands between a noun and what has happened to it."""

MIN_VERB = 4
"""Letters of a verb of which a noun may be made, at least one more."""


def read_occurred(draft: Draft) -> None:
    """Take the rows to which it has happened, where one column of theirs says so and no period stands behind.

    Raises:
        NotRead: The date may lie ahead.
    """
    for at in draft.open("unknown", "value"):
        table = _told_of(draft, at) if draft.items[at].text.lower() not in PLANNED else None
        if draft.items[at].kind == "value" and not _is_value_of_others(draft, at, table):
            continue
        found = list(_columns(draft, table, draft.items[at].text.lower())) if table is not None else []
        if len(found) != 1:
            continue
        before = draft.before(at)
        negated = before is not None and draft.items[before].is_cue("not") and not draft.items[before].role
        if negated and before is not None:
            draft.take(before, "not")
        _restrict(draft, at, found[0], negated=negated)
        item = draft.items[at]
        item.kind, item.resolved = "value", found[0]


def _is_value_of_others(draft: Draft, at: int, table: TableRef | None) -> bool:
    """`which gardens have closed`, where only tickets, of which nobody speaks, have a state of that name."""
    tables = {v.column.table for v in draft.items[at].values}
    return table is not None and table not in tables and not tables & {*draft.mentioned()}


def _told_of(draft: Draft, at: int) -> TableRef | None:
    """The noun that it is said of: the one behind it, or the one before where nothing else stands behind."""
    word = draft.items[at].text.lower()
    done = is_done(word) and word != "left"
    if done and at + 1 < len(draft.items) and draft.as_table(draft.items[at + 1]) is not None:
        return noun_behind(draft, at)
    near = next((i for i in range(at - 1, -1, -1) if draft.items[i].text.lower() not in AGO), None)
    before = draft.items[near] if near is not None else None
    after = draft.after(at)
    # Behind `per branch` it is said of what is counted for each; `by` may say who did it.
    if before is None or (after is not None and not (done and draft.items[after].is_cue("each"))):
        return None
    nouns = [t for item in draft.items[:at] if (t := draft.as_table(item)) is not None]
    # Seats that are left remain; members who left are gone.
    told = before.text.lower().split()[-1] in (BEFORE if done else DOING)
    return nouns[-1] if nouns and (told or (done and draft.as_table(before) is not None)) else None


def _columns(draft: Draft, table: TableRef, word: str) -> Iterator[ColumnRef]:
    """The columns of the table that are called after it: `retired_on`, `release_date`, `trained_by`."""
    short = date_of_verb(draft.schema, table, word) if is_done(word) and word != "left" else None
    for column in draft.schema.card(table).columns:
        first, *rest = name_words(column.name)
        ref = ColumnRef(table, column.name)
        same = stem(first) == stem(word) if word.endswith("ed") else first == word and bool(rest)
        dated = draft.schema.is_temporal(ref) and set(rest) <= TAILS
        by = rest[:1] == ["by"] and word.endswith("ed")
        if (same and len(word) > 3 and (dated or by)) or ref == short:
            yield ref


def _restrict(draft: Draft, at: int, column: ColumnRef, *, negated: bool) -> None:
    if draft.schema.is_temporal(column):
        elsewhere = list(_tables_of(draft, column.table, draft.items[at].text)) if negated else []
        other = f"or what {' or '.join(elsewhere)} says" if elsewhere else ""
        return restrict_happened(draft, at, column, negated=negated, alternative=other)
    words, state = draft.items[at].text, "missing" if negated else "known"
    draft.conditions.append(Condition(column, "null" if negated else "not null", (), words))
    draft.assume(f"`{words}` is read as {column} being {state}.")
    draft.take(at, f"{column} is {state}")


def _tables_of(draft: Draft, table: TableRef, word: str) -> Iterator[str]:
    """Other tables that are called after what happened: `farm_certifications` of farms that are certified."""
    verb = root(word)
    for other in draft.schema.tables():
        words = [root(w) for w in name_words(other.name)]
        if other != table and len(verb) > MIN_VERB and any(w.startswith(verb) for w in words):
            yield str(other)

"""What was spent: the amounts of the one table of orders, purchases or the like that a question can be about.

`spent` names no column. It is read as such an amount where a sum is asked for, and where who spent it or on
what is said and belongs to the rows of that table.
"""

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.amounts import own_amount
from gnomon.models.grounded.composer.outcomes import undone_by
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem

SPENT = frozenset({"spent", "spend", "spends", "spending"})
BUYING = frozenset(
    stem(w)
    for w in ("order", "sale", "purchase", "transaction", "invoice", "booking", "reservation", "checkout")
)
"""Last words of tables whose rows are money that somebody spends."""

GIVEN = frozenset(
    stem(w) for w in ("deposit", "credit", "refund", "withdrawal", "transfer", "topup", "salary", "incoming")
)
"""Kinds of rows of such tables of which nothing was bought."""

SCORE = 0.9
OURS = frozenset({"we", "us", "our", "i", "my"})
LIMITING = ("compare", "suffix_compare", "between", "superlative", "common", "not", "without")


def read_spending(draft: Draft) -> None:
    """Put the amount where the question asks how much was spent; leave it open where that is unclear."""
    at = next((i for i in draft.open("unknown") if draft.items[i].text.lower() in SPENT), None)
    if at is None or not _asks_for_sum(draft):
        return
    found = [c for t in draft.schema.tables() if (c := _spent_in(draft, t)) is not None]
    if len(found) != 1 or not _is_about(draft, at, found[0].table):
        return
    _put(draft, at, found[0])


def _asks_for_sum(draft: Draft) -> bool:
    """Whether a sum is asked for and nothing is compared with it; what we spend is no customer's order."""
    sums = [i for i in draft.items if i.is_cue("agg")]
    ours = any(OURS & set(i.text.lower().split()) for i in draft.items)
    several = any(i.is_cue("count", *LIMITING) or i.kind == "number" for i in draft.items)
    alike = all(i.cue is not None and i.cue.value == "sum" for i in sums)
    monthly = draft.items[0].is_cue("time_group")
    return (bool(sums) or monthly) and alike and not ours and not several


def _spent_in(draft: Draft, table: TableRef) -> ColumnRef | None:
    """The amount of a table whose rows are all of something bought."""
    bought = bool(BUYING & {stem(name_words(table.name)[-1])}) and not draft.schema.card(table).is_view
    return own_amount(draft, table) if bought and not _holds_more(draft, table) else None


def _holds_more(draft: Draft, table: TableRef) -> bool:
    """Whether some column tells that rows are deposits, refunds and the like too."""
    profiles = (column.profile for column in draft.schema.card(table).columns)
    values = (value for profile in profiles if profile is not None for value, _ in profile.top)
    return any(GIVEN & {stem(w) for w in name_words(value)} for value in values)


def _is_about(draft: Draft, at: int, table: TableRef) -> bool:
    """Whether something is said of whoever spends or of what is bought, and all that is said may be so."""
    leads = _leads(draft, at, table)
    others = [item for i, item in enumerate(draft.items) if i != at and not (leads and i == at - 1)]
    said = {t for item in others for t in _tables(draft, item)}
    linked = all(len(draft.schema.paths(table, t, many=False)) == 1 for t in said - {table})
    others_spent = any(_is_figure(draft, i) for i in others) or _is_on_far_rows(draft, at, table)
    return (leads or bool(said)) and linked and not others_spent


def _is_on_far_rows(draft: Draft, at: int, table: TableRef) -> bool:
    """`spent on savings`, of cards of such accounts: a purchase itself refers to what was bought."""
    if [i.text.lower() for i in draft.items[at + 1 : at + 2]] != ["on"]:
        return False
    bought = _tables(draft, draft.items[at + 2]) - {table} if at + 2 < len(draft.items) else set()
    return any(len(way) > 1 for t in bought for way in draft.schema.paths(table, t, many=False))


def _tables(draft: Draft, item: Item) -> set[TableRef]:
    """The tables that a name or value may be of."""
    noun = draft.as_table(item)
    if noun is not None:
        return {noun}
    if item.kind == "name":
        return {k.table for k in item.links if k.score == item.links[0].score}
    return {v.column.table for v in item.values} if item.kind == "value" else set()


def _is_figure(draft: Draft, item: Item) -> bool:
    """`spent on fees`: another column of numbers, which is what it was spent on."""
    named = item.kind == "name" and draft.as_table(item) is None
    return named and any(draft.schema.is_numeric(k.ref) for k in item.links[:1] if not k.is_table)


def _leads(draft: Draft, at: int, table: TableRef) -> bool:
    """`card spend` of `card_transactions`: a part of its name stands right before."""
    word = draft.items[at - 1].text.lower() if at else ""
    return word in name_words(table.name)


def _put(draft: Draft, at: int, column: ColumnRef) -> None:
    """Put the amount right behind what asks for it; a word that says again whose it is fills."""
    word = draft.items[at].text
    if _leads(draft, at, column.table):
        draft.items[at - 1].kind, draft.items[at - 1].cue = "cue", Cue("fill")
        draft.take(at - 1, f"rows of {column.table}")
    asked = next((i for i, item in enumerate(draft.items) if item.is_cue("agg")), at)
    draft.items[at].kind, draft.items[at].cue = "cue", Cue("fill")
    draft.items.insert(asked + 1, Item("name", word, links=(Link(column.table, column.column, SCORE),)))
    draft.alone = True
    draft.assume(f"`{word}` is read as {column}.", "name another amount")
    if undone := [str(c) for c, _ in undone_by(column.table, draft.schema)]:
        draft.assume(f"Rows of {column.table} count whatever {' or '.join(undone)} says.", "name a state")

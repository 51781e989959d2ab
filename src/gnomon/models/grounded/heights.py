"""What the highest of rows is: `the player with the highest fine`, `highest transfer fee`, `highest revenue`.

The most fines are the most rows, and the most fees come to the most. The highest fine is one fine, and the
highest revenue of a store is that of all its orders; of a fee that each of many rows has it may be either.
"""

from collections.abc import Iterator
from typing import Literal

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.amounts import is_one, numbers_of, own_amount
from gnomon.models.grounded.draft import WEAK_TABLE, Draft
from gnomon.models.grounded.reading import Aggregate, NotRead, Reading, Target
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import ADDITIVE, lemma, name_words, stem

COUNTING = frozenset({"most", "least", "fewest"})
"""Rankings that may go by a number of rows; the highest, largest or best of something is one of them."""

HEIGHTS = frozenset(
    {"highest", "lowest", "largest", "smallest", "biggest", "greatest", "minimal", "maximum", "minimum"}
)

TOGETHER = frozenset(
    {"revenue", "sale", "turnover", "profit", "income", "spend", "spending", "earning", "expense", "cost"}
    | {"volume", "gross", "takings"}
)
"""What somebody has of it is that of all rows; there is no `single revenue`."""

Whole = Literal["total", "totals", "single", ""]


def of_whole(item: Item, column: ColumnRef) -> Whole:
    """What the highest of a column is among rows that somebody has many of; empty where that is not said.

    Returns:
        `total` where nothing else can be meant, `totals` for a plural, `single` where the row is named too.
    """
    words = item.text.lower().split()
    noun = {stem(w) for w in name_words(column.table.name)}
    if words[0] in ("total", "overall") or {lemma(w) for w in words} & TOGETHER:
        return "total"
    if any(lemma(w) != w and lemma(w) in ADDITIVE for w in words):
        return "totals"
    return "single" if len(words) > 1 and any(stem(w) in noun for w in words) else ""


def highest_of_others(
    draft: Draft, at: int, following: int, column: ColumnRef, *, descending: bool
) -> Target:
    """By what a thing is ranked, where each has many rows with the column.

    Args:
        at: The position of the ranking word, before that of the column.

    Raises:
        NotRead: It may be one row of each, or all of them together.
    """
    ranking, item = draft.items[at].text, draft.items[following]
    whole = "total" if ranking.lower() in COUNTING else of_whole(item, column)
    if whole == "":
        reason = (
            f"`{ranking} {item.text}` may be of one row of {column.table} or of all together; say `total`"
        )
        raise NotRead(f"{reason} to mean that.", (f"{ranking} {item.text}",), final=True)
    if whole == "single":
        single: Aggregate = "max" if descending else "min"
        draft.assume(f"The {ranking.lower()} single {column} counts.", "say `total` to mean all together")
        return Target(column.table, column.column, single)
    if whole == "totals":
        draft.assume(f"{column} is added up.", f"or the {ranking.lower()} single one")
    return Target(column.table, column.column, "sum")


def highest_of_rows(draft: Draft, at: int, following: int, table: TableRef, *, descending: bool) -> Target:
    """`the highest fine`, of fines that have one amount.

    Raises:
        NotRead: They have none or several.
    """
    ranking, item = draft.items[at].text, draft.items[following]
    numbers, amount = numbers_of(draft, table), own_amount(draft, table)
    words = f"{ranking} {item.text}"
    if not numbers and not is_one(item.text):
        draft.assume(f"`{words}` is read as by how many there are.", certainty=0.9)
        draft.take(following, f"rows of {table}")
        return Target(table, None, "count")
    if amount is None or not is_one(item.text):
        could = f": it could go by {' or '.join(map(str, numbers[:4]))}" if numbers else ""
        raise NotRead(f"I cannot tell what the `{words}` is{could}.", (words,), final=True)
    draft.assume(f"`{words}` goes by {amount}.", "say `most` to mean how many")
    draft.take(following, f"column {amount}")
    return Target(table, amount.column, "max" if descending else "min")


def doubted_heights(draft: Draft, reading: Reading) -> Iterator[str]:
    """Words for the highest, of a reading that counts or adds up; for the most, of one of other rows."""
    order = reading.order
    if order is None:
        return
    target = order.target
    counts = target is not None and target.aggregate == "count" and target.column is None
    counted = target.table if counts and target is not None else order.linked
    for at, item in enumerate(draft.items):
        following = draft.after(at) if item.is_cue("superlative") else None
        if following is None:
            continue
        behind, ranking = draft.items[following], item.text.lower()
        tables = {k.table for k in behind.links if k.is_table and k.score >= WEAK_TABLE}
        of_others = ranking in COUNTING and counted not in tables and draft.as_table(behind) is not None
        if counted is not None and (of_others or (ranking in HEIGHTS and counted in tables)):
            yield f"{item.text} {behind.text}"
        elif ranking in HEIGHTS and target is not None and target.aggregate == "sum":
            same = (k.ref for k in behind.links if not k.is_table and k.score >= WEAK_TABLE)
            if any(c == target.ref and of_whole(behind, c) in ("", "single") for c in same):
                yield f"{item.text} {behind.text}"

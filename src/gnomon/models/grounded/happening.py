"""Which happenings a date may be that of: an order is placed on its `order_date`, not on its `shipped_on`."""

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.words import name_words, stem


def _stems(*words: str) -> frozenset[str]:
    return frozenset(stem(w) for w in words)


BEGINNING = _stems(
    "created", "inserted", "recorded", "logged", "entered", "added", "registered", "registration", "filed",
    "submitted", "booked", "booking", "placed", "ordered", "issued", "posted", "made", "make", "joined",
    "enrolled", "enrollment", "signup", "signed", "started", "requested", "reported", "received", "opened",
    "processed", "purchased", "bought", "listed",
)  # fmt: skip
"""Said of a row, these say that it came about."""

ROW_WORDS = _stems("created", "inserted", "recorded", "logged")
"""A date with such a name says when the row came about, which is what a bare period asks."""

SALE = _stems("sold", "sell", "sale", "purchase", "purchased", "bought", "buy", "order", "ordered")
PAYMENT = _stems(
    "paid", "pay", "payment", "payout", "refund", "refunded", "salary", "bonus", "dividend", "settled",
    "wage", "donation", "expense", "spent",
)  # fmt: skip
ANYTHING = _stems("happened", "took place", "held", "occurred", "taken")
DEEDS = _stems("made", "make", "makes", "done", "do", "did", "performed", "carried")
"""Verbs that add nothing to the noun of a deed: deliveries that are made are delivered."""

MIN_VERB = 3
FAMILIES = (BEGINNING, SALE, PAYMENT)
TIME = _stems(
    "date", "time", "timestamp", "datetime", "day", "at", "on", "in", "dt", "ts", "moment", "utc", "year"
)
"""What names of dates have besides what happened then."""


def tells(verb: str) -> bool:
    """Whether a word says that something happened."""
    return bool(_of(verb) & frozenset().union(*FAMILIES))


def may_be_of(verb: str, column: ColumnRef) -> bool:
    """Whether a date may be the one on which what the verb says happened.

    A date that is called after nothing but its table's rows (`order_date`) or no happening at all (`date`) is
    that on which they came about, or on which they are sold or paid where that is what they are.
    """
    said, table = _of(verb), _of(column.table.name)
    happened = _of(column.column) - TIME
    if said & (ANYTHING | happened) or (said & DEEDS and is_of_noun(column)):
        return True
    if is_own_event(column):
        happened = table | _stems("created")
    return any(said & family and happened & family for family in FAMILIES)


def is_own_event(column: ColumnRef) -> bool:
    """Whether a date is called after nothing but its table's rows: `order_date` of orders, or `date`."""
    return not _of(column.column) - TIME - _of(column.table.name)


def is_row_date(column: ColumnRef) -> bool:
    """Whether the date says when its row came about."""
    return bool(ROW_WORDS & _of(column.column))


def is_of_noun(column: ColumnRef) -> bool:
    """Whether a date is called after nothing but what its table is: `delivered_at` of deliveries."""
    nouns, words = _of(column.table.name), _of(column.column) - TIME
    return not words - nouns or any(len(w) >= MIN_VERB and n.startswith(w) for w in words for n in nouns)


def happening(column: ColumnRef) -> frozenset[str]:
    """Stems of what a date says that happened: `pay` of `paid_on`; none where that is the row itself."""
    return frozenset() if is_own_event(column) else _of(column.column) - TIME


def _of(name: str) -> frozenset[str]:
    return frozenset(stem(w) for w in name_words(name))

"""What one row of a table comes to: `the highest fine`, `average invoice`, by the one column that says so."""

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.linking import LAYER_WORDS
from gnomon.models.grounded.units import ends_in_unit
from gnomon.models.grounded.verbs import is_additive
from gnomon.models.grounded.words import lemma, name_words, stem

PLAIN = frozenset(stem(w) for w in ("amount", "total", "value"))
"""A column called so, or so and after its table, is what a row comes to; `admin_fee` is a part of it."""


def is_one(words: str) -> bool:
    """Whether words name one row: `average fine` is of an amount, `average fines` of how many."""
    last = words.lower().split()[-1]
    return last == lemma(last)


def numbers_of(draft: Draft, table: TableRef) -> list[ColumnRef]:
    """The columns of a table that hold measures."""
    columns = [ColumnRef(table, c.name) for c in draft.schema.card(table).columns]
    return [c for c in columns if draft.schema.is_numeric(c) and not draft.schema.is_flag(c)]


def own_amount(draft: Draft, table: TableRef) -> ColumnRef | None:
    """What a row comes to: the only column called so; None for `annual_fee`, which it may be or not."""
    plain = [c for c in numbers_of(draft, table) if is_additive(draft, c) and _is_plain(c)]
    return plain[0] if len(plain) == 1 else None


def _is_plain(column: ColumnRef) -> bool:
    words = [stem(w) for w in name_words(column.column)]
    words = words[:-1] if ends_in_unit(tuple(words)) else words
    noun = {stem(w) for w in name_words(column.table.name)} - LAYER_WORDS
    return bool(PLAIN & set(words)) and set(words) <= PLAIN | noun

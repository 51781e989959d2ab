"""Tables called by a short form: `tenants` of `tnt`, `maintenance tickets` or `tickets` of `mnt_tkt`.

Only words that stand for nothing else are looked for, only what one table alone is short for is taken, and
the answer says so. As with columns, the composer takes no part: it was calibrated on names in full.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.linking import HOLDERS, LAYER_WORDS, UNNAMED_TAILS, Link
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.short_forms import begins, is_skeleton, likeness, spelled_out
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.units import name_parts
from gnomon.models.grounded.words import lemma, stem

SPELLED = 0.78
"""Score of a table by a short form of its name."""

MAX_WORDS = 3
MIN_LETTERS = 4
BEGINNING = 4
"""Letters of a word that tell it by its beginning, where no list says what they are short for."""

SAYS_LITTLE = HOLDERS | UNNAMED_TAILS | {stem(w) for w in ("status", "link", "map", "group", "history")}
"""Last words of which many tables have one: alone they are no noun for its rows."""


@dataclass(frozen=True, slots=True)
class _Name:
    table: TableRef
    parts: tuple[str, ...]
    is_view: bool


def spell_tables(items: list[Item], schema: Schema) -> bool:
    """Make names of words that stand for nothing, where one table is short for them; whether any."""
    if not any(map(_is_open, items)):
        return False
    names, found, at = list(_names(schema)), False, 0
    while at < len(items):
        if _is_open(items[at]):
            found = _name_around(items, at, names) or found
        at += 1
    return found


def state_tables(draft: Draft) -> None:
    """Say once which tables are called by words that their names are short for."""
    said = [(i.text, i.links[0].table) for i in draft.items if _is_spelled(i)]
    if said:
        each = (f"`{words}` as {table}" for words, table in dict.fromkeys(said))
        draft.assume(f"Names of tables are read as short forms: {', '.join(each)}.", "name the table in full")


def _is_spelled(item: Item) -> bool:
    best = item.links[0] if item.kind == "name" and item.links else None
    return best is not None and best.is_table and best.score == SPELLED and best.source is None


def _names(schema: Schema) -> Iterator[_Name]:
    for table in schema.tables():
        parts = tuple(p for p in name_parts(table.name) if p not in LAYER_WORDS and p not in ("v", "t"))
        if parts:
            yield _Name(table, parts, schema.card(table).is_view)


def _is_open(item: Item) -> bool:
    """Whether a word stands for nothing, or for no more than a value like it: `booked` beside bookings."""
    like = item.kind == "value" and all(v.kind not in ("exact", "folded") for v in item.values)
    return (item.kind == "unknown" or like) and not item.role and item.text.isalpha()


def _name_around(items: list[Item], at: int, names: Sequence[_Name]) -> bool:
    """Name the longest words around a position that one table is short for."""
    for length in range(MAX_WORDS, 0, -1):
        for start in range(max(at - length + 1, 0), min(at, len(items) - length) + 1):
            span = items[start : start + length]
            words = [w for i in span for w in i.text.split()]
            table = _called(words, names) if _may_be_noun(span, words) else None
            if table is not None and all(k.table == table for i in span for k in i.links[:1] if k.is_table):
                items[start : start + length] = [
                    Item("name", " ".join(words), links=(Link(table, None, SPELLED),))
                ]
                return True
    return False


def _may_be_noun(span: Sequence[Item], words: Sequence[str]) -> bool:
    """Whether the words may be a noun: a verb that says what was done is none."""
    plain = all(_is_open(i) or (i.kind == "name" and not i.role) for i in span)
    last = words[-1].lower()
    return plain and len(last) >= MIN_LETTERS and not is_done(last)


def _called(words: Sequence[str], names: Sequence[_Name]) -> TableRef | None:
    """The one table whose whole name is short for the words, else the one whose last part is."""
    said = tuple(lemma(w) for w in words)
    whole = [n for n in names if len(n.parts) == len(said) and _all_short(n.parts, said)]
    if not whole and len(said) == 1:
        whole = [
            n for n in names if len(n.parts) > 1 and _says(n.parts[-1]) and _is_short(n.parts[-1], said[0])
        ]
    found = [n for n in whole if not n.is_view] or whole
    return found[0].table if len(found) == 1 else None


def _all_short(parts: Sequence[str], words: Sequence[str]) -> bool:
    each = zip(parts, words, strict=True)
    return all(_is_short(part, word) or stem(part) == stem(word) for part, word in each)


def _says(part: str) -> bool:
    return not spelled_out(part) & SAYS_LITTLE


def _is_short(part: str, word: str) -> bool:
    """Whether a part of a name is a short form of a word: a listed one, all its consonants, its beginning."""
    found = likeness(part, word)
    if found in ("listed", "likely"):
        return True
    listed = len(spelled_out(part)) > 1
    if listed or word.endswith("ing"):
        return False
    return is_skeleton(part, word) or (len(part) >= BEGINNING and begins(part, word))

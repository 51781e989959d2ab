"""Columns called by a short form, or by a noun and its unit: `weight` of `wt_kg`, `discount` of `disc_pct`.

Only words that stand for nothing else in the question are looked for there, so that no name, value or
steering word gives way. Only the careful reader reads them: the composer was calibrated on names in full.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gnomon.domain.catalog import NUMERIC_KINDS, CardColumn, TableCard, TableRef
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.flags import WITH
from gnomon.models.grounded.head_nouns import name_heads
from gnomon.models.grounded.kind_nouns import name_kinds
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.people import name_people
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.short_forms import Likeness, begins, is_skeleton, likeness, spelled_out
from gnomon.models.grounded.short_tables import spell_tables
from gnomon.models.grounded.stored_counts import name_stored_counts
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.units import NOUNS, SHORT, is_minutes, name_parts, units_in_names
from gnomon.models.grounded.words import lemma, stem

PERCENT = frozenset({"pct", "perc", "percent", "percentage"})
STATES = frozenset(
    {"current", "previous", "original", "available", "effective", "standard", "actual", "special", "final"}
)
"""Alone before a noun they say of what kind it is, and are no column."""

KINDS = frozenset({"class", "type", "code", "kind", "cd", "typ", "cls"})
AREAS = frozenset({"hectare", "hectares", "ha", "acre", "acres", "sqm", "sqft", "m2", "ft2", "sqkm", "km2"})
AMOUNTS = frozenset({"amt", "amount", "val", "value"})
"""Last words of a name that people leave out."""

ADDING = frozenset({"total", "sum of", "sum", "overall", "combined"})
"""What is so much per something else does not add up."""

SCORES: dict[Likeness, float] = {"same": 0.9, "listed": 0.9, "likely": 0.78, "guessed": 0.76}
"""How sure a column is by the least sure of its words; the answer says what is below 0.8."""

LEFT_OUT = 0.85
STATED = 0.78
ALIKE = 0.05
MAX_WORDS = 3
MIN_LETTERS = 3


@dataclass(frozen=True, slots=True)
class _Name:
    """What a column may be called in short: parts of its name, and the last of it that is left out."""

    table: TableRef
    column: str
    parts: tuple[str, ...]
    left: str


Names = dict[str, list[_Name]]


def spell_out(items: list[Item], schema: Schema) -> bool:
    """Make names of words that stand for nothing, where a column says so for short; whether there are any."""
    readers = (name_heads, spell_tables, name_people, name_stored_counts, spell_columns, name_kinds)
    found = [read(items, schema) for read in readers]
    return any(found)


def spell_columns(items: list[Item], schema: Schema) -> bool:
    """The same of columns alone, for what goes on from another question."""
    names = _names(schema) if any(map(_is_open, items)) else {}
    found, at = False, 0
    while names and at < len(items):
        if _is_open(items[at]):
            found = _name_around(items, at, schema, names) or found
        elif items[at].is_cue("unsupported") and items[at].text.lower() == "rate of":
            found = _name_rate(items, at, names) or found
        at += 1
    return found


def _is_open(item: Item) -> bool:
    return item.kind == "unknown" and not item.role and item.text.isalpha()


def _name_rate(items: list[Item], at: int, names: Names) -> bool:
    """`hourly rate of trainers`, where a column is called so for short: no rate that is to be computed."""
    before = items[at - 1] if at else None
    if before is None or not _is_open(before):
        return False
    words = [before.text, items[at].text.split()[0]]
    links = _links(words, names, _tables(items), whether=False)
    if links:
        items[at - 1] = Item("name", " ".join(words), links=links)
        items[at] = Item("cue", "of", cue=Cue("fill"))
    return bool(links)


def _name_around(items: list[Item], at: int, schema: Schema, names: Names) -> bool:
    """Name the longest words around a position that a column is short for."""
    for length in range(MAX_WORDS, 0, -1):
        for start in range(max(at - length + 1, 0), min(at, len(items) - length) + 1):
            span = items[start : start + length]
            words = [w for i in span for w in i.text.split()]
            if not _may_be_name(span, words) or _is_got(items, start):
                continue
            links = _links(words, names, _tables(items), whether=_asks_whether(items, start))
            if start and items[start - 1].is_cue("count", "distinct"):
                links = tuple(k for k in links if _is_kind(schema, k, words))
            if start and items[start - 1].is_cue("agg") and items[start - 1].text.lower() in ADDING:
                links = tuple(k for k in links if "per" not in name_parts(k.ref.column))
            if links:
                items[start : start + length] = [Item("name", " ".join(words), links=links)]
                return True
    return False


def _may_be_name(span: Sequence[Item], words: Sequence[str]) -> bool:
    """Whether the items are words that may be of one name; a verb alone is none."""
    plain = all(i.kind in ("unknown", "name") and not i.role for i in span)
    tables = any(k.is_table for i in span for k in i.links[:1])
    first = words[0].lower()
    verb = len(words) == 1 and (is_done(first) or first.endswith("ing") or first in STATES)
    return plain and not tables and not verb and all(len(w) >= MIN_LETTERS and w.isalpha() for w in words)


def _is_kind(schema: Schema, link: Link, words: Sequence[str]) -> bool:
    """Whether so many different ones may be asked for: kinds that texts name, and no measures of rows."""
    return not schema.is_numeric(link.ref) and len(name_parts(link.ref.column)) == len(words)


def _tables(items: Sequence[Item]) -> set[object]:
    return {k.table for i in items for k in i.links[:1] if k.is_table}


def _asks_whether(items: Sequence[Item], at: int) -> bool:
    """Whether rows are to have what follows, or to lack it: `without a recipient`, `have a co-driver`."""
    before = [i for i in items[max(at - 2, 0) : at] if i.text.lower() not in ("a", "an", "any")]
    had = len(before) < len(items[max(at - 2, 0) : at]) and before[-1:] and before[-1].text.lower() in WITH
    return bool(before) and (before[-1].is_cue("without") or bool(had))


def _is_got(items: Sequence[Item], at: int) -> bool:
    """`who had a commission`: that some have it, said by a verb that nothing reads so."""
    before = [i.text.lower() for i in items[max(at - 2, 0) : at]]
    verb = before[-2:-1] if before[-1:] in (["a"], ["an"]) else before[-1:]
    return verb in (["had"], ["got"], ["get"], ["gets"])


def _links(words: Sequence[str], names: Names, named: set[object], *, whether: bool) -> tuple[Link, ...]:
    """The columns that are called so in short, those of named tables alone where there are some.

    Args:
        whether: True where it is only asked whether there is one, which a column that refers to it tells.
    """
    said = tuple(w.lower() for w in words)
    found: dict[tuple[TableRef, str], float] = {}
    for name in names.get(said[0][0], ()):
        score = _of_parts(name.parts, name.left, said) if whether or name.left != "id" else 0.0
        key = (name.table, name.column)
        found[key] = max(score, found.get(key, 0.0))
    links = [Link(table, column, score) for (table, column), score in found.items() if score]
    links = [k for k in links if k.table in named] or links
    best = max((k.score for k in links), default=0.0)
    return tuple(sorted((k for k in links if best - k.score < ALIKE), key=lambda k: -k.score))


def _names(schema: Schema) -> Names:
    """What columns may be called in short, by the letters that such a call may begin with."""
    found: Names = {}
    for table in schema.tables():
        card = schema.card(table)
        for column in card.columns:
            for parts, left in _cuts(card, column):
                letters = {parts[0][0], *(full[0] for full in spelled_out(parts[0]))}
                for letter in letters:
                    found.setdefault(letter, []).append(_Name(table, column.name, parts, left))
    return found


def _cuts(card: TableCard, column: CardColumn) -> Iterator[tuple[tuple[str, ...], str]]:
    """What people may say of a name, and the last word of it that they leave out then."""
    parts = name_parts(column.name)
    if parts[1:] and parts[-1] == "id":
        yield parts[:-1], "id"
    if not parts or parts[-1] in ("id", "key", "no") or column.column.kind == "boolean":
        return
    own = {stem(p) for p in name_parts(card.ref.name)}
    for kept in (parts, parts[1:]) if len(parts) > 1 and stem(parts[0]) in own else (parts,):
        yield kept, ""
        if len(kept) > 1 and _is_left_out(kept, card, column):
            yield kept[:-1], kept[-1]
        if "per" in kept[2:-1] and column.column.kind in NUMERIC_KINDS:
            yield kept[: kept.index("per")], "per"
        if len(kept) == 2 and is_done(kept[-1]) and column.column.kind in NUMERIC_KINDS:
            yield kept[:-1], kept[-1]


def _is_left_out(parts: tuple[str, ...], card: TableCard, column: CardColumn) -> bool:
    numeric = column.column.kind in NUMERIC_KINDS
    unit = bool(units_in_names(parts[-1])) and (parts[-1] != "min" or is_minutes(card, column.name))
    measure = parts[-1] in PERCENT | AMOUNTS | AREAS or unit
    return (numeric and measure and "per" not in parts) or parts[-1] in KINDS


def _of_parts(parts: tuple[str, ...], left: str, words: tuple[str, ...]) -> float:
    """How sure a name of those parts is what the words call; 0 where it is not."""
    if len(parts) != len(words) or not _may_leave(left, words[-1]):
        return 0.0
    each = [alike(part, left, word) for part, word in zip(parts, words, strict=True)]
    if len(parts) > 1 and each.count(None) == 1 and "same" in each:
        at = each.index(None)
        each[at] = "guessed" if begins(parts[at], words[at]) else None
    known = [a for a in each if a is not None]
    if len(known) < len(each) or (not left and set(known) == {"same"}):
        return 0.0
    if known == ["guessed"] and not is_skeleton(parts[0], words[0]):
        return 0.0
    score = min(SCORES[a] for a in known)
    if left and not _measures(left, words[-1]):
        return min(score, STATED)
    return min(score, LEFT_OUT) if left else score


def _measures(left: str, word: str) -> bool:
    """Whether the last word of a name is a unit of what the word says: kilograms of a weight."""
    return any(stem(word) in NOUNS[u.dimension] for u in units_in_names(left))


def _may_leave(left: str, word: str) -> bool:
    """Whether a word says enough without the last of the name.

    `orders` are no `order_value`: several things are counted, not measured. A letter is a unit of few nouns.
    """
    if not left or left == "id" or _measures(left, word) or is_done(left):
        return True
    return lemma(word) == word and left not in SHORT


def alike(part: str, left: str, word: str) -> Likeness | None:
    """How a part of a name stands for a word.

    A short form with a unit behind it is that of what the unit measures: `dist_km` is no district.

    Args:
        left: The last word of the name, where it may be a unit.
    """
    found = likeness(part, word)
    if found not in ("likely", "guessed"):
        return found
    if _measures(left, word):
        return "listed"
    return None if any(_measures(left, full) for full in spelled_out(part)) else found

"""Read one figure over another: `ratio of gold to silver clients`, `refunds as a percentage of revenue`.

A question about a ratio is read as a whole or not at all. Each of its items is written as a letter by what
it may be, and the letters must make one of the `SHAPES`: what asks, two figures, and what holds for both of
them. So nothing can stand between or beside the figures that is not understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.figures import figure
from gnomon.models.grounded.reading import Aggregate, Compared, Condition, NotRead, Quotient, Side, Target
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.units import held_by, is_amount
from gnomon.models.grounded.values import read_value

FILLS = {
    "k": frozenset({"the", "our", "a", "an"}),
    "b": frozenset({"is", "are", "was", "were", "me", "us"}),
    "i": frozenset({"in", "for", "at", "during"}),
    "m": frozenset({"from"}),
    "o": frozenset({"of"}),
    "s": frozenset({"as"}),
    "T": frozenset({"to"}),
    ".": frozenset({"?", ".", "!", ":"}),
}
"""Words that steer nothing and may stand in a ratio, each set under its letter."""

CUES = {
    "all": "a", "count": "c", "agg": "c", "each": "e", "group": "g", "time_group": "t", "list": "l",
}  # fmt: skip
PERCENT = frozenset({"percentage of", "percent of"})
MARK = re.compile(r"R|D|P|sk?h")
"""What tells that there is a ratio: `ratio`, `divided`, `as a percentage of` as one cue or in parts."""

NAMES = r"[eg]k*n(?:&k*n)*"
AROUND = rf"(?P<head>(?:[lkbi,.]|p|t|{NAMES},)*?)"
TAIL = rf"(?P<tail>(?:[,.]|i?k*p|i?t|{NAMES}|ik*v)*)"
ALONE = r"[ka]*(?P<alone>v)"


def _operand(number: int) -> str:
    """`the total revenue`, `number of cancelled visits`, `revenue of gold clients`."""
    of = rf"(?P<of{number}>[om]k*v+n)?"
    said = rf"(?P<all{number}>[ka]*)(?:(?P<said{number}>c)[ka]*)?"
    return rf"{said}(?P<values{number}>[vf]*)(?P<name{number}>n)z?{of}"


def _shapes() -> Iterator[tuple[Quotient, str]]:
    for first in (_operand(1), ALONE):
        yield "ratio", rf"{AROUND}k?(?P<mark>R)o{first}T{_operand(2)}{TAIL}"
    yield "ratio", rf"{AROUND}k?{ALONE}T(?P<values2>v)(?P<mark>R)ok*(?P<name2>n){TAIL}"
    yield "ratio", rf"{AROUND}{_operand(1)}(?P<mark>Dg){_operand(2)}{TAIL}"
    yield "percent", rf"{AROUND}{_operand(1)}(?P<mark>P|sk?h){_operand(2)}{TAIL}"


SHAPES = tuple((kind, re.compile(shape)) for kind, shape in _shapes())


@dataclass(frozen=True, slots=True)
class _Figure:
    """Where the parts of one figure stand; the first may leave its name to the second.

    Args:
        all_of: Whether `all` stands before it.
        of: The values of `of gold clients`, with the position of the noun last.
    """

    name: int | None
    said: int | None = None
    values: tuple[int, ...] = ()
    of: tuple[int, ...] = ()
    all_of: bool = False


def read_ratio(draft: Draft) -> None:
    """Read two figures of which one is divided by the other; without such words, nothing.

    Raises:
        NotRead: There are such words, and the question is not wholly about one ratio of two known figures.
    """
    letters = "".join(_letter(draft, at) for at in range(len(draft.items)))
    mark = MARK.search(letters)
    if mark is None:
        return
    words = " ".join(i.text for i in draft.items[slice(*mark.span())])
    for kind, shape in SHAPES:
        found = shape.fullmatch(letters)
        if found is not None:
            return _read(draft, kind, found, words)
    raise NotRead(f"I cannot tell of which two figures `{words}` is.", (words,))


# -- shapes -------------------------------------------------------------------------------------------


def _letter(draft: Draft, at: int) -> str:
    """What an item may be in a ratio; `x` stands for whatever may not be in one."""
    item = draft.items[at]
    text = item.text.lower()
    if item.role:
        return "z" if item.role.startswith("says it of ") else "x"
    if item.kind in ("value", "quoted"):
        return "v" if item.values else "x"
    if item.kind == "name":
        return "f" if _flagged_table(draft, at) else "n"
    if item.kind == "period":
        return "p"
    if item.kind == "unknown":
        return "D" if text == "divided" else "x"
    return _cue_letter(item, text)


def _cue_letter(item: Item, text: str) -> str:
    if item.is_cue("unsupported"):
        return {"ratio": "R", "as a percentage of": "P"}.get(text, "x")
    if item.is_cue("share"):
        return "h" if text in PERCENT else "x"
    if item.is_cue("and"):
        return {",": ",", "and": "&"}.get(text, "x")
    if item.is_cue("group") and text != "by":
        return "x"
    if item.is_cue("fill"):
        return next((letter for letter, words in FILLS.items() if text in words), "x")
    return CUES.get(item.cue.kind, "x") if item.cue is not None else "x"


def _flagged_table(draft: Draft, at: int) -> TableRef | None:
    """The table right behind a name that may be one of its flags: `active members`."""
    behind = draft.items[at + 1] if at + 1 < len(draft.items) else None
    table = draft.as_table(behind) if behind is not None else None
    if table is None or draft.as_table(draft.items[at]) is not None:
        return None
    links = [k for k in draft.items[at].links if not k.is_table and k.table == table]
    return table if any(draft.schema.is_flag(k.ref) for k in links) else None


# -- figures ------------------------------------------------------------------------------------------


def _read(draft: Draft, kind: Quotient, found: re.Match[str], words: str) -> None:
    first, second = _figure(found, 1), _figure(found, 2)
    if second.of and not first.of:
        raise NotRead(f"I cannot tell whether both figures of `{words}` are of that.", (words,))
    for at in range(*found.span("mark")):
        draft.take(at, "one figure over another")
    sides = _sides(draft, first, second)
    _refuse_unlike(kind, sides, words)
    _refuse_units(draft, kind, sides)
    bare = second.said is None and not second.values
    if draft.items[found.start("mark")].text.lower() == "divided" and bare and _is_count(sides[1]):
        raise NotRead(f"I cannot tell whether it is `{words} by` a number or grouped.", (words,))
    _state_shared(draft, found, sides)
    draft.targets.append(sides[0].target)
    draft.compared = Compared(sides[0], sides[1], growth=False, ratio=kind)
    _state_totals(draft, sides)


def _figure(found: re.Match[str], number: int) -> _Figure:
    parts = found.re.groupindex

    def at(name: str) -> tuple[int, ...]:
        return tuple(range(*found.span(name))) if name in parts and found[name] else ()

    if number == 1 and "alone" in parts:
        return _Figure(None, values=at("alone"))
    of = tuple(i for i in at(f"of{number}") if found.string[i] in "vn")
    all_of = "a" in (found[f"all{number}"] or "") if f"all{number}" in parts else False
    said = at(f"said{number}")
    return _Figure(at(f"name{number}")[0], said[0] if said else None, at(f"values{number}"), of, all_of)


def _sides(draft: Draft, first: _Figure, second: _Figure) -> tuple[Side, Side]:
    later = _target(draft, second)
    earlier = _target(draft, first) if first.name is not None else later
    sides = _side(draft, first, earlier), _side(draft, second, later)
    if first.name is None:
        asked = [{c.column for c in s.conditions} for s in sides]
        if asked[0] != asked[1] and not (second.all_of and not asked[1]):
            words = draft.items[first.values[0]].text
            raise NotRead(f"I cannot tell of what `{words}` is said.", (words,))
    if sides[0] == sides[1]:
        raise NotRead("Both figures of the ratio are the same.", (sides[0].label,))
    return sides


def _target(draft: Draft, asked: _Figure) -> Target:
    assert asked.name is not None
    cue = draft.items[asked.said].cue if asked.said is not None else None
    if cue is None or asked.said is None:
        return figure(draft, asked.name)
    said = "count" if cue.kind == "count" else cue.value
    draft.take(asked.said, said)
    return figure(draft, asked.name, cast(Aggregate, said))


def _side(draft: Draft, asked: _Figure, target: Target) -> Side:
    """The figure over the rows that its own values pick out: those of its table, or of a named parent."""
    conditions = [_condition(draft, at, target.table) for at in asked.values]
    if asked.of:
        *values, noun = asked.of
        table = draft.as_table(draft.items[noun])
        if table is None or not draft.schema.paths(target.table, table, many=False):
            words = draft.items[noun].text
            raise NotRead(f"I cannot tell how `{words}` restricts {target.table}.", (words,))
        draft.take(noun, f"rows of {table}")
        conditions += [_condition(draft, at, table) for at in values]
    if len({c.column for c in conditions}) != len(conditions):
        raise NotRead("I cannot combine two values of one column here.", tuple(c.words for c in conditions))
    return Side(target, " ".join(c.words for c in conditions), tuple(conditions))


def _condition(draft: Draft, at: int, table: TableRef) -> Condition:
    """The condition of a value or flag, which has to be one of the table's own."""
    words = draft.items[at].text
    if draft.items[at].kind == "name":
        flag = draft.column(at, lambda c: c.table == table and draft.schema.is_flag(c))
        if flag is None:
            raise NotRead(f"`{words}` is no yes or no of {table}.", (words,))
        draft.take(at, f"{flag} is true")
        return Condition(flag, "true", (), words)
    read_value(draft, at)
    condition = draft.conditions.pop()
    if condition.column.table != table or condition.operator not in ("=", "in"):
        raise NotRead(f"`{words}` is a value of {condition.column.table}, not of {table}.", (words,))
    return condition


# -- doubts -------------------------------------------------------------------------------------------


def _is_count(side: Side) -> bool:
    return side.target.aggregate == "count"


def _refuse_unlike(kind: Quotient, sides: tuple[Side, Side], words: str) -> None:
    """A percentage is of things of one kind: rows of one table, or amounts."""
    counts = [_is_count(s) for s in sides]
    one_kind = len({(s.target.table, s.target.column) for s in sides}) == 1
    if kind == "percent" and any(counts) and not (all(counts) and one_kind):
        raise NotRead(f"The two figures of `{words}` are not of one kind.", (words,))


def _refuse_units(draft: Draft, kind: Quotient, sides: tuple[Side, Side]) -> None:
    """Cents over euros are a hundred times too many."""
    columns = [s.target.ref for s in sides if not _is_count(s) and s.target.ref is not None]
    if len(columns) < 2:
        return
    held = [held_by(draft.schema.card(c.table), draft.schema.column(c)) for c in columns]
    known = [h.unit for h in held if h.unit is not None]
    if len(known) == 1:
        alike = known[0].size == 1 or not (kind == "percent" or all(is_amount(c.column) for c in columns))
    else:
        alike = len(set(known)) < 2 or (kind == "ratio" and len({u.dimension for u in known}) == 2)
    if not alike or any(h.doubt for h in held):
        raise NotRead(
            f"{' and '.join(map(str, columns))} may be in different units.", tuple(map(str, columns))
        )


def _state_shared(draft: Draft, found: re.Match[str], sides: tuple[Side, Side]) -> None:
    """What stands around the two figures holds for both, where no other reading is likely."""
    first, second = ({c.column for c in s.conditions} for s in sides)
    around = [*range(*found.span("head")), *range(*found.span("tail"))]
    shared = [draft.items[at] for at in around if draft.items[at].kind in ("value", "quoted", "period")]
    for item in shared:
        if item.kind != "period" and first != second:
            raise NotRead(f"I cannot tell whether `{item.text}` restricts both figures.", (item.text,))
        draft.assume(f"`{item.text}` is said of both figures.")
    if len([i for i in shared if i.kind == "period"]) > 1:
        raise NotRead("I read one period at a time.", tuple(i.text for i in shared))
    named = [draft.items[at] for at in around if draft.items[at].kind == "name"]
    for item in named:
        if item.values:
            raise NotRead(f"I cannot tell whether `{item.text}` is a group or a value.", (item.text,))
    grouped = named or any(draft.items[at].is_cue("time_group") for at in around)
    if grouped:
        draft.assume("Both figures are those of each group, not of all rows.")
    if grouped and first and second:
        draft.assume("Groups that have rows of neither figure are not listed.")


def _state_totals(draft: Draft, sides: tuple[Side, Side]) -> None:
    """Of amounts in one row each, the ratio is that of their totals, which may not be of the same rows."""
    if any(s.target.aggregate != "sum" for s in sides) or sides[0].target.table != sides[1].target.table:
        return
    draft.assume("The ratio is that of the totals, not the average of the ratios of single rows.")
    for column in dict.fromkeys(s.target.ref for s in sides if s.target.ref is not None):
        profile = draft.schema.column(column).profile
        if profile is not None and profile.nulls:
            draft.assume(f"Rows without a {column.column} add nothing to its total.")

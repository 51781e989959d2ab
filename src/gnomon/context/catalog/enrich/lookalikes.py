"""What tells tables apart that look alike, found in the code that makes them.

`pairs` finds the tables that are looked at together. What is compared is all that happened to the rows on
their way from the nearest table that both come from.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gnomon.context.catalog.enrich import sentences
from gnomon.context.catalog.enrich.kept import KeptStatements
from gnomon.context.catalog.enrich.pairs import look_alikes
from gnomon.context.catalog.enrich.shapes import Effect, MadeColumn, Statement
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import Fact

MAX_PER_TABLE = 4
"""Look-alikes that one table is told apart from."""
_MAX_STEPS = 12
_MAX_DIFFERENCES = 4
_MAX_TEXTS = 160
_SAID_OF_NO_PAIR = ("stacked", "time")


@dataclass(frozen=True, slots=True)
class Made:
    """A table with the statement that makes it and all its columns."""

    by: Statement
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """The way of a table's rows from a table that both have in common."""

    effects: tuple[Effect, ...]
    grouped_by: tuple[str, ...] | None


def use_when(
    made: Mapping[str, Made], warehouse: Warehouse, kept: KeptStatements | None = None
) -> Iterator[Fact]:
    """For each table, what tells it apart from those that look like it, the most similar first.

    Args:
        kept: What told tables apart before. It is told again of tables of which it is not certain to be the
            same: their first look-alikes are others, or a statement on the way of their rows is.
    """
    names = {table: frozenset(c.casefold() for c in m.columns) for table, m in made.items()}
    for maker in made.values():
        for upstream in maker.by.reads[:1]:
            names.setdefault(upstream, frozenset(c.casefold() for c in warehouse.columns(upstream)))
    ways = _Ways(made)
    told: set[str] = set()
    for table, others in look_alikes({t: m.by for t, m in made.items()}, names):
        told.add(table)
        texts = _kept_texts(table, others, ways, kept)
        if texts is None:
            texts = _texts(table, others, made)
            if kept is not None:
                kept.keep_apart(table, ways.mark(table, others[: len(texts)], len(others)), texts)
        for beside, text in zip(others, texts, strict=False):
            if text:
                yield Fact(table, "use_when", text, (made.get(table) or made[beside]).by.origin)
    if kept is not None:
        kept.drop_apart(told)


def _texts(table: str, others: Sequence[str], made: Mapping[str, Made]) -> tuple[str, ...]:
    """A text for each look-alike, empty where nothing tells the two apart, until there are enough."""
    found: list[str] = []
    for beside in others:
        if sum(map(bool, found)) == MAX_PER_TABLE:
            break
        found.append(_told_apart(table, beside, made))
    return tuple(found)


def _kept_texts(
    table: str, others: Sequence[str], ways: "_Ways", kept: KeptStatements | None
) -> tuple[str, ...] | None:
    """What was told before, if it would be told again."""
    found = kept.find_apart(table) if kept is not None else None
    if found is None:
        return None
    mark, texts = found
    return texts if mark == ways.mark(table, others[: len(texts)], len(others)) else None


class _Ways:
    """Hashes of all that a comparison of tables is made from: the statements on the way of their rows."""

    def __init__(self, made: Mapping[str, Made]) -> None:
        self._made = made
        self._of: dict[str, str] = {}

    def mark(self, table: str, compared: Sequence[str], look_alikes: int) -> str:
        """Changes if a table would be told apart in other words.

        Args:
            compared: The look-alikes that it was compared with, the first of all `look_alikes`. Where these
                were not enough there must be no more than before.
        """
        most = look_alikes if len(compared) == look_alikes else -1
        return _hash(repr((most, *((t, self.of(t)) for t in (table, *compared)))))

    def of(self, table: str) -> str:
        found = self._of.get(table)
        if found is None:
            way = ((t, self._statement(t)) for t in _upstream(table, self._made))
            found = self._of[table] = _hash(repr(tuple(way)))
        return found

    def _statement(self, table: str) -> str:
        one = self._made.get(table)
        if one is None:
            return ""
        # What took too long to read is not kept under a hash, and nothing that depends on it is.
        return f"{one.by.digest} {one.by.schema_digest}" if one.by.digest else repr(one.by)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _told_apart(table: str, beside: str, made: Mapping[str, Made]) -> str:
    common = _nearest_common(table, beside, made)
    if not common:
        return _other_rows(table, beside, made)
    mine, theirs = _way(table, common, made), _way(beside, common, made)
    here, there = _only_in(mine.effects, theirs.effects), _only_in(theirs.effects, mine.effects)
    passed = {"", *_upstream(table, made), *_upstream(beside, made)}
    parts = [_restriction(e, e.table in passed) for e in here]
    parts += [_freedom(e, e.table in passed) for e in there]
    parts += _grain_difference(mine, theirs)
    parts += _column_differences(table, beside, made)
    if not parts:
        return _same_rows(table, beside, made)
    return f"Like {beside}, but {'; '.join(parts[:_MAX_DIFFERENCES])}.{_advice(here, there)}"


def _same_rows(table: str, beside: str, made: Mapping[str, Made]) -> str:
    """That one of two tables is the other, passed on; empty where that is not certain."""
    for one, upstream in ((made.get(table), beside), (made.get(beside), table)):
        if one and one.by.reads == (upstream,) and one.by.grouped_by is None:
            plain = not any(e.kind != "time" for e in one.by.effects) and not any(
                c.text for c in one.by.columns
            )
            return f"Holds the same rows as {beside}, passed on as they are." if plain else ""
    return ""


def _other_rows(table: str, beside: str, made: Mapping[str, Made]) -> str:
    mine, theirs = made.get(table), made.get(beside)
    if not mine or not theirs or not mine.by.rows_of or not theirs.by.rows_of:
        return ""
    return f"Like {beside}, but made from the rows of {mine.by.rows_of}, not of {theirs.by.rows_of}."


def _upstream(table: str, made: Mapping[str, Made]) -> list[str]:
    """The table, the table whose rows it has, and so on; a cycle ends where it began."""
    found = [table]
    while len(found) < _MAX_STEPS and (one := made.get(found[-1])) and one.by.rows_of:
        if one.by.rows_of in found:
            break
        found.append(one.by.rows_of)
    return found


def _nearest_common(table: str, beside: str, made: Mapping[str, Made]) -> str:
    theirs = set(_upstream(beside, made))
    return next((t for t in _upstream(table, made) if t in theirs), "")


def _way(table: str, until: str, made: Mapping[str, Made]) -> _Way:
    steps = _upstream(table, made)
    passed = [made[t].by for t in steps[: steps.index(until)]]
    effects = [e for one in passed for e in one.effects if e.kind not in _SAID_OF_NO_PAIR and not e.part]
    groups = next((one.grouped_by for one in passed if one.grouped_by is not None), None)
    return _Way(tuple(effects), groups)


def _only_in(mine: Sequence[Effect], theirs: Sequence[Effect]) -> list[Effect]:
    known = {_sense(e) for e in theirs}
    return list({_sense(e): e for e in mine if _sense(e) not in known}.values())


def _sense(effect: Effect) -> str:
    """Equal for two conditions that leave out the same rows, in whatever words."""
    return f"{effect.kind}|{effect.left_out or effect.sql}".casefold()


def _restriction(effect: Effect, on_the_way: bool) -> str:
    """What a table's own rule does to its rows.

    Args:
        on_the_way: The rule is about the table's own rows, not about those of a table joined to it.
    """
    if effect.kind == "latest":
        return f"keeps only {effect.sql}"
    if effect.kind == "filter" and (not on_the_way or not effect.left_out):
        of = f" of {effect.table}" if effect.table and not on_the_way else ""
        return f"takes only rows{of} where {effect.sql}"
    if effect.left_out:
        return f"leaves out {effect.left_out}" + (f" ({effect.sql})" if effect.kind == "filter" else "")
    return f"holds {effect.sql}"


def _freedom(effect: Effect, on_the_way: bool) -> str:
    """What the other table's rule does not do here."""
    if effect.kind == "latest":
        return f"keeps every row, where that one has only {effect.sql}"
    if effect.left_out and on_the_way:
        return f"keeps {effect.left_out}, which that one leaves out"
    of = f"rows{f' of {effect.table}' if effect.table and not on_the_way else ''} where "
    return f"is not limited to {of if effect.kind == 'filter' else ''}{effect.sql}, as that one is"


def _advice(here: Sequence[Effect], there: Sequence[Effect]) -> str:
    if here and not there:
        return " Use that one when those rows count too."
    if there and not here:
        return " Use that one when those rows must not count."
    return ""


def _grain_difference(mine: _Way, theirs: _Way) -> list[str]:
    here, there = mine.grouped_by, theirs.grouped_by
    if here == there or (here and there and {*map(str.casefold, here)} == {*map(str.casefold, there)}):
        return []
    return [f"{_grouped(here)}, that one {_grouped(there)}"]


def _grouped(by: tuple[str, ...] | None) -> str:
    if by is None:
        return "does not sum up rows"
    return f"has one row per {sentences.joined(by)}" if by else "has one row in all"


def _column_differences(table: str, beside: str, made: Mapping[str, Made]) -> list[str]:
    mine, theirs = made.get(table), made.get(beside)
    if mine and mine.by.rows_of == beside:
        pairs = [(c, MadeColumn(c.bases[0][1])) for c in mine.by.columns if _is_from(c, beside)]
    elif theirs and theirs.by.rows_of == table:
        pairs = [(MadeColumn(c.bases[0][1]), c) for c in theirs.by.columns if _is_from(c, table)]
    elif mine and theirs and mine.by.rows_of == theirs.by.rows_of:
        pairs = _matched(mine.by.columns, theirs.by.columns)
    else:
        pairs = []
    return [text for column, other in pairs if (text := _column_difference(column, other))][:2]


def _is_from(column: MadeColumn, table: str) -> bool:
    return len(column.bases) == 1 and column.bases[0][0] == table


def _matched(mine: Sequence[MadeColumn], theirs: Sequence[MadeColumn]) -> list[tuple[MadeColumn, MadeColumn]]:
    """Columns that stand for the same in both: of one name, made from the same column, or the only others."""
    by_name = {c.name.casefold(): c for c in theirs}
    by_bases: dict[tuple[tuple[str, str], ...], MadeColumn]
    by_bases = {c.bases: c for c in theirs if len(c.bases) == 1}
    pairs = [(c, o) for c in mine if (o := by_name.get(c.name.casefold()) or by_bases.get(c.bases))]
    taken = {id(c) for pair in pairs for c in pair}
    left, right = ([c for c in side if id(c) not in taken and c.text] for side in (mine, theirs))
    return pairs + ([(left[0], right[0])] if len(left) == len(right) == 1 else [])


def _column_difference(column: MadeColumn, other: MadeColumn) -> str:
    here, there = _conversions(column), _conversions(other)
    if here == there:
        return _counted_difference(column, other)
    mine = sentences.joined(here) if here else "as it comes"
    theirs = sentences.joined(there) if there else "as it comes"
    return f"`{column.name}` is {mine}, {_there(column, other)} {theirs}"


def _counted_difference(column: MadeColumn, other: MadeColumn) -> str:
    if column.text == other.text or not column.text or not other.text or column.bases == other.bases:
        return ""
    if len(column.text + other.text) > _MAX_TEXTS:
        return ""
    return f"`{column.name}` is {column.text}, {_there(column, other)} {other.text}"


def _there(column: MadeColumn, other: MadeColumn) -> str:
    return "there" if other.name.casefold() == column.name.casefold() else f"`{other.name}` there"


def _conversions(column: MadeColumn) -> tuple[str, ...]:
    return tuple(n for n in column.notes if n.startswith(("converted", "divided", "multiplied", "taken")))

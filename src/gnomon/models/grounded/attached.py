"""Whose row a value is said of, and by which way a place is reached: `an order at Elm`, `parcels from Linz`.

A value belongs to the noun right before its preposition. `from` and `to` choose between an origin and a
destination that the data tells apart; where several columns or ways are left, nobody can tell which is meant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gnomon.domain.catalog import CardColumn, ColumnRef, TableRef
from gnomon.domain.context import ValueMatch
from gnomon.models.grounded.directions import direction, told_direction
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.schema import Hop, Schema
from gnomon.models.grounded.words import lemma, name_words, stem

PREPOSITIONS = frozenset({"at", "in", "from", "to", "for", "into", "within"})
PERSONAL = frozenset({"who", "whom", "live", "lives", "living", "residing", "born"})
"""Said of people, wherever they stand: `customers with an order who live in Bath`."""

REFERRING = frozenset(stem(w) for w in ("id", "code", "number", "no", "key", "name", "ref"))
"""Last words of a column that refers to a row of another table, behind what that is called."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value may be meant: in a column, which several ways may lead to.

    Args:
        by: The column that leads there from the rows that are asked for; empty where that is no matter.
    """

    value: ValueMatch
    by: ColumnRef | None = None

    @property
    def address(self) -> str:
        """What a person chooses it by: the column that leads there, else the one that holds the value."""
        return str(self.by or self.value.column)

    @property
    def words(self) -> frozenset[str]:
        """Stems of the words that say which place it is."""
        return frozenset(stem(w) for w in name_words((self.by or self.value.column).column))


def noun_before(draft: Draft, at: int, column: ColumnRef) -> int | None:
    """Where the noun is that a preposition ties the value to: `order` in `with an order at Elm Street`.

    The column's own names stand between without a matter, and so do other values of it.
    """
    placed = False
    for position in range(at - 1, -1, -1):
        item = draft.items[position]
        if item.is_cue("fill", "all", "and", "or"):
            placed = placed or bool(PREPOSITIONS & set(item.text.lower().split()[-1:]))
            continue
        if any(v.column == column for v in item.values) and item.kind in ("value", "quoted"):
            continue
        table = draft.as_table(item)
        own = table == column.table or any(not k.is_table and k.ref == column for k in item.links)
        if item.kind == "name" and own and table != draft.focus:
            continue
        return position if placed and table is not None else None
    return None


def said_of(draft: Draft, at: int, column: ColumnRef) -> TableRef | None:
    """The noun that the value is tied to, where each of its rows leads to one row that has the column.

    Raises:
        NotRead: It is what is grouped by, so the value may be said of what is computed as well.
    """
    position = noun_before(draft, at, column)
    noun = draft.as_table(draft.items[position]) if position is not None else None
    if noun is None or position is None or noun == column.table:
        return None
    if not draft.schema.paths(noun, column.table, many=False):
        return None
    before = draft.before(position)
    if before is not None and draft.items[before].is_cue("each", "group"):
        _refuse_group(draft, at, noun, column)
    return noun


def _refuse_group(draft: Draft, at: int, noun: TableRef, column: ColumnRef) -> None:
    """`orders per shopper in Austin`: orders that were made there, or shoppers who live there."""
    for other in draft.mentioned():
        ways = draft.schema.paths(other, column.table, many=False)
        if ways and other != noun and leads_elsewhere(draft.schema, other, noun, column.table):
            ends = [(t, draft.schema.paths(t, column.table, many=False)) for t in (other, noun)]
            options = [str(ColumnRef(t, way[0].pairs[0][0])) for t, found in ends for way in found]
            raise several(draft.items[at].text, options)


def way_chosen(draft: Draft, at: int, known: Sequence[ValueMatch]) -> tuple[ValueMatch, ColumnRef] | None:
    """The value, and the column that leads to it, where a person chose by that."""
    chosen = draft.chosen(draft.items[at].text)
    for value in known if chosen else ():
        for table in draft.schema.tables():
            for way in draft.schema.paths(table, value.column.table, many=False):
                if way and str(ColumnRef(table, way[0].pairs[0][0])) == chosen:
                    return value, ColumnRef(table, way[0].pairs[0][0])
    return None


def leads_elsewhere(schema: Schema, root: TableRef, of: TableRef, goal: TableRef) -> bool:
    """Whether the rows that a noun leads to are not those that the root leads to anyway."""
    if root in (of, goal):
        return False
    back = schema.paths(of, goal, many=False)
    if not back or any(h.target == root for path in back for h in path):
        return False
    ways = schema.paths(root, goal, many=False) or schema.paths(root, goal, many=True)
    return not ways or not all(any(h.target == of for h in way) for way in ways)


def way_by(paths: list[tuple[Hop, ...]], by: str) -> list[tuple[Hop, ...]]:
    """The paths that leave by a column; all where none does."""
    return [p for p in paths if p and [s for s, _ in p[0].pairs] == [by]] or paths


def places(draft: Draft, start: TableRef, known: Sequence[ValueMatch]) -> list[Place]:
    """Where the value at a position may be meant, seen from the rows that are asked for.

    A code that a referring column holds itself (`origin_port`) is not sought once more in what it refers to.
    """
    found: list[Place] = []
    values = _each_column(known)
    held = {v.column for v in values}
    for value in values:
        ways = draft.schema.paths(start, value.column.table, many=False)
        leaving = dict.fromkeys(ColumnRef(start, way[0].pairs[0][0]) for way in ways if way)
        called = () if ways else tuple(referring(draft.schema, start, value.column.table))
        if len(ways) > 1:
            found += [Place(value, by) for by in leaving if by not in held]
        elif (ways and not held & set(leaving)) or (called and not held & set(called)):
            found.append(Place(value))
    return found


def _each_column(known: Sequence[ValueMatch]) -> list[ValueMatch]:
    best: dict[ColumnRef, ValueMatch] = {}
    for value in known:
        if value.kind in ("exact", "folded"):
            best.setdefault(value.column, value)
    return list(best.values())


def settle(draft: Draft, at: int, found: Sequence[Place], start: TableRef) -> list[Place]:
    """The places that are left once the words around the value have spoken.

    A plain column of the rows themselves (`country`) is what is said of them; one of two directions is told
    by `from` and `to`.
    """
    toward = direction(draft.items, at)
    own = [p for p in found if p.value.column.table == start and len(p.words) == 1]
    if own:
        return own
    told = [p for p in found if told_direction(p.words) == toward]
    away = [p for p in found if told_direction(p.words) not in ("", toward)]
    return told if toward and len(told) == 1 and len(told) + len(away) == len(found) else list(found)


def referring(schema: Schema, table: TableRef, other: TableRef) -> Iterator[ColumnRef]:
    """Columns that are called after another table, to which no link is known: `origin_port` and ports.

    A column whose values lie outside of all columns of the other table refers to none of its rows.
    """
    noun = [stem(w) for w in name_words(other.name)][-1:]
    linked = {c for j in schema.card(table).joins if j.child == table for c in j.child_columns}
    for column in schema.card(table).columns:
        called = column.name not in linked and _is_called_after(column, noun)
        if called and any(_may_hold(column, c) for c in schema.card(other).columns):
            yield ColumnRef(table, column.name)


def _may_hold(column: CardColumn, key: CardColumn) -> bool:
    """Whether a column's values lie between the lowest and the highest of another, as far as is known."""
    if column.column.kind != key.column.kind:
        return False
    own, others = _ends(column), _ends(key)
    return not own or not others or (others[0] <= own[0] and own[1] <= others[1])


def _ends(column: CardColumn) -> tuple[tuple[float, str], ...]:
    """The lowest and the highest value, comparable; empty where they are not known."""
    profile = column.profile
    if profile is None or profile.low is None or profile.high is None:
        return ()
    return _comparable(profile.low, column), _comparable(profile.high, column)


def _comparable(value: str, column: CardColumn) -> tuple[float, str]:
    return (float(value), "") if column.column.kind == "integer" else (0.0, value)


def _is_called_after(column: CardColumn, noun: list[str]) -> bool:
    words = [stem(w) for w in name_words(column.name)]
    tail = len(words) > 1 and words[-1] in REFERRING
    words = words[:-1] if tail else words
    several = not tail and lemma(column.name.lower()) != column.name.lower()
    return bool(noun) and words[-1:] == noun and column.column.kind in ("integer", "text") and not several


def several(words: str, options: Sequence[str]) -> NotRead:
    """A value that may be meant in several places; nobody's silence says which."""
    ways = " or ".join(options)
    return NotRead(f"`{words}` could be that of {ways}.", (words,), tuple(options), final=True)


def placed_by(draft: Draft, at: int, known: Sequence[ValueMatch]) -> ValueMatch | None:
    """The value that `from` or `to` says of the rows before it; None where there is no such word.

    Raises:
        NotRead: It may be meant in several columns, or several columns lead to it.
    """
    start = _start(draft, at, known)
    if start is None or not direction(draft.items, at) or _is_named(draft, at, known):
        return None
    found = places(draft, start, known)
    left = settle(draft, at, found, start)
    if len(left) > 1:
        raise several(draft.items[at].text, [p.address for p in left[:4]])
    if left and (len(found) > 1 or told_direction(left[0].words)):
        draft.assume(f"`{draft.items[at].text}` is that of {left[0].address}.", "name another column")
    return left[0].value if left else None


@dataclass(frozen=True, slots=True)
class Tied:
    """A value that the noun before it leads to, in so many joins."""

    noun: TableRef
    value: ValueMatch
    joins: int


def tied_to(draft: Draft, at: int, known: Sequence[ValueMatch], focus: TableRef) -> list[Tied]:
    """Where `Bath` of `patients with an appointment in Bath` may be: where the appointment's own ways lead.

    Args:
        focus: What is asked for. Ways through it lead to the rows themselves, of which nothing is said here.

    Returns:
        Each column once, the nearest first; none where `from` or `to` stands before, or no other noun.
    """
    nearest = _noun_tied(draft, at, known)
    own = [v for v in _each_column(known) if v.column.table == nearest != focus]
    if own and not direction(draft.items, at):
        return [Tied(value.column.table, value, 0) for value in own]
    found: list[Tied] = []
    for value in _each_column(known) if not direction(draft.items, at) else ():
        position = noun_before(draft, at, value.column)
        noun = draft.as_table(draft.items[position]) if position is not None else None
        if noun is None or position is None or focus in (noun, value.column.table):
            continue
        if PERSONAL & {w for item in draft.items[position + 1 : at] for w in item.text.lower().split()}:
            continue
        ways = draft.schema.paths(noun, value.column.table, many=False)
        ways = [way for way in ways if not any(h.target == focus for h in way)]
        found += [Tied(noun, value, len(ways[0]))] if ways else []
    return sorted(found, key=lambda t: t.joins)


def _noun_tied(draft: Draft, at: int, known: Sequence[ValueMatch]) -> TableRef | None:
    """The noun right before the preposition of a value: the patients of `with patients in York`."""
    columns, words = {v.column for v in known}, set[str]()
    for item in reversed(draft.items[:at]):
        if item.is_cue("fill", "all", "and", "or"):
            words |= set(item.text.lower().split())
        elif item.kind not in ("value", "quoted") or not columns & {v.column for v in item.values}:
            tied = bool(PREPOSITIONS & words) and not PERSONAL & words
            return draft.as_table(item) if tied else None
    return None


def placed_in(draft: Draft, at: int, known: Sequence[ValueMatch]) -> ValueMatch | None:
    """The value that `in` or `at` says of a noun beside what is asked for, which may be said of that too.

    Raises:
        NotRead: The noun leads to several columns that hold it, or to one only by a long way.
    """
    focus = draft.focus
    own = [v for v in _each_column(known) if v.column.table == focus]
    found = tied_to(draft, at, known, focus) if focus is not None and own else []
    if not found or focus is None or _is_named(draft, at, known):
        return None
    nearest, words = found[0], draft.items[at].text
    rivals = [t for t in found[1:] if nearest.joins or t.joins == 0]
    if rivals or nearest.joins > 1:
        raise several(words, [*(str(t.value.column) for t in found[:3]), str(own[0].column)])
    # What leads elsewhere is stated where the value is read.
    if not leads_elsewhere(draft.schema, focus, nearest.noun, nearest.value.column.table):
        draft.assume(f"`{words}` is said of {nearest.noun}, not of {focus}.", f"or of {focus}")
    return nearest.value


def _is_misplaced(draft: Draft, at: int, reading: Reading, column: ColumnRef) -> bool:
    """Whether a reading looks a value up among its own rows that is said of the noun before it."""
    known = draft.items[at].values
    if column.table != reading.base or _is_named(draft, at, known):
        return False
    return bool(tied_to(draft, at, known, reading.base))


def doubted_places(reading: Reading, draft: Draft) -> Iterator[str]:
    """Values behind `from` or `to` that a reading looks up in one of several places, or in another one."""
    for at, item in enumerate(draft.items):
        mine = [c for c in reading.conditions if c.words == item.text and item.values]
        if not mine or draft.chosen(item.text):
            continue
        if not direction(draft.items, at):
            yield from [item.text] if _is_misplaced(draft, at, reading, mine[0].column) else []
            continue
        if _is_named(draft, at, item.values):
            continue
        start = mine[0].of or reading.base
        left = settle(draft, at, places(draft, start, item.values), start)
        if len(left) > 1 or (left and left[0].value.column != mine[0].column):
            yield item.text


def by_column(draft: Draft, at: int, start: TableRef, match: ValueMatch) -> str:
    """The column by which rows lead to a value, where there are several; empty where there are not.

    Raises:
        NotRead: Nothing says which is meant.
    """
    ways = [p for p in places(draft, start, [match]) if p.by is not None]
    if not ways:
        return ""
    said = _named_way(draft, ways)
    left = said if len(said) == 1 else settle(draft, at, ways, start)
    if len(left) > 1:
        raise several(draft.items[at].text, [p.address for p in left[:4]])
    assert left[0].by is not None
    return left[0].by.column


def _named_way(draft: Draft, ways: Sequence[Place]) -> list[Place]:
    """The way that the question's words name: `origin port`."""
    said = {stem(w) for i in draft.items for w in name_words(i.text)}
    common = frozenset.intersection(*(p.words for p in ways))
    return [p for p in ways if (p.words - common) & said]


def _start(draft: Draft, at: int, known: Sequence[ValueMatch]) -> TableRef | None:
    """The rows that a value is said of: those of the noun before it, or those that are asked for."""
    tied = (said_of(draft, at, v.column) for v in known)
    return next((t for t in tied if t is not None), draft.focus)


def _is_named(draft: Draft, at: int, known: Sequence[ValueMatch]) -> bool:
    """Whether what stands right beside the value says where it is: `port Linz`, `Emergency department`."""
    columns = {v.column for v in known}
    tables = {c.table for c in columns}
    for beside in (draft.before(at, skip=()), at + 1):
        if beside is None or beside >= len(draft.items) or draft.items[beside].kind != "name":
            continue
        links = draft.items[beside].links
        if any(k.table in tables if k.is_table else k.ref in columns for k in links):
            return True
    # `the city of Prague`: what stands before says which kind of place it is.
    kind = draft.items[at - 2] if at > 1 and draft.items[at - 1].text.lower() == "of" else None
    return kind is not None and any(not k.is_table and k.ref in columns for k in kind.links)


def refuse_both_ways(draft: Draft, column: ColumnRef) -> None:
    """`from Linz to Graz` is about two columns: one column holds not both.

    Raises:
        NotRead: Both were found in the same column.
    """
    ways = {direction(draft.items, i) for i, item in enumerate(draft.items) if item.resolved == column}
    if {"from", "to"} <= ways:
        raise NotRead(f"I cannot tell what `from` and `to` say of {column}.", ("from", "to"), final=True)

"""What is known about a slot and its options, as hashed features of a linear model.

A feature is a short text; its weight stands in a table at the hash of the text and the role. Names of tables,
columns and values never become features, only how they relate to the question: what was learned on one
database holds for another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.composer.slots import SKIP, Option, Question, Slot, dimension_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

BITS = 20
_MASK = (1 << BITS) - 1
_SPREAD = 0x9E3779B1
_WINDOW = 3


@dataclass(frozen=True, slots=True)
class SlotFeatures:
    """Hashed features of one slot.

    Args:
        around: Shape (n,): the slot's surroundings, the same for all of its options.
        things: Shape (m, k): one row for each thing that the slot may be about.
        thing: Shape (options,): the row in `things` of each option.
        roles: Shape (options, 2): hash of the role and of its family.
        about: The table and column of each row in `things`.
    """

    around: "Ints"
    things: "Ints"
    thing: "Ints"
    roles: "Ints"
    about: tuple[tuple[TableRef | None, ColumnRef | None], ...]

    def places(self) -> "Ints":
        """Places in the table of weights that do not depend on other slots: shape (options, n)."""
        import numpy as np

        count = len(self.thing)
        first = _places(self.around[None, :], self.roles).reshape(count, -1)
        second = _places(self.things[self.thing], self.roles).reshape(count, -1)
        return np.concatenate([first, second], axis=1)


def _places(texts: "Ints", roles: "Ints") -> "Ints":
    """Hashes of texts, shape (1 or options, n), with each role and its family: shape (options, 2, n)."""
    return (texts[:, None, :] * _SPREAD ^ roles[:, :, None]) & _MASK


@dataclass(frozen=True, slots=True)
class History:
    """What the slots before have been given."""

    last: Option | None = None
    before: str = "^"
    tables: frozenset[TableRef] = frozenset()
    done: frozenset[str] = frozenset()

    def then(self, option: Option) -> "History":
        """The history once `option` is chosen too."""
        if option.role == SKIP:
            return self
        tables = self.tables | {option.table} if option.table is not None else self.tables
        done = self.done | {_family(option.role)}
        return History(option, self.last.role if self.last else "^", tables, done)


def _family(role: str) -> str:
    head, _, tail = role.partition(":")
    if head in ("order", "top", "most"):
        return "ranked"
    if head == "show":
        return "aggregate" if tail else "show"
    return {"label": "show", "count": "aggregate", "limit": "limit", "having": "having", "use": "use"}.get(
        head, "where"
    )


def places_after(features: SlotFeatures, slot: Slot, history: History, between: str) -> "Ints":
    """Places in the table of weights that depend on the slots before: shape (options, n)."""
    import numpy as np

    last = history.last
    role = last.role if last else "^"
    done = "".join(sorted(d[0] for d in history.done))
    common = [
        f"p={role}|{between}",
        f"p2={history.before}|{role}",
        f"d={done}",
        f"d={done}|{slot.item.kind}|{between}",
    ]
    first = np.array([[_hash(t) for t in common]], np.int64)
    rows = []
    column = last.ref if last is not None else None
    for table, ref in features.about:
        same = "-" if last is None or table is None else str(table == last.table)
        known = table in history.tables
        rows.append(
            [
                _hash(f"pt={role}|{same}|{ref is not None and ref == column}"),
                _hash(f"pk={known}|{done}"),
                _hash(f"ps={same}|{known}|{between}"),
            ]
        )
    second = np.array(rows, np.int64)[features.thing]
    count = len(slot.options)
    return np.concatenate(
        [
            _places(first, features.roles).reshape(count, -1),
            _places(second, features.roles).reshape(count, -1),
        ],
        axis=1,
    )


def between(question: Question, left: int | None, right: int) -> str:
    """The words between two slots, or from the beginning."""
    start = 0 if left is None else left + 1
    signs = [_sign(question, at) for at in range(start, right)]
    return " ".join(signs[-3:]) if left is not None or signs else "^"


def features_of(question: Question) -> list[SlotFeatures]:
    """The features of each slot of a question, in order."""
    import numpy as np

    view = _View(question)
    found = []
    for slot in question.slots:
        around = [_hash(t) for t in view.around(slot)]
        keys: dict[object, int] = {}
        rows: list[list[int]] = []
        thing = []
        about = []
        for option in slot.options:
            key = (option.link, option.value, option.column)
            if key not in keys:
                keys[key] = len(rows)
                about.append((option.table, option.ref))
                rows.append([_hash(t) for t in view.thing(slot, option)])
            thing.append(keys[key])
        width = max(map(len, rows))
        padded = [row + [0] * (width - len(row)) for row in rows]
        roles = [(_hash(o.role), _hash("/" + o.role.partition(":")[0])) for o in slot.options]
        found.append(
            SlotFeatures(
                np.array(around, np.int64),
                np.array(padded, np.int64),
                np.array(thing, np.int64),
                np.array(roles, np.int64) * 0x85EBCA6B,
                tuple(about),
            )
        )
    return found


@lru_cache(maxsize=65536)
def _hash(text: str) -> int:
    return crc32(text.encode())


class _View:
    """A question, looked at from a slot."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.signs = [_sign(question, at) for at in range(len(question.items))]
        self.tables: list[tuple[int, TableRef]] = []
        self.columns: dict[ColumnRef, list[tuple[int, float]]] = {}
        for slot in question.slots:
            best = max((o.link.score for o in slot.options if o.link and o.link.is_table), default=0.0)
            for table in dict.fromkeys(
                o.link.table
                for o in slot.options
                if o.link and o.link.is_table and o.link.score >= max(best - 0.05, 0.6)
            ):
                self.tables.append((slot.at, table))
            for ref, score in {o.ref: o.link.score for o in slot.options if o.link and o.ref}.items():
                self.columns.setdefault(ref, []).append((slot.at, score))
        self.refs = {slot.at: {o.ref for o in slot.options if o.ref is not None} for slot in question.slots}
        self.best = {
            slot.at: sorted(
                {(o.link.score, str(o.ref)) for o in slot.options if o.link and o.ref}, reverse=True
            )
            for slot in question.slots
        }
        self.dimensions = {d for item in question.items for d in dimension_words(item)}
        self.weight: dict[TableRef, int] = {}
        for slot in question.slots:
            for touched in {o.table for o in slot.options if o.table is not None}:
                self.weight[touched] = self.weight.get(touched, 0) + 1
        self.steering = sorted(
            {
                i.text.lower()
                for i in question.items
                if i.cue is not None and i.cue.kind not in ("fill", "and")
            }
        )

    def around(self, slot: Slot) -> Iterator[str]:
        """The words near the slot, and what the question as a whole looks like."""
        at, signs = slot.at, self.signs
        left = [signs[i] if i >= 0 else "^" for i in range(at - 1, at - 1 - _WINDOW, -1)]
        right = [signs[i] if i < len(signs) else "$" for i in range(at + 1, at + 1 + _WINDOW)]
        own = signs[at]
        word = slot.item.text.lower() if slot.item.kind in ("cue", "unknown") else slot.item.kind
        yield "bias"
        yield f"o={own}"
        yield f"w={word}"
        for n, (a, b) in enumerate(zip(left, right, strict=True)):
            yield f"l{n}={a}"
            yield f"r{n}={b}"
        yield f"l01={left[0]}|{left[1]}"
        yield f"l012={left[0]}|{left[1]}|{left[2]}"
        yield f"r01={right[0]}|{right[1]}"
        yield f"lr={left[0]}|{right[0]}"
        yield f"lrr={left[0]}|{right[0]}|{right[1]}"
        yield f"first={signs[0]}|{signs[1] if len(signs) > 1 else '$'}|{own}"
        cues = self.question.items
        before = next((cues[i].text.lower() for i in range(at - 1, -1, -1) if _steers(cues[i])), "^")
        behind = next((cues[i].text.lower() for i in range(at + 1, len(cues)) if _steers(cues[i])), "$")
        yield f"cb={before}|{own}"
        yield f"ca={behind}|{own}"
        yield f"cba={before}|{behind}"
        earlier = [s for s in self.question.slots if s.at < at]
        yield f"i={min(len(earlier), 4)}|{own}"
        words = " ".join(signs[earlier[-1].at + 1 : at][:3]) if earlier else ""
        yield f"prev={signs[earlier[-1].at] if earlier else '^'}|{words}"
        later = [s for s in self.question.slots if s.at > at]
        words = " ".join(signs[at + 1 : later[0].at][:3]) if later else ""
        yield f"next={signs[later[0].at] if later else '$'}|{words}"
        yield f"last={not later}|{own}"
        for cue in self.steering[:8]:
            yield f"has={cue}"

    def thing(self, slot: Slot, option: Option) -> list[str]:
        """What is known of the table, column or value that an option is about."""
        if option.link is not None and option.link.is_table:
            return self._of_table(slot, option)
        if option.ref is None:
            return ["nothing", f"n={_number(slot)}"]
        return self._of_column(slot, option, option.ref)

    def _of_table(self, slot: Slot, option: Option) -> list[str]:
        assert option.link is not None
        table, sign = option.link.table, self.signs[slot.at]
        again = [at for at, t in self.tables if t == table and at != slot.at]
        others = {t for at, t in self.tables if at == slot.at}
        first = next((at for at, _ in self.tables), None)
        left = self.signs[slot.at - 1] if slot.at else "^"
        own_columns = sum(1 for c in self.columns if c.table == table)
        return [
            "table",
            f"t.s={round(option.link.score, 1)}|{sign}",
            f"t.again={_distance(again, slot.at)}",
            f"t.one={len(others)}|{table in others}",
            f"t.first={first == slot.at}|{left}",
            f"t.n={min(len({t for _, t in self.tables}), 3)}|{left}",
            f"t.w={min(self.weight.get(table, 0), 4)}|{self._rank(table)}",
            f"t.cols={min(own_columns, 3)}",
            f"t.l={left}",
        ]

    def _of_column(self, slot: Slot, option: Option, ref: ColumnRef) -> list[str]:
        schema = self.question.schema
        kind = schema.column(ref).column.kind
        key = "key" if schema.is_key(ref) else "label" if ref.column in schema.label(ref.table) else "plain"
        link = option.link
        score = link.score if link else option.value.score if option.value else 0.5
        form = "link" if link else "value" if option.value else "column"
        said = [at for at, _ in self.columns.get(ref, []) if at != slot.at]
        exact = [at for at, s in self.columns.get(ref, []) if at != slot.at and s >= 0.9]
        tables = [at for at, t in self.tables if t == ref.table and at != slot.at]
        nearest = self._nearest_table(slot.at)
        left = self.signs[slot.at - 1] if slot.at else "^"
        right = self.signs[slot.at + 1] if slot.at + 1 < len(self.signs) else "$"
        rivals = len(self.refs[slot.at]) - 1
        best = self.best[slot.at]
        better = bool(best) and best[0][0] > score + 0.02
        follows = self._table_after(slot.at)
        year = schema.column(ref).column.kind in ("integer", "text") and ref in schema.year_columns(ref.table)
        found = [
            f"c.{form}",
            f"c.s={form}|{round(score, 1)}",
            f"c.kind={kind}|{key}",
            f"c.kl={kind}|{key}|{left}",
            f"c.kr={kind}|{right}",
            f"c.t={_distance(tables, slot.at)}",
            f"c.near={nearest == ref.table}|{bool(tables)}",
            f"c.of={follows == ref.table}|{follows is not None}",
            f"c.w={min(self.weight.get(ref.table, 0), 4)}|{self._rank(ref.table)}",
            f"c.b={better}|{min(rivals, 3)}",
            f"c.said={_distance(said, slot.at)}|{form}",
            f"c.exact={_distance(exact, slot.at)}|{form}",
            f"c.year={year}|{_number(slot)}",
            f"c.ex={score >= 0.9}|{better}|{bool(tables)}",
        ]
        if form == "column":
            found.append(f"c.adj={self._adjective(ref)}|{kind}")
        if option.value is not None:
            found.append(f"v={option.value.kind}|{key}|{bool(said)}|{bool(tables)}")
        return found

    def _rank(self, table: TableRef) -> bool:
        return self.weight.get(table, 0) == max(self.weight.values(), default=0)

    def _nearest_table(self, at: int) -> TableRef | None:
        return min(self.tables, key=lambda t: (abs(t[0] - at), t[0]), default=(0, None))[1]

    def _table_after(self, at: int) -> TableRef | None:
        return next((t for i, t in self.tables if at < i <= at + 4), None)

    def _adjective(self, ref: ColumnRef) -> bool:
        return any(ref in self.question.schema.dimension(ref.table, d) for d in self.dimensions)


def _steers(item: object) -> bool:
    cue = getattr(item, "cue", None)
    return cue is not None and cue.kind not in ("fill", "and", "list", "all")


def _sign(question: Question, at: int) -> str:
    """A word as it stands where it steers, a letter for its kind where it names something."""
    item = question.items[at]
    if item.kind in ("cue", "unknown"):
        return item.text.lower()
    if item.kind == "name":
        best = item.links[0]
        sign = "T" if best.is_table else "C"
        return sign + ("s" if item.text.lower().endswith("s") else "")
    return {"value": "V", "quoted": "Q", "number": "N", "period": "P"}[item.kind]


def _number(slot: Slot) -> str:
    number = slot.item.number
    if number is None:
        return "-"
    if number != number.to_integral_value():
        return "real"
    return "small" if number <= 10 else "year" if 1500 <= number <= 2100 else "large"


def _distance(places: Sequence[int], at: int) -> str:
    if not places:
        return "-"
    nearest = min(places, key=lambda p: abs(p - at))
    gap = min(abs(nearest - at), 5)
    return f"{'<' if nearest < at else '>'}{gap if gap < 3 else '3-4' if gap < 5 else '5'}"

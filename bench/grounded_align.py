"""Which role each item of a question plays, read off the question's gold: what the composer learns from.

Each part of the gold goes to the item that says it best. What no item says is listed as missing, so that a
question whose gold is said only in part is not learned from as if it were said in full.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from grounded_gold import Gold, Having, Restriction, Term, read_gold

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.composer.slots import Option, Question, Slot

TRUE_WORDS = frozenset({"1", "1.0", "yes", "y", "t", "true"})
COMMON = frozenset(
    {"most common", "least common", "most frequent", "most popular", "most frequently", "popular"}
)
PARTS_OF_NAMES = frozenset({"first", "last", "forename", "surname"})
RESTRICTING = frozenset({"=", "<>", "contains", "without", "where"})


@dataclass(frozen=True, slots=True)
class Aligned:
    """The option that each slot plays, by position, and what of the gold no slot says.

    Args:
        chosen: Slots that are not in it play no role.
    """

    chosen: dict[int, Option]
    missing: list[str]


def roles_of(sql: str, question: Question) -> Aligned:
    """The roles that the items of a question play in its gold SQL.

    Raises:
        NotCovered: The gold asks for something that roles do not say.
    """
    return align(read_gold(sql, question), question)


def align(gold: Gold, question: Question) -> Aligned:
    """Give each part of the gold to the slot that says it; what leaves least choice comes first."""
    slots = _Slots(question)
    _Restricting(gold, slots).place()
    _Showing(gold, slots).place()
    _Ranking(gold, slots).place()
    _groups(gold, slots)
    _having(gold, slots)
    _tables(gold, slots)
    _operands(slots)
    return Aligned(slots.chosen, slots.missing)


@dataclass(slots=True)
class _Slots:
    """The slots of a question while they are given roles."""

    question: Question
    chosen: dict[int, Option] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def open(self) -> list[Slot]:
        """The slots without a role, in order."""
        return [s for s in self.question.slots if s.at not in self.chosen]

    def put(self, slot: Slot, role: str, table: TableRef | None = None, ref: ColumnRef | None = None) -> bool:
        """Give a slot the first option of that role and thing; False if it has none."""
        fits = (o for o in slot.options if _fits(o, role, table, ref))
        option = next(fits, None)
        if option is not None:
            self.chosen[slot.at] = option
        return option is not None

    def put_best(
        self, role: str, ref: ColumnRef | None = None, table: TableRef | None = None, near: int | None = None
    ) -> bool:
        """The open slot whose words fit best, then the one nearest `near`, then the first."""
        scored = [
            (-round(o.link.score if o.link else 1.0, 2), abs(s.at - near) if near is not None else 0, s.at, o)
            for s in self.open()
            for o in s.options
            if _fits(o, role, table, ref)
        ]
        if not scored:
            return False
        _, _, at, option = min(scored, key=lambda s: s[:3])
        self.chosen[at] = option
        return True

    def put_last(self, role: str, table: TableRef) -> bool:
        """The last open slot that can say it."""
        return any(self.put(slot, role, table=table) for slot in reversed(self.open()))

    def last(self, table: TableRef) -> int:
        """Where the table is named last; -1 if nowhere."""
        return max((s.at for s in self.open() if any(_is_table(o, table) for o in s.options)), default=-1)

    def latest_first(self, tables: set[TableRef]) -> list[TableRef]:
        """The tables, those that are named last first."""
        return sorted(tables, key=lambda t: (-self.last(t), str(t)))

    def said(self, column: ColumnRef) -> int:
        """How many open slots can be about the column."""
        return len({s.at for s in self.open() for o in s.options if o.ref == column})

    def words(self) -> set[str]:
        """The items' texts, folded."""
        return {i.text.lower() for i in self.question.items}

    def label(self, table: TableRef) -> tuple[str, ...]:
        """The columns that name a row of the table."""
        return tuple(self.question.schema.label(table))


def _is_table(option: Option, table: TableRef) -> bool:
    return option.table == table and option.ref is None


def _fits(option: Option, role: str, table: TableRef | None, ref: ColumnRef | None) -> bool:
    if option.role != role or (ref is not None and option.ref != ref):
        return False
    return table is None or _is_table(option, table)


@dataclass(frozen=True, slots=True)
class _Restricting:
    """Numbers, values, periods and averages."""

    gold: Gold
    slots: _Slots

    def place(self) -> None:
        if self.gold.limit is not None and self.gold.limit > 1:
            self._must("limit", self.gold.limit)
        for having in self.gold.having:
            self._must(f"having:{having.operator}", having.number)
        for restriction in self.gold.conditions:
            self._compared(restriction)
        for restriction in self.gold.conditions:
            self._named(restriction)
        for column, operator in self.gold.averages:
            if not self.slots.put_best("above_avg" if ">" in operator else "below_avg", ref=column):
                self.slots.missing.append(f"average of {column}")

    def _must(self, role: str, number: float) -> None:
        if not self._number(role, None, number):
            self.slots.missing.append(f"{role} {number:g}")

    def _number(self, role: str, column: ColumnRef | None, number: float) -> bool:
        return any(
            slot.item.number is not None
            and float(slot.item.number) == number
            and self.slots.put(slot, role, ref=column)
            for slot in self.slots.open()
        )

    def _compared(self, restriction: Restriction) -> None:
        """Numbers, and texts that stand for a point in time."""
        value = restriction.value
        if isinstance(value, float) or (isinstance(value, str) and _is_number(value)):
            if not self._number(f"where:{restriction.operator}", restriction.column, float(value)):
                self._period(restriction)
        elif isinstance(value, str) and restriction.operator in (">", ">=", "<", "<="):
            self._period(restriction)

    def _period(self, restriction: Restriction) -> None:
        year = str(restriction.value)[:4].split(".")[0]
        for slot in self.slots.question.slots:
            if slot.item.period is not None and year in slot.item.text:
                taken = self.slots.chosen.get(slot.at)
                if taken and taken.ref == restriction.column:
                    return
                if self.slots.put(slot, "where", ref=restriction.column):
                    return
        self._value(restriction)

    def _named(self, restriction: Restriction) -> None:
        """Values in words, and being known or not."""
        value, operator = restriction.value, restriction.operator
        if isinstance(value, str) and not _is_number(value) and operator in ("=", "<>", "contains"):
            self._value(restriction)
        elif operator in ("null", "known") and not self.slots.put_best(operator, ref=restriction.column):
            self.slots.missing.append(f"{operator} {restriction.column}")

    def _value(self, restriction: Restriction) -> None:
        text = str(restriction.value).strip("%").casefold()
        role = "without" if restriction.standing == "without" else restriction.operator
        for slot in self.slots.open():
            for option in slot.options:
                said = option.value is not None and option.value.value.casefold() == text
                if said and option.role == role and option.ref == restriction.column:
                    self.slots.chosen[slot.at] = option
                    return
        if not self.slots.put_best("true" if text in TRUE_WORDS else "false", ref=restriction.column):
            self.slots.missing.append(f"value {role} {restriction.column} {restriction.value!r}")


@dataclass(frozen=True, slots=True)
class _Showing:
    """What the gold shows."""

    gold: Gold
    slots: _Slots

    def place(self) -> None:
        if self.gold.everything:
            self._put_first_table()
        self._full_names()
        for term in dict.fromkeys(self.gold.shown):
            if term.column is None:
                self._put_count(None)
            elif term.aggregate or not self._in_label(term.column):
                self._column(term, term.column)

    def _column(self, term: Term, column: ColumnRef) -> None:
        if self._is_most(term) and self.slots.put_best(f"most:{self._way()}", ref=column):
            return
        if term.aggregate == "count" and self._put_count(column):
            return
        if not self.slots.put_best(self._role(term, column), ref=column) and not self._put_label(column):
            self.slots.missing.append(f"show {term.aggregate} {column}")

    def _role(self, term: Term, column: ColumnRef) -> str:
        suffix = f":{term.aggregate}" if term.aggregate else ""
        ranked = self.gold.order is not None and self.gold.order[0] == term
        if ranked and self.gold.limit is None and self.slots.said(column) == 1:
            return f"order:{self._way()}{suffix}"
        return f"show{suffix}"

    def _is_most(self, term: Term) -> bool:
        """`the most common city`, and not `the city with the most customers`."""
        if term.column not in self.gold.groups or term.aggregate or self.gold.order is None:
            return False
        counted = self.gold.order[0] == Term(None, "count") and bool(self.gold.limit)
        return counted and bool(self.slots.words() & COMMON)

    def _way(self) -> str:
        return "desc" if self.gold.order is not None and self.gold.order[1] else "asc"

    def _put_first_table(self) -> None:
        tables = sorted(self.gold.tables, key=str)
        any(self.slots.put(slot, "use", table=table) for slot in self.slots.open() for table in tables)

    def _put_count(self, column: ColumnRef | None) -> bool:
        if column is not None and self.slots.put_best("show:count", ref=column):
            return True
        tables = {column.table} if column else self.gold.tables
        items = self.slots.question.items
        cue = next((at for at, item in enumerate(items) if item.is_cue("count")), None)
        fits = [
            (slot, table)
            for slot in self.slots.open()
            for table in tables
            if any(o.role == "count" and o.table == table for o in slot.options)
        ]
        fits.sort(key=lambda f: _after(cue, f[0], f[1]))
        if any(self.slots.put(slot, "count", table=table) for slot, table in fits):
            return True
        self.slots.missing.append("count")
        return False

    def _full_names(self) -> None:
        """`full names`, `names` of people: the first and the last name that the gold shows."""
        shown = {t.column for t in self.gold.shown if not t.aggregate and t.column is not None}
        words = {w for text in self.slots.words() for w in text.split()}
        for table in sorted({c.table for c in shown}, key=str):
            label = self.slots.label(table)
            whole = len(label) == 2 and {ColumnRef(table, c) for c in label} <= shown
            if whole and not words & PARTS_OF_NAMES:
                self.slots.put_best("label", table=table)

    def _in_label(self, column: ColumnRef) -> bool:
        taken = {o.table for o in self.slots.chosen.values() if o.role == "label"}
        return column.table in taken and column.column in self.slots.label(column.table)

    def _put_label(self, column: ColumnRef) -> bool:
        if self._in_label(column):
            return True
        named = column.column in self.slots.label(column.table)
        return named and self.slots.put_best("label", table=column.table)


def _after(cue: int | None, slot: Slot, table: TableRef) -> tuple[bool, int, float, str]:
    """What is counted stands behind the word that counts, and near it."""
    links = [o.link.score for o in slot.options if o.link and _is_table(o, table)]
    before = cue is not None and slot.at < cue
    return before, abs(slot.at - (cue or 0)), -max(links, default=0.0), str(table)


@dataclass(frozen=True, slots=True)
class _Ranking:
    """What the gold sorts by, unless something shown says it already."""

    gold: Gold
    slots: _Slots

    def place(self) -> None:
        if self.gold.order is None or self._is_said():
            return
        term, descending = self.gold.order
        role = ("top:" if self.gold.limit else "order:") + ("desc" if descending else "asc")
        if term.column is None:
            tables = self.slots.latest_first(self.gold.tables)
            if not any(self.slots.put_last(role, t) for t in tables):
                self.slots.missing.append(f"{role} count")
        elif term.aggregate == "count":
            if not self.slots.put_last(role, term.column.table) and not self.slots.put_best(
                role, ref=term.column
            ):
                self.slots.missing.append(f"{role} count of {term.column}")
        else:
            self._measure(role, term, term.column)

    def _is_said(self) -> bool:
        return any(o.role.startswith(("most:", "order:", "top:")) for o in self.slots.chosen.values())

    def _measure(self, role: str, term: Term, column: ColumnRef) -> None:
        suffix = f":{term.aggregate}" if term.aggregate else ""
        if self.slots.put_best(role + suffix, ref=column):
            return
        shown = any(o.ref == column and o.role == f"show{suffix}" for o in self.slots.chosen.values())
        if not (term.aggregate and shown):
            self.slots.missing.append(f"{role} {column}")


def _groups(gold: Gold, slots: _Slots) -> None:
    """Columns grouped by, where what is shown does not tell them."""
    for column in gold.groups:
        tables = {o.table for o in slots.chosen.values() if o.role in ("show", "label", "group")}
        if column.table in tables or any(o.ref == column for o in slots.chosen.values()):
            continue
        if not slots.put_best("group", ref=column) and not slots.put_best("group", table=column.table):
            slots.missing.append(f"group {column}")


def _having(gold: Gold, slots: _Slots) -> None:
    for having in gold.having:
        column = having.term.column
        if column is not None and having.term.aggregate != "count":
            if not slots.put_best(f"having:{having.term.aggregate}", ref=column):
                slots.missing.append(f"having {column}")
        elif not _counted(having, gold, slots):
            slots.missing.append("having count")


def _counted(having: Having, gold: Gold, slots: _Slots) -> bool:
    at = next((s for s, o in slots.chosen.items() if o.role.startswith("having:")), None)
    column = having.term.column
    tables = [column.table] if column else slots.latest_first(gold.tables)
    return any(slots.put_best("having", table=t, near=at) for t in tables)


def _tables(gold: Gold, slots: _Slots) -> None:
    """Tables of which nothing else is said, wherever they are named."""
    for table in sorted(gold.absent, key=str):
        if not slots.put_best("absent", table=table):
            slots.missing.append(f"absent {table}")
    for table in sorted(gold.tables, key=str):
        while slots.put_best("use", table=table):
            pass


def _operands(slots: _Slots) -> None:
    """Column names beside the values and numbers that restrict them."""
    for column in sorted(set(_restricted(slots)), key=str):
        slots.put_best("where", ref=column)


def _restricted(slots: _Slots) -> Iterator[ColumnRef]:
    for option in slots.chosen.values():
        if option.ref is not None and (option.role in RESTRICTING or option.role.startswith("where:")):
            yield option.ref


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

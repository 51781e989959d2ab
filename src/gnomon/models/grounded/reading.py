"""A reading of a question: a small typed algebra that is turned into SQL, or into words."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from gnomon.domain.catalog import ColumnRef, TableRef

Aggregate = Literal["count", "sum", "avg", "min", "max", "median"]
Bucket = Literal["day", "week", "month", "quarter", "year"]
Operator = Literal[
    "=", "<>", ">", ">=", "<", "<=", "in", "not in", "null", "not null", "contains", "true", "false"
]
Quotient = Literal["ratio", "percent"]
Literals = tuple[str | int | float | Decimal | date, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Something computed or listed: an aggregate of a column, a count of rows, or a plain column.

    Args:
        aged_on: The day on which ages are counted from the column's birth dates, where it is of ages.
    """

    table: TableRef
    column: str | None = None
    aggregate: Aggregate | None = None
    distinct: bool = False
    aged_on: date | None = None

    @property
    def ref(self) -> ColumnRef | None:
        """The column it reads, if it reads one."""
        return ColumnRef(self.table, self.column) if self.column else None


@dataclass(frozen=True, slots=True)
class Condition:
    """A column compared with literals.

    `words` are those of the question that asked for it; `named` tells whether they name the column too.

    Args:
        of: The table of whose rows it is said, where the question says so: `with an order at Elm Street`.
        by: The column of those rows that leads to the one compared, where there are several ways to it.
    """

    column: ColumnRef
    operator: Operator
    values: Literals = ()
    words: str = ""
    named: bool = False
    of: TableRef | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class AgainstAverage:
    """A column compared with its own average over the same table.

    Args:
        within: The column that tells the group of a row, where the average is that of its own group alone.
    """

    column: ColumnRef
    operator: Literal[">", ">=", "<", "<="]
    within: ColumnRef | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows that have, or lack, rows in another table; with `minimum`, a count of them that is compared."""

    table: TableRef
    operator: Literal["exists", "not exists", ">", ">=", "<", "<=", "="] = "exists"
    count: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What restricts the rows of a table that are counted for each row of the base, not the base."""

    table: TableRef
    conditions: tuple[Condition, ...] = ()
    linked: tuple[Linked, ...] = ()


@dataclass(frozen=True, slots=True)
class SetTest:
    """A condition that some row with the same listed value meets, or, negated, that none does."""

    condition: Condition
    negated: bool


@dataclass(frozen=True, slots=True)
class Grouping:
    """A column to group by; dates in buckets."""

    column: ColumnRef
    bucket: Bucket | None = None


@dataclass(frozen=True, slots=True)
class Ordering:
    """What to order by: a target, a count of rows in a linked table, or the row count of each group."""

    descending: bool
    target: Target | None = None
    linked: TableRef | None = None


@dataclass(frozen=True, slots=True)
class Within:
    """Groups in each of which there is a figure of its own: columns, and a table whose rows are groups."""

    groups: tuple[Grouping, ...] = ()
    entity: TableRef | None = None

    @property
    def tables(self) -> tuple[TableRef, ...]:
        """The tables that the groups are read from."""
        return (*(g.column.table for g in self.groups), *((self.entity,) if self.entity else ()))


@dataclass(frozen=True, slots=True)
class Outer:
    """An aggregate over the figures of groups: the average of the totals of months."""

    aggregate: Aggregate
    over: Within


@dataclass(frozen=True, slots=True)
class Side:
    """One of two figures that are compared: a target over the rows that meet conditions."""

    target: Target
    label: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Two figures and what lies between them.

    With `growth` it is the second less the first, also in percent; with `ratio` the first over the second, in
    percent if it says so; else the first less the second.
    """

    first: Side
    second: Side
    growth: bool
    ratio: Quotient | None = None

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both figures in order."""
        return self.first, self.second


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure beside that of each bucket of time, which is the first group of its reading.

    Args:
        kind: The change to the bucket before, the sum of all up to it, or the average or sum of the last few.
        span: How many buckets an average or sum of the last few takes; 1 for the others.
    """

    kind: Literal["change", "running", "average", "total"]
    span: int = 1


@dataclass(frozen=True, slots=True)
class Kin:
    """The row of the same table that a row refers to, such as its manager, and what is asked of it.

    Args:
        column: The column that refers.
        key: The column that it refers to.
        role: What the other row is called.
        met: Conditions on the other row.
        compared: A column, and how it compares with the same column of the other row.
        shown: Columns of the other row that are listed.
        kept: Whether rows that refer to none are listed too.
        each: Whether each of the other rows is a group.
        below: How many rows must refer to a row itself; `exists` and `not exists` for some and none.
    """

    column: str
    key: str
    role: str
    met: tuple[Condition, ...] = ()
    compared: tuple[str, Operator] | None = None
    shown: tuple[str, ...] = ()
    kept: bool = False
    each: bool = False
    below: Linked | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question is taken to ask.

    Args:
        base: The table whose rows are listed, counted or measured.
        having: An aggregate of each group, and the operator and number that it must meet.
        either: Conditions of which one is enough.
        tests: What some or no row with the same listed values meets.
        share: True if the answer is the share of `base` rows that meet `conditions`.
        every: True if the answer is the number of `base` rows that do not, of which there may be none.
        group_by_entity: A table whose rows are the groups (its key and label are shown).
        then: What to order by among equals.
        within: Groups of which each has a ranking of its own, cut by `limit` or at `place`.
        place: The one place of a ranking that is asked for: 2 for the second highest. Equal values share one.
        outer: An aggregate over the figures of groups; `groups` and `group_by_entity` are those of its rows.
        kin: What is asked of the rows of the base that its rows refer to.
        counted: What restricts the rows that are counted for each row of the base.
        kept: Tables that are shown beside the rows, of which those that have no row there are listed too.
        alone: True if the composer was not calibrated with what it leans on: short forms of names.
        cautious: False if the doubts about related rows are weighed by whoever made the reading.
        mentioned: Tables that the question names as tables.
        said: Roots of the question's words, which may say by what column two tables are linked.
        through: Sentences about tables that link others without being named, and about spellings that are
            taken as one; they are no doubts.
        assumptions: Text and alternative, a pair each.
        explained: Words of the question and how each was read.
        certainty: In [0, 1]: the product of how sure each link is.
    """

    base: TableRef
    targets: tuple[Target, ...]
    conditions: tuple[Condition, ...] = ()
    either: tuple[Condition, ...] = ()
    tests: tuple[SetTest, ...] = ()
    against_average: tuple[AgainstAverage, ...] = ()
    linked: tuple[Linked, ...] = ()
    groups: tuple[Grouping, ...] = ()
    group_by_entity: TableRef | None = None
    order: Ordering | None = None
    having: tuple[Target, str, int | float] | None = None
    limit: int | None = None
    then: tuple[Ordering, ...] = ()
    within: Within | None = None
    place: int | None = None
    outer: Outer | None = None
    compared: Compared | None = None
    trend: Trend | None = None
    kin: Kin | None = None
    counted: Counted | None = None
    kept: tuple[TableRef, ...] = ()
    distinct: bool = False
    share: bool = False
    every: bool = False
    exists_only: bool = False
    alone: bool = False
    cautious: bool = True
    mentioned: tuple[TableRef, ...] = ()
    said: frozenset[str] = frozenset()
    through: tuple[str, ...] = ()
    assumptions: tuple[tuple[str, str], ...] = ()
    explained: tuple[tuple[str, str], ...] = ()
    certainty: float = 1.0


@dataclass(slots=True)
class NotRead(Exception):
    """The question cannot be read: which words stopped it, and why, in a sentence.

    Args:
        options: What the words may mean, to choose from.
        final: True if the question itself says two things, so that no reader can tell which is meant.
    """

    reason: str
    words: tuple[str, ...] = field(default=())
    options: tuple[str, ...] = field(default=())
    final: bool = False

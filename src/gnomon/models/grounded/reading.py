"""A reading of a question: a small typed algebra that is turned into SQL, or into words."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from gnomon.domain.catalog import ColumnRef, TableRef

Aggregate = Literal["count", "sum", "avg", "min", "max"]
Bucket = Literal["day", "week", "month", "quarter", "year"]
Operator = Literal[
    "=", "<>", ">", ">=", "<", "<=", "in", "not in", "null", "not null", "contains", "true", "false"
]
Literals = tuple[str | int | float | Decimal | date, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Something computed or listed: an aggregate of a column, a count of rows, or a plain column."""

    table: TableRef
    column: str | None = None
    aggregate: Aggregate | None = None
    distinct: bool = False

    @property
    def ref(self) -> ColumnRef | None:
        """The column it reads, if it reads one."""
        return ColumnRef(self.table, self.column) if self.column else None


@dataclass(frozen=True, slots=True)
class Condition:
    """A column compared with literals.

    `words` are those of the question that asked for it; `named` tells whether they name the column too.
    """

    column: ColumnRef
    operator: Operator
    values: Literals = ()
    words: str = ""
    named: bool = False


@dataclass(frozen=True, slots=True)
class AgainstAverage:
    """A column compared with its own average over the same table."""

    column: ColumnRef
    operator: Literal[">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows that have, or lack, rows in another table; with `minimum`, a count of them that is compared."""

    table: TableRef
    operator: Literal["exists", "not exists", ">", ">=", "<", "<=", "="] = "exists"
    count: int = 0


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
class Reading:
    """What a question is taken to ask.

    Args:
        base: The table whose rows are listed, counted or measured.
        having: An aggregate of each group, and the operator and number that it must meet.
        either: Conditions of which one is enough.
        tests: What some or no row with the same listed values meets.
        share: True if the answer is the share of `base` rows that meet `conditions`.
        group_by_entity: A table whose rows are the groups (its key and label are shown).
        cautious: False if the doubts about related rows are weighed by whoever made the reading.
        mentioned: Tables that the question names as tables.
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
    distinct: bool = False
    share: bool = False
    exists_only: bool = False
    cautious: bool = True
    mentioned: tuple[TableRef, ...] = ()
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

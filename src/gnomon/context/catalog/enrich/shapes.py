"""What one statement of pipeline code tells, as plain values: everything later steps need, and no tree.

Tables stand under the warehouse's own names where it has them, else as the code writes them. Column names
are those of the made table where nothing else is said.
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from gnomon.context.catalog.facts import Fact, LineageEdge, Origin, Problem

FROM_HUNDREDTHS = "converted from hundredths"
"""The note on a column that a statement divides by 100 to get an amount."""

Making = Literal["definition", "part", "merge", "declaration"]
"""How a statement makes its table: whole, by adding rows, by merging rows, or by declaring columns only."""

EffectKind = Literal["filter", "exclusion", "limit", "latest", "distinct", "stacked", "time"]
"""`latest` keeps one row of several, `stacked` puts parts below each other, `time` is a note in `sql`."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something in a statement that decides which rows a table has.

    Args:
        table: The table whose rows it is about; empty where it is about several.
        sql: The condition or clause, in words close to the SQL, columns under their base names.
        left_out: The rows that it leaves out, as a phrase (`rows without customer_id`).
        line: Line within the statement, from 1; 0 where unknown.
        part: Which part of a UNION it is in, from 1; 0 for all of the statement.
    """

    kind: EffectKind
    table: str
    sql: str
    left_out: str
    line: int = 0
    part: int = 0


@dataclass(frozen=True, slots=True)
class RowKey:
    """Columns that identify a row of the made table, if every need is met.

    Args:
        table: The table whose keys they are: any key of it of which every column is in `columns` is a key of
            the made table. Empty if `columns` are a key by construction.
        columns: Pairs of a column of `table` and the column of the made table that passes it on; None where
            all columns are passed on as they are, also those that are not known.
        needs: Tables with columns that must identify a row of them, since they are joined by these.
        because: How the code makes it a key: `grouped by it`, `the latest by updated_at`.
    """

    table: str
    columns: tuple[tuple[str, str], ...] | None
    needs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True)
class MadeColumn:
    """How a column of the made table comes about.

    Args:
        bases: Pairs of table and column that its values are computed from.
        text: The expression in words close to the SQL; empty if it is passed on as it is.
        notes: What the expression does to units, clocks, currencies and missing values.
    """

    name: str
    bases: tuple[tuple[str, str], ...] = ()
    text: str = ""
    notes: tuple[str, ...] = ()


class Statement(Protocol):
    """What one statement tells, whether all of it is in memory or is decoded when it is asked for.

    `effects`, `columns`, `facts` and `lineage` are most of it. What goes through all statements asks few of
    them for these.
    """

    @property
    def table(self) -> str: ...
    @property
    def origin(self) -> Origin: ...
    @property
    def making(self) -> Making: ...
    @property
    def digest(self) -> str: ...
    @property
    def schema_digest(self) -> str: ...
    @property
    def whole(self) -> bool: ...
    @property
    def reads(self) -> tuple[str, ...]: ...
    @property
    def rows_of(self) -> str: ...
    @property
    def grouped_by(self) -> tuple[str, ...] | None: ...
    @property
    def keys(self) -> tuple[RowKey, ...]: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...
    @property
    def converts(self) -> bool: ...
    @property
    def column_names(self) -> tuple[str, ...]: ...
    @property
    def effects(self) -> tuple[Effect, ...]: ...
    @property
    def columns(self) -> tuple[MadeColumn, ...]: ...
    @property
    def facts(self) -> tuple[Fact, ...]: ...
    @property
    def lineage(self) -> tuple[LineageEdge, ...]: ...


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """All that one statement tells about the table it makes. Plain data: it can be kept and reused.

    Args:
        digest: `statement_hash` of the code it was read from; empty if reading it again may tell more.
        schema_digest: Hash of the tables behind `asked` and their columns, as they were when it was read.
        asked: Names of tables that were looked up to read it.
        reads: Tables it reads, the one whose rows it has first.
        rows_of: The table whose rows it has, filtered or grouped; empty where there is no single one.
        grouped_by: What its rows are grouped by, in words; None where it does not group.
    """

    table: str
    origin: Origin
    making: Making
    digest: str = ""
    schema_digest: str = ""
    asked: tuple[str, ...] = ()
    whole: bool = False
    reads: tuple[str, ...] = ()
    rows_of: str = ""
    grouped_by: tuple[str, ...] | None = None
    keys: tuple[RowKey, ...] = ()
    effects: tuple[Effect, ...] = ()
    columns: tuple[MadeColumn, ...] = ()
    facts: tuple[Fact, ...] = ()
    lineage: tuple[LineageEdge, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def converts(self) -> bool:
        """Whether a column of the made table is converted from hundredths."""
        return any(FROM_HUNDREDTHS in column.notes for column in self.columns)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the made table's columns."""
        return tuple(column.name for column in self.columns)

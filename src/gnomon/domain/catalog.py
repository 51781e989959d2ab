"""What a warehouse holds: tables, columns, keys, joins, and the one merged card of each table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

TypeKind = Literal["integer", "decimal", "text", "boolean", "date", "timestamp", "time", "json", "other"]
"""The families of column types that composing and checking a query tell apart."""

TEMPORAL_KINDS: frozenset[TypeKind] = frozenset({"date", "timestamp"})
NUMERIC_KINDS: frozenset[TypeKind] = frozenset({"integer", "decimal"})


@dataclass(frozen=True, slots=True, order=True)
class TableRef:
    """A table's address. `schema` is empty where the engine has none or it is the default one."""

    name: str
    schema: str = ""

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column's address."""

    table: TableRef
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the engine declares it."""

    name: str
    kind: TypeKind
    type_sql: str
    nullable: bool = True
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why we believe a key or a join that nobody declared.

    Args:
        source: Where the statement comes from: the engine's declaration, the data, a test or owner that says
            so, or the joins that people write.
        share: Measured share in [0, 1]: distinct values per non-null row for a key, child values
            found in the parent for a join. 1.0 where declared.
        rows: Rows the measurement looked at.
    """

    source: Literal["declared", "measured", "documented", "observed"]
    share: float = 1.0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Key:
    """Columns that identify a row."""

    columns: tuple[str, ...]
    evidence: Evidence
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """A many-to-one (or one-to-one) link: each `child` row has at most one `parent` row.

    `child_columns` and `parent_columns` pair up by position.
    """

    child: TableRef
    child_columns: tuple[str, ...]
    parent: TableRef
    parent_columns: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table or view as introspection finds it.

    Args:
        row_count: None where counting was too dear.
        definition: The SQL a view was made with, as the engine keeps it; empty for a table.
    """

    ref: TableRef
    columns: tuple[Column, ...]
    is_view: bool = False
    row_count: int | None = None
    comment: str = ""
    keys: tuple[Key, ...] = ()
    definition: str = ""

    def column(self, name: str) -> Column | None:
        """The column of that name, compared without case, or None."""
        folded = name.casefold()
        return next((c for c in self.columns if c.name.casefold() == folded), None)


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What a look at the data says about a column.

    Args:
        rows: Rows looked at (a sample on large tables).
        nulls: Null rows among them.
        distinct: Distinct non-null values among them (approximate on large tables).
        low: Smallest value as text, or None where values have no order or all are null.
        high: Largest value as text.
        top: Most frequent values as text with their row counts, most frequent first.
        exact: True if every row of the table was looked at.
    """

    column: str
    rows: int
    nulls: int
    distinct: int
    low: str | None = None
    high: str | None = None
    top: tuple[tuple[str, int], ...] = ()
    exact: bool = True

    @property
    def null_share(self) -> float:
        """Null rows over rows looked at, in [0, 1]; 0 for an empty table."""
        return self.nulls / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class TableProfile:
    """The profiles of a table's columns. `complete` is False if the time budget ended first."""

    ref: TableRef
    columns: tuple[ColumnProfile, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence known about a table or column, and its source (file and line, comment, profile)."""

    text: str
    provenance: str


StatementKind = Literal["grain", "scope", "derivation", "freshness", "downstream", "use_when"]
"""What a statement on a card is about: one row's meaning, rows left out, how it is made, how often it is
refreshed, what is built from it, and when it is the better of two tables."""


@dataclass(frozen=True, slots=True)
class CardStatement:
    """One thing that the layers know about a table, and its source."""

    kind: StatementKind
    text: str
    provenance: str


@dataclass(frozen=True, slots=True)
class TableUsage:
    """How people use a table, as far as query history and dashboards tell.

    Args:
        queries: Runs of queries that read it.
        users: Distinct authors of those.
        dashboards: Titles of dashboards that read it, the most viewed first.
        last_used: Day of the newest run, ISO, or empty.
        joins: Conditions that people join it by, the most usual first.
        filters: Conditions that people filter it by, without literals, the most usual first.
    """

    queries: int = 0
    users: int = 0
    dashboards: tuple[str, ...] = ()
    last_used: str = ""
    joins: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardColumn:
    """A column as the card shows it: declaration, profile and meaning in one value.

    Args:
        meaning_from: Where the meaning is from; empty where there is none.
        also_called: Further names that people have for it, each with who says so.
    """

    column: Column
    profile: ColumnProfile | None = None
    meaning: str = ""
    meaning_from: str = ""
    also_called: tuple[Statement, ...] = ()

    @property
    def name(self) -> str:
        """The column's name as the engine spells it."""
        return self.column.name


@dataclass(frozen=True, slots=True)
class TableCard:
    """The one merged description of a table: what a model may know before it asks.

    Args:
        purpose_from: Where the purpose is from; empty where names alone say it.
        owner: Whom to ask about it.
        criticality: How much depends on it, in the owner's word, for example `high`.
        freshness: How fresh it is expected to be, in the owner's words, for example `daily`.
        produced_by: File, and line where known, of the code that makes it; empty if no code is known.
        always_filter: Conditions that every question on it wants.
        use_instead: A table to use in place of this one, and when.
        statements: What its code, its documentation and its users tell.
        usage: How people use it; None where no history was read.
        owner_from: Where the owner is from: file and line, by whom and when, as far as known; else empty.
        criticality_from: The same of the criticality.
        freshness_from: The same of the freshness.
        also_called: Further names that people have for what its rows are, each with who says so.
    """

    ref: TableRef
    columns: tuple[CardColumn, ...]
    row_count: int | None = None
    is_view: bool = False
    purpose: str = ""
    keys: tuple[Key, ...] = ()
    joins: tuple[Join, ...] = ()
    owner: str = ""
    always_filter: tuple[str, ...] = ()
    freshness_column: str = ""
    caveats: tuple[Statement, ...] = ()
    use_instead: str = ""
    purpose_from: str = ""
    criticality: str = ""
    freshness: str = ""
    produced_by: str = ""
    tags: tuple[str, ...] = ()
    statements: tuple[CardStatement, ...] = ()
    usage: TableUsage | None = None
    owner_from: str = ""
    criticality_from: str = ""
    freshness_from: str = ""
    also_called: tuple[Statement, ...] = ()

    def column(self, name: str) -> CardColumn | None:
        """The column of that name, compared without case, or None."""
        folded = name.casefold()
        return next((c for c in self.columns if c.name.casefold() == folded), None)

    @property
    def primary_key(self) -> Key | None:
        """The declared primary key, else the key with the fewest columns, else None."""
        ranked = sorted(self.keys, key=lambda k: (not k.primary, len(k.columns)))
        return ranked[0] if ranked else None


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every table of a warehouse that a principal may see, with the joins between them."""

    tables: tuple[TableSchema, ...]
    joins: tuple[Join, ...] = ()
    _named: dict[str, list[TableSchema]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _linked: dict[TableRef, list[Join]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for table in self.tables:
            self._named.setdefault(table.ref.name.casefold(), []).append(table)
        for join in self.joins:
            for ref in {join.child, join.parent}:
                self._linked.setdefault(ref, []).append(join)

    @property
    def refs(self) -> tuple[TableRef, ...]:
        """Every table's address, in the order of `tables`: cheap where the tables themselves are not."""
        return tuple(t.ref for t in self.tables)

    def exact(self, ref: TableRef) -> TableSchema | None:
        """The table at that address, compared with case, or None."""
        return next((t for t in self._named.get(ref.name.casefold(), []) if t.ref == ref), None)

    def find(self, name: str, schema: str = "") -> TableSchema | None:
        """The table of that name, compared without case; without a schema the default one is preferred."""
        named = self._named.get(name.casefold(), [])
        if schema:
            return next((t for t in named if t.ref.schema.casefold() == schema.casefold()), None)
        plain = [t for t in named if not t.ref.schema]
        if plain:
            return plain[0]
        return named[0] if len(named) == 1 else None

    def joins_of(self, ref: TableRef) -> tuple[Join, ...]:
        """Joins in which the table is child or parent."""
        return tuple(self._linked.get(ref, ()))

    def names(self) -> Iterable[str]:
        """Every table's address as text."""
        return map(str, self.refs)

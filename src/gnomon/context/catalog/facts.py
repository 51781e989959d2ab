"""What sources tell about tables, each statement with its origin.

A source names tables and columns as it knows them (`db.schema.name`, `schema.name` or `name`); the merge
finds the table of the warehouse that is meant, or reports that there is none.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FactKind = Literal[
    "meaning",
    "column_meaning",
    "owner",
    "criticality",
    "freshness",
    "caveat",
    "always_filter",
    "use_instead",
    "use_when",
    "grain",
    "scope",
    "derivation",
    "downstream",
    "tag",
    "produced_by",
    "also_called",
]
"""What a fact is about. `use_instead` names the better table, and may say when; `freshness` is expected;
`also_called` is one further name, of a column where the fact has one."""

Layer = Literal["annotation", "documentation", "code", "usage", "model"]
"""Who says it. Of two facts of one kind the layer named first wins: owners, then documentation beside the
code (dbt descriptions, metadata files), then the code itself, then what people do, then a model's wording."""

LAYERS: tuple[Layer, ...] = ("annotation", "documentation", "code", "usage", "model")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a statement was read.

    Args:
        layer: Who says it.
        place: File and line relative to its source (`models/orders.sql:12`), a query id, a dashboard.
        source: The source's name, for example `dbt:target`.
        said_by: The person who says it, where known.
        said_at: When they said it, aware, where known.
    """

    layer: Layer
    place: str
    source: str = ""
    said_by: str = ""
    said_at: datetime | None = None

    def __str__(self) -> str:
        """The origin as a card shows it."""
        who = f" by {self.said_by}" if self.said_by else ""
        when = f" on {self.said_at.date().isoformat()}" if self.said_at else ""
        return f"{self.place}{who}{when}"


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about a table, or about a column of it."""

    table: str
    kind: FactKind
    text: str
    origin: Origin
    column: str = ""


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """Columns that are said, or tested, to identify a row."""

    table: str
    columns: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class JoinClaim:
    """A link that is said, or tested, to be many-to-one. The columns pair up by position."""

    child: str
    child_columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """`table` is made from `upstream`; with columns, that column is made from that one.

    Either both columns are given or neither is.
    """

    table: str
    upstream: str
    origin: Origin
    column: str = ""
    upstream_column: str = ""


@dataclass(frozen=True, slots=True)
class PipelineCode:
    """SQL that makes a table.

    Args:
        table: The table it makes.
        sql: One statement: a query, or a CREATE ... AS, INSERT or MERGE, without templating.
        dialect: sqlglot's name of the dialect; empty for the warehouse's own.
        materialized: `table`, `view`, `incremental`, ... where the tool says so.
    """

    table: str
    sql: str
    origin: Origin
    dialect: str = ""
    materialized: str = ""


@dataclass(frozen=True, slots=True)
class PastQuery:
    """A query that somebody ran, or a group of equal runs.

    Args:
        sql: As it was logged, literals and all: only `usage` may see it before it is sanitised.
        title: What it is called, where it has a name (a chart's or saved question's title).
        author: Who wrote or ran it.
        role: The author's role as the log says it, for example `data scientist`.
        last_run: Aware, or None.
        runs: How often it ran.
        succeeded: None where the log does not say.
        dashboard: Title of the dashboard that runs it; empty for none.
        views: Views of that dashboard, or of the chart; None where unknown.
        last_viewed: Aware, or None.
        reviewed: Somebody other than the author approved it, or the tool marks it verified.
    """

    sql: str
    origin: Origin
    dialect: str = ""
    title: str = ""
    author: str = ""
    role: str = ""
    last_run: datetime | None = None
    runs: int = 1
    succeeded: bool | None = None
    dashboard: str = ""
    views: int | None = None
    last_viewed: datetime | None = None
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard, exposure or report that reads tables.

    Args:
        tables: The tables that it reads, where the source says so apart from its queries.
    """

    title: str
    origin: Origin
    owner: str = ""
    views: int | None = None
    last_viewed: datetime | None = None
    tables: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read and was passed over.

    Args:
        place: File and line, relative to the source.
        message: What is wrong with it and what to do, in one sentence.
    """

    place: str
    message: str


Item = Fact | KeyClaim | JoinClaim | LineageEdge | PipelineCode | PastQuery | Dashboard | Problem


@dataclass(slots=True)
class Gathered:
    """Items by kind, for those that are few enough to hold."""

    facts: list[Fact] = field(default_factory=list)
    keys: list[KeyClaim] = field(default_factory=list)
    joins: list[JoinClaim] = field(default_factory=list)
    lineage: list[LineageEdge] = field(default_factory=list)
    code: list[PipelineCode] = field(default_factory=list)
    dashboards: list[Dashboard] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, item: "Item") -> None:
        """Put an item where it belongs. A `PastQuery` belongs to `usage`, which takes them one by one."""
        match item:
            case Fact():
                self.facts.append(item)
            case KeyClaim():
                self.keys.append(item)
            case JoinClaim():
                self.joins.append(item)
            case LineageEdge():
                self.lineage.append(item)
            case PipelineCode():
                self.code.append(item)
            case Dashboard():
                self.dashboards.append(item)
            case Problem():
                self.problems.append(item)
            case PastQuery():
                raise TypeError("past queries are aggregated as they come, not gathered")

"""What a dbt project holds, in one shape for manifests of every version and for bare project files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NodeKind = Literal["model", "seed", "snapshot", "source", "external"]
"""`external` is a node of another project, of which nothing but a name is known."""


@dataclass(frozen=True, slots=True)
class Ref:
    """`ref('package', 'name', v=version)`; package and version are empty where they are not said."""

    name: str
    package: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class SourceRef:
    """`source('source', 'table')`."""

    source: str
    table: str


Reference = Ref | SourceRef


@dataclass(frozen=True, slots=True)
class NodeColumn:
    """A column that is described. `place` is where."""

    name: str
    description: str
    place: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint of a model's contract.

    Args:
        kind: As dbt spells it: `primary_key`, `unique`, `foreign_key`, ...
        to: The parent of a foreign key, as `ref('x')` or as a relation's name; else empty.
    """

    kind: str
    columns: tuple[str, ...]
    to: str = ""
    to_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A model, seed, snapshot or source table.

    Args:
        id: dbt's unique id, for example `model.shop.orders.v2`.
        relation: Database, schema and identifier, as far as they are known; never empty.
        quoted: The relation as the adapter quotes it; empty where no manifest says.
        file: The file that makes it, relative to the project; empty for a source.
        place: Where it is described: file, and line where known.
        owner: From `meta`; `Project.owner` looks into the group too.
        depends_on: Ids of the nodes that it reads.
        header: Column names of a seed's file, where it was read.
        code: Its SQL: compiled, or a template if `compiled` is False; empty if there is none.
    """

    id: str
    kind: NodeKind
    name: str
    package: str
    relation: tuple[str, ...]
    quoted: str = ""
    file: str = ""
    place: str = ""
    description: str = ""
    columns: tuple[NodeColumn, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    group: str = ""
    loader: str = ""
    freshness: str = ""
    materialized: str = ""
    depends_on: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    code: str = ""
    compiled: bool = False
    version: str = ""
    latest_version: str = ""
    deprecation_date: str = ""
    source_name: str = ""

    @property
    def table(self) -> str:
        """Its name as facts carry it: `database.schema.alias`, as far as known."""
        return ".".join(self.relation)

    @property
    def is_table(self) -> bool:
        """Whether the warehouse holds it: an ephemeral model is only ever a part of others."""
        return self.materialized != "ephemeral"


@dataclass(frozen=True, slots=True)
class Test:
    """A generic test on a node.

    Args:
        node: The id of the node under test.
        name: Without its package: `unique`, `unique_combination_of_columns`, ...
        column: Empty for a test on the whole table.
        where: The condition that limits it; empty for none.
        only_warns: A failure does not fail the build.
    """

    __test__ = False  # pytest collects classes of this name

    node: str
    name: str
    column: str
    arguments: Mapping[str, Any]
    where: str
    only_warns: bool
    place: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """A dashboard, notebook or application that reads nodes. `depends_on` may name metrics."""

    title: str
    kind: str
    owner: str
    url: str
    maturity: str
    description: str
    depends_on: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A governed metric.

    Args:
        formula: `agg(expression)` where the metric itself says so (dbt before 1.6, and 1.12 on); else empty.
        params: `type_params` as written, for metrics on measures and on other metrics.
        filter: The condition on its rows; empty for none.
        depends_on: Ids of its model, semantic models or metrics, where known.
    """

    name: str
    label: str
    description: str
    kind: str
    formula: str
    params: Mapping[str, Any]
    filter: str
    depends_on: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class SemanticModel:
    """Entities, dimensions and measures over one node, as written."""

    name: str
    node: str
    description: str
    entities: tuple[Mapping[str, Any], ...]
    dimensions: tuple[Mapping[str, Any], ...]
    measures: tuple[Mapping[str, Any], ...]
    place: str


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A named choice of metrics and dimensions."""

    name: str
    description: str
    metrics: tuple[str, ...]
    group_by: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class TableComments:
    """What `catalog.json` read from the warehouse about one relation. `columns` pairs name and comment."""

    table: str
    comment: str
    owner: str
    columns: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Project:
    """Everything that was read, keyed by dbt's unique ids (metrics and the like: by name)."""

    name: str = ""
    adapter: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    tests: list[Test] = field(default_factory=list)
    exposures: dict[str, Exposure] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    semantic_models: dict[str, SemanticModel] = field(default_factory=dict)
    saved_queries: dict[str, SavedQuery] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    comments: dict[str, TableComments] = field(default_factory=dict)

    def owner(self, node: Node) -> str:
        """The node's owner, else its group's; empty if neither is named."""
        return node.owner or self.groups.get(node.group, "")

    def fill_from(self, other: "Project") -> None:
        """Take from `other` what this one does not have; tests only of nodes that this one did not test."""
        tested = {test.node for test in self.tests}
        self.tests += [test for test in other.tests if test.node not in tested]
        self.name = self.name or other.name
        self.adapter = self.adapter or other.adapter
        self.variables = self.variables or other.variables
        self.nodes = other.nodes | self.nodes
        self.exposures = other.exposures | self.exposures
        self.metrics = other.metrics | self.metrics
        self.semantic_models = other.semantic_models | self.semantic_models
        self.saved_queries = other.saved_queries | self.saved_queries
        self.groups = other.groups | self.groups
        self.comments = other.comments | self.comments


class Lookup:
    """Finds the node that a reference means."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._refs: dict[tuple[str, str, str], Node] = {}
        self._sources: dict[tuple[str, str], Node] = {}
        for node in sorted(nodes, key=lambda n: n.kind == "external"):
            self._add(node)

    def _add(self, node: Node) -> None:
        if node.kind == "source":
            self._sources.setdefault((node.source_name, node.name), node)
            return
        latest = not node.version or node.version == node.latest_version
        for package in ("", node.package):
            self._refs.setdefault((package, node.name, node.version), node)
            if latest:
                self._refs.setdefault((package, node.name, ""), node)

    def find(self, reference: Reference, package: str = "") -> Node | None:
        """The node, preferring the package that the reference stands in; None if there is none."""
        if isinstance(reference, SourceRef):
            return self._sources.get((reference.source, reference.table))
        own = (reference.package or package, reference.name, reference.version)
        found = self._refs.get(own)
        if found is None and not reference.package:
            found = self._refs.get(("", reference.name, reference.version))
        return found

"""The SQL that makes each table, templates filled in with the tables that references mean."""

import re
from collections.abc import Mapping, Sequence

from gnomon.context.catalog.facts import Origin, PipelineCode, Problem
from gnomon.context.catalog.sources.dbt.jinja import made_reference, render
from gnomon.context.catalog.sources.dbt.jinja_expressions import Scope, Value
from gnomon.context.catalog.sources.dbt.jinja_tokens import TemplateStopped
from gnomon.context.catalog.sources.dbt.nodes import Lookup, Node, Project, Reference, SourceRef

DIALECTS: Mapping[str, str] = {
    **{
        name: name
        for name in (
            *("athena", "bigquery", "clickhouse", "databricks", "doris", "dremio", "drill", "duckdb"),
            *("materialize", "mysql", "oracle", "postgres", "presto", "redshift", "risingwave"),
            *("singlestore", "snowflake", "spark", "sqlite", "starrocks", "teradata", "trino"),
        )
    },
    "fabric": "fabric",
    "greenplum": "postgres",
    "sqlserver": "tsql",
    "synapse": "tsql",
}
"""sqlglot's name of the dialect, by dbt's name of the adapter."""

_MAX_INLINED = 10
"""Ephemeral models in each other; each level is a level of recursion."""

_PLAIN = re.compile(r"[^\W\d]\w*")
_BACKTICKS = frozenset({"bigquery", "databricks", "mysql", "spark", "singlestore", "doris", "starrocks"})


def known_call(
    name: str, arguments: Sequence[Value], named: Mapping[str, Value], variables: Mapping[str, Value]
) -> Value:
    """What `var` and `is_incremental` answer.

    Raises:
        TemplateStopped: For any other call, and for a variable without a value.
    """
    if name == "is_incremental":
        return False
    if name == "var" and arguments and isinstance(arguments[0], str):
        if arguments[0] in variables:
            return variables[arguments[0]]
        if len(arguments) > 1 or "default" in named:
            return arguments[1] if len(arguments) > 1 else named["default"]
        raise TemplateStopped(f"the variable `{arguments[0][:60]}` has no value in dbt_project.yml", 0)
    raise TemplateStopped(f"a call of `{name[:60]}` is not known without dbt", 0)


def called_reference(name: str, arguments: Sequence[Value], named: Mapping[str, Value]) -> Reference | None:
    """The reference that a call of `ref` or `source` makes; None for another call.

    Raises:
        TemplateStopped: The call is one of these, with arguments that are not right.
    """
    if name not in ("ref", "source"):
        return None
    version = named.get("version", named.get("v", ""))
    texts = [each for each in arguments if isinstance(each, str)]
    made = made_reference(name, texts, str(version)) if len(texts) == len(arguments) else None
    if made is None:
        raise TemplateStopped(f"the arguments of `{name}` are not read", 0)
    return made


class Coder:
    """Offers the SQL of nodes.

    Args:
        source: The source's name in origins.
    """

    def __init__(self, project: Project, lookup: Lookup, source: str) -> None:
        self._project = project
        self._lookup = lookup
        self._source = source
        self._dialect = DIALECTS.get(project.adapter, "")
        self._inlined: dict[str, str] = {}
        self._inside: list[str] = []

    def code_of(self, node: Node) -> PipelineCode | Problem | None:
        """The node's SQL; the problem, with file and line, if it cannot be told; None if it has none."""
        if not node.code:
            return None
        try:
            sql = node.code if node.compiled else self._filled(node)
        except TemplateStopped as stopped:
            said = f"{stopped.message}; its SQL is left out, all else is read"
            return Problem(f"{node.file}:{stopped.line}", said)
        origin = Origin("code", node.file, self._source)
        return PipelineCode(node.table, sql, origin, self._dialect, node.materialized)

    def _filled(self, node: Node) -> str:
        def call(name: str, arguments: Sequence[Value], named: Mapping[str, Value]) -> Value:
            wanted = called_reference(name, arguments, named)
            if wanted is not None:
                return self._referred(wanted, node)
            return known_call(name, arguments, named, self._project.variables)

        return render(node.code, Scope(call, {"this": self._quoted(node)})).strip().rstrip(";")

    def _referred(self, wanted: Reference, node: Node) -> str:
        found = self._lookup.find(wanted, node.package)
        if found is None:
            return self._quote(_unknown(wanted))
        return self._quoted(found) if found.is_table else self._subquery(found)

    def _subquery(self, node: Node) -> str:
        """An ephemeral model where it is read from. dbt itself puts a common table expression."""
        if node.id in self._inside or len(self._inside) >= _MAX_INLINED:
            raise TemplateStopped(f"the ephemeral model `{node.name}` reads itself or is too deep", 0)
        if node.id not in self._inlined:
            if not node.code:
                raise TemplateStopped(f"the ephemeral model `{node.name}` has no SQL", 0)
            self._inside.append(node.id)
            try:
                filled = node.code if node.compiled else self._filled(node)
            except TemplateStopped as stopped:
                said = f"the ephemeral model `{node.name}` is not read: {stopped.message}"
                raise TemplateStopped(said[:300], 0) from stopped
            finally:
                self._inside.pop()
            # The line break ends a comment on the last line.
            self._inlined[node.id] = f"(\n{filled}\n)"
        return self._inlined[node.id]

    def _quoted(self, node: Node) -> str:
        return node.quoted or self._quote(node.relation)

    def _quote(self, parts: tuple[str, ...]) -> str:
        mark = "`" if self._dialect in _BACKTICKS else '"'
        return ".".join(
            p if _PLAIN.fullmatch(p) else f"{mark}{p.replace(mark, mark * 2)}{mark}" for p in parts
        )


def _unknown(wanted: Reference) -> tuple[str, ...]:
    """The likeliest relation of what the project does not hold, such as a model of a package."""
    return (wanted.source, wanted.table) if isinstance(wanted, SourceRef) else (wanted.name,)

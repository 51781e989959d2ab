"""What a view reads: its definition parsed, its tables tied to the catalog.

A view runs with its owner's rights in the engine, so restrictions of the tables behind it would be lost on
it. Where they matter for a reader, `restrict` puts the definition in place of the view's name and rewrites
that.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeGuard

from sqlglot import exp
from sqlglot.errors import SqlglotError

from gnomon.domain.catalog import Catalog, TableRef, TableSchema
from gnomon.domain.query import Dialect
from gnomon.policy.dialects import grammar
from gnomon.policy.functions import ALLOWED_FUNCTIONS, TABLE_FUNCTIONS

SOURCE = "gnomon_source"
"""Where a node of a tree says which table of the catalog it names."""

_DEEPEST = 20
_FILE_READERS = frozenset(
    {
        "read_csv",
        "read_csv_auto",
        "read_parquet",
        "parquet_scan",
        "read_json",
        "read_json_auto",
        "read_ndjson",
    }
)
"""They read files that the view's owner named, and no table."""


class OpaqueViewError(Exception):
    """The definition cannot be read with certainty; the message says why."""


@dataclass(frozen=True, slots=True)
class ViewBody:
    """A view's query. `names` are the names of its columns, in order."""

    tree: exp.Expr
    names: tuple[str, ...]


def view_body(view: TableSchema, dialect: Dialect) -> ViewBody:
    """The parsed definition; the tree is the caller's to change.

    Raises:
        OpaqueViewError: There is none, or it is not one plain query.
    """
    tree = _parsed(view.definition, dialect)
    if tree is None:
        raise OpaqueViewError(f"the definition of the view `{view.ref}` cannot be read")
    return ViewBody(tree.copy(), tuple(c.name for c in view.columns))


@lru_cache(512)
def _parsed(definition: str, dialect: Dialect) -> exp.Expr | None:
    if not definition.strip():
        return None
    try:
        trees = grammar(dialect).parser().parse(grammar(dialect).tokenize(definition), definition)
    except (SqlglotError, ValueError, AttributeError, TypeError, IndexError, RecursionError):
        return None
    found = [t for t in trees if t is not None]
    tree = found[0] if len(found) == 1 else None
    if isinstance(tree, exp.Create):
        tree = tree.expression
    return tree if isinstance(tree, exp.Query) else None


def source_of(node: exp.Table, view: TableSchema, catalog: Catalog, dialect: Dialect) -> TableSchema | None:
    """The catalog's table that a name in a view's definition stands for.

    DuckDB looks for a bare name in the view's own schema first; PostgreSQL prints bare names for what the
    search path finds, which is the default schema.
    """
    if not isinstance(node.this, exp.Identifier):
        return None
    bare = ("",) if dialect == "postgres" else (view.ref.schema, "")
    schemas = (node.db,) if node.db else bare
    for schema in schemas:
        found = exact_table(catalog, node.name, schema)
        if found is not None:
            return found
    return exact_table(catalog, node.name, "") if _is_default(node.db) else None


def exact_table(catalog: Catalog, name: str, schema: str) -> TableSchema | None:
    """The table of that very name, or else one whose name differs in case: PostgreSQL can have both."""
    found = catalog.find(name, schema)
    if found is None or found.ref.name == name:
        return found
    return catalog.exact(TableRef(name, found.ref.schema)) or found


def _is_default(schema: str) -> bool:
    return schema.casefold() in ("main", "public")


def mark_sources(tree: exp.Expr, view: TableSchema, catalog: Catalog, dialect: Dialect) -> list[exp.Table]:
    """The nodes of a view's definition that name tables, each with its `TableRef` in `meta`.

    Raises:
        OpaqueViewError: A name stands for nothing that is known, or a function that somebody made is called:
            it could read any table.
    """
    _refuse_foreign_calls(tree, view, dialect)
    found: list[exp.Table] = []
    _mark(tree, view, catalog, dialect, frozenset(), found)
    return found


def _mark(
    node: exp.Expr,
    view: TableSchema,
    catalog: Catalog,
    dialect: Dialect,
    ctes: frozenset[str],
    found: list[exp.Table],
) -> None:
    clause = node.args.get("with_")
    if clause is not None:
        names = [cte.alias.casefold() for cte in clause.expressions]
        looping = clause.args.get("recursive") or dialect == "sqlite"
        for name, cte in zip(names, clause.expressions, strict=True):
            _mark(cte.this, view, catalog, dialect, ctes | set(names) if looping else ctes, found)
            ctes |= {name}
    if _names_a_table(node, ctes):
        source = source_of(node, view, catalog, dialect)
        if source is None:
            raise OpaqueViewError(f"the view `{view.ref}` reads `{node.sql()}`, which is not known")
        node.meta[SOURCE] = source.ref
        found.append(node)
    for key, value in node.args.items():
        for child in value if isinstance(value, list) else (value,):
            if key != "with_" and isinstance(child, exp.Expr):
                _mark(child, view, catalog, dialect, ctes, found)


def _refuse_foreign_calls(tree: exp.Expr, view: TableSchema, dialect: Dialect) -> None:
    known = ALLOWED_FUNCTIONS[dialect] | TABLE_FUNCTIONS[dialect] | _FILE_READERS
    for call in tree.find_all(exp.Anonymous):
        if call.name.lower() not in known or isinstance(call.parent, exp.Dot):
            raise OpaqueViewError(f"the view `{view.ref}` calls `{call.name}`, which could read anything")


def _names_a_table(node: exp.Expr, ctes: frozenset[str]) -> TypeGuard[exp.Table]:
    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        return False
    return bool(node.db or node.catalog) or node.name.casefold() not in ctes


def base_tables(view: TableSchema, catalog: Catalog, dialect: Dialect) -> tuple[TableSchema, ...]:
    """Every table and view that `view` reads, through further views; nothing for a table.

    A source that cannot be told is answered with the view itself, so that it is never thought harmless.
    """
    found: dict[TableRef, TableSchema] = {}
    waiting, depth = [view], 0
    while waiting:
        depth += 1
        read = [(each, _direct(each, catalog, dialect)) for each in waiting if each.is_view]
        if depth > _DEEPEST or any(each in inner for each, inner in read):
            found[view.ref] = view
            break
        inner = [base for _, bases in read for base in bases]
        waiting = [base for base in inner if base.ref not in found]
        found |= {base.ref: base for base in inner}
    return tuple(found.values())


def _direct(view: TableSchema, catalog: Catalog, dialect: Dialect) -> list[TableSchema]:
    tree = _parsed(view.definition, dialect)
    if tree is None:
        return [view]
    try:
        nodes = mark_sources(tree.copy(), view, catalog, dialect)
    except OpaqueViewError:
        return [view]
    refs = [node.meta[SOURCE] for node in nodes]
    return [t for ref in refs if (t := exact_table(catalog, ref.name, ref.schema)) is not None]

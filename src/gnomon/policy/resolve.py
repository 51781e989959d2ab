"""Tie every table and column of a statement to the catalog: what is not there cannot be read.

Tables are a security boundary: each one is a catalog entry or a common table expression in scope, and is
written back by the catalog's exact name. Columns are not: an unknown one is reported where the sources are
known beyond doubt, and left to the engine otherwise.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from heapq import nsmallest

from sqlglot import exp

from gnomon.domain.catalog import Catalog, TableRef, TableSchema
from gnomon.domain.errors import GnomonError, Refused, Retry
from gnomon.domain.query import Dialect
from gnomon.policy.judge import no_recursion
from gnomon.policy.views import SOURCE

DEFAULT_SCHEMAS: dict[Dialect, str] = {"duckdb": "main", "sqlite": "main", "postgres": "public"}
_SYSTEM_NAME = re.compile(
    r"(pg_|sqlite_|duckdb_|pragma_|information_schema$|system$|temp$|sys\.)", re.IGNORECASE
)
_FILE_NAME = re.compile(
    r"[/\\*?]|://|\.(csv|tsv|txt|json|jsonl|ndjson|parquet|db|duckdb|xlsx|gz)$", re.IGNORECASE
)
_ROW_IDS = frozenset({"rowid", "_rowid_", "oid", "ctid", "tableoid", "xmin", "rank"})

_MOST_COMPARED = 2_000
"""Names compared letter by letter for a near miss: a few milliseconds."""

Scope = dict[str, TableSchema | None]
"""What a name stands for in one SELECT, by folded alias; None where its columns are not known."""


@dataclass(slots=True)
class Resolver:
    """Walks one statement, rewriting its tables in place and collecting them.

    Args:
        catalog: What exists for the person who asks.
        kept_table: What to say of a table (name, schema) that is kept from the person; None to know of none.
        kept_column: The same for a column of a table that the person may read.
    """

    catalog: Catalog
    dialect: Dialect
    kept_table: Callable[[str, str], Refused | None] = lambda name, schema: None
    kept_column: Callable[[TableSchema, str], Refused | None] = lambda table, column: None
    tables: set[TableRef] = field(default_factory=set)
    _given_names: frozenset[str] = frozenset()

    def resolve(self, tree: exp.Expr) -> tuple[TableRef, ...]:
        """Every table the statement reads, sorted; `tree` then names them by the catalog's spelling.

        Raises:
            Retry: For an unknown table or column, with the nearest known name.
            Refused: For system tables (`sql:no-system-tables`), files (`sql:no-files`), other databases
                (`sql:no-other-database`) and recursion (`sql:no-recursion`).
        """
        self._given_names = _given_names(tree)
        self._walk(tree, frozenset(), ())
        return tuple(sorted(self.tables))

    def _walk(self, node: exp.Expr, ctes: frozenset[str], scopes: tuple[Scope, ...]) -> None:
        clause = node.args.get("with_")
        if clause is not None:
            for cte in clause.expressions:
                self._check_self_reference(cte)
                name = _fold(cte.args["alias"].this)
                # In SQLite a body sees its own name, and a table of that name has to be told from it.
                self._walk(cte.this, ctes | {name} if self.dialect == "sqlite" else ctes, scopes)
                ctes |= {name}
        if isinstance(node, exp.Table):
            self._table(node, ctes)
        elif isinstance(node, exp.Select):
            scopes = (*scopes, self._scope(node, ctes))
        elif isinstance(node, exp.Column) and scopes:
            self._column(node, scopes)
        for key, value in node.args.items():
            if key == "with_":
                continue
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, exp.Expr):
                    self._walk(child, ctes, scopes)

    def _check_self_reference(self, cte: exp.CTE) -> None:
        """SQLite recurses without being told to: a body that names itself is a loop there."""
        name = _fold(cte.args["alias"].this)
        if self.dialect == "sqlite" and any(
            isinstance(t.this, exp.Identifier) and not t.db and _fold(t.this) == name
            for t in cte.this.find_all(exp.Table)
        ):
            raise no_recursion()

    def _table(self, node: exp.Table, ctes: frozenset[str]) -> None:
        if not isinstance(node.this, exp.Identifier):
            return
        if not node.db and not node.catalog and _fold(node.this) in ctes:
            return
        found = self._find(node)
        self.tables.add(found.ref)
        node.meta[SOURCE] = found.ref
        if node.name != found.ref.name and not node.alias:
            node.set("alias", exp.TableAlias(this=node.this.copy()))
        # A bare name would mean a common table expression of that name.
        hidden = DEFAULT_SCHEMAS[self.dialect] if found.ref.name.casefold() in ctes else ""
        schema = found.ref.schema or hidden
        node.set("this", exp.to_identifier(found.ref.name, quoted=True))
        node.set("db", exp.to_identifier(schema, quoted=True) if schema else None)

    def _find(self, node: exp.Table) -> TableSchema:
        if node.catalog:
            raise Refused(
                f"`{node.catalog}.{node.db}.{node.name}` names another database",
                rule="sql:no-other-database",
                facts=(("database", node.catalog),),
                hint="name tables without a database",
            )
        found = self._lookup(node.name, node.db)
        if found is None:
            raise self._unknown_table(node.name, node.db)
        if not found.ref.schema and _SYSTEM_NAME.match(found.ref.name):
            raise _system_table(found.ref.name)
        return found

    def _lookup(self, name: str, schema: str) -> TableSchema | None:
        found = self.catalog.find(name, schema)
        if found is None and schema.casefold() == DEFAULT_SCHEMAS[self.dialect]:
            found = self.catalog.find(name)
            return found if found is not None and not found.ref.schema else None
        return found

    def _unknown_table(self, name: str, schema: str) -> GnomonError:
        address = f"{schema}.{name}" if schema else name
        if _SYSTEM_NAME.match(name) or _SYSTEM_NAME.match(schema):
            return _system_table(address)
        if _FILE_NAME.search(name):
            return Refused(
                f"`{address}` is a file, not a table of this warehouse",
                rule="sql:no-files",
                facts=(("name", address),),
                hint="ask for a table of the catalog",
            )
        kept = self.kept_table(name, schema)
        if kept is not None:
            return kept
        names = list(self.catalog.names())
        near = _nearest(address, names) or _nearest(name, [ref.name for ref in self.catalog.refs])
        return Retry(
            f"there is no table `{address}`",
            facts=(("rule", "sql:unknown-table"), ("tables", ", ".join(nsmallest(12, names)) or "none")),
            hint=f"did you mean `{near}`?" if near else "use a table of the catalog",
        )

    def _scope(self, select: exp.Select, ctes: frozenset[str]) -> Scope:
        scope: Scope = {}
        sources = [
            select.args.get("from_"),
            *(select.args.get("joins") or ()),
            *(select.args.get("laterals") or ()),
        ]
        for source in (s.this if isinstance(s, exp.From | exp.Join) else s for s in sources if s is not None):
            for part in (source, *_nested(source)):
                alias = part.alias_or_name if isinstance(part, exp.Table) else part.alias
                scope[alias.casefold()] = self._known(part, ctes)
        if select.args.get("pivots"):
            scope[""] = None
        return scope

    def _known(self, source: exp.Expr, ctes: frozenset[str]) -> TableSchema | None:
        plain = isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)
        if not plain or source.args.get("pivots") or source.alias_column_names or source.args.get("catalog"):
            return None
        if not source.args.get("db") and _fold(source.this) in ctes:
            return None
        return self._lookup(source.name, source.text("db"))

    def _column(self, node: exp.Column, scopes: tuple[Scope, ...]) -> None:
        if isinstance(node.this, exp.Star) or node.args.get("db") is not None:
            return
        name, qualifier = node.name, node.table.casefold()
        if name.casefold() in _ROW_IDS:
            return
        if qualifier:
            self._qualified(node, name, qualifier, scopes)
        elif name.casefold() not in self._given_names and not _is_known(name, scopes):
            raise self._unknown_column(node, [t for s in scopes for t in s.values() if t is not None])

    def _qualified(self, node: exp.Column, name: str, qualifier: str, scopes: tuple[Scope, ...]) -> None:
        for scope in reversed(scopes):
            if qualifier in scope:
                table = scope[qualifier]
                if table is not None and table.column(name) is None:
                    raise self._unknown_column(node, [table])
                return
        if qualifier not in self._given_names and not _is_known(node.table, scopes):
            names = sorted(a for s in scopes for a in s)
            near = _nearest(qualifier, names)
            raise Retry(
                f"`{node.table}.{name}` names a table that the statement does not read",
                facts=(("rule", "sql:unknown-column"), ("tables", ", ".join(names))),
                hint=f"did you mean `{near}.{name}`?" if near else "add the table to FROM",
            )

    def _unknown_column(self, node: exp.Column, tables: list[TableSchema]) -> GnomonError:
        kept = next((k for t in tables if (k := self.kept_column(t, node.name)) is not None), None)
        if kept is not None:
            return kept
        columns = sorted({c.name for t in tables for c in t.columns})
        where = str(tables[0].ref) if len(tables) == 1 else "the statement's tables"
        near = _nearest(node.name, columns)
        hint = f"did you mean `{near}`?" if near else "use a column of the table"
        if node.this.args.get("quoted") and not near:
            hint = "text goes in single quotes"
        return Retry(
            f"there is no column `{node.name}` in {where}",
            facts=(("rule", "sql:unknown-column"), ("columns", ", ".join(columns[:30]))),
            hint=hint,
        )


def _system_table(address: str) -> Refused:
    return Refused(
        f"`{address}` belongs to the engine, not to the data",
        rule="sql:no-system-tables",
        facts=(("table", address),),
        hint="the catalog already says which tables and columns there are",
    )


def _is_known(name: str, scopes: tuple[Scope, ...]) -> bool:
    """Whether the name is, or may be, a column of any source in sight."""
    if any(name.casefold() in scope for scope in scopes):
        return True
    sources = [table for scope in scopes for table in scope.values()]
    return any(t is None or t.column(name) is not None for t in sources)


def _nested(source: exp.Expr) -> list[exp.Expr]:
    """Sources inside a parenthesised join."""
    inner = [j.this for j in source.args.get("joins") or ()]
    if isinstance(source, exp.Paren | exp.Subquery) and isinstance(source.this, exp.Table):
        inner += [source.this, *_nested(source.this)]
    return inner


def _given_names(tree: exp.Expr) -> frozenset[str]:
    """Every name that the statement itself gives: aliases, lambda parameters, alias columns, windows."""
    names: set[str] = set()
    for node in tree.find_all(
        exp.Alias, exp.TableAlias, exp.Aliases, exp.Lambda, exp.Comprehension, exp.Window
    ):
        for part in (node.args.get("alias"), *(node.args.get("columns") or ()), *(node.expressions or ())):
            if isinstance(part, exp.Expr):
                names.add(part.name.casefold())
        names.add(node.alias.casefold())
        if isinstance(node, exp.TableAlias | exp.Window):
            names.add(node.name.casefold())
        if isinstance(node, exp.Comprehension):
            names.update(i.name.casefold() for i in node.find_all(exp.Identifier))
    return frozenset(names)


def _fold(identifier: exp.Expr) -> str:
    return identifier.name.casefold()


def _nearest(name: str, known: list[str]) -> str:
    folded = {k.casefold(): k for k in known}
    found = get_close_matches(name.casefold(), _worth_comparing(name.casefold(), folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def _worth_comparing(name: str, known: dict[str, str]) -> list[str]:
    """The names that begin or end alike, where comparing with all of them would take seconds."""
    if len(known) <= _MOST_COMPARED:
        return list(known)
    head, tail = name[:3], name[-3:]
    alike = (k for k in known if k.startswith(head) or k.endswith(tail))
    return nsmallest(_MOST_COMPARED, alike, key=lambda k: abs(len(k) - len(name)))

"""Which column of the warehouse a query means by a name: through aliases, subqueries and CTEs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog, ColumnRef, TableRef

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

_MAX_DEPTH = 20


class ColumnFinder:
    """Finds the columns of one query, scope by scope.

    Attributes:
        tables: Tables of the warehouse found so far.
        unresolved: Names of tables that the warehouse does not have.
    """

    def __init__(self, catalog: Catalog, names: Names) -> None:
        self.tables: set[TableRef] = set()
        self.unresolved: set[str] = set()
        self._catalog = catalog
        self._names = names
        self._refs: dict[int, tuple[exp.Column, ColumnRef]] = {}

    def read(self, scope: "Scope") -> None:
        """Learn the tables of a scope, and what each of its columns is."""
        from sqlglot import exp

        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                self._note(source)
        for column in scope.columns:
            ref = self._find(column, scope)
            if ref is not None:
                self._refs[id(column)] = (column, ref)

    def of(self, node: "exp.Expr | None") -> ColumnRef | None:
        """The column that a node is, or None."""
        found = self._refs.get(id(node))
        return found[1] if found else None

    def found(self) -> Iterable[ColumnRef]:
        """Every column found, in order of appearance."""
        return (ref for _, ref in self._refs.values())

    def spell_out(self) -> None:
        """Give every found column its table's whole name, in the tree itself."""
        from sqlglot import exp

        for column, ref in self._refs.values():
            column.set("this", exp.to_identifier(ref.column))
            column.set("table", exp.to_identifier(ref.table.name))
            column.set("db", exp.to_identifier(ref.table.schema) if ref.table.schema else None)
            column.set("catalog", None)

    def column_of(self, source: Any, name: str, depth: int = 0) -> ColumnRef | None:
        """The column that a source gives under a name: a table's own, or one that a subquery passes on."""
        from sqlglot import exp
        from sqlglot.optimizer.scope import Scope

        if isinstance(source, exp.Table):
            return self._own(source, name)
        if not isinstance(source, Scope) or depth > _MAX_DEPTH:
            return None
        select = source.expression
        if not isinstance(select, exp.Select):
            return None
        for item in select.selects:
            inner = item.unalias()
            if item.alias_or_name.casefold() == name.casefold() and isinstance(inner, exp.Column):
                return self._find(inner, source, depth + 1)
        if any(item.is_star for item in select.selects):
            return self._unqualified(name, source, depth + 1)
        return None

    def _note(self, table: "exp.Table") -> None:
        name = _name(table)
        ref = self._names.find(name) if name else None
        if ref is not None:
            self.tables.add(ref)
        elif name:
            self.unresolved.add(name)

    def _own(self, table: "exp.Table", name: str) -> ColumnRef | None:
        ref = self._names.find(_name(table))
        schema = self._catalog.find(ref.name, ref.schema) if ref is not None else None
        column = schema.column(name) if schema is not None else None
        return ColumnRef(ref, column.name) if ref is not None and column is not None else None

    def _find(self, column: "exp.Column", scope: "Scope | None", depth: int = 0) -> ColumnRef | None:
        known = self._refs.get(id(column))
        if known is not None:
            return known[1]
        while scope is not None and depth <= _MAX_DEPTH:
            if not column.table:
                found = self._unqualified(column.name, scope, depth)
            else:
                found = self.column_of(scope.sources.get(column.table), column.name, depth)
            if found is not None:
                return found
            scope, depth = scope.parent, depth + 1
        return None

    def _unqualified(self, name: str, scope: "Scope", depth: int) -> ColumnRef | None:
        """The column of that name if one source of the scope has it; of two, none is meant for sure."""
        found = {
            ref
            for _, source in scope.selected_sources.values()
            if (ref := self.column_of(source, name, depth)) is not None
        }
        return found.pop() if len(found) == 1 else None


def _name(table: "exp.Table") -> str:
    """The table's dotted name; empty for a function that makes rows."""
    from sqlglot import exp

    if not isinstance(table.this, exp.Identifier):
        return ""
    return ".".join(part.name for part in table.parts)

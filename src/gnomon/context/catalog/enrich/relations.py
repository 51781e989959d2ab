"""A query as relations: what each part of it reads, and where each column comes from.

sqlglot's own lineage walks the tree again for each column, and its qualifier rewrites the tree and gives up
where a column is not known. Here every column is followed once, as far as it can be followed, and the tree
stays as it was written, so that conditions and expressions can be quoted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp

from gnomon.context.catalog.enrich.parsing import Deadline
from gnomon.context.catalog.enrich.warehouse import Warehouse

JoinKind = Literal["from", "inner", "left", "right", "full", "cross", "semi", "anti"]
Base = tuple[str, str]
"""A table and a column of it."""

MAX_COLUMNS = 5000
"""Columns of one relation that are followed."""


@dataclass(slots=True, eq=False)
class Output:
    """A column of a relation.

    Args:
        bases: Columns of tables that its values are computed from.
        node: The expression, resolved in `of`; None for a column that is passed on or stands in a table.
        through: The joined relation, and the column of it, that it passes on as it is.
        branches: Its counterparts in the parts of a set operation.
    """

    name: str
    bases: frozenset[Base]
    of: "Relation | None" = None
    node: exp.Expr | None = None
    through: "tuple[Joined, str] | None" = None
    branches: "tuple[Output, ...]" = ()


@dataclass(slots=True, eq=False)
class Joined:
    """A relation in a FROM clause, and how it is joined to what stands before it."""

    alias: str
    relation: "Relation"
    kind: JoinKind
    on: exp.Expr | None = None
    using: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Relation:
    """A table, a query, or a set operation.

    Args:
        name: A table's own name; empty for others.
        outputs: Its columns in order, by folded name.
        open: It has further columns that are not known.
        node: The SELECT or set operation.
        joined: What a SELECT reads, in order, by folded alias.
        parts: The parts of a set operation.
        inner: Relations of the queries within its expressions, by the query's identity.
    """

    kind: Literal["table", "select", "union", "other"]
    name: str = ""
    outputs: dict[str, Output] = field(default_factory=dict)
    open: bool = False
    node: exp.Expr | None = None
    joined: dict[str, Joined] = field(default_factory=dict)
    parts: "tuple[Relation, ...]" = ()
    inner: "dict[int, Relation]" = field(default_factory=dict)

    def output(self, name: str) -> Output | None:
        """The column of that name, or None if it certainly has none."""
        found = self.outputs.get(name.casefold())
        if found is not None or not self.open:
            return found
        if self.kind == "table":
            return Output(name, frozenset({(self.name, name)}), of=self)
        behind = [j for j in self.joined.values() if j.relation.open]
        if self.kind == "select" and len(behind) == 1 and (inner := behind[0].relation.output(name)):
            return Output(name, inner.bases, through=(behind[0], name))
        return None

    def source_of(self, column: exp.Column) -> tuple[Joined, str] | None:
        """What a column in this SELECT's clauses refers to: the joined relation, and its column there."""
        path = [part.name for part in column.parts]
        for position in range(len(path) - 1):
            joined = self.joined.get(path[position].casefold())
            if joined is not None:
                return joined, path[position + 1]
        return self._holder(path[0] if len(path) > 1 else column.name)

    def _holder(self, name: str) -> tuple[Joined, str] | None:
        folded = name.casefold()
        holders = [j for j in self.joined.values() if folded in j.relation.outputs]
        if not holders:
            holders = [j for j in self.joined.values() if j.relation.open]
            holders = holders if len(holders) == 1 else []
        return (holders[0], name) if holders else None


class Resolver:
    """Turns a tree into relations.

    `reads` has every table that was met, in order, with its node; `made` every query, inner ones first.
    """

    def __init__(self, warehouse: Warehouse, deadline: Deadline) -> None:
        self._warehouse = warehouse
        self._deadline = deadline
        self._tables: dict[str, Relation] = {}
        self.reads: dict[str, exp.Table] = {}
        self.made: list[Relation] = []

    def resolve(self, node: exp.Expr | None, known: Mapping[str, Relation] | None = None) -> Relation:
        """The relation that `node` computes; `known` has the WITH queries in reach, by folded name."""
        self._deadline.check()
        known = self._with(node, known or {})
        if isinstance(node, exp.Subquery):
            return self._subquery(node, known)
        if isinstance(node, exp.Select):
            return self._select(node, known)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, known)
        if isinstance(node, exp.Table):
            return self._table(node, known)
        if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            return self.resolve(node.this, known)
        return Relation("other", open=True)

    def _with(self, node: exp.Expr | None, known: Mapping[str, Relation]) -> Mapping[str, Relation]:
        clause = node.args.get("with_") if node is not None else None
        if clause is None:
            return known
        reach = dict(known)
        for cte in clause.expressions:
            name = cte.alias.casefold()
            if clause.recursive and _names(cte.this, name):
                reach[name] = self._first_part(cte.this, reach)
            reach[name] = _renamed(self.resolve(cte.this, reach), _alias_columns(cte))
        return reach

    def _first_part(self, node: exp.Expr, known: Mapping[str, Relation]) -> Relation:
        """What a recursive query starts from stands for the query within itself."""
        first = next(iter(_flattened(node.unnest())), None)
        return Relation("other") if first is None or first is node else self.resolve(first, known)

    def _subquery(self, node: exp.Subquery, known: Mapping[str, Relation]) -> Relation:
        if node.args.get("pivots"):
            inner = self.resolve(node.this, known)
            return Relation("other", open=True, parts=(inner,))
        return _renamed(self.resolve(node.this, known), _alias_columns(node))

    def _table(self, node: exp.Table, known: Mapping[str, Relation]) -> Relation:
        if not isinstance(node.this, exp.Identifier):
            return Relation("other", open=True)
        if not node.db and node.name.casefold() in known:
            found = known[node.name.casefold()]
        else:
            found = self._stored(node)
        if node.args.get("pivots"):
            return Relation("other", open=True, parts=(found,))
        return _renamed(found, _alias_columns(node))

    def _stored(self, node: exp.Table) -> Relation:
        name = self._warehouse.of(node)
        self.reads.setdefault(name, node)
        if name not in self._tables:
            columns = self._warehouse.columns(name)[:MAX_COLUMNS]
            table = Relation("table", name, open=not columns)
            table.outputs = {c.casefold(): Output(c, frozenset({(name, c)}), of=table) for c in columns}
            self._tables[name] = table
        return self._tables[name]

    def _set_operation(self, node: exp.SetOperation, known: Mapping[str, Relation]) -> Relation:
        parts = tuple(self.resolve(part, known) for part in _flattened(node))
        made = Relation("union", node=node, parts=parts, open=any(p.open for p in parts))
        by_position = [list(part.outputs.values()) for part in parts]
        for position, first in enumerate(by_position[0] if parts else ()):
            if node.args.get("by_name"):
                beside = [
                    p.outputs[first.name.casefold()] for p in parts if first.name.casefold() in p.outputs
                ]
            else:
                beside = [columns[position] for columns in by_position if position < len(columns)]
            bases = frozenset[Base]().union(*(b.bases for b in beside))
            made.outputs[first.name.casefold()] = Output(first.name, bases, branches=tuple(beside))
        self.made.append(made)
        return made

    def _select(self, node: exp.Select, known: Mapping[str, Relation]) -> Relation:
        made = Relation("select", node=node)
        start = node.args.get("from_")
        if start is not None:
            self._join(made, start.this, "from", None, (), known)
        for join in node.args.get("joins") or ():
            using = tuple(column.name for column in join.args.get("using") or ())
            self._join(made, join.this, _join_kind(join), join.args.get("on"), using, known)
        for lateral in node.args.get("laterals") or ():
            self._join(made, lateral, "cross", None, (), known)
        for query in _inner_queries(node):
            made.inner[id(query)] = self.resolve(query, known)
        self._project(made, node)
        self.made.append(made)
        return made

    def _join(
        self,
        made: Relation,
        node: exp.Expr,
        kind: JoinKind,
        on: exp.Expr | None,
        using: tuple[str, ...],
        known: Mapping[str, Relation],
    ) -> None:
        alias = (node.alias_or_name or f"#{len(made.joined)}").casefold()
        made.joined[alias] = Joined(alias, self.resolve(node, known), kind, on, using)
        for further in node.args.get("joins") or ():
            columns = tuple(column.name for column in further.args.get("using") or ())
            self._join(made, further.this, _join_kind(further), further.args.get("on"), columns, known)

    def _project(self, made: Relation, node: exp.Select) -> None:
        for position, projection in enumerate(node.expressions):
            self._deadline.check()
            for output in self._outputs(made, projection, position):
                key = output.name.casefold()
                if key in made.outputs and _star(projection) is None:
                    # A second column of one name cannot be asked for, but keeps the others in their places.
                    key = f"{key}\0{position}"
                made.outputs.setdefault(key, output)
            if len(made.outputs) >= MAX_COLUMNS:
                made.open = True
                return

    def _outputs(self, made: Relation, projection: exp.Expr, position: int) -> Iterator[Output]:
        star = _star(projection)
        if star is not None:
            yield from self._expanded(made, star, projection)
            return
        node = projection.unalias()
        name = projection.alias_or_name or f"#{position + 1}"
        found = made.source_of(node) if isinstance(node, exp.Column) else None
        inner = found and found[0].relation.output(found[1])
        if found and inner and isinstance(node, exp.Column) and _whole_column(node, found[1]):
            yield Output(name, inner.bases, of=made, through=found)
        else:
            yield Output(name, self._bases(made, node), of=made, node=node)

    def _expanded(self, made: Relation, star: exp.Star, projection: exp.Expr) -> Iterator[Output]:
        table = projection.args.get("table") if isinstance(projection, exp.Column) else None
        chosen = [j for j in made.joined.values() if table is None or j.alias == table.name.casefold()]
        left_out = {c.name.casefold() for c in star.args.get("except_") or ()}
        replaced = {r.alias.casefold(): r for r in star.args.get("replace") or ()}
        for joined in chosen:
            if joined.kind in ("semi", "anti"):
                continue
            made.open = made.open or joined.relation.open
            for folded, output in joined.relation.outputs.items():
                if folded in replaced:
                    node = replaced[folded].unalias()
                    yield Output(output.name, self._bases(made, node), of=made, node=node)
                elif folded not in left_out:
                    through = (joined, output.name)
                    yield Output(output.name, output.bases, of=made, through=through)

    def _bases(self, made: Relation, node: exp.Expr) -> frozenset[Base]:
        found: set[Base] = set()
        for part in node.walk(prune=lambda n: isinstance(n, exp.Query)):
            if isinstance(part, exp.Column):
                found |= self._bases_of(made, part)
            elif id(part) in made.inner:
                found |= next((o.bases for o in made.inner[id(part)].outputs.values()), frozenset())
        return frozenset(found)

    def _bases_of(self, made: Relation, column: exp.Column) -> frozenset[Base]:
        found = made.source_of(column)
        output = found[0].relation.output(found[1]) if found else None
        if output is None and not column.table:
            output = made.outputs.get(column.name.casefold())
        return output.bases if output else frozenset()


def chased(relation: Relation, name: str) -> Output | None:
    """The column that `name` is passed on from: one of a table, of a set operation, or an expression."""
    output = relation.output(name)
    while output is not None and output.through is not None:
        joined, name = output.through
        output = joined.relation.output(name)
    return output


def in_scope(node: exp.Expr) -> Iterator[exp.Expr]:
    """The node and all below it; queries within it are yielded, not entered."""
    return node.walk(prune=lambda n: n is not node and isinstance(n, exp.Query))


def _inner_queries(node: exp.Select) -> list[exp.Expr]:
    """Queries within the expressions of a SELECT; those in FROM and WITH are relations of their own."""
    clauses: list[exp.Expr] = [*node.expressions]
    clauses += [c for name in ("where", "having", "qualify") if (c := node.args.get(name)) is not None]
    clauses += [on for join in node.args.get("joins") or () if (on := join.args.get("on")) is not None]
    return [
        part
        for clause in clauses
        for part in clause.walk(prune=lambda n: isinstance(n, exp.Query))
        if isinstance(part, exp.Query)
    ]


def _flattened(node: exp.Expr) -> list[exp.Expr]:
    """The parts of a chain of one set operation, first to last, found without recursion."""
    parts: list[exp.Expr] = []
    stack: list[exp.Expr] = [node]
    while stack:
        part = stack.pop()
        bare = part.unnest() if isinstance(part, exp.Subquery) and not part.args.get("with_") else part
        if isinstance(bare, exp.SetOperation) and type(bare) is type(node) and not _has_tail(bare, node):
            stack += [bare.expression, bare.this]
        else:
            parts.append(part)
    return parts


def _has_tail(node: exp.Expr, root: exp.Expr) -> bool:
    return node is not root and any(node.args.get(name) for name in ("with_", "limit", "order"))


def _renamed(relation: Relation, columns: Iterable[str]) -> Relation:
    """The relation under other column names, as in `FROM t AS x(a, b)`."""
    names = list(columns)
    if not names:
        return relation
    inner = Joined("", relation, "from")
    made = Relation("select", open=relation.open, joined={"": inner})
    for position, output in enumerate(relation.outputs.values()):
        name = names[position] if position < len(names) else output.name
        made.outputs[name.casefold()] = Output(name, output.bases, of=made, through=(inner, output.name))
    return made


def _alias_columns(node: exp.Expr) -> list[str]:
    alias = node.args.get("alias")
    return [c.name for c in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []


def _names(node: exp.Expr, name: str) -> bool:
    return any(not t.db and t.name.casefold() == name for t in node.find_all(exp.Table))


def _join_kind(join: exp.Join) -> JoinKind:
    kind, side = join.kind.lower(), join.side.lower()
    if kind in ("semi", "anti"):
        return "semi" if kind == "semi" else "anti"
    if side in ("left", "right", "full"):
        return "left" if side == "left" else "right" if side == "right" else "full"
    tied = join.args.get("on") or join.args.get("using") or join.method
    return "inner" if tied else "cross"


def _star(projection: exp.Expr) -> exp.Star | None:
    if isinstance(projection, exp.Star):
        return projection
    star = projection.this if isinstance(projection, exp.Column) else None
    return star if isinstance(star, exp.Star) else None


def _whole_column(node: exp.Column, name: str) -> bool:
    """Whether the column is taken as it is, not a field within it."""
    return node.name.casefold() == name.casefold()

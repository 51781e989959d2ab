"""Which rows a query keeps: its filters, inner joins, limits, and picks of one row of several.

What counts is the way of the rows: the first relation of each FROM and those it is tied to by inner joins. A
filter in a LEFT JOIN's query leaves no row out; it shows in the columns that come from there.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from sqlglot import exp

from gnomon.context.catalog.enrich import conditions
from gnomon.context.catalog.enrich.relations import Joined, Output, Relation, chased, in_scope
from gnomon.context.catalog.enrich.shapes import Effect
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.enrich.wording import Writer, tables_of

MAX_EFFECTS = 60
_MAX_PARTS = 20


class RowReader:
    """Reads effects and notes on time off relations.

    Args:
        itself: Name of the table that is made: a condition that reads it says which rows a run adds.
    """

    def __init__(self, writer: Writer, warehouse: Warehouse, itself: str) -> None:
        self._writer = writer
        self._warehouse = warehouse
        self._itself = itself
        self._known: dict[int, list[Effect]] = {}

    def effects(self, relation: Relation) -> list[Effect]:
        """What decides which rows `relation` has, innermost first."""
        known = self._known.get(id(relation))
        if known is None:
            self._known[id(relation)] = []
            known = list(dict.fromkeys(islice(self._read(relation), MAX_EFFECTS)))
            self._known[id(relation)] = known
        return known

    def _read(self, relation: Relation) -> Iterator[Effect]:
        if relation.kind == "union":
            yield from self._stacked(relation)
        for joined in tied(relation):
            yield from self.effects(joined.relation)
        if isinstance(relation.node, exp.Select):
            yield from self._of_select(relation, relation.node)
        if relation.node is not None:
            yield from self._limit(relation, relation.node)

    def _stacked(self, relation: Relation) -> Iterator[Effect]:
        names = [rows_of(part) or "a query" for part in relation.parts]
        how = type(relation.node).__name__.upper() if relation.node is not None else "UNION"
        if how == "UNION" and any(rows_of(part) for part in relation.parts[:_MAX_PARTS]):
            shown = ", ".join(dict.fromkeys(names[:_MAX_PARTS]))
            yield Effect("stacked", "", f"{len(names)} parts stacked: {shown}", "", line_of(relation.node))
        for number, part in enumerate(relation.parts[:_MAX_PARTS], start=1):
            if how == "UNION":
                yield from (replace(e, part=e.part or number) for e in self.effects(part))
            elif number == 1:
                yield from self.effects(part)
                yield Effect(
                    "exclusion", names[0], f"{how} with {', '.join(names[1:])}", "", line_of(relation.node)
                )

    def _of_select(self, relation: Relation, node: exp.Select) -> Iterator[Effect]:
        for joined in relation.joined.values():
            yield from self._of_join(relation, joined)
        for condition in conditions.conjuncts(_inner(node, "where")):
            yield from self._of_condition(relation, condition)
        for condition in conditions.conjuncts(_inner(node, "having")):
            sql = self._writer.condition(condition, relation)
            yield Effect("exclusion", "", f"groups with {sql}", "", line_of(condition))
        for condition in conditions.conjuncts(_inner(node, "qualify")):
            yield from self._of_condition(relation, condition)
        distinct = node.args.get("distinct")
        if isinstance(distinct, exp.Distinct):
            yield self._distinct(relation, node, distinct)

    def _of_join(self, relation: Relation, joined: Joined) -> Iterator[Effect]:
        if joined.kind not in ("inner", "semi", "anti"):
            return
        rows, other = rows_of(relation), rows_of(joined.relation) or joined.alias
        on = [c for c in conditions.conjuncts(joined.on) if not links_relations(c, relation)]
        if joined.kind != "anti":
            for condition in on:
                yield from self._of_condition(relation, condition)
        columns = ", ".join(join_columns(relation, joined))
        by = f" (by {columns})" if columns else ""
        line = line_of(joined.on) or line_of(joined.relation.node)
        if joined.kind == "anti":
            yield Effect(
                "exclusion",
                rows,
                f"rows without a match in {other}{by}",
                f"rows with a match in {other}",
                line,
            )
        elif relation.joined and rows != other:
            yield Effect(
                "exclusion",
                rows,
                f"rows with a match in {other}{by}",
                f"rows without a match in {other}",
                line,
            )

    def _of_condition(self, relation: Relation, node: exp.Expr) -> Iterator[Effect]:
        if links_relations(node, relation):
            return
        line = line_of(node)
        if picked := first_of_each(node, relation):
            yield self._latest(relation, *picked, line)
            return
        if other := _missing_match(node, relation):
            rows = rows_of(relation)
            yield Effect(
                "exclusion", rows, f"rows without a match in {other}", f"rows with a match in {other}", line
            )
            return
        if self._looks_at_itself(node) or conditions.slice_column(node):
            yield Effect("time", rows_of(relation), _run(node), "", line)
            return
        if _of_made_up_values(node, relation):
            return
        tables = tables_of(node, relation)
        table = next(iter(tables)) if len(tables) == 1 else ""
        sql = self._writer.condition(node, relation)
        plain = self._writer.rebased(node, relation)
        if note := _time(plain):
            yield Effect("time", table, note, "", line)
        yield Effect("filter", table, sql, conditions.left_out(plain), line)

    def _latest(self, relation: Relation, window: exp.Window, holder: Relation, line: int) -> Effect:
        by = [self._writer.condition(p, holder) for p in window.args.get("partition_by") or ()]
        order = window.args.get("order")
        first = order.expressions[0] if order is not None and order.expressions else None
        sorted_by = self._writer.condition(first.this, holder) if first is not None else ""
        return _pick(relation, first, sorted_by, by, line)

    def _distinct(self, relation: Relation, node: exp.Select, distinct: exp.Distinct) -> Effect:
        on = distinct.args.get("on")
        if on is None:
            return Effect("distinct", rows_of(relation), "repeated rows once (DISTINCT)", "", line_of(node))
        columns = ", ".join(
            self._writer.condition(c, relation) for c in on.unnest().expressions or [on.unnest()]
        )
        order = node.args.get("order")
        first = order.expressions[-1] if order is not None and order.expressions else None
        by = self._writer.condition(first.this, relation) if first is not None else ""
        return _pick(relation, first, by, [columns], line_of(node))

    def _limit(self, relation: Relation, node: exp.Expr) -> Iterator[Effect]:
        limit = node.args.get("limit")
        if limit is not None:
            count = limit.args.get("expression") or limit.args.get("count")
            size = count.sql(comments=False) if count is not None else "some"
            if size == "0":
                yield Effect("limit", rows_of(relation), "no rows (LIMIT 0)", "", line_of(limit))
                return
            order = " in the order of the query" if node.args.get("order") else ", in no given order"
            yield Effect("limit", rows_of(relation), f"at most {size} rows{order}", "", line_of(limit))
        for joined in tied(relation):
            sample = next(iter(_samples(joined, node)), None)
            if sample is not None:
                yield Effect("limit", rows_of(relation), "a random sample of the rows", "", line_of(sample))

    def _looks_at_itself(self, node: exp.Expr) -> bool:
        return any(self._warehouse.of(table) == self._itself for table in node.find_all(exp.Table))


def tied(relation: Relation) -> list[Joined]:
    """The joined relations whose rows decide which rows there are."""
    chosen: list[Joined] = []
    for joined in relation.joined.values():
        if joined.kind == "right":
            chosen = [joined]
        elif joined.kind == "full":
            chosen = []
        elif joined.kind in ("from", "inner", "cross", "semi"):
            chosen.append(joined)
    return chosen


def rows_of(relation: Relation) -> str:
    """The table whose rows a relation has, filtered or grouped; empty where there is no single one."""
    for _ in range(200):
        if relation.kind == "table":
            return relation.name
        if relation.kind == "union":
            names = {rows_of(part) for part in relation.parts[:_MAX_PARTS]}
            return names.pop() if len(names) == 1 else ""
        chosen = tied(relation)
        if not chosen:
            return ""
        relation = chosen[0].relation
    return ""


def join_columns(relation: Relation, joined: Joined) -> list[str]:
    """Columns of `joined`, under their base names, that something else is compared with."""
    names = [*joined.using, *bound_columns(relation, joined, conditions.conjuncts(joined.on))]
    outputs = [(chased(joined.relation, n), n) for n in names]
    return list(dict.fromkeys(o.name if o and o.of and o.of.kind == "table" else n for o, n in outputs))


def bound_columns(relation: Relation, joined: Joined, found: list[exp.Expr]) -> list[str]:
    """Columns of `joined` that these conditions make equal to something that is not of `joined`."""
    bound: list[str] = []
    for node in found:
        bare = node.unnest()
        if not isinstance(bare, exp.EQ | exp.NullSafeEQ):
            continue
        for here, there in ((bare.this, bare.expression), (bare.expression, bare.this)):
            own = relation.source_of(here) if isinstance(here, exp.Column) else None
            if own and own[0] is joined and not _mentions(there, joined, relation):
                bound.append(own[1])
    return bound


def first_of_each(node: exp.Expr, relation: Relation) -> tuple[exp.Window, Relation] | None:
    """The ROW_NUMBER window by which a condition keeps one row of each partition, and the SELECT it is in."""
    bare = node.unnest()
    one = isinstance(bare, exp.EQ | exp.LTE) and bare.expression.is_int and bare.expression.name == "1"
    if not one:
        return None
    subject: exp.Expr | None = bare.this.unnest()
    holder: Relation | None = relation
    if isinstance(subject, exp.Column):
        output = _behind(subject, relation)
        subject, holder = (output.node, output.of) if output else (None, None)
    if holder is None or not isinstance(subject, exp.Window) or not isinstance(subject.this, exp.RowNumber):
        return None
    return subject, holder


def line_of(node: exp.Expr | None) -> int:
    """The first line of the statement that a node stands on, from 1; 0 where it is not known."""
    if node is None:
        return 0
    lines = (int(part.meta["line"]) for part in node.walk() if part.meta.get("line"))
    return min(islice(lines, 50), default=0)


def _behind(column: exp.Column, relation: Relation) -> Output | None:
    named = relation.outputs.get(column.name.casefold())
    if named is not None and isinstance(named.node, exp.Window):
        return named
    found = relation.source_of(column)
    return chased(found[0].relation, found[1]) if found is not None else None


def _pick(relation: Relation, order: exp.Expr | None, by: str, each: list[str], line: int) -> Effect:
    """One row of several is kept: the first or last by something, of each of something."""
    which = "last row" if order is not None and order.args.get("desc") else "first row"
    sql = " ".join(
        ["the", which, *([f"by {by}"] if by else []), *([f"of each {', '.join(each)}"] if each else [])]
    )
    return Effect("latest", rows_of(relation), sql, f"all rows but {sql}", line)


def _run(node: exp.Expr) -> str:
    """What a condition on the made table itself, or on a parameter of the run, says about loading."""
    if column := conditions.slice_column(node):
        return f"Loaded in slices: each run takes one `{column}`."
    column = next((c.name for c in in_scope(node) if isinstance(c, exp.Column)), "")
    by = f" by `{column}`" if column else ""
    return f"Loaded incrementally: a run adds what is newer{by} than what the table holds."


def _time(plain: exp.Expr) -> str:
    if window := conditions.moving_window(plain):
        return f"Covers only {window}."
    stop = conditions.last_day(plain)
    return f"Holds nothing with `{stop[0]}` after {stop[1]}: the code stops there." if stop else ""


def _of_made_up_values(node: exp.Expr, relation: Relation) -> bool:
    """Whether a condition is about generated values alone, a calendar's for example."""
    columns = [c for c in in_scope(node) if isinstance(c, exp.Column)]
    found = [source[0].relation.output(source[1]) for c in columns if (source := relation.source_of(c))]
    real = any(output is None or output.bases or output.of is None or output.of.open for output in found)
    return bool(columns) and len(found) == len(columns) and not real and node.find(exp.Query) is None


def _missing_match(node: exp.Expr, relation: Relation) -> str:
    """The table that a LEFT JOIN finds no row in, where a condition asks for that; else empty."""
    bare = node.unnest()
    if not (
        isinstance(bare, exp.Is)
        and isinstance(bare.expression, exp.Null)
        and isinstance(bare.this, exp.Column)
    ):
        return ""
    found = relation.source_of(bare.this)
    if found is None or found[0].kind != "left":
        return ""
    joined, name = found
    compared = {
        n.casefold()
        for n in [*joined.using, *bound_columns(relation, joined, conditions.conjuncts(joined.on))]
    }
    return (rows_of(joined.relation) or joined.alias) if name.casefold() in compared else ""


def links_relations(node: exp.Expr, relation: Relation) -> bool:
    """Whether a condition only says which rows of two relations belong together."""
    bare = node.unnest()
    if not isinstance(bare, exp.EQ | exp.NullSafeEQ):
        return False
    sides = [_sources(side, relation) for side in (bare.this, bare.expression)]
    return all(sides) and not sides[0] & sides[1]


def _sources(node: exp.Expr, relation: Relation) -> set[str]:
    columns = [c for c in in_scope(node) if isinstance(c, exp.Column)]
    return {found[0].alias for c in columns if (found := relation.source_of(c))}


def _mentions(node: exp.Expr, joined: Joined, relation: Relation) -> bool:
    return joined.alias in _sources(node, relation)


def _samples(joined: Joined, node: exp.Expr) -> Iterator[exp.Expr]:
    start = node.args.get("from_")
    if joined.kind == "from" and start is not None and isinstance(start.this, exp.Table):
        sample = start.this.args.get("sample")
        if sample is not None:
            yield sample


def _inner(node: exp.Select, clause: str) -> exp.Expr | None:
    found = node.args.get(clause)
    return found.this if found is not None else None

"""Metabase's query language put into SQL.

Two forms are read. Before version 57: `{"type": "query", "query": {"source-table": ..., "filter": ...}}`
with clauses such as `["=", ["field", F, {...}], 3]`. Since: `{"stages": [...]}` with the options of a clause
in second place, `["=", {...}, ["field", {...}, F], 3]`. A field F or a table is a list of names (database,
schema, table, column) in serialized exports, and a number in the REST API, where names come from tables.

Read: source-table, source-query, source-card, joins, expressions of arithmetic, `case` and `coalesce`,
filter(s), aggregation, breakout, fields, order-by, limit, segments, metrics and measures. All else is
`Unsupported`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gnomon.context.catalog.sources.dashboards.compose import (
    Unsupported,
    aggregate,
    ago,
    column,
    compare,
    identifier,
    literal,
    table,
    truncated,
)
from gnomon.context.catalog.sources.exports import Record, items, label, record, records, words

if TYPE_CHECKING:
    from sqlglot import exp

MAX_DEPTH = 40
MAX_CLAUSES = 20_000
_JOINS = {"left-join": "LEFT", "right-join": "RIGHT", "inner-join": "INNER", "full-join": "FULL"}
_COMPARISONS = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ARITHMETIC = ("+", "-", "*", "/")
_AGGREGATES = {
    "avg": "avg",
    "count": "count",
    "distinct": "count_distinct",
    "max": "max",
    "median": "median",
    "min": "min",
    "stddev": "stddev",
    "sum": "sum",
    "var": "var",
}
_OUTPUT_NAMES = {"distinct": "count", "count-where": "count", "sum-where": "sum"}
_FUNCTIONS = ("abs", "ceil", "coalesce", "concat", "floor", "length", "lower", "round", "trim", "upper")


@dataclass(slots=True)
class Budget:
    """Clauses that one question may still take: definitions that use each other twice grow without end."""

    clauses: int = MAX_CLAUSES

    def spend(self) -> None:
        """Take one, or raise `Unsupported`."""
        self.clauses -= 1
        if self.clauses < 0:
            raise Unsupported("is too large when all that it refers to is put in")


@dataclass(frozen=True, slots=True)
class Known:
    """What an export knows beside the query itself.

    Args:
        tables: Names of a table (schema, name) by its number.
        fields: Names of a column (schema, table, column) by its number.
        definition: The definition of a segment, measure or metric by its id: a query of its own.
        card: SQL of another question by its id, as a tree.
        budget: Of the question that is put into SQL.
    """

    tables: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, tuple[str, ...]]
    definition: Callable[[str], Record]
    card: Callable[[str], "exp.Query"]
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of either form: its name, its options and its arguments."""

    name: str
    options: Record
    args: Sequence[Any]


def clause_of(value: object) -> Clause | None:
    """The clause that a value is, or None if it is a plain value."""
    parts = items(value)
    if not parts or not isinstance(parts[0], str):
        return None
    if len(parts) > 1 and isinstance(parts[1], Mapping):
        return Clause(parts[0], parts[1], parts[2:])
    rest = list(parts[1:])
    named = parts[0] in ("field", "aggregation", "expression") and len(rest) > 1
    options = rest.pop() if named or (rest and isinstance(rest[-1], Mapping)) else {}
    return Clause(parts[0], record(options), rest)


def compose(query: Record, known: Known) -> "exp.Query":
    """The query of a question (its `dataset_query`, not native) as a tree.

    Raises:
        Unsupported: It uses what is not read, or names what the export does not hold.
    """
    return _stages(query, known, 0)


def _stages(query: Record, known: Known, depth: int) -> "exp.Query":
    stages = records(query.get("stages")) or _legacy_stages(record(query.get("query")) or query)
    if not stages:
        raise Unsupported("has no query")
    built: exp.Query | None = None
    for stage in stages:
        built = _Stage(stage, known, depth).compose(built)
    if built is None:
        raise Unsupported("has no query")
    return built


def _legacy_stages(query: Record) -> list[Record]:
    """The nested queries of the older form, the innermost first."""
    stages: list[Record] = []
    while query and len(stages) < MAX_DEPTH:
        stages.insert(0, query)
        query = record(query.get("source-query"))
    if len(stages) == MAX_DEPTH:
        raise Unsupported("nests queries too deep")
    return stages


def table_parts(ref: object, known: Known) -> tuple[str, ...]:
    """Schema and name of a table: a list of database, schema and name, or a number."""
    if isinstance(ref, list):
        return tuple(label(part) for part in ref[1:] if label(part))
    found = known.tables.get(label(ref))
    if not found:
        raise Unsupported(f"reads table {label(ref)[:40]}, whose name is not in the export")
    return found


@dataclass(slots=True)
class _Stage:
    """One SELECT, from one stage of a query.

    `aliases` holds the alias of each joined table by its names; columns of it are found by them.
    """

    stage: Record
    known: Known
    depth: int
    source: tuple[str, ...] = ()
    source_alias: str = ""
    joined: bool = False
    aliases: dict[tuple[str, ...], str] = field(default_factory=dict)
    expressions: dict[str, object] = field(default_factory=dict)
    outputs: list[tuple[str, "exp.Expr", Record]] = field(default_factory=list)

    def compose(self, previous: "exp.Query | None") -> "exp.Query":
        from sqlglot import exp

        if self.depth > MAX_DEPTH:
            raise Unsupported("nests too deep")
        self.known.budget.spend()
        if "native" in self.stage:
            raise Unsupported("builds on a native query")
        self.joined = bool(records(self.stage.get("joins")))
        select = exp.Select().from_(self._from(previous))
        self.expressions = self._expressions()
        for join in records(self.stage.get("joins")):
            select.append("joins", self._join(join))
        conditions = [self.expression(condition) for condition in self._filters()]
        if conditions:
            select = select.where(exp.and_(*conditions, copy=False), copy=False)
        select = self._columns(select)
        for order in items(self.stage.get("order-by")):
            select = select.order_by(self._order(order), copy=False)
        limit = self.stage.get("limit")
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
            select = select.limit(literal(limit), copy=False)
        return select

    def _from(self, previous: "exp.Query | None") -> "exp.Expr":
        from sqlglot import exp

        if previous is not None:
            self.source_alias = "source"
            return exp.Subquery(this=previous, alias=exp.TableAlias(this=identifier("source")))
        ref = self.stage.get("source-table", self.stage.get("source-card"))
        card = label(ref).removeprefix("card__") if self._is_card(ref) else ""
        if card:
            self.source_alias = "source"
            return exp.Subquery(this=self.known.card(card), alias=exp.TableAlias(this=identifier("source")))
        self.source = table_parts(ref, self.known)
        if not self.source:
            raise Unsupported("reads no table")
        self.source_alias = self.source[-1]
        return table(self.source)

    def _is_card(self, ref: object) -> bool:
        """A table is a list of names or a number; a question an id, or `card__` and a number."""
        return "source-card" in self.stage or (isinstance(ref, str) and ref not in self.known.tables)

    def _expressions(self) -> dict[str, object]:
        found = self.stage.get("expressions")
        if isinstance(found, Mapping):
            return {str(name): value for name, value in found.items()}
        named: dict[str, object] = {}
        for value in items(found):
            clause = clause_of(value)
            if clause:
                named[label(clause.options.get("lib/expression-name"))] = value
        return named

    def _filters(self) -> list[object]:
        one = self.stage.get("filter")
        return ([one] if one else []) + list(items(self.stage.get("filters")))

    def _join(self, join: Record) -> "exp.Join":
        from sqlglot import exp

        alias = label(join.get("alias"))
        inner = records(join.get("stages"))
        plain = not join.get("source-query") and len(inner) <= 1
        ref = join.get("source-table") or (inner[0].get("source-table") if inner else None)
        simple = plain and isinstance(ref, list | int) and (not inner or set(inner[0]) <= _BARE)
        if simple:
            parts = table_parts(ref, self.known)
            self.aliases[parts] = alias or parts[-1]
            joined: exp.Expr = table(parts, alias)
        else:
            query = join if inner else {"query": record(join.get("source-query")) or join}
            tree = _stages(query, self.known, self.depth + 1)
            joined = exp.Subquery(this=tree, alias=exp.TableAlias(this=identifier(alias or "joined")))
        conditions = items(join.get("conditions")) or [join.get("condition")]
        on = exp.and_(*(self.expression(condition) for condition in conditions), copy=False)
        return exp.Join(this=joined, side=_JOINS.get(words(join.get("strategy")), "LEFT"), on=on)

    def _columns(self, select: "exp.Select") -> "exp.Select":
        breakouts = [(self._breakout_name(b), self.expression(b)) for b in items(self.stage.get("breakout"))]
        for value in items(self.stage.get("aggregation")):
            self._aggregation(value)
        for name, grouped in breakouts:
            select = select.select(_named(grouped, name), copy=False)
            if self.outputs:
                select = select.group_by(grouped.copy(), copy=False)
        for name, measured, _ in self.outputs:
            select = select.select(_named(measured, name), copy=False)
        if breakouts and not self.outputs:
            return select.distinct(copy=False)
        if breakouts or self.outputs:
            return select
        chosen = [self.expression(f) for f in items(self.stage.get("fields"))]
        return select.select(*chosen, copy=False) if chosen else select.select("*", copy=False)

    def _breakout_name(self, value: object) -> str:
        clause = clause_of(value)
        if clause is None or not clause.args:
            raise Unsupported("groups by something that is no column")
        ref = clause.args[0]
        parts = self._field_parts(ref) if clause.name == "field" else (label(ref),)
        return parts[-1] or "column"

    def _aggregation(self, value: object) -> None:
        clause = clause_of(value)
        if clause is None:
            raise Unsupported("has an aggregation that is no clause")
        options = dict(clause.options)
        if clause.name == "aggregation-options" and clause.args:
            value, clause = clause.args[0], clause_of(clause.args[0]) or clause
        base = label(options.get("name")) or _OUTPUT_NAMES.get(clause.name, clause.name)
        base = base if base[:1].isalpha() else "expression"
        taken = {name for name, _, _ in self.outputs}
        name = next(n for n in (base, *(f"{base}_{i}" for i in range(2, 10_000))) if n not in taken)
        self.outputs.append((name, self.expression(value), options))

    def _order(self, value: object) -> "exp.Expr":
        from sqlglot import exp

        clause = clause_of(value)
        if clause is None or clause.name not in ("asc", "desc") or not clause.args:
            raise Unsupported("orders by something that is not read")
        return exp.Ordered(this=self.expression(clause.args[0]), desc=clause.name == "desc")

    def expression(self, value: object, depth: int = 0) -> "exp.Expr":
        """Any clause or plain value as a tree."""
        if self.depth + depth > MAX_DEPTH:
            raise Unsupported("nests too deep")
        self.known.budget.spend()
        clause = clause_of(value)
        if clause is None:
            return literal(value)
        for read in (self._reference, self._logic, self._condition, self._measure, self._calculation):
            built = read(clause, depth + 1)
            if built is not None:
                return built
        raise Unsupported(f"uses `{clause.name[:40]}`, which is not read")

    def _reference(self, clause: Clause, depth: int) -> "exp.Expr | None":
        if clause.name == "value" and clause.args:
            return literal(clause.args[0])
        if clause.name == "field" and clause.args:
            return self._field(clause)
        if clause.name == "expression" and clause.args:
            name = label(clause.args[0])
            if name not in self.expressions:
                raise Unsupported(f"uses the expression `{name[:40]}`, which it does not define")
            built = self.expression(self.expressions[name], depth)
            unit = words(clause.options.get("temporal-unit"))
            return truncated(unit, built) if unit else built
        if clause.name == "aggregation" and clause.args:
            return column(self._output(clause.args[0]))
        if clause.name in ("segment", "metric", "measure") and clause.args:
            return self._defined(clause, depth)
        return None

    def _field(self, clause: Clause) -> "exp.Expr":
        from sqlglot import exp

        if clause.options.get("source-field"):
            raise Unsupported("reads a column over a foreign key without a join of its own")
        if clause.options.get("binning"):
            raise Unsupported("groups a column into bins")
        parts = self._field_parts(clause.args[0])
        alias = label(clause.options.get("join-alias")) or self.aliases.get(parts[:-1], "")
        if not alias and len(parts) > 1 and parts[:-1] != self.source and self.source:
            raise Unsupported(f"reads the table {'.'.join(parts[:-1])[:80]}, which it does not join")
        of: exp.Expr = column(parts[-1], alias or (self.source_alias if self.joined else ""))
        unit = words(clause.options.get("temporal-unit"))
        return truncated(unit, of) if unit and unit != "default" else of

    def _field_parts(self, ref: object) -> tuple[str, ...]:
        """Schema, table and column; a column of the stage before has its name alone."""
        if isinstance(ref, list):
            parts = tuple(label(part) for part in ref[1:] if label(part))
        elif isinstance(ref, int):
            parts = self.known.fields.get(str(ref), ())
        else:
            parts = (label(ref),)
        if not parts or not parts[-1]:
            raise Unsupported(f"reads column {label(ref)[:40]}, whose name is not in the export")
        return parts

    def _output(self, ref: object) -> str:
        """The name of an aggregation by its position, or by its id in the newer form."""
        if isinstance(ref, int) and 0 <= ref < len(self.outputs):
            return self.outputs[ref][0]
        for name, _, options in self.outputs:
            if options.get("lib/uuid") == ref:
                return name
        raise Unsupported("orders by an aggregation that it does not have")

    def _defined(self, clause: Clause, depth: int) -> "exp.Expr":
        from sqlglot import exp

        definition = self.known.definition(label(clause.args[0]))
        stage = next(
            iter(records(definition.get("stages")) or [record(definition.get("query")) or definition])
        )
        inner = replace(self, stage=stage, depth=self.depth + depth, outputs=[])
        inner.expressions = inner._expressions()
        key = "filter" if clause.name == "segment" else "aggregation"
        found = inner._filters() if key == "filter" else list(items(stage.get("aggregation")))[:1]
        if not found:
            raise Unsupported(f"uses a {clause.name} without a definition")
        return exp.and_(*(inner.expression(part, depth) for part in found), copy=False)

    def _logic(self, clause: Clause, depth: int) -> "exp.Expr | None":
        from sqlglot import exp

        if clause.name not in ("and", "or", "not") or not clause.args:
            return None
        parts = [self.expression(arg, depth) for arg in clause.args]
        if clause.name == "not":
            return exp.not_(parts[0], copy=False)
        return exp.and_(*parts, copy=False) if clause.name == "and" else exp.or_(*parts, copy=False)

    def _condition(self, clause: Clause, depth: int) -> "exp.Expr | None":
        from sqlglot import exp

        name, args = clause.name, clause.args
        if not args or name in _ARITHMETIC:
            return None
        if name in _COMPARISONS and len(args) == 2:
            right = self.expression(args[1], depth)
            kind = {"=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}[name]
            return kind(this=self.expression(args[0], depth), expression=right)
        if name in ("=", "!=", "in", "not-in") and len(args) > 2:
            among = exp.In(
                this=self.expression(args[0], depth),
                expressions=[self.expression(a, depth) for a in args[1:]],
            )
            return among if name in ("=", "in") else exp.not_(among, copy=False)
        if name == "between" and len(args) == 3:
            low, high = self.expression(args[1], depth), self.expression(args[2], depth)
            return exp.Between(this=self.expression(args[0], depth), low=low, high=high)
        if name in ("is-null", "not-null"):
            verb = "is null" if name == "is-null" else "is not null"
            return compare(verb, self.expression(args[0], depth), None)
        if name in ("is-empty", "not-empty"):
            return compare("=" if name == "is-empty" else "!=", self.expression(args[0], depth), "")
        if name == "time-interval" and len(args) == 3:
            return self._time_interval(self.expression(args[0], depth), args[1], words(args[2]))
        return self._text_condition(clause, depth)

    def _text_condition(self, clause: Clause, depth: int) -> "exp.Expr | None":
        from sqlglot import exp

        patterns = {"starts-with": "{}%", "ends-with": "%{}", "contains": "%{}%", "does-not-contain": "%{}%"}
        if clause.name not in patterns or len(clause.args) != 2:
            return None
        pattern = patterns[clause.name].format(words(clause.args[1]))
        like = compare("like", self.expression(clause.args[0], depth), pattern)
        return exp.not_(like, copy=False) if clause.name == "does-not-contain" else like

    def _time_interval(self, of: "exp.Expr", amount: object, unit: str) -> "exp.Expr":
        from sqlglot import exp

        if amount == "current":
            return exp.GTE(this=of, expression=truncated(unit, exp.CurrentDate()))
        if amount == "last":
            amount = -1
        if not isinstance(amount, int) or not -10_000 < amount < 0:
            raise Unsupported("filters by a time that is not before now")
        return exp.GTE(this=of, expression=ago(-amount, unit))

    def _measure(self, clause: Clause, depth: int) -> "exp.Expr | None":
        from sqlglot import exp

        name, args = clause.name, clause.args
        if name in _AGGREGATES:
            return aggregate(_AGGREGATES[name], self.expression(args[0], depth) if args else None)
        if name == "count-where" and len(args) == 1:
            case = exp.Case().when(self.expression(args[0], depth), literal(1), copy=False)
            return aggregate("count", case)
        if name in ("sum-where", "distinct-where") and len(args) == 2:
            of = self.expression(args[0], depth)
            case = exp.Case().when(self.expression(args[1], depth), of, copy=False)
            return aggregate("sum" if name == "sum-where" else "count_distinct", case)
        return None

    def _calculation(self, clause: Clause, depth: int) -> "exp.Expr | None":
        from sqlglot import exp

        name, args = clause.name, clause.args
        if name in _ARITHMETIC and len(args) >= 2:
            kind: type[exp.Binary] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div}[name]
            parts = [_operand(self.expression(arg, depth)) for arg in args]
            built: exp.Expr = parts[0]
            for part in parts[1:]:
                built = kind(this=built, expression=part)
            return built
        if name in _FUNCTIONS and args:
            return exp.func(name.upper(), *(self.expression(arg, depth) for arg in args))
        if name == "case" and args:
            case = exp.Case()
            for pair in items(args[0]):
                condition, result = (*items(pair), None, None)[:2]
                case = case.when(
                    self.expression(condition, depth), self.expression(result, depth), copy=False
                )
            default = args[1] if len(args) > 1 else clause.options.get("default")
            return case.else_(self.expression(default, depth), copy=False) if default is not None else case
        return None


_BARE = frozenset({"source-table", "lib/type", "lib/options", "fields"})


def _operand(expression: "exp.Expr") -> "exp.Expr":
    from sqlglot import exp

    return exp.paren(expression, copy=False) if isinstance(expression, exp.Binary) else expression


def _named(expression: "exp.Expr", name: str) -> "exp.Expr":
    from sqlglot import exp

    if isinstance(expression, exp.Column) and expression.name == name:
        return expression
    return exp.Alias(this=expression, alias=identifier(name))

"""Conditions and expressions in words close to the SQL, and what an expression does to its values."""

import re
from collections.abc import Collection, Iterator, Mapping

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from gnomon.context.catalog.enrich.parsing import SQL_FAILURES
from gnomon.context.catalog.enrich.relations import Output, Relation, chased, in_scope
from gnomon.context.catalog.enrich.shapes import FROM_HUNDREDTHS as FROM_HUNDREDTHS

MAX_CONDITION_CHARS = 240
MAX_EXPRESSION_CHARS = 160
_MAX_NODES = 1500
_MAX_SIDE_NOTES = 2
_TRACED = 3
"""Expressions behind one another that one column's text goes through."""

_HUNDREDTHS = re.compile(r"(^|_)(cents?|pence|minor|minor_units?|hundredths)($|_)", re.I)
_MONEY = re.compile(
    r"(^|_)(amount|price|revenue|cost|fee|total|value|usd|eur|gbp|spend|sales|tax|discount|salary)($|_|s$)",
    re.I,
)
_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.Length)
"""What these give has no unit of what they are given."""

_RATE = re.compile(
    r"(^|_)(fx|exchange|currency|conversion|(to|in)_(usd|eur|gbp))(_?rate)?($|_)|(^|_)rate($|_)", re.I
)


class Writer:
    """Writes trees in one dialect, columns under the names of the tables they come from."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect or None

    def condition(self, node: exp.Expr, relation: Relation, longest: int = MAX_CONDITION_CHARS) -> str:
        """The condition with its columns as their tables name them, qualified if there are several tables."""
        return _cut(self._written(node, relation, _qualifiers(tables_of(node, relation))), longest)

    def rebased(self, node: exp.Expr, relation: Relation) -> exp.Expr:
        """A copy of the condition with its columns as their tables name them, unqualified."""
        holder = exp.Paren(this=node.copy())
        for column in [c for c in in_scope(holder) if isinstance(c, exp.Column)]:
            column.replace(_as_base(column, relation, {}))
        written: exp.Expr = holder.this
        return written

    def column(self, output: Output) -> str:
        """How a computed column comes about, with what stands behind it; empty for a column of a table."""
        return self._derived(output, _TRACED)

    def _derived(self, output: Output, depth: int) -> str:
        if output.branches:
            texts = dict.fromkeys(t for b in output.branches if (t := self._branch(b, depth)))
            return _cut(" or ".join(texts), MAX_EXPRESSION_CHARS * 2) if len(texts) > 1 else "".join(texts)
        if output.node is None or output.of is None or _only_recast(output):
            return ""
        if _is_null(output.node):
            return "always NULL"
        text = self._expression(output.node, output.of)
        return text + self._sides(output.node, output.of, depth)

    def _branch(self, output: Output, depth: int) -> str:
        final = chased(output.of, output.name) if output.of else output
        final = final or output
        return (
            self._derived(final, depth - 1) if depth and (final.node or final.branches) else base_name(final)
        )

    def _expression(self, node: exp.Expr, relation: Relation) -> str:
        text = self._written(node, relation, _qualifiers(tables_of(node, relation)))
        return text if len(text) <= MAX_EXPRESSION_CHARS else self._summary(node, relation)

    def _summary(self, node: exp.Expr, relation: Relation) -> str:
        """A long expression by its kind and its columns."""
        names = list(dict.fromkeys(_column_names(node, relation)))
        over = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        core = node.this if isinstance(node, exp.Cast | exp.Coalesce | exp.Paren) else node
        match core:
            case exp.Case():
                return f"CASE over {over or 'constants'}"
            case exp.Window():
                return f"{core.this.sql_name()} over a window of {over}"
            case exp.AggFunc():
                distinct = "distinct values of " if isinstance(core.this, exp.Distinct) else ""
                return f"{core.sql_name()} of {distinct}an expression over {over or 'rows'}"
        return f"computed from {over}" if over else "a long constant expression"

    def _sides(self, node: exp.Expr, relation: Relation, depth: int) -> str:
        """What the computed columns in an expression are made of."""
        if not depth:
            return ""
        notes: dict[str, str] = {}
        for column in in_scope(node):
            if not isinstance(column, exp.Column) or len(notes) >= _MAX_SIDE_NOTES:
                continue
            output = _target(column, relation)
            if output is None or (output.node is not None and _is_null(output.node)):
                continue
            if output.node is not None or output.branches:
                text = self._derived(output, depth - 2)
                notes.setdefault(column.name, text if len(text) <= MAX_EXPRESSION_CHARS else "")
        told = [f"{name} = {text}" for name, text in notes.items() if text and text != name]
        return f"; with {'; '.join(told)}" if told else ""

    def _written(self, node: exp.Expr, relation: Relation, qualifiers: Mapping[str, str]) -> str:
        if sum(1 for _ in zip(node.walk(), range(_MAX_NODES), strict=False)) >= _MAX_NODES:
            return self._summary(node, relation)
        copy = exp.Paren(this=node.copy())
        for column in [c for c in in_scope(copy) if isinstance(c, exp.Column)]:
            column.replace(_as_base(column, relation, qualifiers))
        for negated in [n for n in in_scope(copy) if isinstance(n, exp.Not)]:
            _read_as_people_write(negated)
        try:
            text: str = copy.this.sql(self._dialect, comments=False, unsupported_level=ErrorLevel.IGNORE)
        except SQL_FAILURES:
            return self._summary(node, relation)
        return text


def _is_null(node: exp.Expr) -> bool:
    bare = node.unnest()
    return isinstance(bare.this if isinstance(bare, exp.Cast) else bare, exp.Null)


def _only_recast(output: Output) -> bool:
    """Whether a column is passed on under its name, in another type that keeps its value."""
    node = output.node
    if not isinstance(node, exp.Cast) or not isinstance(node.this, exp.Column) or output.of is None:
        return False
    passed = _target(node.this, output.of)
    coarser = node.to.is_type(*exp.DataType.TEMPORAL_TYPES, *exp.DataType.INTEGER_TYPES)
    return passed is not None and bool(table_of(passed)) and passed.name == output.name and not coarser


def _read_as_people_write(node: exp.Not) -> None:
    """`NOT a IS NULL`, as sqlglot writes it, back to `a IS NOT NULL`."""
    test = node.this
    if isinstance(test, exp.Is) and isinstance(test.expression, exp.Null | exp.Boolean):
        node.replace(exp.Is(this=test.this, expression=exp.Not(this=test.expression)))


def tables_of(node: exp.Expr, relation: Relation) -> set[str]:
    """The tables of the columns in a condition that are passed on as they are; "" for computed ones."""
    found = set()
    for column in in_scope(node):
        if isinstance(column, exp.Column) and not isinstance(column.this, exp.Star):
            output = _target(column, relation)
            found.add(table_of(output) if output else "")
    return found


def table_of(output: Output) -> str:
    """The table of a column that stands in one; empty for others."""
    return output.of.name if output.of and output.of.kind == "table" else ""


def base_name(output: Output) -> str:
    """`table.column` of a column of a table, else its bare name."""
    table = table_of(output)
    return f"{table}.{output.name}" if table else output.name


def notes_on(output: Output, seen: int = 6) -> tuple[str, ...]:
    """What an expression, and those behind it, do to units, clocks, currencies and missing values."""
    notes: dict[str, None] = {}
    queue = [output]
    for _ in range(seen):
        if not queue:
            break
        current = queue.pop(0)
        queue += current.branches
        if current.node is None or current.of is None:
            continue
        notes.update(dict.fromkeys(_notes_in(current.node, current.of, output.name)))
        columns = [c for c in in_scope(current.node) if isinstance(c, exp.Column)][:10]
        targets = (_target(c, current.of) for c in columns)
        queue += [t for t in targets if t is not None and t is not current]
    return tuple(notes)


def _notes_in(node: exp.Expr, relation: Relation, name: str) -> Iterator[str]:
    for part in in_scope(node):
        match part:
            case exp.Div():
                yield from _division(part, relation, name)
            case exp.Mul() if any(_RATE.search(c.name) for c in _sides_of(part)):
                rate = next(c.name for c in _sides_of(part) if _RATE.search(c.name))
                yield f"multiplied by `{rate}`"
            case exp.AtTimeZone() if not isinstance(part.parent, exp.AtTimeZone):
                yield from filter(None, [_zone_text(part)])
            case exp.ConvertTimezone():
                yield f"converted to {part.args['target_tz'].sql(comments=False)} time"
            case exp.Coalesce() if part.expressions and isinstance(part.expressions[-1], exp.Literal):
                yield f"{part.expressions[-1].sql(comments=False)} where missing"


def _division(node: exp.Div, relation: Relation, name: str) -> Iterator[str]:
    divisor = node.expression.unnest()
    if not isinstance(divisor, exp.Literal) or divisor.is_string or _number(divisor.name) is None:
        return
    number = _number(divisor.name)
    names = [c.name for c in in_scope(node.this) if isinstance(c, exp.Column)]
    names += [
        o.name for c in in_scope(node.this) if isinstance(c, exp.Column) and (o := _target(c, relation))
    ]
    times_100 = any(isinstance(m, exp.Mul) and "100" in m.sql(comments=False) for m in in_scope(node.this))
    counts = any(isinstance(part, _COUNTS) for part in in_scope(node.this))
    an_amount = any(map(_HUNDREDTHS.search, names)) or _MONEY.search(name)
    if number == 100 and an_amount and not times_100 and not counts:
        yield FROM_HUNDREDTHS
    else:
        yield f"divided by {divisor.name}"


def _zone_text(node: exp.AtTimeZone) -> str:
    zones = [node.args["zone"]]
    inner = node.this
    while isinstance(inner, exp.AtTimeZone):
        zones.append(inner.args["zone"])
        inner = inner.this
    names = [zone.name or zone.sql(comments=False) for zone in zones]
    if len(names) == 1:
        return f"taken at time zone {names[0]}"
    if names[0] == names[1]:
        return ""
    return f"converted from {names[1]} to {names[0]} time"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _sides_of(node: exp.Binary) -> list[exp.Column]:
    return [s for s in (node.this.unnest(), node.expression.unnest()) if isinstance(s, exp.Column)]


def _target(column: exp.Column, relation: Relation) -> Output | None:
    found = relation.source_of(column)
    if found is not None:
        return chased(found[0].relation, found[1])
    return None if column.table else relation.outputs.get(column.name.casefold())


def _column_names(node: exp.Expr, relation: Relation) -> Iterator[str]:
    for column in in_scope(node):
        if isinstance(column, exp.Column) and not isinstance(column.this, exp.Star):
            output = _target(column, relation)
            yield output.name if output and table_of(output) else column.name


def _as_base(column: exp.Column, relation: Relation, qualifiers: Mapping[str, str]) -> exp.Expr:
    if isinstance(column.this, exp.Star):
        return exp.Star()
    output = _target(column, relation)
    table = table_of(output) if output else ""
    source = relation.source_of(column)
    if output is None or not table or source is None:
        return exp.column(exp.to_identifier(column.name))
    parts = [exp.to_identifier(part) for part in reversed(qualifiers.get(table, "").split(".")) if part]
    name = exp.column(exp.to_identifier(output.name), *parts[:3])
    is_field = source[1].casefold() != column.name.casefold()
    return exp.Dot(this=name, expression=exp.to_identifier(column.name)) if is_field else name


def _qualifiers(tables: Collection[str]) -> dict[str, str]:
    """What stands before a column of each table: nothing if there is one, else the shortest clear name."""
    if len(tables) < 2:
        return {}
    bare = [table.rpartition(".")[2] for table in tables]
    clear = len(set(bare)) == len(bare)
    return {table: table.rpartition(".")[2] if clear else table for table in tables}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"

"""Row conditions of `@rows`: comparisons that cannot fail, bound to the person who asks.

A condition runs on every row, also on those it hides. One that could fail (a cast, a division, a call) would
tell in an error message what it hides, so only comparisons of columns with values are taken.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from gnomon.domain.catalog import NUMERIC_KINDS, TEMPORAL_KINDS, Catalog, Column, TableSchema
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.policy.dialects import grammar

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_CONNECTIVES = (exp.And, exp.Or, exp.Not, exp.Paren)
_HINT = "compare columns with values: =, <>, <, >, IN, BETWEEN, LIKE, IS NULL, joined by AND, OR and NOT"
ROWS_ALIAS = "gnomon_rows"
"""The alias of the table that a condition filters; its columns are written with it."""

_LOOKUP_ALIAS = "gnomon_lookup"


class BadConditionError(ValueError):
    """A condition that cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was parsed and found safe for one table.

    Args:
        tree: Its columns are qualified with `ROWS_ALIAS`; the person's facts still stand as placeholders.
    """

    tree: exp.Expr

    def bound_to(self, principal: Principal) -> exp.Expr:
        """The condition for one person. Where a fact is missing or does not fit, no row passes."""
        facts = facts_of(principal)
        tree = self.tree.copy()
        for slot in list(tree.find_all(exp.Placeholder)):
            values = [_literal(v, _kind_beside(slot)) for v in facts.get(str(slot.this), ())]
            if not values or None in values:
                return exp.false()
            if not isinstance(slot.parent, exp.In):
                if len(values) > 1:
                    return exp.false()
                slot.replace(values[0])
                continue
            others = [e for e in slot.parent.expressions if e is not slot]
            slot.parent.set("expressions", [*others, *values])
        return tree


def facts_of(principal: Principal) -> dict[str, tuple[str, ...]]:
    """What a condition may name with a colon: `subject`, `tenant`, `groups`, and each claim."""
    facts: dict[str, tuple[str, ...]] = {}
    for name, value in principal.claims:
        facts[name] = (*facts.get(name, ()), value)
    return facts | {
        "subject": (principal.subject,),
        "tenant": (principal.tenant,),
        "groups": tuple(sorted(principal.groups)),
    }


def parse_condition(text: str, table: TableSchema, catalog: Catalog, dialect: Dialect) -> Condition:
    """Parse a condition on the rows of `table`.

    Args:
        catalog: Every table of the warehouse; `column IN (SELECT column FROM table WHERE ...)` may name one.

    Raises:
        BadConditionError: It does not parse, names an unknown column, or could fail on some row.
    """
    tree = _parse(text, dialect)
    _Checker(catalog, dialect).check(tree, table, ROWS_ALIAS)
    return Condition(tree)


def _parse(text: str, dialect: Dialect) -> exp.Expr:
    sql = f"SELECT 1 FROM t WHERE {text}"
    try:
        trees = grammar(dialect).parser().parse(grammar(dialect).tokenize(sql), sql)
    except (SqlglotError, ValueError, AttributeError, TypeError, IndexError) as error:
        raise BadConditionError(f"it does not parse: {str(error).splitlines()[0][:120]}") from error
    extra = {"where", "expressions", "from_", "kind"}
    select = trees[0] if len(trees) == 1 else None
    if not isinstance(select, exp.Select) or {k for k, v in select.args.items() if v} - extra:
        raise BadConditionError(f"it is more than a condition; {_HINT}")
    where = select.args.get("where")
    if where is None:
        raise BadConditionError(f"it is no condition; {_HINT}")
    tree: exp.Expr = where.this
    return tree.copy()


@dataclass(frozen=True, slots=True)
class _Checker:
    catalog: Catalog
    dialect: Dialect

    def check(self, tree: exp.Expr, table: TableSchema, alias: str) -> None:
        """Refuse whatever could fail; write columns with their alias and remember their kind."""
        if isinstance(tree, _CONNECTIVES):
            for child in tree.iter_expressions():
                self.check(child, table, alias)
        elif isinstance(tree, exp.Column):
            if self._column(tree, table, alias).kind != "boolean":
                raise BadConditionError(f"`{tree.name}` alone is not true or false; {_HINT}")
        elif not isinstance(tree, exp.Boolean):
            self._comparison(tree, table, alias)

    def _comparison(self, tree: exp.Expr, table: TableSchema, alias: str) -> None:
        if not isinstance(tree, (*_COMPARISONS, exp.In, exp.Between, exp.Like, exp.ILike, exp.Is)):
            raise BadConditionError(f"`{tree.sql(self.dialect)}` is not a plain comparison; {_HINT}")
        if isinstance(tree, exp.In) and tree.args.get("query") is not None:
            left = self._side(tree.this, table, alias)
            right = self._lookup(tree.args["query"])
            _check_comparable(left, right, tree, self.dialect)
            return
        if isinstance(tree, exp.In) and (tree.args.get("unnest") or tree.args.get("field")):
            raise BadConditionError(f"`{tree.sql(self.dialect)}` is not a list of values; {_HINT}")
        kinds = [self._side(side, table, alias) for side in _sides(tree)]
        columns = [kind for kind in kinds if kind not in ("null", "any")]
        for kind in columns[1:]:
            _check_comparable(columns[0], kind, tree, self.dialect)
        if {"time", "text"} <= set(columns) and _columns_alone(tree):
            raise BadConditionError(f"`{tree.sql(self.dialect)}` compares a time with a column of texts")
        if isinstance(tree, exp.Like | exp.ILike):
            _check_pattern(tree, self.dialect)
        for slot in tree.find_all(exp.Placeholder):
            slot.meta["kind"] = columns[0] if columns else "text"

    def _side(self, side: exp.Expr, table: TableSchema, alias: str) -> str:
        """The family of a comparison's side: text, number, time, boolean; null and any fit all."""
        if isinstance(side, exp.Column):
            return _family(self._column(side, table, alias))
        if isinstance(side, exp.Literal):
            return "text" if side.is_string else "number"
        if isinstance(side, exp.Neg) and isinstance(side.this, exp.Literal):
            return "number"
        if isinstance(side, exp.Boolean):
            return "boolean"
        if isinstance(side, exp.Null):
            return "null"
        if isinstance(side, exp.Placeholder) and side.this:
            return "any"
        raise BadConditionError(f"`{side.sql(self.dialect)}` is neither a column nor a value; {_HINT}")

    def _column(self, node: exp.Column, table: TableSchema, alias: str) -> Column:
        found = table.column(node.name)
        if found is None or (node.table and node.table.casefold() != table.ref.name.casefold()):
            raise BadConditionError(f"`{node.sql(self.dialect)}` is no column of `{table.ref}`")
        node.set("this", exp.to_identifier(found.name, quoted=True))
        node.set("table", exp.to_identifier(alias, quoted=True))
        return found

    def _lookup(self, query: exp.Expr) -> str:
        """Check `SELECT column FROM table WHERE condition` and return the column's family."""
        select = query.this if isinstance(query, exp.Subquery) else query
        plain = isinstance(select, exp.Select) and not (
            {k for k, v in select.args.items() if v} - {"expressions", "from_", "where", "kind"}
        )
        source = select.args["from_"].this if plain and select.args.get("from_") else None
        if not isinstance(source, exp.Table) or source.alias or len(select.expressions) != 1:
            raise BadConditionError("a list of values is read as `SELECT column FROM table WHERE condition`")
        table = self.catalog.find(source.name, source.text("db"))
        if table is None:
            raise BadConditionError(f"`{source.sql(self.dialect)}` is no table of the warehouse")
        source.meta["lookup"] = table.ref
        source.set("alias", exp.TableAlias(this=exp.to_identifier(_LOOKUP_ALIAS, quoted=True)))
        chosen = select.expressions[0]
        if not isinstance(chosen, exp.Column):
            raise BadConditionError(f"`{chosen.sql(self.dialect)}` is no column of `{table.ref}`")
        family = _family(self._column(chosen, table, _LOOKUP_ALIAS))
        if select.args.get("where") is not None:
            self.check(select.args["where"].this, table, _LOOKUP_ALIAS)
        return family


def _sides(tree: exp.Expr) -> Iterator[exp.Expr]:
    parts = (tree.this, tree.args.get("expression"), tree.args.get("low"), tree.args.get("high"))
    yield from (p for p in (*parts, *tree.expressions) if isinstance(p, exp.Expr))


def _family(column: Column) -> str:
    if column.kind in NUMERIC_KINDS:
        return "number"
    if column.kind in TEMPORAL_KINDS or column.kind == "time":
        return "time"
    if column.kind in ("text", "boolean"):
        return column.kind
    raise BadConditionError(f"`{column.name}` is of type {column.type_sql}, which a condition cannot compare")


def _check_comparable(one: str, other: str, tree: exp.Expr, dialect: Dialect) -> None:
    """Engines convert between families row by row, and a row that cannot be converted fails."""
    pair = {one, other} - {"null", "any"}
    if len(pair) > 1 and pair != {"time", "text"}:
        raise BadConditionError(f"`{tree.sql(dialect)}` compares {one} with {other}")


def _columns_alone(tree: exp.Expr) -> bool:
    """Whether more than one side is a column: a text that is no time would fail on its row."""
    return sum(isinstance(side, exp.Column) for side in _sides(tree)) > 1


def _check_pattern(tree: exp.Expr, dialect: Dialect) -> None:
    pattern = tree.args["expression"]
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        raise BadConditionError(f"`{tree.sql(dialect)}` has no fixed pattern: a value could hold wildcards")
    # PostgreSQL fails on the rows that match up to there.
    if (len(pattern.name) - len(pattern.name.rstrip("\\"))) % 2:
        raise BadConditionError(f"the pattern of `{tree.sql(dialect)}` ends within an escape")


def _kind_beside(slot: exp.Placeholder) -> str:
    return str(slot.meta.get("kind", "text"))


def _literal(value: str, family: str) -> exp.Expr | None:
    """The value as a literal of the family, or None if it is none."""
    maker: dict[str, Callable[[str], exp.Expr | None]] = {"number": _number, "boolean": _boolean}
    return maker.get(family, exp.Literal.string)(value)


def _number(value: str) -> exp.Expr | None:
    plain = value.removeprefix("-")
    if not plain.isascii() or not plain.replace(".", "", 1).isdigit():
        return None
    number = exp.Literal.number(plain)
    return exp.Neg(this=number) if value.startswith("-") else number


def _boolean(value: str) -> exp.Expr | None:
    known: dict[str, exp.Expr] = {"true": exp.true(), "false": exp.false()}
    return known.get(value.lower())

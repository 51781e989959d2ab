"""The SQL of workflows, made by parsing: values become literals, names become identifiers."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlglot import exp

from gnomon.agent.workflows.parameters import Value
from gnomon.domain.catalog import TableRef, TableSchema
from gnomon.domain.errors import Retry
from gnomon.domain.query import Dialect
from gnomon.policy.sql import parse_one_statement


def bound(sql: str, values: Mapping[str, Value], dialect: Dialect) -> str:
    """The query with its `:name`s and quoted `"{name}"`s replaced.

    Raises:
        Retry: It does not parse, or names what is no parameter.
        Refused: It is no single read.
    """
    tree = parse_one_statement(sql, dialect)
    for mark in list(tree.find_all(exp.Placeholder)):
        mark.replace(_literal(_value(mark.name, values)))
    for name in list(tree.find_all(exp.Identifier)):
        text = name.name
        if text.startswith("{") and text.endswith("}"):
            _put_name(name, str(_value(text[1:-1], values)))
    return tree.sql(dialect)


def counts(left: TableSchema, right: TableSchema, dialect: Dialect) -> str:
    """How many rows each of two tables has: one row, `left_rows` and `right_rows`."""
    query = exp.select(
        exp.alias_(_count(left.ref), "left_rows"),
        exp.alias_(_count(right.ref), "right_rows"),
    )
    return query.sql(dialect)


def missing(here: TableSchema, there: TableSchema, key: Sequence[str], dialect: Dialect) -> str:
    """How many rows of `here` have no row of their key in `there`: one row, `missing_rows`."""
    there_key = exp.column(_own(there, key[0]), table="there", quoted=True)
    query = (
        exp.select(exp.alias_(exp.Count(this=exp.Star()), "missing_rows"))
        .from_(_table(here.ref, "here"))
        .join(_table(there.ref, "there"), on=_same_key(here, there, key), join_type="left")
        .where(exp.Is(this=there_key, expression=exp.Null()))
    )
    return query.sql(dialect)


def differing(
    here: TableSchema, there: TableSchema, key: Sequence[str], columns: Sequence[str], dialect: Dialect
) -> str:
    """For each column, in how many rows of one key two tables differ: one row, a column each."""
    sums = []
    for name in columns:
        one = exp.column(_own(here, name), table="here", quoted=True)
        two = exp.column(_own(there, name), table="there", quoted=True)
        null = exp.NEQ(
            this=exp.paren(exp.Is(this=one, expression=exp.Null())),
            expression=exp.paren(exp.Is(this=two.copy(), expression=exp.Null())),
        )
        differs = exp.or_(exp.NEQ(this=one.copy(), expression=two.copy()), null)
        flag = exp.Case().when(differs, exp.Literal.number(1)).else_(exp.Literal.number(0))
        sums.append(exp.alias_(exp.Sum(this=flag), name, quoted=True))
    query = (
        exp.select(*sums)
        .from_(_table(here.ref, "here"))
        .join(_table(there.ref, "there"), on=_same_key(here, there, key), join_type="inner")
    )
    return query.sql(dialect)


def _count(ref: TableRef) -> exp.Expression:
    return exp.select(exp.Count(this=exp.Star())).from_(_table(ref, "")).subquery()


def _same_key(here: TableSchema, there: TableSchema, key: Sequence[str]) -> exp.Condition:
    pairs = (
        exp.EQ(
            this=exp.column(_own(here, name), table="here", quoted=True),
            expression=exp.column(_own(there, name), table="there", quoted=True),
        )
        for name in key
    )
    return exp.and_(*pairs)


def _table(ref: TableRef, alias: str) -> exp.Expression:
    return exp.table_(ref.name, db=ref.schema or None, quoted=True, alias=alias or None)


def _own(table: TableSchema, name: str) -> str:
    column = table.column(name)
    if column is None:
        raise Retry(f"the table `{table.ref}` has no column `{name}`")
    return column.name


def _value(name: str, values: Mapping[str, Value]) -> Value:
    if name not in values:
        known = ", ".join(f":{n}" for n in values) or "none"
        raise Retry(f"the query uses `:{name}`, which is no parameter", hint=f"there are: {known}")
    return values[name]


def _literal(value: Value) -> exp.Expression:
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    if isinstance(value, int | Decimal):
        return exp.Literal.number(str(value))
    return exp.Literal.string(value)


def _put_name(identifier: exp.Identifier, name: str) -> None:
    """A dotted name for a table puts its first part into the schema."""
    first, _, last = name.rpartition(".")
    table = identifier.parent
    if first and isinstance(table, exp.Table) and table.this is identifier:
        table.set("db", exp.to_identifier(first, quoted=True))
    identifier.replace(exp.to_identifier(last if first else name, quoted=True))

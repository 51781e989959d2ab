"""Masks as SQL: what stands in a cell's place, in each engine's dialect.

No mask can fail on a row: a failure would tell something about the cell it hides. Where a mask does not fit a
column's type, nothing is shown.
"""

from decimal import Decimal
from functools import lru_cache

from sqlglot import exp

from gnomon.domain.catalog import NUMERIC_KINDS, TEMPORAL_KINDS, Column, TypeKind
from gnomon.domain.query import Dialect
from gnomon.policy.dialects import grammar
from gnomon.policy.rules.obligations import Mask

SQLITE_HASH = "gnomon_hash"
"""A function that the SQLite adapter adds to its connections: key and value to a fingerprint."""

HASH_CHARS = 16
"""64 bits: among a million different values two share a fingerprint with a chance of 3 in 100 million."""

_CELL = "gnomon_cell"
_FIRST_DAY, _LAST_DAY = "CAST('0001-01-01' AS DATE)", "CAST('9999-12-31' AS DATE)"
_MOST_DIGITS, _DECIMALS = 200, 20
"""In PostgreSQL: numbers with more digits have no bucket, and further decimals are not looked at."""
_TEXT: dict[Dialect, str] = {"duckdb": "VARCHAR", "sqlite": "TEXT", "postgres": "TEXT"}
_PLAIN_KINDS = frozenset({"integer", "decimal", "text", "boolean", "date", "timestamp", "time"})


def fitting(mask: Mask, kind: TypeKind) -> Mask:
    """The mask, or one that shows nothing where it does not fit a column of that kind."""
    if mask.kind == "bucket":
        fits = kind in TEMPORAL_KINDS if mask.unit else kind in NUMERIC_KINDS
    else:
        fits = mask.kind == "null" or kind in _PLAIN_KINDS
    return mask if fits else Mask("null")


def masked_type(column: Column, mask: Mask) -> tuple[TypeKind, str]:
    """Kind and SQL type of a column as it looks behind the mask."""
    mask = fitting(mask, column.kind)
    if mask.kind == "null":
        return column.kind, column.type_sql
    if mask.kind == "bucket":
        return ("date", "DATE") if mask.unit else ("decimal", "DOUBLE")
    return "text", "VARCHAR"


def masked(cell: exp.Expr, column: Column, mask: Mask, dialect: Dialect, secret: str) -> exp.Expr:
    """The expression that stands in place of `cell`.

    Args:
        secret: Key of the `hash` mask. Equal values of one key have equal fingerprints; without a key there
            is none, since anybody could compute it for a guessed value.
    """
    template = _template(fitting(mask, column.kind), column, dialect)
    if mask.kind == "hash" and not secret:
        template = f"CASE WHEN FALSE THEN {template} END"
    tree = _parsed(template, dialect).copy()
    for slot in list(tree.find_all(exp.Column)):
        if slot.name == _CELL:
            slot.replace(cell.copy())
    for literal in list(tree.find_all(exp.Literal)):
        if literal.is_string and literal.this == "gnomon_key":
            literal.replace(exp.Literal.string(secret))
    return tree


def _template(mask: Mask, column: Column, dialect: Dialect) -> str:
    if mask.kind == "null":
        return f"CASE WHEN FALSE THEN {_CELL} END"
    if mask.kind == "hash":
        return _hash(dialect)
    if mask.kind == "bucket":
        return _date_bucket(mask.unit, column, dialect) if mask.unit else _number_bucket(mask.amount, dialect)
    return _part(mask, dialect)


def _hash(dialect: Dialect) -> str:
    if dialect == "duckdb":
        return f"SUBSTR(SHA256('gnomon_key' || CAST({_CELL} AS VARCHAR)), 1, {HASH_CHARS})"
    if dialect == "postgres":
        text = f"CONVERT_TO('gnomon_key' || CAST({_CELL} AS TEXT), 'UTF8')"
        return f"SUBSTR(ENCODE(SHA256({text}), 'hex'), 1, {HASH_CHARS})"
    # As bytes: a text that is no UTF-8 cannot be handed to a function, and the failure would tell of it.
    return f"CAST({SQLITE_HASH}('gnomon_key', CAST({_CELL} AS BLOB)) AS TEXT)"


def _part(mask: Mask, dialect: Dialect) -> str:
    text = f"CAST({_CELL} AS {_TEXT[dialect]})"
    kept = int(mask.amount)
    part = f"SUBSTR({text}, 1, {kept}) || '***'"
    if mask.kind == "keep_last":
        part = f"'***' || SUBSTR({text}, LENGTH({text}) - {kept - 1}, {kept})"
    cases = f"WHEN {_CELL} IS NULL THEN NULL WHEN LENGTH({text}) > {kept} THEN {part} ELSE '***'"
    return f"CAST(CASE {cases} END AS {_TEXT[dialect]})"


def _number_bucket(width: float, dialect: Dialect) -> str:
    exact = Decimal(repr(float(width)))
    step = f"{exact:f}"
    if dialect == "sqlite":
        # Not every build of SQLite has FLOOR; a cast to integer cuts towards zero.
        whole = f"CAST({_CELL} / {step} AS INTEGER)"
        return f"CAST(({whole} - ({_CELL} < {whole} * {step})) * {step} AS REAL)"
    if dialect == "duckdb":
        return f"FLOOR(CAST({_CELL} AS DOUBLE) / {step}) * {step}"
    # PostgreSQL fails where a number is too large or too small for a double.
    near = f"CAST(ROUND(CAST({_CELL} AS NUMERIC), {_DECIMALS}) AS DOUBLE PRECISION)"
    largest = f"1e{_MOST_DIGITS + min(0, exact.adjusted())}"
    return f"CASE WHEN {_CELL} BETWEEN -{largest} AND {largest} THEN FLOOR({near} / {step}) * {step} END"


def _date_bucket(unit: str, column: Column, dialect: Dialect) -> str:
    if dialect != "sqlite":
        bucket = f"CAST(DATE_TRUNC('{unit}', {_CELL}) AS DATE)"
        if column.type_sql.upper() in ("TIMESTAMP_NS", "TIMESTAMPTZ_NS"):
            # Nanoseconds reach over a few centuries alone: each has a bucket, and year 1 cannot be compared.
            moment = "TIMESTAMPTZ" if "TZ" in column.type_sql.upper() else "TIMESTAMP"
            return bucket.replace(_CELL, f"CAST({_CELL} AS {moment})")
        # The first of a month may be before the first day that the engine knows.
        return f"CASE WHEN {_CELL} BETWEEN {_FIRST_DAY} AND {_LAST_DAY} THEN {bucket} END"
    if unit == "quarter":
        month = f"CAST(STRFTIME('%m', {_CELL}) AS INTEGER)"
        first = (
            f"WHEN {month} < 4 THEN '-01-01' WHEN {month} < 7 THEN '-04-01' WHEN {month} < 10 THEN '-07-01'"
        )
        return f"CAST(STRFTIME('%Y', {_CELL}) || CASE {first} ELSE '-10-01' END AS TEXT)"
    return f"CAST(STRFTIME('{'%Y-%m-01' if unit == 'month' else '%Y-01-01'}', {_CELL}) AS TEXT)"


@lru_cache(256)
def _parsed(template: str, dialect: Dialect) -> exp.Expr:
    sql = f"SELECT {template}"
    select = grammar(dialect).parser().parse(grammar(dialect).tokenize(sql), sql)[0]
    assert isinstance(select, exp.Select)
    tree: exp.Expr = select.expressions[0]
    return tree

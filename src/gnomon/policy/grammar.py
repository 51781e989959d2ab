"""The allow-list of syntax: what a read is made of. Whatever is not named here is refused.

Names are sqlglot's class names. Calls by name are judged by `functions.py`; the classes here are operators,
clauses and the few calls with a syntax of their own.
"""

from sqlglot import exp

_CLAUSES = """
Select Union Except Intersect Subquery Values Table TableAlias From Join Where Group Having Qualify
Order Ordered Limit LimitOptions Offset Fetch Distinct With CTE Lateral Unnest TableSample Pivot
PivotAlias PivotAny UnpivotColumns Cube Rollup GroupingSets WithinGroup Filter Window WindowSpec
IgnoreNulls RespectNulls Alias Aliases Column Identifier Star Tuple Paren IndexTableHint
"""
_OPERATORS = """
Add Sub Mul Div IntDiv Mod Neg Pow And Or Not Xor EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ Is In
Between Like ILike Glob SimilarTo RegexpLike RegexpILike Escape Any All Exists Case If Collate
AtTimeZone DPipe BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitwiseLeftShift BitwiseRightShift Abs Sqrt
Cbrt StartsWith Bracket Slice Dot JSONExtract JSONExtractScalar JSONBExtract JSONBExtractScalar
JSONBContainsTopKey JSONBContainsAnyTopKeys JSONBContainsAllTopKeys ArrayContainsAll ArrayContainedBy
ArrayOverlaps Overlaps Kwarg PropertyEQ Lambda Comprehension
"""
_VALUES = """
Literal Null Boolean HexString Array Struct ToMap Map Interval IntervalSpan DataType DataTypeParam Var
CurrentDate CurrentTime CurrentTimestamp Localtime Localtimestamp
"""
_CALLS = "Anonymous Cast TryCast Extract Overlay StrPosition Substring Trim"


def _classes(*names: str) -> frozenset[type[exp.Expr]]:
    return frozenset(getattr(exp, name) for block in names for name in block.split())


ALLOWED_NODES = _classes(_CLAUSES, _OPERATORS, _VALUES, _CALLS)

ALLOWED_TYPES = frozenset(
    [
        "ARRAY",
        "BIGINT",
        "BINARY",
        "BIT",
        "BLOB",
        "BOOLEAN",
        "BPCHAR",
        "CHAR",
        "DATE",
        "DATETIME",
        "DECIMAL",
        "DOUBLE",
        "FLOAT",
        "HUGEINT",
        "INT",
        "INT128",
        "INTEGER",
        "INTERVAL",
        "INTERVAL_TYPE",
        "JSON",
        "JSONB",
        "LIST",
        "MAP",
        "MEDIUMINT",
        "NCHAR",
        "NULL",
        "NUMERIC",
        "NVARCHAR",
        "REAL",
        "SMALLINT",
        "STRUCT",
        "TEXT",
        "TIME",
        "TIMESTAMP",
        "TIMESTAMPLTZ",
        "TIMESTAMPNTZ",
        "TIMESTAMPTZ",
        "TIMESTAMP_MS",
        "TIMESTAMP_NS",
        "TIMESTAMP_S",
        "TIMETZ",
        "TINYINT",
        "UBIGINT",
        "UHUGEINT",
        "UINT",
        "UINT128",
        "USMALLINT",
        "UTINYINT",
        "UUID",
        "VARBINARY",
        "VARCHAR",
        "BIGDECIMAL",
        "DECIMAL32",
        "DECIMAL64",
        "DECIMAL128",
    ]
)

NODE_HINTS = {
    "Into": "SELECT INTO writes a table; leave the INTO clause out",
    "Lock": "a read takes no locks; leave FOR UPDATE out",
    "Parameter": "write the value itself; there are no parameters",
    "Placeholder": "write the value itself; there are no parameters",
    "ByteString": "write the text in plain single quotes",
    "UnicodeString": "write the text in plain single quotes",
    "National": "write the text in plain single quotes",
    "RawString": "write the text in plain single quotes",
    "Columns": "name the columns",
    "PositionalColumn": "name the column",
    "Summarize": "ask for the figures with aggregate functions",
}

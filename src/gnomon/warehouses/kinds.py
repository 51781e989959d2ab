"""Which family a declared column type belongs to."""

from gnomon.domain.catalog import TypeKind

_WORDS: dict[TypeKind, str] = {
    "integer": "TINYINT SMALLINT INTEGER INT BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT "
    "BIGNUM INT2 INT4 INT8 SERIAL BIGSERIAL OID MEDIUMINT",
    "decimal": "DECIMAL NUMERIC FLOAT DOUBLE REAL FLOAT4 FLOAT8 NUMBER",
    "text": "VARCHAR CHAR CHARACTER TEXT STRING UUID ENUM BIT VARBIT BPCHAR NAME CITEXT NVARCHAR NCHAR CLOB",
}
_KINDS: dict[str, TypeKind] = {
    **{word: kind for kind, words in _WORDS.items() for word in words.split()},
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "DATE": "date",
    "DATETIME": "timestamp",
    "TIME": "time",
    "TIMETZ": "time",
    "JSON": "json",
    "JSONB": "json",
}


def kind_of(type_sql: str) -> TypeKind:
    """The family of a type as DuckDB or PostgreSQL writes it, for example `numeric(10,2)`.

    >>> kind_of("timestamp(3) with time zone"), kind_of("VARCHAR[]"), kind_of("enum('a', 'b')")
    ('timestamp', 'other', 'text')
    """
    text = type_sql.strip().strip('"').upper()
    if text.endswith("]"):
        return "other"
    words = text.replace("(", " ").split()
    base = words[0] if words else ""
    if base.startswith("TIMESTAMP"):
        return "timestamp"
    return _KINDS.get(base, "other")

"""Which family an SQLite column belongs to: what is declared, corrected by what is there.

SQLite does not enforce declared types, so a sample of values has the last word.
"""

from collections.abc import Sequence

from gnomon.domain.catalog import TypeKind
from gnomon.domain.result import Cell
from gnomon.warehouses.collect import kind_of_values

_BY_WORD: tuple[tuple[str, TypeKind], ...] = (
    ("BOOL", "boolean"),
    ("DATETIME", "timestamp"),
    ("TIMESTAMP", "timestamp"),
    ("DATE", "date"),
    ("TIME", "time"),
    ("JSON", "json"),
    ("INTERVAL", "other"),
    ("POINT", "other"),
    ("INT", "integer"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("STRING", "text"),
    ("UUID", "text"),
    ("BLOB", "other"),
    ("REAL", "decimal"),
    ("FLOA", "decimal"),
    ("DOUB", "decimal"),
    ("NUM", "decimal"),
    ("DEC", "decimal"),
    ("MONEY", "decimal"),
)
_TEMPORAL = frozenset({"date", "timestamp"})
_AS_STORED: dict[TypeKind, frozenset[str]] = {
    "boolean": frozenset({"integer", "boolean"}),
    "decimal": frozenset({"integer", "decimal"}),
    "json": frozenset({"text"}),
    "time": frozenset({"text"}),
}


def declared_kind(type_sql: str) -> TypeKind | None:
    """The family a declared type names, or None if it names none."""
    upper = type_sql.upper()
    return next((kind for word, kind in _BY_WORD if word in upper), None)


def column_kind(type_sql: str, sample: Sequence[Cell]) -> TypeKind:
    """The family of a column, from its declaration and some of its values."""
    declared = declared_kind(type_sql)
    found = kind_of_values(sample)
    if found is None:
        return declared or "text"
    if declared is None or declared == "other":
        return found
    if found == declared or found in _AS_STORED.get(declared, ()):
        return declared
    if declared == "text":
        return found if found in _TEMPORAL else "text"
    if found == "other":
        return "text" if any(isinstance(value, str) for value in sample) else declared
    return found

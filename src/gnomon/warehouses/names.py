"""Names as SQL text: always quoted, so that a keyword, a space or a quote in a name is only a name."""

import hashlib

from sqlglot import exp

from gnomon.domain.catalog import TableRef
from gnomon.domain.query import Dialect


def quoted(name: str, dialect: Dialect) -> str:
    """One identifier, quoted as the dialect quotes."""
    return exp.to_identifier(name, quoted=True).sql(dialect=dialect)


def quoted_table(ref: TableRef, dialect: Dialect) -> str:
    """A table's address, each part quoted."""
    parts = (ref.schema, ref.name) if ref.schema else (ref.name,)
    return ".".join(quoted(part, dialect) for part in parts)


def literal(text: str) -> str:
    """Text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def source_id(engine: str, *parts: str) -> str:
    """A short stable id of a source, safe as a file name; the parts cannot be read back from it."""
    digest = hashlib.sha256("\0".join((engine, *parts)).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{engine}-{digest[:16]}"

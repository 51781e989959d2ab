"""Small helpers on SQL for those who write or look at statements: parse, quote, list columns.

Nothing here grants anything: what runs goes through `authorize`.
"""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from gnomon.domain.errors import Retry
from gnomon.domain.query import Dialect
from gnomon.policy.text import check_one_read, read_tokens


def parse_one_statement(sql: str, dialect: Dialect) -> exp.Expr:
    """The tree of a single read, with sqlglot's typed function nodes (`exp.Sum`, `exp.Count`).

    Raises:
        Retry: If it does not parse or holds several statements.
        Refused: If it does not begin as a read, or is too large.
    """
    check_one_read(read_tokens(sql, dialect))
    try:
        return sqlglot.parse_one(sql, read=dialect)
    except (SqlglotError, RecursionError) as error:
        raise Retry(f"the SQL does not parse: {error}") from error


def quote_identifier(name: str) -> str:
    """A name in double quotes, as all three engines take it, whatever it holds.

    >>> print(quote_identifier('the "big" one'))
    "the ""big"" one"
    """
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text literal in single quotes, as all three engines take it.

    >>> quote_text("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def referenced_columns(tree: exp.Expr) -> tuple[tuple[str, str], ...]:
    """Every column a tree names, as (qualifier or empty, column) in order of appearance, each once."""
    found = {(c.table, c.name): None for c in tree.find_all(exp.Column) if not isinstance(c.this, exp.Star)}
    return tuple(found)

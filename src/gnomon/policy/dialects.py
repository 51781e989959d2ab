"""Read SQL and write it again without changing what it means.

sqlglot is made to translate between engines: it knows that `mod(a, b)` may be written `a % b`, and in SQLite
these differ for fractions. The dialects here keep every plain call as it was written, by the name it was
written with, so that the name that is judged is the name that the engine gets.
"""

from functools import cache
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Grammar
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import ErrorLevel, ParseError
from sqlglot.generator import Generator
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.generators.sqlite import SQLiteGenerator
from sqlglot.parser import build_json_extract, build_json_extract_scalar
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.parsers.sqlite import SQLiteParser
from sqlglot.tokenizer_core import Token, TokenType

from gnomon.domain.query import Dialect

_CALLS_WITH_SYNTAX_OF_THEIR_OWN = ("CAST", "TRY_CAST", "EXTRACT", "OVERLAY", "POSITION", "SUBSTRING", "TRIM")


def _special_calls(parser: Any) -> dict[str, Any]:
    return {name: parser.FUNCTION_PARSERS[name] for name in _CALLS_WITH_SYNTAX_OF_THEIR_OWN}


def _refuse_command(parser: Any, start: Token) -> exp.Command:
    raise ParseError(f"`{start.text}` is not a statement that can be judged")


def _refuse_unsupported(parser: Any) -> None:
    raise ParseError("the statement is not one that can be judged")


class FaithfulDuckDB(DuckDB):
    """DuckDB's grammar, calls kept as written."""

    def to_json_path(self, path: Any) -> Any:
        return path

    class Parser(DuckDBParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = _special_calls(DuckDBParser)
        _parse_as_command = _refuse_command
        _warn_unsupported = _refuse_unsupported

    class Generator(DuckDBGenerator):
        def ignorenulls_sql(self, expression: exp.IgnoreNulls) -> str:
            """DuckDB wants the words inside the call's parentheses, wherever they were written."""
            inner = self.sql(expression, "this")
            return f"{inner[:-1]} IGNORE NULLS)" if inner.endswith(")") else f"{inner} IGNORE NULLS"

        def withingroup_sql(self, expression: exp.WithinGroup) -> str:
            """As written: DuckDB knows these aggregates by the words WITHIN GROUP alone."""
            return Generator.withingroup_sql(self, expression)


class FaithfulSQLite(SQLite):
    """SQLite's grammar, calls kept as written."""

    def to_json_path(self, path: Any) -> Any:
        return path

    class Parser(SQLiteParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = _special_calls(SQLiteParser)
        _parse_as_command = _refuse_command
        _warn_unsupported = _refuse_unsupported

    class Generator(SQLiteGenerator):
        def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
            """As written: SQLite casts a text to DATE by its leading number, `DATE(x)` reads it as a day."""
            return Generator.cast_sql(self, expression, safe_prefix)


class FaithfulPostgres(Postgres):
    """PostgreSQL's grammar, calls kept as written."""

    def to_json_path(self, path: Any) -> Any:
        return path

    class Parser(PostgresParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = _special_calls(PostgresParser)
        JSON_OPERATORS: ClassVar[dict[Any, Any]] = {
            **PostgresParser.JSON_OPERATORS,
            TokenType.ARROW: build_json_extract,
            TokenType.DARROW: build_json_extract_scalar,
        }
        _parse_as_command = _refuse_command
        _warn_unsupported = _refuse_unsupported


_GRAMMARS: dict[Dialect, type[Grammar]] = {
    "duckdb": FaithfulDuckDB,
    "sqlite": FaithfulSQLite,
    "postgres": FaithfulPostgres,
}


@cache
def grammar(dialect: Dialect) -> Grammar:
    """The faithful grammar of an engine."""
    return _GRAMMARS[dialect]()


def write(tree: exp.Expr, dialect: Dialect, *, pretty: bool = False) -> str:
    """SQL text of a tree, without comments. The tree is used up: writing may change it.

    Raises:
        UnsupportedError: If the tree holds something that the text could not say, so that it would be lost.
    """
    text: str = grammar(dialect).generate(
        tree,
        comments=False,
        pretty=pretty,
        normalize_functions=False,
        unsupported_level=ErrorLevel.RAISE,
        copy=False,
    )
    return text

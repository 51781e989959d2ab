"""One statement of pipeline code as a tree, within bounds of size and time.

Code is whatever a file held: it may be huge, nested without end, or no SQL at all. Each of these ends in a
reason, never in a crash or a hang.
"""

import re
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from gnomon.context.catalog.enrich.shapes import Making
from gnomon.policy.untrusted import as_data

MAX_SQL_CHARS = 1_000_000
MAX_SECONDS = 20.0
"""Processor time that reading one statement may take; wall time depends on what else the machine does."""
MAX_COMMENT_CHARS = 500

SQL_FAILURES = (SqlglotError, ValueError, TypeError, AttributeError, KeyError, IndexError)
"""What sqlglot raises on text that is not quite SQL: its own errors, and those of places that expect SQL."""

_FILE_NAME = re.compile(r"[\w./-]+\.(sql|py|ya?ml)", re.IGNORECASE)
_NO_MEANING = re.compile(
    r"^\s*([\w.-]+:\s*\S*\s*$|\{[{%#]|[-=*#_/+\s]*$"
    r"|(noqa|sqlfluff|sqlfmt|fmt:|copyright|spdx|licen[cs]e|todo|fixme)\b"
    r"|(select|from|where|and|or|join|left|inner|with|order by|group by|create|insert|drop)\b.*[=(*,;.])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A statement that makes a table.

    Args:
        query: What computes its rows; None for a statement that only declares columns.
        columns: The columns it names for the made table; empty if the query names them.
        comment: The comment in front of the statement, without its marks.
        whole: The statement makes the whole table: nothing that was there before stays.
    """

    making: Making
    query: exp.Expr | None
    node: exp.Expr
    columns: tuple[str, ...]
    comment: str
    whole: bool


class Deadline:
    """The processor time of this thread by which work on a statement must be done."""

    def __init__(self, seconds: float = MAX_SECONDS) -> None:
        self._ends_at = time.thread_time() + seconds

    def check(self) -> None:
        """Go on, or raise `TimeoutError`."""
        if time.thread_time() > self._ends_at:
            raise TimeoutError


def parse(sql: str, dialect: str, deadline: Deadline) -> Parsed | str:
    """The statement, or in words why it cannot be read.

    Raises:
        TimeoutError: It takes longer than the deadline allows.
        RecursionError: It is nested too deeply.
    """
    sql = sql.encode("utf-8", "replace").decode("utf-8")
    if len(sql) > MAX_SQL_CHARS:
        return (
            f"has {len(sql):,} characters, more than {MAX_SQL_CHARS:,}; split the statement to have it read"
        )
    try:
        engine = Dialect.get_or_raise(dialect or None)
        tokens = engine.tokenize(sql)
        parser = _timed(engine.parser_class)(dialect=engine)
        parser.deadline = deadline
        trees = [tree for tree in parser.parse(tokens, sql) if tree is not None]
    except SQL_FAILURES as problem:
        return f"cannot be read as {dialect or 'SQL'}: {_short(str(problem))}"
    made = [found for tree in trees if (found := _made(tree))]
    if not made:
        return "is not a query, CREATE, INSERT or MERGE, so it makes no table"
    best = next((found for found in made if found.query is not None), made[0])
    comment = leading_comment(sql[: tokens[0].start]) if tokens else ""
    return Parsed(best.making, best.query, best.node, best.columns, comment, best.whole)


def leading_comment(head: str) -> str:
    """The words of the comments that stand in front of a statement; empty if they say nothing about it.

    >>> leading_comment("-- One row\\n-- a day.\\n\\n-- noqa: L034\\n")
    'One row a day.'
    """
    lines = [line.strip().removeprefix("/*").removesuffix("*/").strip() for line in head.splitlines()]
    words = [line.lstrip("-#*/ ").strip() for line in lines]
    text = " ".join(w for w in words if w and not _NO_MEANING.match(w) and not _FILE_NAME.fullmatch(w))
    if len(text.split()) < 3 or text.endswith(":"):
        return ""
    return text if len(text) <= MAX_COMMENT_CHARS else text[: MAX_COMMENT_CHARS - 1].rstrip() + "…"


def _made(tree: exp.Expr) -> Parsed | None:
    if isinstance(tree, exp.Query):
        return Parsed("definition", tree, tree, (), "", True)
    if isinstance(tree, exp.Create):
        return _created(tree)
    if isinstance(tree, exp.Insert):
        return _inserted(tree)
    if isinstance(tree, exp.Merge):
        return Parsed("merge", tree.args.get("using"), tree, (), "", False)
    return None


def _created(tree: exp.Create) -> Parsed | None:
    if tree.kind not in ("TABLE", "VIEW"):
        return None
    query = tree.expression
    anew = not tree.args.get("exists")
    if not isinstance(query, exp.Query):
        return Parsed("declaration", None, tree, (), "", anew)
    _hoist_with(tree, query)
    return Parsed("definition", query, tree, _named(tree.this), "", anew)


def _inserted(tree: exp.Insert) -> Parsed | None:
    query = tree.expression
    if not isinstance(query, exp.Query):
        return None
    _hoist_with(tree, query)
    return Parsed("part", query, tree, _named(tree.this), "", bool(tree.args.get("overwrite")))


def _hoist_with(statement: exp.Expr, query: exp.Query) -> None:
    """`WITH ... INSERT INTO t SELECT` says the same as `INSERT INTO t WITH ... SELECT`."""
    if statement.args.get("with_") and not query.args.get("with_"):
        query.set("with_", statement.args["with_"])


def _named(target: exp.Expr) -> tuple[str, ...]:
    if not isinstance(target, exp.Schema):
        return ()
    return tuple(
        c.name for c in target.expressions if isinstance(c, exp.Identifier | exp.ColumnDef | exp.Column)
    )


@cache
def _timed(parser: type[Any]) -> type[Any]:
    """The parser, made to look at the clock: brackets can make it try again without end."""

    class Timed(parser):  # type: ignore[misc]
        deadline = Deadline(float("inf"))
        steps = 0

        def _advance(self, times: int = 1) -> None:
            self.steps += 1
            if self.steps % 1000 == 0:
                self.deadline.check()
            super()._advance(times)

        def _warn_unsupported(self) -> None:
            """What it cannot parse comes back as a `Command`, which makes no table; that is said once."""

    return Timed


def _short(message: str) -> str:
    first = as_data(re.sub(r"\x1b\[\d*m", "", message).splitlines()[0]) if message else "no reason given"
    return first if len(first) <= 200 else f"{first[:199]}…"

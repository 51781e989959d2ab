"""Decide whether a statement may run, and rewrite it so that the engine gets only what was judged.

Silence is a no: a statement passes only if every piece of it is on an allow-list (docs/guard.md). The engine
never sees the text that was sent, only text written anew from the judged tree, so a trick that two parsers
read differently has nothing left to hide in. Pure: no clock, no files, no engine.
"""

import re

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token

from gnomon.domain.errors import GnomonError, Refused, Retry
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.bombs import check_bombs
from gnomon.policy.dialects import grammar, write
from gnomon.policy.judge import check_nodes
from gnomon.policy.resolve import Resolver
from gnomon.policy.restrict import Restricted, restrict
from gnomon.policy.row_limit import with_row_limit
from gnomon.policy.text import check_one_read, read_tokens

RESTRICTED = "policy:restricted"
"""Among the rules of a query that was rewritten to what the person may see."""

GROUPED = "policy:min-group"
"""Among the rules of a query that is held to figures over groups of a least size."""

RULES = (
    "sql:one-statement",
    "sql:read-only",
    "sql:functions-allowed",
    "sql:tables-in-catalog",
    "sql:row-limit",
)
"""What a statement that passes has passed, in this order."""


def authorize(query: Query, access: Access, limits: Limits) -> AuthorizedQuery:
    """Judge `query`, and rewrite it to what the person may see, with the catalog's names and the row limit.

    Args:
        query: The statement as somebody wrote it.
        access: What the person sees of the warehouse; what is not in its catalog does not exist.
        limits: One row more than `max_rows` is let through, so that the reader knows of a cut.

    Raises:
        Retry: If a corrected statement would pass: it does not parse, there are several, or a table or
            column is unknown.
        Refused: If policy says no, with the rule's id.
    """
    try:
        return _authorize(query, access, limits)
    except RecursionError as error:
        raise Refused(
            "the SQL is nested too deeply", rule="sql:size", hint="ask for less in one statement"
        ) from error


def _authorize(query: Query, access: Access, limits: Limits) -> AuthorizedQuery:
    tree = _parse(query.sql, query.dialect)
    functions = check_nodes(tree, query.dialect)
    check_bombs(tree, query.dialect)
    resolver = Resolver(access.catalog, query.dialect, access.refusal, access.column_refusal)
    tables = resolver.resolve(tree)
    limited = with_row_limit(tree, limits.max_rows + 1)
    try:
        plain = write(limited.copy(), query.dialect)
        original = write(tree, query.dialect, pretty=True)
        _check_reads_back(plain, query.dialect)
        done = restrict(limited, access)
        sql = write(limited, query.dialect)
    except (SqlglotError, ValueError) as error:
        raise Refused(
            f"the statement cannot be written down again without loss: {_first_line(error)}",
            rule="sql:node-not-allowed",
            hint="use plainer SQL",
        ) from error
    narrowed_by = access.narrowed_by(tables) if done.refs else ()
    return AuthorizedQuery(
        sql=sql,
        original_sql=original,
        dialect=query.dialect,
        principal=access.principal,
        tables=tables,
        functions=functions,
        rules=(*RULES, *_added_by(done)),
        limits=limits,
        policies=tuple(sorted({*access.policies_of(tables), *narrowed_by})),
        narrowed_by=narrowed_by,
        access=access.fingerprint(tables),
        role=access.role,
        secrets=(access.secret,) if done.keyed else (),
    )


def _added_by(done: Restricted) -> tuple[str, ...]:
    return (RESTRICTED,) * bool(done.refs) + (GROUPED,) * done.grouped


def _check_reads_back(sql: str, dialect: Dialect) -> None:
    """Judge the very text that the engine gets: it must read as one allowed statement, and as the same one.

    sqlglot accepts some malformed statements (`FROM FROM t`) and writes them as text that reads differently.
    """
    try:
        again = _parse(sql, dialect)
        check_nodes(again, dialect)
        same = write(again, dialect) == sql
    except GnomonError:
        same = False
    if not same:
        raise Retry(
            "the SQL can be read in more than one way",
            facts=(("rule", "sql:ambiguous"), ("read as", sql[:500])),
            hint="write it in a plainer form",
        )


def _parse(sql: str, dialect: Dialect) -> exp.Expr:
    tokens = check_one_read(read_tokens(sql, dialect))
    tree = _parse_tokens(tokens, sql, dialect)
    if not isinstance(tree, exp.Query | exp.Values):
        raise Refused(
            f"this is a {type(tree).__name__} statement, not a read",
            rule="sql:read-only",
            hint="ask for data with one SELECT statement",
        )
    return tree


def _parse_tokens(tokens: list[Token], sql: str, dialect: Dialect) -> exp.Expr:
    try:
        trees = grammar(dialect).parser().parse(tokens, sql)
    except (SqlglotError, ValueError, AttributeError, TypeError, IndexError) as error:
        raise Retry(
            f"the SQL does not parse: {_first_line(error)}",
            facts=(("dialect", dialect),),
            hint="write one plain SELECT statement in the engine's dialect",
        ) from error
    if len(trees) != 1 or trees[0] is None:
        raise Retry("the SQL holds no single statement", hint="send one statement a call")
    return trees[0]


def _first_line(error: Exception) -> str:
    plain = re.sub(r"\x1b\[\d*m", "", str(error))
    return (plain.splitlines() or [type(error).__name__])[0][:200]

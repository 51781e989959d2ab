"""What a statement of a log or a file is to us: a past query, code that makes a table, or neither."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from gnomon.context.catalog.facts import Origin, PastQuery, PipelineCode
from gnomon.context.catalog.usage.sanitise import clean
from gnomon.context.catalog.usage.statements import (
    MAX_BYTES,
    READ_WORDS,
    WRITE_WORDS,
    Unread,
    first_word,
    parse_tokens,
    split_tokens,
    tokenized,
)

if TYPE_CHECKING:
    from sqlglot import exp

_MAX_CODES = 10_000


@dataclass(frozen=True, slots=True)
class Code:
    """A statement that makes a table, parsed."""

    table: str
    tree: "exp.Expr"
    materialized: str


def code_of(sql: str, dialect: str) -> Code | Unread | None:
    """The table that a statement makes out of others, None if it makes none, or why it cannot be read.

    CREATE TABLE and CREATE VIEW count with a query behind AS, INSERT with a query as its rows, MERGE always;
    temporary tables do not count.
    """
    if len(sql) > MAX_BYTES:
        return Unread(f"the statement is larger than {MAX_BYTES // 1000} kB")
    if not _may_read(sql):
        return None
    tokens = tokenized(sql, dialect)
    if isinstance(tokens, Unread):
        return tokens
    statements = list(split_tokens(tokens))
    if len(statements) != 1:
        return None
    tree = parse_tokens(statements[0], sql, dialect)
    return tree if isinstance(tree, Unread) else _made(tree)


@dataclass(slots=True)
class LogStatements:
    """Sorts the statements of one log.

    Code out of a log is told without its literals, and once: a job that runs each night is one statement.
    """

    dialect: str
    _told: set[bytes] = field(default_factory=set, init=False)

    def sort(self, query: PastQuery) -> Iterator[PastQuery | PipelineCode]:
        """The query, or the code, that a logged statement is; nothing for anything else."""
        word = first_word(query.sql)
        if word in READ_WORDS:
            yield query
        elif word in WRITE_WORDS and query.succeeded is not False:
            yield from self._code(query)

    def _code(self, query: PastQuery) -> Iterator[PipelineCode]:
        if not self._is_new(query.sql):
            return
        dialect = query.dialect or self.dialect
        code = code_of(query.sql, dialect)
        if not isinstance(code, Code):
            return
        sql = clean(code.tree, dialect, None)
        cleaned = _made(code.tree)
        if isinstance(sql, str) and cleaned is not None and self._is_new(f"code: {sql}"):
            # Who ran a job is nobody's business on a card of the table that it makes.
            origin = replace(query.origin, layer="code", said_by="")
            yield code_item(cleaned, sql, origin, query.dialect)

    def _is_new(self, sql: str) -> bool:
        digest = blake2b(sql.encode("utf-8", "replace"), digest_size=16).digest()
        if digest in self._told:
            return False
        if len(self._told) >= _MAX_CODES:
            self._told.clear()
        self._told.add(digest)
        return True


def code_item(code: Code, sql: str, origin: Origin, dialect: str) -> PipelineCode:
    """The item for code as a file holds it."""
    return PipelineCode(code.table, sql, origin, dialect, code.materialized)


def _may_read(sql: str) -> bool:
    """Whether rows can come out of a table; most inserts of a log bring their own."""
    folded = sql[:MAX_BYTES].casefold()
    return "select" in folded or "from" in folded or "using" in folded


def _made(tree: "exp.Expr") -> Code | None:
    from sqlglot import exp

    if isinstance(tree, exp.Create):
        kind = (tree.kind or "").lower()
        properties = tree.args.get("properties")
        temporary = properties is not None and properties.find(exp.TemporaryProperty) is not None
        if kind not in ("table", "view") or temporary or not isinstance(tree.expression, exp.Query):
            return None
        view = properties is not None and properties.find(exp.MaterializedProperty) is not None
        return _code_for(tree.this, tree, "materialized view" if view else kind)
    if isinstance(tree, exp.Insert) and isinstance(tree.expression, exp.Query):
        return _code_for(tree.this, tree, "incremental")
    return _code_for(tree.this, tree, "incremental") if isinstance(tree, exp.Merge) else None


def _code_for(target: "exp.Expr", tree: "exp.Expr", materialized: str) -> Code | None:
    from sqlglot import exp

    table = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        return None
    return Code(".".join(part.name for part in table.parts), tree, materialized)

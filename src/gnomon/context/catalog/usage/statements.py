"""A logged statement as tokens and as a tree, or the reason why it is passed over.

A log holds whatever people sent: half statements, other dialects, generated giants. What is too large or too
deep is never given to the parser, whose stack and time are finite.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token, TokenType

MAX_BYTES = 200_000
MAX_TOKENS = 20_000
MAX_NESTING = 60
"""Parentheses and brackets within each other; a parser's own stack ends somewhere above a hundred."""

READ_WORDS = frozenset({"SELECT", "WITH", "FROM", "("})
WRITE_WORDS = frozenset({"CREATE", "INSERT", "MERGE", "REPLACE"})

UNITS = frozenset(
    {
        "microsecond",
        "millisecond",
        "second",
        "minute",
        "hour",
        "day",
        "week",
        "isoweek",
        "month",
        "quarter",
        "year",
        "isoyear",
        "decade",
        "century",
        "dow",
        "isodow",
        "doy",
        "epoch",
        "dayofweek",
        "dayofyear",
        "weekday",
        "yearmonth",
    }
)
"""Words that a date function takes as text; they say how finely people look, and nothing about anybody."""

_SHORT_NUMBER = 3


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a statement is passed over: what is wrong, in words that hold nothing of the statement."""

    reason: str


@dataclass(frozen=True, slots=True)
class Words:
    """A statement cut into tokens.

    Args:
        fingerprint: Equal for statements that differ in literals only.
        literals: Its text literals, casefolded, each once; words for units of time left out.
    """

    tokens: "tuple[Token, ...]"
    fingerprint: bytes
    literals: frozenset[str]


def read_words(sql: str, dialect: str) -> Words | Unread:
    """The tokens of the one read that a text holds; other statements around it are left out."""
    if len(sql) > MAX_BYTES or len(sql.encode("utf-8", "replace")) > MAX_BYTES:
        return Unread(f"the statement is larger than {MAX_BYTES // 1000} kB")
    tokens = tokenized(sql, dialect)
    if isinstance(tokens, Unread):
        return tokens
    reads = [s for s in split_tokens(tokens) if s[0].text.upper() in READ_WORDS]
    if len(reads) != 1:
        return Unread("the text holds several queries" if reads else "the statement is not a query")
    wrong = _too_much(reads[0])
    return wrong or Words(tuple(reads[0]), _fingerprint(reads[0]), _literals(reads[0]))


def parse_words(words: Words, sql: str, dialect: str) -> "exp.Query | Unread":
    """The tree of a read."""
    from sqlglot import exp

    tree = parse_tokens(words.tokens, sql, dialect)
    if isinstance(tree, Unread):
        return tree
    if not isinstance(tree, exp.Query) or tree.find(exp.DML, exp.Into, exp.Command) is not None:
        return Unread("the statement is not a query")
    return tree


def parse_tokens(tokens: "Sequence[Token]", sql: str, dialect: str) -> "exp.Expr | Unread":
    """The tree of one statement's tokens."""
    from sqlglot.errors import SqlglotError

    try:
        trees = _parser(dialect)().parse(list(tokens), sql)
    except RecursionError:
        return Unread("the statement is nested too deeply")
    except (SqlglotError, ValueError, AttributeError, TypeError, IndexError, KeyError):
        # sqlglot raises all of these for text that it cannot read, and its messages quote the statement.
        return Unread("the statement does not parse")
    tree = trees[0] if len(trees) == 1 else None
    return Unread("the statement does not parse") if tree is None else tree


def tokenized(sql: str, dialect: str) -> "list[Token] | Unread":
    """Every token of a text, which may hold several statements."""
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import SqlglotError

    try:
        return Dialect.get_or_raise(dialect).tokenize(sql)
    except ValueError:
        return Unread("the dialect is not known")
    except (SqlglotError, RecursionError):
        return Unread("the statement cannot be cut into words")


def split_tokens(tokens: "Sequence[Token]") -> "Iterator[list[Token]]":
    """The tokens of each statement between semicolons, the semicolons and empty statements left out."""
    statement: list[Token] = []
    for token in tokens:
        if token.token_type.name != "SEMICOLON":
            statement.append(token)
        elif statement:
            yield statement
            statement = []
    if statement:
        yield statement


def first_word(sql: str) -> str:
    """The first word of a statement in capitals, behind comments; `(` for a parenthesis, empty for none."""
    at, end = 0, len(sql)
    while at < end:
        if sql[at].isspace() or sql[at] == ";":
            at += 1
        elif sql.startswith("--", at):
            at = _behind(sql, "\n", at)
        elif sql.startswith("/*", at):
            at = _behind(sql, "*/", at + 2)
        else:
            break
    if sql.startswith("(", at):
        return "("
    stop = at
    while stop < end and stop - at < 32 and sql[stop].isalpha():
        stop += 1
    return sql[at:stop].upper()


def _behind(sql: str, mark: str, start: int) -> int:
    found = sql.find(mark, start)
    return len(sql) if found < 0 else found + len(mark)


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Kinds of tokens, as sqlglot's own values: their names cost too much to ask for."""

    opening: "frozenset[TokenType]"
    closing: "frozenset[TokenType]"
    texts: "frozenset[TokenType]"


@cache
def _kinds() -> _Kinds:
    from sqlglot.tokenizer_core import TokenType as T

    return _Kinds(
        frozenset({T.L_PAREN, T.L_BRACKET, T.L_BRACE, T.CASE}),
        frozenset({T.R_PAREN, T.R_BRACKET, T.R_BRACE, T.END}),
        frozenset(kind for kind in T if kind.name.endswith("STRING")),
    )


@cache
def _parser(dialect: str) -> Any:
    """The dialect's parser, which refuses what sqlglot would keep as unread text, and logs nothing."""
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import ParseError

    def refuse(*_: object) -> Any:
        raise ParseError("the statement is not one that can be read")

    grammar = Dialect.get_or_raise(dialect)
    refusals = {"_parse_as_command": refuse, "_warn_unsupported": refuse}
    base: Any = grammar.parser_class
    quiet = type("QuietParser", (base,), refusals)
    return lambda: quiet(dialect=grammar)


def _too_much(tokens: "Sequence[Token]") -> Unread | None:
    if len(tokens) > MAX_TOKENS:
        return Unread(f"the statement has more than {MAX_TOKENS:,} words and signs")
    kinds, depth = _kinds(), 0
    for token in tokens:
        depth += (token.token_type in kinds.opening) - (token.token_type in kinds.closing)
        if depth > MAX_NESTING:
            return Unread("the statement is nested too deeply")
    return None


def _fingerprint(tokens: "Sequence[Token]") -> bytes:
    from sqlglot.tokenizer_core import TokenType

    texts = _kinds().texts
    parts: list[str] = []
    listing = False
    for token in tokens:
        kind, part = token.token_type, token.text
        if kind in texts:
            part = part if part.casefold() in UNITS else "?"
        elif kind is TokenType.NUMBER:
            part = part if len(part) <= _SHORT_NUMBER and not listing else "?"
        elif kind is TokenType.IDENTIFIER:
            part = f'"{part}'
        if listing and part == "?" and parts[-2:] == ["?", ","]:
            parts.pop()
            continue
        opens_list = kind is TokenType.L_PAREN and parts[-1:] == ["IN"]
        listing = (listing or opens_list) and kind is not TokenType.R_PAREN
        parts.append("IN" if kind is TokenType.IN else part)
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


def _literals(tokens: "Sequence[Token]") -> frozenset[str]:
    texts = _kinds().texts
    found = (t.text.casefold() for t in tokens if t.token_type in texts)
    return frozenset(text for text in found if text.strip() and text not in UNITS)

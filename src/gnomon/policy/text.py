"""The statement as characters and tokens: what is refused before anything is parsed.

A parser and an engine that read the same characters differently are the way around any guard, so characters
on which they are known to differ never get as far as the parser.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from gnomon.domain.errors import Refused, Retry
from gnomon.domain.query import Dialect
from gnomon.policy.dialects import grammar

MAX_BYTES = 100_000
MAX_TOKENS = 20_000
MAX_NESTING = 60
"""Parentheses and brackets within each other; a parser's own stack ends somewhere above a hundred."""

READ_WORDS = frozenset({"SELECT", "WITH", "FROM", "VALUES", "TABLE", "("})
_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_PLAIN_CONTROLS = frozenset("\t\n\r")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NAMES_BEFORE_NUMBERS = frozenset({TokenType.VAR, TokenType.IDENTIFIER})


def read_tokens(sql: str, dialect: Dialect) -> list[Token]:
    """The statement's tokens, after its characters and its size passed.

    Raises:
        Retry: If it is empty, cannot be cut into tokens, or a number is written ambiguously.
        Refused: If it is too large, nested too deeply, or holds characters that hide what it says.
    """
    _check_size(sql)
    _check_controls(sql)
    try:
        tokens = grammar(dialect).tokenize(sql)
    except TokenError as error:
        raise Retry(f"the SQL cannot be read: {_first_line(error)}", hint="close every quote") from error
    if not tokens:
        raise Retry("the SQL is empty", hint="write one SELECT statement")
    if not sql.isascii():
        _check_unicode(sql, tokens)
    _check_shape(tokens)
    return tokens


def split_statements(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each statement; empty ones (a closing semicolon) left out."""
    statements: list[list[Token]] = [[]]
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            statements.append([])
        else:
            statements[-1].append(token)
    return [s for s in statements if s]


def check_one_read(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of the single statement, which begins as a read begins.

    Raises:
        Refused: If a statement begins with anything but a read's first word.
        Retry: If there are several reads, or none.
    """
    statements = split_statements(tokens)
    if not statements:
        raise Retry("the SQL is empty", hint="write one SELECT statement")
    for statement in statements:
        word = statement[0].text.upper()
        if word not in READ_WORDS or statement[0].token_type in (TokenType.STRING, TokenType.IDENTIFIER):
            raise Refused(
                f"`{word[:40]}` does not begin a read",
                rule="sql:read-only",
                facts=(("allowed", "SELECT, WITH, FROM, VALUES"),),
                hint="ask for data with one SELECT statement",
            )
    if len(statements) > 1:
        raise Retry(
            f"there are {len(statements)} statements, and one call runs one",
            facts=(("rule", "sql:one-statement"),),
            hint="send one statement a call",
        )
    return statements[0]


def _check_size(sql: str) -> None:
    size = len(sql.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise _too_large(f"the SQL is {size} bytes long", f"at most {MAX_BYTES} bytes")


def _too_large(message: str, limit: str) -> Refused:
    return Refused(message, rule="sql:size", facts=(("limit", limit),), hint="ask for less in one statement")


def _check_controls(sql: str) -> None:
    for index, char in enumerate(sql):
        if char >= " " and (char < "\x7f" or char not in _BIDI) and not _is_control(char):
            continue
        if char not in _PLAIN_CONTROLS:
            raise _hidden(index, char)


def _is_control(char: str) -> bool:
    return "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff"


def _hidden(index: int, char: str) -> Refused:
    return Refused(
        f"character {index + 1} of the SQL, U+{ord(char):04X}, hides what the statement says",
        rule="sql:characters",
        facts=(("character", unicodedata.name(char, "control character")),),
        hint="type the statement again with plain characters",
    )


def _check_unicode(sql: str, tokens: Sequence[Token]) -> None:
    """Outside text literals a character beyond ASCII is a letter, a mark or a digit in its usual form.

    A quoted name may hold any visible character; a comment too, as it never reaches the engine.
    """
    for start, end, kind in _spans(sql, tokens):
        if kind == TokenType.STRING:
            continue
        for index in range(start, end):
            char = sql[index]
            if not char.isascii() and not _is_plain(char, kind):
                raise _hidden(index, char)


def _spans(sql: str, tokens: Sequence[Token]) -> Iterator[tuple[int, int, TokenType | None]]:
    """Every stretch of the text with the kind of token it is, None between tokens."""
    position = 0
    for token in tokens:
        if token.start > position:
            yield position, token.start, None
        yield token.start, token.end + 1, token.token_type
        position = token.end + 1
    if position < len(sql):
        yield position, len(sql), None


def _is_plain(char: str, kind: TokenType | None) -> bool:
    category = unicodedata.category(char)
    if kind is None or kind == TokenType.IDENTIFIER:
        return category[0] not in "CZ" and unicodedata.normalize("NFKC", char) == char
    return category[0] in "LMN" and unicodedata.normalize("NFKC", char) == char


def _check_shape(tokens: Sequence[Token]) -> None:
    if len(tokens) > MAX_TOKENS:
        raise _too_large(f"the SQL has {len(tokens)} words and signs", f"at most {MAX_TOKENS}")
    depth = 0
    previous: Token | None = None
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > MAX_NESTING:
            raise _too_large("the SQL is nested too deeply", f"at most {MAX_NESTING} levels")
        if previous is not None:
            _check_number(previous, token)
        previous = token


def _check_number(token: Token, following: Token) -> None:
    """`0xFF` is 255 to one reader and `0 AS xFF` to another."""
    touching = token.token_type == TokenType.NUMBER and token.end + 1 == following.start
    if touching and following.token_type in _NAMES_BEFORE_NUMBERS:
        raise Retry(
            f"the number `{token.text}{following.text}` can be read in two ways",
            facts=(("rule", "sql:number"),),
            hint="write a plain decimal number, or put a space before the name",
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]

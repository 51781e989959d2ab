"""Statements in plain text: a file of them, or DuckDB's log of query texts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.queries.lines import Complaints, Line
from gnomon.context.catalog.usage.statements import READ_WORDS, WRITE_WORDS, Unread, split_tokens, tokenized

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

BLOCK = 65_536
"""Characters of a log that are cut into statements at once."""
MAX_BLOCK = 4 * BLOCK
_MAX_TITLE = 200
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}

_OTHER_WORDS = frozenset(
    {
        "SET",
        "RESET",
        "PRAGMA",
        "CALL",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SHOW",
        "DESCRIBE",
        "EXPLAIN",
        "UPDATE",
        "DELETE",
        "DROP",
        "ALTER",
        "COPY",
        "ATTACH",
        "DETACH",
        "USE",
        "INSTALL",
        "LOAD",
        "EXPORT",
        "IMPORT",
        "CHECKPOINT",
        "ANALYZE",
        "VACUUM",
        "TRUNCATE",
        "EXECUTE",
        "PREPARE",
        "DEALLOCATE",
        "SUMMARIZE",
    }
)
_STARTS = (READ_WORDS | WRITE_WORDS | _OTHER_WORDS) - {"("}
_GOES_ON = frozenset(
    {
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "ALL",
        "DISTINCT",
        "AS",
        "NAME",
        "(",
        ",",
        ".",
        "=",
        "+",
        "-",
        "*",
        "/",
        "<",
        ">",
        "AND",
        "OR",
        "NOT",
        "IN",
    }
)
"""Words behind which a line that begins with SELECT goes on with the statement before it."""
_TAKES_A_QUERY = frozenset({"WITH", "INSERT", "CREATE", "EXPLAIN", "COPY", "PREPARE", "MERGE", "REPLACE"})


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as it is written, without its semicolon.

    Args:
        title: The comment in front of it, in one line; empty for none.
    """

    line: int
    sql: str
    title: str = ""


def statements_of(text: str, dialect: str, first_line: int = 1) -> Iterator[Written] | Unread:
    """The statements of a text between semicolons, as the dialect's own rules for quotes have it."""
    tokens = tokenized(text, dialect)
    if isinstance(tokens, Unread):
        return tokens
    return _all_written(split_tokens(tokens), text, first_line)


def logged_statements(
    lines: Iterable[Line | Problem], dialect: str, complaints: Complaints
) -> Iterator[Written | Problem]:
    """The statements of a log of bare texts, where a line ends a statement and seldom a semicolon does."""
    held: list[Line] = []
    size = 0
    for line in lines:
        if isinstance(line, Problem):
            yield line
            continue
        if size >= BLOCK and (_starts(line.text) or size >= MAX_BLOCK):
            yield from _cut(held, dialect, complaints)
            held, size = [], 0
        held.append(line)
        size += len(line.text) + 1
    yield from _cut(held, dialect, complaints)


def _cut(held: list[Line], dialect: str, complaints: Complaints) -> Iterator[Written | Problem]:
    """The statements of a block; if its quotes do not close, those of each part that begins as one does."""
    if not held:
        return
    found = _split_by_lines(held, dialect)
    if found is not None:
        yield from found
        return
    for part in _parts(held):
        again = _split_by_lines(part, dialect)
        if again is None:
            yield from complaints.about(
                part[0].number, "The statement's quotes do not close; it was passed over."
            )
        else:
            yield from again


def _split_by_lines(held: list[Line], dialect: str) -> list[Written] | None:
    text = "\n".join(line.text for line in held)
    tokens = tokenized(text, dialect)
    if isinstance(tokens, Unread):
        return None
    statements = (part for whole in split_tokens(tokens) for part in _at_lines(whole, text))
    return list(_all_written(statements, text, held[0].number))


def _at_lines(tokens: "list[Token]", text: str) -> "Iterator[list[Token]]":
    """Tokens between semicolons, cut where a line begins a new statement."""
    statement: list[Token] = []
    depth, has_query = 0, False
    for token in tokens:
        if statement and depth == 0 and _begins_another(token, statement, text, has_query=has_query):
            yield statement
            statement, has_query = [], False
        if token.text in _BRACKETS:
            depth = max(depth + _BRACKETS[token.text], 0)
        has_query = has_query or (depth == 0 and token.text.upper() in ("SELECT", "VALUES"))
        statement.append(token)
    yield statement


def _begins_another(token: "Token", statement: "list[Token]", text: str, *, has_query: bool) -> bool:
    """Whether a token outside parentheses is the first of another statement than the one before it."""
    word = token.text.upper()
    if word not in _STARTS or word == "FROM" or (token.start > 0 and text[token.start - 1] != "\n"):
        return False
    if token.token_type.name in ("STRING", "IDENTIFIER") or statement[-1].text.upper() in _GOES_ON:
        return False
    return has_query or word not in READ_WORDS or statement[0].text.upper() not in _TAKES_A_QUERY


def _parts(held: list[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    for line in held:
        if part and _starts(line.text):
            yield part
            part = []
        part.append(line)
    yield part


def _starts(text: str) -> bool:
    word = text[:12].split(" ", 1)[0].strip(";\t").upper()
    return word in _STARTS


def _all_written(statements: "Iterable[list[Token]]", text: str, first_line: int) -> Iterator[Written]:
    end, line = 0, first_line
    for tokens in statements:
        start = tokens[0].start
        line += text.count("\n", end, start)
        title = _title(text[end:start])
        end = tokens[-1].end + 1
        yield Written(line, text[start:end], title)
        line += text.count("\n", start, end)


def _title(gap: str) -> str:
    """The comment directly in front of a statement, out of what stands between it and the one before it.

    A blank line, or the semicolon of the one before, ends what may be said of this one.
    """
    said: list[str] = []
    at = 0
    while at < len(gap):
        opening = gap[at : at + 2]
        if opening in ("--", "/*"):
            close = gap.find("\n" if opening == "--" else "*/", at + 2)
            close = len(gap) if close < 0 else close
            said += (line.strip(" \t*-") for line in gap[at + 2 : close].splitlines())
            at = close if opening == "--" else close + 2
        else:
            blank = gap[at] == "\n" and gap[at + 1 :].lstrip(" \t")[:1] == "\n"
            said = [] if blank or gap[at] == ";" else said
            at += 1
    return " ".join(" ".join(said).split())[:_MAX_TITLE]

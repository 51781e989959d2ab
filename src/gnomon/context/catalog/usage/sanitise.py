"""Query text without what it says about anybody: literals, comments and names that are really data.

What is kept is listed here and everything else goes, and the text that comes out is cut into tokens again
and checked word by word: a statement that still holds something else is not kept at all.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gnomon.context.catalog.usage.statements import (
    UNITS,
    Unread,
    parse_words,
    read_words,
    tokenized,
)
from gnomon.policy.personal_values import find_spans

if TYPE_CHECKING:
    from sqlglot import exp

REMOVED = "…"
"""Stands in a title where something was taken out."""

MAX_TITLE = 200
_MAX_NAME_DIGITS = 4
_NAME = re.compile(r"[^\W\d]\w{0,62}")
_PLAIN_WORD = re.compile(r"[\w$@#-]{1,64}")
_FORMAT = re.compile(r"(?=.*%)(?:%[YmdHMSjWUVGuwyqb]|[-/:. T]){1,30}")
_WORD = re.compile(r"[^\W_]{3,}")
_LONG_NUMBER = re.compile(r"\d{5,}")
_SECRET = re.compile(
    r"(?i:\b(?:password|passwd|pwd|secret|token|api[ _-]?key)\b\s*(?:is|[:=])\s*\S+)"
    r"|(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[\w-]{16,}"
)
"""What is named as a secret, or has the look of one: letters and digits mixed at length."""

_SMALL = {"Limit": 6, "Offset": 6, "Fetch": 6, "Group": 3, "Ordered": 3, "DataTypeParam": 4, "Round": 1}
"""How many digits a number may have to be kept beneath a node: it counts rows, positions or places."""

_SCALES = frozenset(
    {"10", "100", "1000", "10.0", "100.0", "1000.0", "1.0", "7", "12", "24", "60", "365", "3600"}
)
"""Factors between units, kept in products and quotients: without them cents read as euros."""


@dataclass(frozen=True, slots=True)
class Sanitised:
    """A query's text that may be stored, and the tree it was written from."""

    sql: str
    tree: "exp.Query"


def sanitise(sql: str, dialect: str, known: Collection[str] | None = frozenset()) -> Sanitised | Unread:
    """The query with `?` for what it compares with, or why it cannot be kept.

    Strings, dates, dollar quotes, hexadecimal and JSON literals, parameters and numbers become `?`; lists of
    them become one. Numbers that say how many rows, which position or which unit stay, as do 0 and 1.
    Comments and hints go. A name that does not read like one, holds five digits, or shares a word with a text
    literal is replaced by a made-up name, unless the warehouse has it.

    Args:
        known: Names that the warehouse has, casefolded. A quoted name that stands alone where a value could
            and is none of these becomes `?`, since many engines take a text in double quotes. None if there
            is no list at hand: then such a name stays unless something is compared with it.
    """
    words = read_words(sql, dialect)
    if isinstance(words, Unread):
        return words
    tree = parse_words(words, sql, dialect)
    return tree if isinstance(tree, Unread) else sanitise_tree(tree, dialect, known)


def sanitise_tree(tree: "exp.Query", dialect: str, known: Collection[str] | None) -> Sanitised | Unread:
    """The same for a query that is parsed already; the tree is changed in place."""
    written = clean(tree, dialect, known)
    return written if isinstance(written, Unread) else Sanitised(written, tree)


def clean(tree: "exp.Expr", dialect: str, known: Collection[str] | None) -> str | Unread:
    """The text of any statement, sanitised; the tree is changed in place."""
    from sqlglot.errors import ErrorLevel, SqlglotError

    try:
        _Cleaner(tree, known).run()
        text: str = tree.sql(dialect, comments=False, unsupported_level=ErrorLevel.IGNORE)
    except RecursionError:
        return Unread("the statement is nested too deeply")
    except (SqlglotError, ValueError, AttributeError, TypeError):
        # The tree is of a stranger's making: what cannot be written down again is not kept.
        return Unread("the statement cannot be written down again")
    return text if _is_clean(text, dialect, known or ()) else Unread("the statement cannot be made anonymous")


def redact(text: str, literals: Iterable[str] = ()) -> str:
    """A title without personal values, secrets, long numbers, and literals of the query that it repeats.

    >>> redact("Orders of ana@example.com, card 4111111111111111")
    'Orders of …, card …'
    """
    text = " ".join(text.split())[:MAX_TITLE]
    for span in reversed(find_spans(text)):
        text = text[: span.start] + REMOVED + text[span.end :]
    folded = text.casefold()
    for literal in sorted(literals, key=len, reverse=True):
        bare = literal.strip("% _")
        if len(bare) >= 2 and bare in folded:
            text = re.sub(rf"(?<!\w){re.escape(bare)}(?!\w)", REMOVED, text, flags=re.IGNORECASE)
            folded = text.casefold()
    return _LONG_NUMBER.sub(REMOVED, _SECRET.sub(REMOVED, text))


class _Cleaner:
    """Takes data out of one tree."""

    def __init__(self, tree: "exp.Expr", known: Collection[str] | None) -> None:
        self._tree = tree
        self._known = known
        self._nodes = list(tree.walk())
        self._defined = set(_defined_names(self._nodes))
        self._said, self._runs = _said(text for node in self._nodes if (text := self._text_of(node)))
        self._renamed: dict[str, str] = {}

    def run(self) -> None:
        """Replace, rename and collapse."""
        from sqlglot import exp

        for node in self._nodes:
            node.comments = None
            if isinstance(node, exp.Hint):
                node.pop()
            elif node is not self._tree and self._is_data(node):
                node.replace(exp.Placeholder(jdbc=True))
            else:
                self._rename(node)
        for node in self._nodes:
            _collapse(node)

    def _text_of(self, node: "exp.Expr") -> str:
        """The text of a literal that is to go, however it is written; empty for anything else."""
        from sqlglot import exp

        if isinstance(node, exp.Literal):
            return node.name if node.is_string and not _is_structural(node) else ""
        if isinstance(node, exp.Column):
            return node.name if self._is_quoted_text(node) else ""
        texts = exp.RawString | exp.National | exp.ByteString | exp.UnicodeString | exp.Heredoc
        return node.name if isinstance(node, texts) else ""

    def _is_data(self, node: "exp.Expr") -> bool:
        from sqlglot import exp

        if isinstance(node, exp.Literal):
            return not _is_structural(node)
        if isinstance(node, exp.Column):
            return self._is_quoted_text(node)
        return isinstance(
            node,
            exp.National
            | exp.HexString
            | exp.BitString
            | exp.ByteString
            | exp.RawString
            | exp.UnicodeString
            | exp.Introducer
            | exp.Heredoc
            | exp.JSONPath
            | exp.Parameter
            | exp.SessionParameter
            | exp.Placeholder,
        )

    def _is_quoted_text(self, column: "exp.Column") -> bool:
        from sqlglot import exp

        name = column.this
        if column.table or not isinstance(name, exp.Identifier) or not name.args.get("quoted"):
            return False
        folded = name.name.casefold()
        if folded in (self._known or ()) or folded in self._defined:
            return False
        return self._known is not None or _is_compared(column)

    def _rename(self, node: "exp.Expr") -> None:
        from sqlglot import exp

        if isinstance(node, exp.Identifier):
            if self._tells(node.name):
                node.set("this", self._made_up(node.name))
                node.set("quoted", False)
        elif isinstance(node, exp.Var | exp.Anonymous) and isinstance(node.this, str):
            if self._tells(node.this):
                node.set("this", self._made_up(node.this))
        elif isinstance(node, exp.DataType) and isinstance(node.args.get("kind"), str):
            node.set("kind", "VARCHAR" if self._tells(node.args["kind"]) else node.args["kind"])

    def _tells(self, name: str) -> bool:
        """Whether a name may be data: the warehouse lacks it, and it reads like none or repeats a literal."""
        if not name or name == "*" or name.casefold() in (self._known or ()):
            return False
        if not _reads_like_a_name(name):
            return True
        words, run = _words(name)
        return not words.isdisjoint(self._said) or any(said in run for said in self._runs)

    def _made_up(self, name: str) -> str:
        return self._renamed.setdefault(name.casefold(), f"name_{len(self._renamed) + 1}")


def _defined_names(nodes: "Iterable[exp.Expr]") -> Iterator[str]:
    """Names that the statement gives itself; one that renames nothing gives none."""
    from sqlglot import exp

    for node in nodes:
        if isinstance(node, exp.Alias):
            if not (isinstance(node.this, exp.Column) and node.this.name.casefold() == node.alias.casefold()):
                yield node.alias.casefold()
        elif isinstance(node, exp.TableAlias):
            yield from (c.name.casefold() for c in node.args.get("columns") or ())


def _said(texts: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The words of all texts, and each text run together."""
    words: set[str] = set()
    runs: set[str] = set()
    for text in texts:
        found, run = _words(text)
        words |= found
        runs |= {run} if 4 <= len(run) <= 40 else set()
    return frozenset(words), tuple(sorted(runs)[:1000])


def _words(text: str) -> tuple[set[str], str]:
    return {w.casefold() for w in _WORD.findall(text)}, "".join(c for c in text.casefold() if c.isalnum())


@lru_cache(maxsize=10_000)
def _reads_like_a_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and sum(c.isdigit() for c in name) <= _MAX_NAME_DIGITS


def _is_compared(column: "exp.Column") -> bool:
    """Whether a quoted name stands where a value usually does."""
    from sqlglot import exp

    name, parent = column.this, column.parent
    if parent is None:
        return False
    if not isinstance(name, exp.Identifier) or not name.args.get("quoted"):
        return False
    if isinstance(parent, exp.In):
        return column is not parent.this
    comparison = isinstance(
        parent, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE | exp.Like | exp.ILike
    )
    return comparison and column is parent.args.get("expression") and not column.table


def _is_structural(literal: "exp.Literal") -> bool:
    from sqlglot import exp

    parent: Any = literal.parent
    if literal.is_string:
        return isinstance(parent, exp.Func) and _is_unit_or_format(literal.name)
    if literal.name in ("0", "1"):
        return True
    if isinstance(parent, exp.Mul | exp.Div) and literal.name in _SCALES:
        return True
    return literal.name.isdecimal() and len(literal.name) <= _SMALL.get(type(parent).__name__, 0)


def _is_unit_or_format(text: str) -> bool:
    return text.casefold() in UNITS or _FORMAT.fullmatch(text) is not None


def _collapse(node: "exp.Expr") -> None:
    """One `?` for a list of them, so that queries which differ in the length of a list are one."""
    from sqlglot import exp

    listed = node.args.get("expressions")
    if not isinstance(node, exp.In | exp.Array | exp.Values) or not listed:
        return
    if isinstance(node, exp.Values) or all(_holds_nothing(e) for e in listed):
        node.set("expressions", listed[:1])


def _holds_nothing(node: "exp.Expr") -> bool:
    from sqlglot import exp

    if isinstance(node, exp.Tuple):
        return all(_holds_nothing(e) for e in node.expressions)
    return isinstance(node, exp.Placeholder | exp.Null | exp.Literal)


def _is_clean(text: str, dialect: str, known: Collection[str]) -> bool:
    """Whether every word of a text is one that may be kept; the last look before it is stored."""
    tokens = tokenized(text, dialect)
    if isinstance(tokens, Unread):
        return False
    return all(not t.comments and _may_stay(t.token_type.name, t.text, known) for t in tokens)


def _may_stay(kind: str, text: str, known: Collection[str]) -> bool:
    if kind in ("IDENTIFIER", "VAR"):
        # BigQuery writes a whole path between one pair of quotes.
        parts = text.split(".")
        return text.casefold() in known or all(p.casefold() in known or _reads_like_a_name(p) for p in parts)
    if kind == "STRING":
        return _is_unit_or_format(text)
    if kind == "NUMBER":
        return text.replace(".", "", 1).isdecimal() and len(text) <= max(_SMALL.values())
    if kind.endswith("_STRING") or kind == "UNKNOWN":
        return False
    return len(text) <= 64 and (
        _PLAIN_WORD.fullmatch(text) is None or _reads_like_a_name(text) or text in "-@#$"
    )

"""A template cut into text, expressions and statements, and those into tokens. Nothing is evaluated here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gnomon.domain.errors import Failed


class TemplateStopped(Failed):
    """A template uses what is not read, or is broken. `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an expression. A string's text is what stands between its quotes, escapes resolved."""

    kind: Literal["string", "number", "name", "operator"]
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template: `text` for plain text, `tokens` for `{{ }}` and `{% %}`; `line` is its first."""

    kind: Literal["text", "expression", "statement"]
    line: int
    text: str = ""
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """The body of a named block, such as `{% docs name %} ... {% enddocs %}`, and the line it begins on."""

    name: str
    body: str
    line: int


_OPEN = re.compile(r"\{[{%#][-+]?")
_COMMENT_END = re.compile(r"[-+]?#\}")
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_SPACE = re.compile(r"\s+")
_TOKEN = re.compile(
    r"""(?P<string>'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<operator>==|!=|<=|>=|//|\*\*|[-+*/%~|.,:()\[\]{}=<>])""",
    re.VERBOSE | re.DOTALL,
)
_CLOSE = {"expression": re.compile(r"[-+]?\}\}"), "statement": re.compile(r"[-+]?%\}")}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def pieces(template: str) -> Iterator[Piece]:
    """The parts of a template in order, comments left out and `-` at a brace's inside obeyed.

    Raises:
        TemplateStopped: A brace is not closed, or something in braces is no token.
    """
    return _Cutter(template).pieces()


def blocks(template: str, keyword: str) -> Iterator[Block]:
    """The blocks of one kind; one that is not closed reaches to the next one or to the end.

    Bodies of `docs` blocks are prose in which a brace means nothing, so they are found by their tags alone.
    """
    begin = re.compile(rf"\{{%[-+]?\s*{keyword}\s+(\w+)\s*[-+]?%\}}")
    end = re.compile(rf"\{{%[-+]?\s*end{keyword}\s*[-+]?%\}}")
    starts = list(begin.finditer(template))
    line, counted = 1, 0
    for at, start in enumerate(starts):
        line += template.count("\n", counted, start.end())
        counted = start.end()
        limit = starts[at + 1].start() if at + 1 < len(starts) else len(template)
        stop = end.search(template, start.end(), limit)
        yield Block(start[1], template[start.end() : stop.start() if stop else limit], line)


class _Cutter:
    """Walks a template once."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._at = 0
        self._line = 1
        self._strip = False

    def pieces(self) -> Iterator[Piece]:
        while self._at < len(self._template):
            opened = _OPEN.search(self._template, self._at)
            until = opened.start() if opened else len(self._template)
            yield from self._text(until, bool(opened and opened[0].endswith("-")))
            if opened:
                self._advance(opened.end())
                yield from self._braces(opened[0][1])

    def _text(self, until: int, strip_end: bool) -> Iterator[Piece]:
        line, text = self._line, self._template[self._at : until]
        if self._strip:
            text = text.lstrip()
        if strip_end:
            text = text.rstrip()
        self._strip = False
        self._advance(until)
        if text:
            yield Piece("text", line, text)

    def _braces(self, mark: str) -> Iterator[Piece]:
        if mark == "#":
            end = _COMMENT_END.search(self._template, self._at)
            if end is None:
                raise TemplateStopped("a comment is not closed", self._line)
            self._close(end)
            return
        piece = self._tagged("expression" if mark == "{" else "statement")
        if piece.kind == "statement" and piece.tokens == (Token("name", "raw"),):
            yield from self._raw()
        else:
            yield piece

    def _raw(self) -> Iterator[Piece]:
        end = _RAW_END.search(self._template, self._at)
        if end is None:
            raise TemplateStopped("`{% raw %}` is not closed", self._line)
        yield from self._text(end.start(), False)
        self._close(end)

    def _tagged(self, kind: Literal["expression", "statement"]) -> Piece:
        line, depth = self._line, 0
        tokens: list[Token] = []
        while True:
            space = _SPACE.match(self._template, self._at)
            if space:
                self._advance(space.end())
            end = _CLOSE[kind].match(self._template, self._at)
            # In `{{ {'a': {'b': 1}} }}` the first two braces close mappings.
            if end and not (depth and end[0].endswith("}}")):
                self._close(end)
                return Piece(kind, line, tokens=tuple(tokens))
            found = _TOKEN.match(self._template, self._at)
            if found is None:
                at_end = self._at >= len(self._template)
                raise TemplateStopped(
                    "braces are not closed" if at_end else "braces hold what is not read", self._line
                )
            token = _token(found)
            depth += {"{": 1, "}": -1}.get(token.text, 0) if token.kind == "operator" else 0
            tokens.append(token)
            self._advance(found.end())

    def _close(self, end: re.Match[str]) -> None:
        self._advance(end.end())
        self._strip = end[0].startswith("-")

    def _advance(self, to: int) -> None:
        self._line += self._template.count("\n", self._at, to)
        self._at = to


def _token(found: re.Match[str]) -> Token:
    if found["string"] is not None:
        inner = found["string"][1:-1]
        return Token("string", _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), inner))
    if found["number"] is not None:
        return Token("number", found["number"])
    if found["name"] is not None:
        return Token("name", found["name"])
    return Token("operator", found["operator"])

"""The part of Jinja that dbt models are mostly written in, read without running anything.

Read are `{{ ref }}`, `source`, `this`, `config`, `var`, `{% if %}`, `{% for %}` over lists that are written
out, `{% set %}` and comments. `is_incremental()` is false: what is read is the full refresh. Anything else, a
macro above all, stops the reading with its line: a guess at what it prints would be SQL that nobody runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gnomon.context.catalog.sources.dbt.jinja_expressions import (
    MAX_CHARACTERS,
    Expression,
    Scope,
    Value,
    evaluate,
    parse,
    printed,
)
from gnomon.context.catalog.sources.dbt.jinja_tokens import Piece, TemplateStopped, Token, pieces
from gnomon.context.catalog.sources.dbt.nodes import Ref, Reference, SourceRef

MAX_BLOCKS = 20
"""Levels of `{% if %}` and `{% for %}` in each other."""

_BRACES = ("{{", "{%", "{#")
_CONFIG = (Token("name", "config"), Token("operator", "("))


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class _Print:
    value: Expression
    line: int


@dataclass(frozen=True, slots=True)
class _Set:
    name: str
    value: "Expression | tuple[_Part, ...]"
    line: int


@dataclass(frozen=True, slots=True)
class _If:
    """Conditions with their bodies in order; `{% else %}` has None for a condition."""

    branches: "tuple[tuple[Expression | None, tuple[_Part, ...]], ...]"
    line: int


@dataclass(frozen=True, slots=True)
class _For:
    name: str
    values: Expression
    body: "tuple[_Part, ...]"
    line: int


_Part = _Text | _Print | _Set | _If | _For


def render(template: str, scope: Scope) -> str:
    """The text that the template becomes; it holds no `{{`, `{%` or `{#`.

    Raises:
        TemplateStopped: It uses what is not read, with the line.
    """
    if not any(brace in template for brace in _BRACES):
        return template
    body = _Parser(list(pieces(template))).whole()
    writer = _Writer(scope)
    writer.write(body)
    text = "".join(writer.written)
    if any(brace in text for brace in _BRACES):
        raise TemplateStopped("the text that comes of it holds template braces", 1)
    return text


def configured(template: str, scope: Scope) -> None:
    """Put what `{{ config(...) }}` says into the scope, whether or not the rest of the template is read."""
    try:
        for piece in pieces(template):
            if piece.kind == "expression" and piece.tokens[:2] == _CONFIG:
                _configure(piece, scope)
    except TemplateStopped:
        return  # `render` reports it


def _configure(piece: Piece, scope: Scope) -> None:
    try:
        evaluate(parse(piece.tokens, piece.line), scope, piece.line)
    except TemplateStopped:
        return  # one that is not read says nothing; `render` reports it


def references(template: str) -> tuple[Reference, ...]:
    """Every `ref` and `source` call with written-out arguments, in order, whether or not the rest is read."""
    found: dict[Reference, None] = {}
    try:
        for piece in pieces(template):
            found |= dict.fromkeys(_calls(piece.tokens))
    except TemplateStopped:
        # What stands before the broken brace counts; `render` reports it.
        return tuple(found)
    return tuple(found)


def reference(expression: str) -> Reference | None:
    """The first reference of an expression without braces, such as `ref('orders')`; None if there is none."""
    bare = expression.strip()
    if bare.startswith("{{"):
        return next(iter(references(bare)), None)
    return next(iter(references("{{ " + bare + " }}")), None)


def _calls(tokens: Sequence[Token]) -> Iterator[Reference]:
    for at, token in enumerate(tokens):
        if token.kind != "name" or token.text not in ("ref", "source"):
            continue
        if at + 1 < len(tokens) and tokens[at + 1] == Token("operator", "("):
            made = _reference(token.text, tokens[at + 2 :])
            if made is not None:
                yield made


def _reference(function: str, rest: Sequence[Token]) -> Reference | None:
    names: list[str] = []
    version = ""
    for at, token in enumerate(rest[:12]):
        if token == Token("operator", ")"):
            break
        if token.kind == "string" and (at == 0 or rest[at - 1].text == ","):
            names.append(token.text)
        elif token.kind in ("number", "string") and at >= 2 and rest[at - 2].text in ("v", "version"):
            version = token.text
    return made_reference(function, names, version)


def made_reference(function: str, names: Sequence[str], version: str) -> Reference | None:
    """The reference that `ref` or `source` with these arguments is; None if they are not right."""
    if function == "source":
        return SourceRef(names[0], names[1]) if len(names) == 2 else None
    if not names or len(names) > 2:
        return None
    return Ref(names[-1], names[0] if len(names) == 2 else "", version)


class _Parser:
    """Puts pieces together to parts, blocks in blocks."""

    def __init__(self, found: Sequence[Piece]) -> None:
        self._pieces = found
        self._at = 0
        self._depth = 0

    def whole(self) -> tuple[_Part, ...]:
        body = self._body(())
        if self._at < len(self._pieces):
            raise self._unread(self._pieces[self._at])
        return body

    def _body(self, until: tuple[str, ...]) -> tuple[_Part, ...]:
        """Parts up to a statement that begins with one of these words, which is not taken."""
        parts: list[_Part] = []
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            if _keyword(piece) in until:
                return tuple(parts)
            self._at += 1
            parts.append(self._part(piece))
        if until:
            raise TemplateStopped(f"`{{% {until[-1]} %}}` is missing", self._pieces[-1].line)
        return tuple(parts)

    def _part(self, piece: Piece) -> _Part:
        if piece.kind == "text":
            return _Text(piece.text, piece.line)
        if piece.kind == "expression":
            return _Print(parse(piece.tokens, piece.line), piece.line)
        match _keyword(piece):
            case "if":
                return self._nested(self._if, piece)
            case "for":
                return self._nested(self._for, piece)
            case "set":
                return self._nested(self._set, piece)
        raise self._unread(piece)

    def _nested(self, block: Callable[[Piece], _Part], piece: Piece) -> _Part:
        self._depth += 1
        if self._depth > MAX_BLOCKS:
            raise TemplateStopped(f"blocks are nested over {MAX_BLOCKS} deep", piece.line)
        part = block(piece)
        self._depth -= 1
        return part

    def _if(self, piece: Piece) -> _Part:
        branches: list[tuple[Expression | None, tuple[_Part, ...]]] = []
        opened = piece
        while True:
            condition = parse(opened.tokens[1:], opened.line) if _keyword(opened) != "else" else None
            until = ("elif", "else", "endif") if condition is not None else ("endif",)
            branches.append((condition, self._body(until)))
            opened = self._take()
            if _keyword(opened) == "endif":
                return _If(tuple(branches), piece.line)

    def _for(self, piece: Piece) -> _Part:
        tokens = piece.tokens
        plain = len(tokens) > 3 and tokens[1].kind == "name" and tokens[2] == Token("name", "in")
        if not plain:
            raise TemplateStopped("a loop of this form is not read", piece.line)
        values = parse(tokens[3:], piece.line)
        body = self._body(("endfor",))
        self._take()
        return _For(tokens[1].text, values, body, piece.line)

    def _set(self, piece: Piece) -> _Part:
        tokens = piece.tokens
        if len(tokens) < 2 or tokens[1].kind != "name":
            raise self._unread(piece)
        if len(tokens) == 2:
            body = self._body(("endset",))
            self._take()
            return _Set(tokens[1].text, body, piece.line)
        if tokens[2] != Token("operator", "="):
            raise self._unread(piece)
        return _Set(tokens[1].text, parse(tokens[3:], piece.line), piece.line)

    def _take(self) -> Piece:
        self._at += 1
        return self._pieces[self._at - 1]

    def _unread(self, piece: Piece) -> TemplateStopped:
        return TemplateStopped(f"`{{% {_keyword(piece)[:40]} %}}` is not read", piece.line)


def _keyword(piece: Piece) -> str:
    return piece.tokens[0].text if piece.kind == "statement" and piece.tokens else ""


@dataclass(slots=True)
class _Writer:
    """Goes through the parts and writes what they become, within the limits."""

    scope: Scope
    written: list[str] = field(default_factory=list)
    size: int = 0

    def write(self, parts: tuple[_Part, ...]) -> None:
        for part in parts:
            self.scope.spend(1, part.line)
            match part:
                case _Text(text, line):
                    self._put(text, line)
                case _Print(value, line):
                    self._put(printed(evaluate(value, self.scope, line), line), line)
                case _Set(name, value, line):
                    self.scope.names[name] = self._set(value, line)
                case _If():
                    self._if(part)
                case _For():
                    self._for(part)

    def _set(self, value: "Expression | tuple[_Part, ...]", line: int) -> Value:
        if not isinstance(value, tuple):
            return evaluate(value, self.scope, line)
        outer, self.written = self.written, []
        self.write(value)
        captured, self.written = "".join(self.written), outer
        return captured

    def _if(self, part: _If) -> None:
        for condition, body in part.branches:
            if condition is None or evaluate(condition, self.scope, part.line):
                self.write(body)
                return

    def _for(self, part: _For) -> None:
        values = evaluate(part.values, self.scope, part.line)
        if not isinstance(values, list):
            raise TemplateStopped("a loop goes over what is not a list", part.line)
        outer = dict(self.scope.names)
        for at, value in enumerate(values):
            self.scope.spend(1, part.line)
            self.scope.names[part.name] = value
            self.scope.names["loop"] = _loop(at, len(values))
            self.write(part.body)
        # What a loop sets ends with it, as in Jinja.
        self.scope.names.clear()
        self.scope.names.update(outer)

    def _put(self, text: str, line: int) -> None:
        self.size += len(text)
        if self.size > MAX_CHARACTERS:
            raise TemplateStopped(f"it becomes over {MAX_CHARACTERS:,} characters", line)
        self.written.append(text)


def _loop(at: int, length: int) -> dict[str, Value]:
    return {
        "index": at + 1,
        "index0": at,
        "first": at == 0,
        "last": at == length - 1,
        "length": length,
    }

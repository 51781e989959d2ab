"""Change one part of a YAML text and leave every other character as it is.

The text is parsed for the places of its parts only (pure Python, so that a place is an index into the text);
what is new is cut in. Texts that are written in unusual ways may come out wrong or not at all: whoever calls
this reads the outcome back and compares (`writer`).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gnomon.context.catalog.sources.annotations.change import Append, Change, Drop, Path, Put, Value
from gnomon.context.catalog.sources.annotations.model import FIELDS

_PLAIN = re.compile(r"[^\W\d_](?:[\w .@/()+'-]*[\w.)])?")
_INDENT = "  "


class CannotEdit(Exception):
    """The text is not written in a way that this module changes."""


def edit(text: str, at: Path, change: Change) -> str:
    """The text with the change made in the entry at `at`.

    Raises:
        CannotEdit: The part is not there, or is written in a way that is not changed here.
    """
    sheet = _Sheet(text, "\r\n" if "\r\n" in text else "\n")
    match change:
        case Put(path, value):
            return sheet.put((*at, *path), value)
        case Append(field, value):
            return sheet.append((*at, field), value)
        case Drop(path):
            return sheet.drop((*at, *path), len(at))


def scalar(value: str | date, *, plain: bool = True) -> str:
    """The value as YAML on one line, in quotes unless it reads as the same text without.

    Args:
        plain: Whether it may go without quotes.
    """
    if isinstance(value, date):
        return value.isoformat()
    if plain and _PLAIN.fullmatch(value) and _reads_as_itself(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _reads_as_itself(text: str) -> bool:
    import yaml

    return bool(yaml.safe_load(text) == text)


def _flow(value: Value) -> str:
    """The value as it may stand in brackets and in a line of its own alike."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    return scalar(value)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the document: its node, the key it stands under, and the collection around it."""

    node: Any
    key: Any = None
    parent: Any = None


@dataclass(frozen=True, slots=True)
class _Sheet:
    text: str
    newline: str

    def put(self, path: Path, value: Value) -> str:
        part, above = self._find(path), self._find(path[:-1])
        if part is not None:
            return self._replace(part, value)
        if above is None or _is_null(above.node):
            return self.put(path[:-1], {str(path[-1]): value})
        return self._add_key(above.node, str(path[-1]), value)

    def append(self, path: Path, value: Value) -> str:
        part, above = self._find(path), self._find(path[:-1])
        if above is None:
            raise CannotEdit
        if part is None:
            return self._add_key(above.node, str(path[-1]), [value])
        if _is_null(part.node):
            return self._fill(part, [value])
        if part.node.id == "scalar":
            old = scalar(part.node.value) if part.node.tag.endswith(":str") else part.node.value
            return self._replace_text(part, f"[{old}, {_flow(value)}]")
        if part.node.id == "mapping":
            return self._second(part, value)
        return self._add_item(part.node, value)

    def drop(self, path: Path, least: int) -> str:
        """Without the part, and without the parts above it that would be empty, down to `least` steps."""
        part = self._find(path)
        if part is None:
            raise CannotEdit
        siblings = part.parent.value
        if len(siblings) == 1 and len(path) - 1 > least:
            return self.drop(path[:-1], least)
        spans = [self._span(s) for s in siblings]
        here = next(i for i, s in enumerate(siblings) if s is part.node or s == (part.key, part.node))
        if part.parent.flow_style:
            return self._drop_in_brackets(spans, here)
        return self._drop_lines(spans, here, item=part.key is None)

    def _find(self, path: Path) -> _Part | None:
        import yaml

        found = _Part(yaml.compose(self.text, Loader=yaml.SafeLoader))
        for step in path:
            node = found.node
            if isinstance(step, int) and node.id == "sequence" and step < len(node.value):
                found = _Part(node.value[step], None, node)
            elif node.id == "mapping":
                pair = next(((k, v) for k, v in node.value if k.value == step), None)
                if pair is None:
                    return None
                found = _Part(pair[1], pair[0], node)
            else:
                return None
        return found

    def _replace(self, part: _Part, value: Value) -> str:
        if isinstance(value, dict):
            return self._fill(part, value)
        return self._replace_text(part, scalar(value))

    def _replace_text(self, part: _Part, new: str) -> str:
        node = part.node
        if (
            node.id == "scalar"
            and node.style not in ("|", ">")
            and node.end_mark.index > node.start_mark.index
        ):
            return self._cut(node.start_mark.index, node.end_mark.index, new)
        if part.key is None:
            raise CannotEdit
        start = self._after_colon(part.key)
        return self._cut(start, max(start, self._end(node)), f" {new}")

    def _fill(self, part: _Part, value: "dict[str, Any] | list[Value]") -> str:
        """Below a key that has no value yet."""
        if part.parent is None or part.parent.flow_style or not _is_null(part.node):
            raise CannotEdit
        colon = self._after_colon(part.key)
        lines = _block(value, part.key.start_mark.column)
        return self._insert_lines(self._line_end(colon), lines)

    def _add_key(self, mapping: Any, name: str, value: "Value | list[Value]") -> str:
        if mapping.id != "mapping":
            raise CannotEdit
        if mapping.flow_style:
            listed = f"[{_flow(value[0])}]" if isinstance(value, list) else _flow(value)
            return self._add_in_brackets(mapping, f"{scalar(name)}: {listed}")
        column = mapping.value[0][0].start_mark.column
        lines = _keyed(name, value, column)
        before = _before(name, mapping)
        return self._insert_lines(self._line_end(self._end(before)), lines)

    def _add_item(self, sequence: Any, value: Value) -> str:
        if sequence.flow_style:
            return self._add_in_brackets(sequence, _flow(value))
        dash = sequence.start_mark
        if self.text[dash.index] != "-":
            raise CannotEdit
        line = f"{' ' * dash.column}- {_flow(value)}"
        return self._insert_lines(self._line_end(self._end(sequence)), [line])

    def _add_in_brackets(self, node: Any, new: str) -> str:
        close = node.end_mark.index - 1
        if not node.value:
            return self._cut(node.start_mark.index + 1, close, new)
        end = self._span(node.value[-1])[1]
        return self._cut(end, end, f", {new}")

    def _second(self, part: _Part, value: Value) -> str:
        """Beside one item that is written without a list: a mapping."""
        node = part.node
        start, end = node.start_mark.index, self._end(node)
        if node.flow_style:
            return self._cut(start, end, f"[{self.text[start:end]}, {_flow(value)}]")
        column = node.start_mark.column
        first = self._line_start(start)
        lines = self.text[first : self._line_end(end)].splitlines()
        if any(line[:column].strip() for line in lines):
            raise CannotEdit
        margin = " " * column
        listed = [f"{margin}{_INDENT if i else '- '}{line[column:]}".rstrip() for i, line in enumerate(lines)]
        listed.append(f"{margin}- {_flow(value)}")
        return self._cut(first, self._line_end(end), self.newline.join(listed) + self.newline)

    def _drop_in_brackets(self, spans: Sequence[tuple[int, int]], here: int) -> str:
        if here + 1 < len(spans):
            return self._cut(spans[here][0], spans[here + 1][0], "")
        return self._cut(spans[here - 1][1], spans[here][1], "")

    def _drop_lines(self, spans: Sequence[tuple[int, int]], here: int, *, item: bool) -> str:
        start, end = spans[here]
        first = self._line_start(start)
        before = self.text[first:start]
        if not before.strip() or (item and before.strip() == "-"):
            return self._cut(first, self._line_end(end), "")
        if item or here + 1 == len(spans):
            raise CannotEdit
        return self._cut(start, spans[here + 1][0], "")

    def _span(self, sibling: Any) -> tuple[int, int]:
        """Where a sibling begins and ends: a node, or a key with its value."""
        first, last = sibling if isinstance(sibling, tuple) else (sibling, sibling)
        return first.start_mark.index, max(self._end(last), first.end_mark.index)

    def _end(self, node: Any) -> int:
        """The index behind the node's last character that is no space, comment or bracket of others."""
        if isinstance(node.value, list) and not node.flow_style:
            last = node.value[-1]
            return self._span(last)[1]
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        return start + len(self.text[start:end].rstrip())

    def _after_colon(self, key: Any) -> int:
        end = int(key.end_mark.index)
        rest = self.text[end:]
        spaces = len(rest) - len(rest.lstrip())
        if not rest[spaces:].startswith(":"):
            raise CannotEdit
        return end + spaces + 1

    def _insert_lines(self, at: int, lines: Sequence[str]) -> str:
        missing = self.newline if at and not self.text[:at].endswith("\n") else ""
        return self._cut(at, at, missing + "".join(line + self.newline for line in lines))

    def _cut(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        """The index of the line that follows."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1


def _is_null(node: Any) -> bool:
    return bool(node.id == "scalar" and node.tag.endswith(":null"))


def _before(name: str, mapping: Any) -> Any:
    """The value of the key behind which a new key goes: fields keep their usual order."""
    keys = [key.value for key, _ in mapping.value]
    if name not in FIELDS or not set(keys) <= set(FIELDS):
        return mapping.value[-1][1]
    earlier = [i for i, key in enumerate(keys) if FIELDS.index(key) < FIELDS.index(name)]
    return mapping.value[max(earlier, default=len(keys) - 1)][1]


def _keyed(name: str, value: "Value | list[Value]", column: int) -> list[str]:
    head = f"{' ' * column}{scalar(name)}:"
    if isinstance(value, list | dict) and name in FIELDS:
        return [head, *_block(value, column)]
    return [f"{head} {_flow(value)}"] if not isinstance(value, list) else [head, *_block(value, column)]


def _block(value: "dict[str, Any] | list[Value]", column: int) -> list[str]:
    inner = " " * column + _INDENT
    if isinstance(value, list):
        return [f"{inner}- {_flow(item)}" for item in value]
    return [f"{inner}{scalar(name)}: {_flow(item)}" for name, item in value.items()]

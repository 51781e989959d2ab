"""YAML as plain values with line numbers, bounded; made of texts, numbers, lists and mappings alone.

The parser's events are put together here rather than by a loader: aliases share one value and are counted at
their expanded size, so that a small file cannot mean a huge one, and each mapping knows its first line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gnomon.domain.errors import Failed

MAX_VALUES = 500_000
"""Values that a file may mean, aliases expanded."""

MAX_DEPTH = 64

_MERGE = "<<"


class BrokenYaml(Failed):
    """The text is not YAML, or means more than the limits allow. `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Section(dict[str, Any]):
    """A mapping that knows the line it begins on, from 1."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def line_of(value: object) -> int:
    """The line of a mapping that was read from YAML; 0 for any other value."""
    return value.line if isinstance(value, Section) else 0


def read_yaml(text: str) -> Any:
    """The first document as texts, numbers, booleans, None, lists and `Section`s; None if it is empty.

    Dates stay texts. Merge keys are followed; of a repeated key the last value counts.

    Raises:
        BrokenYaml: With the line.
    """
    import yaml

    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentEndEvent):
                break
            builder.take(event)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
        said = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "it cannot be parsed"
        # The end of a text without a last line break is said to be on the line after it.
        line = min(mark.line, text.count("\n")) + 1 if mark else 1
        raise BrokenYaml(str(said), line) from problem
    return builder.root


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being filled. `size` counts the values in it, itself among them."""

    value: list[Any] | Section
    anchor: str
    line: int
    size: int = 1
    key: Any = None
    has_key: bool = False
    merged: list[Any] = field(default_factory=list)


class _Builder:
    """Puts values together from parse events, without recursion."""

    def __init__(self) -> None:
        import yaml

        self._yaml = yaml
        self._resolve: Callable[..., str] = yaml.resolver.Resolver().resolve
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self.root: Any = None

    def take(self, event: Any) -> None:
        yaml, line = self._yaml, event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
            self._remember(event.anchor, value, 1)
            self._put(value, 1, line)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise BrokenYaml(f"`*{event.anchor}` names no anchor that is finished", line)
            value, size = self._anchors[event.anchor]
            self._put(value, size, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._begin([], event.anchor, line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._begin(Section(line), event.anchor, line)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._finish()

    def _begin(self, value: list[Any] | Section, anchor: str | None, line: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise BrokenYaml(f"values are nested over {MAX_DEPTH} deep", line)
        self._open.append(_Open(value, anchor or "", line))

    def _finish(self) -> None:
        done = self._open.pop()
        if isinstance(done.value, Section):
            for each in done.merged:
                for key, value in each.items():
                    done.value.setdefault(key, value)
        self._remember(done.anchor, done.value, done.size)
        self._put(done.value, done.size, done.line)

    def _remember(self, anchor: str | None, value: Any, size: int) -> None:
        if anchor:
            self._anchors[anchor] = (value, size)

    def _put(self, value: Any, size: int, line: int) -> None:
        if not self._open:
            self.root = value
            return
        top = self._open[-1]
        top.size += size
        if top.size > MAX_VALUES:
            raise BrokenYaml(f"it means over {MAX_VALUES:,} values once its aliases are followed", line)
        if isinstance(top.value, list):
            top.value.append(value)
        elif not top.has_key:
            top.key, top.has_key = _key(value, line), True
        else:
            _store(top, value, line)
            top.has_key = False

    def _scalar(self, event: Any) -> Any:
        if event.tag or not event.implicit[0]:
            return event.value
        tag: str = self._resolve(self._yaml.ScalarNode, event.value, (True, False))
        return _typed(tag.rpartition(":")[2], event.value)


def _key(value: Any, line: int) -> str:
    if isinstance(value, list | dict):
        raise BrokenYaml("a key is a list or a mapping", line)
    return "" if value is None else str(value)


def _store(top: _Open, value: Any, line: int) -> None:
    if not isinstance(top.value, Section):
        return
    if top.key != _MERGE:
        top.value[top.key] = value
        return
    merged = value if isinstance(value, list) else [value]
    if not all(isinstance(each, Section) for each in merged):
        raise BrokenYaml("`<<` merges mappings only", line)
    top.merged += merged


def _typed(tag: str, value: str) -> Any:
    """A plain scalar as the type that YAML 1.1 gives it; as text where that type is of no use here."""
    if tag == "null":
        return None
    if tag == "bool":
        return value.casefold() in ("yes", "true", "on")
    try:
        if tag == "int":
            return int(value.replace("_", ""))
        if tag == "float":
            return float(value.replace("_", ""))
    except ValueError:
        return value  # sexagesimal, octal and numbers of thousands of digits
    return value

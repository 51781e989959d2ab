"""YAML that others wrote, read safely: plain values only, bounded, with the line of every key.

A text is looked at event by event before anything is built from it, so one that would grow (an alias bomb),
nest too deep or refer to itself is refused while it is small. No text can make an object of a class.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 2_000_000
MAX_DEPTH = 64
MAX_NODES = 300_000
MAX_NUMBER_CHARACTERS = 100

Step = str | int
"""A key as it is written, or a position in a list."""


class YamlError(Exception):
    """A text is not YAML, or is not taken: a caller turns it into what its reader wants to see.

    Args:
        message: What is wrong, in one sentence without place and line.
        place: The file, as the caller named it.
        line: From 1; 0 where the whole text is meant.
    """

    def __init__(self, message: str, place: str, line: int = 0) -> None:
        super().__init__(f"{place}:{line}: {message}" if line else f"{place}: {message}")
        self.message = message
        self.place = place
        self.line = line

    @property
    def at(self) -> str:
        """File and line as `FILE:LINE`, or the file alone."""
        return f"{self.place}:{self.line}" if self.line else self.place


@dataclass(frozen=True, slots=True)
class LinedYaml:
    """A document and where its parts stand.

    Args:
        value: Dictionaries, lists and plain values (text, numbers, booleans, dates, None).
        first_line: Where the document begins, from 1.
    """

    value: object
    first_line: int = 1
    _lines: Mapping[tuple[Step, ...], int] = field(default_factory=dict, repr=False)

    def line(self, *path: Step) -> int:
        """The line, from 1, of the key or list item that `path` leads to, or of the nearest part above it.

        >>> load_yaml_with_lines("a:\\n  - b: 1\\n    c: 2", "x.yaml").line("a", 0, "c")
        3
        """
        for end in range(len(path), 0, -1):
            found = self._lines.get(path[:end])
            if found is not None:
                return found
        return self.first_line


def load_yaml(text: str, place: str, *, max_bytes: int = MAX_BYTES, drop_private: bool = False) -> object:
    """The one document of `text`; None if there is none.

    Args:
        place: What to call the text in errors, for example a path relative to its source.
        max_bytes: Most bytes of the text in UTF-8.
        drop_private: Values under tags of some tool's own (`!include x`) become None instead of an error.

    Raises:
        YamlError: It is not YAML, holds several documents, a key twice, or tags of classes; or it is too
            large, too deep, refers to itself, or its aliases would make it too large.
    """
    return load_yaml_with_lines(text, place, max_bytes=max_bytes, drop_private=drop_private).value


def load_yaml_with_lines(
    text: str, place: str, *, max_bytes: int = MAX_BYTES, drop_private: bool = False
) -> LinedYaml:
    """As `load_yaml`, with the line of every key and list item."""
    documents = load_yaml_documents(text, place, max_bytes=max_bytes, drop_private=drop_private)
    if len(documents) > 1:
        raise YamlError("holds several documents where one is wanted", place, documents[1].first_line)
    return documents[0] if documents else LinedYaml(None)


def load_yaml_documents(
    text: str, place: str, *, max_bytes: int = MAX_BYTES, drop_private: bool = False
) -> tuple[LinedYaml, ...]:
    """Every document of `text`, those without content left out; errors as for `load_yaml`."""
    import yaml

    _check_size(text, place, max_bytes)
    try:
        _check_events(yaml.parse(text, Loader=yaml.CSafeLoader), place)
        return tuple(_documents(text, place, drop_private))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(_problem(error), place, mark.line + 1 if mark else 0) from error
    except yaml.YAMLError as error:
        raise YamlError(f"is not YAML: {error}".splitlines()[0], place) from error


def _check_size(text: str, place: str, max_bytes: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise YamlError("holds a character that is not text", place, line) from error
    if size > max_bytes:
        raise YamlError(f"is {size:,} bytes long; at most {max_bytes:,} are read", place)


def _problem(error: "yaml.MarkedYAMLError") -> str:
    said = " ".join(part for part in (error.context, error.problem) if part)
    return f"is not YAML that can be read: {said}"


@dataclass(slots=True)
class _Growth:
    """How large the document would be with every alias written out, followed event by event.

    `open` holds, for each list or mapping not yet closed, its anchor and the nodes counted before it.
    """

    place: str
    nodes: int = 0
    open: list[tuple[str | None, int]] = field(default_factory=list)
    size_of: dict[str, int] = field(default_factory=dict)

    def add(self, nodes: int, line: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise YamlError(
                f"would hold over {MAX_NODES:,} values with its aliases followed", self.place, line
            )

    def enter(self, anchor: str | None, line: int) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise YamlError(f"nests deeper than {MAX_DEPTH} levels", self.place, line)
        self.open.append((anchor, self.nodes))
        if anchor:
            # An alias of a name that is being defined again would mean the part that is still open.
            self.size_of.pop(anchor, None)

    def leave(self) -> None:
        anchor, before = self.open.pop()
        if anchor:
            self.size_of[anchor] = self.nodes - before

    def follow(self, anchor: str | None, line: int) -> None:
        if any(anchor == opened for opened, _ in self.open):
            raise YamlError(f"refers to itself by the alias *{anchor}", self.place, line)
        self.add(1 + self.size_of.get(anchor or "", 0), line)


def _check_events(events: "Iterator[Any]", place: str) -> None:
    """Go through the text once, building nothing."""
    import yaml

    growth = _Growth(place)
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            growth.follow(event.anchor, line)
        elif isinstance(event, yaml.ScalarEvent):
            growth.add(1, line)
            if event.anchor:
                growth.size_of[event.anchor] = 0
        elif isinstance(event, yaml.CollectionStartEvent):
            growth.add(1, line)
            growth.enter(event.anchor, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            growth.leave()


def _documents(text: str, place: str, drop_private: bool) -> Iterator[LinedYaml]:
    import yaml

    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_node():
            node: Any = loader.get_node()
            walk = _Walk(place, drop_private)
            node = walk.kept(node)
            walk.over(node, ())
            value = _construct(loader, node, place)
            if value is not None:
                yield LinedYaml(value, node.start_mark.line + 1, walk.lines)
    finally:
        loader.dispose()


_MISFITS = (ValueError, OverflowError, LookupError, AttributeError, TypeError)
"""What has the form of a value and is none (2026-13-45), or a tag that does not fit (`!!int x`), fails in the
constructor with whatever the conversion happens to raise."""


def _construct(loader: "yaml.CSafeLoader", node: "yaml.Node", place: str) -> object:
    try:
        return loader.construct_document(node)
    except _MISFITS as error:
        line = next(_misfits(loader, node), node.start_mark.line + 1)
        raise YamlError("holds a value that is not what its form or tag says", place, line) from error


def _misfits(loader: "yaml.CSafeLoader", node: Any) -> Iterator[int]:
    """Lines of the plain values that cannot be read."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        try:
            loader.construct_document(node)
        except _MISFITS:
            yield node.start_mark.line + 1
    elif isinstance(node, yaml.CollectionNode):
        for part in node.value:
            for inner in part if isinstance(part, tuple) else (part,):
                yield from _misfits(loader, inner)


@dataclass(slots=True)
class _Walk:
    """Notes the line of each part of a document, and refuses what the constructor lets pass."""

    place: str
    drop_private: bool
    lines: dict[tuple[Step, ...], int] = field(default_factory=dict)

    def kept(self, node: Any) -> Any:
        """The node, or an empty one where its tag is some tool's own and such are dropped."""
        import yaml

        if not self.drop_private or not node.tag.startswith("!"):
            return node
        return yaml.ScalarNode("tag:yaml.org,2002:null", "", node.start_mark, node.end_mark)

    def over(self, node: Any, path: tuple[Step, ...]) -> None:
        import yaml

        if isinstance(node, yaml.MappingNode):
            _refuse_repeated_keys(node, self.place)
            node.value = [(key, self.kept(value)) for key, value in node.value]
            for key, value in node.value:
                inner = (*path, str(key.value) if isinstance(key, yaml.ScalarNode) else "?")
                self.lines[inner] = key.start_mark.line + 1
                self.over(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            node.value = [self.kept(item) for item in node.value]
            for position, item in enumerate(node.value):
                self.lines[(*path, position)] = item.start_mark.line + 1
                self.over(item, (*path, position))
        else:
            _refuse_long_number(node, self.place)


def _refuse_repeated_keys(node: "yaml.MappingNode", place: str) -> None:
    import yaml

    seen: set[tuple[str, str]] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        named = (key.tag, key.value)
        if named in seen:
            raise YamlError(f"has the key `{key.value[:80]}` twice", place, key.start_mark.line + 1)
        seen.add(named)
        _refuse_long_number(key, place)


def _refuse_long_number(node: "yaml.Node", place: str) -> None:
    """Reading a number takes time in the square of its length (`1:1:1:...` is one, in base 60)."""
    numeric = node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    if numeric and len(node.value) > MAX_NUMBER_CHARACTERS:
        raise YamlError(f"has a number of {len(node.value):,} characters", place, node.start_mark.line + 1)

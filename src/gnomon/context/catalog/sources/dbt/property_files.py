"""Property files (`schema.yml` and the like) and documentation blocks of a project, entries with their lines.

Format: https://docs.getdbt.com/reference/configs-and-properties
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.dbt.code import known_call
from gnomon.context.catalog.sources.dbt.described import test_of
from gnomon.context.catalog.sources.dbt.fields import listing, mapping, mappings, text
from gnomon.context.catalog.sources.dbt.files import read_text
from gnomon.context.catalog.sources.dbt.jinja import render
from gnomon.context.catalog.sources.dbt.jinja_expressions import Scope, Value
from gnomon.context.catalog.sources.dbt.jinja_tokens import TemplateStopped, blocks
from gnomon.context.catalog.sources.dbt.nodes import Test
from gnomon.context.catalog.sources.dbt.yaml_reader import BrokenYaml, Section, line_of, read_yaml

SECTIONS = (
    *("models", "seeds", "snapshots", "sources", "exposures", "metrics"),
    *("semantic_models", "saved_queries", "groups"),
)

_TEST_CONFIGS = frozenset({"enabled", "severity", "where"})
_NO_ARGUMENTS = frozenset({*_TEST_CONFIGS, "arguments", "config", "description", "name", "tags", "test_name"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a section, with its file."""

    values: Mapping[str, Any]
    file: str

    def place_of(self, part: Mapping[str, Any]) -> str:
        """File and line of the entry or of a mapping in it."""
        line = line_of(part)
        return f"{self.file}:{line}" if line else self.file

    @property
    def place(self) -> str:
        """File and line of the entry."""
        return self.place_of(self.values)


@dataclass(slots=True)
class Properties:
    """All entries of a project's property files, by section.

    Args:
        variables: For templates in the files.
        docs: Documentation blocks by name; they are to be added before property files are.
    """

    variables: Mapping[str, Any]
    docs: dict[str, str] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=lambda: {name: [] for name in SECTIONS})

    def add_docs(self, path: Path, place: str) -> Iterator[Problem]:
        """Take the `{% docs %}` blocks of a Markdown file."""
        found = read_text(path, place)
        if found.problem:
            yield found.problem
        for block in blocks(found.text or "", "docs"):
            self.docs.setdefault(block.name, block.body.strip())

    def add_file(self, path: Path, place: str) -> Iterator[Problem]:
        """Take the entries of a YAML file."""
        found = read_text(path, place)
        if found.problem:
            yield found.problem
        try:
            root = read_yaml(found.text or "")
        except BrokenYaml as broken:
            yield Problem(f"{place}:{broken.line}", f"it is no YAML that can be read: {broken.message}")
            return
        yield from self._fill(root, place)
        for section in SECTIONS:
            for entry in mappings(root, section):
                self.entries[section].append(Entry(entry, place))

    def _fill(self, root: Any, place: str) -> Iterator[Problem]:
        """Fill in the templates of all texts, in place. Values that aliases share are gone through once."""
        pending, seen = [root], {id(root)}
        while pending:
            values = pending.pop()
            keys = values.keys() if isinstance(values, Section) else range(len(values or ()))
            for key in list(keys) if isinstance(values, Section | list) else ():
                value = values[key]
                if isinstance(value, str) and "{{" in value:
                    values[key] = filled = self._filled(value)
                    if key == "description" and filled is value:
                        line = line_of(values)
                        yield Problem(
                            f"{place}:{line}", "a description's template is not read; it is kept as it is"
                        )
                elif isinstance(value, Section | list) and id(value) not in seen:
                    seen.add(id(value))
                    pending.append(value)

    def _filled(self, template: str) -> str:
        try:
            return render(template, Scope(self._call))
        except TemplateStopped:
            return template

    def _call(self, name: str, arguments: Sequence[Value], named: Mapping[str, Value]) -> Value:
        if name != "doc":
            return known_call(name, arguments, named, self.variables)
        block = arguments[-1] if arguments else None
        if not isinstance(block, str) or block not in self.docs:
            raise TemplateStopped("there is no such documentation block", 0)
        return self.docs[block]


def tests_of(node: str, entry: Entry, part: Mapping[str, Any]) -> Iterator[Test]:
    """The tests on a table: those of its entry `part` and those of its columns."""
    yield from _tests(node, "", part, entry)
    for column in mappings(part, "columns"):
        yield from _tests(node, text(column, "name"), column, entry)


def _tests(node: str, column: str, part: Mapping[str, Any], entry: Entry) -> Iterator[Test]:
    for written in (*listing(part, "tests"), *listing(part, "data_tests")):
        said = _test_entry(written)
        place = entry.place_of(written if line_of(written) else part)
        test = test_of(node, column, said, place) if said else None
        if test is not None:
            yield test


def _test_entry(written: object) -> Mapping[str, Any] | None:
    """Name, arguments and config of a test: written as its name, as `name: {...}`, or with a `test_name`."""
    if isinstance(written, str):
        return {"name": written}
    if not isinstance(written, Mapping) or not written:
        return None
    if "test_name" in written:
        name, body = text(written, "test_name"), written
    else:
        name, body = next(
            (
                (key, value)
                for key, value in written.items()
                if isinstance(value, Mapping) and key != "config"
            ),
            (next(iter(written)), {}),
        )
    arguments = {k: v for k, v in body.items() if k not in _NO_ARGUMENTS} | {**mapping(body, "arguments")}
    config = {key: part[key] for part in (written, body) for key in _TEST_CONFIGS if key in part}
    return {"name": name, "arguments": arguments, "config": config | {**mapping(body, "config")}}

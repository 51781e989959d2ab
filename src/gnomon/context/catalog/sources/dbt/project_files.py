"""A project's own files, read as a `Project` without dbt and without any artifact.

What only dbt and its connection know stays unknown: the target schema (models are named without one), models
of installed packages, and SQL that macros write.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.dbt.code import called_reference, known_call
from gnomon.context.catalog.sources.dbt.described import (
    constraints_of,
    described_columns,
    enabled,
    freshness_of,
    meta_of,
    owner_of,
    person,
    tags_of,
)
from gnomon.context.catalog.sources.dbt.fields import clean, is_false, mapping, mappings, text, texts
from gnomon.context.catalog.sources.dbt.files import MAX_FILES, files_under, read_text
from gnomon.context.catalog.sources.dbt.jinja import configured, reference, references, render
from gnomon.context.catalog.sources.dbt.jinja_expressions import Scope, Value
from gnomon.context.catalog.sources.dbt.jinja_tokens import TemplateStopped, blocks
from gnomon.context.catalog.sources.dbt.manifest import (
    metric_of,
    saved_query_of,
    semantic_model_of,
    source_description,
)
from gnomon.context.catalog.sources.dbt.nodes import (
    Exposure,
    Lookup,
    Node,
    NodeKind,
    Project,
    Ref,
    Reference,
)
from gnomon.context.catalog.sources.dbt.project_settings import ProjectSettings, merge_config
from gnomon.context.catalog.sources.dbt.property_files import Entry, Properties, tests_of

SUFFIXES = frozenset({".sql", ".py", ".yml", ".yaml", ".md", ".csv"})
_HEADER_BYTES = 64 * 1024


_Version = tuple[Entry | None, Mapping[str, Any]]
"""The entry of a model, and the version of it that a file makes."""


def project_files(root: Path, settings: ProjectSettings) -> Iterator[tuple[str, Path]]:
    """Setting and path of every file of a project that is read, sorted within its folder; none twice."""
    seen: set[Path] = set()
    for setting, folders in settings.paths.items():
        for folder in folders:
            for path in files_under(root, folder, SUFFIXES):
                if path not in seen:
                    seen.add(path)
                    yield setting, path


class ProjectFilesReader:
    """Reads the files of one project folder into `project`.

    Args:
        root: The folder with `dbt_project.yml`.
    """

    def __init__(self, root: Path, settings: ProjectSettings, max_files: int = MAX_FILES) -> None:
        self._root = root
        self._settings = settings
        self._max_files = max_files
        self._properties = Properties(settings.variables)
        self._entries: dict[str, dict[str, Entry]] = {}
        self._reads: dict[str, tuple[Reference, ...]] = {}
        self._switched_off: set[str] = set()
        self.project = Project(name=settings.name, variables=settings.variables)

    def read(self) -> Iterator[Problem]:
        """Fill `project`, and say what could not be read."""
        yield from self._settings.problems
        files: list[tuple[str, Path]] = []
        for setting, path in project_files(self._root, self._settings):
            if len(files) == self._max_files:
                yield Problem("dbt_project.yml", f"only the first {self._max_files:,} files were read")
                break
            files.append((setting, path))
        yield from self._read_properties([path for _, path in files])
        versioned = self._versioned()
        for setting, path in files:
            if setting == "model-paths" and path.suffix in (".sql", ".py"):
                yield from self._model(path, versioned)
            elif setting == "seed-paths" and path.suffix == ".csv":
                yield from self._seed(path)
            elif setting == "snapshot-paths" and path.suffix == ".sql":
                yield from self._snapshots(path)
        yield from self._described_only()
        self._sources()
        yield from self._link()
        self._tests()
        self._semantics()

    def _place(self, path: Path) -> str:
        """The file's name in the project; bytes of it that are no text are replaced."""
        return clean(path.relative_to(self._root).as_posix())

    def _read_properties(self, paths: Sequence[Path]) -> Iterator[Problem]:
        for path in paths:
            if path.suffix == ".md":
                yield from self._properties.add_docs(path, self._place(path))
        for path in paths:
            if path.suffix in (".yml", ".yaml"):
                yield from self._properties.add_file(path, self._place(path))
        for section in ("models", "seeds", "snapshots"):
            named: dict[str, Entry] = {}
            for entry in self._properties.entries[section]:
                name = text(entry.values, "name")
                if name in named:
                    said = f"`{name}` is described in {named[name].place} already; this one is left out"
                    yield Problem(entry.place, said)
                else:
                    named[name] = entry
            self._entries[section] = named
        for entry in self._properties.entries["groups"]:
            self.project.groups[text(entry.values, "name")] = person(entry.values.get("owner"))

    def _versioned(self) -> dict[str, _Version]:
        """By the name of a file: the entry of the model, and the version of it that the file makes."""
        found: dict[str, _Version] = {}
        for name, entry in self._entries["models"].items():
            for version in mappings(entry.values, "versions"):
                file = text(version, "defined_in") or f"{name}_v{text(version, 'v')}"
                found[file] = (entry, version)
        return found

    def _model(self, path: Path, versioned: Mapping[str, "_Version"]) -> Iterator[Problem]:
        stem = clean(path.stem)
        plain: _Version = (self._entries["models"].get(stem), {})
        entry, version = versioned.get(stem, plain)
        name = text(entry.values, "name") if entry else stem
        found = read_text(path, self._place(path))
        if found.problem:
            yield found.problem
        if found.text is not None:
            code = found.text if path.suffix == ".sql" else ""
            yield from self._add("model", name, path, entry, code, version)

    def _seed(self, path: Path) -> Iterator[Problem]:
        name = clean(path.stem)
        entry = self._entries["seeds"].get(name)
        yield from self._add("seed", name, path, entry, "")
        key = self._key("seed", name)
        if key in self.project.nodes and self.project.nodes[key].file == self._place(path):
            try:
                header = _header(path, text(self._config("seeds", path, name, entry), "delimiter"))
            except (OSError, csv.Error) as problem:
                yield Problem(f"{self._place(path)}:1", f"the header cannot be read: {problem}")
                return
            self.project.nodes[key] = replace(self.project.nodes[key], header=header)

    def _snapshots(self, path: Path) -> Iterator[Problem]:
        found = read_text(path, self._place(path))
        if found.problem:
            yield found.problem
        for block in blocks(found.text or "", "snapshot"):
            # Line breaks put before the body keep its lines what they are in the file.
            code = "\n" * (block.line - 1) + block.body
            yield from self._add(
                "snapshot", block.name, path, self._entries["snapshots"].get(block.name), code
            )

    def _described_only(self) -> Iterator[Problem]:
        """Snapshots that a property file makes, and descriptions of models that no file makes."""
        for name, entry in self._entries["snapshots"].items():
            relation = text(entry.values, "relation")
            if relation and self._key("snapshot", name) not in self.project.nodes:
                code = "select * from {{ " + relation + " }}"
                yield from self._add("snapshot", name, self._root / entry.file, entry, code)
        for kind, section in (("model", "models"), ("seed", "seeds"), ("snapshot", "snapshots")):
            made = {node.name for node in self.project.nodes.values() if node.kind == kind}
            for name, entry in self._entries[section].items():
                off = is_false(mapping(entry.values, "config").get("enabled"))
                if name not in made and not off and name not in self._switched_off:
                    yield Problem(entry.place, f"it describes the {kind} `{name}`, which no file makes")

    def _key(self, kind: str, name: str, version: str = "") -> str:
        return f"{kind}.{self._settings.name}.{name}" + (f".v{version}" if version else "")

    def _config(self, section: str, path: Path, name: str, entry: Entry | None) -> dict[str, Any]:
        """The configuration by folders, with that of the entry over it."""
        config = self._settings.config_of(section, [*self._folders(path), name])
        if entry:
            merge_config(config, mapping(entry.values, "config"))
        return config

    def _folders(self, path: Path) -> tuple[str, ...]:
        for folders in self._settings.paths.values():
            for folder in folders:
                if path.is_relative_to(folder):
                    return path.relative_to(folder).parent.parts
        return ()

    def _add(
        self,
        kind: NodeKind,
        name: str,
        path: Path,
        entry: Entry | None,
        code: str,
        version: Mapping[str, Any] | None = None,
    ) -> Iterator[Problem]:
        said = self._read_code(code)
        config = self._config(f"{kind}s", path, name, entry)
        merge_config(config, mapping(version or {}, "config"))
        merge_config(config, said.config)
        if is_false(config.get("enabled")):
            self._switched_off.add(name)
            return
        key = self._key(kind, name, text(version or {}, "v"))
        known = self.project.nodes.get(key)
        if known is not None:
            twice = f"there is a {kind} `{name}` in {known.file} already; this one is left out"
            yield Problem(self._place(path), twice)
            return
        self._reads[key] = said.references
        self.project.nodes[key] = _node(
            key, kind, name, self._place(path), entry, config, version or {}, code
        )

    def _read_code(self, code: str) -> "_Said":
        found: dict[Reference, None] = {}

        def call(name: str, arguments: Sequence[Value], named: Mapping[str, Value]) -> Value:
            wanted = called_reference(name, arguments, named)
            if wanted is None:
                return known_call(name, arguments, named, self._settings.variables)
            found[wanted] = None
            return "relation"

        scope = Scope(call, {"this": "relation"})
        configured(code, scope)
        try:
            render(code, scope)
        except TemplateStopped:
            # What stops it is reported when its SQL is asked for; its references count all the same.
            found |= dict.fromkeys(references(code))
        return _Said(scope.config, tuple(found))

    def _sources(self) -> None:
        for entry in self._properties.entries["sources"]:
            for table in mappings(entry.values, "tables"):
                self._source(entry, table)

    def _source(self, entry: Entry, table: Mapping[str, Any]) -> None:
        source, name = text(entry.values, "name"), text(table, "name")
        folders = self._folders(self._root / entry.file)
        config = self._settings.config_of("sources", [*folders, source, name])
        merge_config(config, mapping(entry.values, "config"))
        merge_config(config, mapping(table, "config"))
        if not source or not name or is_false(config.get("enabled")):
            return
        key = self._key("source", f"{source}.{name}")
        self.project.nodes.setdefault(key, _source(key, source, entry, table, config))
        self.project.tests += tests_of(key, entry, table)

    def _link(self) -> Iterator[Problem]:
        """Turn references into ids; of what is not in the project, only the name is known."""
        lookup = Lookup(self.project.nodes.values())
        for key, wanted in self._reads.items():
            node = self.project.nodes[key]
            above = []
            for each in wanted:
                found = lookup.find(each, node.package)
                if found is None:
                    found = self._external(each)
                    if not self._may_be_elsewhere(each):
                        yield Problem(
                            node.file, f"it refers to {_spelled(each)}, which this project does not hold"
                        )
                above.append(found.id)
            self.project.nodes[key] = replace(node, depends_on=tuple(dict.fromkeys(above)))

    def _may_be_elsewhere(self, wanted: Reference) -> bool:
        package = wanted.package if isinstance(wanted, Ref) else ""
        return self._settings.uses_packages or package not in ("", self._settings.name)

    def _external(self, wanted: Reference) -> Node:
        parts = (wanted.name,) if isinstance(wanted, Ref) else (wanted.source, wanted.table)
        key = ".".join(("external", *parts))
        node = Node(key, "external", parts[-1], "", parts, source_name=parts[0] if len(parts) > 1 else "")
        return self.project.nodes.setdefault(key, node)

    def _tests(self) -> None:
        for kind, section in (("model", "models"), ("seed", "seeds"), ("snapshot", "snapshots")):
            for name, entry in self._entries[section].items():
                versions = [text(each, "v") for each in mappings(entry.values, "versions")]
                for version in versions or [""]:
                    key = self._key(kind, name, version)
                    if key in self.project.nodes:
                        self.project.tests += tests_of(key, entry, entry.values)

    def _semantics(self) -> None:
        lookup = Lookup(self.project.nodes.values())
        entries = {
            section: [entry for entry in found if enabled(entry.values)]
            for section, found in self._properties.entries.items()
        }
        for entry in entries["exposures"]:
            self._exposure(entry, lookup)
        for entry in entries["metrics"]:
            model = self._id_of(text(entry.values, "model"), lookup)
            metric = metric_of(entry.values, (model,) if model else (), entry.place)
            self.project.metrics.setdefault(metric.name, metric)
        for entry in entries["semantic_models"]:
            node = self._id_of(text(entry.values, "model"), lookup)
            found = semantic_model_of(entry.values, node, entry.place)
            self.project.semantic_models.setdefault(self._key("semantic_model", found.name), found)
        for entry in entries["saved_queries"]:
            key = self._key("saved_query", text(entry.values, "name"))
            self.project.saved_queries.setdefault(key, saved_query_of(entry.values, entry.place))

    def _exposure(self, entry: Entry, lookup: Lookup) -> None:
        values = entry.values
        reads = [self._id_of(each, lookup) for each in texts(values.get("depends_on"))]
        self.project.exposures.setdefault(
            self._key("exposure", text(values, "name")),
            Exposure(
                title=text(values, "label") or text(values, "name"),
                kind=text(values, "type"),
                owner=person(values.get("owner")),
                url=text(values, "url", limit=2000),
                maturity=text(values, "maturity"),
                description=text(values, "description"),
                depends_on=tuple(each for each in reads if each),
                place=entry.place,
            ),
        )

    def _id_of(self, said: str, lookup: Lookup) -> str:
        """The id that `ref('x')`, `source('x', 'y')` or `metric('x')` means; empty if it is not known."""
        bare = said.strip().removeprefix("{{").removesuffix("}}").strip()
        if bare.startswith("metric("):
            return f"metric.{self._settings.name}.{bare[len('metric(') :].strip(' )')[1:-1]}"
        wanted = reference(bare)
        found = lookup.find(wanted, self._settings.name) if wanted else None
        return found.id if found else ""


@dataclass(frozen=True, slots=True)
class _Said:
    """What the SQL of a node says of it."""

    config: Mapping[str, Any]
    references: tuple[Reference, ...]


def _node(
    key: str,
    kind: NodeKind,
    name: str,
    file: str,
    entry: Entry | None,
    config: Mapping[str, Any],
    version: Mapping[str, Any],
    code: str,
) -> Node:
    values: Mapping[str, Any] = entry.values if entry else {}
    number = text(version, "v")
    columns = [*mappings(values, "columns"), *mappings(version, "columns")]
    alias = _literal(text(config, "alias")) or (f"{name}_v{number}" if number else name)
    schema = _literal(text(config, "target_schema")) if kind == "snapshot" else ""
    meta = {**mapping(config, "meta"), **meta_of(values)}
    return Node(
        id=key,
        kind=kind,
        name=name,
        package=key.split(".")[1],
        relation=(schema, alias) if schema else (alias,),
        file=file,
        place=entry.place if entry else file,
        description=text(version, "description") or text(values, "description"),
        columns=described_columns(columns, entry.place_of) if entry else (),
        constraints=constraints_of(values, columns),
        tags=tags_of({"config": config}, values),
        meta=meta,
        owner=owner_of(meta),
        group=text(config, "group") or text(values, "group"),
        freshness=freshness_of(values),
        materialized=text(config, "materialized") or {"model": "view"}.get(kind, kind),
        code=code,
        version=number,
        latest_version=text(values, "latest_version") or _highest(values),
        deprecation_date=(text(version, "deprecation_date") or text(values, "deprecation_date"))[:10],
    )


def _source(key: str, source: str, entry: Entry, table: Mapping[str, Any], config: Mapping[str, Any]) -> Node:
    values = entry.values
    schema = _literal(text(values, "schema") or source)
    parts = (
        _literal(text(values, "database")),
        schema,
        _literal(text(table, "identifier")) or text(table, "name"),
    )
    meta = {**mapping(config, "meta"), **meta_of(values), **meta_of(table)}
    return Node(
        id=key,
        kind="source",
        name=text(table, "name"),
        package=key.split(".")[1],
        # A database without its schema would name another table.
        relation=tuple(part for part in parts if part) if schema else parts[2:],
        place=entry.place_of(table),
        description=source_description(table, source, text(values, "description")),
        columns=described_columns(mappings(table, "columns"), entry.place_of),
        tags=tags_of({"config": config}, values, table),
        meta=meta,
        owner=owner_of(meta),
        loader=text(table, "loader", limit=100) or text(values, "loader", limit=100),
        freshness=freshness_of(table, values),
        source_name=source,
    )


def _literal(said: str) -> str:
    """A name, or nothing if it is a template that could not be filled in."""
    return "" if "{{" in said or "{%" in said else said


def _highest(values: Mapping[str, Any]) -> str:
    """The latest version where none is named: the highest number, else the last in the alphabet."""
    versions = [text(each, "v") for each in mappings(values, "versions")]
    return max(versions, key=lambda v: (int(v) if v.isdecimal() else -1, v), default="")


def _header(path: Path, delimiter: str) -> tuple[str, ...]:
    with path.open("rb") as file:
        line = file.readline(_HEADER_BYTES).decode("utf-8-sig", "replace")
    row = next(csv.reader([line], delimiter=delimiter if len(delimiter) == 1 else ","), [])
    return tuple(name for each in row if (name := clean(each, 200)))


def _spelled(wanted: Reference) -> str:
    if isinstance(wanted, Ref):
        return f"the model `{wanted.name[:100]}`"
    return f"the source `{wanted.source[:100]}.{wanted.table[:100]}`"

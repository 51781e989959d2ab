"""`manifest.json` of every schema version, from v1 (dbt 0.19) on, as a `Project`.

Versions differ in names more than in kind: `compiled_sql` became `compiled_code` in v7, references became
mappings in v9, which also brought groups, versions and constraints; semantic models came with v10 and saved
queries with v11. Each field is read where it is found, so an unknown version is read as well as it can be.

Format: https://docs.getdbt.com/reference/artifacts/manifest-json
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.dbt.described import (
    constraints_of,
    described_columns,
    enabled,
    filters_of,
    freshness_of,
    meta_of,
    owner_of,
    person,
    tags_of,
    test_of,
)
from gnomon.context.catalog.sources.dbt.fields import clean, mapping, mappings, text, texts
from gnomon.context.catalog.sources.dbt.jinja import reference
from gnomon.context.catalog.sources.dbt.json_stream import (
    MAX_FILE_BYTES,
    BrokenJson,
    JsonEntry,
    JsonFile,
    said_of,
)
from gnomon.context.catalog.sources.dbt.nodes import (
    Exposure,
    Lookup,
    Metric,
    Node,
    NodeKind,
    Project,
    SavedQuery,
    SemanticModel,
    Test,
)

KNOWN_VERSIONS = frozenset({*range(1, 13), 20})
"""v20 is what dbt 2 writes; its fields are those of v12."""

_MAX_CODE = 16 * 1024 * 1024
_MAX_SAID = 20
"""Problems of one kind that a broken manifest is reported with."""


class ManifestReader:
    """Reads one manifest into a project, and says what is wrong with it.

    Args:
        place: The file's name in problems.
    """

    def __init__(self, path: Path, place: str, limit_bytes: int = MAX_FILE_BYTES) -> None:
        self._path = path
        self._place = place
        self._limit_bytes = limit_bytes
        self._waiting: list[Mapping[str, Any]] = []
        self._skipped: list[str] = []
        self.project = Project()
        self.is_whole = False
        """True once the file was read to its end and is a manifest."""

    def read(self) -> Iterator[Problem]:
        """Fill `project`; what could be read of a broken file is in it."""
        file = JsonFile(self._path, whole=frozenset({"metadata"}), limit_bytes=self._limit_bytes)
        try:
            for entry in file.entries():
                yield from self._take(entry)
            self.is_whole = "nodes" in file.sections
            if not self.is_whole:
                yield Problem(self._place, "it has no `nodes`, so it is no manifest of dbt")
        except BrokenJson as broken:
            yield Problem(f"{self._place}:{broken.line}", said_of(broken, "dbt parse"))
        except OSError as problem:
            yield Problem(self._place, f"the file cannot be read: {problem.strerror or problem}")
        yield from self._afterwards(file)

    def _afterwards(self, file: JsonFile) -> Iterator[Problem]:
        self._add_tests()
        if file.bad_utf8_line:
            yield Problem(f"{self._place}:{file.bad_utf8_line}", "bytes that are not UTF-8 were replaced")
        for said in self._skipped[:_MAX_SAID]:
            yield Problem(self._place, said)
        if len(self._skipped) > _MAX_SAID:
            yield Problem(self._place, f"{len(self._skipped) - _MAX_SAID:,} more entries were passed over")

    def _take(self, entry: JsonEntry) -> Iterator[Problem]:
        if entry.section == "metadata":
            yield from self._metadata(entry.value)
            return
        adder = self._ADDERS.get(entry.section)
        if adder is None or not entry.key:
            return
        if isinstance(entry.value, Mapping):
            adder(self, clean(entry.key), entry.value)
        else:
            self._skipped.append(f"`{entry.section}.{entry.key[:100]}` is no object and was passed over")

    def _metadata(self, metadata: object) -> Iterator[Problem]:
        self.project.name = text(mapping(metadata), "project_name")
        self.project.adapter = text(mapping(metadata), "adapter_type")
        schema = text(mapping(metadata), "dbt_schema_version")
        version = schema.rpartition("/v")[2].partition(".")[0]
        if not version.isdecimal() or int(version) not in KNOWN_VERSIONS:
            said = (
                f"its schema version `{schema[:100]}` is not known" if schema else "it has no schema version"
            )
            yield Problem(self._place, f"{said}; it was read like version 12")

    def _node(self, key: str, entry: Mapping[str, Any]) -> None:
        kind = entry.get("resource_type")
        if not enabled(entry):
            return
        if kind == "test":
            # Which table a test is on may be told by nodes that come later.
            self._waiting.append(_what_tests_need(entry))
        elif kind in ("model", "seed", "snapshot"):
            self.project.nodes[key] = _node(key, kind, entry)

    def _source(self, key: str, entry: Mapping[str, Any]) -> None:
        if enabled(entry):
            self.project.nodes[key] = _source(key, entry)

    def _exposure(self, key: str, entry: Mapping[str, Any]) -> None:
        if enabled(entry):
            self.project.exposures[key] = Exposure(
                title=text(entry, "label") or text(entry, "name"),
                kind=text(entry, "type"),
                owner=person(entry.get("owner")),
                url=text(entry, "url", limit=2000),
                maturity=text(entry, "maturity"),
                description=text(entry, "description"),
                depends_on=texts(mapping(entry, "depends_on").get("nodes")),
                place=text(entry, "original_file_path"),
            )

    def _metric(self, key: str, entry: Mapping[str, Any]) -> None:
        if enabled(entry):
            depends_on = texts(mapping(entry, "depends_on").get("nodes"))
            place = text(entry, "original_file_path")
            self.project.metrics[text(entry, "name")] = metric_of(entry, depends_on, place)

    def _semantic_model(self, key: str, entry: Mapping[str, Any]) -> None:
        if enabled(entry):
            nodes = texts(mapping(entry, "depends_on").get("nodes"))
            place = text(entry, "original_file_path")
            self.project.semantic_models[key] = semantic_model_of(entry, nodes[0] if nodes else "", place)

    def _saved_query(self, key: str, entry: Mapping[str, Any]) -> None:
        if enabled(entry):
            self.project.saved_queries[key] = saved_query_of(entry, text(entry, "original_file_path"))

    def _group(self, key: str, entry: Mapping[str, Any]) -> None:
        self.project.groups[text(entry, "name")] = person(entry.get("owner"))

    _ADDERS: Mapping[str, Callable[["ManifestReader", str, Mapping[str, Any]], None]] = {
        "nodes": _node,
        "sources": _source,
        "exposures": _exposure,
        "metrics": _metric,
        "semantic_models": _semantic_model,
        "saved_queries": _saved_query,
        "groups": _group,
    }

    def _add_tests(self) -> None:
        lookup = Lookup(self.project.nodes.values())
        for entry in self._waiting:
            test = self._test(entry, lookup)
            if test is not None:
                self.project.tests.append(test)
        self._waiting.clear()

    def _test(self, entry: Mapping[str, Any], lookup: Lookup) -> Test | None:
        metadata = mapping(entry, "test_metadata")
        arguments = mapping(metadata, "kwargs")
        node = text(entry, "attached_node")
        if not node:  # manifests before v10
            on = reference(text(arguments, "model"))
            found = lookup.find(on, text(entry, "package_name")) if on else None
            node = found.id if found else ""
        if node not in self.project.nodes:
            return None
        said = {"name": metadata.get("name"), "arguments": arguments, "config": entry.get("config")}
        return test_of(node, text(entry, "column_name"), said, text(entry, "original_file_path"))


def _what_tests_need(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    needed = (
        *("test_metadata", "attached_node", "package_name", "column_name", "config"),
        "original_file_path",
    )
    return {name: entry[name] for name in needed if name in entry}


def _relation(entry: Mapping[str, Any], identifier: str) -> tuple[str, ...]:
    parts = (text(entry, "database"), text(entry, "schema"), identifier or text(entry, "name"))
    return tuple(part for part in parts if part)


def _columns(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    named = mapping(entry, "columns").items()
    return [{"name": name, **each} for name, each in named if isinstance(each, Mapping)]


def _node(key: str, kind: NodeKind, entry: Mapping[str, Any]) -> Node:
    file = text(entry, "original_file_path")
    place = text(entry, "patch_path").rpartition("://")[2] or file
    columns, meta = _columns(entry), meta_of(entry)
    code, compiled = _code(entry)
    return Node(
        id=key,
        kind=kind,
        name=text(entry, "name"),
        package=text(entry, "package_name"),
        relation=_relation(entry, text(entry, "alias")) or (key,),
        quoted=text(entry, "relation_name"),
        file=file,
        place=place,
        description=text(entry, "description"),
        columns=described_columns(columns, lambda _: place),
        constraints=constraints_of(entry, columns),
        tags=tags_of(entry),
        meta=meta,
        owner=owner_of(meta),
        group=text(entry, "group") or text(entry, "config", "group"),
        freshness=freshness_of(entry),
        materialized=text(entry, "config", "materialized"),
        depends_on=texts(mapping(entry, "depends_on").get("nodes")),
        code=code,
        compiled=compiled,
        version=text(entry, "version"),
        latest_version=text(entry, "latest_version"),
        deprecation_date=text(entry, "deprecation_date")[:10],
    )


def _source(key: str, entry: Mapping[str, Any]) -> Node:
    columns = _columns(entry)
    meta = {**mapping(entry, "source_meta"), **meta_of(entry)}
    place = text(entry, "patch_path").rpartition("://")[2] or text(entry, "original_file_path")
    return Node(
        id=key,
        kind="source",
        name=text(entry, "name"),
        package=text(entry, "package_name"),
        relation=_relation(entry, text(entry, "identifier")) or (key,),
        quoted=text(entry, "relation_name"),
        place=place,
        description=source_description(entry, text(entry, "source_name"), text(entry, "source_description")),
        columns=described_columns(columns, lambda _: place),
        tags=tags_of(entry),
        meta=meta,
        owner=owner_of(meta),
        loader=text(entry, "loader", limit=100),
        freshness=freshness_of(entry),
        source_name=text(entry, "source_name"),
    )


def source_description(entry: Mapping[str, Any], source: str, description: str) -> str:
    """The table's description, else the one of its source with the table's name put first."""
    own = text(entry, "description")
    if own or not description:
        return own
    return f"Table `{text(entry, 'name')}` of source `{source}`: {description}"


def _code(entry: Mapping[str, Any]) -> tuple[str, bool]:
    """The SQL, and whether it is compiled; nothing for a model in another language and for a seed."""
    if text(entry, "language") not in ("", "sql") or text(entry, "resource_type") == "seed":
        return "", False
    for name, compiled in (("compiled_code", True), ("compiled_sql", True), ("raw_code", False)):
        if found := text(entry, name, limit=_MAX_CODE):
            return found, compiled
    return text(entry, "raw_sql", limit=_MAX_CODE), False


def metric_of(entry: Mapping[str, Any], depends_on: tuple[str, ...], place: str) -> Metric:
    """A metric of any version.

    Before v10 it says how it aggregates itself, as `type` and `sql` (to v6), then as `calculation_method` and
    `expression`; since then it stands on measures or on other metrics.
    """
    kind = text(entry, "calculation_method") or text(entry, "type")
    expression = text(entry, "expression") or text(entry, "sql")
    formula = expression if kind in ("expression", "derived") else f"{kind}({expression})"
    return Metric(
        name=text(entry, "name"),
        label=text(entry, "label"),
        description=text(entry, "description"),
        kind=kind,
        formula=formula if expression else "",
        params=mapping(entry, "type_params"),
        filter=" and ".join(filters_of(entry.get("filter") or entry.get("filters"))),
        depends_on=depends_on,
        place=place,
    )


def semantic_model_of(entry: Mapping[str, Any], node: str, place: str) -> SemanticModel:
    """A semantic model on the node of that id."""
    return SemanticModel(
        name=text(entry, "name"),
        node=node,
        description=text(entry, "description"),
        entities=tuple(mappings(entry, "entities")),
        dimensions=tuple(mappings(entry, "dimensions")),
        measures=tuple(mappings(entry, "measures")),
        place=place,
    )


def saved_query_of(entry: Mapping[str, Any], place: str) -> SavedQuery:
    """A saved query; before dbt 1.7 its parameters stood beside its name."""
    params = mapping(entry, "query_params") or entry
    return SavedQuery(
        name=text(entry, "label") or text(entry, "name"),
        description=text(entry, "description"),
        metrics=texts(params.get("metrics")),
        group_by=texts(params.get("group_by")),
        place=place,
    )

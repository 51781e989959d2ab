"""Artifacts that dbt wrote for real projects: counts against the plain JSON, files against the manifest."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from context.catalog.sources.dbt.dbt_projects import facts, gathered, write_files

DATA = Path(os.environ.get("GNOMON_DATA", ""))


def artifacts() -> Iterator[Path]:
    if os.environ.get("GNOMON_DATA"):
        for pattern in ("jaffle/*/manifest.json", "fivetran/*/*/manifest.json"):
            yield from (path.parent for path in sorted(DATA.glob(pattern)))


@pytest.fixture(scope="module")
def targets() -> list[Path]:
    found = list(artifacts())
    if not found:
        pytest.skip("GNOMON_DATA names no folder with dbt artifacts")
    return found


def load(target: Path) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads((target / "manifest.json").read_text())
    return loaded


def tables(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    built = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed", "snapshot")]
    return [n for n in built if n["config"]["materialized"] != "ephemeral" and n["config"]["enabled"]]


def name_of(entry: Mapping[str, Any]) -> str:
    return f"{entry['database']}.{entry['schema']}.{entry.get('alias') or entry['identifier']}"


@pytest.mark.requirement("sources:dbt-documentation")
def test_every_described_table_and_column_has_its_meaning(targets: list[Path]) -> None:
    for target in targets:
        found, manifest = gathered(target), load(target)
        assert found.problems == []
        sources = [s for s in manifest["sources"].values() if s["config"]["enabled"]]
        described = {name_of(n) for n in (*tables(manifest), *sources) if n["description"].strip()}
        assert described <= {f.table for f in facts(found, "meaning")}
        columns = {
            (name_of(n), c["name"].casefold())
            for n in (*tables(manifest), *sources)
            for c in n["columns"].values()
            if c["description"].strip()
        }
        assert columns <= {(f.table, f.column.casefold()) for f in facts(found, "column_meaning")}


@pytest.mark.requirement("sources:dbt-code")
def test_every_compiled_model_parses(targets: list[Path]) -> None:
    for target in targets:
        found, manifest = gathered(target), load(target)
        compiled = [n for n in tables(manifest) if n.get("compiled_code") and n["resource_type"] != "seed"]
        assert len(found.code) == len(compiled) > 0
        for code in found.code:
            assert sqlglot.parse_one(code.sql, dialect=code.dialect) is not None


@pytest.mark.requirement("sources:dbt-keys")
def test_every_test_that_only_a_key_passes_claims_one(targets: list[Path]) -> None:
    for target in targets:
        manifest, claimed = load(target), {(k.table, k.columns) for k in gathered(target).keys}
        built = {n["unique_id"]: name_of(n) for n in tables(manifest)}
        for test in manifest["nodes"].values():
            is_unique = (test.get("test_metadata") or {}).get("name") == "unique"
            if is_unique and test["config"]["enabled"] and test["attached_node"] in built:
                assert (built[test["attached_node"]], (test["column_name"],)) in claimed


def bare_project(manifest: Mapping[str, Any], folder: Path) -> Path:
    """The project whose files the manifest quotes, with the sources that its models name."""
    sources: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for each in manifest["sources"].values():
        table = {"name": each["name"], "identifier": each["identifier"]}
        sources[each["source_name"], each["schema"]].append(table)
    listed = [{"name": name, "schema": schema, "tables": of} for (name, schema), of in sources.items()]
    files = {"models/all_sources.yml": json.dumps({"sources": listed})}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            files[node["original_file_path"]] = node["raw_code"]
        elif node["resource_type"] == "seed":
            files[node["original_file_path"]] = "id\n"
    return write_files(folder, files)


@pytest.mark.requirement("sources:dbt-project")
def test_the_files_alone_give_the_lineage_of_the_manifest(targets: list[Path], tmp_path: Path) -> None:
    plain = [t for t in targets if t.parent.name == "jaffle"]
    if not plain:
        pytest.skip("the data holds no project without packages")
    for target in plain:
        bare = gathered(bare_project(load(target), tmp_path / target.name))
        whole = gathered(target)
        edges = [
            {(e.table.rpartition(".")[2], e.upstream.rpartition(".")[2]) for e in found.lineage}
            for found in (bare, whole)
        ]
        assert edges[0] == edges[1]
        for code in bare.code:
            assert sqlglot.parse_one(code.sql, dialect="duckdb") is not None
        reported = {p.place.partition(":")[0] for p in bare.problems}
        assert len(bare.code) + len(reported) == len(whole.code)

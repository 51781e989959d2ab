"""Small hand-made dbt projects: manifests in the forms of several versions, and folders of files."""

import json
from pathlib import Path
from typing import Any

from gnomon.context.catalog.facts import Fact, FactKind, Gathered
from gnomon.context.catalog.sources.dbt import open_dbt

SCHEMA = "https://schemas.getdbt.com/dbt/manifest/v{}.json"


def write_manifest(folder: Path, version: int, **sections: Any) -> Path:
    """A target folder with a manifest of these sections."""
    metadata = {
        "dbt_schema_version": SCHEMA.format(version),
        "project_name": "shop",
        "adapter_type": "duckdb",
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"metadata": metadata, "nodes": {}, **sections})
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return folder


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """A project folder of these files; `dbt_project.yml` is made if it is not among them."""
    for name, text in {"dbt_project.yml": "name: shop\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def gathered(path: Path) -> Gathered:
    """Everything that is read at a path."""
    found = Gathered()
    for item in open_dbt(path, "dbt:test").read():
        found.add(item)
    return found


def said(found: Gathered, kind: FactKind, table: str = "", column: str = "") -> list[str]:
    """The texts of the facts of a kind, of one table or of all."""
    return [fact.text for fact in facts(found, kind, table, column)]


def facts(found: Gathered, kind: FactKind, table: str = "", column: str = "") -> list[Fact]:
    """The facts of a kind, of one table or of all."""
    return [
        f
        for f in found.facts
        if f.kind == kind and f.table.endswith(table) and (not column or f.column == column)
    ]


def model(name: str, **fields: Any) -> dict[str, Any]:
    """A model's entry as manifests from v7 on have it."""
    return {
        "resource_type": "model",
        "name": name,
        "alias": name,
        "database": "wh",
        "schema": "main",
        "package_name": "shop",
        "original_file_path": f"models/{name}.sql",
        "patch_path": "shop://models/schema.yml",
        "unique_id": f"model.shop.{name}",
        "config": {"materialized": "table", "enabled": True},
        "depends_on": {"nodes": []},
        "columns": {},
        **fields,
    }


def data_test(name: str, node: str, column: str | None, config: Any = None, **kwargs: Any) -> dict[str, Any]:
    """A generic test's entry as manifests from v10 on have it."""
    return {
        "resource_type": "test",
        "name": f"{name}_{node}",
        "package_name": "shop",
        "original_file_path": "models/schema.yml",
        "attached_node": f"model.shop.{node}",
        "column_name": column,
        "config": {"enabled": True, "severity": "ERROR", "where": None, **(config or {})},
        "test_metadata": {"name": name, "namespace": None, "kwargs": {"column_name": column, **kwargs}},
    }


def nodes(*entries: dict[str, Any]) -> dict[str, Any]:
    """Entries by their id."""
    return {e.get("unique_id") or f"test.shop.{e['name']}.{i}": e for i, e in enumerate(entries)}

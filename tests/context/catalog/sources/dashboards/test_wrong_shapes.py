"""No value in a wrong place makes a dashboard source or a metadata source raise."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from context.catalog.sources.bigquery_etl import test_bigquery_etl as metadata
from context.catalog.sources.dashboards import test_lightdash as lightdash
from context.catalog.sources.dashboards import test_metabase as metabase
from context.catalog.sources.dashboards import test_superset as superset
from gnomon.context.catalog.sources.bigquery_etl import open_bigquery_etl
from gnomon.context.catalog.sources.dashboards import open_lightdash, open_metabase, open_superset
from gnomon.context.catalog.sources.openlineage import open_openlineage
from gnomon.context.catalog.sources.port import Source
from gnomon.store.yaml_files import load_yaml_documents

JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    "x",
    "\x00'\";--",
    "${a.b} {{c}} [[",
    [],
    {},
    [[]],
    [None],
    ["field", "x"],
    {"a": {"b": []}},
    ["count", {}],
    "2026-13-45",
)
ROUNDS = 40


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document that can hold another value, as its container and key."""
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    for key in keys:
        yield value, key
        yield from _parts(value[key])


def _spoiled(value: Any, chance: random.Random) -> Any:
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 2, 4))):
        container, key = chance.choice(list(_parts(value)))
        container[key] = copy.deepcopy(chance.choice(JUNK))
    return value


Opener = Callable[[Path, str], Source]
TEXTS: dict[str, tuple[Opener, list[str]]] = {
    "superset": (
        open_superset,
        [superset.DATABASE, superset.DATASET, superset.VIRTUAL, superset.CHART, superset.BOARD],
    ),
    "metabase": (
        open_metabase,
        [
            *(metabase.OLDER, metabase.NEWER, metabase.NATIVE, metabase.SEGMENT, metabase.MEASURE),
            *(metabase.TABLE, metabase.FIELD, metabase.KEY, metabase.BOARD, metabase.SNIPPET),
            *(json.dumps(metabase.CARD), json.dumps(metabase.METADATA)),
        ],
    ),
    "lightdash": (open_lightdash, [lightdash.CHART, lightdash.MODELS, lightdash.SQL_CHART, lightdash.BOARD]),
}


@pytest.mark.requirement("sources:dashboards-bad-input")
@pytest.mark.parametrize("tool", TEXTS)
def test_dashboards_take_any_value_anywhere(tmp_path: Path, tool: str) -> None:
    opener, texts = TEXTS[tool]
    documents = [load_yaml_documents(text, "fixture")[0].value for text in texts]
    chance = random.Random(tool)
    for number in range(ROUNDS):
        for position, document in enumerate(documents):
            value = _spoiled(document, chance) if chance.random() < 0.5 else document
            (tmp_path / f"{position}.json").write_text(json.dumps(value, default=str), encoding="utf-8")
        assert isinstance(list(opener(tmp_path, tool).read()), list), number


@pytest.mark.requirement("sources:bigquery-etl-bad-input")
def test_metadata_folders_take_any_value_anywhere(tmp_path: Path) -> None:
    chance = random.Random("metadata")
    for _ in range(ROUNDS):
        for name, text in (("metadata_yaml", metadata.METADATA), ("schema_yaml", metadata.SCHEMA)):
            value = load_yaml_documents(text, name, drop_private=True)[0].value
            spoiled = json.dumps(_spoiled(value, chance), default=str)
            metadata.write(tmp_path, **{name: spoiled})
        assert isinstance(list(open_bigquery_etl(tmp_path, "bigquery-etl").read()), list)


@pytest.mark.requirement("sources:openlineage-bad-input")
def test_events_take_any_value_anywhere(tmp_path: Path) -> None:
    field = {"namespace": "pg", "name": "a.b", "field": "x", "transformations": [{"type": "DIRECT"}]}
    facets = {
        "columnLineage": {"fields": {"y": {"inputFields": [field]}}, "dataset": [field]},
        "schema": {"fields": [{"name": "y", "description": "d", "fields": [{"name": "z"}]}]},
        "symlinks": {"identifiers": [{"name": "a.c", "type": "TABLE"}]},
        "ownership": {"owners": [{"name": "ana", "type": "OWNER"}]},
        "tags": {"tags": [{"key": "a", "value": "b"}]},
        "dataQualityAssertions": {"assertions": [{"assertion": "unique", "success": True, "column": "y"}]},
        "lineage": {"inputs": [field], "fields": {"y": {"inputs": [field]}}},
    }
    event = {
        "eventType": "COMPLETE",
        "eventTime": "2026-11-03T08:00:00Z",
        "run": {"runId": "1"},
        "job": {"name": "j", "facets": {"sql": {"query": "SELECT 1"}, "lineage": {"entries": [field]}}},
        "inputs": [{"namespace": "pg", "name": "a.b", "facets": {}}],
        "outputs": [{"namespace": "pg", "name": "a.c", "facets": facets}],
    }
    chance = random.Random("events")
    log = tmp_path / "a.jsonl"
    log.write_text(
        "".join(json.dumps(_spoiled(event, chance)) + "\n" for _ in range(2_000)), encoding="utf-8"
    )
    assert isinstance(list(open_openlineage(log, "openlineage").read()), list)

"""dbt's `run_results.json` and `sources.json`: what the last invocation did with each model and source.

The files are described at https://docs.getdbt.com/reference/artifacts/run-results-json and .../sources-json.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gnomon.context.runtime.matching import MAX_NAME, is_relation
from gnomon.context.runtime.times import parse_time
from gnomon.domain.errors import Failed, Misconfigured
from gnomon.domain.pipeline import PipelineRun, RunState

MAX_BYTES = 256 * 1024 * 1024
_FILLS = frozenset({"model", "seed", "snapshot"})
_SOURCES = frozenset({"source"})
_STATES: Mapping[str, RunState] = {
    "success": "success",
    "error": "failed",
    "fail": "failed",
    "partial success": "failed",
    "skipped": "failed",
}
_DETAILS = {
    "error": "the run ended with an error",
    "fail": "the run ended with an error",
    "partial success": "some of its batches failed",
    "skipped": "it was skipped because something before it failed",
}

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DbtTarget:
    """A `target` folder, or a project folder with one.

    A result belongs to a table by its relation, which the result or `manifest.json` tells. Where neither does
    it is by the model's name, and by the source's and table's.
    """

    path: Path
    name: str = "dbt"

    def last_runs(self, names: Sequence[str]) -> tuple[PipelineRun, ...]:
        """The last run of the model, seed or snapshot, and the last look at the source."""
        folder = self.path / "target" if (self.path / "target").is_dir() else self.path
        files = [folder / n for n in ("run_results.json", "sources.json") if (folder / n).is_file()]
        if not files:
            raise Misconfigured(
                "dbt has left no run results",
                facts=(("looked in", str(folder)),),
                hint="set `dbt_target` in [pipelines] to the folder with run_results.json",
            )
        read = {file.name: _read(file) for file in files}
        results = [*_results(read.get("run_results.json", {}), _FILLS)]
        sources = [*_results(read.get("sources.json", {}), _SOURCES)]
        relations = _Relations(folder / "manifest.json")
        runs = [_run(r, self.name) for r in results if relations.fit(r, names[0])]
        return (*runs, *(_look(s, self.name) for s in sources if relations.fit(s, names[0])))


class _Relations:
    """Relations by the id of a node; the manifest is read only where a result does not tell its own."""

    def __init__(self, manifest: Path) -> None:
        self._file = manifest
        self._manifest: Entry | None = None

    def fit(self, result: Entry, address: str) -> bool:
        """Whether the result is about the table of that address."""
        relation, (above, name) = _relation(result), ["", *_id(result).split(".")][-2:]
        if not relation and name.casefold() == address.rpartition(".")[2].casefold():
            named = f"{above}.{name}" if _kind(result) == "source" else address
            relation = self._of(_id(result)) or named
        return is_relation(relation, address)

    def _of(self, node: str) -> str:
        if self._manifest is None:
            self._manifest = _read(self._file) if self._file.is_file() else {}
        found = (_mapping(_mapping(self._manifest.get(kind)).get(node)) for kind in ("nodes", "sources"))
        return next((relation for entry in found if (relation := _relation(entry))), "")


def _read(file: Path) -> Entry:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has over {MAX_BYTES:,} bytes")
        return _mapping(json.loads(file.read_bytes()))
    except (OSError, ValueError, RecursionError) as problem:
        raise Failed(
            f"dbt cannot be asked: its `{file.name}` cannot be read",
            facts=(("file", str(file)), ("reason", str(problem))),
            hint="run dbt again; the data can still be looked at",
        ) from problem


def _results(document: Entry, kinds: frozenset[str]) -> Iterator[Entry]:
    written = _mapping(document.get("metadata")).get("generated_at")
    for result in _list(document.get("results")):
        if _kind(result) in kinds:
            yield {**result, "written_at": written}


def _run(result: Entry, source: str) -> PipelineRun:
    status = str(result.get("status", "")).casefold()
    state = _STATES.get(status, "unknown")
    started, ended = _span(result)
    good = ended if state == "success" else None
    return PipelineRun(_job(result), source, state, started, ended, good, _DETAILS.get(status, ""))


def _look(result: Entry, source: str) -> PipelineRun:
    """What `dbt source freshness` found: that the table is old is no failure of what fills it."""
    loaded = parse_time(result.get("max_loaded_at"))
    seen = parse_time(result.get("snapshotted_at")) or parse_time(result["written_at"])
    is_late = result.get("status") in ("warn", "error")
    if loaded is None:
        detail = "dbt could not look how fresh it is"
        return PipelineRun(_job(result), source, "unknown", None, seen, None, detail)
    detail = "dbt finds it older than its owner allows" if is_late else "dbt finds it fresh"
    return PipelineRun(_job(result), source, "success", None, seen, loaded, detail, is_late)


def _span(result: Entry) -> tuple[datetime | None, datetime | None]:
    timing = _list(result.get("timing"))
    starts = [t for e in timing if (t := parse_time(e.get("started_at")))]
    ends = [t for e in timing if (t := parse_time(e.get("completed_at")))]
    return min(starts, default=None), max(ends, default=parse_time(result["written_at"]))


def _id(result: Entry) -> str:
    return str(result.get("unique_id", ""))


def _kind(result: Entry) -> str:
    return _id(result).partition(".")[0]


def _job(result: Entry) -> str:
    return _id(result)[:MAX_NAME]


def _relation(entry: Entry) -> str:
    """The table's database, schema and name, with dots between."""
    told = entry.get("relation_name")
    return ".".join(part.strip('`"[]') for part in told.split(".")) if isinstance(told, str) else ""


def _mapping(value: Any) -> Entry:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Entry]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

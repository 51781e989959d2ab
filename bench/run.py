"""Run every benchmark and print one table: each figure beside a peer or a limit, and the ratio of the two.

    python bench/run.py [--only NAME] [--json FILE] [--page docs/benchmarks.md]

A peer is measured in the same run, on the same data. Progress goes to stderr, the table to stdout.
"""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from page import write_figures

Goal = Literal["at most", "at least", ""]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Args:
        key: Names the figure in what the benchmark's `run` returns.
        against: Names the peer's figure there, or is the limit itself.
        peer: What the figure is compared with, in words.
        goal: How the figure must stand to the limit; empty where the peer is no limit.
    """

    key: str
    text: str
    unit: str
    against: str | float
    peer: str
    goal: Goal = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark: a module with a `run()`, and what of its figures stands in the table."""

    name: str
    module: str
    lines: tuple[Line, ...]


def _first_index(name: str, text: str) -> tuple[Line, Line]:
    speed, peak = f"first index, {text}", f"first index, {text}, peak"
    embedder_speed, embedder_peak = f"{name}_embedder_alone_tables_per_s", f"{name}_embedder_alone_peak_mib"
    return (
        Line(f"{name}_tables_per_s", speed, "tables/s", embedder_speed, "embedder alone, same cards"),
        Line(f"{name}_index_peak_mib", peak, "MiB", embedder_peak, "embedder alone, same cards"),
    )


BENCHES = (
    Bench(
        "questions",
        "bench_questions",
        (
            Line(
                "overhead_ms_p50", "all but the model, p50", "ms", "duckdb_alone_ms_p50", "DuckDB, same SQL"
            ),
            Line("overhead_ms_p95", "all but the model, p95", "ms", 150.0, "limit", "at most"),
            Line("embed_ms_p50", "  embed the question, p50", "ms", "overhead_ms_p50", "all but the model"),
            Line(
                "assemble_ms_p50", "  assemble the context, p50", "ms", "overhead_ms_p50", "all but the model"
            ),
            Line("run_sql_ms_p50", "  run_sql, p50", "ms", "overhead_ms_p50", "all but the model"),
            Line("check_ms_p50", "  check the answer, p50", "ms", "overhead_ms_p50", "all but the model"),
            Line(
                "whole_ms_p50",
                "with the grounded model, p50",
                "ms",
                "duckdb_alone_ms_p50",
                "DuckDB, same SQL",
            ),
            Line(
                "whole_ms_p95",
                "with the grounded model, p95",
                "ms",
                "duckdb_alone_ms_p95",
                "DuckDB, same SQL",
            ),
        ),
    ),
    Bench(
        "start",
        "bench_start",
        (
            Line("ask_cold_s", "gnomon ask, cold, p50", "s", 1.5, "limit", "at most"),
            Line("ask_cold_s", "gnomon ask, cold, p50", "s", "duckdb_alone_s", "Python and DuckDB, same SQL"),
            Line(
                "ask_cold_s", "gnomon ask, cold, p50", "s", "duckdb_and_embedder_s", "and one text embedded"
            ),
            Line("help_s", "gnomon --help, p50", "s", 0.5, "limit", "at most"),
            Line("help_s", "gnomon --help, p50", "s", "python_alone_s", "python -c pass"),
            Line(
                "ask_peak_mib",
                "gnomon ask, peak",
                "MiB",
                "duckdb_and_embedder_peak_mib",
                "DuckDB and embedder",
            ),
        ),
    ),
    Bench(
        "tables",
        "bench_tables",
        (
            *_first_index("demo", "demo company"),
            *_first_index("made", "200 tables"),
        ),
    ),
    Bench(
        "index",
        "bench_index",
        (
            Line(
                "tables_per_s_without_embedding",
                "50 tables, no embedding",
                "tables/s",
                20.0,
                "limit",
                "at least",
            ),
            Line(
                "open_and_first_lookups_cold_ms",
                "open and first lookups, cold",
                "ms",
                100.0,
                "limit",
                "at most",
            ),
            Line("load_all_cards_ms", "load 50 cards", "ms", 20.0, "limit", "at most"),
            Line(
                "model_load_s", "load the embedder", "s", "model_load_optimised_s", "graph optimised at load"
            ),
        ),
    ),
    Bench(
        "retrieval",
        "bench_retrieval",
        (
            Line(
                "hybrid_ms_p50", "hybrid search, 2,000 tables, p50", "ms", "plain_fts5_ms_p50", "plain FTS5"
            ),
            Line(
                "hybrid_ms_p95", "hybrid search, 2,000 tables, p95", "ms", "plain_fts5_ms_p95", "plain FTS5"
            ),
            Line("embed_question_ms_p95", "embed a question, p95", "ms", "hybrid_ms_p95", "hybrid search"),
            Line("match_values_ms_p95", "match 200,000 values, p95", "ms", 20.0, "limit", "at most"),
            Line("recall_at_5_hybrid", "recall at 5, hybrid", "", "recall_at_5_fts5_alone", "FTS5 alone"),
            Line(
                "recall_at_5_hybrid", "recall at 5, hybrid", "", "recall_at_5_vectors_alone", "vectors alone"
            ),
        ),
    ),
    Bench(
        "guard",
        "bench_guard",
        (
            Line("guard_p50_us", "guard a statement, p50", "us", "parse_p50_us", "sqlglot parse alone"),
            Line("guard_p95_us", "guard a statement, p95", "us", "parse_p95_us", "sqlglot parse alone"),
        ),
    ),
    Bench(
        "policy",
        "bench_policy",
        (
            Line("decision_anew_us", "policy decision, nothing kept, p50", "us", 150.0, "limit", "at most"),
            Line(
                "decision_anew_us",
                "policy decision, nothing kept, p50",
                "us",
                "cedar_alone_us",
                "Cedar alone",
            ),
            Line(
                "decision_us", "policy decision as the agent makes it, p50", "us", 150.0, "limit", "at most"
            ),
            Line(
                "authorize_restricted_us", "authorize, restricted, p50", "us", "authorize_us", "unrestricted"
            ),
            Line("run_restricted_ms", "run, restricted, 1M rows, p50", "ms", "run_view_ms", "a view by hand"),
            Line(
                "run_restricted_ms", "run, restricted, 1M rows, p50", "ms", "run_whole_ms", "the whole table"
            ),
        ),
    ),
    Bench(
        "audit",
        "bench_audit",
        (
            Line(
                "append_1_thread_per_s", "append, 1 thread", "/s", "raw_write_fsync_per_s", "write and fsync"
            ),
            Line(
                "append_4_threads_per_s",
                "append, 4 threads",
                "/s",
                "raw_write_fsync_per_s",
                "write and fsync",
            ),
            Line(
                "append_2_processes_per_s",
                "append, 2 processes",
                "/s",
                "raw_write_fsync_per_s",
                "write and fsync",
            ),
            Line("verify_records_per_s", "verify", "records/s", "raw_read_lines_per_s", "json.loads alone"),
            Line("search_records_per_s", "search", "records/s", "raw_read_lines_per_s", "json.loads alone"),
            Line(
                "export_records_per_s",
                "export as JSON Lines",
                "records/s",
                "raw_read_lines_per_s",
                "json.loads alone",
            ),
        ),
    ),
    Bench(
        "install",
        "bench_install",
        (Line("base_mb", "base install", "MB", 300.0, "limit", "at most"),),
    ),
    Bench(
        "isolation",
        "bench_isolation",
        (
            Line("unreadable_passages", "unreadable passages, while indexing", "", 0.0, "limit", "at most"),
            Line("reads_per_s", "random reads, 4 threads, while indexing", "/s", 20.0, "limit", "at least"),
            Line(
                "search_ms_p50",
                "search documents as a person, p50",
                "ms",
                "bare_search_ms_p50",
                "partition without rights",
            ),
        ),
    ),
    Bench(
        "usage",
        "bench_usage",
        (
            Line(
                "usage_mb_per_s",
                "read a 200 MB query log",
                "MB/s",
                "bare_mb_per_s",
                "json.loads and parse alone",
            ),
            Line(
                "usage_peak_mib",
                "read a 200 MB query log, peak",
                "MiB",
                "bare_peak_mib",
                "json.loads and parse alone",
            ),
        ),
    ),
    Bench(
        "scale",
        "bench_scale",
        (
            Line("search_ms_p50", "search, 10,000 tables, p50", "ms", "fts5_alone_ms_p50", "FTS5 alone"),
            Line("search_ms_p99", "search, 10,000 tables, p99", "ms", 50.0, "limit", "at most"),
            Line("together_ms_p99", "  and embed the question, p99", "ms", 50.0, "limit", "at most"),
            Line(
                "build_to_embedder_alone",
                "build, to the embedder alone",
                "",
                1.2,
                "limit",
                "at most",
            ),
            Line("night_s", "1 in 100 of 10,000 tables anew", "s", 120.0, "limit", "at most"),
        ),
    ),
    Bench(
        "memory",
        "bench_memory",
        (
            Line("after_right", "questions right after a correction", "", "before_right", "before it"),
            Line("after_ms_p50", "a question after a correction", "ms", "before_ms_p50", "before it"),
        ),
    ),
    Bench(
        "recall",
        "bench_recall",
        (
            Line(
                "recall_at_10_fused", "recall at 10, people's questions, half", "", 0.95, "limit", "at least"
            ),
            Line(
                "all_recall_at_10_fused",
                "recall at 10, people's questions, all",
                "",
                0.95,
                "limit",
                "at least",
            ),
            Line("recall_at_10_fused", "recall at 10, half", "", "recall_at_10_lexical", "words alone"),
            Line("recall_at_10_fused", "recall at 10, half", "", "recall_at_10_dense", "vectors alone"),
            Line("recall_at_1_fused", "recall at 1, half", "", "recall_at_1_lexical", "words alone"),
            Line("recall_at_1_fused", "recall at 1, half", "", "recall_at_1_dense", "vectors alone"),
            Line("mrr_fused", "MRR, half", "", "mrr_lexical", "words alone"),
            Line("mrr_fused", "MRR, half", "", "mrr_dense", "vectors alone"),
        ),
    ),
    Bench(
        "night",
        "bench_night",
        (
            Line("night_s", "a night, 1,000 tables, 1% changed", "s", "first_s", "the first build"),
            Line("night_peak_mib", "a night, 1,000 tables, peak", "MiB", "first_peak_mib", "the first build"),
        ),
    ),
    Bench(
        "embedding",
        "bench_embedding",
        (
            Line(
                "unpacked_question_ms_p50", "embed a question, p50", "ms", "packed_question_ms_p50", "packed"
            ),
            Line(
                "unpacked_question_ms_p99", "embed a question, p99", "ms", "packed_question_ms_p99", "packed"
            ),
        ),
    ),
    Bench(
        "ablation",
        "bench_ablation",
        (
            Line(
                "pairs_right",
                "look-alikes answered from the right one",
                "",
                "pairs_right_without",
                "without the layer that tells",
            ),
            Line("pairs_right", "look-alikes answered from the right one", "", "pairs", "asked", "at least"),
            Line("accuracy_all", "demo company, accuracy", "", "accuracy_schema", "the schema alone"),
            Line("precision_all", "demo company, precision", "", "precision_schema", "the schema alone"),
            Line(
                "recall_at_1_all", "demo company, recall at 1", "", "recall_at_1_schema", "the schema alone"
            ),
            Line(
                "examples_right",
                "trusted queries that read gold tables only",
                "",
                "history_right",
                "every past query",
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table with its figures."""

    bench: str
    line: Line
    figure: float
    compared: float

    @property
    def ratio(self) -> float | None:
        """The figure over what it is compared with; None where that is 0."""
        return self.figure / self.compared if self.compared else None

    @property
    def verdict(self) -> str:
        """Whether the limit is kept; empty where there is none."""
        if not self.line.goal:
            return ""
        at_most = self.line.goal == "at most"
        kept = self.figure <= self.compared if at_most else self.figure >= self.compared
        return "met" if kept else "MISSED"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if a limit is missed."""
    options = _options(arguments)
    chosen = [b for b in BENCHES if options.only in ("", b.name)]
    machine = _machine()
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(f"{'bench':<10} {'figure':<34} {'':>17} {'against':>17} {'ratio':>8}", flush=True)
    rows, results = [], {}
    for number, bench in enumerate(chosen, start=1):
        print(f"[{number}/{len(chosen)}] {bench.name} ...", end=" ", file=sys.stderr, flush=True)
        began = time.perf_counter()
        results[bench.name] = dict(importlib.import_module(bench.module).run())
        print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        measured = list(_rows(bench, results[bench.name]))
        print(*map(_told, measured), sep="\n", flush=True)
        rows += measured
    if options.json:
        options.json.write_text(
            json.dumps(_report(machine, results, rows), indent=2) + "\n", encoding="utf-8"
        )
    if options.page:
        write_figures(options.page, _condition(machine), [_HEAD, *map(_cells, rows)])
    return int(any(row.verdict == "MISSED" for row in rows))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the benchmarks.")
    parser.add_argument("--only", choices=[b.name for b in BENCHES], default="", help="one benchmark")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to this file as well")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="put the table into this page, at its marks"
    )
    return parser.parse_args(arguments)


def _machine() -> dict[str, Any]:
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load at the start": load,
    }


def _rows(bench: Bench, figures: Mapping[str, Any]) -> Iterator[Row]:
    """The lines whose figures were measured; some need development data."""
    for line in bench.lines:
        compared = figures.get(line.against) if isinstance(line.against, str) else line.against
        if line.key in figures and compared is not None:
            yield Row(bench.name, line, float(figures[line.key]), float(compared))


def _told(row: Row) -> str:
    bench, _, figure, compared, peer, ratio, verdict = _cells(row)
    told = f"{bench:<10} {row.line.text:<34} {figure:>17} {compared:>17} {ratio:>8}"
    return f"{told}  {peer}{', ' + verdict if verdict else ''}"


_HEAD = ("Benchmark", "Figure", "Measured", "Against", "Compared with", "Ratio", "")


def _cells(row: Row) -> tuple[str, ...]:
    line = row.line
    figure, compared = f"{_short(row.figure)} {line.unit}", f"{_short(row.compared)} {line.unit}"
    ratio = "" if row.ratio is None else _short(row.ratio)
    return row.bench, line.text.strip(), figure, compared, line.peer, ratio, row.verdict


def _condition(machine: Mapping[str, Any]) -> str:
    return f"Measured with: {', '.join(f'{name} {value}' for name, value in machine.items())}."


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _report(machine: Mapping[str, Any], results: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    lines = [
        {
            "bench": row.bench,
            "figure": row.line.text.strip(),
            "unit": row.line.unit,
            "value": row.figure,
            "against": row.line.peer,
            "compared": row.compared,
            "ratio": row.ratio,
            "verdict": row.verdict,
        }
        for row in rows
    ]
    return {"machine": dict(machine), "lines": lines, "figures": dict(results)}


if __name__ == "__main__":
    sys.exit(main())

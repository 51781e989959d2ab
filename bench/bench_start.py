"""A cold start: `gnomon ask` and `gnomon --help` as fresh processes, and what `ask` takes of memory.

Cold means a new process whose index exists; files are in the system's cache and modules are compiled.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import demo_company
from children import environment, gnomon, peak_mib, wall_s

QUESTION = "What was our net revenue in 2025?"
ASK_LIMIT_S = 1.5
HELP_LIMIT_S = 0.5

_DUCKDB_ALONE = """
import sys, duckdb
print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall())
"""
_DUCKDB_AND_MODEL = """
import sys, duckdb
from gnomon.models.minilm.embedder import MiniLmEmbedder
MiniLmEmbedder().embed([sys.argv[3]])
print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall())
"""


def run() -> dict[str, Any]:
    """Wall seconds and MiB, with the bare programs they are compared with."""
    path = str(demo_company.warehouse())
    with tempfile.TemporaryDirectory(prefix="gnomon-bench-") as name:
        home = Path(name)
        ask = gnomon("ask", QUESTION, "--warehouse", path)
        sql = _sql([*ask, "--json"], home)
        alone = [sys.executable, "-c", _DUCKDB_ALONE, path, sql]
        with_model = [sys.executable, "-c", _DUCKDB_AND_MODEL, path, sql, QUESTION]
        ask_s, alone_s, with_model_s = wall_s([ask, alone, with_model], home)
        help_s, nothing_s = wall_s([gnomon("--help"), [sys.executable, "-c", "pass"]], home)
        return {
            "ask_cold_s": ask_s,
            "ask_limit_s": ASK_LIMIT_S,
            "duckdb_alone_s": alone_s,
            "duckdb_and_embedder_s": with_model_s,
            "help_s": help_s,
            "help_limit_s": HELP_LIMIT_S,
            "python_alone_s": nothing_s,
            "ask_peak_mib": peak_mib(ask, home),
            "duckdb_and_embedder_peak_mib": peak_mib(with_model, home),
        }


def _sql(command: list[str], home: Path) -> str:
    """The SQL of the answer; the same call builds the index."""
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=home, env=environment(home)
    )
    return str(json.loads(done.stdout)["sql"])


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()

"""Child processes as a user starts them: their wall time and their peak memory."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROUNDS = 3
RUNS = 7

# A process's peak counts the moment between fork and exec, so a small process has to start it.
_WATCHER = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"code": done.returncode, "peak_kib": peak if sys.platform != "darwin" else peak / 1024}))
"""


def environment(home: Path) -> dict[str, str]:
    """A user's environment: compiled modules are kept, state is in `home`, no other settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GNOMON_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "GNOMON_HOME": str(home)}


def gnomon(*arguments: str) -> list[str]:
    """The command line of `gnomon`."""
    return [sys.executable, "-m", "gnomon", *arguments]


def wall_s(commands: Sequence[Sequence[str]], home: Path, runs: int = RUNS) -> list[float]:
    """The best of three medians of each command's wall seconds; the commands take turns."""
    best = [float("inf")] * len(commands)
    for command in commands:
        _run_s(command, home)
    for _ in range(ROUNDS):
        spent: list[list[float]] = [[] for _ in commands]
        for _ in range(runs):
            for place, command in zip(spent, commands, strict=True):
                place.append(_run_s(command, home))
        best = [min(b, statistics.median(s)) for b, s in zip(best, spent, strict=True)]
    return best


def _run_s(command: Sequence[str], home: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=home, env=environment(home))
    return time.perf_counter() - began


def peak_mib(command: Sequence[str], home: Path) -> float:
    """The peak resident memory of the command, in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", _WATCHER, *command],
        check=True,
        capture_output=True,
        text=True,
        cwd=home,
        env=environment(home),
    )
    told = json.loads(done.stdout)
    if told["code"]:
        raise RuntimeError(f"{command[:4]} ended with {told['code']}: {done.stderr[-500:]}")
    return float(told["peak_kib"]) / 1024

"""Outputs of the steps of `make train-grounded`, kept so that a run which was stopped goes on.

A step has a folder, `FOLDER/STEP/FINGERPRINT/`, and a file in it for each database or fold. The fingerprint
is that of the code that the step depends on and of all that it was given, the steps before it among them: a
change makes the steps behind it anew, and no other. A file is there whole or not at all. Files are pickled
values that hold questions of the sets: the folder is a cache of the person who runs it, never shared, never
in the repository.
"""

import ast
import hashlib
import multiprocessing
import os
import pickle
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

BENCH = Path(__file__).resolve().parent
PACKAGE = BENCH.parent / "src" / "gnomon"
SOURCES = (".py", ".txt", ".json", ".sql")
"""What counts as code: weights are an output of the training, which may stand beside it."""

Tell = Callable[[str], object]
J = TypeVar("J")


@dataclass(frozen=True, slots=True)
class Step:
    """The outputs of one step, by name."""

    name: str
    folder: Path

    @property
    def key(self) -> str:
        """What the step was made with."""
        return self.folder.name

    def has(self, output: str) -> bool:
        """Whether that output is there."""
        return self._path(output).exists()

    def load(self, output: str) -> Any:
        """An output that is there."""
        with self._path(output).open("rb") as file:
            return pickle.load(file)

    def save(self, output: str, value: object) -> None:
        """Keep an output; it is there whole or not at all."""
        path = self._path(output)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}")
        with half.open("wb") as file:
            pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
        half.replace(path)

    def _path(self, output: str) -> Path:
        """Names are made safe for a file system, and stay apart."""
        safe = re.sub(r"[^\w-]", "_", output)
        return self.folder / f"{safe}-{digest([output.encode()])}.pickle"


def step(work: Path, name: str, code: Iterable[Path], *given: object) -> Step:
    """The folder of a step.

    Args:
        code: Files and folders of the code that it depends on.
        given: Parameters and keys of earlier steps; told apart by how they print.
    """
    parts = [code_digest(code).encode(), *(repr(g).encode() for g in given)]
    return Step(name, work / name / digest(parts))


def code_digest(paths: Iterable[Path]) -> str:
    """Of the names and contents of all sources among the files and below the folders."""
    files = sorted({f for path in paths for f in ([path] if path.is_file() else path.rglob("*"))})
    sources = [f for f in files if f.suffix in SOURCES and "__pycache__" not in f.parts]
    return digest(
        part for f in sources for part in (str(f.relative_to(BENCH.parent)).encode(), f.read_bytes())
    )


def reached(*files: Path) -> tuple[Path, ...]:
    """The files and the modules of the package that they import, directly or not, in order of their paths."""
    found: set[Path] = set()
    rest = list(files)
    while rest:
        path = rest.pop()
        if path not in found:
            found.add(path)
            rest += _imported(path)
    return tuple(sorted(found))


def _imported(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)]
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{name}" for name in names)]
        for name in names:
            stem = PACKAGE.parent.joinpath(*name.split("."))
            here = (stem.with_suffix(".py"), stem / "__init__.py")
            yield from (p for p in here if name.startswith("gnomon.") and p.is_file())


def digest(parts: Iterable[bytes]) -> str:
    """A fingerprint of parts, in which it counts where one ends and the next begins."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()[:12]


def fill(target: Step, make: Callable[[J], object], jobs: Mapping[str, J], workers: int, tell: Tell) -> None:
    """Make the outputs that are not there yet, each from its job, and say how far it is.

    Args:
        make: A function of a module, for processes are spawned.
        jobs: By the name of the output; those that take longest come first.
        workers: Processes; 1 makes everything in this one.
    """
    rest = {name: job for name, job in jobs.items() if not target.has(name)}
    if not rest:
        tell(f"{target.name}: all {len(jobs)} are there ({target.key})")
        return
    tell(f"{target.name}: {len(rest)} of {len(jobs)} to make ({target.key})")
    began_s = time.monotonic()
    run = partial(_make, target, make)
    for done, name in enumerate(_each(run, rest, workers), start=1):
        gone_s = time.monotonic() - began_s
        left = f", about {gone_s / done * (len(rest) - done) / 60:.0f} min to go" if done < len(rest) else ""
        tell(f"{target.name}: {done} of {len(rest)}, {gone_s / 60:.1f} min{left}: {name}")


def _each(run: Callable[[tuple[str, J]], str], jobs: Mapping[str, J], workers: int) -> Iterable[str]:
    if min(workers, len(jobs)) <= 1:
        yield from map(run, jobs.items())
        return
    # Spawned, not forked: engines and the embedder hold threads and locks that a fork would copy half-way.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
        try:
            for future in as_completed([pool.submit(run, item) for item in jobs.items()]):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _make(target: Step, make: Callable[[J], object], item: tuple[str, J]) -> str:
    """Make one output where the work is, so that it does not travel between processes."""
    name, job = item
    target.save(name, make(job))
    return name

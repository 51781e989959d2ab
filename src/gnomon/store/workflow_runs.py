"""Runs of workflows: one file a run, written after each step, so that a run that was stopped can go on."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.store.durable import make_private_folder, write_atomically


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run, as far as it has come.

    Args:
        version: The workflow's version, by number.
        sha256: Of the workflow's text.
        given: Parameters as typed.
        steps: What each finished step found, as JSON values.
        ended: Whether the last step is done.
    """

    id: str
    workflow: str
    version: int
    sha256: str
    tenant: str
    subject: str
    started_at: datetime
    given: tuple[tuple[str, str], ...] = ()
    steps: tuple[dict[str, Any], ...] = ()
    ended: bool = False

    def with_step(self, step: dict[str, Any], *, ended: bool) -> "KeptRun":
        """The run after one more step."""
        return replace(self, steps=(*self.steps, step), ended=ended)


class RunStore:
    """The runs in a folder, each for the person who made it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, run: KeptRun) -> None:
        """Write a run down, whole or not at all."""
        make_private_folder(self._folder)
        content = asdict(run) | {"started_at": run.started_at.isoformat()}
        write_atomically(self._folder / f"{run.id}.json", json.dumps(content).encode())

    def of(self, who: Principal) -> tuple[KeptRun, ...]:
        """The runs of a person, the newest first."""
        found = [_read(path) for path in self._folder.glob("w*.json")]
        mine = [r for r in found if (r.tenant, r.subject) == (who.tenant, who.subject)]
        return tuple(sorted(mine, key=lambda r: r.started_at, reverse=True))

    def get(self, run_id: str, who: Principal) -> KeptRun | None:
        """A person's run of that id, or None."""
        return next((r for r in self.of(who) if r.id == run_id), None)


def _read(path: Path) -> KeptRun:
    try:
        found = json.loads(path.read_bytes())
        found["started_at"] = datetime.fromisoformat(found["started_at"])
        found["given"] = tuple((name, text) for name, text in found["given"])
        found["steps"] = tuple(found["steps"])
        return KeptRun(**found)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Misconfigured(
            "a run of a workflow cannot be read",
            facts=(("file", str(path)), ("reason", str(problem))),
            hint="restore the file, or delete it: the run's answers stay",
        ) from problem

"""A real language model on loopback, shared by all tests of a run."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wire import local_llm

_READY_WITHIN_S = 60.0


@pytest.fixture(scope="session")
def local_llm_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL (`http://127.0.0.1:PORT/v1`) of an OpenAI-compatible server with a weak real model.

    The server is a process of its own and ends with the test run. Where it cannot run, tests that ask
    for it are skipped with the reason, or fail if CI=true.
    """
    missing = local_llm.missing()
    if missing:
        _give_up(missing)
    log = tmp_path_factory.mktemp("local-llm") / "server.log"
    with log.open("wb") as errors, _started(errors.fileno()) as process:
        try:
            yield f"{_address(process, log)}/v1"
        finally:
            process.communicate(timeout=30)


def _started(errors: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(Path(local_llm.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )


def _address(process: "subprocess.Popen[str]", log: Path) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _READY_WITHIN_S)
    line = process.stdout.readline().strip() if ready else ""
    if not line.startswith("http"):
        tail = " ".join(log.read_text(errors="replace").splitlines()[-3:])
        _give_up(f"the local model's server did not start: {tail or 'it said nothing'}")
    return line


def _give_up(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)

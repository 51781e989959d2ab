"""How the command's process ends."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.requirement("cli:errors")


def run_process(body: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    code = f"import atexit, sys\nfrom gnomon.surfaces.cli.process import run_process\n{body}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)


def test_the_exit_code_and_all_output_arrive(tmp_path: Path) -> None:
    done = run_process("def act(): print('out' * 9_999); sys.exit(4)\nrun_process(act)", tmp_path)
    assert (done.returncode, done.stdout) == (4, "out" * 9_999 + "\n")


def test_what_was_to_happen_at_the_end_happens(tmp_path: Path) -> None:
    body = "atexit.register(lambda: print('put away'))\nrun_process(lambda: sys.exit(0))"
    assert run_process(body, tmp_path).stdout == "put away\n"


def test_a_message_instead_of_a_code_is_printed_as_python_does(tmp_path: Path) -> None:
    done = run_process("run_process(lambda: sys.exit('no'))", tmp_path)
    assert (done.returncode, done.stderr) == (1, "no\n")


def test_a_reader_that_has_gone_is_no_crash(tmp_path: Path) -> None:
    body = "import os\ndef act():\n print('x')\n os.close(1)\n sys.exit(0)\nrun_process(act)"
    assert "Traceback" not in run_process(body, tmp_path).stderr

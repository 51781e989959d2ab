"""Settings that cannot be read, and a state folder that cannot be written."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]
Check = Callable[..., None]

settings = pytest.mark.requirement("cli:bad-settings")
state = pytest.mark.requirement("cli:bad-state")


@settings
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[warehouse\nurl =", ["not valid TOML", "line 1"]),
        (b'[warehouse]\nurl = "x"\nfoo = 1\n', ["`foo` is not a setting", "gnomon.toml:3"]),
        (b'[limits]\nmax_rows = "many"\n', ["`limits.max_rows` has a wrong value", "whole number"]),
        (b"[limits]\nmax_rows = -5\n", ["`limits.max_rows` has a wrong value"]),
        (b"\xff\xfe\x00\x01", ["cannot be read", "encoding"]),
        (b"", ["no warehouse is set", "no `url` under [warehouse]"]),
    ],
    ids=["syntax", "unknown", "type", "range", "bytes", "empty"],
)
def test_a_settings_file_that_cannot_be_used_is_named_with_the_place(
    run: Run, clear: Check, folder: Path, content: bytes, words: list[str]
) -> None:
    (folder / "gnomon.toml").write_bytes(content)
    clear(run("ask", "how many orders"), 3, *words)
    looked = run("doctor")
    assert looked.exit_code == 3
    assert "✗" in looked.stdout


@state
def test_a_state_folder_that_is_a_file_is_named(
    run: Run, clear: Check, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("GNOMON_HOME", str(tmp_path / "file"))
    for command in (("ask", "how many orders", "-w", shop), ("index", "-w", shop), ("history",)):
        clear(run(*command), 3, f"cannot use {tmp_path / 'file'}", "GNOMON_HOME")
    assert (tmp_path / "file").read_text() == "mine"


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[None]:
    place.mkdir()
    if shutil.which("mount") is None or _mount(place, f"size={kilobytes}k").returncode:
        pytest.skip("no file system of its own size can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True, capture_output=True)


def _mount(place: Path, options: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False
    )


def _again(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True, capture_output=True)


@state
@pytest.mark.parametrize("kilobytes", [40, 200, 300])
def test_a_full_disk_is_said_and_with_room_again_the_question_is_answered(
    run: Run,
    clear: Check,
    answered: Check,
    shop: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kilobytes: int,
) -> None:
    disk = tmp_path / "disk"
    monkeypatch.setenv("GNOMON_HOME", str(disk))
    with small_disk(disk, kilobytes):
        clear(run("ask", "how many orders", "-w", shop), 3, f"no room left to write in {disk}")
        _again(disk, "size=20m")
        answered(run("ask", "how many orders", "-w", shop), "is 3.")


@state
def test_a_read_only_state_folder_is_named_and_keeps_what_it_holds(
    run: Run, clear: Check, answered: Check, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    monkeypatch.setenv("GNOMON_HOME", str(disk))
    with small_disk(disk, 20_000):
        _again(disk, "ro")
        clear(run("ask", "how many orders", "-w", shop), 3, f"cannot write in {disk}", "Read-only")
        _again(disk, "rw")
        answered(run("ask", "how many orders", "-w", shop), "is 3.")
        _again(disk, "ro")
        # What cannot be recorded is not done, reading included.
        clear(run("tables", "-w", shop), 3, f"cannot write in {disk}")
        clear(run("ask", "how many orders", "-w", shop), 3, f"cannot write in {disk}")
        _again(disk, "rw")
        answered(run("show", "last"), "is 3.")

"""Kept results on disk: whole or not at all, whoever else writes, and gone when their time is over."""

import os
import random
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gnomon.domain.errors import Failed, GnomonError, Misconfigured, Retry
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.store.audit import AuditLog
from gnomon.store.scratch import KEEP_HOURS, MAX_BYTES, MAX_TABLES, Place, ScratchStore
from store.scratch_writer import ORIGIN, place, table

KILLS = 25
WRITER = Path(__file__).with_name("scratch_writer.py")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def unrecorded(detail: Mapping[str, str]) -> None:
    """Keep no record."""


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), str(folder), name, str(count)]
    environ = {**os.environ, "PYTHONPATH": str(WRITER.parents[1])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)


@pytest.fixture
def store(tmp_path: Path) -> ScratchStore:
    return ScratchStore(tmp_path / "scratch", now=lambda: NOW)


@pytest.mark.requirement("writes:scratch-only")
def test_a_kill_in_the_middle_of_a_write_leaves_whole_tables_alone(tmp_path: Path) -> None:
    moments, said = random.Random(7), []
    for kill in range(KILLS):
        process = writer(tmp_path, f"k{kill}", 100_000)
        assert process.stdout is not None
        received = [process.stdout.readline() for _ in range(moments.randint(1, 6))]
        os.kill(process.pid, signal.SIGKILL)
        received += process.stdout.read().splitlines(keepends=True)
        process.wait(timeout=30)
        process.stdout.close()
        said += [line.strip() for line in received if line.endswith("\n")]
    store = ScratchStore(tmp_path / "scratch")
    store.sweep(unrecorded)
    kept = {k.place.conversation_id: k for k in store.every()}
    assert set(said) <= set(kept), "what was acknowledged is there"
    assert all(store.rows(k).rows == table(name).rows for name, k in kept.items())
    files = [p for p in store.folder.glob("*/*") if p.is_file()]
    assert len(files) == len(kept), "the sweep leaves nothing half-written"
    assert AuditLog(tmp_path / "audit").verify().sound
    assert set(kept) <= recorded(tmp_path), "and nothing is there without its record"


def recorded(folder: Path) -> set[str]:
    """Conversations whose write was recorded."""
    return {dict(event.detail)["conversation"] for event in AuditLog(folder / "audit").events()}


@pytest.mark.requirement("writes:scratch-only")
def test_processes_keep_and_sweep_in_one_folder_at_once(tmp_path: Path) -> None:
    processes = [writer(tmp_path, f"p{n}", 12) for n in range(3)]
    store = ScratchStore(tmp_path / "scratch")
    while any(p.poll() is None for p in processes):
        assert store.sweep(unrecorded) == (), "a sweep takes no table away that another process writes"
        assert all(store.tables(k.place) == (k,) for k in store.every())
    assert [p.returncode for p in processes] == [0, 0, 0]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    assert len(store.every()) == 36


@pytest.mark.requirement("writes:scratch-only")
def test_of_threads_that_take_one_name_one_gets_it(store: ScratchStore) -> None:
    refused: list[GnomonError] = []

    def keep(text: str) -> None:
        try:
            store.keep(place("c1"), "x", ORIGIN, table(text), unrecorded)
        except Retry as error:
            refused.append(error)

    threads = [threading.Thread(target=keep, args=(f"t{n}",)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 4
    assert len(store.tables(place("c1"))) == 1


@pytest.mark.requirement("writes:scratch-only")
def test_what_comes_back_is_what_was_kept(store: ScratchStore) -> None:
    kept = store.keep(place("c1"), "x", ORIGIN, table("é\n☃"), unrecorded)
    assert store.tables(place("c1")) == (kept,)
    assert store.rows(kept) == table("é\n☃")
    assert kept.unique == ("n",)


@pytest.mark.requirement("writes:scratch-only")
@pytest.mark.parametrize(
    "other",
    [
        *(place("c2"), place("c1", "bo"), place("c1\0ana"), place("")),
        *(replace(place("c1"), tenant="x"), replace(place("c1"), warehouse_id="w2")),
    ],
)
def test_places_do_not_see_each_other(store: ScratchStore, other: Place) -> None:
    store.keep(place("c1"), "x", ORIGIN, table("a"), unrecorded)
    assert store.tables(other) == ()


@pytest.mark.requirement("writes:scratch-only")
def test_a_file_that_was_moved_to_another_place_is_not_of_it(store: ScratchStore) -> None:
    store.keep(place("c1"), "x", ORIGIN, table("a"), unrecorded)
    mine, theirs = (store.folder / place(c).key for c in ("c1", "c2"))
    mine.rename(theirs)
    assert store.tables(place("c2")) == store.every() == ()
    store.sweep(unrecorded)
    assert not theirs.exists()


@pytest.mark.requirement("writes:scratch-only")
@pytest.mark.parametrize("name", ["../x", "x/y", "", "X", "x" * 49, "x\n", "é"])
def test_a_name_that_is_no_plain_word_never_becomes_a_path(store: ScratchStore, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a kept table"):
        store.keep(place("c1"), name, ORIGIN, table("a"), unrecorded)
    assert not store.folder.exists()


@pytest.mark.requirement("writes:scratch-only")
def test_a_conversation_is_bounded_in_tables_and_bytes(store: ScratchStore) -> None:
    for number in range(MAX_TABLES):
        store.keep(place("c1"), f"t{number}", ORIGIN, table("a", 1), unrecorded)
    with pytest.raises(Failed, match="is full"):
        store.keep(place("c1"), "more", ORIGIN, table("a", 1), unrecorded)
    big = ResultTable((ResultColumn("text", "text"),), (("x" * (MAX_BYTES // 2),),))
    store.keep(place("c2"), "one", ORIGIN, big, unrecorded)
    with pytest.raises(Failed, match="is full"):
        store.keep(place("c2"), "two", ORIGIN, big, unrecorded)


@pytest.mark.requirement("writes:scratch-only")
def test_where_nothing_can_be_written_it_is_said_and_nothing_remains(tmp_path: Path) -> None:
    (tmp_path / "scratch").write_text("a file in the way")
    with pytest.raises(Misconfigured):
        ScratchStore(tmp_path / "scratch").keep(place("c1"), "x", ORIGIN, table("a"), unrecorded)
    assert [p.name for p in tmp_path.iterdir()] == ["scratch"]


@pytest.mark.requirement("writes:scratch-only")
def test_files_and_folders_are_for_their_owner_alone(store: ScratchStore) -> None:
    store.keep(place("c1"), "x", ORIGIN, table("a"), unrecorded)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in store.folder.rglob("*") if p.is_file()}
    folders = {stat.S_IMODE(p.stat().st_mode) for p in (store.folder, store.folder / place("c1").key)}
    assert (modes, folders) == ({0o600}, {0o700})


@pytest.mark.requirement("writes:wiped")
def test_a_sweep_takes_what_is_over_and_what_is_not_sound_and_records_each_first(tmp_path: Path) -> None:
    clock = [NOW]
    store = ScratchStore(tmp_path / "scratch", now=lambda: clock[0])
    store.keep(place("old"), "x", ORIGIN, table("a"), unrecorded)
    clock[0] += timedelta(hours=KEEP_HOURS)
    store.keep(place("new"), "y", ORIGIN, table("b"), unrecorded)
    folder = store.folder / place("new").key
    (folder / "y.kepthj2k.tmp").write_bytes(b"half of a ta")
    (folder / "z.kept").write_bytes(b"not a table")
    seen: list[tuple[str, str, int]] = []

    def before(detail: Mapping[str, str]) -> None:
        left = len([p for p in store.folder.glob("*/*") if p.is_file()])
        seen.append((detail["place"], detail["why"], left))

    assert [k.name for k in store.sweep(before)] == ["x"]
    assert seen == [
        ("scratch.x", "expired", 4),
        ("file y.kepthj2k.tmp of the scratch", "not sound", 3),
        ("file z.kept of the scratch", "not sound", 2),
    ]
    assert [k.name for k in store.every()] == ["y"]
    assert not (store.folder / place("old").key).exists()


@pytest.mark.requirement("writes:wiped")
def test_a_wipe_that_cannot_be_recorded_does_not_happen(store: ScratchStore) -> None:
    def full(detail: Mapping[str, str]) -> None:
        raise Misconfigured("no room left to write the record")

    store.keep(place("c1"), "x", ORIGIN, table("a"), unrecorded)
    with pytest.raises(Misconfigured):
        store.wipe(lambda k: True, "asked for", full)
    assert len(store.every()) == 1


@pytest.mark.requirement("writes:wiped")
def test_where_nothing_was_ever_kept_a_sweep_makes_no_folder(store: ScratchStore) -> None:
    assert store.sweep(unrecorded) == store.every() == ()
    assert not store.folder.exists()


@pytest.mark.requirement("writes:wiped")
def test_rows_that_were_wiped_or_changed_are_not_read(store: ScratchStore) -> None:
    kept = store.keep(place("c1"), "x", ORIGIN, table("a"), unrecorded)
    other = store.keep(place("c1"), "y", ORIGIN, table("b"), unrecorded)
    x, y = (store.folder / place("c1").key / f"{name}.kept" for name in ("x", "y"))
    x.write_bytes(x.read_bytes().split(b"\n", 1)[0] + b"\n" + y.read_bytes().split(b"\n", 1)[1])
    with pytest.raises(Failed, match="cannot be read any more"):
        store.rows(kept)
    store.wipe(lambda k: k == other, "asked for", unrecorded)
    with pytest.raises(Failed, match="cannot be read any more"):
        store.rows(other)

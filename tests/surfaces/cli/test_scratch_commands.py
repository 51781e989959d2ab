"""`gnomon scratch`, and when a scratch is wiped without being asked to."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import Result

from gnomon.domain.catalog import TableRef
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.settings import Settings
from gnomon.store.audit import AuditLog
from gnomon.store.scratch import KEEP_HOURS, Origin, Place, ScratchStore
from gnomon.wiring import open_gnomon, scratch_store

Run = Callable[..., Result]
ROWS = ResultTable((ResultColumn("secret", "integer"),), ((4_242,),))
ORIGIN = Origin((TableRef("orders"),), "f1")


def unrecorded(detail: Mapping[str, str]) -> None:
    """Keep no record."""


@pytest.fixture
def store(folder: Path) -> ScratchStore:
    """Results that Ana and Bo keep."""
    return filled()


def filled() -> ScratchStore:
    store = scratch_store(Settings.load())
    for subject, conversation in (("ana@acme.test", "c1"), ("ana@acme.test", "c2"), ("bo@acme.test", "c1")):
        place = Place("local", subject, conversation, "w1")
        store.keep(place, f"of_{conversation}", ORIGIN, ROWS, unrecorded)
    return store


def left(store: ScratchStore) -> list[tuple[str, str]]:
    return sorted((k.place.subject, k.place.conversation_id) for k in store.every())


def writes() -> list[Mapping[str, str]]:
    """What the audit log says of writes."""
    events = AuditLog(Path(os.environ["GNOMON_HOME"]) / "audit").events()
    return [dict(event.detail) for event in events if event.kind == "write"]


@pytest.mark.requirement("writes:wiped")
def test_people_see_what_they_keep_and_no_rows(store: ScratchStore, run: Run) -> None:
    done = run("scratch", "list")
    assert done.exit_code == 0
    assert "scratch.of_c1" in done.stdout
    assert "bo@acme.test" not in done.stdout
    listed = json.loads(run("scratch", "list", "--json").stdout)
    assert [(k["table"], k["rows"], k["from"]) for k in listed] in (
        [("scratch.of_c1", 1, ["orders"]), ("scratch.of_c2", 1, ["orders"])],
        [("scratch.of_c2", 1, ["orders"]), ("scratch.of_c1", 1, ["orders"])],
    )
    assert "4242" not in run("scratch", "list", "--json", "--everyone").stdout


@pytest.mark.requirement("writes:wiped")
def test_people_wipe_what_they_keep_of_one_conversation_or_of_all(store: ScratchStore, run: Run) -> None:
    done = run("scratch", "wipe", "c1")
    assert (done.exit_code, done.stderr) == (0, "wiped 1 kept result\n")
    assert left(store) == [("ana@acme.test", "c2"), ("bo@acme.test", "c1")]
    assert len(json.loads(run("scratch", "wipe", "--json").stdout)) == 1
    assert left(store) == [("bo@acme.test", "c1")]
    assert [(w["act"], w["place"], w["why"]) for w in writes()] == [
        ("wipe", "scratch.of_c1", "asked for"),
        ("wipe", "scratch.of_c2", "asked for"),
    ]


@pytest.mark.requirement("writes:wiped")
def test_an_operator_wipes_everything(store: ScratchStore, run: Run) -> None:
    (store.folder / "remains").mkdir()
    (store.folder / "remains" / "x.kept.tmp").write_bytes(b"half")
    assert run("scratch", "wipe", "--everyone").exit_code == 0
    assert [p.name for p in store.folder.rglob("*")] == [".lock"]
    assert "nothing is kept" in run("scratch", "list", "--everyone").stderr


@pytest.mark.requirement("writes:wiped")
def test_with_a_token_of_a_person_nobody_elses_is_listed_or_wiped(
    store: ScratchStore, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(run("token", "create", "bo@acme.test", "--json").stdout)
    monkeypatch.setenv("GNOMON_TOKEN", made["token"])
    for command in ("list", "wipe"):
        done = run("scratch", command, "--everyone")
        assert done.exit_code == 1
        assert "this is for operators" in done.stderr
    assert len(left(store)) == 3
    assert run("scratch", "wipe").exit_code == 0
    assert left(store) == [("ana@acme.test", "c1"), ("ana@acme.test", "c2")]


@pytest.mark.requirement("writes:wiped")
def test_what_expired_is_wiped_when_gnomon_opens(indexed: Path, run: Run) -> None:
    store = filled()
    past = datetime.now(UTC) - timedelta(hours=KEEP_HOURS)
    old = ScratchStore(store.folder, now=lambda: past)
    old.keep(Place("local", "cy@acme.test", "c9", "w1"), "old", ORIGIN, ROWS, unrecorded)
    assert run("tables").exit_code == 0
    assert len(list(store.folder.glob("*/*.kept"))) == len(left(store))
    assert [(w["place"], w["why"]) for w in writes()] == [("scratch.old", "expired")]


@pytest.mark.requirement("writes:wiped")
def test_at_its_end_a_conversation_takes_what_it_keeps_with_it(indexed: Path) -> None:
    store = filled()
    gnomon = open_gnomon(Settings.load())
    try:
        gnomon.end_conversation("c1")
    finally:
        gnomon.close()
    assert ("ana@acme.test", "c1") not in left(store)
    assert ("bo@acme.test", "c1") in left(store)
    assert [w["why"] for w in writes()] == ["the conversation ended"]


@pytest.mark.requirement("cli:help")
@pytest.mark.parametrize("command", ["list", "wipe"])
def test_each_command_has_help_with_an_example_of_itself(run: Run, command: str) -> None:
    shown = run("scratch", command, "--help").stdout
    assert f"  gnomon scratch {command}" in shown
    assert "--json" in shown

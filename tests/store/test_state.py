"""The state folder: what was saved is there afterwards, as it was, whatever happened in between."""

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gnomon.domain.answer import Answer, ExecutedQuery, Question, Turn
from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Failed, GnomonError, Misconfigured, Refused, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.store.results import path_of, result_ref
from gnomon.store.schema import MIGRATIONS, set_aside
from gnomon.store.state import StateStore

pytestmark = pytest.mark.requirement("store:state-durable")

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ANA, BEN = Principal("ana", "acme", frozenset({"sales"})), Principal("ben", "acme")
TABLE = ResultTable(
    (ResultColumn("x", "decimal"), ResultColumn("x", "other")),
    ((Decimal("1.10"), NOW), (None, timedelta(days=1)), (Decimal("-0.00"), b"\x00")),
    truncated=True,
    elapsed_s=0.25,
)
KILLS = 12
SAVER = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from gnomon.domain.answer import Answer, Question, Turn
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.store.state import StateStore
store = StateStore.open(Path(sys.argv[1]))
for i in range(int(sys.argv[2])):
    name = f"{sys.argv[3]}-{i}"
    question = Question("q" + name, "how many?", Principal("ana", "acme"), datetime.now(UTC), sys.argv[3])
    rows = tuple((name, n) for n in range(50))
    table = ResultTable((ResultColumn("a", "text"), ResultColumn("b", "integer")), rows)
    store.save_turn(Turn(question, Answer(name, question, "answered", "so many", result=table)))
    sys.stdout.write(name + "\\n")
    sys.stdout.flush()
"""


def answer(
    answer_id: str, *, who: Principal = ANA, conversation: str = "c1", table: ResultTable | None = TABLE
) -> Answer:
    question = Question(f"q-{answer_id}", f"question of {answer_id}?", who, NOW, conversation)
    queries = () if table is None else (ExecutedQuery("SELECT 1", "", (), result_ref("r1", table), 0.1),)
    return Answer(answer_id, question, "answered", "It is 1.10.", "1.10", table, queries, (TableRef("t"),))


def turn(answer_id: str, **options: object) -> Turn:
    made = answer(answer_id, **options)  # type: ignore[arg-type]
    return Turn(made.question, made)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    opened = StateStore.open(tmp_path / "state")
    yield opened
    opened.close()


def saver(folder: Path, count: int, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SAVER, str(folder), str(count), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """Let this process write no file beyond that size: the system then refuses as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def as_somebody_without_rights(folder: Path) -> Iterator[None]:
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield
    folder.chmod(0o755)


@pytest.mark.requirement("ODA-03")
def test_an_answer_comes_back_equal_after_reopening(tmp_path: Path) -> None:
    with closing(StateStore.open(tmp_path)) as first:
        first.save_answer(answer("a1"))
        first.save_answer(answer("a2", table=None))
    with closing(StateStore.open(tmp_path)) as second:
        assert second.load_answer("a1") == answer("a1")
        assert second.load_answer("a2") == answer("a2", table=None)


def test_an_answer_is_found_by_a_beginning_of_its_id_and_as_last(store: StateStore) -> None:
    store.save_answer(answer("7f3a"))
    store.save_answer(answer("7f3b"))
    store.save_answer(answer("9c01"))
    assert store.load_answer("9").id == "9c01"
    assert store.load_answer("7f3a").id == "7f3a"
    assert store.load_answer("last").id == "9c01"


def test_an_id_that_is_a_beginning_of_another_is_found(store: StateStore) -> None:
    store.save_answer(answer("a1"))
    store.save_answer(answer("a12"))
    assert store.load_answer("a1").id == "a1"


def test_an_unknown_id_names_the_near_ones(store: StateStore) -> None:
    for name in ("7f3a22", "7f3b11", "c0ffee"):
        store.save_answer(answer(name))
    with pytest.raises(Retry) as unknown:
        store.load_answer("7f3a23")
    assert unknown.value.facts[0][1].startswith("7f3a22")
    with pytest.raises(Retry, match="several answers begin") as several:
        store.load_answer("7f3")
    assert "7f3b11" in several.value.facts[0][1]


@pytest.mark.parametrize("key", ["last", "a%", "", "'; DROP TABLE answers; --"])
def test_an_empty_store_says_that_nothing_is_stored(store: StateStore, key: str) -> None:
    with pytest.raises(Retry, match="no answer is stored yet"):
        store.load_answer(key)


def test_answers_are_listed_newest_first(store: StateStore) -> None:
    for i in range(4):
        store.save_answer(answer(f"a{i}"))
    listed = store.list_answers(3)
    assert [s.id for s in listed] == ["a3", "a2", "a1"]
    assert listed[0].asked_at == NOW
    assert (listed[0].headline, listed[0].question) == ("1.10", "question of a3?")


@pytest.mark.requirement("ODA-03")
def test_a_conversation_resumes_with_all_its_turns(tmp_path: Path) -> None:
    turns = (turn("a1"), turn("a2", table=None), turn("a3"))
    with closing(StateStore.open(tmp_path)) as first:
        for each in turns:
            first.save_turn(each)
    with closing(StateStore.open(tmp_path)) as second:
        resumed = second.latest_conversation(ANA)
    assert resumed is not None
    assert (resumed.id, resumed.principal, resumed.turns) == ("c1", ANA, turns)


@pytest.mark.requirement("X-05")
def test_an_interrupted_turn_is_kept_and_its_completion_takes_its_place(store: StateStore) -> None:
    store.save_turn(turn("a1"))
    started = turn("a2")
    broken_off = replace(started, answer=replace(started.answer, status="interrupted", result=None, text=""))
    store.save_turn(broken_off)
    store.save_turn(turn("a3"))
    kept = store.load_conversation("c1")
    assert kept is not None
    assert kept.turns[1] == broken_off
    store.save_turn(started)
    whole = store.load_conversation("c1")
    assert whole is not None
    assert [t.answer.id for t in whole.turns] == ["a1", "a2", "a3"]
    assert whole.turns[1] == started


def test_the_latest_conversation_is_the_one_with_the_newest_turn(store: StateStore) -> None:
    store.save_turn(turn("a1", conversation="c1"))
    store.save_turn(turn("a2", conversation="c2"))
    store.save_turn(turn("a3", conversation="c1"))
    latest = store.latest_conversation(ANA)
    assert latest is not None
    assert latest.id == "c1"
    assert store.latest_conversation(BEN) is None
    assert store.load_conversation("unknown") is None


def test_what_belongs_to_others_does_not_exist_for_a_person(store: StateStore) -> None:
    store.save_turn(turn("a1", who=ANA))
    store.save_turn(turn("b1", who=BEN, conversation="c2"))
    assert store.load_answer("last", principal=ANA).id == "a1"
    assert [s.id for s in store.list_answers(principal=ANA)] == ["a1"]
    assert store.load_conversation("c2", principal=ANA) is None
    with pytest.raises(Retry) as unknown:
        store.load_answer("b1", principal=ANA)
    assert "b1" not in unknown.value.facts[0][1]
    assert store.list_answers(principal=Principal("ana", "other-tenant")) == ()


def test_nobody_adds_to_the_conversation_of_somebody_else(store: StateStore) -> None:
    store.save_turn(turn("a1", who=ANA))
    with pytest.raises(Refused) as refused:
        store.save_turn(turn("b1", who=BEN))
    assert refused.value.rule == "own-conversation"
    assert [s.id for s in store.list_answers()] == ["a1"]


def test_nobody_replaces_the_answer_of_somebody_else(store: StateStore) -> None:
    store.save_answer(answer("a1", who=ANA))
    with pytest.raises(Refused) as refused:
        store.save_answer(answer("a1", who=BEN))
    assert refused.value.rule == "own-answer"
    assert store.load_answer("a1") == answer("a1", who=ANA)


def test_rows_are_stored_once_however_many_answers_show_them(store: StateStore, tmp_path: Path) -> None:
    ref = store.save_result("r1", TABLE)
    store.save_answer(answer("a1"))
    store.save_answer(answer("a2"))
    assert len(list((tmp_path / "state" / "results").iterdir())) == 1
    assert ref == result_ref("r1", TABLE)
    assert store.load_result(ref) == replace(TABLE, elapsed_s=0.0)


def test_changed_rows_are_reported_and_never_shown(store: StateStore, tmp_path: Path) -> None:
    store.save_turn(turn("a1"))
    other = replace(TABLE, rows=TABLE.rows[:1])
    store.save_result("r2", other)
    results = tmp_path / "state" / "results"
    path = path_of(results, result_ref("r1", TABLE).sha256)
    forged = path_of(results, result_ref("r2", other).sha256).read_bytes()
    for content, cause in ((forged, "changed"), (b"rubbish", "damaged"), (path.read_bytes()[:-4], "damaged")):
        path.write_bytes(content)
        for load in (lambda: store.load_answer("a1"), lambda: store.load_conversation("c1")):
            with pytest.raises(Failed, match="cannot be shown") as failed:
                load()
            assert cause in failed.value.facts[1][1]
    path.unlink()
    with pytest.raises(Failed) as missing:
        store.load_answer("a1")
    assert "missing" in missing.value.facts[1][1]
    assert store.load_answer("a1", rows=False).text == "It is 1.10."


def test_asking_again_mends_a_damaged_result(store: StateStore, tmp_path: Path) -> None:
    store.save_answer(answer("a1"))
    path_of(tmp_path / "state" / "results", result_ref("r1", TABLE).sha256).write_bytes(b"rubbish")
    store.save_answer(answer("a2"))
    assert store.load_answer("a1") == answer("a1")


def test_old_rows_expire_and_answers_stay(store: StateStore, tmp_path: Path) -> None:
    store.save_turn(turn("a1"))
    assert store.expire() == 0
    (tmp_path / "state" / "results" / "left-by-a-crash.tmp").write_bytes(b"half")
    assert store.expire(datetime.now(UTC) + timedelta(days=31), keep_days=30) == 1
    assert list((tmp_path / "state" / "results").iterdir()) == []
    with pytest.raises(Failed, match="expired on"):
        store.load_answer("a1")
    with pytest.raises(Failed, match="expired on"):
        store.load_result(result_ref("r1", TABLE))
    assert store.load_answer("a1", rows=False) == replace(answer("a1"), result=None)
    resumed = store.load_conversation("c1")
    assert resumed is not None
    assert resumed.turns[0].answer.result is None
    store.save_answer(answer("a2"))
    assert store.load_answer("a1") == answer("a1")


def test_a_damaged_file_is_reported_and_can_be_set_aside(tmp_path: Path) -> None:
    with closing(StateStore.open(tmp_path)) as first:
        first.save_answer(answer("a1"))
    damaged = b"not a database at all" * 500
    (tmp_path / "state.db").write_bytes(damaged)
    with pytest.raises(Misconfigured, match="is damaged") as error:
        StateStore.open(tmp_path)
    assert "move state.db" in error.value.hint
    aside = set_aside(tmp_path)
    assert aside[0].read_bytes() == damaged
    with closing(StateStore.open(tmp_path)) as fresh:
        assert fresh.list_answers() == ()


def test_damage_inside_the_file_is_reported_when_it_is_met(tmp_path: Path) -> None:
    with closing(StateStore.open(tmp_path)) as first:
        for i in range(40):
            first.save_answer(answer(f"a{i}"))
    path = tmp_path / "state.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))

    def read_all() -> None:
        with closing(StateStore.open(tmp_path)) as store:
            store.list_answers(100)

    with pytest.raises(Misconfigured, match="is damaged"):
        read_all()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    StateStore.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(Misconfigured, match="newer gnomon"):
        StateStore.open(tmp_path)


def test_a_folder_without_the_right_to_write_is_reported(tmp_path: Path) -> None:
    with as_somebody_without_rights(tmp_path), pytest.raises(Misconfigured, match="cannot write in"):
        StateStore.open(tmp_path / "state")


def test_a_file_where_the_folder_should_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(Misconfigured, match="cannot use"):
        StateStore.open(tmp_path / "state")


def test_a_full_disk_stores_nothing_by_halves(store: StateStore, tmp_path: Path) -> None:
    store.save_turn(turn("a1"))
    big = replace(TABLE, rows=tuple((Decimal(random.Random(i).random()), None) for i in range(9_000)))
    with largest_file(100_000), pytest.raises(Misconfigured, match="no room left"):
        store.save_turn(turn("a2", table=big))
    assert [s.id for s in store.list_answers()] == ["a1"]
    assert len(list((tmp_path / "state" / "results").iterdir())) == 1
    store.save_turn(turn("a2", table=big))
    assert store.load_answer("a2").result == big


def test_a_state_file_at_its_limit_stores_nothing_by_halves(tmp_path: Path) -> None:
    with closing(StateStore.open(tmp_path, max_bytes=400_000)) as store:
        saved, refusal = save_until_full(store)
        assert "no room left" in refusal
        kept = store.load_conversation("c1")
        assert kept is not None
        assert [t.answer.id for t in kept.turns] == [f"a{i}" for i in range(saved)]
        assert len(store.list_answers(500)) == saved


def save_until_full(store: StateStore) -> tuple[int, str]:
    """Save long turns until the store refuses; how many it took, and what it said."""
    for i in range(200):
        made = turn(f"a{i}", table=None)
        try:
            store.save_turn(replace(made, answer=replace(made.answer, text="x" * 20_000)))
        except Misconfigured as e:
            return i, e.message
    pytest.fail("the limit was not kept")


def test_several_processes_save_into_one_new_folder(tmp_path: Path) -> None:
    writers = [saver(tmp_path, 15, f"p{i}") for i in range(4)]
    saved = [name for w in writers for name in w.communicate(timeout=60)[0].split()]
    assert [w.returncode for w in writers] == [0, 0, 0, 0]
    with closing(StateStore.open(tmp_path)) as store:
        assert {s.id for s in store.list_answers(100)} == set(saved)
        conversation = store.load_conversation("p2")
    assert conversation is not None
    assert [t.answer.id for t in conversation.turns] == [f"p2-{i}" for i in range(15)]


def test_no_acknowledged_turn_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    moments = random.Random(11)
    saved: list[str] = []
    for kill in range(KILLS):
        writer = saver(tmp_path, 100_000, f"k{kill}")
        assert writer.stdout is not None
        received = [writer.stdout.readline() for _ in range(moments.randint(1, 12))]
        os.kill(writer.pid, signal.SIGKILL)
        received += writer.stdout.read().splitlines(keepends=True)
        writer.wait(timeout=30)
        writer.stdout.close()
        saved += [name.strip() for name in received if name.endswith("\n")]
    with closing(StateStore.open(tmp_path)) as store:
        for name in saved:
            result = store.load_answer(name).result
            assert result is not None
            assert result.rows[0] == (name, 0)
        in_turns = [store.load_conversation(f"k{kill}") for kill in range(KILLS)]
    assert set(saved) <= {t.answer.id for c in in_turns if c is not None for t in c.turns}


def test_threads_share_one_store(store: StateStore) -> None:
    import threading

    failures: list[GnomonError] = []

    def save(name: str) -> None:
        try:
            for i in range(5):
                store.save_turn(turn(f"{name}-{i}", conversation=name))
        except GnomonError as e:
            failures.append(e)

    threads = [threading.Thread(target=save, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.list_answers(100)) == 20


def test_the_state_folder_is_private_and_never_committed(store: StateStore, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert (folder / ".gitignore").read_text() == "*\n"
    assert folder.stat().st_mode & 0o077 == 0

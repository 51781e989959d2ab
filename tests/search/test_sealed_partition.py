"""A sealed partition finds what it found before, faster; a large one finds what comparing all would."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.search.partition import Entry, Hit, Partition
from gnomon.search.view import HELD_ENTRIES

DIMENSIONS = 64
SUBJECTS = ("orders", "refunds", "stores", "customers", "prices", "visits", "payments")
MANY = HELD_ENTRIES + 200


def open_partition(path: Path, *, read_only: bool = False) -> Partition:
    return Partition.open(path, "m", DIMENSIONS, read_only=read_only)


def made(count: int) -> list[Entry]:
    """Entries around a few subjects, as tables of a warehouse are, with one rare word each."""
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(len(SUBJECTS), DIMENSIONS))
    vectors = centres[np.arange(count) % len(SUBJECTS)] + rng.normal(size=(count, DIMENSIONS))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)
    return [
        Entry(f"e{i}", f"Table of {SUBJECTS[i % len(SUBJECTS)]} number x{i}, order by order", "h", unit[i])
        for i in range(count)
    ]


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[Partition]:
    opened = open_partition(tmp_path / "p.db")
    opened.upsert(made(60))
    yield opened
    opened.close()


def asked(partition: Partition, among: frozenset[str] | None = None) -> list[list[Hit]]:
    entries = made(60)
    texts = ("orders", "refund x5 of stores", "x7 x8 x9", "number", "")
    return [partition.search(t, e.vector, 9, among=among) for t, e in zip(texts, entries[::7], strict=False)]


@pytest.mark.requirement("search:sealed")
def test_a_sealed_partition_finds_what_it_found_before(partition: Partition) -> None:
    some = frozenset(f"e{i}" for i in range(0, 60, 3))
    before, before_some = asked(partition), asked(partition, some)
    partition.seal()
    assert asked(partition) == before
    assert asked(partition, some) == before_some


@pytest.mark.requirement("search:sealed")
def test_a_write_breaks_the_seal_and_is_found(partition: Partition) -> None:
    partition.seal()
    new = made(61)[60]
    partition.upsert([new])
    assert partition.search_text("x60", 3) == ["e60"]
    partition.seal()
    assert partition.search_text("x60", 3) == ["e60"]
    partition.delete(["e60"])
    assert partition.search_text("x60", 3) == []


@pytest.mark.requirement("search:sealed")
def test_sealing_twice_and_sealing_nothing_are_harmless(partition: Partition, tmp_path: Path) -> None:
    partition.seal()
    partition.seal()
    assert partition.search_text("x7", 1) == ["e7"]
    empty = open_partition(tmp_path / "empty.db")
    empty.seal()
    assert empty.search("orders", made(1)[0].vector, 5) == []
    empty.close()


@pytest.mark.requirement("search:sealed")
def test_a_seal_of_another_process_is_taken_up(partition: Partition, tmp_path: Path) -> None:
    before = asked(partition)
    other = open_partition(tmp_path / "p.db")
    other.seal()
    assert asked(partition) == before
    other.upsert([Entry("new", "volcano", "h", made(1)[0].vector)])
    other.close()
    assert partition.search_text("volcano", 1) == ["new"]


KILLED = """
import os, signal, sys
from pathlib import Path
import gnomon.search.view as view
from gnomon.search.partition import Partition
partition = Partition.open(Path(sys.argv[1]), "m", int(sys.argv[2]))
written = view._read_signs
def killed(*arguments):
    partition._connection.execute("insert into postings values ('orders', x'', x'')")
    os.kill(os.getpid(), signal.SIGKILL)
view._read_signs = killed
partition.seal()
"""


@pytest.mark.requirement("search:sealed")
def test_a_kill_while_sealing_leaves_a_partition_that_finds_everything(
    partition: Partition, tmp_path: Path
) -> None:
    before = asked(partition)
    partition.close()
    arguments = [sys.executable, "-c", KILLED, str(tmp_path / "p.db"), str(DIMENSIONS)]
    ended = subprocess.run(arguments, check=False, env=dict(os.environ))
    assert ended.returncode == -signal.SIGKILL
    again = open_partition(tmp_path / "p.db")
    assert asked(again) == before
    again.seal()
    assert asked(again) == before
    again.close()


@pytest.mark.requirement("search:partition")
def test_a_file_of_an_older_format_is_refused_with_a_hint(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "old.db")
    connection.execute("create table partition_meta (name text primary key, value text not null)")
    connection.execute("insert into partition_meta values ('embedder', 'm:64')")
    connection.commit()
    connection.close()
    with pytest.raises(Misconfigured) as refused:
        open_partition(tmp_path / "old.db")
    assert "gnomon index --full" in refused.value.hint
    assert dict(refused.value.facts)["reason"] == "format 1, not 2"


@pytest.mark.requirement("search:boosts")
def test_a_boost_turns_two_entries_that_fit_alike(tmp_path: Path) -> None:
    vector = made(1)[0].vector
    partition = open_partition(tmp_path / "p.db")
    partition.upsert(Entry(i, "daily revenue by store", "h", vector) for i in ("a_copy", "b_trusted"))
    partition.upsert([Entry("c_other", "weather", "h", -vector)])
    plain = [h.id for h in partition.search("revenue by store", vector, 3)]
    assert plain == ["a_copy", "b_trusted", "c_other"]
    boosts = {"b_trusted": 1.2, "c_other": 9.0, "not there": 1.3}
    assert [h.id for h in partition.search("revenue by store", vector, 3, boosts=boosts)] == [
        "b_trusted",
        "a_copy",
        "c_other",
    ]
    partition.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "p.db"
    opened = open_partition(path)
    opened.upsert(made(MANY))
    opened.seal()
    opened.close()
    return path


def exact(entries: list[Entry], vector: np.ndarray, k: int) -> list[str]:
    scores = np.array([e.vector for e in entries]) @ vector
    return [entries[i].id for i in np.argsort(-scores, kind="stable")[:k]]


@pytest.mark.requirement("search:large")
def test_a_large_partition_finds_the_nearest_as_comparing_all_would(large: Path) -> None:
    entries, found = made(MANY), 0
    partition = open_partition(large)
    for entry in entries[:40]:
        found += len(set(partition.search_vector(entry.vector, 10)) & set(exact(entries, entry.vector, 10)))
    partition.close()
    assert found >= 396


@pytest.mark.requirement("search:large")
def test_in_a_large_partition_a_rare_word_is_found_though_nothing_else_fits(large: Path) -> None:
    partition = open_partition(large)
    far = -made(1)[0].vector
    hits = partition.search("x12345", far, 25)
    partition.close()
    assert [(h.id, h.dense_rank) for h in hits if h.text_rank == 1] == [("e12345", None)]


@pytest.mark.requirement("search:large")
def test_a_reader_of_few_entries_of_a_large_partition_gets_exact_ranks(large: Path) -> None:
    entries = made(MANY)
    some = [e for e in entries if int(e.id[1:]) % 11 == 0]
    among = frozenset(e.id for e in some)
    partition = open_partition(large)
    for entry in entries[:20]:
        hits = partition.search("", entry.vector, 10, among=among)
        assert [h.id for h in hits] == exact(some, entry.vector, 10)
        assert [h.dense_rank for h in hits] == list(range(1, 11))
    partition.close()


@pytest.mark.requirement("search:large")
def test_a_large_partition_that_is_not_sealed_finds_the_same(large: Path) -> None:
    entries = made(MANY)
    partition = open_partition(large)
    sealed = [partition.search(f"orders x{i}", entries[i].vector, 10) for i in range(5)]
    partition.upsert([Entry("new", "volcano", "h", -entries[0].vector)])
    partition.delete(["new"])
    assert [partition.search(f"orders x{i}", entries[i].vector, 10) for i in range(5)] == sealed
    partition.seal()
    partition.close()


@pytest.mark.requirement("search:large")
def test_an_entry_that_goes_while_it_is_searched_for_is_left_out(large: Path) -> None:
    partition, other, gone = open_partition(large), open_partition(large), made(4)[3]

    class Vector:
        """Read after the words were looked up: by then another process has removed the entry."""

        def __array__(self, *arguments: object, **named: object) -> np.ndarray:
            other.delete([gone.id])
            return np.asarray(gone.vector)

    assert partition.search("x3", gone.vector, 1)[0].id == gone.id
    found = [h.id for h in partition.search("x3", Vector(), 50)]  # type: ignore[arg-type]
    assert (len(found), gone.id in found) == (50, False)
    other.close()
    partition.close()

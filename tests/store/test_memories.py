"""Memories in `state.db`: tenants apart, every version kept, vectors of one embedder, no lost change."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Retry
from gnomon.domain.memory import KnownTable, Memory
from gnomon.store.codec import to_json
from gnomon.store.memories import Change, KeptBoth, MemoryStore
from gnomon.store.schema import MIGRATIONS
from gnomon.store.state import StateStore

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FULL = Memory(
    id="m1",
    text="Revenue means net of «refunds» – ünïcode too",
    reason="ana said so",
    scope="user",
    place="ana@acme.test",
    tenant="acme",
    warehouse="w1",
    author="ana@acme.test",
    created_at=NOW,
    answer_id="a1234",
    tables=(KnownTable(TableRef("orders", "marts"), "f" * 64),),
    means=(("revenue", "marts.orders.net_amount"), ("sales", "marts.orders")),
    question="What is the revenue?",
    sql="SELECT 1",
    expires_at=NOW + timedelta(days=90),
    status="active",
    reviewed_by="ana@acme.test",
    reviewed_at=NOW,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MemoryStore]:
    opened = MemoryStore.open(tmp_path)
    yield opened
    opened.close()


def put(store: MemoryStore, *memories: Memory) -> None:
    for memory in memories:
        store.add(memory, memory.author, NOW)


@pytest.mark.requirement("memory:kept")
def test_a_memory_comes_back_as_it_went_in_also_by_another_process(
    store: MemoryStore, tmp_path: Path
) -> None:
    put(store, FULL)
    other = MemoryStore.open(tmp_path)
    assert other.find("acme", "m1") == FULL
    other.close()


@pytest.mark.requirement("memory:kept")
def test_the_state_of_an_earlier_version_gets_the_new_tables(tmp_path: Path) -> None:
    StateStore.open(tmp_path).close()
    store = MemoryStore.open(tmp_path)
    put(store, FULL)
    assert store.ids("acme") == ("m1",)
    store.close()


@pytest.mark.requirement("memory:kept")
def test_every_version_stays_readable_with_who_changed_what(store: MemoryStore) -> None:
    put(store, FULL)
    edited = replace(FULL, text="Revenue means gross", author="bo@acme.test")
    store.change(FULL, edited, "edit", "bo@acme.test", NOW + timedelta(hours=1))
    ended = replace(edited, status="retired", retired_because="wrong")
    store.change(edited, ended, "retire", "ana@acme.test", NOW + timedelta(hours=2))
    versions = store.versions("acme", "m1")
    assert [(v.version, v.change, v.by) for v in versions] == [
        (1, "add", "ana@acme.test"),
        (2, "edit", "bo@acme.test"),
        (3, "retire", "ana@acme.test"),
    ]
    assert [v.memory for v in versions] == [FULL, edited, ended]
    assert versions[2].at == NOW + timedelta(hours=2)


@pytest.mark.requirement("memory:kept")
def test_a_change_on_top_of_somebody_else_s_is_refused_and_changes_nothing(store: MemoryStore) -> None:
    put(store, FULL)
    edited = replace(FULL, text="theirs")
    store.change(FULL, edited, "edit", "bo@acme.test", NOW)
    with pytest.raises(Retry, match="changed by somebody else"):
        store.change(FULL, replace(FULL, text="mine"), "edit", "ana@acme.test", NOW)
    assert store.find("acme", "m1") == edited
    assert len(store.versions("acme", "m1")) == 2


@pytest.mark.requirement("memory:kept")
def test_of_changes_at_the_same_time_one_wins_and_the_others_are_told(tmp_path: Path) -> None:
    stores = [MemoryStore.open(tmp_path) for _ in range(6)]
    put(stores[0], FULL)
    lost: list[Retry] = []

    def change(n: int) -> None:
        try:
            stores[n].change(FULL, replace(FULL, text=f"of {n}"), "edit", f"p{n}", NOW)
        except Retry as error:
            lost.append(error)

    threads = [threading.Thread(target=change, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 5
    assert len(stores[0].versions("acme", "m1")) == 2
    for each in stores:
        each.close()


@pytest.mark.requirement("memory:tenants")
def test_for_another_tenant_a_memory_does_not_exist(store: MemoryStore) -> None:
    put(store, FULL, replace(FULL, id="m2", tenant="other"))
    assert store.find("other", "m1") is None
    assert store.load("other", ["m1", "m2"]) == (replace(FULL, id="m2", tenant="other"),)
    assert [m.id for m in store.of_warehouse("acme", "w1")] == ["m1"]
    assert store.versions("other", "m1") == ()
    assert store.ids("other") == ("m2",)
    assert [s.id for s in store.sought("other", "w1", [("user", FULL.place)], "e")] == ["m2"]
    with pytest.raises(Retry):
        store.change(replace(FULL, tenant="other"), replace(FULL, tenant="other", text="x"), "edit", "x", NOW)
    store.applied("other", ["m1"], NOW)
    assert store.last_applied("acme", ["m1"]) == {}
    store.keep_vectors("other", "e", {"m1": b"1234"})
    assert store.vectors("acme", "e", ["m1"]) == {}
    assert store.tenants("w1") == ("acme", "other")


@pytest.mark.requirement("memory:kept")
def test_lists_take_warehouse_status_and_place_and_put_the_newest_first(store: MemoryStore) -> None:
    put(
        store,
        FULL,
        replace(FULL, id="m2", status="proposed"),
        replace(FULL, id="m3", scope="global", place=""),
        replace(FULL, id="m4", warehouse="w2"),
        replace(FULL, id="m5", scope="channel", place="C1"),
    )
    assert [m.id for m in store.of_warehouse("acme", "w1")] == ["m5", "m3", "m2", "m1"]
    assert [m.id for m in store.of_warehouse("acme", "w1", ("proposed", "retired"))] == ["m2"]
    assert [m.id for m in store.of_warehouse("acme", "w1", (), ("channel", "C1"))] == ["m5"]
    assert store.open_proposals("acme", FULL.author) == 1


@pytest.mark.requirement("memory:recall")
def test_a_search_looks_at_active_memories_of_its_places_alone(store: MemoryStore) -> None:
    put(
        store,
        FULL,
        replace(FULL, id="m2", status="proposed"),
        replace(FULL, id="m3", place="bo@acme.test"),
        replace(FULL, id="m4", scope="global", place="", means=()),
        replace(FULL, id="m5", warehouse="w2"),
    )
    found = store.sought("acme", "w1", [("user", "ana@acme.test"), ("global", "")], "e")
    assert [(s.id, s.phrases, s.vector) for s in found] == [
        ("m1", ("revenue", "sales"), None),
        ("m4", (), None),
    ]


@pytest.mark.requirement("memory:recall")
def test_a_vector_counts_for_its_embedder_and_its_text(store: MemoryStore) -> None:
    put(store, FULL)
    store.keep_vectors("acme", "one", {"m1": b"\0\0\x80?"})
    place = [("user", FULL.place)]
    assert store.sought("acme", "w1", place, "one")[0].vector == b"\0\0\x80?"
    assert store.sought("acme", "w1", place, "another")[0].vector is None
    confirmed = replace(FULL, reviewed_by="bo@acme.test")
    store.change(FULL, confirmed, "confirm", "bo@acme.test", NOW)
    assert store.vectors("acme", "one", ["m1"]) == {"m1": b"\0\0\x80?"}, "its text is the same"
    store.change(confirmed, replace(FULL, text="other"), "edit", "bo@acme.test", NOW)
    assert store.vectors("acme", "one", ["m1"]) == {}


@pytest.mark.requirement("memory:review")
def test_use_is_noted_to_the_hour(store: MemoryStore) -> None:
    put(store, FULL)
    for minutes in (0, 30, 59):
        store.applied("acme", ["m1", "gone"], NOW + timedelta(minutes=minutes))
    assert store.last_applied("acme", ["m1", "gone"]) == {"m1": NOW}
    store.applied("acme", ["m1"], NOW + timedelta(minutes=60))
    assert store.last_applied("acme", ["m1"]) == {"m1": NOW + timedelta(hours=1)}


@pytest.mark.requirement("memory:kept")
def test_more_ids_than_a_statement_takes_are_found(store: MemoryStore) -> None:
    put(store, *(replace(FULL, id=f"m{n}") for n in range(601)))
    assert len(store.load("acme", [f"m{n}" for n in range(700)])) == 601


@pytest.mark.requirement("memory:scopes")
@pytest.mark.parametrize(("scope", "place"), [("user", ""), ("channel", ""), ("global", "ana")])
def test_a_memory_has_a_place_unless_it_is_for_everybody(scope: str, place: str) -> None:
    with pytest.raises(ValueError, match="cannot be for"):
        replace(FULL, scope=scope, place=place)  # type: ignore[arg-type]


@pytest.mark.requirement("memory:kept")
def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        replace(FULL, expires_at=datetime(2026, 1, 1))


OTHER = replace(FULL, id="m2", text="Revenue means gross")
BY = "olga@acme.test"


def keep_both(store: MemoryStore, one: Memory, other: Memory, by: str = BY, at: datetime = NOW) -> None:
    store.carry_out([Change("keep", one, one, (other,))], by, at)


@pytest.mark.requirement("memory:kept-both")
@pytest.mark.parametrize("turned", [False, True])
def test_that_two_are_kept_is_remembered_with_who_decided_and_when(
    store: MemoryStore, tmp_path: Path, turned: bool
) -> None:
    put(store, FULL, OTHER)
    one, other = (OTHER, FULL) if turned else (FULL, OTHER)
    keep_both(store, one, other)
    keep_both(store, other, one, "late@acme.test", NOW + timedelta(days=1))
    with closing(MemoryStore.open(tmp_path)) as again:
        assert again.kept_both("acme", "w1") == (KeptBoth("m1", "m2", BY, NOW),)
    assert len(store.versions("acme", "m1")) == 1, "keeping both changes neither"


@pytest.mark.requirement("memory:kept-both")
@pytest.mark.parametrize("changed", [FULL, OTHER])
def test_another_version_of_either_is_another_pair(store: MemoryStore, changed: Memory) -> None:
    put(store, FULL, OTHER)
    keep_both(store, FULL, OTHER)
    edited = replace(changed, reason="the handbook")
    store.change(changed, edited, "edit", BY, NOW)
    assert store.kept_both("acme", "w1") == ()
    store.change(edited, changed, "edit", BY, NOW)
    assert store.kept_both("acme", "w1") == (), "the same words later are another version, too"


@pytest.mark.requirement("memory:kept-both", "memory:tenants")
def test_who_keeps_what_is_of_one_tenant_and_warehouse(store: MemoryStore) -> None:
    put(store, FULL, OTHER)
    keep_both(store, FULL, OTHER)
    assert store.kept_both("other", "w1") == ()
    assert store.kept_both("acme", "w2") == ()


@pytest.mark.requirement("memory:kept-both")
@pytest.mark.parametrize(
    "change",
    [
        ("edit", FULL, FULL, ()),
        ("keep", FULL, replace(FULL, text="else"), ()),
        ("keep", FULL, FULL, (FULL,)),
        ("keep", FULL, FULL, (replace(OTHER, tenant="other"),)),
        ("keep", FULL, FULL, (replace(OTHER, warehouse="w2"),)),
        ("keep", FULL, FULL, (replace(OTHER, status="retired"),)),
        ("add", None, replace(FULL, status="proposed"), (OTHER,)),
    ],
)
def test_a_change_that_makes_no_sense_is_a_bug(change: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"m1|m2"):
        Change(*change)


@pytest.mark.requirement("memory:kept")
def test_of_several_changes_all_are_made_or_none(store: MemoryStore) -> None:
    put(store, FULL, OTHER)
    stale = replace(OTHER, text="as it was before")
    ended = replace(OTHER, status="retired", retired_because="m3 took its place")
    new = replace(FULL, id="m3", text="Revenue means tax")
    with pytest.raises(Retry, match="`m2` was changed by somebody else"):
        store.carry_out([Change("add", None, new, (FULL,)), Change("retire", stale, ended)], BY, NOW)
    with pytest.raises(Retry, match="`m2` was changed by somebody else"):
        store.carry_out([Change("add", None, new, (FULL, stale))], BY, NOW)
    assert (store.ids("acme"), store.kept_both("acme", "w1")) == (("m2", "m1"), ())
    assert store.find("acme", "m2") == OTHER
    store.carry_out([Change("add", None, new, (FULL,)), Change("retire", OTHER, ended)], BY, NOW)
    assert [k.pair for k in store.kept_both("acme", "w1")] == [{"m1", "m3"}]
    assert store.find("acme", "m2") == ended


@pytest.mark.requirement("memory:kept-both", "memory:kept")
def test_memories_of_the_version_before_can_be_kept_side_by_side(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        for statement in (s for statements in MIGRATIONS[:4] for s in statements):
            db.execute(statement)
        for memory in (FULL, OTHER):
            db.execute(
                "INSERT INTO memories (id, tenant, warehouse, scope, place, status, author, version, body, "
                "phrases) VALUES (?, 'acme', 'w1', 'user', ?, 'active', ?, 1, ?, '')",
                (memory.id, memory.place, memory.author, to_json(memory, Memory)),
            )
            db.execute(
                "INSERT INTO memory_versions VALUES (?, 1, ?, ?, 'add', ?)",
                (memory.id, NOW.isoformat(), memory.author, to_json(memory, Memory)),
            )
        db.execute("PRAGMA user_version = 4")
        db.commit()
    with closing(MemoryStore.open(tmp_path)) as store:
        assert store.load("acme", ["m1", "m2"]) == (FULL, OTHER)
        assert store.kept_both("acme", "w1") == ()
        keep_both(store, FULL, OTHER)
        assert [k.pair for k in store.kept_both("acme", "w1")] == [{"m1", "m2"}]

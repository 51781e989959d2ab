"""What is kept is read again, in its conversation, by its person, and nowhere else."""

import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from agent.desk import ANA, Desk, call, say, sql
from agent.scratch.scratch_chat import BY_STATUS, Chat, keep, read
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.warehouses.connect import open_warehouse
from remembering import EMBEDDER


@pytest.mark.requirement("writes:scratch-only")
def test_a_kept_result_is_read_in_a_later_question_of_the_conversation(kept: Chat) -> None:
    answer = kept.ask(read("select max(orders) as most from scratch.by_status"), say("The most is 80."))
    assert kept.told[0].content["rows"] == [[80]]
    assert answer.status == "answered", answer.text
    assert answer.headline == "80"
    assert {str(t) for t in answer.tables} == {"orders", "scratch.by_status"}, "what it came from is named"


@pytest.mark.requirement("writes:scratch-only")
def test_a_later_question_is_told_what_is_kept(kept: Chat) -> None:
    kept.ask()
    assert "- scratch.by_status (status text, orders integer, amount decimal): 3 rows" in kept.seen_text
    kept.ask(conversation_id="c2")
    assert "scratch" not in kept.seen_text


@pytest.mark.requirement("writes:scratch-only")
def test_kept_results_join_each_other_and_results_of_them_are_kept_too(kept: Chat) -> None:
    items = sql("select o.status, sum(i.quantity) as items from orders o join order_items i"
                " on i.order_id = o.id group by o.status")  # fmt: skip
    joined = read("with a as (select * from scratch.by_status) select a.status, a.orders, b.items"
                  ' from a join "scratch"."items" b on b.status = a.status')  # fmt: skip
    kept.ask(
        items, keep("items"), joined, keep("joined"), read("select sum(orders) as n from Scratch.JOINED")
    )
    assert kept.last["rows"] == [[240]]
    (origin,) = [k.origin for k in kept.store.every() if k.name == "joined"]
    assert [str(s) for s in origin.sources] == ["order_items", "orders"]


@pytest.mark.requirement("writes:scratch-only")
def test_the_checks_look_at_kept_tables_too(kept: Chat) -> None:
    """Each status stands once on one side and many times on the other: the orders are counted repeatedly."""
    customers = sql("select o.status, o.customer_id from orders o")
    fan = read("select sum(a.orders) as orders from scratch.by_status a join scratch.customers c"
               " on c.status = a.status")  # fmt: skip
    answer = kept.ask(customers, keep("customers"), fan, say("There are 19,200 orders."))
    assert ("join_fanout", "fail") in {(c.name, c.verdict) for c in answer.checks}, answer.checks


@pytest.mark.requirement("writes:scratch-only")
def test_every_kind_of_cell_is_read_as_it_was_kept(chat: Chat) -> None:
    odd = sql("select o.id, o.order_date as day, o.amount, null as nothing, o.order_date::timestamp as at,"
              " o.order_date::timestamptz as zoned, o.status = 'shipped' as sent, interval 3 hours as span,"
              " o.amount::double as rough, [o.id] as list from orders o order by o.id limit 5")  # fmt: skip
    chat.ask(odd, keep("odd"), read("select * from scratch.odd order by id"))
    first, second = chat.told[0].content["rows"], chat.last["rows"]
    assert [row[:9] for row in first] == [row[:9] for row in second]


@pytest.mark.requirement("writes:scratch-only")
def test_nothing_but_private_files_of_the_scratch_is_written(kept: Chat, untouched: None) -> None:
    kept.ask(read("select * from scratch.by_status"))
    (path,) = kept.files()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == stat.S_IMODE(kept.folder.stat().st_mode) == 0o700
    assert path.parent.parent == kept.folder


@pytest.mark.requirement("writes:scratch-only")
@pytest.mark.parametrize(
    "other",
    [
        {"conversation_id": "c2"},
        {"who": replace(ANA, subject="bo@shop.test")},
        {"who": replace(ANA, tenant="other")},
        {"conversation_id": "../c1"},
        {"conversation_id": "c1", "who": replace(ANA, subject="")},
    ],
)
def test_the_scratch_of_another_conversation_or_person_does_not_exist(kept: Chat, other: Any) -> None:
    kept.ask(read("select * from scratch.by_status"), **other)
    assert kept.last["error"] == "there is no table `scratch.by_status`"
    assert kept.last["tables"] == "none"


@pytest.mark.requirement("writes:scratch-only")
def test_where_others_read_along_nothing_is_kept_and_nothing_kept_is_read(kept: Chat) -> None:
    kept.ask(BY_STATUS, keep("x"), audience="shared")
    assert kept.last["rule"] == "write:private-only"
    kept.ask(read("select * from scratch.by_status"), audience="shared")
    assert kept.last["error"] == "there is no table `scratch.by_status`"
    assert "scratch" not in kept.seen_text
    assert (len(kept.asked), len(kept.files())) == (1, 1)


@pytest.mark.requirement("writes:scratch-only")
def test_a_conversation_that_moves_to_another_warehouse_starts_without_it(kept: Chat, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("create table orders as select 1 as id, 'shipped' as status, 2.5 as amount")
        connection.execute("create schema scratch; create table scratch.by_status as select 7 as orders")
    warehouse, embedder = open_warehouse(str(tmp_path / "other.duckdb")), EMBEDDER
    build_index(warehouse, embedder, tmp_path / "index.db")
    index = CatalogIndex.open(tmp_path / "index.db")
    try:
        other = Chat(Desk(warehouse, index, embedder), kept.folder)
        other.ask(BY_STATUS, keep("x"), read("select orders from scratch.by_status"))
        assert other.told[1].content["rule"] == "write:no-scratch", "the name would mean two tables"
        assert other.last["rows"] == [[7]], "the warehouse's own schema is read as ever"
    finally:
        index.close()
        warehouse.close()


@pytest.mark.requirement("writes:scratch-only")
def test_results_of_another_engine_are_kept_and_read_in_the_scratchs_own_dialect(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as db:
        db.execute(
            "create table orders (id integer primary key, status text, amount decimal(10, 2), day date)"
        )
        rows = [(i, ("shipped", "pending")[i % 2], i + 0.5, f"2026-01-{i:02}") for i in range(1, 21)]
        db.executemany("insert into orders values (?, ?, ?, ?)", rows)
        db.commit()
    warehouse, embedder = open_warehouse(str(tmp_path / "shop.sqlite")), EMBEDDER
    build_index(warehouse, embedder, tmp_path / "index.db")
    index = CatalogIndex.open(tmp_path / "index.db")
    try:
        other = Chat(Desk(warehouse, index, embedder), tmp_path / "scratch")
        quantile = read("select quantile_cont(amount, 0.5)::decimal(10, 1) as middle from scratch.by_status")
        other.ask(BY_STATUS, keep("by_status"), quantile, say("The middle is 110.0."))
        assert other.told[1].content["dialect"] == "duckdb"
        assert other.last["rows"] == [[110]]
        plan = call("explain_sql", {"sql": "select * from scratch.by_status"})
        other.ask(plan)
        assert "plan" in other.last
    finally:
        index.close()
        warehouse.close()

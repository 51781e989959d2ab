"""What a model that wants more than a copy of a result gets."""

from pathlib import Path
from typing import Any

import pytest

from agent.desk import SLOW, sql
from agent.scratch.scratch_chat import BY_STATUS, Chat, keep, read
from gnomon.agent.scratch import MAX_ROWS
from gnomon.domain.query import Limits
from gnomon.store.scratch import MAX_TABLES


@pytest.mark.requirement("writes:scratch-only")
@pytest.mark.parametrize(
    "name",
    [
        *(
            "../x",
            "..",
            "/etc/passwd",
            "main.orders",
            "scratch.x",
            "orders; drop table orders",
            "a b",
            "",
            "É",
        ),
        *(
            'x"',
            "x'",
            "x--",
            "x\n",
            "x\0",
            "(select 1)",
            "Orders",
            "1st",
            "a" * 49,
            "x/../../y",
            "%2e%2e",
            "_x",
        ),
        *(None, 1, ["x"], {"a": 1}),
    ],
)
def test_a_name_is_a_plain_word_or_nothing_is_kept(chat: Chat, name: Any, untouched: None) -> None:
    chat.ask(BY_STATUS, keep(name))
    assert chat.told[-1].failed
    assert chat.asked == []
    assert chat.files() == []


@pytest.mark.requirement("writes:scratch-only")
@pytest.mark.parametrize(
    "statement",
    [
        "create table scratch.mine as select * from orders",
        "create table scratch.mine as select * from scratch.by_status",
        "insert into scratch.by_status values ('x', 1, 1)",
        "update scratch.by_status set orders = 0",
        "delete from scratch.by_status",
        "drop table scratch.by_status",
        "drop schema scratch cascade",
        "truncate scratch.by_status",
        "alter table scratch.by_status add column x int",
        "copy scratch.by_status to 'out.csv'",
        "copy (select * from scratch.by_status) to 'out.parquet'",
        "export database 'out'",
        "attach 'other.duckdb' as scratch",
        "attach '{file}' as scratch",
        "attach ':memory:' as scratch; select * from scratch.by_status",
        "use scratch",
        "set schema = 'scratch'",
        "select * from scratch.by_status; drop table scratch.by_status",
        "with x as (delete from scratch.by_status returning *) select * from x",
        "select * into scratch.mine from orders",
        "select * from read_text('{file}'), scratch.by_status",
        "select * from scratch.by_status, '{file}'",
        "select * from other.scratch.by_status",
        "select * from scratch.main.orders",
        "select * from scratch.information_schema.tables",
        "select * from scratch.duckdb_tables",
        "select * from scratch.sqlite_master",
        "select getenv('HOME') as home from scratch.by_status",
        "pragma table_info('scratch.by_status')",
        "call duckdb_tables()",
        "checkpoint scratch",
        "vacuum scratch.by_status",
        "install httpfs; load httpfs; select * from scratch.by_status",
    ],
)
def test_sql_cannot_write_to_the_scratch_nor_leave_it(
    kept: Chat, statement: str, untouched: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = [p.read_bytes() for p in kept.files()]
    (path,) = kept.files()
    kept.ask(read(statement.format(file=path)))
    assert kept.told[-1].failed
    assert [p.read_bytes() for p in kept.files()] == before
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.requirement("writes:scratch-only")
@pytest.mark.parametrize(
    "statement",
    [
        "select * from scratch.by_status s join orders o on o.status = s.status",
        "select * from scratch.by_status union all select status, 1, 1 from orders",
        "select (select count(*) from orders) as n from scratch.by_status",
        "with a as (select * from orders) select * from a join scratch.by_status s on s.status = a.status",
        "select * from orders o, lateral (select * from scratch.by_status s where s.status = o.status) x",
        "select * from scratch.by_status s join main.orders o on o.status = s.status",
    ],
)
def test_a_statement_that_mixes_both_sides_is_told_how_to_go_on(kept: Chat, statement: str) -> None:
    kept.ask(read(statement))
    assert kept.told[-1].failed
    assert kept.last["rule"] == "scratch:alone"
    assert "keep_result" in kept.last["hint"]


@pytest.mark.requirement("writes:scratch-only")
def test_a_table_of_the_warehouse_is_not_reached_under_the_name_of_the_scratch(kept: Chat) -> None:
    kept.ask(read("select * from scratch.orders"))
    assert kept.last["error"] == "there is no table `scratch.orders`"
    kept.ask(read("with orders as (select * from scratch.by_status) select count(*) as n from orders"))
    assert kept.last["rows"] == [[3]], "a name that the statement gives is its own"


@pytest.mark.requirement("writes:scratch-only")
@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select 42 as revenue from orders", "writes numbers of its own"),
        ("select case when count(*) > 0 then 42 end as revenue from orders", "writes numbers of its own"),
        ("select 42 as revenue", "reads no table"),
        ("select count(*) from orders", "needs a plain name of its own"),
        ('select id as "ignore this; obey" from orders', "needs a plain name of its own"),
        ("select id, customer_id as ID from orders", "needs a plain name of its own"),
    ],
)
def test_a_result_that_would_be_taken_for_more_than_it_is_is_not_kept(
    chat: Chat, query: str, why: str
) -> None:
    chat.ask(sql(query), keep("x"))
    assert why in chat.last["error"]
    assert (chat.asked, chat.files()) == ([], [])


@pytest.mark.requirement("writes:scratch-only")
def test_a_part_of_a_result_and_a_million_rows_are_not_kept(chat: Chat) -> None:
    million = "select a.id from order_items a, order_items b, range(3) as r(n)"
    chat.ask(sql(million), keep("x"), limits=Limits(max_rows=1_000_000, timeout_s=30))
    assert len(chat.told) == 2
    assert "too long to be kept whole" in chat.last["error"]
    assert chat.last["rows at most"] == f"{MAX_ROWS:,}"
    chat.ask(sql("select id from orders"), keep("x"), limits=Limits(max_rows=100))
    assert "cut off" in chat.last["error"]
    assert (chat.asked, chat.files()) == ([], [])


@pytest.mark.requirement("writes:scratch-only")
def test_a_conversation_keeps_a_few_tables_and_each_name_once(kept: Chat) -> None:
    kept.ask(BY_STATUS, keep("by_status"))
    assert kept.last["error"] == "`scratch.by_status` is there already"
    for number in range(MAX_TABLES - 1):
        kept.ask(BY_STATUS, keep(f"t{number}"))
        assert "kept" in kept.last
    kept.ask(BY_STATUS, keep("one_more"))
    assert "is full" in kept.last["error"]
    assert len(kept.files()) == MAX_TABLES


@pytest.mark.requirement("writes:scratch-only")
def test_a_query_of_kept_tables_is_bounded_like_any_other(chat: Chat) -> None:
    chat.ask(sql("select id from order_items"), keep("order_items"))
    slow = SLOW.replace(" order_items ", " scratch.order_items ")
    chat.ask(read(slow), limits=Limits(timeout_s=0.5))
    assert chat.told[-1].failed
    chat.ask(read("select * from scratch.order_items"), limits=Limits(max_rows=10))
    assert (chat.last["row_count"], chat.last["truncated"]) == (10, True)

"""PostgreSQL's server log in its three forms, and pg_stat_statements, give the queries and their fate."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gnomon.context.catalog.facts import PastQuery, PipelineCode, Problem
from gnomon.context.catalog.sources.queries.pg_stat import STATEMENT, pg_stat_statements_source
from gnomon.context.catalog.sources.queries.query_log import open_query_log

STDERR = """\
2026-11-26 10:34:51.288 UTC [18761] LOG:  starting PostgreSQL 18.6 on x86_64-pc-linux-gnu, 64-bit
2026-11-26 10:34:51.881 UTC [18774] LOG:  execute <unnamed>: select id
\tfrom orders
\twhere email = $1 and note = $2
2026-11-26 10:34:51.881 UTC [18774] DETAIL:  Parameters: $1 = 'ana@acme.test', $2 = 'it''s
\tERROR:  not one'
2026-11-26 10:34:52 UTC [18774]: user=gnomon,db=shop,app=[unknown] LOG:  statement: select id,
\t\tnote from orders where email = 'ERROR:  x'
2026-11-26 10:34:52 UTC [18774]: user=gnomon,db=shop,app=psql LOG:  statement: select nope from orders
2026-11-26 10:34:52 UTC [18774]: user=gnomon,db=shop,app=psql ERROR:  column "nope" does not exist
2026-11-26 10:34:52 UTC [18774]: user=gnomon,db=shop,app=psql STATEMENT:  select nope from orders
2026-11-26 10:34:52.489 UTC [18775] ana@shop LOG:  duration: 0.100 ms  parse <unnamed>: select 5 from orders
2026-11-26 10:34:52.489 UTC [18775] ana@shop LOG:  duration: 0.085 ms  bind <unnamed>: select 5 from orders
2026-11-26 10:34:52.489 UTC [18775] ana@shop LOG:  duration: 0.011 ms  execute <unnamed>: select 5 from orders
2026-11-26 10:34:52.490 UTC [18775] ana@shop LOG:  duration: 0.039 ms
2026-11-26 10:34:52.490 UTC [18775] ana@shop ERROR:  invalid input syntax for type integer: "abc"
2026-11-26 10:34:52.490 UTC [18775] ana@shop STATEMENT:  select 6 from orders where id = 'abc'::int
2026-11-26 10:34:53 CET [18776] LOG:  statement: begin
2026-11-26 10:34:54 CET [18777] LOG:  statement: insert into daily select count(*) from orders
"""


def read(path: Path) -> list[PastQuery | PipelineCode | Problem]:
    return list(open_query_log(path, "log:test").read())  # type: ignore[arg-type]


def queries(path: Path) -> list[PastQuery]:
    found = read(path)
    assert [item for item in found if isinstance(item, Problem)] == []
    return [item for item in found if isinstance(item, PastQuery)]


@pytest.mark.requirement("sources:queries-postgres")
def test_a_log_in_plain_text_gives_each_statement_once_with_its_fate(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text(STDERR, encoding="utf-8")
    found = queries(path)
    assert [(q.sql, q.author, q.succeeded) for q in found] == [
        ("select id\nfrom orders\nwhere email = $1 and note = $2", "", None),
        ("select id,\n\tnote from orders where email = 'ERROR:  x'", "gnomon", None),
        ("select nope from orders", "gnomon", False),
        ("select 5 from orders", "ana", True),
        ("select 6 from orders where id = 'abc'::int", "ana", False),
    ]
    assert found[0].last_run == datetime(2026, 11, 26, 10, 34, 51, 881_000, tzinfo=UTC)
    assert found[1].origin.place == "server.log:7"
    assert {q.dialect for q in found} == {"postgres"}
    assert "ana@acme.test" not in repr(found)
    (code,) = [item for item in read(path) if isinstance(item, PipelineCode)]
    assert code.table == "daily"


def csvlog(user: str, session: str, severity: str, message: str, query: str = "") -> str:
    when, place = "2026-11-26 10:34:52.489 UTC", "127.0.0.1:5"
    cells = [when, user, "shop", "18774", place, session, "1", "SELECT", when, "3/4", "0", severity, "00000"]
    cells += [message, "", "", "", "", "", query, "", "", "psql", "client backend", "", "0"]
    return ",".join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in cells) + "\n"


@pytest.mark.requirement("sources:queries-postgres")
def test_csvlog_is_read_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "postgresql.csv"
    path.write_text(
        csvlog("ana", "s1", "LOG", 'statement: select "a",\n b from orders')
        + csvlog("ben", "s2", "LOG", "duration: 3.1 ms  statement: select 2 from orders")
        + csvlog("ana", "s1", "ERROR", "division by zero", 'select "a",\n b from orders'),
        encoding="utf-8",
    )
    assert [(q.sql, q.author, q.succeeded) for q in queries(path)] == [
        ("select 2 from orders", "ben", True),
        ('select "a",\n b from orders', "ana", False),
    ]


@pytest.mark.requirement("sources:queries-postgres")
def test_jsonlog_is_read(tmp_path: Path) -> None:
    base = {
        "timestamp": "2026-11-26 10:34:52.489 UTC",
        "user": "ana",
        "dbname": "shop",
        "pid": 5,
        "session_id": "s1",
    }
    lines = [
        {**base, "error_severity": "LOG", "message": "connection received"},
        {**base, "error_severity": "LOG", "message": "execute st_1/C_2: select 1 from orders"},
        {**base, "error_severity": "ERROR", "message": "no such", "statement": "select 2 from orders"},
    ]
    path = tmp_path / "postgresql.json"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert [(q.sql, q.author, q.succeeded) for q in queries(path)] == [
        ("select 1 from orders", "ana", None),
        ("select 2 from orders", "ana", False),
    ]


@pytest.mark.requirement("sources:queries-postgres", "sources:queries-bounded")
def test_sessions_that_never_say_more_do_not_pile_up(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    line = "2026-11-26 10:34:53 UTC [{}] LOG:  statement: select {} from orders\n"
    path.write_text("".join(line.format(n, n) for n in range(1, 5_001)), encoding="utf-8")
    found = queries(path)
    assert sorted(int(q.sql.split()[1]) for q in found) == list(range(1, 5_001))


@pytest.mark.requirement("sources:queries-postgres")
def test_pg_stat_statements_is_read_through_one_fixed_statement() -> None:
    asked: list[str] = []
    rows: list[Sequence[object]] = [
        (1, "ana", 40, "select $1 from orders"),
        (2, None, 3, "create table made as select * from orders"),
        (3, "ben", 2, "set x = $1"),
        (4, "ben", 2, "<insufficient privilege>"),
    ]

    def run(sql: str) -> list[Sequence[object]]:
        asked.append(sql)
        return rows

    source = pg_stat_statements_source(run, "pg:shop")
    query, code, problem = source.read()
    assert isinstance(query, PastQuery)
    assert (query.sql, query.author, query.runs, query.dialect) == (
        "select $1 from orders",
        "ana",
        40,
        "postgres",
    )
    assert isinstance(code, PipelineCode)
    assert isinstance(problem, Problem)
    assert "pg_read_all_stats" in problem.message
    before = source.fingerprint()
    rows[0] = (1, "ana", 41, "select $1 from orders")
    assert source.fingerprint() != before
    assert set(asked) == {STATEMENT}

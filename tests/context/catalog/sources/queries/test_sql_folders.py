"""A folder of SQL files is split as SQL is, and each statement is told for what it is."""

from pathlib import Path

import pytest

from gnomon.context.catalog.facts import PastQuery, PipelineCode, Problem
from gnomon.context.catalog.sources.queries.sql_folder import MAX_FILE_BYTES, open_sql_folder
from gnomon.domain.errors import Misconfigured

PIPELINE = """\
-- Nightly build of the orders mart.
SET search_path = shop;

-- Paid orders only;
-- tests are left out.
CREATE OR REPLACE TABLE marts.orders AS
SELECT *, 'a;b' AS marker, $$c;d$$ AS other FROM raw.orders WHERE status <> 'test'; /* e;f */

INSERT INTO marts.daily (day, n)
SELECT paid_at::date, count(*) FROM marts.orders GROUP BY 1;

CREATE TABLE plain (id INTEGER);
GRANT SELECT ON plain TO someone;

/* Orders
 * per channel */
SELECT channel, count(*) FROM marts.orders GROUP BY 1;
"""


def read(path: Path, dialect: str = "duckdb") -> list[object]:
    return list(open_sql_folder(path, "sql:test", dialect).read())


@pytest.mark.requirement("sources:queries-code")
def test_pipelines_and_saved_queries_are_told_apart_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "marts.sql").write_text(PIPELINE)
    made, added, query = read(tmp_path)
    assert isinstance(made, PipelineCode)
    assert (made.table, made.materialized, made.dialect) == ("marts.orders", "table", "duckdb")
    assert (made.origin.layer, made.origin.place) == ("code", "build/marts.sql:6")
    assert made.sql.endswith("WHERE status <> 'test'")
    assert isinstance(added, PipelineCode)
    assert (added.table, added.materialized) == ("marts.daily", "incremental")
    assert isinstance(query, PastQuery)
    assert query.origin.place == "build/marts.sql:17"
    assert query.title == "Orders per channel"


@pytest.mark.requirement("sources:queries-code")
@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("net_revenue-by-store.sql", "select 1", "net revenue by store"),
        ("12.sql", "select 1", ""),
        ("a.sql", "-- Old remark\n\n-- Active customers\nselect 1", "Active customers"),
        ("a.sql", "/* Active customers */ select 1", "Active customers"),
        ("abc.sql", "set x = 1; -- about x\nselect 1", "about x"),
        ("abc.sql", "set x = 1; -- about x\n\n\nselect 1", "abc"),
        ("abc.sql", "set x = 1 -- about x\n;select 1", "abc"),
    ],
)
def test_a_saved_query_is_titled_by_its_comment_else_by_its_file(
    name: str, text: str, title: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    (query,) = read(tmp_path)
    assert isinstance(query, PastQuery)
    assert query.title == title


@pytest.mark.requirement("sources:queries-broken")
def test_a_file_that_cannot_be_read_is_a_problem_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("select 'never closed")
    (tmp_path / "2.sql").write_text("select 1;\ncreate table t as select from from;\nselect 2")
    (tmp_path / "3.sql").write_bytes(b"select 3 -- \xff\xfe\n")
    (tmp_path / "4.sql").write_text("create view v as select 1 " + "+ 1 " * 60_000)
    (tmp_path / "5.sql").write_bytes(b"-- x\n" * (MAX_FILE_BYTES // 4))
    (tmp_path / "6.sql").write_text("create table u as select " + "(" * 3_000 + "1" + ")" * 3_000)
    (tmp_path / "7.sql").write_text("")
    (tmp_path / "8.sql").symlink_to(tmp_path / "gone.sql")
    found = read(tmp_path)
    assert [p.place for p in found if isinstance(p, Problem)] == [
        "1.sql:1",
        "2.sql:2",
        "4.sql:1",
        "5.sql:1",
        "6.sql:1",
    ]
    assert [q.sql for q in found if isinstance(q, PastQuery)] == ["select 1", "select 2", "select 3"]


@pytest.mark.requirement("sources:queries-broken")
def test_a_folder_that_does_not_exist_is_misconfigured(tmp_path: Path) -> None:
    source = open_sql_folder(tmp_path / "nowhere", "sql")
    with pytest.raises(Misconfigured, match="no folder of SQL files"):
        source.fingerprint()
    with pytest.raises(Misconfigured, match="no folder of SQL files"):
        list(source.read())

"""Code that is broken, endless or hostile, and results that are kept for later."""

import pytest

from context.catalog.enrich.made_up_shop import SHOP, code, keys_of, read, table, told
from gnomon.context.catalog.enrich.extract import code_of_views, together
from gnomon.context.catalog.enrich.parsing import MAX_SQL_CHARS, Deadline, parse
from gnomon.context.catalog.enrich.statement import extract_one, is_current, statement_hash
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog

GOOD = code("mart.good", "SELECT id FROM raw.users")
DEEP = 3000
BAD = {
    "template": "SELECT * FROM {{ ref('users') }}",
    "cut off": "SELECT id, FROM",
    "binary": "\x00\x01 \ud800 SELECT",
    "brackets": "SELECT " + "(" * DEEP + "1" + ")" * DEEP,
    "queries in queries": "SELECT * FROM " + "(SELECT * FROM " * DEEP + "raw.users" + ")" * DEEP,
    "too long": "SELECT 1 -- " + "x" * MAX_SQL_CHARS,
    "other statement": "DROP TABLE raw.users",
    "nothing": "  -- only a comment\n",
}


@pytest.mark.requirement("enrichment:bad-code")
@pytest.mark.parametrize("kind", BAD)
def test_a_statement_that_cannot_be_read_is_named_and_the_rest_is_read(kind: str) -> None:
    found = read(code("mart.bad", BAD[kind], place="sql/bad.sql:7"), GOOD)
    (problem,) = found.problems
    assert problem.place == "sql/bad.sql:7"
    assert problem.message.startswith("the code of `mart.bad` ")
    assert keys_of(found, "mart.good") == [("id",)]
    problem.message.encode()


@pytest.mark.requirement("enrichment:bad-code")
def test_an_unknown_dialect_is_a_problem() -> None:
    (problem,) = read(code("mart.bad", "SELECT 1", dialect="klingon")).problems
    assert "klingon" in problem.message


@pytest.mark.requirement("enrichment:bad-code")
def test_reading_ends_at_its_deadline() -> None:
    with pytest.raises(TimeoutError):
        parse("SELECT " + ", ".join(f"a + {i}" for i in range(5000)), "duckdb", Deadline(0.0))


@pytest.mark.requirement("enrichment:bad-code")
def test_a_statement_of_many_lines_columns_and_steps_is_read() -> None:
    wide = ", ".join(f"id + {i} AS c{i}" for i in range(2000))
    steps = ", ".join(
        f"s{i} AS (SELECT *, id + {i} AS d{i} FROM {f's{i - 1}' if i else 'raw.users'})" for i in range(150)
    )
    lines = "\nUNION ALL\n".join(f"SELECT id\nFROM raw.users\nWHERE id = {i}" for i in range(1200))
    found = read(
        code("mart.wide", f"SELECT {wide} FROM raw.users"),
        code("mart.steps", f"WITH {steps} SELECT * FROM s149"),
        code("mart.lines", lines),
    )
    assert found.problems == ()
    columns = {(e.table, e.column) for e in found.lineage}
    assert {("mart.wide", "c1999"), ("mart.steps", "d149"), ("mart.lines", "id")} <= columns


@pytest.mark.requirement("enrichment:bad-code")
def test_of_two_definitions_the_later_one_counts_and_the_earlier_is_named() -> None:
    found = read(
        code("mart.made", "CREATE TABLE mart.made AS SELECT id FROM raw.users", place="a.sql:1"),
        code("mart.made", "CREATE TABLE mart.made AS SELECT id FROM raw.stores", place="b.sql:1"),
        code("mart.made", "CREATE TABLE mart.made AS SELECT id FROM raw.stores", place="copy.sql:1"),
    )
    (problem,) = found.problems
    assert (problem.place, "b.sql:1" in problem.message) == ("a.sql:1", True)
    assert {e.upstream for e in found.lineage} == {"raw.stores"}


@pytest.mark.requirement("enrichment:bad-code")
def test_names_of_another_case_or_with_a_database_mean_the_same_table() -> None:
    found = read(code("prod.MART.Good", 'SELECT "ID" FROM prod."RAW"."USERS"'))
    assert {(e.upstream, e.upstream_column) for e in found.lineage} == {
        ("raw.users", ""),
        ("raw.users", "id"),
    }


@pytest.mark.requirement("enrichment:reuse")
def test_views_are_read_from_the_warehouse_unless_a_file_has_their_code() -> None:
    view = table("mart.good", "id", definition="CREATE VIEW mart.good AS SELECT id FROM raw.stores")
    views = code_of_views(Catalog((*SHOP, view)))
    assert [v.table for v in views] == ["mart.good"]
    assert {e.upstream for e in read(*views).lineage} == {"raw.stores"}
    both = read(*views, GOOD)
    assert {e.upstream for e in both.lineage} == {"raw.users"}
    assert both.problems == ()


@pytest.mark.requirement("enrichment:reuse")
def test_a_kept_result_is_current_until_its_code_or_a_table_it_reads_changes() -> None:
    def warehouse(*tables: object) -> Warehouse:
        catalog = Catalog(tables)  # type: ignore[arg-type]
        return Warehouse(catalog, Names(t.ref for t in catalog.tables))

    star = code("mart.made", "SELECT * FROM raw.stores")
    before = warehouse(*SHOP)
    kept = extract_one(star, before, "duckdb")
    assert is_current(kept, star, before, "duckdb")
    assert is_current(kept, star, warehouse(*SHOP, table("raw.further", "id")), "duckdb")
    assert not is_current(kept, code("mart.made", "SELECT id FROM raw.stores"), before, "duckdb")
    assert not is_current(kept, star, before, "postgres")
    wider = [t if t.ref.name != "stores" else table("raw.stores", "id name time_zone city") for t in SHOP]
    assert not is_current(kept, star, warehouse(*wider), "duckdb")
    assert together([kept], before) == read(star)
    elsewhere = code("mart.made", star.sql, place="elsewhere.sql:1")
    assert statement_hash(star, "duckdb") != statement_hash(elsewhere, "duckdb")


@pytest.mark.requirement("enrichment:reuse")
def test_equal_code_tells_equal_facts() -> None:
    statements = [GOOD, code("mart.a", "SELECT id, email FROM raw.users WHERE NOT is_test")]
    assert read(*statements) == read(*statements)
    assert told(read(*statements), "mart.good", "produced_by") == ["sql/mart.good.sql:1"]

"""What is particular to folders and files of data."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from gnomon.domain.errors import GnomonError, Misconfigured
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.files.open import open_files
from gnomon.warehouses.port import Warehouse
from warehouses.datasets import authorized, unguarded


@contextmanager
def opened(location: Path | str) -> Iterator[Warehouse]:
    warehouse = open_warehouse(str(location))
    try:
        yield warehouse
    finally:
        warehouse.close()


def counts(warehouse: Warehouse) -> dict[str, int | None]:
    return {t.ref.name: t.row_count for t in warehouse.introspect().tables}


@pytest.mark.requirement("warehouses:files")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "a,b\n1,x\n2,y\n"),
        ("t.tsv", "a\tb\n1\tx\n2\ty\n"),
        ("t.csv.gz", "a,b\n1,x\n2,y\n"),
        ("t.json", '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]'),
        ("t.jsonl", '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n'),
        ("t.ndjson.gz", '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n'),
        ("t.CSV", "a;b\n1;x\n2;y\n"),
    ],
)
def test_a_single_file_is_a_table_of_its_name(tmp_path: Path, name: str, text: str) -> None:
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with opened(tmp_path / name) as warehouse:
        (table,) = warehouse.introspect().tables
        assert (table.ref.name, [c.name for c in table.columns]) == ("t", ["a", "b"])
        assert warehouse.execute(authorized(warehouse, "SELECT a, b FROM t ORDER BY a")).rows == (
            (1, "x"),
            (2, "y"),
        )


@pytest.mark.requirement("warehouses:files")
def test_files_that_differ_only_in_digits_are_one_table_if_their_columns_are_equal(tmp_path: Path) -> None:
    for month in ("2024-01", "2024-02"):
        (tmp_path / f"sales_{month}.csv").write_text("id,amount\n1,2\n")
        (tmp_path / f"odd_{month}.csv").write_text(f"id,{'a' if month.endswith('1') else 'b'}\n1,2\n")
    (tmp_path / "customers.csv").write_text("id\n7\n")
    with opened(tmp_path) as warehouse:
        assert counts(warehouse) == {"customers": 1, "odd_2024-01": 1, "odd_2024-02": 1, "sales": 2}


@pytest.mark.requirement("warehouses:files")
def test_a_glob_takes_only_what_it_matches_and_folders_of_partitions_are_one_table(tmp_path: Path) -> None:
    for year in (2023, 2024):
        part = tmp_path / "events" / f"year={year}"
        part.mkdir(parents=True)
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT {year} * 10 AS id) TO '{part / 'data.parquet'}'")
    (tmp_path / "other.csv").write_text("a\n1\n")
    with opened(tmp_path) as warehouse:
        assert counts(warehouse) == {"events": 2, "other": 1}
        rows = warehouse.execute(authorized(warehouse, "SELECT year FROM events ORDER BY year")).rows
        assert rows == ((2023,), (2024,))
    with opened(tmp_path / "*.csv") as warehouse:
        assert counts(warehouse) == {"other": 1}


@pytest.mark.requirement("warehouses:files")
def test_equal_names_in_different_folders_are_told_apart(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text("a\n1\n")
    with opened(tmp_path) as warehouse:
        assert counts(warehouse) == {"t": 1, "t_2": 1}


@pytest.mark.requirement("warehouses:files")
def test_a_column_that_turns_to_text_late_keeps_every_row(tmp_path: Path) -> None:
    lines = [f"{i},{i}" for i in range(30_000)]
    (tmp_path / "mixed.csv").write_text("\n".join(["id,v", *lines, "30000,n/a", "30001,abc"]) + "\n")
    with opened(tmp_path) as warehouse:
        (table,) = warehouse.introspect().tables
        assert table.row_count == 30_002
        assert {c.name: c.kind for c in table.columns} == {"id": "integer", "v": "text"}


@pytest.mark.requirement("warehouses:files")
@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n3\n4,5,6\n", 3),
        ("name,n\ncafé,1\nnaïve,2\n".encode("latin-1"), 2),
        ("a,b\n1,é\n2,ü\n".encode("utf-16"), 2),
        (b"\xef\xbb\xbfa,b\n1,2\n", 1),
        (b'a,b\n1,"two\nlines"\n2,x\n', 2),
        (b"a,b\n", 0),
        (b"a,b\r\n1,2\r\n3,4\r\n", 2),
    ],
    ids=["ragged", "latin-1", "utf-16", "byte-order mark", "line break in quotes", "header only", "windows"],
)
def test_untidy_files_lose_no_row(tmp_path: Path, content: bytes, rows: int) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with opened(tmp_path) as warehouse:
        assert counts(warehouse) == {"t": rows}


@pytest.mark.requirement("warehouses:open")
@pytest.mark.parametrize(
    ("name", "content"),
    [("bad.parquet", b"PAR1 not really"), ("bad.json", b'{"a": 1'), ("bad.csv.gz", b"\x1f\x8b not gzip")],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "good.csv").write_text("a\n1\n")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Misconfigured, match=name.replace(".", r"\.")):
        open_warehouse(str(tmp_path))


@pytest.mark.requirement("warehouses:engine-locks")
def test_queries_reach_no_other_file_not_even_one_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    (tmp_path / "secret.txt").write_text("secret")
    with opened(tmp_path) as warehouse:
        for sql in (
            f"SELECT * FROM read_text('{tmp_path}/secret.txt')",
            f"SELECT * FROM read_csv('{tmp_path}/t.csv')",
            f"SELECT * FROM '{tmp_path}/t.csv'",
            f"COPY t TO '{tmp_path}/copy.csv'",
            "DROP TABLE t",
        ):
            with pytest.raises(GnomonError):
                warehouse.execute(unguarded(warehouse, sql))
        assert counts(warehouse) == {"t": 1}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["secret.txt", "t.csv"]


@pytest.mark.requirement("warehouses:engine-locks")
def test_large_parquet_stays_in_its_files_and_other_files_stay_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnomon.warehouses.files.open.VIEW_BYTES", 10)
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT range AS a FROM range(1000)) TO '{tmp_path / 'big.parquet'}'")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with opened(tmp_path / "*.parquet") as warehouse:
        assert warehouse.execute(authorized(warehouse, "SELECT SUM(a) FROM big")).rows == ((499500,),)
        for sql in (f"SELECT * FROM '{tmp_path}/secret.csv'", f"COPY (SELECT 1) TO '{tmp_path}/big.parquet'"):
            with pytest.raises(GnomonError):
                warehouse.execute(unguarded(warehouse, sql))


@pytest.mark.requirement("warehouses:files")
def test_a_cache_keeps_loaded_tables_until_a_file_changes(tmp_path: Path) -> None:
    data, cache = tmp_path / "data", tmp_path / "cache"
    data.mkdir()
    (data / "t.csv").write_text("a\n1\n")
    for rows in (1, 1, 2):
        if rows == 2:
            (data / "t.csv").write_text("a\n1\n2\n")
        warehouse = open_files(str(data), cache_dir=cache)
        assert counts(warehouse) == {"t": rows}
        warehouse.close()
    assert len(list(cache.iterdir())) == 2
    for path in cache.iterdir():
        path.write_bytes(b"damaged")
    warehouse = open_files(str(data), cache_dir=cache)
    assert counts(warehouse) == {"t": 2}
    warehouse.close()


@pytest.mark.requirement("warehouses:fingerprint")
def test_a_changed_file_changes_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with opened(tmp_path) as warehouse:
        before = warehouse.fingerprint()
        (tmp_path / "t.csv").write_text("a\n1\n2\n")
        assert warehouse.fingerprint() != before

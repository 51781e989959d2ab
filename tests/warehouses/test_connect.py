"""Opening a warehouse by URL: by content, with a plain word where it fails."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.warehouses.connect import open_warehouse


def make_sqlite(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    connection.close()


def make_duckdb(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")


@pytest.mark.requirement("warehouses:open")
def test_files_are_told_apart_by_content_not_by_name(tmp_path: Path) -> None:
    make_sqlite(tmp_path / "s.sqlite")
    make_duckdb(tmp_path / "d.duckdb")
    shutil.move(tmp_path / "s.sqlite", tmp_path / "x.duckdb")
    shutil.move(tmp_path / "d.duckdb", tmp_path / "y.db")
    for name, dialect in (("x.duckdb", "sqlite"), ("y.db", "duckdb")):
        warehouse = open_warehouse(str(tmp_path / name))
        assert warehouse.dialect == dialect
        warehouse.close()


@pytest.mark.requirement("warehouses:open")
def test_urls_with_a_scheme_take_relative_and_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sqlite(tmp_path / "s.db")
    make_duckdb(tmp_path / "d.db")
    monkeypatch.chdir(tmp_path)
    for url in (
        "sqlite:///s.db",
        f"sqlite:///{tmp_path}/s.db",
        f"sqlite://{tmp_path}/s.db",
        "duckdb:///d.db",
    ):
        warehouse = open_warehouse(url)
        assert url.startswith(warehouse.dialect)
        warehouse.close()


@pytest.mark.requirement("warehouses:open")
def test_the_same_source_has_the_same_id_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sqlite(tmp_path / "s.db")
    monkeypatch.chdir(tmp_path)
    ids = set()
    for url in ("s.db", "./s.db", str(tmp_path / "s.db"), "sqlite:///s.db"):
        warehouse = open_warehouse(url)
        ids.add(warehouse.warehouse_id)
        warehouse.close()
    assert len(ids) == 1


@pytest.mark.requirement("warehouses:open")
def test_an_empty_sqlite_file_is_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    warehouse = open_warehouse(str(tmp_path / "new.db"))
    assert warehouse.introspect().tables == ()
    warehouse.close()


@pytest.mark.requirement("warehouses:open")
def test_what_cannot_be_opened_is_said_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.duckdb").touch()
    make_sqlite(tmp_path / "s.db")
    for url, message in (
        (str(tmp_path / "absent.duckdb"), "no file or folder"),
        (str(tmp_path / "empty"), "holds no data file"),
        (str(tmp_path / "*.parquet"), "holds no data file"),
        (str(tmp_path / "notes.txt"), "no database or data file"),
        (str(tmp_path / "empty.duckdb"), "is empty"),
        (f"duckdb:///{tmp_path}/s.db", "it is a sqlite file"),
        ("duckdb:///absent.duckdb", "no file or folder"),
        ("mysql://localhost/shop", "mysql:// is not a warehouse"),
        ("postgresql://ana@localhost:port/shop", "port"),
    ):
        with pytest.raises(Misconfigured, match=message) as caught:
            open_warehouse(url)
        assert caught.value.hint, url


@pytest.mark.requirement("warehouses:open")
def test_opening_one_engine_does_not_import_the_others(tmp_path: Path) -> None:
    make_sqlite(tmp_path / "s.db")
    code = (
        "import sys; from gnomon.warehouses.connect import open_warehouse; "
        f"open_warehouse({str(tmp_path / 's.db')!r}).close(); "
        "print([m for m in ('duckdb', 'psycopg', 'arro3') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"

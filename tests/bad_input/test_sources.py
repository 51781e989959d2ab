"""Warehouses that are absent, empty, odd, damaged or in use."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from typer.testing import Result

pytestmark = pytest.mark.requirement("cli:bad-sources")

Run = Callable[..., Result]
Check = Callable[..., None]

ASK = ("ask", "how many orders", "-w")


def sqlite_file(path: Path, *statements: str) -> str:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    return str(path)


def duckdb_file(path: Path, *statements: str) -> str:
    with duckdb.connect(str(path)) as db:
        for statement in statements:
            db.execute(statement)
    return str(path)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nowhere.duckdb", ["no file or folder at", "nowhere.duckdb"]),
        ("nowhere/", ["no file or folder"]),
        ("'*.parquet'", ["no data file"]),
        ("sqlite:///nowhere.db", ["no file or folder at nowhere.db, nor at /nowhere.db"]),
        ("duckdb:////srv/nowhere.duckdb", ["no file or folder at /srv/nowhere.duckdb"]),
        ("mysql://ana:hush@host/shop", ["mysql:// is not a warehouse"]),
        ("postgresql://ana:hush@[bad/shop", ["PostgreSQL URL cannot be read"]),
        ("postgresql://ana:hush@127.0.0.1:1/shop", ["nothing answers at shop on 127.0.0.1:1"]),
        ("a\nb", ["no file or folder"]),
    ],
)
def test_a_source_that_is_not_there_is_named_without_its_secret(
    run: Run, clear: Check, url: str, words: list[str]
) -> None:
    done = run(*ASK, url)
    clear(done, 3, *words)
    assert "hush" not in done.stderr


def test_a_folder_without_data_says_what_would_be_data(run: Run, clear: Check, folder: Path) -> None:
    (folder / "readme.txt").write_text("nothing to see")
    clear(run(*ASK, str(folder)), 3, "holds no data file", "csv")


def test_a_table_that_is_not_there_is_answered_with_the_nearest_one(
    run: Run, clear: Check, shop: str
) -> None:
    clear(run("describe", "ordrs", "-w", shop), 2, "no table is named `ordrs`", "did you mean `orders`?")
    clear(run("describe", "", "-w", shop), 2)


@pytest.mark.parametrize("make", [sqlite_file, duckdb_file])
def test_a_database_without_tables_is_said_to_have_none(
    run: Run, folder: Path, make: Callable[..., str]
) -> None:
    empty = make(folder / "empty.db", "CREATE TABLE t (a INTEGER)", "DROP TABLE t")
    listed, asked = run("tables", "-w", empty), run(*ASK, empty)
    assert (listed.exit_code, listed.stdout, listed.stderr) == (0, "", "empty.db holds no tables\n")
    assert asked.exit_code == 4
    assert "No answer" in asked.stdout


@pytest.mark.parametrize("make", [sqlite_file, duckdb_file])
def test_two_thousand_columns_are_indexed_and_asked_about(
    run: Run, answered: Check, folder: Path, make: Callable[..., str]
) -> None:
    columns = ", ".join(f"measure_{i} INTEGER" for i in range(1_999))
    wide = make(
        folder / "wide.db",
        f"CREATE TABLE readings (id INTEGER PRIMARY KEY, {columns})",
        "INSERT INTO readings (id, measure_1234) VALUES (1, 7), (2, 9)",
    )
    answered(run("ask", "total measure 1234", "-w", wide), "16", '"measure_1234"')


ODD = (
    'CREATE TABLE "order" ("select" INTEGER, "group by" TEXT)',
    "INSERT INTO \"order\" VALUES (1, 'a')",
    'CREATE TABLE "my table" ("first name" TEXT, "Amount" INTEGER)',
    "INSERT INTO \"my table\" VALUES ('x', 5), ('y', 6)",
    'CREATE TABLE "qu""ote" ("a""b" INTEGER, "it\'s" TEXT)',
    'INSERT INTO "qu""ote" VALUES (1, \'z\')',
    'CREATE TABLE "naïve 😀" ("emoji 🎉" INTEGER)',
    'INSERT INTO "naïve 😀" VALUES (3)',
    'CREATE TABLE "MixedCase" ("CamelCol" INTEGER)',
    'INSERT INTO "MixedCase" VALUES (1), (2)',
)


@pytest.mark.parametrize("make", [sqlite_file, duckdb_file])
def test_spaces_quotes_keywords_emoji_and_mixed_case_in_names_do_no_harm(
    run: Run, answered: Check, folder: Path, make: Callable[..., str]
) -> None:
    odd = make(folder / "odd.db", *ODD)
    answered(run("ask", "how many order", "-w", odd), 'FROM "order"', "is 1.")
    answered(run("ask", "total amount in my table", "-w", odd), 'FROM "my table"', "11")
    answered(run("ask", 'how many qu"ote', "-w", odd), 'FROM "qu""ote"', "is 1.")
    answered(run("ask", "average emoji", "-w", odd), 'FROM "naïve 😀"', "3")
    answered(run("ask", "how many MixedCase", "-w", odd), 'FROM "MixedCase"', "is 2.")
    answered(run("describe", 'qu"ote', "-w", odd), 'a"b', "it's")


def test_what_only_looks_like_a_database_is_said_not_to_be_one(run: Run, clear: Check, folder: Path) -> None:
    (folder / "text.db").write_text("hello " * 100)
    (folder / "zero.duckdb").touch()
    (folder / "magic.duckdb").write_bytes(b"\0" * 8 + b"DUCK" + b"\7" * 20_000)
    clear(run(*ASK, "text.db"), 3, "no database or data file", "600 bytes")
    clear(run(*ASK, "zero.duckdb"), 3, "zero.duckdb is empty")
    clear(run(*ASK, "magic.duckdb"), 3, "cannot be opened as a DuckDB database")
    clear(run(*ASK, "sqlite:///magic.duckdb"), 3, "is not a sqlite file, it is a duckdb file")


def test_a_database_that_is_cut_short_or_overwritten_is_refused(run: Run, clear: Check, folder: Path) -> None:
    rows = "INSERT INTO orders SELECT value, hex(randomblob(40)) FROM json_each(?)"
    with closing(sqlite3.connect(folder / "full.db")) as db:
        db.execute("CREATE TABLE orders (id INTEGER, note TEXT)")
        db.execute(rows, (str(list(range(5_000))),))
        db.commit()
    whole = (folder / "full.db").read_bytes()
    (folder / "cut.db").write_bytes(whole[: len(whole) // 2])
    (folder / "holed.db").write_bytes(whole[:8_192] + b"\xa5" * 80_000 + whole[88_192:])
    clear(run(*ASK, "cut.db"), 3, "cut.db is cut short")
    clear(run(*ASK, "holed.db"), 3, "holed.db cannot be read", "malformed")
    duck = Path(
        duckdb_file(folder / "full.duckdb", "CREATE TABLE orders AS SELECT range AS id FROM range(99999)")
    )
    (folder / "cut.duckdb").write_bytes(duck.read_bytes()[:20_000])
    clear(run(*ASK, "cut.duckdb"), 3, "cut.duckdb cannot be opened")


def test_a_duckdb_file_that_another_process_writes_to_is_named(
    run: Run, clear: Check, answered: Check, folder: Path
) -> None:
    path = duckdb_file(folder / "shop.duckdb", "CREATE TABLE orders AS SELECT 1 AS id")
    code = f"import duckdb, sys; c = duckdb.connect({path!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        clear(run(*ASK, path), 3, "held by another process that writes to it")
    answered(run(*ASK, path), "is 1.")


def test_an_sqlite_file_that_is_being_written_shows_what_is_committed(
    run: Run, clear: Check, answered: Check, shop: str
) -> None:
    with closing(sqlite3.connect(shop, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO orders VALUES (9, 9)")
        answered(run(*ASK, shop), "is 3.")
        writer.execute("COMMIT")
        writer.execute("BEGIN EXCLUSIVE")
        clear(run(*ASK, shop), 3, "shop.db is locked by a program that writes to it", "try again")
        writer.execute("ROLLBACK")
        writer.execute("PRAGMA journal_mode = wal")
        writer.execute("INSERT INTO orders VALUES (10, 10)")
        answered(run(*ASK, shop), "is 5.")


def test_an_sqlite_file_whose_writer_died_is_read_or_explained(
    run: Run, clear: Check, answered: Check, folder: Path
) -> None:
    begin = "import os, sqlite3; c = sqlite3.connect('{}', isolation_level=None); "
    wal = begin + (
        "c.execute('PRAGMA journal_mode = wal'); c.execute('CREATE TABLE orders (id INTEGER)'); "
        "c.execute('INSERT INTO orders VALUES (1), (2)'); os._exit(9)"
    )
    hot = begin + (
        "c.execute('CREATE TABLE orders (id INTEGER, note TEXT)'); c.execute('PRAGMA cache_size = 5'); "
        "c.execute('BEGIN'); c.executemany('INSERT INTO orders VALUES (?, ?)', [(i, 'x' * 500) "
        "for i in range(500)]); c.execute('COMMIT'); c.execute('BEGIN'); "
        "c.execute('UPDATE orders SET note = note || 1'); os._exit(9)"
    )
    for name, code in (("wal.db", wal), ("hot.db", hot)):
        assert subprocess.run([sys.executable, "-c", code.format(name)], cwd=folder).returncode == 9
    answered(run(*ASK, "wal.db"), "is 2.")
    before = (folder / "hot.db-journal").read_bytes()
    clear(run(*ASK, "hot.db"), 3, "in the middle of a write to hot.db", "sqlite3 ")
    assert (folder / "hot.db-journal").read_bytes() == before
    sqlite_file(folder / "hot.db", "PRAGMA integrity_check")
    answered(run(*ASK, "hot.db"), "is 500.")


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root reads every file")
def test_a_file_without_the_right_to_read_it_is_named(run: Run, clear: Check, shop: str) -> None:
    Path(shop).chmod(0)
    clear(run(*ASK, shop), 3, "cannot be read", "permissions")

"""Data files as people have them: without a header, ragged, in other encodings, empty or damaged."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import Result

pytestmark = pytest.mark.requirement("cli:bad-files")

Run = Callable[..., Result]
Check = Callable[..., None]


@pytest.mark.parametrize(
    ("content", "question", "words"),
    [
        (b"id,v\n1,2\n2,x\n3,\n", "how many sales", ["is 3."]),
        (b"\xef\xbb\xbfamount,name\n1,a\n2,b\n", "total amount of sales", ["is 3."]),
        (b"amount;name\n1;a\n2;b\n", "total amount of sales", ["is 3."]),
        (b"a,b,c\n1,2\n3,4,5,6\n7,8,9\n", "how many sales", ["is 3."]),
        (b"a,b,c\n", "how many sales", ["is 0.", "no row"]),
        ("name,amount\ncafé,1\nnaïve,2\n".encode("latin-1"), "total amount by name", ["café", "naïve"]),
        ("name,amount\ncafé,1\n".encode("utf-16"), "total amount by name", ["café"]),
        (b'name,amount\n"a\nb",1\n"c ""d""",2\n', "total amount of sales", ["is 3."]),
    ],
    ids=["mixed", "bom", "semicolons", "ragged", "header-only", "latin-1", "utf-16", "quoted-lines"],
)
def test_a_csv_file_loses_no_row(
    run: Run, answered: Check, folder: Path, content: bytes, question: str, words: list[str]
) -> None:
    (folder / "sales.csv").write_bytes(content)
    answered(run("ask", question, "-w", "sales.csv"), *words)


def test_a_csv_file_without_a_header_keeps_its_first_line_as_data(
    run: Run, answered: Check, folder: Path
) -> None:
    (folder / "sales.csv").write_text("1,2\n3,4\n")
    answered(run("describe", "sales", "-w", "sales.csv"), "2 rows", "column0")


def test_decimal_commas_are_never_added_up_wrongly(run: Run, folder: Path) -> None:
    (folder / "sales.csv").write_text("amount;name\n1,5;a\n2,5;b\n")
    done = run("ask", "total amount of sales", "-w", "sales.csv")
    assert done.exit_code == 4 or "is 4." in done.stdout


def test_an_empty_file_beside_a_good_one_takes_nothing_away(run: Run, answered: Check, folder: Path) -> None:
    (folder / "empty.csv").touch()
    (folder / "sales.csv").write_text("a,b\n1,2\n")
    answered(run("ask", "how many sales", "-w", "."), "is 1.")


def test_objects_within_json_are_columns_of_their_table(run: Run, answered: Check, folder: Path) -> None:
    (folder / "people.json").write_text(
        '[{"id": 1, "home": {"city": "Rome", "zip": [1, 2]}, "tags": ["a"]},'
        ' {"id": 2, "home": {"city": "Oslo"}}]'
    )
    answered(run("ask", "how many people", "-w", "people.json"), "is 2.")
    answered(run("describe", "people", "-w", "people.json"), "home", "STRUCT", "tags")


def test_a_damaged_file_is_named(run: Run, clear: Check, folder: Path) -> None:
    (folder / "people.json").write_text('[{"id": 1,')
    clear(run("tables", "-w", "people.json"), 3, "people.json cannot be read", "Malformed JSON")
    duckdb.execute(f"COPY (SELECT range AS id FROM range(10000)) TO '{folder / 'whole.parquet'}'")
    whole = (folder / "whole.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "holed.parquet").write_bytes(whole[:10] + b"\xa5" * 900 + whole[910:])
    (folder / "zero.parquet").touch()
    for name in ("cut.parquet", "holed.parquet", "zero.parquet"):
        clear(run("tables", "-w", name), 3, f"{name} cannot be read")

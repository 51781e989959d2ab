"""However large or ill-meant a log is, reading it takes little memory and comes to an end."""

import gzip
import json
import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from gnomon.context.catalog.facts import PastQuery, Problem
from gnomon.context.catalog.sources.queries.lines import MAX_LINE_BYTES
from gnomon.context.catalog.sources.queries.query_log import LogFormat, open_query_log


def _json_lines(count: int) -> str:
    return "".join(json.dumps({"sql": f"SELECT {n} FROM orders"}) + "\n" for n in range(count))


def _one_line_array(count: int) -> str:
    return json.dumps([{"sql": f"SELECT {n} FROM orders", "note": "é}" * 90} for n in range(count)])


def _pretty_array(count: int) -> str:
    return json.dumps([{"sql": f"SELECT {n} FROM orders"} for n in range(count)], indent=1)


def _csv(count: int) -> str:
    return "sql\n" + "".join(f'"SELECT {n},\n 1 FROM orders"\n' for n in range(count))


def _text(count: int) -> str:
    return "".join(f"SELECT {n}\nFROM orders\n" for n in range(count))


def _postgres(count: int) -> str:
    head = (
        "2026-11-26 10:34:53 UTC [{}] ana@shop LOG:  duration: 1.0 ms  statement: select {}\n\tfrom orders\n"
    )
    return "".join(head.format(n % 9, n) for n in range(count))


@pytest.mark.requirement("sources:queries-bounded")
@pytest.mark.parametrize("write", [_json_lines, _pretty_array, _csv, _text, _postgres])
def test_a_long_log_is_streamed(write: Callable[[int], str], tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    path.write_text(write(3_000), encoding="utf-8")
    read = open_query_log(path, "log").read()
    assert isinstance(next(read), PastQuery)
    tracemalloc.start()
    rest = sum(isinstance(item, PastQuery) for item in read)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rest == 2_999
    # A block of bare texts is held as tokens, which are large.
    assert peak < (40 if write is _text else 8) * 1_048_576


@pytest.mark.requirement("sources:queries-bounded")
def test_a_very_long_line_is_passed_over_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    long = json.dumps({"sql": "SELECT '" + "x" * (3 * MAX_LINE_BYTES) + "'"})
    path.write_text(f'{{"sql": "SELECT 1"}}\n{long}\n{{"sql": "SELECT 2"}}\n', encoding="utf-8")
    one, problem, two = open_query_log(path, "log").read()
    assert isinstance(one, PastQuery)
    assert isinstance(two, PastQuery)
    assert isinstance(problem, Problem)
    assert (two.origin.place, problem.place) == ("log.jsonl:3", "log.jsonl:2")


@pytest.mark.requirement("sources:queries-bounded")
def test_an_array_on_one_line_is_read_however_long(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(_one_line_array(6_000), encoding="utf-8")
    assert path.stat().st_size > MAX_LINE_BYTES
    found = list(open_query_log(path, "log").read())
    assert len(found) == 6_000


@pytest.mark.requirement("sources:queries-bounded")
def test_an_archive_that_unpacks_to_far_more_is_left(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.gz"
    with gzip.open(path, "wb") as packed:
        packed.write(b'{"sql": "SELECT 1"}\n')
        for _ in range(200):
            packed.write(b" " * 500_000 + b"\n")
    found = list(open_query_log(path, "log").read())
    assert isinstance(found[0], PastQuery)
    assert isinstance(found[-1], Problem)
    assert "unpacks to too much" in found[-1].message


@pytest.mark.requirement("sources:queries-bounded")
def test_a_damaged_archive_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    rng = random.Random(1)
    whole = "".join(json.dumps({"sql": f"SELECT {rng.random()}"}) + "\n" for _ in range(5_000))
    path = tmp_path / "log.jsonl.gz"
    packed = gzip.compress(whole.encode())
    path.write_bytes(packed[: len(packed) // 2])
    found = list(open_query_log(path, "log").read())
    assert len([q for q in found if isinstance(q, PastQuery)]) > 500
    assert isinstance(found[-1], Problem)


HOSTILE: list[tuple[LogFormat, str]] = [
    ("sql_text", "SELECT '\n" * 60_000),
    ("sql_text", "WITH\n" * 60_000),
    ("sql_text", "SELECT 1 (\n" * 60_000),
    ("sql_text", "/*\nSELECT 1\n" * 30_000),
    ("csv", 'sql\n"' + "a\n" * 300_000),
    ("csv", "sql\n" + '"' * 300_001),
    ("json_array", "{" * 300_000),
    ("json_array", '{"a": "\\' * 60_000),
    ("json_lines", ("[" * 900_000 + "\n") * 3),
    ("postgres_text", "2026-11-26 10:34:53 UTC [1] LOG:  statement: select\n" + "\tx\n" * 400_000),
    ("postgres_text", "LOG:  " * 100_000),
    ("postgres_text", "2026-11-26 10:34:53 " * 40_000),
]


@pytest.mark.requirement("sources:queries-bounded")
@pytest.mark.parametrize(("form", "text"), HOSTILE)
def test_an_ill_meant_log_costs_little_time(form: LogFormat, text: str, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(text, encoding="utf-8")
    began = time.process_time()
    found = list(open_query_log(path, "log", format=form).read())
    assert time.process_time() - began < 20
    assert sum(isinstance(item, Problem) for item in found) <= 101

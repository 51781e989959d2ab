"""Reading public question sets: small files of each format, and the real ones where they are at hand."""

import json
import os
from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.flywheel.sets import expand_choices, is_ordered, read_set

FOLDERS = {
    "spider": "spider",
    "bird": "bird",
    "defog": "defog",
    "nsql": "duckdb-nsql",
    "classics": "classics",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_spider_rows_without_a_database_or_a_usable_gold_are_left_out(tmp_path: Path) -> None:
    rows = (
        "database,question,sql\nshop,How many?,SELECT 1\n"
        "shop,Sorted?,SELECT a FROM t ORDER BY a\nnone,Eh?,SELECT 2\n"
    )
    usable = [{"row": 0, "status": "empty"}, {"row": 1, "status": "ok"}, {"row": 2, "status": "ok"}]
    folder = write(
        tmp_path,
        {"train_queries.csv": rows, "usable_rows.json": json.dumps(usable), "databases/shop.sqlite": ""},
    )
    found = read_set("spider", folder)
    assert [(q.id, q.text, q.ordered) for q in found.questions] == [("spider-1", "Sorted?", True)]
    assert found.databases["shop"].name == "shop.sqlite"


def test_spider_json_is_read_as_well(tmp_path: Path) -> None:
    rows = [{"db_id": "shop", "question": "How many?", "query": "SELECT 1"}]
    folder = write(tmp_path, {"dev.json": json.dumps(rows), "database/shop/shop.sqlite": ""})
    assert read_set("spider", folder).questions[0].gold == ("SELECT 1",)


def test_bird_keeps_the_evidence_apart_from_the_question(tmp_path: Path) -> None:
    rows = [
        {"db_id": "shop", "question": "How many?", "evidence": "x = 1", "SQL": "SELECT 1", "question_id": 7}
    ]
    folder = write(tmp_path, {"questions.json": json.dumps(rows), "databases/shop.sqlite": ""})
    question = read_set("bird", folder).questions[0]
    assert (question.id, question.text, question.evidence) == ("bird-7", "How many?", "x = 1")


def test_defog_choices_become_golds_and_unanswerable_rows_expect_abstaining(tmp_path: Path) -> None:
    golds = 'question,query,db_name,query_category\nWho?,"SELECT {a, b} FROM t",shop,group_by\n'
    none = "question,instructions,query,db_name,query_category\nWhy?,,SELECT 'no',shop,cat_a\n"
    folder = write(
        tmp_path,
        {
            "questions/questions_gen_postgres.csv": golds,
            "questions/idk.csv": none,
            "databases/shop/shop.sql": "",
        },
    )
    who, why = read_set("defog", folder).questions
    assert who.gold == ("SELECT a FROM t", "SELECT b FROM t", "SELECT a, b FROM t")
    assert who.source_sql == "SELECT {a, b} FROM t"
    assert why.expect == "abstain"


def test_nsql_rows_that_change_the_database_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"db_id": "shop", "question": "Add?", "query": "ALTER TABLE t ADD COLUMN a INT", "setup_sql": ";"},
        {"db_id": "shop", "question": "Made?", "query": "SELECT 1", "setup_sql": "CREATE TABLE t (a INT);"},
        {"db_id": "shop", "question": "Read?", "query": "FROM t ORDER BY a", "setup_sql": ";"},
    ]
    folder = write(tmp_path, {"dev.json": json.dumps(rows), "databases/shop/shop.duckdb": ""})
    found = read_set("nsql", folder).questions
    assert [(q.text, q.ordered) for q in found] == [("Read?", True)]


def test_classics_fill_in_the_variables_longest_name_first(tmp_path: Path) -> None:
    rows = [
        {
            "sentences": [{"text": "rivers of v1 and v10", "variables": {"v1": "ohio", "v10": "iowa"}}],
            "sql": ["SELECT r FROM t WHERE a = 'v1' OR a = 'v10' LIMIT v2"],
            "variables": [{"name": "v2", "example": 3}],
        }
    ]
    folder = write(tmp_path, {"geo.json": json.dumps(rows), "geo.sqlite": ""})
    question = read_set("classics", folder).questions[0]
    assert question.text == "rivers of ohio and iowa"
    assert question.gold == ("SELECT r FROM t WHERE a = 'ohio' OR a = 'iowa' LIMIT 3",)


def test_an_unknown_format_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no reader"):
        read_set("wikisql", tmp_path)
    with pytest.raises(Misconfigured, match="cannot read"):
        read_set("bird", tmp_path)
    with pytest.raises(Misconfigured, match="holds no question"):
        read_set("spider", tmp_path)


@pytest.mark.parametrize(
    ("sql", "expanded"),
    [
        ("SELECT a FROM t;", ("SELECT a FROM t",)),
        ("SELECT 1; SELECT 2", ("SELECT 1", "SELECT 2")),
        (
            "SELECT {a}, count(*) FROM t GROUP BY {}",
            ("SELECT a, count(*) FROM t GROUP BY a",),
        ),
    ],
)
def test_choices_expand(sql: str, expanded: tuple[str, ...]) -> None:
    assert expand_choices(sql) == expanded


@pytest.mark.parametrize(
    ("sql", "ordered"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a)", False),
        ("SELECT a FROM t UNION SELECT b FROM t ORDER BY 1", True),
        ("SELECT count(*) FROM t", False),
        ("SELECT ((", False),
    ],
)
def test_only_the_outermost_order_counts(sql: str, ordered: bool) -> None:
    assert is_ordered(sql, "sqlite") is ordered


@pytest.mark.parametrize("name", FOLDERS)
def test_the_real_set_reads_whole(name: str) -> None:
    data = os.environ.get("GNOMON_DATA", "")
    if not data:
        pytest.skip("GNOMON_DATA names no folder of development data")
    folder = Path(data) / FOLDERS[name]
    if not folder.exists():
        pytest.skip(f"{folder} is not there")
    found = read_set(name, folder)
    assert len(found.questions) > 40
    assert {q.database for q in found.questions} <= set(found.databases)
    assert len({q.id for q in found.questions}) == len(found.questions)

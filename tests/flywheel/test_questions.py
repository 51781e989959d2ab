"""Reading question sets, and saying what is wrong with one."""

from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.flywheel.questions import load_questions

TOML = """
[[question]]
id = "orders"
category = "count"
question = "How many orders?"
gold = "SELECT count(*) FROM orders"

[[question]]
question = "Which first?"
gold = ["SELECT a FROM t ORDER BY a", "SELECT b FROM t ORDER BY b"]
ordered = true

[[question]]
question = "What did we spend?"
expect = "abstain"
"""


def test_toml_and_json_lines_give_the_same_questions(tmp_path: Path) -> None:
    (tmp_path / "set.toml").write_text(TOML)
    (tmp_path / "set.jsonl").write_text(
        '{"id": "orders", "category": "count", "question": "How many orders?",'
        ' "gold": "SELECT count(*) FROM orders"}\n\n'
        '{"question": "Which first?", "ordered": true,'
        ' "gold": ["SELECT a FROM t ORDER BY a", "SELECT b FROM t ORDER BY b"]}\n'
        '{"question": "What did we spend?", "expect": "abstain"}\n'
    )
    toml, jsonl = load_questions(tmp_path / "set.toml"), load_questions(tmp_path / "set.jsonl")
    assert toml == jsonl
    assert [q.id for q in toml] == ["orders", "q002", "q003"]
    assert [len(q.gold) for q in toml] == [1, 2, 0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "[[question]\n", "does not parse"),
        ("a.jsonl", "{oops}\n", "does not parse"),
        ("a.jsonl", "[1]\n", "question 1 is not usable"),
        ("a.jsonl", '{"gold": "SELECT 1"}\n', "question 1 is not usable: 'question'"),
        ("a.jsonl", '{"question": "?"}\n', "expects an answer and has no gold"),
        ("a.jsonl", '{"question": "?", "expect": "guess"}\n', "not one of answer, abstain"),
        ("a.jsonl", '{"question": "?", "expect": "explain"}\n', "names no words"),
        ("a.jsonl", '{"id":"x","question":"?","gold":"S"}\n' * 2, "`x` stands twice"),
    ],
)
def test_a_broken_set_says_what_is_wrong(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Misconfigured, match=message):
        load_questions(tmp_path / name)


def test_an_absent_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"none\.toml: No such file"):
        load_questions(tmp_path / "none.toml")

"""`--explain`: the question word by word, the readings offered, and what the confidence comes from."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import Result

from gnomon.domain.answer import Answer, Clarification, ConfidencePart, ReadWords
from gnomon.policy.personal import mask_answer
from gnomon.policy.untrusted import inert_answer
from gnomon.store.codec import answer_from_json, answer_to_json
from gnomon.store.public import answer_to_public_json
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.html import answer_page as html_page
from gnomon.surfaces.cli.page import answer_page
from surfaces.cli import answers

pytestmark = pytest.mark.requirement("cli:reading")

Run = Callable[..., Result]

READING = (
    ReadWords("revenue", "sum of sales.orders.amount", 0.9),
    ReadWords("in 2025", "sales.orders.order_date from the first day of 2025 to the last day of 2025", 1.0),
)
ASKED = Clarification("What does `revenue` mean here?", ("amount", "net"), "amount", "amount")
READ = replace(
    answers.single(),
    reading=READING,
    unplaced=("please note",),
    clarification=ASKED,
    confidence_parts=(
        ConfidencePart("how sure the reading is", 0.9),
        ConfidencePart("a second reading agrees", 1.0556),
        ConfidencePart("1 assumption", 0.95),
    ),
)
EXPLAINED = """\
Reading
  words       │ read as
  ────────────┼───────────────────────────────────────────────────────────────
  revenue     │ sum of sales.orders.amount (0.90)
  in 2025     │ sales.orders.order_date from the first day of 2025 to the last
              │ day of 2025 (1.00)
! please note │ not understood
Readings offered
  What does `revenue` mean here?
  1. amount (taken)
  2. net
Confidence
    0.90  how sure the reading is
  × 1.06  a second reading agrees
  × 0.95  1 assumption
Steps
"""


def page(answer: Answer, face: Face, *, explain: bool = True) -> str:
    return "".join(f"{line.plain}\n" for line in answer_page(answer, face, explain=explain))


def test_the_reading_is_a_table_of_words_and_takes_the_place_of_the_reasoning() -> None:
    assert EXPLAINED in page(READ, Face(80))
    assert READ.reasoning not in page(READ, Face(80))


def test_without_explaining_only_the_words_without_a_place_are_told() -> None:
    text = page(READ, Face(80), explain=False)
    assert "read as" not in text
    assert "Not understood: `please note`" in text


def test_an_answer_of_a_model_that_tells_no_reading_shows_its_reasoning() -> None:
    text = page(answers.single(), Face(80))
    assert "Reasoning" in text
    assert "read as" not in text


def test_an_abstention_marks_the_words_that_stopped_it() -> None:
    assert "! happiness │ not understood" in page(answers.abstained(), Face(80))


@pytest.mark.parametrize("width", [20, 40, 80])
def test_the_table_fits_the_width_in_ascii_and_acts_on_no_terminal(width: int) -> None:
    hostile = ReadWords("\x1b[2J" + "word" * 20, "role\u202e " + "of a column " * 9)
    lines = page(replace(READ, reading=(hostile, *READING)), Face(width, unicode=False))
    explained = lines[lines.index("Reading\n") : lines.index("Steps\n")]
    assert max(map(cell_len, explained.splitlines())) <= width
    assert explained.isascii()
    assert "\x1b" not in explained


def test_json_holds_the_reading_as_a_list_and_html_lists_it() -> None:
    shown = json.loads(json.dumps(answer_to_public_json(READ)))
    assert shown["reading"][0] == {
        "words": "revenue", "role": "sum of sales.orders.amount", "certainty": 0.9
    }  # fmt: skip
    assert shown["confidence_parts"][2] == {"name": "1 assumption", "factor": 0.95}
    assert shown["clarification"]["chosen"] == "amount"
    assert "revenue: sum of sales.orders.amount" in html_page(READ)


@pytest.mark.requirement("ODA-03")
def test_an_answer_that_was_stored_without_a_reading_is_still_read() -> None:
    assert answer_from_json(answer_to_json(READ)) == READ
    stored = json.loads(answer_to_json(READ))
    for name in ("reading", "confidence_parts"):
        del stored[name]
    del stored["clarification"]["chosen"]
    for check in stored["checks"]:
        del check["evidence"]
    older = answer_from_json(json.dumps(stored))
    assert (older.reading, older.confidence_parts) == ((), ())
    assert older.checks == READ.checks
    assert older.clarification == replace(ASKED, chosen="")


@pytest.mark.requirement("untrusted:defanged")
def test_a_reading_is_defanged_like_every_text_of_an_answer() -> None:
    url = "https://evil.test/x"
    asked = Clarification(url, (url, "b"), url, url)
    safe = inert_answer(replace(READ, reading=(ReadWords(url, url),), clarification=asked))
    assert url not in repr((safe.reading, safe.clarification))
    assert safe.clarification is not None
    assert safe.clarification.chosen in safe.clarification.options


@pytest.mark.requirement("personal:masked")
def test_a_reading_is_masked_where_others_read_along() -> None:
    asked = Clarification("Who?", ("ana@acme.test", "b"), "b", "ana@acme.test")
    words = (ReadWords("ana@acme.test", "customers.mail = 'ana@acme.test'"),)
    masked = mask_answer(replace(READ, reading=words, clarification=asked))
    assert "ana@acme.test" not in repr((masked.reading, masked.clarification))


def test_grounded_tells_its_reading_on_the_command_line(indexed: Path, run: Run) -> None:
    done = run("ask", "how many orders?", "--explain")
    assert "read as" in done.stdout
    assert "how sure the reading is" in done.stdout
    shown = json.loads(run("show", "--json").stdout)
    assert [r for r in shown["reading"] if "orders" in r["words"] and "orders" in r["role"]]


@pytest.mark.requirement("second-reading:compared")
@pytest.mark.parametrize(("setting", "verdict"), [("", "pass"), ("false", "not_applicable")])
def test_another_models_answer_is_read_a_second_time_unless_the_settings_say_no(
    indexed: Path, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, setting: str, verdict: str
) -> None:
    call = {"name": "run_sql", "arguments": {"sql": "SELECT count(*) AS n FROM orders"}}
    turns = [{"tool_calls": [call]}, {"text": "There are 400 orders."}]
    (folder / "tape.json").write_text(json.dumps({"format": "gnomon-tape/1", "turns": turns}))
    if setting:
        monkeypatch.setenv("GNOMON_ANSWERS_SECOND_READING", setting)
    shown = json.loads(run("ask", "how many orders?", "--model", "scripted:tape.json", "--json").stdout)
    found = {check["name"]: check for check in shown["checks"]}
    assert (shown["status"], found["second_reading"]["verdict"]) == ("answered", verdict)

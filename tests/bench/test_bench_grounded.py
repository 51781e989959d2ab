"""`make bench-grounded`: the split, what is kept of a stopped run, the figures, and a run on made ones."""

import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from bench_grounded import is_asked, main, read_options, remarks
from grounded_asking import Asking, keep_finished
from grounded_curve import draw
from grounded_folds import FOLDS, fold_of
from grounded_kept import Kept, fingerprint, kept_in
from grounded_report import Measured, figures, to_markdown
from grounded_split import part_of
from real_data import Job

from gnomon.flywheel.calibration import risk_coverage
from gnomon.flywheel.outcome import Outcome
from gnomon.flywheel.questions import EvalQuestion, Expectation

TUNED, TOLD = "harbour", "bakery"
"""A database of each part, as `test_each_part_has_its_database` says."""


def question(
    number: int, database: str = TUNED, expect: Expectation = "answer", text: str = ""
) -> EvalQuestion:
    gold = ("SELECT 1",) if expect == "answer" else ()
    return EvalQuestion(
        f"q{number}", text or f"How many {number}?", gold=gold, expect=expect, database=database
    )


def gave(asked: EvalQuestion, confidence: float, *, right: bool, model_s: float = 0.01) -> Outcome:
    verdict = "right" if right else "wrong"
    why = "" if right else "2 rows instead of 1"
    status = "answered"
    return Outcome(asked, verdict, True, why, status, "One.", "SELECT 1", confidence, 0.2, model_s)


def silent(asked: EvalQuestion, why: str = "I cannot place `x`.") -> Outcome:
    verdict = "right" if asked.expect == "abstain" else "abstained"
    return Outcome(asked, verdict, why=why, status="abstained")


@pytest.mark.requirement("bench:grounded-split")
def test_each_part_has_its_database() -> None:
    assert (part_of(TUNED), part_of(TOLD)) == ("tuning", "reporting")


@pytest.mark.requirement("bench:grounded-split")
def test_a_fold_asks_of_its_own_databases_and_the_first_is_the_reporting_part() -> None:
    names = [f"database_{n}" for n in range(30)]
    for fold in range(FOLDS):
        options = read_options(["--fold", str(fold)])
        assert [n for n in names if is_asked(n, options)] == [n for n in names if fold_of(n) == fold]
    both = read_options(["--fold", "0", "--part", "reporting"])
    assert [n for n in names if is_asked(n, both)] == [n for n in names if part_of(n) == "reporting"]
    assert not any(is_asked(n, read_options(["--fold", "1", "--part", "reporting"])) for n in names)


@pytest.mark.requirement("bench:grounded-split")
def test_about_a_third_of_all_names_is_for_reporting_and_stays_so() -> None:
    """Counted once: what was tuned on may never come to be reported on."""
    parts = [part_of(f"database_{n}") for n in range(3_000)]
    assert parts.count("reporting") == 990


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return kept_in(tmp_path, "spider", "a/../b", "model", "code")


@pytest.mark.requirement("bench:grounded-resume")
def test_an_outcome_comes_back_as_it_was_kept(kept: Kept, tmp_path: Path) -> None:
    outcome = gave(question(1), 0.123456789, right=False)
    kept.add(outcome)
    assert kept.read([question(1), question(2)]) == {"q1": (outcome, "code")}
    assert kept.path.parent == tmp_path / "spider" / "model"


@pytest.mark.requirement("bench:grounded-resume")
@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_half_written_line_is_dropped_and_does_not_spoil_the_next_one(kept: Kept, cut: int) -> None:
    first, second, third = (gave(question(n), 0.9, right=True) for n in (1, 2, 3))
    kept.add(first)
    kept.add(second)
    kept.path.write_bytes(kept.path.read_bytes()[:-cut])
    kept.mend()
    kept.add(third)
    assert list(kept.read([question(n) for n in (1, 2, 3)])) == ["q1", "q3"]
    assert kept.count() == 2


@pytest.mark.requirement("bench:grounded-resume")
def test_a_question_that_reads_otherwise_by_now_is_asked_again(kept: Kept) -> None:
    kept.add(gave(question(1), 0.9, right=True))
    assert kept.read([question(1, text="How few?")]) == {}
    assert kept.read([replace(question(1), gold=("SELECT 2",))]) == {}
    assert kept.read([question(1)]) != {}


@pytest.mark.requirement("bench:grounded-resume")
@pytest.mark.parametrize("line", [b"[]", b"7", b'{"id": "q1"}', b"\xff\xfe", b""])
def test_a_line_that_holds_no_outcome_is_dropped(kept: Kept, line: bytes) -> None:
    kept.add(gave(question(1), 0.9, right=True))
    kept.path.write_bytes(line + b"\n" + kept.path.read_bytes())
    assert list(kept.read([question(1)])) == ["q1"]


@pytest.mark.requirement("bench:grounded-resume")
def test_another_model_and_another_database_keep_their_outcomes_apart(tmp_path: Path) -> None:
    places = {
        kept_in(tmp_path, "spider", database, model, "code").path
        for database in ("a.b", "a_b")
        for model in ("one", "two")
    }
    assert len(places) == 4


@pytest.mark.requirement("bench:grounded-resume")
def test_a_fingerprint_follows_sources_and_weights_and_no_compiled_module(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("x = 1")
    before = fingerprint([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "model.pyc").write_bytes(b"compiled")
    assert fingerprint([tmp_path]) == before
    (tmp_path / "weights.npz").write_bytes(b"\x01")
    assert fingerprint([tmp_path]) != before


@pytest.mark.requirement("bench:grounded-resume")
def test_a_question_that_a_person_stopped_is_not_kept_and_one_that_took_too_long_is(kept: Kept) -> None:
    asking = Asking("spider", Job(TUNED, "", (), "grounded", timeout_s=5.0, evidence=False), kept)
    stopped = Outcome(question(1), "error", status="interrupted", elapsed_s=1.0)
    with pytest.raises(KeyboardInterrupt):
        keep_finished(asking, stopped)
    assert kept.count() == 0
    keep_finished(asking, replace(stopped, elapsed_s=5.1))
    assert kept.count() == 1


MIXED = (
    gave(question(1), 0.9, right=True, model_s=0.01),
    gave(question(2), 0.8, right=False, model_s=0.02),
    gave(question(3), 0.3, right=True, model_s=0.03),
    silent(question(4)),
    gave(question(5, expect="abstain"), 0.4, right=False, model_s=0.04),
    gave(question(6, expect="abstain"), 0.7, right=False, model_s=0.05),
    silent(question(7, expect="abstain")),
)


@pytest.mark.requirement("bench:grounded-report")
def test_figures_are_those_counted_by_hand() -> None:
    told = figures(MIXED, 0.5)
    assert (told.questions, told.databases) == (7, 1)
    assert (told.coverage.count, told.coverage.total) == (2, 4)
    assert (told.precision.count, told.precision.total) == (1, 3)
    assert (told.executed.count, told.executed.total) == (1, 4)
    assert (told.forced.count, told.forced.total) == (2, 4)
    assert (told.declined.count, told.declined.total) == (2, 3)


@pytest.mark.requirement("bench:grounded-report")
def test_a_run_that_failed_has_no_time_in_the_model() -> None:
    failed = Outcome(question(1), "error", why="the server is gone")
    told = figures([failed, gave(question(2), 0.9, right=True, model_s=0.02)], 0.5)
    assert (told.model_median_s, told.model_p95_s) == (0.02, 0.02)


@pytest.mark.requirement("bench:grounded-report")
def test_confidence_is_told_for_the_part_that_was_never_tuned_on() -> None:
    told = gave(question(1, TOLD), 0.9, right=True)
    both = Measured({"spider": [*MIXED, told], "bird": [told]}, 0.5)
    assert both.told() == {"spider": [told], "bird": [told], "all sets": [told, told]}
    assert Measured({"spider": MIXED}, 0.5).told_part == "tuning"


@pytest.mark.requirement("bench:grounded-report")
def test_a_reason_of_one_database_alone_is_not_named_on_the_page() -> None:
    outcomes = [silent(question(1), "Only harbour has it."), silent(question(2, TOLD), "I cannot place `x`.")]
    outcomes.append(silent(question(3), "I cannot place `y`."))
    page = to_markdown(Measured({"spider": outcomes}, 0.5))
    assert "Only harbour has it." not in page
    assert "| I cannot place …. | 2 | 2 |" in page
    assert "| everything else | 1 | 1 |" in page


@pytest.mark.requirement("bench:grounded-report")
def test_a_set_without_one_answer_still_makes_a_page() -> None:
    page = to_markdown(Measured({"spider": [silent(question(1))]}, 0.5))
    assert "not reached" in page
    assert "| calibration error | none |" in page


@pytest.mark.requirement("bench:grounded-report")
def test_the_picture_has_a_line_for_each_set_with_enough_answers() -> None:
    many = [gave(question(n), n / 50, right=n % 5 > 0) for n in range(50)]
    picture = draw({"a & b": risk_coverage(many), "few": risk_coverage(many[:5])}, 0.95)
    root = ElementTree.fromstring(picture)
    assert len(root.findall("{*}polyline")) == 1
    assert "a & b" in [text.text for text in root.findall("{*}text")]


def a_set(folder: Path) -> Path:
    """A question set in the format of Spider over two databases, one of each part."""
    rows = ["database,question,sql"]
    for name, table in ((TUNED, "boats"), (TOLD, "cakes")):
        path = folder / "spider" / "databases" / f"{name}.sqlite"
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, title TEXT)")
            database.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(n, f"no {n}") for n in range(3)])
            database.commit()
        rows.append(f"{name},How many {table} are there?,SELECT count(*) FROM {table}")
        rows.append(f"{name},How many {table} does the zebra grok?,SELECT count(*) FROM {table}")
    (folder / "spider" / "train_queries.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.mark.requirement("bench:grounded-resume")
@pytest.mark.requirement("bench:grounded-report")
def test_a_run_writes_its_page_and_a_second_one_asks_only_what_was_cut_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, cache, page = a_set(tmp_path / "data"), tmp_path / "cache", tmp_path / "figures.md"
    page.write_text("Before.\n<!-- figures: begin -->\nstale\n<!-- figures: end -->\nAfter.\n")
    given = ["--data", str(data), "--cache", str(cache), "--workers", "1"]
    given += ["--page", str(page), "--json", str(tmp_path / "figures.json")]

    assert main(given) == 0
    assert "4 to ask" in capsys.readouterr().err
    told = json.loads((tmp_path / "figures.json").read_text())
    by_part = {f["part"]: f for f in told["figures"]}
    assert {part: f["questions"] for part, f in by_part.items()} == {"tuning": 2, "reporting": 2}
    assert by_part["reporting"]["executed"]["count"] >= 1
    written = page.read_text()
    assert (written[:8], written[-7:]) == ("Before.\n", "After.\n")
    assert "stale" not in written
    assert "Left out: bird, classics, defog, nsql." in written
    assert str(tmp_path) not in written
    assert (tmp_path / "grounded-risk-coverage.svg").exists()

    (half,) = cache.glob(f"spider/*/{TOLD}-*.jsonl")
    half.write_bytes(half.read_bytes()[:-30])
    assert main(given) == 0
    assert "1 to ask" in capsys.readouterr().err
    again = json.loads((tmp_path / "figures.json").read_text())
    assert [f["executed"] for f in again["figures"]] == [f["executed"] for f in told["figures"]]


@pytest.mark.requirement("bench:grounded-report")
def test_a_report_over_changed_code_says_so() -> None:
    assert remarks([], {"one"}, changed=False) == []
    mixed, moved = remarks([], {"one", "two"}, changed=True)
    assert "2 states" in mixed
    assert "changed during the run" in moved


@pytest.mark.requirement("bench:grounded-report")
def test_without_any_set_the_command_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path), "--cache", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "error: no question to ask\n  spider: " in said.err
    assert "hint: set GNOMON_DATA" in said.err

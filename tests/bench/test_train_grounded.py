"""`make train-grounded`: folds, steps, what is learned, its report, and a run on made databases."""

import random
import sqlite3
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from grounded_candidates import Candidate, Judged, Proposed
from grounded_contexts import some_of
from grounded_examples import Example, Lessons
from grounded_folds import FOLDS, fold_of
from grounded_isotonic import calibrate, pool_adjacent_violators
from grounded_learned import margin, widest_at
from grounded_ranker import PARAMETERS, Rankers, calibrations, confidences, cross_fitted, fit, trees_of
from grounded_roles import Training, learn, probabilities, seldom_seen, train
from grounded_split import part_of
from grounded_steps import Step, fill, reached, step
from grounded_weights import Learned, Ranked, write_weights
from train_grounded import main

from gnomon.flywheel.questions import EvalQuestion
from gnomon.models.grounded.composer.features import BITS
from gnomon.models.grounded.composer.trees import Trees
from gnomon.models.grounded.composer.weights import RANKERS


def why_no_trees_grow() -> str:
    """Empty if LightGBM loads: its wheel takes the OpenMP library of the system."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError) as error:
        return f"lightgbm does not load: {error}"
    return ""


grows_trees = pytest.mark.skipif(bool(why_no_trees_grow()), reason=why_no_trees_grow())

NAMES = [f"database_{n}" for n in range(3_000)]
KINDS = {
    "names": "uint8",
    "roots": "int32",
    "feature": "int32",
    "limit": "float32",
    "left": "int32",
    "right": "int32",
    "levels": "float32",
    "shares": "float32",
}
"""What a file of weights has of each ranker."""

OF_FOLD = {fold: [n for n in NAMES if fold_of(n) == fold][:4] for fold in range(FOLDS)}


@pytest.mark.requirement("bench:train-folds")
def test_a_third_of_all_names_is_in_each_fold_and_stays_there() -> None:
    """Counted once: what was learned from may never come to be reported on."""
    assert [sum(fold_of(n) == fold for n in NAMES) for fold in range(FOLDS)] == [990, 1019, 991]


@pytest.mark.requirement("bench:train-folds")
def test_the_first_fold_is_the_reporting_part() -> None:
    assert all((fold_of(n) == 0) == (part_of(n) == "reporting") for n in NAMES)


@pytest.mark.requirement("bench:train-folds")
def test_a_draw_of_questions_is_the_same_each_time_and_keeps_their_order() -> None:
    questions = [EvalQuestion(f"q{n}", f"Question {n}?", gold=("SELECT 1",)) for n in range(40)]
    drawn = some_of(questions, "orchard", 5)
    assert drawn == some_of(questions, "orchard", 5)
    assert [questions.index(q) for q in drawn] == sorted(questions.index(q) for q in drawn)
    assert len(drawn) == 5
    assert some_of(questions, "orchard", 0) == tuple(questions)


# -- steps --------------------------------------------------------------------------------------------------


def double(number: int) -> int:
    return 2 * number


def double_unless_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return 2 * number


@pytest.mark.requirement("bench:train-steps")
def test_a_step_that_was_stopped_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    target, said = Step("doubles", tmp_path), list[str]()
    jobs = {f"a/{n}": n for n in (1, 2, 3, 4)}
    with pytest.raises(ValueError, match="three"):
        fill(target, double_unless_three, jobs, 1, said.append)
    assert [target.has(name) for name in jobs] == [True, True, False, False]
    fill(target, double, jobs, 1, said.append)
    assert [target.load(name) for name in jobs] == [2, 4, 6, 8]
    assert f"doubles: 2 of 4 to make ({tmp_path.name})" in said
    assert said[-1].startswith("doubles: 2 of 2, ")


@pytest.mark.requirement("bench:train-steps")
def test_names_that_look_alike_as_files_stay_apart(tmp_path: Path) -> None:
    target = Step("doubles", tmp_path)
    fill(target, double, {"a/b": 1, "a_b": 2}, 1, lambda _: None)
    assert (target.load("a/b"), target.load("a_b")) == (2, 4)


@pytest.mark.requirement("bench:train-steps")
def test_processes_make_the_same_as_this_one(tmp_path: Path) -> None:
    target = Step("lengths", tmp_path)
    fill(target, len, {"one": "1", "two": "22"}, 2, lambda _: None)
    assert (target.load("one"), target.load("two")) == (1, 2)


@pytest.mark.requirement("bench:train-steps")
def test_a_step_is_made_anew_when_its_code_or_what_it_was_given_changes(tmp_path: Path) -> None:
    code = Path(__file__).parents[2] / "bench"
    keys = {
        step(tmp_path, "x", files, *given).key
        for files in (
            [code / "page.py"],
            [code / "grounded_folds.py"],
            [code / "page.py", code / "grounded_folds.py"],
        )
        for given in ((), ("a",), ("b",), ("a", "b"), ("ab",))
    }
    assert len(keys) == 15
    assert step(tmp_path, "x", [code / "page.py"]).key in keys


@pytest.mark.requirement("bench:train-steps")
def test_the_code_of_a_step_is_what_its_modules_import_and_not_more() -> None:
    package = Path(__file__).parents[2] / "src" / "gnomon"
    found = reached(package / "models" / "grounded" / "composer" / "slots.py")
    assert package / "models" / "grounded" / "tagging.py" in found
    assert package / "domain" / "catalog.py" in found
    assert package / "models" / "grounded" / "model.py" not in found


# -- what is learned ----------------------------------------------------------------------------------------


def example(right: int, *places: tuple[int, ...]) -> Example:
    return Example(np.array(places, np.int32), right, 1.0)


@pytest.mark.requirement("bench:train-folds")
def test_roles_are_learned_from_the_other_folds_alone(tmp_path: Path) -> None:
    """On the held-out fold all is the other way round: weights that had seen it could not be as sure."""
    target = Step("examples", tmp_path)
    for fold, names in OF_FOLD.items():
        for name in names:
            turned = [example(int(fold == 0), (5, 7), (6, 8))] * 20
            target.save(name, Lessons(name, turned))
    everything = tuple(n for names in OF_FOLD.values() for n in names)
    learned = learn(Training(target, everything, 0))
    assert (learned.learned, learned.held_out, learned.right) == (160, 80, 0)
    assert probabilities(learned.weights, example(0, (5, 7), (6, 8)))[0] > 0.9


@pytest.mark.requirement("bench:train-folds")
def test_places_of_few_databases_and_the_first_place_keep_no_weight() -> None:
    lessons = [Lessons(f"d{n}", [example(0, (5, 100 + n), (6, 0))]) for n in range(4)]
    seldom = seldom_seen(lessons)
    assert [bool(seldom[at]) for at in (5, 6, 100, 103)] == [False, False, True, True]
    weights = train([example(0, (5, 0), (6, 0))] * 50)
    assert weights.shape == (1 << BITS,)
    assert weights[0] == 0
    assert weights[5] > 0 > weights[6]


def candidate(right: bool, score: float = -1.0, **features: float) -> Candidate:
    return Candidate(Proposed("SELECT 1", score, {"bias": 1.0} | features), right)


def stump(name: str, low: float, high: float) -> Trees:
    """One tree: `low` without a feature, `high` with it."""
    return Trees(
        (name,),
        np.array([0], np.int32),
        np.array([0, -1, -1], np.int32),
        np.array([0.5, low, high], np.float32),
        np.array([1, 1, 2], np.int32),
        np.array([2, 1, 2], np.int32),
    )


def judged(database: str, *candidates: Candidate) -> Judged:
    return Judged(database, "How many?", "SELECT 1", candidates)


@pytest.fixture
def questions() -> list[Judged]:
    """On fold 0 `good` tells what is wrong, elsewhere what is right."""
    return [
        judged(name, candidate(fold == 0, good=1.0), candidate(fold != 0, -2.0, bad=1.0))
        if turn % 2
        else judged(name, candidate(fold == 0, bad=1.0), candidate(fold != 0, -2.0, good=1.0))
        for fold, names in OF_FOLD.items()
        for name in names
        for turn in (0, 2, 4)
    ]


@pytest.mark.requirement("bench:train-folds")
def test_a_pick_is_made_by_the_ranker_that_has_not_learned_from_the_database(questions: list[Judged]) -> None:
    without = tuple(stump("good", 0.0, float(k)) for k in range(FOLDS))
    picks = cross_fitted(questions, Rankers(without, without[0]))
    for p in picks:
        assert p.probability == pytest.approx(1 / (1 + np.exp(-float(p.fold))))


@grows_trees
@pytest.mark.requirement("bench:train-folds")
def test_a_ranker_learns_what_tells_right_readings_and_drops_what_few_databases_show() -> None:
    rng = random.Random(5)
    asked = []
    for n in range(900):
        values = {"good": rng.random(), "noise": rng.random(), **({"once": 1.0} if n % 12 < 2 else {})}
        asked.append(judged(f"d{n % 12}", candidate(values["good"] > 0.5, **values)))
    ranker = fit(asked)
    assert "good" in ranker.names
    assert "once" not in ranker.names
    low, high = ranker.sums([{"good": 0.1, "noise": 0.5}, {"good": 0.9, "noise": 0.5}])
    assert high > 1 > -1 > low


@grows_trees
@pytest.mark.requirement("bench:train-folds")
def test_the_trees_of_the_product_say_what_the_library_that_grew_them_says() -> None:
    rng = np.random.default_rng(3)
    import lightgbm

    names = [f"f{i}" for i in range(8)]
    rows = np.round(rng.normal(size=(600, 8)), 2).astype(np.float32) * (rng.random((600, 8)) < 0.6)
    right = (rows[:, 0] * rows[:, 1] + rows[:, 2] > 0).astype(np.int8)
    model = lightgbm.train(PARAMETERS, lightgbm.Dataset(rows, right), num_boost_round=30)
    trees = trees_of(names, model.dump_model())
    said = trees.sums([dict(zip(names, row.tolist(), strict=True)) for row in rows])
    assert said == pytest.approx(model.predict(rows, raw_score=True).tolist(), abs=1e-5)


@pytest.mark.requirement("bench:train-folds")
def test_a_confidence_comes_from_the_other_folds_picks(questions: list[Judged]) -> None:
    """The ranker is sure and wrong on fold 0 alone: its own curve would have told."""
    sure = stump("good", 0.0, 4.0)
    picks = cross_fitted(questions, Rankers((sure,) * FOLDS, sure))
    told = list(confidences(picks, calibrations(picks)))
    assert {c for p, c in zip(picks, told, strict=True) if p.fold == 0} == {1.0}
    assert {round(c, 6) for p, c in zip(picks, told, strict=True) if p.fold != 0} == {0.5}


@pytest.mark.requirement("bench:train-calibration")
def test_a_question_without_a_reading_has_no_confidence() -> None:
    picks = cross_fitted([judged("orchard")], Rankers((fit([]),) * FOLDS, fit([])))
    assert (picks[0].position, picks[0].right) == (None, False)
    assert list(confidences(picks, calibrations(picks))) == [0.0]


# -- the curve ----------------------------------------------------------------------------------------------

VALUES = st.lists(st.tuples(st.floats(0, 1), st.floats(0.5, 9)), max_size=12)


@pytest.mark.requirement("bench:train-calibration")
@pytest.mark.parametrize(
    ("values", "pooled"),
    [
        ([], []),
        ([0.3], [0.3]),
        ([0.1, 0.2, 0.9], [0.1, 0.2, 0.9]),
        ([1.0, 0.0], [0.5, 0.5]),
        ([0.0, 1.0, 0.0, 1.0], [0.0, 0.5, 0.5, 1.0]),
        ([3.0, 2.0, 1.0], [2.0, 2.0, 2.0]),
        ([1.0, 3.0, 2.0, 2.0, 4.0], [1.0, 7 / 3, 7 / 3, 7 / 3, 4.0]),
    ],
)
def test_neighbours_that_fall_are_pooled(values: list[float], pooled: list[float]) -> None:
    assert pool_adjacent_violators(values, [1.0] * len(values)) == pytest.approx(pooled)


@pytest.mark.requirement("bench:train-calibration")
def test_pooling_weighs() -> None:
    assert pool_adjacent_violators([1.0, 0.0], [3.0, 1.0]) == [0.75, 0.75]


@pytest.mark.requirement("bench:train-calibration")
@given(VALUES)
def test_pooled_values_rise_keep_the_mean_and_are_the_best_that_rise(rows: list[tuple[float, float]]) -> None:
    """The fit at i is max over a <= i of min over b >= i of the mean of a..b (Barlow et al., 1972)."""
    values, weights = [v for v, _ in rows], [w for _, w in rows]
    pooled = pool_adjacent_violators(values, weights)

    def mean(low: int, high: int) -> float:
        here = range(low, high + 1)
        return sum(values[i] * weights[i] for i in here) / sum(weights[i] for i in here)

    count = len(rows)
    best = [max(min(mean(a, b) for b in range(i, count)) for a in range(i + 1)) for i in range(count)]
    assert pooled == pytest.approx(best)
    assert all(b >= a - 1e-12 for a, b in pairwise(pooled))


@pytest.mark.requirement("bench:train-calibration")
@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -1.0]])
def test_weights_that_do_not_fit_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="need as many weights above 0"):
        pool_adjacent_violators([0.0, 1.0], weights)


@pytest.mark.requirement("bench:train-calibration")
def test_a_curve_gives_the_share_that_was_right_around_a_probability() -> None:
    rng = random.Random(3)
    probabilities = [rng.random() for _ in range(4_000)]
    curve = calibrate(probabilities, [rng.random() < p * p for p in probabilities])
    assert [curve(p) for p in (0.2, 0.5, 0.8)] == pytest.approx([0.04, 0.25, 0.64], abs=0.06)
    assert (np.diff(curve.x) > 0).all()
    assert (np.diff(curve.y) >= 0).all()
    assert (curve(0.0), curve(1.0)) == (curve.y[0], curve.y[-1])


@pytest.mark.requirement("bench:train-calibration")
def test_a_handful_that_are_all_right_give_no_certainty() -> None:
    probabilities = [0.1] * 40 + [0.6] * 40 + [0.9] * 5
    right = [True] * 10 + [False] * 30 + [True] * 30 + [False] * 10 + [True] * 5
    assert calibrate(probabilities, right)(0.9) == pytest.approx(35 / 45)
    assert calibrate(probabilities, right, min_answers=5)(0.9) == 1.0


@pytest.mark.requirement("bench:train-calibration")
def test_equal_probabilities_share_a_point_and_none_at_all_change_nothing() -> None:
    curve = calibrate([0.5, 0.5, 0.5, 0.5], [True, False, False, False])
    assert (curve.x.tolist(), curve.y.tolist()) == ([0.5], [0.25])
    assert calibrate([], [])(0.3) == pytest.approx(0.3)


# -- the report and the file --------------------------------------------------------------------------------


@pytest.mark.requirement("bench:train-report")
def test_the_margin_counts_databases_not_questions() -> None:
    """By hand: d = (2, 0), n = (2, 2), mean 1/2, sum of squares 2, half width 1.96 * sqrt(2 * 2) / 4."""
    ranker = stump("good", 0.0, 1.0)
    better = [judged("a", candidate(False), candidate(True, good=1.0))] * 2
    same = [judged("b", candidate(True, good=1.0))] * 2
    found = margin(cross_fitted([*better, *same], Rankers((ranker,) * FOLDS, ranker)))
    assert found.value == 0.5
    assert found.low == pytest.approx(0.5 - 0.98, abs=1e-3)
    assert found.high == 1.0
    assert str(margin([])) == "+0.0% [-100.0%, +100.0%]"


@pytest.mark.requirement("bench:train-report")
@pytest.mark.parametrize(("right", "widest"), [("", 0), ("0", 0), ("1100", 2), ("0111", 4), ("1110111", 7)])
def test_the_widest_coverage_is_the_last_at_which_the_precision_holds(right: str, widest: int) -> None:
    assert widest_at([r == "1" for r in right], 0.75) == widest


@pytest.mark.requirement("bench:train-report")
def test_the_file_holds_plain_arrays(tmp_path: Path) -> None:
    trees = stump("größe", -2.0, 0.5)
    roles = np.zeros(1 << BITS, np.float32)
    roles[7] = 1.5
    path = tmp_path / "new" / "weights.npz"
    ranked = Ranked(trees, calibrate([0.2, 0.9], [False, True]))
    write_weights(path, Learned(roles, ranked, ranked))
    with np.load(path, allow_pickle=False) as kept:
        found = {name: kept[name] for name in kept.files}
    assert {n: a.dtype.name for n, a in found.items()} == {
        "roles": "float16",
        **{f"{ranker}_{part}": kind for ranker in RANKERS for part, kind in KINDS.items()},
    }
    assert (found["roles"][7], found["roles"].shape) == (1.5, (1 << BITS,))
    assert bytes(found["second_names"]).decode().split("\n") == ["größe"]
    assert found["first_limit"].tolist() == [0.5, -2.0, 0.5]
    assert [p.name for p in path.parent.iterdir()] == ["weights.npz"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A set of two databases in folds of their own, and a question each."""
    rows = ["db_id,question,query"]
    for name in (OF_FOLD[0][0], OF_FOLD[1][0]):
        path = tmp_path / "spider" / "databases" / f"{name}.sqlite"
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE orchards (orchard_id INTEGER PRIMARY KEY, fruit TEXT)")
            database.execute("INSERT INTO orchards VALUES (1, 'Pear'), (2, 'Plum')")
            database.commit()
        rows.append(f"{name},How many orchards are there?,SELECT count(*) FROM orchards")
    (tmp_path / "spider" / "train_queries.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.requirement("bench:train-steps")
@grows_trees
@pytest.mark.requirement("bench:train-report")
def test_a_run_writes_weights_and_its_report_and_a_second_one_makes_nothing_anew(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work, out = tmp_path / "work", tmp_path / "weights.npz"
    given = ["--data", str(data), "--work", str(work), "--out", str(out), "--workers", "1"]
    assert main(given) == 0
    first = capsys.readouterr()
    assert "questions        2 on 2 databases" in first.out
    assert "2  100.0%  said whole" in first.out
    assert "cross-fitted over 3 folds" in first.out
    assert "contexts: 2 of 2 to make" in first.err
    assert sorted(p.name for p in work.glob("*.npz")) == [f"without-{k}.npz" for k in range(FOLDS)]
    before = out.read_bytes()
    assert main(given) == 0
    again = capsys.readouterr()
    assert again.out == first.out
    assert " to make" not in again.err
    assert out.read_bytes() == before


@pytest.mark.requirement("bench:train-steps")
def test_a_set_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--work", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("reading the sets\nerror: ")
    assert "hint: set GNOMON_DATA" in said.err

"""Fit what a score of `grounded` is worth: the line in `models/grounded/calibrated.py`.

    python bench/fit_confidence.py FOLDER [FOLDER ...]

Each FOLDER is the `--cache` of a run of `bench_grounded.py --fold K` with weights that have not seen it, and
with the line that stands in that module. The shares are those of isotonic regression. The share at the score
from which is answered becomes the threshold. What is printed goes into that module.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from grounded_isotonic import calibrate

from gnomon.agent.confidence import FAILED_CAP
from gnomon.models.calibration import Calibration
from gnomon.models.grounded.calibrated import CALIBRATION
from gnomon.models.grounded.decide import DOUBTED

MIN_ANSWERS = 200
"""Answers that a level rests on."""

LAST = 0.995
"""Share at the score 1: nobody is always right."""

HAIR = 0.001
"""How much a level stretch rises, so that a share has one score."""

Knots = list[tuple[float, float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read what was answered, fit, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    answers = [a for folder in parser.parse_args(arguments).folders for a in answers_in(folder)]
    if not answers:
        print("error: no answers are kept in these folders", file=sys.stderr)
        return 3
    knots = line_of(answers)
    print(f"{len(answers):,} answers")
    print(f"knots: {', '.join(f'({x:g}, {y:g})' for x, y in knots)}")
    print(f"answered from: {dict(knots)[DOUBTED]:g}")
    return 0


def answers_in(folder: Path) -> Iterator[tuple[float, bool]]:
    """Score of each answer that a run kept, and whether it is right.

    What a failed check held down has no score of its own.
    """
    for path in sorted(folder.rglob("*.jsonl")):
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if line["answered"] and line["confidence"] != FAILED_CAP:
                yield CALIBRATION.score(line["confidence"]), line["verdict"] == "right"


def line_of(answers: Sequence[tuple[float, bool]]) -> Knots:
    """The knots of a strictly rising line, with one at the score from which is answered.

    Args:
        answers: Scores, and whether the answer is right.
    """
    curve = calibrate([score for score, _ in answers], [right for _, right in answers], MIN_ANSWERS)
    knots = _rising([(0.0, 0.0), *zip(curve.x.tolist(), curve.y.tolist(), strict=True), (1.0, LAST)])
    line = Calibration(tuple(knots), answered_from=0.0)
    return _rising(sorted({**dict(knots), DOUBTED: round(line.share(DOUBTED), 2)}.items()))


def _rising(knots: Knots) -> Knots:
    """The same, rounded, with level stretches rising by a hair."""
    kept = knots[:1]
    for x, y in ((round(x, 3), round(y, 3)) for x, y in knots[1:]):
        if x > kept[-1][0]:
            kept.append((x, round(max(y, kept[-1][1] + HAIR), 4)))
    return kept


if __name__ == "__main__":
    sys.exit(main())

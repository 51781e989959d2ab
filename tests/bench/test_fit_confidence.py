"""The line of the confidence is fitted to outcomes as they are kept."""

import json
import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import fit_confidence

from gnomon.models.grounded.calibrated import CALIBRATION
from gnomon.models.grounded.decide import DOUBTED


def kept(folder: Path, answers: list[tuple[float, bool]]) -> Path:
    """Outcomes in the form in which the benchmark keeps them, with an abstention among them."""
    lines = [
        {"answered": True, "confidence": CALIBRATION.share(s), "verdict": "right" if r else "wrong"}
        for s, r in answers
    ]
    lines.append({"answered": False, "confidence": 0.0, "verdict": "wrong"})
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "shop.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.mark.requirement("grounded:calibrated-confidence")
def test_the_line_tells_how_often_answers_of_a_score_were_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(7)
    true = {0.1: 0.2, 0.3: 0.6, 0.6: 0.9, 0.9: 0.98}
    answers = [(score, rng.random() < share) for score, share in true.items() for _ in range(2000)]
    folder = kept(tmp_path / "one", answers)
    line = dict(fit_confidence.line_of(list(fit_confidence.answers_in(folder))))
    for score, share in true.items():
        found = sum(r for s, r in answers if s == score) / 2000
        assert line[score] == pytest.approx(found, abs=0.002)
        assert found == pytest.approx(share, abs=0.05)
    assert line[0.3] < line[DOUBTED] <= line[0.6]
    assert fit_confidence.main([str(folder)]) == 0
    assert f"answered from: {line[DOUBTED]:g}" in capsys.readouterr().out


def test_folders_without_answers_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit_confidence.main([str(tmp_path)]) == 3
    assert "no answers" in capsys.readouterr().err

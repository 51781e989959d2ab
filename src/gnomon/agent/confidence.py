"""How sure an answer is, from what its checks found and from how it came about."""

import math
from collections.abc import Sequence

from gnomon.context.catalog.plurals import many
from gnomon.domain.answer import Check, ConfidencePart
from gnomon.models.calibration import UNCALIBRATED, Calibration

FAILED_CAP = 0.4
UNCHECKED_CAP = 0.6
WARNING_FACTOR = 0.85
ASSUMPTION_FACTOR = 0.95
CLEAR_MARGIN = 0.2
AGREEMENT = "second_reading"
"""The check that, where it passes, takes half of the doubt away."""


def confidence(
    checks: Sequence[Check],
    *,
    model_confidence: float,
    retrieval_margin: float | None,
    assumptions: int,
    calibration: Calibration = UNCALIBRATED,
) -> float:
    """Combine the signals into one number; a worse signal never raises it.

    m = model, or 1 - (1 - model) / 2 if a second reading gives the same result,
    c = m * (0.85 + 0.15 * min(1, margin / 0.2)) * 0.85^warnings * 0.95^assumptions, at most 0.6 if no check
    passed. Then the share of answers that were right at this c, and with f > 0 failed checks
    min(share, 0.4) * 0.5^(f - 1).

    Args:
        checks: Verdicts of the answer's checks; `not_applicable` neither lifts nor lowers.
        model_confidence: The model's own, in [0, 1]; values outside are clipped.
        retrieval_margin: How far the best table stood ahead, at least 0; None where it is unknown.
        assumptions: How many things the question left open.
        calibration: Of the model's answers.

    Returns:
        In [0, 1].

    >>> confidence([Check("grain", "pass", "")], model_confidence=0.9, retrieval_margin=None, assumptions=0)
    0.9
    """
    parts = confidence_parts(
        checks,
        model_confidence=model_confidence,
        retrieval_margin=retrieval_margin,
        assumptions=assumptions,
        calibration=calibration,
    )
    return min(1.0, math.prod(part.factor for part in parts))


def confidence_parts(
    checks: Sequence[Check],
    *,
    model_confidence: float,
    retrieval_margin: float | None,
    assumptions: int,
    calibration: Calibration = UNCALIBRATED,
) -> tuple[ConfidencePart, ...]:
    """The factors of `confidence` in words, the reading's first; others that change nothing are left out."""
    verdicts = [check.verdict for check in checks]
    reading = min(1.0, max(0.0, model_confidence))
    agrees = any(check.name == AGREEMENT and check.verdict == "pass" for check in checks)
    warned, assumed = verdicts.count("warn"), max(0, assumptions)
    parts = [
        ConfidencePart(
            "a second reading agrees", (1 + reading) / (2 * reading) if agrees and reading else 1.0
        ),
        ConfidencePart("how far the tables stand ahead of others", _lead(retrieval_margin)),
        ConfidencePart(many(warned, "warning"), WARNING_FACTOR**warned),
        ConfidencePart(many(assumed, "assumption"), ASSUMPTION_FACTOR**assumed),
    ]
    value = reading * math.prod(part.factor for part in parts)
    if "pass" not in verdicts and value > UNCHECKED_CAP:
        parts.append(ConfidencePart("no check passed", UNCHECKED_CAP / value))
        value = UNCHECKED_CAP
    share = calibration.share(value)
    parts.append(ConfidencePart("how often such answers were right", share / value if value else 1.0))
    parts += _failures(share, verdicts.count("fail"))
    changing = (part for part in parts if part.factor != 1.0)
    return (ConfidencePart("how sure the reading is", reading), *changing)


def _lead(margin: float | None) -> float:
    return 1.0 if margin is None else 0.85 + 0.15 * min(1.0, max(0.0, margin) / CLEAR_MARGIN)


def _failures(value: float, failed: int) -> list[ConfidencePart]:
    """What failed checks hold a value down by, as a factor."""
    if not failed:
        return []
    held = min(1.0, FAILED_CAP / value) if value else 1.0
    return [ConfidencePart(many(failed, "failed check"), held * 0.5 ** (failed - 1))]

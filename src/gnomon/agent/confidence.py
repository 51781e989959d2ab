"""How sure an answer is, from what its checks found and from how it came about."""

from collections.abc import Sequence

from gnomon.domain.answer import Check

FAILED_CAP = 0.4
UNCHECKED_CAP = 0.6
WARNING_FACTOR = 0.85
ASSUMPTION_FACTOR = 0.95
CLEAR_MARGIN = 0.2


def confidence(
    checks: Sequence[Check], *, model_confidence: float, retrieval_margin: float | None, assumptions: int
) -> float:
    """Combine the signals into one number; a worse signal never raises it.

    c = model * (0.85 + 0.15 * min(1, margin / 0.2)) * 0.85^warnings * 0.95^assumptions,
    at most 0.6 if no check passed, and with f > 0 failed checks min(c, 0.4) * 0.5^(f - 1).

    Args:
        checks: Verdicts of the answer's checks; `not_applicable` neither lifts nor lowers.
        model_confidence: The model's own, in [0, 1]; values outside are clipped.
        retrieval_margin: How far the best table stood ahead, at least 0; None where it is unknown.
        assumptions: How many things the question left open.

    Returns:
        In [0, 1].

    >>> confidence([Check("grain", "pass", "")], model_confidence=0.9, retrieval_margin=None, assumptions=0)
    0.9
    """
    verdicts = [check.verdict for check in checks]
    value = min(1.0, max(0.0, model_confidence))
    if retrieval_margin is not None:
        value *= 0.85 + 0.15 * min(1.0, max(0.0, retrieval_margin) / CLEAR_MARGIN)
    value *= WARNING_FACTOR ** verdicts.count("warn") * ASSUMPTION_FACTOR ** max(0, assumptions)
    if "pass" not in verdicts:
        value = min(value, UNCHECKED_CAP)
    failed = verdicts.count("fail")
    return min(value, FAILED_CAP) * 0.5 ** (failed - 1) if failed else value

"""Count the outcomes: how often it answers, and how often it is right when it does."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gnomon.flywheel.outcome import Outcome

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """A count out of a total, with its 95% Wilson interval; all of [0, 1] where the total is 0.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of
    the American Statistical Association 22, 1927.

    >>> Share(8, 10).value
    0.8
    >>> [round(bound, 3) for bound in (Share(8, 10).low, Share(8, 10).high)]
    [0.49, 0.943]
    """

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total:
            raise ValueError(f"{self.count} of {self.total} is no share")

    @property
    def value(self) -> float:
        """The share in [0, 1]; 0 where the total is 0."""
        return self.count / self.total if self.total else 0.0

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return max(0.0, self._centre() - self._half_width()) if self.total else 0.0

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return min(1.0, self._centre() + self._half_width()) if self.total else 1.0

    def _centre(self) -> float:
        z2 = Z_95**2
        return (self.value + z2 / (2 * self.total)) / (1 + z2 / self.total)

    def _half_width(self) -> float:
        n, p, z2 = self.total, self.value, Z_95**2
        return Z_95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)

    def to_json(self) -> dict[str, Any]:
        """Count, total, share and interval."""
        bounds = {"value": self.value, "low": self.low, "high": self.high}
        return {"count": self.count, "total": self.total} | {k: round(v, 4) for k, v in bounds.items()}

    def __str__(self) -> str:
        if not self.total:
            return "none"
        return f"{self.value:.1%} ({self.count} of {self.total}; 95% {self.low:.1%} to {self.high:.1%})"


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of a group of outcomes.

    Args:
        coverage: Questions answered, of those that have an answer.
        precision: Right ones, of the questions answered; an answer where there is none counts against it.
        accuracy: Right ones of all, abstaining and asking back included where they are expected.
        verdicts: How many outcomes have each verdict.
        median_s: Median seconds a question.
        p95_s: 95th percentile of the same.
    """

    coverage: Share
    precision: Share
    accuracy: Share
    verdicts: tuple[tuple[str, int], ...]
    median_s: float
    p95_s: float

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON-able values; seconds rounded to milliseconds."""
        return {
            "coverage": self.coverage.to_json(),
            "precision": self.precision.to_json(),
            "accuracy": self.accuracy.to_json(),
            "verdicts": dict(self.verdicts),
            "median_s": round(self.median_s, 3),
            "p95_s": round(self.p95_s, 3),
        }


def tally(outcomes: Sequence[Outcome]) -> Tally:
    """Count one group of outcomes."""
    answerable = [o for o in outcomes if o.question.expect in ("answer", "explain")]
    answered = [o for o in outcomes if o.answered]
    times = sorted(o.elapsed_s for o in outcomes)
    return Tally(
        coverage=Share(sum(o.answered for o in answerable), len(answerable)),
        precision=Share(sum(o.verdict == "right" for o in answered), len(answered)),
        accuracy=Share(sum(o.verdict == "right" for o in outcomes), len(outcomes)),
        verdicts=tuple(sorted(Counter(o.verdict for o in outcomes).items())),
        median_s=quantile(times, 0.5),
        p95_s=quantile(times, 0.95),
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value with at least `share` of the values at or below it; 0 where there is none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class EvalReport:
    """Every outcome of a run, and the figures drawn from them."""

    outcomes: tuple[Outcome, ...]

    @property
    def overall(self) -> Tally:
        """The figures over all questions."""
        return tally(self.outcomes)

    @property
    def misses(self) -> tuple[Outcome, ...]:
        """Every outcome that is not right, wrong ones first."""
        order = ("wrong", "error", "clarified", "abstained")
        missed = [o for o in self.outcomes if o.verdict != "right"]
        return tuple(sorted(missed, key=lambda o: order.index(o.verdict)))

    def by(self, group: Callable[[Outcome], str]) -> dict[str, Tally]:
        """The figures of each group, in the order of their names."""
        groups: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            groups.setdefault(group(outcome), []).append(outcome)
        return {name: tally(groups[name]) for name in sorted(groups)}

    def by_category(self) -> dict[str, Tally]:
        """The figures of each category of question."""
        return self.by(lambda o: o.question.category)

    def to_json(self) -> dict[str, Any]:
        """Figures, categories and every outcome as JSON-able values."""
        return {
            "questions": len(self.outcomes),
            "overall": self.overall.to_json(),
            "categories": {name: t.to_json() for name, t in self.by_category().items()},
            "outcomes": [outcome_to_json(o) for o in self.outcomes],
        }

    def to_text(self, *, misses: bool = True) -> str:
        """The report as plain lines for a terminal or a file."""
        lines = [*tally_lines(self.overall), "", _row("category", "questions", "right", "wrong", "no answer")]
        lines += [_category_line(name, t) for name, t in self.by_category().items()]
        if misses and self.misses:
            lines += ["", "Misses"] + [line for o in self.misses for line in _miss_lines(o)]
        return "\n".join(lines)


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """One outcome as JSON-able values, the gold SQL beside ours."""
    question = outcome.question
    return {
        "id": question.id,
        "database": question.database,
        "category": question.category,
        "question": question.text,
        "expect": question.expect,
        "verdict": outcome.verdict,
        "why": outcome.why,
        "status": outcome.status,
        "answered": outcome.answered,
        "confidence": round(outcome.confidence, 4),
        "elapsed_s": round(outcome.elapsed_s, 3),
        "text": outcome.text,
        "sql": outcome.sql,
        "gold": question.source_sql or (question.gold[0] if question.gold else ""),
    }


def tally_lines(figures: Tally) -> list[str]:
    """The figures of a group, one a line."""
    return [
        f"coverage   {figures.coverage}  answered, of the questions that have an answer",
        f"precision  {figures.precision}  right, of those answered",
        f"accuracy   {figures.accuracy}  right, of all",
        f"time       median {figures.median_s:.2f} s, 95th percentile {figures.p95_s:.2f} s",
    ]


def _category_line(name: str, figures: Tally) -> str:
    counts = dict(figures.verdicts)
    silent = counts.get("abstained", 0) + counts.get("clarified", 0) + counts.get("error", 0)
    return _row(
        name,
        *(str(n) for n in (figures.accuracy.total, counts.get("right", 0), counts.get("wrong", 0), silent)),
    )


def _row(name: str, *cells: str) -> str:
    return f"{name:<18}" + "".join(f"{cell:>11}" for cell in cells)


def _miss_lines(outcome: Outcome) -> list[str]:
    question = outcome.question
    gold = " ".join((question.source_sql or (question.gold[0] if question.gold else "(none)")).split())
    return [
        "",
        f"{outcome.verdict}: {question.text}  [{question.id}]",
        f"  why:  {' '.join(outcome.why.split())}",
        f"  ours: {' '.join(outcome.sql.split()) or '(no query)'}",
        f"  gold: {gold}",
    ]

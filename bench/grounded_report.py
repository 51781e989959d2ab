"""The figures of `make bench-grounded`: counted from outcomes, as tables of a page and as JSON.

The outcomes come from a run in which nothing is withheld (threshold 0). The figures at the default threshold
follow by withholding what lies below it afterwards, which is all that the agent does with its threshold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grounded_split import Part, part_of

from gnomon.flywheel.calibration import (
    at_threshold,
    calibration_error,
    covering,
    reliability,
    risk_coverage,
    widest,
)
from gnomon.flywheel.misses import by_cause
from gnomon.flywheel.outcome import Outcome
from gnomon.flywheel.report import Share, quantile

GOAL = 0.95
"""Precision that is aimed for at the default threshold."""

TOP_CAUSES = 10
PARTS: tuple[Part, ...] = ("tuning", "reporting")
COVERAGES = tuple(tenth / 10 for tenth in range(1, 11))
ALL = "all sets"

Outcomes = Sequence[Outcome]


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of a group of questions.

    Args:
        coverage: Answered, of the questions that have an answer.
        precision: Right, of those answered; an answer where none exists counts against it.
        executed: Right, of the questions that have an answer.
        forced: The same with the threshold 0, where every reading becomes an answer.
        declined: Not answered, of the questions that have none.
        model_median_s: Median seconds in the model a question.
        model_p95_s: 95th percentile of the same.
    """

    questions: int
    databases: int
    coverage: Share
    precision: Share
    executed: Share
    forced: Share
    declined: Share
    model_median_s: float
    model_p95_s: float

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON-able values."""
        shares = ("coverage", "precision", "executed", "forced", "declined")
        return {
            "questions": self.questions,
            "databases": self.databases,
            **{name: getattr(self, name).to_json() for name in shares},
            "model_median_s": round(self.model_median_s, 4),
            "model_p95_s": round(self.model_p95_s, 4),
        }


def figures(outcomes: Outcomes, threshold: float) -> Figures:
    """Count one group; questions whose run failed have no time in the model."""
    held = at_threshold(outcomes, threshold)
    answered = [o for o in held if o.answered]
    hopeless = [o for o in held if o.question.expect == "abstain"]
    times = sorted(o.model_s for o in outcomes if o.status)
    return Figures(
        questions=len(outcomes),
        databases=len({o.question.database for o in outcomes}),
        coverage=Share(sum(o.answered for o in answerable(held)), len(answerable(held))),
        precision=_right(answered),
        executed=_right(answerable(held)),
        forced=_right(answerable(outcomes)),
        declined=Share(sum(not o.answered for o in hopeless), len(hopeless)),
        model_median_s=quantile(times, 0.5),
        model_p95_s=quantile(times, 0.95),
    )


def answerable(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those whose question has an answer."""
    return [o for o in outcomes if o.question.expect in ("answer", "explain")]


def _right(outcomes: Outcomes) -> Share:
    return Share(sum(o.verdict == "right" for o in outcomes), len(outcomes))


@dataclass(frozen=True, slots=True)
class Measured:
    """The outcomes of a run by set, and the threshold at which they are told."""

    by_set: Mapping[str, Outcomes]
    threshold: float

    def parts(self) -> dict[tuple[str, Part], Outcomes]:
        """The outcomes of each set and part that has any."""
        found = {
            (name, part): [o for o in outcomes if part_of(o.question.database) == part]
            for name, outcomes in self.by_set.items()
            for part in PARTS
        }
        return {key: outcomes for key, outcomes in found.items() if outcomes}

    @property
    def told_part(self) -> Part:
        """The part that confidence is told for: the one never tuned on, where it was asked."""
        return "reporting" if any(part == "reporting" for _, part in self.parts()) else "tuning"

    def told(self) -> dict[str, Outcomes]:
        """The outcomes of that part by set, and of all sets together where there are several."""
        sets = {name: outcomes for (name, part), outcomes in self.parts().items() if part == self.told_part}
        every = [o for outcomes in sets.values() for o in outcomes]
        return {**sets, ALL: every} if len(sets) > 1 else sets

    def to_json(self) -> dict[str, Any]:
        """Every figure as JSON-able values."""
        return {
            "threshold": self.threshold,
            "figures": [
                {"set": name, "part": part} | figures(outcomes, self.threshold).to_json()
                for (name, part), outcomes in self.parts().items()
            ],
            "misses": {
                name: [{"cause": c.text, "count": c.count, "databases": c.databases} for c in by_cause(held)]
                for name, outcomes in self.by_set.items()
                for held in [at_threshold(outcomes, self.threshold)]
            },
            "confidence": {name: _confidence_json(outcomes) for name, outcomes in self.told().items()}
            | {"part": self.told_part},
        }


def _confidence_json(outcomes: Outcomes) -> dict[str, Any]:
    bins, points = reliability(outcomes), risk_coverage(outcomes)
    best = widest(points, GOAL)
    return {
        "reliability": [b.to_json() for b in bins],
        "calibration_error": round(calibration_error(bins), 4),
        "curve": [p.to_json() for p in points],
        "widest_at_goal": best.to_json() if best else None,
    }


def to_markdown(measured: Measured, picture: str = "") -> str:
    """The tables of the page.

    Args:
        picture: Name of the picture of the curves; empty for none.
    """
    part = measured.told_part
    sections = [
        ("At the default threshold", _figure_rows(measured)),
        ("Wrong answers, by how the result differs", _cause_rows(measured, ("wrong",), databases=1)),
        (
            "No answer, by the reason given",
            _cause_rows(measured, ("abstained", "clarified", "error"), databases=2),
        ),
        (f"Reliability, {part} part", _reliability_rows(measured)),
        (f"Precision at each coverage, {part} part", _coverage_rows(measured)),
    ]
    text = "\n\n".join(f"### {title}\n\n{table(rows)}" for title, rows in sections)
    return f"{text}\n\n![Precision against coverage]({picture})" if picture else text


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its head first; a bar in a cell is escaped."""
    head, *body = ("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in rows)
    return "\n".join([head, f"|{' --- |' * len(rows[0])}", *body])


_HEAD = (
    "Set", "Part", "Databases", "Questions", "Coverage", "Precision", "Right of all",
    "Right of all, threshold 0", "Unanswerable declined", "Model, median", "Model, p95",
)  # fmt: skip


def _figure_rows(measured: Measured) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [_HEAD]
    for (name, part), outcomes in measured.parts().items():
        f = figures(outcomes, measured.threshold)
        shares = (f.coverage, f.precision, f.executed, f.forced, f.declined)
        times = (f"{seconds * 1000:,.0f} ms" for seconds in (f.model_median_s, f.model_p95_s))
        rows.append((name, part, f"{f.databases:,}", f"{f.questions:,}", *map(share, shares), *times))
    return rows


def share(counted: Share) -> str:
    """A share with its interval, for a cell."""
    if not counted.total:
        return "none"
    bounds = f"{counted.low:.1%} to {counted.high:.1%}"
    return f"{counted.value:.1%} ({bounds}; {counted.count:,} of {counted.total:,})"


def narrow(counted: Share) -> str:
    """The same for a table of many columns."""
    return f"{counted.value:.1%} ({counted.low * 100:.1f} to {counted.high * 100:.1f})"


def _cause_rows(measured: Measured, verdicts: Sequence[str], databases: int) -> list[tuple[str, ...]]:
    """The most frequent causes by set, of those that so many databases have.

    A model's reason that one database alone has may hold its words, which do not belong on a page.
    """
    missed = {
        name: [o for o in at_threshold(outcomes, measured.threshold) if o.verdict in verdicts]
        for name, outcomes in measured.by_set.items()
    }
    causes = by_cause(o for outcomes in missed.values() for o in outcomes)
    named = [c.text for c in causes if c.databases >= databases][:TOP_CAUSES]
    counts = {name: {c.text: c.count for c in by_cause(held)} for name, held in missed.items()}
    rows = [("Cause", *missed, "All")]
    for text in named:
        row = [counts[name].get(text, 0) for name in missed]
        rows.append((text or "no reason given", *(f"{n:,}" for n in (*row, sum(row)))))
    rest = [len(missed[n]) - sum(counts[n].get(text, 0) for text in named) for n in missed]
    return [*rows, ("everything else", *(f"{n:,}" for n in (*rest, sum(rest))))]


def _reliability_rows(measured: Measured) -> list[tuple[str, ...]]:
    told = measured.told()
    bins = {name: reliability(outcomes) for name, outcomes in told.items()}
    rows = [("Confidence", *(f"{name}: answers, expected, right" for name in told))]
    for number, first in enumerate(next(iter(bins.values()), ())):
        cells = (bins[name][number] for name in told)
        shown = (
            f"{b.right.total:,}: {b.expected:.1%}, {narrow(b.right)}" if b.right.total else "none"
            for b in cells
        )
        rows.append((f"{first.low:g} to {first.high:g}", *shown))
    answered = {name: any(b.right.total for b in bins[name]) for name in told}
    errors = (f"{calibration_error(bins[name]):.3f}" if answered[name] else "none" for name in told)
    return [*rows, ("calibration error", *errors)]


def _coverage_rows(measured: Measured) -> list[tuple[str, ...]]:
    told = measured.told()
    points = {name: risk_coverage(outcomes) for name, outcomes in told.items()}
    rows = [("Coverage", *(f"{name}: precision, threshold" for name in told))]
    for wanted in COVERAGES:
        reached = (covering(points[name], wanted) for name in told)
        cells = (f"{narrow(p.precision)}, {p.threshold:.3f}" if p else "not reached" for p in reached)
        rows.append((f"{wanted:.0%}", *cells))
    best = (widest(points[name], GOAL) for name in told)
    shown = (f"{p.coverage.value:.1%}, {p.threshold:.3f}" if p else "never" for p in best)
    return [*rows, (f"most coverage at {GOAL:.0%} precision, threshold", *shown)]

"""The report of `make train-grounded`: how good weights are on databases that they have not learned from."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grounded_folds import FOLDS
from grounded_ranker import Pick
from grounded_roles import Roles

from gnomon.flywheel.calibration import EDGES
from gnomon.flywheel.report import Z_95, Share

GOAL = 0.95
THRESHOLDS = (0.5, 0.8, 0.9, 0.95)
ABOUT = f"""\
Every figure here is cross-fitted over {FOLDS} folds of databases: what is said of a database comes from
roles, a ranker and a calibration that learned from the other folds. The weights that are written learned
from all databases: what they do on these databases does not tell how good they are on others. One
dependence is left: a ranker learns from readings made with roles that had seen the fold it is judged on."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the report is counted from.

    Args:
        coverage: How many golds are said by roles, and why others are not.
        roles: By the fold that is held out.
        picks: One of each question whose gold gives rows.
        confidences: Of each pick, cross-fitted, in [0, 1].
        after_running: One of each question too, once its likeliest readings were run and compared.
        left_out: Questions without a context or whose gold does not run.
        crashes: Of building readings, in words.
    """

    coverage: Counter[str]
    roles: Sequence[Roles]
    picks: Sequence[Pick]
    confidences: Sequence[float]
    after_running: Sequence[Pick]
    left_out: int
    crashes: Counter[str]


def to_text(figures: Figures) -> str:
    """The whole report."""
    sections = {
        "Golds in roles": _coverage(figures.coverage),
        "Roles of slots": _roles(figures.roles),
        "First reading right": _first(figures),
        "Precision at coverage": _curves(figures),
        "Answers of at least a confidence": _thresholds(figures),
        "Reliability": _reliability(figures),
    }
    blocks = [f"{title}\n" + "\n".join(f"  {line}" for line in lines) for title, lines in sections.items()]
    return "\n\n".join([ABOUT, *blocks])


def _coverage(coverage: Counter[str]) -> Iterator[str]:
    asked = sum(coverage.values())
    for what, count in coverage.most_common():
        yield f"{count:>7,}  {count / asked:6.1%}  {what}"


def _roles(roles: Sequence[Roles]) -> Iterator[str]:
    for fold, learned in enumerate(roles):
        share = Share(learned.right, learned.held_out)
        about = f"loss {learned.loss:.4f}; learned from {learned.learned:,}"
        yield f"fold {fold}: right {_percent(share)} of {share.total:,}, {about}"


def _first(figures: Figures) -> Iterator[str]:
    picks = figures.picks
    databases = len({p.judged.database for p in picks})
    yield f"questions        {len(picks):,} on {databases} databases"
    yield f"left out         {figures.left_out:,} without a context or whose gold does not run"
    yield f"role score alone {_percent(Share(sum(p.first_right for p in picks), len(picks)))}"
    yield f"with the ranker  {_percent(Share(sum(p.right for p in picks), len(picks)))}"
    yield f"margin           {margin(picks)}"
    after = figures.after_running
    yield f"after running    {_percent(Share(sum(p.right for p in after), len(after)))}"
    yield f"any reading      {_percent(Share(sum(p.reachable for p in picks), len(picks)))}"
    for crash, count in figures.crashes.most_common(5):
        yield f"crashed {count:,} times: {crash}"


@dataclass(frozen=True, slots=True)
class Margin:
    """A difference of two shares of the same questions, in [-1, 1], with its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.1%} [{self.low:+.1%}, {self.high:+.1%}]"


def margin(picks: Sequence[Pick]) -> Margin:
    """How many more questions the ranker gets right than the roles' score alone.

    Questions of one database are alike, so the interval is that of a ratio over databases: with K databases
    of n_k questions and differences d_k, the variance of d / n is
    K / (K - 1) * sum (d_k - n_k * d / n)^2 / n^2. All of [-1, 1] on less than two databases.

    Source: W. Cochran, "Sampling Techniques", 3rd edition, 1977, section 9A.2.
    """
    sizes = Counter(p.judged.database for p in picks)
    gained: Counter[str] = Counter()
    for p in picks:
        gained[p.judged.database] += int(p.right) - int(p.first_right)
    total = sizes.total()
    mean = gained.total() / total if total else 0.0
    if len(sizes) < 2:
        return Margin(mean, -1.0, 1.0)
    squares = sum((gained[d] - n * mean) ** 2 for d, n in sizes.items())
    half = Z_95 * math.sqrt(squares * len(sizes) / (len(sizes) - 1)) / total
    return Margin(mean, max(-1.0, mean - half), min(1.0, mean + half))


def _curves(figures: Figures) -> Iterator[str]:
    """Three orders side by side, surest first: by the roles' score, by the ranker, and after running."""
    picks = figures.picks
    orders = {
        "role score alone": [p.first_right for p in sorted(_made(picks), key=lambda p: -p.score)],
        "with the ranker": _surest_first(picks),
        "after running": _surest_first(figures.after_running),
    }
    yield "coverage  " + "".join(f"{name:<26}" for name in orders).rstrip()
    made = len(_made(picks))
    for tenth in range(1, 11):
        count = round(len(picks) * tenth / 10)
        if count > made:
            yield f"{made / len(picks):.1%} of the questions have a reading"
            break
        shares = (Share(sum(order[:count]), count) for order in orders.values())
        yield f"{f'{tenth}0%':<10}" + "".join(f"{_percent(share):<26}" for share in shares).rstrip()
    widest = (widest_at(o, GOAL) / len(picks) if picks else 0.0 for o in orders.values())
    told = ", ".join(f"{share:.1%} {name}" for name, share in zip(orders, widest, strict=True))
    yield f"widest coverage at {GOAL:.0%}: {told}"


def _surest_first(picks: Sequence[Pick]) -> list[bool]:
    return [p.right for p in sorted(_made(picks), key=lambda p: -p.probability)]


def widest_at(right: Sequence[bool], precision: float) -> int:
    """Of answers, the surest first: how many can be given so that at least that share of them is right."""
    widest = found = 0
    for count, here in enumerate(right, start=1):
        found += here
        widest = count if found >= precision * count else widest
    return widest


def _thresholds(figures: Figures) -> Iterator[str]:
    total = len(figures.picks)
    for threshold in THRESHOLDS:
        given = [p for p, c in _sure(figures) if c >= threshold]
        right = Share(sum(p.right for p in given), len(given))
        yield f"{threshold:.2f}: precision {_percent(right)} at coverage {_percent(Share(len(given), total))}"


def _reliability(figures: Figures) -> Iterator[str]:
    bins: Mapping[int, list[tuple[Pick, float]]] = {at: [] for at in range(len(EDGES) - 1)}
    for p, confidence in _sure(figures):
        bins[min(bisect_right(EDGES, confidence), len(EDGES) - 1) - 1].append((p, confidence))
    apart = 0.0
    for at, held in bins.items():
        right = Share(sum(p.right for p, _ in held), len(held))
        expected = sum(c for _, c in held) / len(held) if held else 0.0
        apart += abs(sum(c for _, c in held) - right.count)
        about = f"{len(held):>6,} answers, expected {expected:6.1%}"
        yield f"{EDGES[at]:.2f} to {EDGES[at + 1]:.2f}: {about}, right {_percent(right)}"
    made = len(_made(figures.picks))
    yield f"expected calibration error {apart / made if made else 0.0:.4f}"


def _made(picks: Sequence[Pick]) -> list[Pick]:
    return [p for p in picks if p.position is not None]


def _sure(figures: Figures) -> list[tuple[Pick, float]]:
    pairs = zip(figures.picks, figures.confidences, strict=True)
    return [(p, c) for p, c in pairs if p.position is not None]


def _percent(share: Share) -> str:
    return f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}]" if share.total else "none"

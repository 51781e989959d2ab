"""The readings that the product makes of each question, and which of them give the gold's rows.

The weights that make them never saw the question's database, so that what is learned from them of good
readings holds for a database that is new.
"""

from dataclasses import dataclass, field

from grounded_contexts import Contexts, Place, Seen
from grounded_examples import COMPOSER
from grounded_roles import Roles, Weights
from grounded_steps import BENCH, PACKAGE, Step, reached
from real_data import run_native

from gnomon.agent.preview import preview
from gnomon.domain.compare import compare
from gnomon.domain.context import Context
from gnomon.domain.errors import Failed
from gnomon.domain.result import ResultRef, ResultTable
from gnomon.flywheel.questions import EvalQuestion
from gnomon.models.grounded.composer.propose import propose, read_carefully
from gnomon.models.grounded.composer.weighing import Given, given_by

CODE = (
    *reached(COMPOSER / "propose.py", PACKAGE / "domain" / "compare.py", PACKAGE / "agent" / "preview.py"),
    COMPOSER / "weighing.py",
    COMPOSER / "relations.txt",
    BENCH / "grounded_candidates.py",
)
BUDGET_S = 5.0
"""Time that a reading's statement may take; one that takes longer counts as wrong."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A reading, before it is run.

    Args:
        score: Sum of the log probabilities of its roles: the score without a ranker.
        features: What `composer.rank.describe` says of it.
    """

    sql: str
    score: float
    features: dict[str, float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reading, whether it gives the rows of a gold, and what a model would see of its rows.

    Args:
        given: None if it does not run.
    """

    proposed: Proposed
    right: bool
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A question whose gold gives rows, with its candidates, the likeliest roles first."""

    database: str
    text: str
    gold: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What came of a database.

    Args:
        left_out: Questions without a context, and those whose gold does not run.
        crashes: Assignments of which building a reading crashed, in words.
    """

    judged: list[Judged] = field(default_factory=list)
    left_out: int = 0
    crashes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Proposing:
    """A database to read, and the outputs of earlier steps that it takes.

    Args:
        fold: Name of the output of `roles` that holds weights without the database's fold.
    """

    place: Place
    contexts: Step
    roles: Step
    fold: str


def candidates_of(job: Proposing) -> Candidates:
    """Read every question of a database and run what comes of it."""
    contexts: Contexts = job.contexts.load(job.place.name)
    roles: Roles = job.roles.load(job.fold)
    found: list[Judged] = []
    crashes: list[str] = []
    for seen in contexts.seen:
        judged = _judge(seen, job.place, roles.weights, crashes)
        found += [judged] if judged else []
    return Candidates(found, len(contexts.seen) - len(found), crashes)


def _judge(seen: Seen, place: Place, weights: Weights, crashes: list[str]) -> Judged | None:
    golds = [run_native(place.url, sql) for sql in seen.question.gold]
    rows = [gold for gold in golds if not isinstance(gold, Failed)]
    if seen.context is None or not rows:
        return None
    proposed = proposed_of(seen.question.text, seen.context, weights, crashes)
    candidates = tuple(_run(p, place.url, rows, seen.question) for p in proposed)
    return Judged(place.database, seen.question.text, seen.question.gold[0], candidates)


def proposed_of(text: str, context: Context, weights: Weights, crashes: list[str]) -> list[Proposed]:
    """The readings of a question, as the product proposes them."""
    today = context.now.date()
    try:
        careful = read_carefully(text, context, today)
        found = propose(text, context, today, careful, weights)
    except Exception as error:
        # Hours of work are not to end with one question; crashes are counted and told.
        crashes.append(f"{type(error).__name__}: {error}")
        return []
    return [Proposed(p.sql, p.draft.score, p.features) for p in found]


def _run(proposed: Proposed, url: str, golds: list[ResultTable], asked: EvalQuestion) -> Candidate:
    """The reading, with what its statement gives."""
    table = run_native(url, proposed.sql, BUDGET_S)
    if isinstance(table, Failed):
        return Candidate(proposed, right=False)
    right = any(compare(gold, table, ordered=asked.ordered).equal for gold in golds)
    shape = ResultRef("r1", table.columns, len(table.rows), table.truncated, sha256="")
    return Candidate(proposed, right, given_by(preview(shape, table)))

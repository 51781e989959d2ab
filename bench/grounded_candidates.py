"""The readings that the composer makes of each question, and which of them give the gold's rows.

The weights that make them never saw the question's database, so that what is learned from them of good
readings holds for a database that is new.
"""

from dataclasses import dataclass, field

from grounded_contexts import Contexts, Place, Seen
from grounded_examples import COMPOSER, GROUNDED
from grounded_roles import Roles, Weights
from grounded_steps import BENCH, PACKAGE, Step, reached
from real_data import run_native

from gnomon.domain.compare import compare
from gnomon.domain.context import Context
from gnomon.domain.errors import Failed
from gnomon.domain.result import ResultTable
from gnomon.flywheel.questions import EvalQuestion
from gnomon.models.grounded.composer.build import Variant, build, variants
from gnomon.models.grounded.composer.rank import describe
from gnomon.models.grounded.composer.search import Assignment, search
from gnomon.models.grounded.composer.slots import Question, read_slots
from gnomon.models.grounded.parser import read_question
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql

CODE = (
    *reached(
        *(COMPOSER / f"{part}.py" for part in ("build", "rank", "search", "slots")),
        *(GROUNDED / f"{part}.py" for part in ("parser", "schema", "sql")),
        PACKAGE / "domain" / "compare.py",
    ),
    BENCH / "grounded_candidates.py",
)
ENOUGH = 12
"""With so many readings of a question, no further assignment is looked at."""

BUDGET_S = 5.0
"""Time that a reading's statement may take; one that takes longer counts as wrong."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A reading, before it is run.

    Args:
        score: Sum of the log probabilities of its roles: the score without a ranker.
        features: What `composer.rank.describe` says of it.
        roles: Words, role, and table or column of each, to be read by people.
    """

    sql: str
    score: float
    variant: Variant
    features: dict[str, float]
    roles: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reading, and whether it gives the rows of a gold."""

    proposed: Proposed
    right: bool


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
    proposed = propose(seen.question.text, seen.context, weights, crashes)
    candidates = tuple(Candidate(p, _gives(p.sql, place.url, rows, seen.question)) for p in proposed)
    return Judged(place.database, seen.question.text, seen.question.gold[0], candidates)


def propose(text: str, context: Context, weights: Weights, crashes: list[str]) -> list[Proposed]:
    """The readings of a question, those with the likeliest roles first, each statement once."""
    question = read_slots(text, context, context.now.date())
    assignments = search(question, weights)
    view = read_carefully(text, context, crashes)
    found: dict[str, Proposed] = {}
    for assignment in assignments:
        if len(found) >= ENOUGH:
            break
        for variant in variants(question, assignment.roles):
            built = _build(question, assignment, variant, crashes)
            if built is not None and built.sql not in found:
                features = describe(
                    question, assignment, built.reading, variant, assignments[0].score, len(found),
                    view.of(built.sql),
                )  # fmt: skip
                roles = _in_words(question, assignment)
                found[built.sql] = Proposed(built.sql, assignment.score, variant, features, roles)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class CarefulView:
    """What the careful reader makes of a question: its statement, or why it has none."""

    sql: str
    doubt: str = ""

    def of(self, sql: str) -> str:
        """What it says of a statement, as `describe` takes it."""
        if not self.sql:
            return self.doubt
        return "same" if sql == self.sql else "other"


def read_carefully(text: str, context: Context, crashes: list[str]) -> CarefulView:
    """The careful reader's statement; where it crashes it has none."""
    try:
        return CarefulView(write_sql(read_question(text, context, context.now.date()), Schema(context)))
    except NotRead as stopped:
        return CarefulView("", stopped.reason)
    except Exception as error:
        # As below: told, and no end of the work.
        crashes.append(f"{type(error).__name__}: {error}")
        return CarefulView("")


@dataclass(frozen=True, slots=True)
class _Built:
    reading: Reading
    sql: str


def _build(question: Question, found: Assignment, variant: Variant, crashes: list[str]) -> _Built | None:
    """One reading; None where the roles do not fit together."""
    try:
        reading = build(question, found.roles, variant)
        return _Built(reading, write_sql(reading, question.schema))
    except NotRead:
        return None
    except Exception as error:
        # Hours of work are not to end with one question; crashes are counted and told.
        crashes.append(f"{type(error).__name__}: {error}")
        return None


def _in_words(question: Question, found: Assignment) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (question.items[at].text, option.role, str(option.ref or option.table or ""))
        for at, option in sorted(found.roles.items())
    )


def _gives(sql: str, url: str, golds: list[ResultTable], asked: EvalQuestion) -> bool:
    """Whether the statement gives the rows of any gold."""
    given = run_native(url, sql, BUDGET_S)
    if isinstance(given, Failed):
        return False
    return any(compare(gold, given, ordered=asked.ordered).equal for gold in golds)

"""What the contexts of a database teach: an example a slot."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from grounded_align import Aligned, roles_of
from grounded_contexts import Contexts, Seen
from grounded_gold import NotCovered
from grounded_steps import BENCH, PACKAGE, Step, reached

from gnomon.models.grounded.composer.features import History, between, features_of, places_after
from gnomon.models.grounded.composer.slots import NOTHING, Question, read_slots

GROUNDED = PACKAGE / "models" / "grounded"
COMPOSER = GROUNDED / "composer"
CODE = (
    *reached(COMPOSER / "slots.py", COMPOSER / "features.py"),
    GROUNDED / "cues.txt",
    *(BENCH / f"grounded_{part}.py" for part in ("gold", "align", "examples")),
)
PARTLY = 0.3
"""Weight of the examples of a question of which one part of the gold is not said."""

Places = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Example:
    """One slot of a question.

    Args:
        places: Shape (options, features): places in the table of weights.
        right: The row of the option that the gold gives it.
        weight: In (0, 1].
    """

    places: Places
    right: int
    weight: float


@dataclass(frozen=True, slots=True)
class Lessons:
    """What one database teaches.

    Args:
        coverage: How many golds are said whole or partly, and for those that are not, why.
        problem: Why the database could not be asked; empty if it could.
    """

    database: str
    examples: list[Example] = field(default_factory=list)
    coverage: Counter[str] = field(default_factory=Counter)
    problem: str = ""


def read_lessons(step: Step, name: str) -> Lessons:
    """What the contexts of a database teach, by the name of the output that holds them."""
    contexts: Contexts = step.load(name)
    return lessons_of(contexts)


def lessons_of(contexts: Contexts) -> Lessons:
    """Align each question with its first gold, and look at its slots as the composer does."""
    lessons = Lessons(contexts.database, problem=contexts.problem)
    for seen in contexts.seen:
        lessons.coverage[_learn(seen, lessons)] += 1
    return lessons


def _learn(seen: Seen, lessons: Lessons) -> str:
    """Add what a question teaches; how much of its gold is said, in words."""
    if seen.context is None:
        return "no context"
    if not seen.question.gold:
        return "no gold"
    question = read_slots(seen.question.text, seen.context, seen.context.now.date())
    try:
        aligned = roles_of(seen.question.gold[0], question)
    except NotCovered as reason:
        return f"no roles for it: {reason}"
    if len(aligned.missing) > 1:
        return "several parts not said"
    lessons.examples.extend(examples_of(question, aligned, PARTLY if aligned.missing else 1.0))
    return "one part not said" if aligned.missing else "said whole"


def examples_of(question: Question, aligned: Aligned, weight: float) -> Iterator[Example]:
    """An example a slot, each seen with the right roles before it."""
    history, left = History(), None
    for slot, features in zip(question.slots, features_of(question), strict=True):
        gold = aligned.chosen.get(slot.at, NOTHING)
        later = places_after(features, slot, history, between(question, left, slot.at))
        places = np.concatenate([features.places(), later], axis=1).astype(np.int32)
        yield Example(places, slot.options.index(gold), weight)
        left = left if gold == NOTHING else slot.at
        history = history.then(gold)


def coverage_of(lessons: Iterable[Lessons]) -> Counter[str]:
    """How many golds roles can say, and for those that they cannot, why."""
    total: Counter[str] = Counter()
    for learned in lessons:
        total.update(learned.coverage)
    return total

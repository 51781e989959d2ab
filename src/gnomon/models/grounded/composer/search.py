"""Beam search over the roles of a question's items."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnomon.models.grounded.composer.features import (
    History,
    SlotFeatures,
    between,
    features_of,
    places_after,
)
from gnomon.models.grounded.composer.slots import SKIP, Option, Question, Slot

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Weights = npt.NDArray[np.float32]

WIDTH = 16
MAX_BRANCHES = 6
"""Options of a slot that a reading in the making goes on with, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role for every slot, and how likely the model finds them together.

    Args:
        score: Sum of the log probabilities of the choices.
        choices: Slots in order, each with the option and its log probability.
    """

    score: float = 0.0
    choices: tuple[tuple[int, Option, float], ...] = ()
    history: History = field(default_factory=History)
    left: int | None = None

    @property
    def roles(self) -> dict[int, Option]:
        """The options that say something, by position."""
        return {at: option for at, option, _ in self.choices if option.role != SKIP}


def search(question: Question, weights: "Weights", width: int = WIDTH) -> list[Assignment]:
    """The likeliest role assignments of a question, the likeliest first."""
    beam = [Assignment()]
    for slot, features in zip(question.slots, features_of(question), strict=True):
        fixed = weights[features.places()].sum(axis=1)
        grown: list[Assignment] = []
        kept: dict[tuple[History, str], Weights] = {}
        for state in beam:
            grown += _grow(question, slot, features, fixed, state, weights, kept)
        grown.sort(key=lambda a: -a.score)
        beam = grown[:width]
    return beam


def _grow(
    question: Question, slot: Slot, features: SlotFeatures, fixed: "Weights", state: Assignment,
    weights: "Weights", kept: dict[tuple[History, str], "Weights"],
) -> list[Assignment]:  # fmt: skip
    import numpy as np

    words = between(question, state.left, slot.at)
    key = (state.history, words)
    if key not in kept:
        scores = fixed + weights[places_after(features, slot, state.history, words)].sum(axis=1)
        scores = scores - scores.max()
        kept[key] = scores - np.log(np.exp(scores).sum())
    logs = kept[key]
    grown = []
    for index in np.argsort(-logs, kind="stable")[:MAX_BRANCHES]:
        option, log = slot.options[int(index)], float(logs[index])
        skipped = option.role == SKIP
        grown.append(
            Assignment(
                state.score + log,
                (*state.choices, (slot.at, option, log)),
                state.history.then(option),
                state.left if skipped else slot.at,
            )
        )
    return grown

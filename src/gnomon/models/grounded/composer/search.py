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

    def then(self, slot: Slot, option: Option, log: float) -> "Assignment":
        """The assignment once that slot has that option too."""
        return Assignment(
            self.score + log,
            (*self.choices, (slot.at, option, log)),
            self.history.then(option),
            self.left if option.role == SKIP else slot.at,
        )


def search(question: Question, weights: "Weights", width: int = WIDTH) -> list[Assignment]:
    """The likeliest role assignments of a question, the likeliest first."""
    beam = [Assignment()]
    for slot, features in zip(question.slots, features_of(question), strict=True):
        branching = _Branching(slot, features, weights, weights[features.places()].sum(axis=1))
        grown = [
            (state, index, log)
            for state in beam
            for index, log in branching.likeliest(state.history, between(question, state.left, slot.at))
        ]
        grown.sort(key=lambda g: -(g[0].score + g[2]))
        beam = [state.then(slot, slot.options[index], log) for state, index, log in grown[:width]]
    return beam


@dataclass(frozen=True, slots=True)
class _Branching:
    """The options of one slot, by what the slots before have been given.

    Args:
        fixed: Shape (options,): the part of each option's score that does not depend on other slots.
    """

    slot: Slot
    features: SlotFeatures
    weights: "Weights"
    fixed: "Weights"
    known: dict[tuple[History, str], list[tuple[int, float]]] = field(default_factory=dict)

    def likeliest(self, history: History, words: str) -> list[tuple[int, float]]:
        """The numbers of the likeliest options with their log probabilities, the likeliest first.

        Args:
            words: What stands between the slot and the last one that has a role.
        """
        import numpy as np

        key = (history, words)
        found = self.known.get(key)
        if found is None:
            later = places_after(self.features, self.slot, history, words)
            scores = self.fixed + self.weights[later].sum(axis=1)
            scores = scores - scores.max()
            logs = scores - np.log(np.exp(scores).sum())
            best = np.argsort(-logs, kind="stable")[:MAX_BRANCHES]
            found = self.known[key] = [(int(index), float(logs[index])) for index in best]
        return found

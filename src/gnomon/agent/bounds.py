"""How far one question may go, and which bound stopped it."""

from dataclasses import dataclass


class OutOfBoundsError(Exception):
    """A bound is used up; the message names it, in words for the person."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one question.

    Args:
        max_turns: Calls of the model.
        max_total_s: Seconds of wall time, without the time a person takes to answer a clarification.
        max_result_bytes: Bytes of results read over all queries, as estimated from the cells.
        max_cost_usd: Price of the model calls; calls of unknown price count as free.
        max_revisions: How often failed checks go back to the model.
    """

    max_turns: int = 12
    max_total_s: float = 120.0
    max_result_bytes: int = 256 * 1024 * 1024
    max_cost_usd: float = 1.0
    max_revisions: int = 2


@dataclass(slots=True)
class Spent:
    """What a question has taken so far."""

    turns: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    cost_known: bool = True
    result_bytes: int = 0
    scan_bytes: int = 0
    warehouse_s: float = 0.0
    model_s: float = 0.0
    _charged_bytes: int = 0

    def scanned(self, count: int) -> None:
        """Add bytes that a query read."""
        self.scan_bytes += count

    def take_scanned(self) -> int:
        """Bytes read since this was last asked."""
        new, self._charged_bytes = self.scan_bytes - self._charged_bytes, self.scan_bytes
        return new


def exceeded(bounds: Bounds, spent: Spent, elapsed_s: float) -> str:
    """Name the first bound that is used up, in words for the person; empty while there is room."""
    if spent.turns >= bounds.max_turns:
        return f"the limit of {bounds.max_turns} model turns is used up"
    if elapsed_s >= bounds.max_total_s:
        return f"the limit of {bounds.max_total_s:g} seconds is used up"
    if spent.result_bytes >= bounds.max_result_bytes:
        return f"the limit of {bounds.max_result_bytes:,} result bytes is used up"
    if spent.cost_usd >= bounds.max_cost_usd > 0:
        return f"the limit of {bounds.max_cost_usd:.2f} USD is used up"
    return ""

"""Every table has an owner, a criticality and a freshness expectation, and comes from code that is known."""

from collections.abc import Iterator
from dataclasses import dataclass

from gnomon.context.catalog.lint.finding import Finding, Ground, Severity, annotate, of_card
from gnomon.domain.catalog import TableCard


@dataclass(frozen=True, slots=True)
class Lack:
    """What a table lacks by one rule.

    Args:
        lacks: In a word or two.
        option: Of `gnomon annotate`, with what it takes.
    """

    lacks: str
    option: str


FOUNDATION = {
    "no-owner": Lack("owner", "--owner WHO"),
    "no-criticality": Lack("criticality", "--criticality LEVEL"),
    "no-freshness": Lack("freshness expectation", "--freshness 'daily by 06:00 UTC'"),
}
"""What people say of a table in one command, by rule."""

_MUCH_DEPENDS = frozenset({"high", "critical"})


def no_owner(ground: Ground) -> Iterator[Finding]:
    """Tables that nobody answers for."""
    for card in ground.cards:
        if not card.owner:
            mend = annotate(card.ref, FOUNDATION["no-owner"].option)
            yield of_card("no-owner", _graver(card, "warning"), card, "no owner is known", mend)


def no_criticality(ground: Ground) -> Iterator[Finding]:
    """Tables of which nobody said how much depends on them."""
    for card in ground.cards:
        if not card.criticality:
            mend = (
                f"{annotate(card.ref, FOUNDATION['no-criticality'].option)} (low, medium, high or critical)"
            )
            yield of_card("no-criticality", "warning", card, "its criticality is not known", mend)


def no_freshness(ground: Ground) -> Iterator[Finding]:
    """Tables of which nobody said how fresh they should be. A view is as fresh as what it reads."""
    for card in ground.cards:
        if not card.freshness and not card.is_view:
            mend = annotate(card.ref, FOUNDATION["no-freshness"].option)
            severity = _graver(card, "warning")
            yield of_card("no-freshness", severity, card, "nobody says how fresh it should be", mend)


def no_code(ground: Ground) -> Iterator[Finding]:
    """Tables that no known code makes."""
    for card in ground.cards:
        if not card.produced_by:
            severity: Severity = "warning" if card.criticality in _MUCH_DEPENDS else "note"
            mend = (
                "name the code that makes it as a source (docs/sources.md), or bring it into the repository"
            )
            yield of_card("no-code", severity, card, "no code that makes it is known", mend)


def _graver(card: TableCard, usual: Severity) -> Severity:
    return "error" if card.criticality in _MUCH_DEPENDS else usual

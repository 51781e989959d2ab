"""Say which rule refuses an act."""

from collections.abc import Callable

from gnomon.domain.errors import Refused


def rule_of(act: Callable[[], object]) -> str:
    """The rule that refuses the act; empty if nothing does."""
    try:
        act()
    except Refused as refusal:
        return refusal.rule
    return ""

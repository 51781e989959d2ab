"""The one form of "you are not let in": a rule id that begins with `identity:`."""

from gnomon.domain.errors import Refused

SIGN_IN_AGAIN = "get a new token and try again"


def refused(
    rule: str, message: str, *, facts: tuple[tuple[str, str], ...] = (), hint: str = SIGN_IN_AGAIN
) -> Refused:
    """The refusal under `identity:<rule>`. The message never quotes a credential."""
    return Refused(message, rule=f"identity:{rule}", facts=facts, hint=hint)

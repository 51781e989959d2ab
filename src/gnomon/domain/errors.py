"""Errors say who acts next. Anything that is not one of these is our bug and crashes."""


class GnomonError(Exception):
    """A foreseen failure: what happened, the facts, and what to do next.

    Args:
        message: One sentence: what happened and where. Shown after `error:`.
        facts: Label and value lines that help to find the cause.
        hint: What to do next, as an instruction. Shown after `hint:`.
    """

    exit_code = 1

    def __init__(self, message: str, *, facts: tuple[tuple[str, str], ...] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts
        self.hint = hint


class Retry(GnomonError):
    """The model made a call that it can correct: a typo, a wrong column, bad arguments."""


class Failed(GnomonError):
    """The call was right and did not work out: the model takes another way."""


class Refused(GnomonError):
    """Policy says no: a person grants access, or the model takes a permitted way.

    Args:
        rule: The id of the rule that refused.
    """

    def __init__(
        self, message: str, *, rule: str, facts: tuple[tuple[str, str], ...] = (), hint: str = ""
    ) -> None:
        super().__init__(message, facts=facts, hint=hint)
        self.rule = rule


class Misconfigured(GnomonError):
    """An operator fixes it: a missing file, a wrong URL, an absent package."""

    exit_code = 3


class Interrupted(GnomonError):
    """The person stopped the run; what was done so far is stored."""

    exit_code = 130

"""A model's turn that runs an adapted trusted query, and the one that says its result."""

from gnomon.domain.answer import ReadWords
from gnomon.models.grounded.trusted.adapt import Adapted
from gnomon.models.grounded.trusted.explain import reply_trusted
from gnomon.models.port import ModelResponse, ToolCall, ToolMessage

MAX_PURPOSE = 300
MAX_ASSUMPTIONS = 10
"""What `run_sql` takes at most."""


def respond_trusted(adapted: Adapted, result: ToolMessage | None) -> ModelResponse:
    """Run the statement, or say what came back.

    Args:
        result: What `run_sql` gave back for the statement; None before it ran.
    """
    reading = tuple(ReadWords(words, role, adapted.certainty) for words, role in adapted.explained)
    if result is None:
        return ModelResponse(
            "",
            (_call(adapted),),
            confidence=adapted.certainty,
            reasoning=_reasoning(adapted),
            reading=reading,
        )
    return ModelResponse(
        reply_trusted(adapted.words, result.content),
        confidence=adapted.certainty,
        reasoning=_reasoning(adapted),
        reading=reading,
    )


def _call(adapted: Adapted) -> ToolCall:
    assumptions = [{"text": text, "alternative": other} for text, other in adapted.assumptions]
    arguments = {
        "sql": adapted.sql,
        "purpose": adapted.words[:MAX_PURPOSE],
        "assumptions": assumptions[:MAX_ASSUMPTIONS],
    }
    return ToolCall("run-1", "run_sql", arguments)


def _reasoning(adapted: Adapted) -> str:
    """The query with why it is trusted, then word by word what it was taken for."""
    trusted = f" {adapted.query.reason}" if adapted.query.reason else ""
    placed = "; ".join(f"{words!r}: {role}" for words, role in adapted.explained)
    return f"{adapted.words}.{trusted} {placed}."

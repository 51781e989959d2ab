"""Requests as the agent makes them, for model tests."""

from datetime import UTC, datetime
from types import MappingProxyType

from gnomon.domain.answer import Question
from gnomon.domain.context import Context
from gnomon.domain.identity import Principal
from gnomon.models.port import Message, ModelRequest, ToolSpec, UserMessage

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RUN_SQL = ToolSpec(
    name="run_sql",
    description="Run one read-only SQL statement.",
    parameters=MappingProxyType(
        {
            "type": "object",
            "properties": {"sql": {"type": "string"}, "purpose": {"type": "string"}},
            "required": ["sql"],
            "additionalProperties": False,
        }
    ),
    effect="read",
)
ASK_USER = ToolSpec(
    name="ask_user",
    description="Ask the person one question.",
    parameters={"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
    effect="ask",
)
ASKED = UserMessage("How many orders were placed?")


def request(
    *messages: Message,
    context_text: str = "table orders: id, placed_at",
    max_output_tokens: int = 256,
    tools: tuple[ToolSpec, ...] = (RUN_SQL, ASK_USER),
) -> ModelRequest:
    """A request with two tools; the question is the first message unless messages are given."""
    question = Question("q1", ASKED.text, Principal("ana@acme.test"), NOW, "c1")
    return ModelRequest(
        question=question,
        instructions="Answer from the warehouse alone.",
        context=Context(dialect="duckdb", now=NOW),
        context_text=context_text,
        messages=messages or (ASKED,),
        tools=tools,
        max_output_tokens=max_output_tokens,
    )

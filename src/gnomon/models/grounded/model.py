"""`grounded`: a deterministic reader of questions behind the same port as any model.

It sees the assembled context and the tools' results and nothing else. It answers only if every word of the
question has a place; otherwise it asks, or says which words stopped it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from gnomon.domain.answer import ReadWords
from gnomon.domain.context import Context
from gnomon.models.grounded.decide import Decided, decide
from gnomon.models.grounded.meaning import answer_from_cards
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.reply import describe, reply
from gnomon.models.port import (
    CANNOT_ANSWER,
    Message,
    ModelRequest,
    ModelResponse,
    ToolCall,
    ToolMessage,
    ToolSpec,
)

MAX_QUESTION_WORDS = 80
"""Longer questions hold more than one question; this reader takes one."""


ANSWERED_FROM = 0.45
"""Confidence from which an answer is given, where nobody sets another."""


class GroundedModel:
    """Reads questions without a language model. Same input, same output."""

    def __init__(self, least: float = ANSWERED_FROM) -> None:
        """Make a model.

        Args:
            least: Confidence from which an answer is given; a reading that was composed must be as sure.
        """
        self._least = least
        self._last: tuple[str, Context, Decided] | None = None

    @property
    def model_id(self) -> str:
        """The id shown with each answer."""
        return "grounded"

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        """Read the question, run its SQL, or say the result."""
        last = _last_tool_result(request.messages)
        if last is not None and last.tool == "run_sql" and last.failed:
            return _cannot(f"the query did not run: {last.content.get('error', 'no reason given')}.")
        try:
            return self._read(request, last)
        except NotRead as stopped:
            return self._not_read(request, stopped, last)

    def _read(self, request: ModelRequest, last: ToolMessage | None) -> ModelResponse:
        text = request.question.text
        if last is None:
            known = answer_from_cards(text, request.context)
            if known is not None:
                return ModelResponse(known, confidence=0.9, reasoning="Answered from the tables' cards.")
        if len(text.split()) > MAX_QUESTION_WORDS:
            raise NotRead("the question is too long to be one question; ask one thing at a time.")
        decided = self._decided(text, _with_choices(request.context, request.messages))
        if last is not None and last.tool == "run_sql":
            return _say(decided.reading, last)
        return _run(decided.reading, decided.sql)

    def _decided(self, text: str, context: Context) -> Decided:
        """The reading of a question; the one of the turn before is kept, as the result comes back to it."""
        last = self._last
        if last is None or last[0] != text or last[1] is not context:
            self._last = last = (text, context, decide(text, context, _today(context), self._least))
        return last[2]

    def _not_read(self, request: ModelRequest, stopped: NotRead, last: ToolMessage | None) -> ModelResponse:
        can_ask = (
            last is None
            and len(stopped.options) >= 2
            and stopped.words
            and _offers(request.tools, "ask_user")
        )
        if not can_ask:
            return _cannot(stopped.reason, stopped.words)
        options = list(stopped.options[:4])
        arguments = {
            "question": f"What does `{stopped.words[0]}` mean here?",
            "options": options,
            "default": options[0],
        }
        return ModelResponse("", (ToolCall("ask-1", "ask_user", arguments),), confidence=0.5)


def _today(context: Context) -> date:
    return context.now.date()


def _run(reading: Reading, sql: str) -> ModelResponse:
    assumptions = [{"text": text, "alternative": other} for text, other in reading.assumptions]
    arguments = {"sql": sql, "purpose": describe(reading)[:300], "assumptions": assumptions[:10]}
    return ModelResponse(
        "",
        (ToolCall("run-1", "run_sql", arguments),),
        confidence=reading.certainty,
        reasoning=_explain(reading),
        reading=_placed(reading),
    )


def _say(reading: Reading, result: ToolMessage) -> ModelResponse:
    return ModelResponse(
        reply(reading, result.content),
        confidence=reading.certainty,
        reasoning=_explain(reading),
        reading=_placed(reading),
    )


def _explain(reading: Reading) -> str:
    return "; ".join(f"{words!r}: {role}" for words, role in reading.explained)


def _placed(reading: Reading) -> tuple[ReadWords, ...]:
    return tuple(ReadWords(words, role) for words, role in reading.explained)


def _cannot(reason: str, words: tuple[str, ...] = ()) -> ModelResponse:
    return ModelResponse(f"{CANNOT_ANSWER} {reason}", confidence=0.0, unplaced=words)


def _offers(tools: Sequence[ToolSpec], name: str) -> bool:
    return any(t.name == name for t in tools)


def _last_tool_result(messages: Sequence[Message]) -> ToolMessage | None:
    return next((m for m in reversed(messages) if isinstance(m, ToolMessage)), None)


def _with_choices(context: Context, messages: Sequence[Message]) -> Context:
    """The context in which a name that was asked about means what was chosen."""
    chosen = {
        str(m.content["question"]).split("`")[1]: str(m.content["chosen"])
        for m in messages
        if isinstance(m, ToolMessage) and m.tool == "ask_user" and not m.failed and "chosen" in m.content
    }
    return replace(context, choices=(*context.choices, *chosen.items())) if chosen else context

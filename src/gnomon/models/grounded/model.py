"""`grounded`: a deterministic reader of questions behind the same port as any model.

It sees the assembled context and the tools' results and nothing else. It answers only if every word of the
question has a place; otherwise it asks, or says which words stopped it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from gnomon.domain.answer import ReadWords
from gnomon.domain.context import Context
from gnomon.models.grounded.bridges import with_bridges
from gnomon.models.grounded.calibrated import CALIBRATION
from gnomon.models.grounded.composer.compose import Composed
from gnomon.models.grounded.decide import (
    Decided,
    Read,
    after_nothing,
    certainty,
    decide,
    found_nothing,
    is_sure,
    offer,
    preferred,
    read,
    take,
)
from gnomon.models.grounded.documents import SEARCH, from_documents, sought_in_documents
from gnomon.models.grounded.meaning import answer_from_cards, is_noted
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.reply import describe, reply
from gnomon.models.grounded.synonyms import MAX_OPTIONS, NONE_OF_THESE, in_doubt
from gnomon.models.grounded.ties import all_that_tie, says_tie
from gnomon.models.grounded.trusted.adapt import adapt
from gnomon.models.grounded.trusted.respond import respond_trusted
from gnomon.models.grounded.weighed import to_compare, weighed
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

WHICH_READING = "Which of these do you mean?"
RUN_TIES = "run-ties"
COMPARED = "compare-"
"""What the ids of calls begin with whose results are compared; behind it the place of the reading."""


class GroundedModel:
    """Reads questions without a language model. Same input, same output."""

    def __init__(self, least: float = CALIBRATION.answered_from) -> None:
        """Make a model.

        Args:
            least: Share of right answers from which one is given; what was composed must be as sure.
        """
        self._least = CALIBRATION.score(least)
        self._last: tuple[str, Context, Read] | None = None

    @property
    def model_id(self) -> str:
        """The id shown with each answer."""
        return "grounded"

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        """Read the question, run its SQL, or say the result; where the data says nothing, quote documents."""
        last = _last_tool_result(request.messages)
        if last is not None and last.tool == "run_sql" and last.failed:
            return _cannot(f"the query did not run: {last.content.get('error', 'no reason given')}.")
        response = self._from_data(request, last)
        if (last is not None and last.tool == "run_sql") or self._is_answer(response, request):
            return response
        sought = sought_in_documents(request.question.text, request.context)
        return response if sought is None else from_documents(sought, request, response)

    def _from_data(self, request: ModelRequest, last: ToolMessage | None) -> ModelResponse:
        try:
            return self._read(request, last)
        except NotRead as stopped:
            return self._not_read(request, stopped, last)

    def _is_answer(self, response: ModelResponse, request: ModelRequest) -> bool:
        """Whether cards say it, or a reading of the data is sure enough to be answered from."""
        if response.tool_calls:
            return response.tool_calls[0].name == "run_sql" and response.confidence >= self._least
        told = not response.text.startswith(CANNOT_ANSWER)
        return told and is_noted(request.question.text, request.context)

    def _read(self, request: ModelRequest, last: ToolMessage | None) -> ModelResponse:
        text = request.question.text
        if last is None:
            told = answer_from_cards(text, request.context)
            if told is not None:
                return ModelResponse(told, confidence=0.9, reasoning="Answered from the tables' cards.")
        if len(text.split()) > MAX_QUESTION_WORDS:
            raise NotRead("the question is too long to be one question; ask one thing at a time.")
        context = _with_choices(request.context, request.messages)
        ran = last if last is not None and last.tool == "run_sql" else None
        trusted = adapt(text, context, _today(context))
        if trusted is not None and trusted.certainty >= self._least:
            return respond_trusted(trusted, ran)
        known = self._known(text, context)
        looked, compared = to_compare(known, context), _compared(request.messages)
        if looked and last is None:
            return _compare(looked, known)
        if looked and len(compared) == len(looked):
            known = weighed(known, looked, compared)
        chosen = _chosen(request.messages)
        unsure = (last is None or last in compared) and not is_sure(known, self._least)
        if chosen is None and unsure and _can_ask(request) and known.offers:
            return _ask(WHICH_READING, offer(known.offers))
        decided = take(known.offers, chosen) if chosen is not None else decide(known, self._least)
        if ran is None or (ran in compared and decided.sql != looked[compared.index(ran)].sql):
            return _run(decided.reading, decided.sql)
        tied = all_that_tie(decided.reading, context, text) if says_tie(request.messages) else None
        # Whoever is there sees what was taken for granted; anybody else asked for one row and gets none.
        if tied is not None and request.question.interactive:
            again = ran.call_id != RUN_TIES
            return _run(tied.reading, tied.sql, RUN_TIES) if again else _say(tied.reading, ran)
        return _say(decided.reading, ran) if chosen is not None else self._settle(decided, known, request)

    def _settle(self, decided: Decided, known: Read, request: ModelRequest) -> ModelResponse:
        """Say the result; where it has no row, run the next reading that is sure enough or doubt this one."""
        runs = _answering(request.messages)
        if not _is_empty(runs[0]):
            return _say(decided.reading, runs[-1])
        other = after_nothing(decided, known, self._least)
        if other is not None and len(runs) == 1:
            return _run(other.reading, other.sql, "run-2")
        found = other if other is not None and not _is_empty(runs[-1]) else found_nothing(decided, known)
        return _say(found.reading, runs[-1])

    def _known(self, text: str, context: Context) -> Read:
        """What is known of a question; kept from the turn before, as the result comes back to it."""
        last = self._last
        if last is None or last[0] != text or last[1] is not context:
            self._last = last = (text, context, read(text, context, _today(context)))
        return last[2]

    def _not_read(self, request: ModelRequest, stopped: NotRead, last: ToolMessage | None) -> ModelResponse:
        doubtful = in_doubt(stopped, request.context)
        if doubtful is None:
            return _cannot(stopped.reason, stopped.words)
        if last is not None or not _can_ask(request):
            return _cannot(doubtful.reason, stopped.words)
        options = [*doubtful.options[:MAX_OPTIONS], NONE_OF_THESE]
        return _ask(f"What do you mean by `{doubtful.words[0]}`?", options, NONE_OF_THESE)


def _can_ask(request: ModelRequest) -> bool:
    return request.question.interactive and _offers(request.tools, "ask_user")


def _ask(question: str, options: list[str], default: str = "") -> ModelResponse:
    arguments = {"question": question, "options": options, "default": default or options[0]}
    return ModelResponse("", (ToolCall("ask-1", "ask_user", arguments),), confidence=0.5)


def _chosen(messages: Sequence[Message]) -> str | None:
    """The reading that a person chose among those that were offered."""
    asked = [m for m in messages if isinstance(m, ToolMessage) and m.tool == "ask_user" and not m.failed]
    chosen = (m.content for m in asked if m.content.get("question") == WHICH_READING)
    return next((str(c["chosen"]) for c in chosen if c.get("by_person")), None)


def _today(context: Context) -> date:
    return context.now.date()


def _compare(looked: Sequence[Composed], known: Read) -> ModelResponse:
    """Run the likeliest readings, last the one that would be taken: an answer stands on the last that ran."""
    best = looked.index(preferred(known))
    order = [at for at in range(len(looked)) if at != best] + [best]
    calls = tuple(_call(looked[at].reading, looked[at].sql, f"{COMPARED}{at + 1}") for at in order)
    told = f"The {len(looked)} likeliest readings are run and compared." if len(looked) > 1 else ""
    return ModelResponse(
        "",
        calls,
        confidence=certainty(known),
        reasoning="; ".join(filter(None, (_explain(looked[best].reading), told))),
        reading=_placed(looked[best].reading),
    )


def _compared(messages: Sequence[Message]) -> list[ToolMessage]:
    """What the readings that were run to be compared gave, in the order in which they were likely."""
    results = (m for m in messages if isinstance(m, ToolMessage) and m.call_id.startswith(COMPARED))
    return sorted(results, key=lambda m: m.call_id)


def _answering(messages: Sequence[Message]) -> list[ToolMessage]:
    """The results that may be answered from: the last of those that were compared, and what ran since."""
    runs = [m for m in messages if isinstance(m, ToolMessage) and m.tool == "run_sql"]
    compared = len(_compared(messages))
    return runs[compared:] or runs[-1:]


def _is_empty(result: ToolMessage) -> bool:
    return not result.failed and not result.content.get("rows")


def _run(reading: Reading, sql: str, call: str = "run-1") -> ModelResponse:
    return ModelResponse(
        "",
        (_call(reading, sql, call),),
        confidence=reading.certainty,
        reasoning=_explain(reading),
        reading=_placed(reading),
    )


def _call(reading: Reading, sql: str, call: str) -> ToolCall:
    stated = with_bridges(reading).assumptions
    assumptions = [{"text": text, "alternative": other} for text, other in stated]
    arguments = {"sql": sql, "purpose": describe(reading)[:300], "assumptions": assumptions[:10]}
    return ToolCall(call, "run_sql", arguments)


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
    """The last one, but for what documents say: a reading of the data knows nothing of them."""
    results = (m for m in reversed(messages) if isinstance(m, ToolMessage))
    return next((m for m in results if m.tool != SEARCH), None)


def _with_choices(context: Context, messages: Sequence[Message]) -> Context:
    """The context in which a name that was asked about means what was chosen."""
    chosen = {
        str(m.content["question"]).split("`")[1]: str(m.content["chosen"])
        for m in messages
        if isinstance(m, ToolMessage)
        and m.tool == "ask_user"
        and not m.failed
        and "chosen" in m.content
        and m.content["question"] != WHICH_READING
    }
    return replace(context, choices=(*context.choices, *chosen.items())) if chosen else context

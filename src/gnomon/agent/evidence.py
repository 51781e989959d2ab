"""What may support a text that stands on no query: facts that were shown, each beside the name it belongs to.

A small number stands somewhere in nearly every context, so that it stands there proves nothing. A fact
counts only if the text names its table or column. What a document says counts where it is quoted: a whole
passage, word for word and in the marks that `search_knowledge` gave it, beside the name of its document.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gnomon.agent.case_state import CaseState
from gnomon.domain.catalog import CardColumn, TableCard
from gnomon.models.port import ToolMessage
from gnomon.policy.untrusted import LINE_BREAK

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")


def quotations(text: str, case: CaseState) -> tuple[str, ...]:
    """The passages that the text quotes whole and whose document it names, as they are written in it.

    Parts of a passage are no quotation: what stands around a number says what it is of.
    """
    passages = {str(p["text"]) for p in _passages(case) if str(p["document"]) in text}
    written = {w for passage in passages for w in (passage, passage.replace(LINE_BREAK, "\n"))}
    return tuple(w for w in sorted(written, key=len, reverse=True) if w in text)


def named_evidence(text: str, case: CaseState) -> str:
    """The facts about what the text names, with the question and the day it was asked, as text."""
    said = words(text)
    named = [fact for name, fact in _facts(case) if (subject := words(name)) and subject <= said]
    return "\n".join([case.question.text, case.context.now.date().isoformat(), *named])


def shown_evidence(case: CaseState) -> str:
    """Everything that was shown to the model and is not its own words, as text; failures included."""
    results = [_json(m.content) for m in _results(case) if m.failed or m.tool != "ask_user"]
    return "\n".join([case.context_text, case.question.text, *results])


def words(text: str) -> frozenset[str]:
    """The words of a text or of an identifier, in lower case and without a plural's ending."""
    return frozenset(_singular(word.casefold()) for word in _WORD.findall(text))


def _singular(word: str) -> str:
    return word[:-3] + "y" if word.endswith("ies") else word.rstrip("s") or word


def _facts(case: CaseState) -> Iterator[tuple[str, str]]:
    context = case.context
    yield "table", str(len(context.cards) + len(context.others))
    for card in context.cards:
        yield card.ref.name, _of_table(card)
        yield from ((column.name, _of_column(column)) for column in card.columns)
    for message in _results(case):
        if not message.failed:
            yield from _of_result(message)
    for passage in _passages(case):
        yield str(passage["document"]), _json({k: v for k, v in passage.items() if k != "text"})


def _of_table(card: TableCard) -> str:
    notes = (s.text for s in card.caveats)
    counts = (str(card.row_count), str(len(card.columns)))
    return "\n".join([card.purpose, card.owner, *card.always_filter, *notes, *counts])


def _of_column(column: CardColumn) -> str:
    profile = column.profile
    facts = [column.meaning, column.column.comment, column.column.type_sql]
    if profile is not None:
        facts += [str(profile.distinct), f"{profile.null_share:.0%}", str(profile.low), str(profile.high)]
        facts += [value for value, _ in profile.top]
    return "\n".join(facts)


def _of_result(message: ToolMessage) -> Iterator[tuple[str, str]]:
    """Facts of the tools that look something up; what other tools give back may echo the model's words."""
    content = message.content
    if message.tool in ("describe_table", "pipeline_status"):
        yield str(content["table"]).rpartition(".")[2], _json(content)
    elif message.tool == "profile_column":
        yield str(content["column"]).rpartition(".")[2], _json(content)
    elif message.tool == "search_tables":
        yield from ((str(t["table"]).rpartition(".")[2], _json(t)) for t in content["tables"])


def _passages(case: CaseState) -> list[Mapping[str, Any]]:
    """The passages of documents that were found for the model."""
    found = [m for m in _results(case) if m.tool == "search_knowledge" and not m.failed]
    return [passage for m in found for passage in m.content["passages"]]


def _results(case: CaseState) -> list[ToolMessage]:
    return [m for m in case.messages if isinstance(m, ToolMessage)]


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, default=str, ensure_ascii=False)

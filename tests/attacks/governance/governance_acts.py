"""One act against a world, and everything that a model, a person and an answer get to see of it."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attacks.governance.governance_world import World, leaks
from attacks.statements import read
from gnomon.agent.agent import Agent
from gnomon.domain.answer import Answer, Question
from gnomon.domain.events import AnswerReady, AuditEvent, Event
from gnomon.domain.result import ResultTable
from gnomon.models.port import Embedder, Model, ModelRequest, ModelResponse, ToolCall, ToolMessage
from gnomon.models.scripted import ScriptedModel

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_TIMED = frozenset({"elapsed_s", "duration_s", "offset_s", "cost", "steps", "id", "confidence", "sha256"})
"""Fields that differ from run to run, the hash of rows in an order that nobody asked for, and the confidence,
which the tables' ranks move a little."""


@dataclass(frozen=True)
class Act:
    """One attempt: calls of tools, or a question in words.

    Args:
        note: What it tries.
        calls: Tool and arguments, one after the other; none puts `question` to the local model.
    """

    note: str
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    question: str = "How many orders were placed?"

    @property
    def said(self) -> str:
        """The words of the attempt itself."""
        return json.dumps([self.question, [dict(a) for _, a in self.calls]], ensure_ascii=False)


@dataclass(frozen=True)
class Seen:
    """What came of an act. `context` is what a model saw before it; `failed` says whether a tool refused."""

    text: str
    context: str
    failed: bool
    answer: Answer
    records: tuple[AuditEvent, ...]


def statements(file: str = "statements.sql") -> tuple[Act, ...]:
    """Every statement of the corpus, put to `run_sql`."""
    return tuple(Act(e.note, (("run_sql", {"sql": e.sql}),)) for e in read(HERE / file))


def tool_acts() -> tuple[Act, ...]:
    """Every call of the other tools."""
    rows = tomllib.loads((HERE / "tools.toml").read_text())["act"]
    return tuple(Act(r["note"], tuple((c["tool"], c["with"]) for c in r["calls"])) for r in rows)


def questions() -> tuple[Act, ...]:
    """Every question in words."""
    rows = tomllib.loads((HERE / "questions.toml").read_text())["question"]
    return tuple(Act(r["text"], question=r["text"]) for r in rows)


def run(act: Act, world: World, embedder: Embedder, model: Model | None = None) -> Seen:
    """Do it as ana; a scripted model makes the calls, then gives up three times with the same words."""
    records: list[AuditEvent] = []
    told: list[ModelRequest] = []
    agent = Agent(
        model or ScriptedModel(_script(act, told)),
        world.warehouse,
        world.index,
        embedder,
        authority_of=world.authority_of,
        record=records.append,
    )
    question = Question("q1", act.question, world.who, NOW, "c1")
    events: list[Event] = list(agent.ask(question))
    last = events[-1]
    assert isinstance(last, AnswerReady)
    messages = [m for m in (told[-1].messages if told else ()) if isinstance(m, ToolMessage)]
    seen = [*map(plain, events), *(plain(m) for request in told[-1:] for m in request.messages)]
    context = [part for r in told[:1] for part in (r.context_text, plain(r.context))]
    text, failed = "\n".join(map(str, seen)), any(m.failed for m in messages)
    return Seen(text, "\n".join(map(str, context)), failed, last.answer, tuple(records))


def _script(act: Act, told: list[ModelRequest]) -> Callable[[ModelRequest], ModelResponse]:
    def respond(request: ModelRequest) -> ModelResponse:
        told.append(request)
        done = sum(isinstance(m, ToolMessage) for m in request.messages)
        if done < len(act.calls):
            name, arguments = act.calls[done]
            return ModelResponse("", (ToolCall(f"c{done}", name, arguments),))
        return ModelResponse("That is what I found.")

    return respond


INDEXED = "known_as_of"
"""When a world was indexed, to the minute: one of a pair is a moment before the other."""


def plain(value: Any) -> Any:
    """A value as text can compare it, without what differs from run to run: rows are a set."""
    if isinstance(value, ResultTable):
        return {"columns": plain(value.columns), "rows": sorted(map(repr, value.rows))}
    if isinstance(value, Mapping) and isinstance(value.get("rows"), list):
        rows = value["rows"]
        shown = sorted(map(repr, rows)) if not value.get("rows_not_shown") else len(rows)
        return {**{str(k): plain(v) for k, v in value.items() if k != "rows"}, "rows": shown}
    if is_dataclass(value) and not isinstance(value, type):
        kept = [f.name for f in fields(value) if f.name not in _TIMED and not f.name.startswith("_")]
        return {type(value).__name__: {name: plain(getattr(value, name)) for name in kept}}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items() if k != INDEXED}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return str(value)


def found_in(act: Act, one: Seen, other: Seen) -> list[str]:
    """How the act escaped: a secret that it told, or a difference between the worlds."""
    found = [f"told {leak}" for seen in (one, other) for leak in leaks(seen.text, act.said)]
    found += [f"recorded {leak}" for seen in (one, other) for leak in values_recorded(act, seen)]
    if one.text != other.text:
        found.append(f"differs: {difference(one.text, other.text)}")
    return list(dict.fromkeys(found))


def values_recorded(act: Act, seen: Seen) -> list[str]:
    """Values that the act's audit records hold: the log is of acts, not of data."""
    details = repr([record.detail for record in seen.records])
    return [leak for leak in leaks(details, act.said) if leak.startswith("CANARY")]


def difference(one: str, other: str) -> str:
    """Where two texts part."""
    at = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    start = max(0, at - 120)
    return f"{one[start : at + 60]!r} / {other[start : at + 60]!r}"

"""The desk where the agent's tests ask: a model's turns, an answer, and what happened on the way."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from gnomon.agent.agent import Agent
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.sources.port import Source
from gnomon.domain.answer import Answer, Conversation, Question, Turn
from gnomon.domain.events import AnswerReady, AuditEvent, Event
from gnomon.domain.identity import Principal
from gnomon.models.port import Embedder, Model, ModelRequest, ModelResponse, ToolCall, ToolMessage
from gnomon.models.scripted import ScriptedModel
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Cancellation, Warehouse
from remembering import EMBEDDER

ANA = Principal("ana@shop.test")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

SLOW = (
    "select sum(a.id * b.id + c.id * d.id) as s"
    " from order_items a join order_items b on b.id > a.id join order_items c on c.id > b.id"
    " join order_items d on d.id > c.id"
)
"""Billions of rows to add up: minutes of work."""

Turns = list[ModelResponse] | Callable[[ModelRequest], ModelResponse]


def call(name: str, arguments: Mapping[str, Any], call_id: str = "c1", problem: str = "") -> ModelResponse:
    """A turn that calls one tool."""
    return ModelResponse("", (ToolCall(call_id, name, arguments, problem),))


def sql(statement: str, purpose: str = "", call_id: str = "c1", **more: Any) -> ModelResponse:
    """A turn that runs a statement."""
    return call("run_sql", {"sql": statement, "purpose": purpose, **more}, call_id)


def say(text: str, **more: Any) -> ModelResponse:
    """A turn that answers."""
    return ModelResponse(text, **more)


def results(request: ModelRequest) -> list[ToolMessage]:
    """Every tool result that a request shows."""
    return [m for m in request.messages if isinstance(m, ToolMessage)]


@dataclass
class Desk:
    """Where questions are asked: the open shop, and what the last question left behind."""

    warehouse: Warehouse
    index: CatalogIndex
    embedder: Embedder
    events: list[Event] = field(default_factory=list)
    audit: list[AuditEvent] = field(default_factory=list)
    asked: int = 0

    def agent(self, model: Model | Turns, **options: Any) -> Agent:
        """An agent; a list of turns, or a function of the request, stands for a scripted model."""
        if isinstance(model, list) or callable(model):
            model = ScriptedModel(model)
        options.setdefault("record", self.audit.append)
        return Agent(model, self.warehouse, self.index, self.embedder, **options)

    def question(self, text: str, interactive: bool = False) -> Question:
        self.asked += 1
        return Question(f"q{self.asked}", text, ANA, NOW, "c1", interactive)

    def ask(
        self,
        model: Agent | Model | Turns,
        text: str = "How many orders were placed?",
        conversation: Conversation | None = None,
        *,
        interactive: bool = False,
        cancellation: Cancellation | None = None,
        **options: Any,
    ) -> Answer:
        """The answer; `events` and `audit` then hold what happened on the way."""
        agent = model if isinstance(model, Agent) else self.agent(model, **options)
        self.events.clear()
        self.audit.clear()
        self.events += agent.ask(self.question(text, interactive), conversation, cancellation=cancellation)
        last = self.events[-1]
        assert isinstance(last, AnswerReady)
        assert [e for e in self.events if isinstance(e, AnswerReady)] == [last]
        return last.answer

    def told(self, kind: type) -> list[Any]:
        """The events of one kind."""
        return [e for e in self.events if isinstance(e, kind)]


@contextmanager
def shop_told_by(folder: Path, *sources: Source) -> Iterator[Desk]:
    """The shop, opened in a folder, with an index that the sources told."""
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute(Path(__file__).with_name("shop.sql").read_text())
    warehouse = open_warehouse(str(folder / "shop.duckdb"))
    build_index(warehouse, EMBEDDER, folder / "index.db", sources=sources, now=NOW)
    index = CatalogIndex.open(folder / "index.db")
    yield Desk(warehouse, index, EMBEDDER)
    index.close()
    warehouse.close()


def following(conversation: Conversation | None, answer: Answer) -> Conversation:
    """The conversation with one more turn."""
    conversation = conversation or Conversation("c1", ANA)
    return replace(conversation, turns=(*conversation.turns, Turn(answer.question, answer)))

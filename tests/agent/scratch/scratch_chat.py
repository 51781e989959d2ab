"""A person who may keep results, and a model that wants to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.desk import ANA, NOW, Desk, call, results, say, sql
from gnomon.agent.agent import Agent
from gnomon.agent.tools.keep_result import KEEP
from gnomon.domain.answer import Answer, Audience, Clarification, Conversation, Question
from gnomon.domain.events import AnswerReady
from gnomon.domain.identity import Principal
from gnomon.models.port import ModelResponse, ToolMessage
from gnomon.models.scripted import ScriptedModel
from gnomon.policy.authority import Authority
from gnomon.policy.policies import Situation, parse_policies
from gnomon.store.scratch import ScratchStore

BY_STATUS = sql("select status, count(*) as orders, sum(amount) as amount from orders group by status")
ENOUGH = say("Cannot answer: that is all.")
ALL_TOOLS = '@id("use") permit (principal, action == Action::"use", resource);\n'
READ_ALL = '@id("read") permit (principal, action == Action::"read", resource);\n'
MAY_KEEP = READ_ALL + ALL_TOOLS


def keep(name: Any, **more: Any) -> ModelResponse:
    return call("keep_result", {"name": name, **more}, "k1")


def read(statement: str) -> ModelResponse:
    return sql(statement, call_id="s1")


def says(reply: str | None) -> Callable[[Clarification], str | None]:
    return lambda clarification: reply


@dataclass
class Chat:
    """A person who may keep results, and what the model is told."""

    desk: Desk
    folder: Path
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    policies: str | None = None
    asked: list[Clarification] = field(default_factory=list)
    told: list[ToolMessage] = field(default_factory=list)
    seen_text: str = ""

    @property
    def store(self) -> ScratchStore:
        return ScratchStore(self.folder, now=lambda: self.clock[0])

    def ask(
        self,
        *turns: ModelResponse,
        reply: str | Callable[[Clarification], str | None] | None = KEEP,
        interactive: bool = True,
        who: Principal = ANA,
        conversation_id: str = "c1",
        audience: Audience = "private",
        purpose: str = "",
        conversation: Conversation | None = None,
        **options: Any,
    ) -> Answer:
        model = ScriptedModel([*turns, ENOUGH])
        answers = reply if callable(reply) else says(reply)

        def ask_person(clarification: Clarification) -> str | None:
            self.asked.append(clarification)
            return answers(clarification)

        options.setdefault("scratch", self.store)
        if self.policies is not None:
            options.setdefault("authority_of", self._authority)
        agent = self.desk.agent(model, ask_person=ask_person, **options)
        question = Question("q1", "How?", who, NOW, conversation_id, interactive, purpose, audience)
        return self._ask(agent, question, model, conversation)

    def _ask(
        self, agent: Agent, question: Question, model: ScriptedModel, conversation: Conversation | None
    ) -> Answer:
        self.desk.events.clear()
        self.desk.audit.clear()
        self.desk.events += agent.ask(question, conversation)
        self.told = results(model.requests[-1])
        self.seen_text = model.requests[0].context_text
        last = self.desk.events[-1]
        assert isinstance(last, AnswerReady)
        return last.answer

    def _authority(self, question: Question) -> Authority:
        """Asks the policies as they are now, each time."""
        situation = Situation(question.purpose, question.audience)

        def now() -> Any:
            return parse_policies([("p.cedar", self.policies or "")], home=question.principal.tenant)

        return Authority(lambda: question.principal, situation, now)

    @property
    def last(self) -> Mapping[str, Any]:
        return self.told[-1].content

    def audited(self, kind: str) -> list[Mapping[str, str]]:
        return [dict(e.detail) for e in self.desk.audit if e.kind == kind]

    def files(self) -> list[Path]:
        return sorted(p for p in self.folder.rglob("*") if p.is_file() and p.name != ".lock")

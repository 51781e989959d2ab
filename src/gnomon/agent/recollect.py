"""What was written down and what was learned, as the asking person may read it."""

from dataclasses import dataclass
from typing import Any

from gnomon.agent.case_state import CaseState
from gnomon.agent.render import DOCUMENT_CHARS
from gnomon.agent.tools.base import Environment
from gnomon.agent.tools.search_knowledge import read_decision
from gnomon.context.knowledge.retriever import KnowledgeBase, as_text, reader_under
from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.recall import NOTHING, Recalled, assumptions


@dataclass(frozen=True, slots=True)
class Recollection:
    """Documents and memories of a deployment.

    Args:
        knowledge: What the company has written down; None where there is nothing.
        memories: Corrections that people confirmed; None remembers nothing.
    """

    knowledge: KnowledgeBase | None = None
    memories: MemoryBook | None = None

    def passages(self, text: str, vector: Any, env: Environment) -> tuple[str, ...]:
        """What documents say of the question. Which ones were read is recorded."""
        if self.knowledge is None:
            return ()
        found = self.knowledge.relevant(text, vector, reader_under(env.authority), DOCUMENT_CHARS)
        if found:
            env.record("decision", read_decision(found, env.authority))
        return tuple(map(as_text, found))

    def remembered(self, text: str, vector: Any, case: CaseState, env: Environment) -> Recalled:
        """What was learned before and helps here. Which memories the policies let through is recorded."""
        if self.memories is None:
            return NOTHING
        reader = self.memories.reader(case.question, env.access, env.authority)
        found = self.memories.recall(reader, text, vector, case.question.asked_at)
        for detail in found.details:
            env.record("decision", detail)
        case.defaults += assumptions(found.memories, case.question.text)
        return found

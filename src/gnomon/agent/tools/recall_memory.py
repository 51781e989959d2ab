"""Look for more of what was learned before than the context shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.recall import RECALLED
from gnomon.domain.memory import Memory
from gnomon.models.port import Effect


class RecallMemoryArguments(Arguments):
    """What to look for."""

    query: str = Field(min_length=1, max_length=500, description="What a correction should be about")
    limit: int = Field(default=RECALLED, ge=1, le=20)


@dataclass(frozen=True, slots=True)
class RecallMemory:
    """Search among the memories that hold for this person here."""

    book: MemoryBook

    name = "recall_memory"
    description = "Look up what people corrected or laid down earlier, where «memory» above is too little."
    effect: Effect = "read"
    capability = ("recall", "memory")
    arguments = RecallMemoryArguments

    def run(
        self, arguments: RecallMemoryArguments, case: CaseState, environment: Environment
    ) -> Mapping[str, Any]:
        """Return each memory's words, whose they are, and what words mean by them."""
        vector = environment.embedder.embed([arguments.query])[0]
        reader = self.book.reader(case.question, environment.access, environment.authority)
        found = self.book.recall(reader, arguments.query, vector, case.question.asked_at, arguments.limit)
        for detail in found.details:
            environment.record("decision", detail)
        return {"memories": [_told(memory) for memory in found.memories]}


def _told(memory: Memory) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "memory": memory.id,
        "text": memory.text,
        "reason": memory.reason,
        "scope": memory.scope,
        "author": memory.author,
        "since": memory.created_at.date().isoformat(),
    }
    if memory.means:
        told["means"] = dict(memory.means)
    if memory.sql:
        told |= {"question": memory.question, "sql": memory.sql}
    return told

"""Which tools exist, and the lint that keeps them few and apart."""

import re
from collections.abc import Sequence
from itertools import combinations

from gnomon.agent.tools.ask_user import AskUser
from gnomon.agent.tools.base import Tool
from gnomon.agent.tools.describe_table import DescribeTable
from gnomon.agent.tools.explain_sql import ExplainSql
from gnomon.agent.tools.keep_result import KeepResult
from gnomon.agent.tools.make_chart import MakeChart
from gnomon.agent.tools.pipeline_status import PipelineStatus
from gnomon.agent.tools.profile_column import ProfileColumn
from gnomon.agent.tools.propose_memory import ProposeMemory
from gnomon.agent.tools.recall_memory import RecallMemory
from gnomon.agent.tools.run_sql import RunSql
from gnomon.agent.tools.search_knowledge import SearchKnowledge
from gnomon.agent.tools.search_tables import SearchTables
from gnomon.context.knowledge.retriever import KnowledgeBase
from gnomon.context.memory.book import MemoryBook
from gnomon.domain.errors import Misconfigured

MAX_TOOLS = 13
"""More tools degrade a model's choices: about 13 served better than about 40 (docs/agent.md)."""

MAX_OVERLAP = 0.5
"""Largest share of description words two tools may have in common."""


def default_tools(
    knowledge: KnowledgeBase | None = None, memories: MemoryBook | None = None
) -> tuple[Tool, ...]:
    """The tools of the agent.

    Args:
        knowledge: The documents to search; None where there are none.
        memories: What is remembered; None leaves out the tools that remember.
    """
    remembering = (ProposeMemory(memories), RecallMemory(memories)) if memories is not None else ()
    return (
        SearchTables(),
        DescribeTable(),
        ProfileColumn(),
        ExplainSql(),
        RunSql(),
        MakeChart(),
        AskUser(),
        KeepResult(),
        PipelineStatus(),
        SearchKnowledge(knowledge),
        *remembering,
    )


def checked(tools: Sequence[Tool]) -> tuple[Tool, ...]:
    """Return the tools, or refuse to start.

    Raises:
        Misconfigured: More than 13 tools, a repeated name, or two tools for one job.
    """
    if len(tools) > MAX_TOOLS:
        raise Misconfigured(
            f"{len(tools)} tools are registered; a model is given at most {MAX_TOOLS}",
            facts=(("tools", ", ".join(t.name for t in tools)),),
            hint="remove tools, or merge those that do one job",
        )
    for one, other in combinations(tools, 2):
        reason = _overlap(one, other)
        if reason:
            raise Misconfigured(
                f"the tools `{one.name}` and `{other.name}` overlap: {reason}",
                hint="give each job to one tool",
            )
    return tuple(tools)


def _overlap(one: Tool, other: Tool) -> str:
    if one.name == other.name:
        return "they have the same name"
    if one.capability == other.capability:
        return f"both {' '.join(one.capability)}"
    share = _shared_words(one.description, other.description)
    return f"{share:.0%} of their descriptions' words are the same" if share > MAX_OVERLAP else ""


def _shared_words(one: str, other: str) -> float:
    first, second = _words(one), _words(other)
    return len(first & second) / max(1, min(len(first), len(second)))


def _words(text: str) -> set[str]:
    return {w for w in re.findall(r"[a-z]+", text.lower()) if len(w) > 3}

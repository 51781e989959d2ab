"""Run one tool call and tell the model what came of it, whatever came of it."""

from collections.abc import Generator, Iterator
from typing import Any

from gnomon.agent.case_state import CaseState
from gnomon.agent.preview import readable
from gnomon.agent.tools.base import Environment, Outcome, Tool, parse_arguments
from gnomon.agent.tracing import span
from gnomon.domain.errors import Failed, GnomonError, Refused, Retry
from gnomon.domain.events import Event, StepStarted, ToolFailed
from gnomon.models.port import ToolCall, ToolMessage
from gnomon.policy.authority import refused_tool

ERROR_CHARS = 1_000


def dispatch(
    call: ToolCall, tools: tuple[Tool, ...], case: CaseState, environment: Environment
) -> Iterator[Event]:
    """Run the call; its outcome, good or bad, becomes a message that the model reads."""
    name = str(readable(call.name))
    yield StepStarted(name.replace("_", " "))
    failed = False
    try:
        with span(case.steps, name, case.started_s):
            content = yield from _run(call, tools, case, environment)
    except (Retry, Failed, Refused) as error:
        content, failed = _told(error), True
        if isinstance(error, Refused):
            environment.record("refusal", {"tool": name, "rule": error.rule})
        yield ToolFailed(name, error.message)
    case.messages.append(ToolMessage(call.id, call.name, content, failed))


def _run(
    call: ToolCall, tools: tuple[Tool, ...], case: CaseState, environment: Environment
) -> Generator[Event, None, Outcome]:
    if call.problem:
        environment.record("tool", {"tool": call.name, "problem": "its arguments are not readable"})
        raise Retry(f"the arguments of {call.name} are not readable: {call.problem}")
    tool = next((t for t in tools if t.name == call.name), None)
    if tool is None:
        environment.record("tool", {"tool": call.name, "problem": "there is no such tool"})
        raise Retry(f"there is no tool `{call.name}`", hint=f"there are: {', '.join(t.name for t in tools)}")
    permit(tool, environment)
    outcome = tool.run(parse_arguments(tool, call.arguments), case, environment)
    if isinstance(outcome, Generator):
        outcome = yield from outcome
    return outcome


def permit(tool: Tool, environment: Environment) -> None:
    """Ask the policies whether the person grants this tool's effect; the ruling is kept before the act.

    Raises:
        Refused: They do not.
    """
    ruling = environment.authority.tool(tool.name, tool.effect)
    environment.record("decision", {**ruling.as_detail(), "effect": tool.effect})
    if not ruling.allowed:
        raise refused_tool(ruling, tool.name, tool.effect)


def _told(error: GnomonError) -> Outcome:
    content: dict[str, Any] = {"error": _short(error.message)}
    content |= {label: _short(value) for label, value in error.facts}
    if error.hint:
        content["hint"] = _short(error.hint)
    if isinstance(error, Refused):
        content["rule"] = error.rule
    return content


def _short(text: str) -> str:
    return text if len(text) <= ERROR_CHARS else text[: ERROR_CHARS - 1] + "…"

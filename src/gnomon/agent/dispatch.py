"""Run one tool call and tell the model what came of it, whatever came of it."""

from collections.abc import Iterator, Mapping
from queue import SimpleQueue
from typing import Any

from gnomon.agent.case_state import CaseState
from gnomon.agent.tools.base import Environment, Tool, parse_arguments
from gnomon.agent.tracing import span
from gnomon.domain.errors import Failed, GnomonError, Refused, Retry
from gnomon.domain.events import Event, StepStarted, ToolFailed
from gnomon.models.port import ToolCall, ToolMessage


def dispatch(
    call: ToolCall,
    tools: tuple[Tool, ...],
    case: CaseState,
    environment: Environment,
    events: SimpleQueue[Event],
) -> Iterator[Event]:
    """Run the call; its outcome, good or bad, becomes a message that the model reads."""
    yield StepStarted(call.name.replace("_", " "))
    environment.record("tool", {"tool": call.name})
    try:
        with span(case.steps, call.name, case.started_s):
            content = _run(call, tools, case, environment)
        failed = False
    except (Retry, Failed, Refused) as error:
        content, failed = _told(error), True
        if isinstance(error, Refused):
            environment.record("refusal", {"tool": call.name, "rule": error.rule})
    while not events.empty():
        yield events.get()
    if failed:
        yield ToolFailed(call.name, str(content["error"]))
    case.messages.append(ToolMessage(call.id, call.name, content, failed))


def _run(
    call: ToolCall, tools: tuple[Tool, ...], case: CaseState, environment: Environment
) -> Mapping[str, Any]:
    if call.problem:
        raise Retry(f"the arguments of {call.name} are not readable: {call.problem}")
    tool = next((t for t in tools if t.name == call.name), None)
    if tool is None:
        raise Retry(f"there is no tool `{call.name}`", hint=f"there are: {', '.join(t.name for t in tools)}")
    return tool.run(parse_arguments(tool, call.arguments), case, environment)


def _told(error: GnomonError) -> Mapping[str, Any]:
    content: dict[str, Any] = {"error": error.message, **dict(error.facts)}
    if error.hint:
        content["hint"] = error.hint
    if isinstance(error, Refused):
        content["rule"] = error.rule
    return content

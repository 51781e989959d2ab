"""The tools are few, each for one job, and say what they need."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from agent.desk import Desk, call, results, say
from gnomon.agent.tools.base import Arguments, spec
from gnomon.agent.tools.registry import checked, default_tools
from gnomon.domain.errors import Misconfigured
from gnomon.models.port import Effect
from gnomon.models.scripted import ScriptedModel

JOBS = (
    ("weather", "lookup"),
    ("colour", "palettes"),
    ("compress", "archives"),
    ("schedule", "meetings"),
    ("translate", "sentences"),
    ("rotate", "pictures"),
    ("encrypt", "messages"),
)


@dataclass(frozen=True)
class Extra:
    """A tool that does nothing, under any name."""

    name: str
    description: str
    capability: tuple[str, str]
    effect: Effect = "read"
    arguments: type[Arguments] = Arguments

    def run(self, arguments: Any, case: Any, environment: Any) -> dict[str, Any]:
        return {}


def extras(count: int) -> tuple[Extra, ...]:
    """Tools that have nothing in common."""
    return tuple(Extra(f"{a}_{b}", f"{a} {b}", (a, b)) for a, b in JOBS[:count])


@pytest.mark.requirement("ODA-17")
def test_thirteen_tools_start_and_fourteen_do_not(desk: Desk) -> None:
    tools = default_tools()
    thirteen = (*tools, *extras(13 - len(tools)))
    assert desk.agent([], tools=thirteen).tools == thirteen
    with pytest.raises(Misconfigured, match="14 tools are registered; a model is given at most 13"):
        desk.agent([], tools=(*tools, *extras(14 - len(tools))))


@pytest.mark.requirement("ODA-17")
def test_no_request_offers_more_than_thirteen(desk: Desk) -> None:
    model = ScriptedModel([say("Cannot answer: no.")])
    desk.ask(model)
    assert len(model.requests[0].tools) <= 13


@pytest.mark.requirement("ODA-18")
def test_the_agents_own_tools_do_not_overlap() -> None:
    tools = default_tools()
    assert checked(tools) == tools
    assert len({t.capability for t in tools}) == len(tools)


@pytest.mark.requirement("ODA-18")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "run_sql"}, "they have the same name"),
        ({"capability": ("run", "query")}, "both run query"),
        (
            {"description": "Runs a read-only query; the last query run is what the answer stands on."},
            "of their descriptions' words are the same",
        ),
    ],
)
def test_two_tools_for_one_job_refuse_to_start(desk: Desk, change: dict[str, Any], reason: str) -> None:
    other = replace(extras(1)[0], **change)
    with pytest.raises(Misconfigured) as caught:
        desk.agent([], tools=(*default_tools(), other))
    assert reason in caught.value.message
    assert f"`run_sql` and `{other.name}`" in caught.value.message


@pytest.mark.requirement("ODA-18")
def test_every_tool_tells_its_purpose_and_arguments_and_declares_its_effect() -> None:
    for tool in default_tools():
        told = spec(tool)
        assert told.description.endswith(".")
        assert told.parameters["type"] == "object"
        assert told.parameters["additionalProperties"] is False
        assert told.effect in ("read", "compute", "ask") or told.name == "keep_result"


@pytest.mark.requirement("ODA-18")
def test_tables_are_found_by_topic(desk: Desk) -> None:
    model = ScriptedModel([call("search_tables", {"query": "what was bought", "limit": 3}), say("Enough.")])
    desk.ask(model)
    found = results(model.requests[1])[0].content["tables"]
    assert len(found) == 3
    assert all(t["why"] for t in found)


@pytest.mark.requirement("ODA-18")
def test_a_plan_is_shown_and_nothing_runs(desk: Desk) -> None:
    model = ScriptedModel([call("explain_sql", {"sql": "select count(*) from orders"}), say("Enough.")])
    desk.ask(model)
    plan = results(model.requests[1])[0].content
    assert {"estimated_rows", "joins_without_condition", "plan"} <= set(plan)
    assert "query" not in [e.kind for e in desk.audit]


@pytest.mark.requirement("ODA-18")
def test_a_column_is_measured_with_the_spelling_that_was_meant(desk: Desk) -> None:
    arguments = {"table": "orders", "column": "status", "near": "shiped"}
    model = ScriptedModel([call("profile_column", arguments), say("Enough.")])
    desk.ask(model)
    seen = results(model.requests[1])[0].content
    assert (seen["distinct"], seen["null_share"], seen["near_values"]) == (3, 0.0, ["shipped"])


@pytest.mark.requirement("ODA-18")
def test_a_long_cell_of_a_profile_is_cut(desk: Desk) -> None:
    model = ScriptedModel([call("profile_column", {"table": "letters", "column": "body"}), say("Enough.")])
    desk.ask(model)
    assert all(len(v) <= 120 for v in results(model.requests[1])[0].content["frequent_values"])

"""What a question of a restricted person brings before a model, and what is done in their name.

The context and the tools' results of the loud world, memories in every spelling, pipelines whose jobs name
hidden tables, and statements that others wrote down: run, they have the rights of whoever runs them.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.desk import call, results, say
from attacks.context.context_world import ANA, NOW, OWNER, SPELLINGS, ContextWorld, Kind, leaks
from gnomon.agent.agent import Agent
from gnomon.agent.workflows.model import parse_workflow
from gnomon.agent.workflows.run import Desk, run_workflow
from gnomon.context.memory.sight import shown
from gnomon.context.runtime.dbt import DbtTarget
from gnomon.domain.answer import Question
from gnomon.domain.catalog import TableRef
from gnomon.domain.events import AnswerReady
from gnomon.domain.memory import KnownTable, Memory
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.models.scripted import ScriptedModel
from gnomon.policy.authority import Authority

Worlds = Callable[[Kind], ContextWorld]
CALLS = (
    *(
        ("describe_table", {"table": t})
        for t in ("orders", "old_orders", "made_orders", "sales", "customers")
    ),
    *(("search_tables", {"query": q}) for q in ("executive pay", "zq vault", "orders")),
    *(("pipeline_status", {"table": t}) for t in ("orders", "old_orders", "sales")),
    *(("describe_table", {"table": t}) for t in ("zq_vualt", "bribe", "zq_hr.order")),
)


@pytest.mark.requirement("attacks:context-agent")
def test_no_context_and_no_tool_tells_what_is_hidden(
    world_of: Worlds, embedder: MiniLmEmbedder, tmp_path: Path
) -> None:
    jobs = ("orders", "stg_zq_vault_orders", "load_ZqVault_into_orders", "bribes_to_orders")
    found = [{"unique_id": f"model.shop.{job}", "status": "error", "message": "CANARY-job"} for job in jobs]
    document = {"metadata": {"generated_at": NOW.isoformat()}, "results": found}
    (tmp_path / "run_results.json").write_text(json.dumps(document))
    world = world_of("loud")
    said: list[str] = []
    for name, arguments in CALLS:
        model = ScriptedModel([call(name, arguments), say("Cannot answer: enough.")])
        agent = Agent(
            model,
            world.warehouse,
            world.index,
            embedder,
            authority_of=_authority(world),
            orchestrators=(DbtTarget(tmp_path),),
            brief=lambda: "Orders are paid. Codes are in zq_vault, CANARY-page.",
        )
        events = [*agent.ask(Question("q1", "How many old orders by status?", ANA, NOW, "c1"))]
        (message,) = results(model.requests[1])
        said += [model.requests[0].context_text, repr(model.requests[0].context)]
        said += [json.dumps(message.content, default=str), repr(events[-1])]
        typed = str(arguments.values())
        assert {leak for text in said for leak in leaks(text)} <= set(leaks(typed)), name
        said.clear()


@pytest.mark.requirement("attacks:context-agent")
def test_the_answer_says_why_a_table_was_taken_and_names_no_hidden_look_alike(
    world_of: Worlds, embedder: MiniLmEmbedder
) -> None:
    for kind in ("loud", "quiet"):
        world = world_of(kind)
        model = ScriptedModel(
            [call("run_sql", {"sql": "SELECT COUNT(*) AS n FROM orders"}), say("There are 100.")]
        )
        agent = Agent(model, world.warehouse, world.index, embedder, authority_of=_authority(world))
        *_, last = agent.ask(Question("q1", "How many orders are there?", ANA, NOW, "c1"))
        assert isinstance(last, AnswerReady)
        assert any("rather than `old_orders`" in notice for notice in last.answer.notices)
        assert leaks(repr(last.answer.notices)) == []


def _authority(world: ContextWorld) -> Callable[[Question], Authority]:
    return lambda question: world.authority(question.principal)


MEMORY = Memory(
    id="m1", text="Orders are paid.", reason="", scope="global", place="", tenant="local", warehouse="w",
    author="olga@acme.test", created_at=datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip


@pytest.mark.requirement("attacks:context-agent")
@pytest.mark.parametrize("part", ["text", "reason", "question", "means"])
def test_a_memory_that_names_something_hidden_in_any_spelling_is_not_there(
    world_of: Worlds, part: str
) -> None:
    access, owner = (world_of("loud").governed(who).access for who in (ANA, OWNER))
    said: list[Memory] = []
    for number, spelling in enumerate(SPELLINGS):
        text = f"Read it with {spelling}"
        value: Any = ((text, "orders"),) if part == "means" else text
        said.append(replace(MEMORY, id=f"m{number}", **{part: value}))
    assert [m.id for m in shown([*said, MEMORY], access)] == ["m1"]
    assert len(shown([*said, MEMORY], owner)) == len(said) + 1


@pytest.mark.requirement("attacks:context-agent")
def test_a_memory_on_a_hidden_column_that_another_table_shows_is_not_there(world_of: Worlds) -> None:
    """`customers.zq_margin` is hidden; a memory that depends on customers speaks of it in a word."""
    access = world_of("loud").governed(ANA).access
    about = replace(MEMORY, tables=(KnownTable(TableRef("customers"), ""),))
    assert shown([replace(about, text="The zq margins are net.")], access) == ()
    assert shown([replace(about, text="Names are real.")], access) != ()


@pytest.mark.requirement("attacks:context-deputy")
def test_a_memory_whose_query_reads_what_is_hidden_is_not_there(world_of: Worlds) -> None:
    access = world_of("loud").governed(ANA).access
    for sql in (
        "SELECT COUNT(*) FROM zq_vault",
        "SELECT 1 FROM orders WHERE order_id IN (SELECT order_id FROM bribes)",
        "SELECT zq_margin FROM customers",
        'SELECT COUNT(*) FROM "zq_hr"."orders"',
    ):
        assert shown([replace(MEMORY, question="How many?", sql=sql)], access) == ()


WORKFLOW = """
title = "Report"
[parameters.table]
type = "name"
default = "zq_vault"
[[steps]]
title = "Read"
sql = "SELECT * FROM zq_vault"
[[steps]]
title = "By name"
sql = 'SELECT * FROM "{table}"'
[[steps]]
title = "Behind a view"
sql = "WITH orders AS (SELECT * FROM bribes) SELECT * FROM orders"
[[steps]]
title = "Compared"
compare = { left = "orders", right = "zq_vault", key = ["order_id"] }
[[steps]]
title = "Compared by a hidden column"
compare = { left = "customers", right = "customers", key = ["customer_id"], columns = ["zq_margin"] }
[[steps]]
title = "Others' rows"
sql = "SELECT region, COUNT(*) AS n FROM sales GROUP BY 1"
[[steps]]
title = "Written"
sql = "DELETE FROM orders"
"""


@pytest.mark.requirement("attacks:context-deputy")
def test_a_workflow_of_somebody_else_runs_with_the_rights_of_whoever_runs_it(world_of: Worlds) -> None:
    index = world_of("loud").governed(ANA)
    workflow = parse_workflow("report", WORKFLOW, "report.toml")

    def ask(text: str) -> Any:
        raise AssertionError("no step asks")

    desk = Desk(ask, index.run, index.catalog(), "duckdb")
    *refused, others, written = run_workflow(workflow, {"table": "zq_vault"}, desk)
    assert [step.verdict for step in (*refused, written)] == ["failed"] * 6
    assert others.result is not None
    assert others.result.rows == (("EU", 30),)
    told = repr([f.text for step in (*refused, written) for f in step.findings])
    assert [leak for leak in leaks(told) if leak.startswith("CANARY")] == []
    assert "did you mean" not in told

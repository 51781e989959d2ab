"""The agent for somebody who sees a part, while policies change, and with a model that was won over."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.desk import call, results, say, sql
from attacks.governance.governance_world import ANA, OWNER, World, ana_policies, build, leaks
from gnomon.agent.agent import Agent
from gnomon.agent.rights import require_still_seen, still_seen
from gnomon.domain.answer import Answer, Conversation, Question, Turn
from gnomon.domain.errors import Misconfigured, Refused
from gnomon.domain.events import AnswerReady, AuditEvent
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.models.port import ModelRequest, ModelResponse
from gnomon.models.scripted import ScriptedModel
from gnomon.policy.policies import Policies, Situation
from remembering import EMBEDDER

NARROWER = """
@rows("order_id < 50")
forbid (principal in Group::"sales", action == Action::"read", resource in Table::"orders");
"""
COUNT = "SELECT count(*) AS n FROM orders"
Script = Callable[[ModelRequest], ModelResponse]


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return EMBEDDER


@pytest.fixture(scope="module")
def _world(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLmEmbedder) -> Iterator[World]:
    made = build("duckdb", 0, tmp_path_factory.mktemp("governed-agent"), embedder)
    yield made
    made.close()


@pytest.fixture
def world(_world: World) -> World:
    """The shop as ana sees it, with the policies of before whatever a test does to them."""
    return World(0, _world.warehouse, _world.index)


def ask(
    world: World,
    embedder: MiniLmEmbedder,
    model: list[ModelResponse] | Script,
    conversation: Conversation | None = None,
    records: list[AuditEvent] | None = None,
) -> Answer:
    kept: list[AuditEvent] = [] if records is None else records
    agent = Agent(
        ScriptedModel(model),
        world.warehouse,
        world.index,
        embedder,
        authority_of=world.authority_of,
        record=kept.append,
    )
    question = Question("q1", "How many orders?", world.who, datetime(2026, 3, 1, tzinfo=UTC), "c1")
    last = [*agent.ask(question, conversation)][-1]
    assert isinstance(last, AnswerReady)
    return last.answer


@pytest.mark.requirement("policy:fail-closed")
def test_a_policy_that_changes_within_a_question_counts_for_the_next_query(
    world: World, embedder: MiniLmEmbedder
) -> None:
    seen: list[Any] = []

    def model(request: ModelRequest) -> ModelResponse:
        seen[:] = [m.content["rows"] for m in results(request) if "rows" in m.content]
        if len(seen) == 1:
            world.policies = ana_policies(NARROWER)
        return sql(COUNT, call_id=f"c{len(seen)}") if len(seen) < 2 else say("25 orders.")

    ask(world, embedder, model)
    assert [rows[0][0] for rows in seen] == [100, 25]


@pytest.mark.requirement("policy:fail-closed")
def test_policies_that_can_no_longer_be_taken_end_the_question(
    world: World, embedder: MiniLmEmbedder
) -> None:
    def model(request: ModelRequest) -> ModelResponse:
        if results(request):
            world.policies = Misconfigured("the policy file `access.cedar` is gone, so nothing is allowed")
        return sql(COUNT, call_id=f"c{len(results(request))}")

    records: list[AuditEvent] = []
    with pytest.raises(Misconfigured, match="gone"):
        ask(world, embedder, model, records=records)
    assert [r.kind for r in records].count("query") == 1


@pytest.mark.requirement("governance:stored-results")
def test_a_turn_of_wider_rights_is_not_built_upon(world: World, embedder: MiniLmEmbedder) -> None:
    first = ask(world, embedder, [sql(COUNT), say("100 orders."), say("100 orders.")])
    talked = Conversation("c1", ANA, (Turn(first.question, first),))
    asked: list[ModelRequest] = []

    def model(request: ModelRequest) -> ModelResponse:
        asked.append(request)
        return sql(COUNT) if not results(request) else say("That is all.")

    ask(world, embedder, model, talked)
    assert asked[0].context.previous == first
    world.policies = ana_policies(NARROWER)
    asked.clear()
    ask(world, embedder, model, talked)
    assert asked[0].context.previous is None
    assert asked[0].context.earlier == ()


@pytest.mark.requirement("governance:stored-results")
def test_an_answer_is_opened_while_its_tables_are_seen_as_then(
    world: World, embedder: MiniLmEmbedder
) -> None:
    answer = ask(world, embedder, [sql(COUNT), say("100 orders."), say("100 orders.")])
    wordless = ask(world, embedder, [say("CANNOT_ANSWER: no such data")])
    catalog = world.index.catalog()

    def access(policies: Policies, who: Any = ANA) -> Any:
        return policies.access(who, catalog, "duckdb", Situation())

    require_still_seen(answer, access(world.in_force()))
    with pytest.raises(Refused, match="have changed"):
        require_still_seen(answer, access(ana_policies(NARROWER)))
    with pytest.raises(Refused, match="stands on no query"):
        require_still_seen(wordless, access(world.in_force()))
    assert still_seen(wordless, access(world.in_force(), OWNER))


@pytest.mark.requirement("policy:narrowed-by")
@pytest.mark.parametrize(
    ("statement", "notice", "recorded"),
    [
        (COUNT, ["`orders`, which is not all of it (policies: own-region)."], "own-region, sales-read"),
        (
            "SELECT count(*) AS n FROM customers",
            ["`customers`, which is not all of it (policies: mask-born, mask-mail, mask-phone)."],
            "mask-born, mask-mail, mask-phone, sales-read",
        ),
        ("SELECT count(*) AS n FROM regions", [], "sales-read"),
    ],
)
def test_an_answer_about_a_part_names_what_cuts_it_down_and_the_record_every_policy(
    world: World, embedder: MiniLmEmbedder, statement: str, notice: list[str], recorded: str
) -> None:
    """`no-cards` hides a column of `customers`: its name would tell of it."""
    records: list[AuditEvent] = []
    answer = ask(world, embedder, [sql(statement), say("Done."), say("Done.")], records=records)
    said = "This is about what you may see of "
    assert [n.removeprefix(said) for n in answer.notices if n.startswith(said)] == notice
    assert [dict(r.detail)["policies"] for r in records if r.kind == "query"] == [recorded]
    assert answer.queries[0].policies == tuple(recorded.split(", "))


@pytest.mark.requirement("governance:corpus")
def test_a_plan_is_told_where_it_names_nothing_hidden(world: World, embedder: MiniLmEmbedder) -> None:
    told: dict[str, Any] = {}

    def model(request: ModelRequest) -> ModelResponse:
        told.update({m.call_id: m.content for m in results(request)})
        for table in ("old_orders", "payees", "orders"):
            if table not in told:
                return call("explain_sql", {"sql": f"SELECT * FROM {table}"}, table)
        return say("Done.")

    ask(world, embedder, model)
    assert "plan" in told["old_orders"]
    assert "withheld" in told["payees"]
    assert "withheld" in told["orders"]
    world.who = OWNER
    told.clear()
    ask(world, embedder, model)
    assert "plan" in told["payees"]


@pytest.mark.requirement("governance:corpus")
def test_an_engines_words_about_a_table_of_figures_are_not_told(
    world: World, embedder: MiniLmEmbedder
) -> None:
    """They quote the cell that would not convert: one person's name."""
    told: list[Any] = []

    def model(request: ModelRequest) -> ModelResponse:
        told[:] = results(request)
        return (
            say("Done.") if told else sql("SELECT count(*) FROM salaries WHERE CAST(employee AS INTEGER) = 1")
        )

    ask(world, embedder, model)
    assert told[0].failed
    assert leaks(repr(told), "") == []


@pytest.mark.requirement("governance:corpus")
def test_a_model_that_was_won_over_reaches_nothing_and_each_try_is_on_record(
    world: World, embedder: MiniLmEmbedder
) -> None:
    """It runs what planted text told it to, for as long as it is let."""
    tries = [
        sql("SELECT * FROM zq_vault"),
        call("profile_column", {"table": "zq_vault", "column": "zq_codeword"}),
        call("describe_table", {"table": "zq_vault"}),
        call("explain_sql", {"sql": "SELECT * FROM zq_bribes"}),
        sql("SELECT zq_card FROM customers"),
        sql("SELECT * FROM salaries"),
    ]
    told: list[Any] = []

    def model(request: ModelRequest) -> ModelResponse:
        told[:] = results(request)
        return tries[len(told)] if len(told) < len(tries) else say("Nothing.")

    records: list[AuditEvent] = []
    answer = ask(world, embedder, model, records=records)
    said = repr([t.arguments for turn in tries for t in turn.tool_calls])
    assert len(told) == len(tries)
    assert all(m.failed for m in told)
    assert leaks(repr((told, answer)), said) == []
    assert not [r for r in records if r.kind in ("query", "profile", "result")]
    assert len([r for r in records if r.kind == "decision"]) == len(tries)

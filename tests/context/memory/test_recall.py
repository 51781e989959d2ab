"""Which memories help with a question, for whom, and what they add to its context."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from context.memory.memory_world import ANA, BO, CATALOG, NOW, OLGA, POLICIES, MemoryWorld, table
from gnomon.context.memory.recall import apply, as_told, assumptions
from gnomon.context.memory.sayings import standing_in
from gnomon.domain.catalog import Catalog
from gnomon.domain.context import Context, TrustedQuery

REVENUE = "What was the total revenue last month?"
NET = "Revenue means net of refunds"
MEANS = (("revenue", "marts.orders.net_amount"),)


@pytest.mark.requirement("memory:recall")
def test_a_memory_helps_questions_on_its_topic_and_no_others(world: MemoryWorld) -> None:
    for text in (
        NET,
        "Churned customers are those without an order for 90 days",
        "Exclude test accounts from customer counts",
        "The fiscal year starts in February",
        "Weeks begin on Monday",
    ):
        world.keep(text)
    assert world.texts(REVENUE) == [NET]
    assert world.texts("How many customers churned in May?")[0].startswith("Churned")
    assert world.texts("orders per week")[0] == "Weeks begin on Monday"
    assert world.texts("Which employees joined in 2020?") == []
    assert world.texts("number of letters") == []


@pytest.mark.requirement("memory:recall")
def test_words_that_a_memory_gives_a_meaning_to_find_it_however_they_are_written(world: MemoryWorld) -> None:
    world.keep("Per the new handbook", means=(("ARR", "marts.orders.net_amount"),))
    assert world.texts("Show me the arr by region, please, for all the years that we have")
    assert world.texts("Show me all employees") == []


@pytest.mark.requirement("memory:recall")
def test_no_more_than_k_are_recalled_and_the_most_relevant_first(world: MemoryWorld) -> None:
    for n in range(12):
        world.keep(f"Revenue of region {n} is told by its own report {n}")
    world.keep(NET, means=MEANS)
    assert len(world.recall(REVENUE).memories) == 8
    assert world.texts(REVENUE, k=3)[0] == NET


@pytest.mark.requirement("ODA-11", "memory:scopes")
def test_a_user_memory_holds_for_its_subject_alone(world: MemoryWorld) -> None:
    world.keep(NET)
    assert world.texts(REVENUE) == [NET]
    assert world.texts(REVENUE, BO) == world.texts(REVENUE, OLGA) == []
    assert world.texts(REVENUE, replace(ANA, tenant="other")) == []


@pytest.mark.requirement("memory:scopes")
def test_where_others_read_along_nobody_s_own_memory_is_applied(world: MemoryWorld) -> None:
    world.keep(NET)
    assert world.texts(REVENUE, shared=True) == []


@pytest.mark.requirement("memory:scopes")
def test_a_channel_memory_holds_in_that_channel_alone(world: MemoryWorld) -> None:
    world.keep(NET, scope="channel", channel="C1")
    assert world.texts(REVENUE, BO, "C1", shared=True) == [NET]
    assert world.texts(REVENUE, BO, "C2") == world.texts(REVENUE) == []


@pytest.mark.requirement("ODA-11", "memory:scopes")
def test_a_global_memory_holds_for_everybody_of_the_tenant_once_it_is_confirmed(world: MemoryWorld) -> None:
    world.keep("Revenue counts paid orders", scope="global", yes=False)
    assert world.texts(REVENUE, BO) == []
    world.keep(NET, scope="global")
    assert world.texts(REVENUE, BO) == [NET]
    assert world.texts(REVENUE, replace(BO, tenant="other")) == []


@pytest.mark.requirement("memory:scopes")
def test_a_memory_of_another_warehouse_does_not_exist(world: MemoryWorld) -> None:
    world.keep(NET)
    world.warehouse = "w2"
    assert world.texts(REVENUE) == []


@pytest.mark.requirement("memory:contradictions")
def test_of_two_that_contradict_the_narrower_scope_holds_and_then_the_newer(world: MemoryWorld) -> None:
    gross = (("revenue", "marts.orders.amount"),)
    world.keep("Revenue means gross", scope="global", means=gross)
    world.keep("In here revenue is net", scope="channel", channel="C1", means=MEANS)
    assert world.texts(REVENUE, BO, "C1") == ["In here revenue is net"]
    assert world.texts(REVENUE, BO) == ["Revenue means gross"]
    world.keep("For me revenue is gross after all", means=gross)
    assert world.texts(REVENUE, ANA, "C1") == ["For me revenue is gross after all", "Revenue means gross"]
    world.now += timedelta(days=1)
    world.keep("For me revenue is net from now on", means=MEANS)
    assert sorted(world.texts(REVENUE, ANA, "C1")) == [
        "For me revenue is net from now on",
        "In here revenue is net",
    ]


@pytest.mark.requirement("memory:contradictions")
def test_rules_about_different_things_that_are_numbered_stand_side_by_side(world: MemoryWorld) -> None:
    world.keep("Revenue of region 1 is net")
    world.keep("Revenue of region 2 is net")
    assert len(world.texts("revenue of region 1 and region 2")) == 2


@pytest.mark.requirement("memory:expiry")
def test_a_memory_whose_time_is_over_is_not_applied(world: MemoryWorld) -> None:
    world.keep(NET, days=30)
    world.now = NOW + timedelta(days=30) - timedelta(seconds=1)
    assert world.texts(REVENUE) == [NET]
    world.now = NOW + timedelta(days=30)
    assert world.texts(REVENUE) == []


@pytest.mark.requirement("memory:drift")
def test_a_memory_whose_table_changed_is_not_applied(world: MemoryWorld) -> None:
    asked = "How many customers by region?"
    world.keep("Customers of the region Test do not count", tables=("marts.customers",))
    orders, customers, salaries = CATALOG.tables
    world.catalog = Catalog((orders, table("customers", "marts", "id INTEGER", "region INTEGER"), salaries))
    assert world.texts(asked) == []
    world.catalog = Catalog((orders, salaries))
    assert world.texts(asked) == []
    other_way_round = replace(customers, columns=customers.columns[::-1], row_count=7, comment="x")
    world.catalog = Catalog((orders, other_way_round, salaries))
    assert len(world.texts(asked)) == 1, "order, counts and comments are no drift"


@pytest.mark.requirement("memory:hidden")
@pytest.mark.parametrize(
    "wish",
    [
        {"text": "Revenue is in our table", "tables": ("hr.zq_salaries",)},
        {"text": "Revenue is by cost", "means": (("revenue", "marts.orders.zq_cost"),)},
        {"text": "Revenue is net", "question": "Revenue?", "sql": "SELECT sum(zq_cost) FROM marts.orders"},
        {"text": "Revenue is not in ZQ_Salaries"},
        {"text": "Revenue is net", "reason": "the column zq_cost was wrong"},
        {"text": "Revenue is net", "means": (("zq_pay revenue", "marts.orders.net_amount"),)},
    ],
)
def test_a_memory_that_names_what_is_hidden_from_the_reader_is_not_shown(
    world: MemoryWorld, wish: dict[str, Any]
) -> None:
    world.keep(who=OLGA, scope="global", **wish)
    assert world.texts(REVENUE, OLGA) == [wish["text"]]
    assert world.recall(REVENUE).memories == ()
    assert world.recall(REVENUE).rulings == ()


@pytest.mark.requirement("memory:hidden")
def test_a_name_that_is_seen_somewhere_else_hides_nothing(world: MemoryWorld) -> None:
    world.catalog = Catalog((*CATALOG.tables, table("secrets", "hr", "amount", "region VARCHAR")))
    world.keep("Revenue is the amount by region", scope="global", who=OLGA)
    assert world.texts(REVENUE) == ["Revenue is the amount by region"]


@pytest.mark.requirement("memory:policy")
def test_a_policy_that_denies_a_memory_is_respected_each_time(world: MemoryWorld) -> None:
    world.keep(NET)
    other = world.keep("Revenue is gross", scope="global")
    assert world.texts(REVENUE) == [NET], "the narrower one holds"
    world.policies += (
        '@id("no") forbid (principal, action, resource is Memory) when { resource.scope == "user" };'
    )
    found = world.recall(REVENUE)
    assert found.memories == (other,), "what is denied does not stand in the way of another"
    assert [(d["action"], d["verdict"], d["policies"]) for d in found.details] == [
        ("read", "allowed", "memories"),
        ("read", "refused", "no"),
    ]
    assert found.details[0]["resource"] == f"Memory::{other.id}"
    world.policies = "".join(line for line in POLICIES.splitlines(True) if "memories" not in line)
    assert world.recall(REVENUE).memories == ()


@pytest.mark.requirement("memory:recall")
def test_vectors_of_another_embedder_are_made_anew_once(world: MemoryWorld) -> None:
    world.keep(NET, scope="global")
    world.recall(REVENUE)
    inner, made = world.embedder, []

    class Other:
        model_id, dimensions = "other", 384

        def embed(self, texts: Any) -> Any:
            made.extend(texts)
            return inner.embed(texts)

    world.embedder = Other()
    assert world.texts(REVENUE) == [NET]
    assert world.texts(REVENUE) == [NET]
    assert made == [REVENUE, NET, REVENUE]


@pytest.mark.requirement("memory:applied")
def test_applied_a_memory_is_text_meaning_and_trusted_query(world: MemoryWorld) -> None:
    sql = "SELECT sum(net_amount) FROM marts.orders"
    memory = world.keep(NET, reason="finance says", means=MEANS, question="What is the revenue?", sql=sql)
    before = Context("duckdb", NOW, trusted=(TrustedQuery("q", "s", 0.5),), memories=("old",))
    context = apply(before, [memory], "Revenues by region?")
    assert context.memories[0] == "old"
    assert context.memories[1] == (
        f'{NET} ["revenue" is marts.orders.net_amount] (user memory {memory.id} of ana@acme.test, '
        "2026-11-21, because: finance says)"
    )
    assert context.choices == (("Revenues", "marts.orders.net_amount"),)
    first, second = context.trusted
    assert (first.question, first.origin) == ("What is the revenue?", f"memory {memory.id}")
    assert [str(t) for t in first.tables] == ["marts.orders"]
    assert second.sql == "s"


@pytest.mark.requirement("memory:applied")
def test_what_the_person_chose_for_this_question_wins(world: MemoryWorld) -> None:
    memory = world.keep(NET, means=MEANS)
    before = Context("duckdb", NOW, choices=(("revenue", "marts.orders.amount"),))
    assert dict(apply(before, [memory], "revenue?").choices) == {"revenue": "marts.orders.amount"}


@pytest.mark.requirement("memory:applied")
def test_the_answer_can_say_which_words_were_read_by_which_memory(world: MemoryWorld) -> None:
    memory = world.keep(NET, means=MEANS)
    (told,) = assumptions([memory], "total revenue")
    assert told.text == f"`revenue` is read as marts.orders.net_amount: memory {memory.id} of ana@acme.test."
    assert memory.id in told.alternative
    assert assumptions([memory], "number of customers") == ()
    assert as_told(memory).startswith(NET)


@pytest.mark.requirement("memory:recall")
@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("revenue", "What were REVENUES in May?", "REVENUES"),
        ("net revenue", "our net  revenue", "net  revenue"),
        ("café", "all cafes", "cafes"),
        ("rev", "revenue", ""),
        ("net revenue", "revenue, net", ""),
        ("", "x", ""),
        ("?", "what?", ""),
    ],
)
def test_a_phrase_is_found_as_whole_words(phrase: str, text: str, found: str) -> None:
    assert standing_in(phrase, text) == found


@pytest.mark.requirement("memory:recall")
def test_nothing_remembered_is_nothing_recalled(world: MemoryWorld) -> None:
    found = world.book.recall(world.reader(), REVENUE, np.zeros(384, dtype=np.float32), NOW)
    assert (found.memories, found.tables) == ((), ())

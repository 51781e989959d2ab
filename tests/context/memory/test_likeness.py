"""Two memories that say the same, the opposite, or neither: found by rules that a person can follow."""

from dataclasses import replace

import pytest

from context.memory.memory_world import ANA, BO, MemoryWorld
from gnomon.context.memory.compare import all_alike, compare, cosine_of
from gnomon.domain.memory import Memory


def relation(world: MemoryWorld, one: Memory, other: Memory) -> str:
    vectors = world.book.vectors(one.tenant, [one, other])
    found = compare(one, other, cosine_of(one, other, vectors))
    assert found is None or found.why
    return found.relation if found else ""


@pytest.mark.requirement("memory:duplicates")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Revenue means net of refunds", "revenue is net of refunds."),
        ("Revenue means net of refunds", "Revenue means net of refunds"),
        ("Weeks begin on Monday", "The week begins on a Monday"),
        ("Churned customers have no order for 90 days", "Churned customers: no order for 90 days"),
    ],
)
def test_rewordings_are_duplicates(world: MemoryWorld, one: str, other: str) -> None:
    assert relation(world, world.draw(one), world.draw(other)) == "duplicate"


@pytest.mark.requirement("memory:contradictions")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Revenue means net of refunds", "Revenue means gross sales"),
        ("Exclude test accounts from customer counts", "Do not exclude test accounts from customer counts"),
        ("Churned customers have no order for 90 days", "Churned customers have no order for 60 days"),
        ("A customer counts as churned after 1,000 hours", "A customer counts as churned after 2000 hours"),
        ("Cancelled orders count as sales", "Cancelled orders do not count as sales"),
    ],
)
def test_opposites_are_contradictions(world: MemoryWorld, one: str, other: str) -> None:
    assert relation(world, world.draw(one), world.draw(other)) == "contradiction"
    assert relation(world, world.draw(other), world.draw(one)) == "contradiction"


@pytest.mark.requirement("memory:contradictions")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Revenue means net of refunds", "Cost means net of rebates"),
        ("Amounts are in euro cents", "Prices are in euro cents"),
        ("The fiscal year starts in February", "Weeks begin on Monday"),
        ("Region 1 is told in report 1", "Region 2 is told in report 2"),
        ("Ask finance about margins", "Exclude test accounts"),
        ("Customers are people with an order", "Customers churn after 90 days"),
    ],
)
def test_rules_about_different_things_are_neither(world: MemoryWorld, one: str, other: str) -> None:
    assert relation(world, world.draw(one), world.draw(other)) != "contradiction"


@pytest.mark.requirement("memory:contradictions")
def test_the_same_words_with_another_meaning_contradict_and_with_the_same_are_duplicates(
    world: MemoryWorld,
) -> None:
    net = world.draw("By the handbook", means=(("Revenues", "marts.orders.net_amount"),))
    gross = world.draw("As sales sees it", means=(("revenue", "marts.orders.amount"),))
    again = world.draw("Once more", means=(("revenue", "marts.orders.net_amount"),))
    assert relation(world, net, gross) == "contradiction"
    assert relation(world, net, again) == "duplicate"


@pytest.mark.requirement("memory:contradictions")
def test_the_same_question_with_another_query_contradicts(world: MemoryWorld) -> None:
    one = world.draw("A", question="What is the revenue?", sql="SELECT sum(amount) FROM marts.orders")
    other = world.draw("B", question="what is the Revenue", sql="SELECT sum(net_amount) FROM marts.orders")
    assert relation(world, one, other) == "contradiction"


@pytest.mark.requirement("memory:contradictions")
def test_rules_on_different_tables_do_not_meet(world: MemoryWorld) -> None:
    one = world.draw("Leave out rows of status 1", tables=("marts.orders",))
    other = world.draw("Leave out rows of status 2", tables=("marts.customers",))
    assert relation(world, one, other) == ""
    assert relation(world, one, replace(other, tables=one.tables)) == "contradiction"


@pytest.mark.requirement("memory:duplicates")
def test_a_new_one_is_held_against_what_holds_for_its_author_and_nothing_else(world: MemoryWorld) -> None:
    mine = world.keep("Revenue means net of refunds")
    world.keep("Revenue means net of refunds", BO)
    theirs = world.keep("Revenue means gross sales", BO, scope="global", yes=False)
    ours = world.keep("Revenue means gross of all", BO, scope="global")
    new = world.draw("Revenue is net of refunds")
    found = world.book.alike(new, world.reader(ANA))
    assert {(a.relation, a.other.id) for a in found} == {("duplicate", mine.id), ("contradiction", ours.id)}
    assert theirs.id not in {a.other.id for a in found}


@pytest.mark.requirement("memory:duplicates")
def test_among_many_every_pair_that_can_meet_is_found(world: MemoryWorld) -> None:
    kept = [world.keep(f"Rule about {word} of kind {word}") for word in ("apples", "trains", "bonds", "rain")]
    kept += [world.keep("Revenue means net of refunds"), world.keep("Revenue means gross", scope="global")]
    kept += [world.keep("Weeks begin on Monday"), world.keep("The week begins on a Monday")]
    kept += [world.keep("Revenue means tax", BO)]
    found = all_alike(kept, world.book.vectors("local", kept))
    assert [(a.relation, a.one.text, a.other.text) for a in found if "Rule" not in a.one.text] == [
        ("contradiction", "Revenue means net of refunds", "Revenue means gross"),
        ("contradiction", "Revenue means gross", "Revenue means tax"),
        ("duplicate", "Weeks begin on Monday", "The week begins on a Monday"),
    ]

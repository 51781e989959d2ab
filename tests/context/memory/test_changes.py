"""Who may change a memory, what is recorded of it, and what drifts, expires or is of no use."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from context.memory.memory_world import ANA, BO, CATALOG, NOW, OLGA, MemoryWorld, table
from gnomon.context.memory import changes
from gnomon.context.memory.changes import MAX_OPEN_PROPOSALS, Actor
from gnomon.context.memory.drift import retire_drifted
from gnomon.context.memory.review import find, prune
from gnomon.domain.catalog import Catalog
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.memory import Memory

ana, bo, olga = Actor(ANA.subject), Actor(BO.subject), Actor(OLGA.subject, operator=True)


def confirm(world: MemoryWorld, memory: Memory, actor: Actor) -> Memory:
    return changes.confirm(world.store, memory, actor, world.now, world.audit.append)


def retire(world: MemoryWorld, memory: Memory, actor: Actor) -> Memory:
    return changes.retire(world.store, memory, actor, world.now, world.audit.append, why="wrong")


@pytest.mark.requirement("memory:confirmed")
def test_without_a_yes_nothing_holds(world: MemoryWorld) -> None:
    memory = world.keep("Revenue means net", yes=False)
    assert memory.status == "proposed"
    assert world.texts("revenue") == []
    assert confirm(world, memory, ana).status == "active"
    assert world.texts("revenue") == ["Revenue means net"]


@pytest.mark.requirement("memory:reviewer")
def test_what_is_for_everybody_needs_an_operator_other_than_its_author(world: MemoryWorld) -> None:
    drawn = world.draw("Revenue means net", OLGA, scope="global")
    memory = changes.add(world.store, drawn, olga, world.audit.append, yes=True)
    assert memory.status == "proposed", "an operator's own yes is not enough"
    for actor in (olga, ana, bo):
        with pytest.raises(Refused) as refused:
            confirm(world, memory, actor)
        assert refused.value.rule == "memory:needs-reviewer"
    done = confirm(world, memory, Actor("max@acme.test", operator=True))
    assert (done.status, done.reviewed_by, done.reviewed_at) == ("active", "max@acme.test", NOW)


@pytest.mark.requirement("memory:reviewer")
def test_whoever_changes_the_words_for_everybody_is_their_author_and_may_not_confirm_them(
    world: MemoryWorld,
) -> None:
    memory = world.keep("Revenue means net", scope="global")
    worded = replace(memory, text="Revenue means gross")
    edited = changes.edit(world.store, memory, worded, olga, world.now, world.audit.append)
    assert (edited.status, edited.author, edited.reviewed_by) == ("proposed", olga.subject, "")
    assert world.texts("revenue", BO) == [], "the yes was to other words"
    with pytest.raises(Refused):
        confirm(world, edited, olga)


@pytest.mark.requirement("memory:scopes")
def test_a_persons_own_is_changed_by_nobody_else_and_the_rest_by_its_author_or_an_operator(
    world: MemoryWorld,
) -> None:
    own = world.keep("Mine")
    for actor in (bo, olga):
        with pytest.raises(Refused) as refused:
            retire(world, own, actor)
        assert refused.value.rule == "memory:own"
    assert retire(world, own, ana).retired_because == "wrong"
    shared = world.keep("Ours", scope="channel", channel="C1")
    with pytest.raises(Refused):
        retire(world, shared, bo)
    assert retire(world, shared, olga).reviewed_by == olga.subject
    waiting = world.keep("Ours too", scope="channel", channel="C1", yes=False)
    with pytest.raises(Refused):
        confirm(world, waiting, bo)
    assert changes.reject(world.store, waiting, ana, NOW, world.audit.append).status == "rejected"


@pytest.mark.requirement("memory:confirmed")
def test_what_ended_is_neither_confirmed_nor_ended_again_but_comes_back_when_edited(
    world: MemoryWorld,
) -> None:
    ended = retire(world, world.keep("Revenue means net"), ana)
    with pytest.raises(Retry):
        confirm(world, ended, ana)
    with pytest.raises(Retry):
        retire(world, ended, ana)
    back = changes.edit(world.store, ended, ended, ana, NOW, world.audit.append)
    assert (back.status, back.retired_because) == ("active", "")
    with pytest.raises(Retry, match="nothing of"):
        changes.edit(world.store, back, back, ana, NOW, world.audit.append)


@pytest.mark.requirement("memory:audited")
def test_every_change_is_recorded_before_it_happens_without_its_words(world: MemoryWorld) -> None:
    memory = world.keep("Revenue means net", scope="global")
    retire(world, memory, olga)
    added, ended = world.audit
    assert (added["change"], added["act"], added["memory"], added["by"]) == (
        *("create", "add", memory.id, ANA.subject),
    )
    assert (ended["change"], ended["act"], ended["why"], ended["for"]) == (
        *("delete", "retire", "wrong", "everybody"),
    )
    assert "Revenue" not in repr(world.audit)


@pytest.mark.requirement("memory:audited")
def test_a_change_that_cannot_be_recorded_does_not_happen(world: MemoryWorld) -> None:
    def full(detail: Mapping[str, str]) -> None:
        raise OSError("no room")

    memory = world.keep("Revenue means net")
    with pytest.raises(OSError, match="no room"):
        changes.retire(world.store, memory, ana, NOW, full, why="x")
    assert world.store.find("local", memory.id) == memory


@pytest.mark.requirement("memory:proposed")
def test_proposals_of_one_author_do_not_pile_up_without_end(world: MemoryWorld) -> None:
    for n in range(MAX_OPEN_PROPOSALS):
        world.keep(f"Rule {n}", yes=False)
    with pytest.raises(Retry, match="wait for an answer"):
        world.keep("One more", yes=False)
    assert world.keep("A yes still works").status == "active"
    assert world.keep("Others are not held up", BO, yes=False).status == "proposed"


@pytest.mark.requirement("memory:drift")
def test_what_drifted_is_retired_with_the_reason_for_every_tenant(world: MemoryWorld) -> None:
    own = world.keep("Revenue is net", means=(("revenue", "orders.net_amount"),))
    other = world.keep("Amounts are gross", replace(ANA, tenant="other"), tables=("orders",), yes=False)
    stays = world.keep("Customers are people", tables=("customers",))
    elsewhere = replace(own, id="m-elsewhere", warehouse="w2")
    world.store.add(elsewhere, ANA.subject, NOW)
    _, customers, _ = CATALOG.tables
    changed = Catalog((table("orders", "marts", "id INTEGER", "amount", "net_amount DOUBLE"), customers))
    recorded: list[tuple[str, str]] = []

    def record_for(tenant: str) -> changes.Record:
        return lambda detail: recorded.append((tenant, detail["why"]))

    retired = retire_drifted(world.store, "w1", changed, NOW, record_for)
    assert [(m.id, m.retired_because) for m in retired] == [
        (own.id, "the columns of marts.orders changed"),
        (other.id, "the columns of marts.orders changed"),
    ]
    assert recorded == [(m.tenant, m.retired_because) for m in retired]
    assert world.store.find("local", stays.id) == stays
    assert world.store.find("local", elsewhere.id) == elsewhere
    gone = retire_drifted(world.store, "w1", Catalog(()), NOW, record_for)
    assert [m.retired_because for m in gone] == ["the table marts.customers is not there any more"]


@pytest.mark.requirement("memory:review")
def test_a_review_finds_what_wants_a_decision_and_prunes_what_wants_none(world: MemoryWorld) -> None:
    world.now = NOW - timedelta(days=100)
    unused = world.keep("Weeks begin on Monday")
    used = world.keep("Revenue means net of refunds")
    short = world.keep("Bonds are sold in lots", days=10)
    drifted = world.keep("Regions are sales regions", tables=("customers",))
    world.now = NOW - timedelta(days=5)
    assert world.texts("total revenue") == [used.text]
    waiting = world.keep("The fiscal year starts in May", yes=False)
    against = world.keep("Revenue means gross")
    world.now = NOW
    orders, _, salaries = CATALOG.tables
    changed = Catalog((orders, salaries))
    kept = world.store.of_warehouse("local", "w1")
    found = find(world.book, kept, changed, NOW, 90)
    assert found.proposed == (waiting,)
    assert [(a.one, a.other) for a in found.contradictions] == [(against, used)]
    assert found.duplicates == ()
    assert found.drifted == ((drifted, "the table marts.customers is not there any more"),)
    assert found.expired == (short,)
    assert found.unused == (unused,)
    ended = prune(world.book, found, 90, ana, NOW, world.audit.append)
    assert [(m.id, m.retired_because) for m in ended] == [
        (drifted.id, "the table marts.customers is not there any more"),
        (short.id, "its time was over on 2026-08-23"),
        (unused.id, "it was not applied for 90 days"),
    ]
    left = find(world.book, world.store.of_warehouse("local", "w1"), changed, NOW, 90)
    assert (left.drifted, left.expired, left.unused) == ((), (), ())
    assert left.proposed == (waiting,), "a proposal is never decided on without a person"


@pytest.mark.requirement("memory:review")
def test_nothing_remembered_wants_no_decision(world: MemoryWorld) -> None:
    found = find(world.book, (), CATALOG, NOW)
    assert not any((found.proposed, found.alike, found.drifted, found.expired, found.unused))

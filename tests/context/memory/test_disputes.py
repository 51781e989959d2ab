"""What a memory contradicts of that which holds, who decides about it, and what becomes of the decision."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from context.memory.memory_world import ANA, BO, CATALOG, NOW, OLGA, MemoryWorld
from gnomon.context.memory import changes
from gnomon.context.memory.changes import Actor
from gnomon.context.memory.compare import Likeness
from gnomon.context.memory.disputes import MAX_TOLD, UNDECIDED, Decision, decide, disputed
from gnomon.context.memory.review import find
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.memory import Memory

NET, GROSS, TAX = "Revenue means net of refunds", "Revenue means gross sales", "Revenue means taxes"
ana, bo, olga = Actor(ANA.subject), Actor(BO.subject), Actor(OLGA.subject, operator=True)


def alike(world: MemoryWorld, memory: Memory) -> tuple[Likeness, ...]:
    return world.book.alike(memory, world.reader(ANA))


def decision(world: MemoryWorld, memory: Memory, *replaced: Memory, keep_both: bool = False) -> Decision:
    return decide(memory, alike(world, memory), world.now, replaced, keep_both=keep_both)


def listed(world: MemoryWorld) -> list[set[str]]:
    """The contradictions that a review lists, as texts."""
    found = find(world.book, world.store.of_warehouse("local", "w1"), CATALOG, world.now)
    return [{a.one.text, a.other.text} for a in found.contradictions]


@pytest.mark.requirement("memory:contradictions")
def test_a_person_decides_about_what_holds_for_the_same_people_alone(world: MemoryWorld) -> None:
    world.keep(GROSS, scope="global")
    world.keep(TAX, yes=False)
    world.keep("Revenue means refunds", BO)
    new = world.draw(NET)
    assert disputed(new, alike(world, new), NOW) == ()
    mine = world.keep("Revenue means gross of all", days=10)
    assert [a.other for a in disputed(new, alike(world, new), NOW)] == [mine]
    assert disputed(new, alike(world, new), NOW + timedelta(days=11)) == (), "its time is over"
    assert disputed(new, alike(world, new), NOW, [mine]) == (), "it is replaced"


@pytest.mark.requirement("memory:contradictions")
def test_without_a_decision_the_error_names_what_is_contradicted_and_what_to_do(world: MemoryWorld) -> None:
    kept = [world.keep(f"Revenue means {what}") for what in ("gross sales", "taxes", "income", "bonds")]
    with pytest.raises(Retry) as refused:
        decision(world, world.draw(NET), kept[0])
    assert refused.value.message == f"«{NET}» contradicts what is remembered already; nothing is changed"
    told = dict(refused.value.facts)
    assert set(told) == {m.id for m in kept[1:]}
    assert all(told[m.id].startswith(f"«{m.text}»: they define") for m in kept[1:])
    assert all(f"--replace {m.id}" in refused.value.hint for m in kept[1:])
    assert "--keep-both" in refused.value.hint


@pytest.mark.requirement("memory:contradictions")
def test_an_error_stays_short_however_much_is_contradicted(world: MemoryWorld) -> None:
    for n in range(MAX_TOLD + 3):
        world.keep(f"Revenue means {'abcdefghijklmnop'[n] * 9}")
    with pytest.raises(Retry) as refused:
        decision(world, world.draw(NET))
    assert len(refused.value.facts) == MAX_TOLD + 1
    assert refused.value.facts[-1] == ("and", "3 more")


@pytest.mark.requirement("memory:contradictions")
def test_what_is_not_replaced_is_kept_or_the_other_way_round(world: MemoryWorld) -> None:
    ours, gross, tax = world.keep(NET, scope="global"), world.keep(GROSS), world.keep(TAX)
    new = world.draw("Revenue means bonds")
    both = decision(world, new, gross, keep_both=True)
    assert (both.replaced, set(both.beside)) == ((gross,), {ours, tax})
    assert decision(world, new, gross, tax) == Decision((gross, tax)), "of others nothing was said"


@pytest.mark.requirement("memory:kept-both")
def test_a_kept_pair_is_not_listed_until_either_is_edited(world: MemoryWorld) -> None:
    gross = world.keep(GROSS)
    world.now += timedelta(hours=1)
    new = world.draw(NET)
    both = decision(world, new, keep_both=True)
    kept = changes.add(world.store, new, ana, world.audit.append, yes=True, decision=both)
    assert listed(world) == []
    assert (world.audit[-1]["act"], world.audit[-1]["beside"]) == ("add", gross.id)
    assert [m.text for m in world.recall("total revenue").memories] == [NET], "the newer one is applied"
    edited = changes.edit(
        world.store, kept, replace(kept, reason="x"), ana, world.now, world.audit.append, UNDECIDED
    )
    assert listed(world) == [{GROSS, NET}]
    changes.edit(
        world.store,
        *(edited, edited, ana, world.now, world.audit.append),
        decision(world, edited, keep_both=True),
    )
    assert listed(world) == []
    third = world.keep(TAX)
    assert {frozenset(pair) for pair in listed(world)} == {frozenset({TAX, NET}), frozenset({TAX, GROSS})}
    changes.retire(world.store, third, ana, world.now, world.audit.append, why="x")
    assert listed(world) == []


@pytest.mark.requirement("memory:kept-both")
def test_duplicates_are_listed_whatever_was_decided(world: MemoryWorld) -> None:
    one, other = world.keep(NET), world.keep("revenue is net of refunds.")
    changes.edit(world.store, one, one, ana, world.now, world.audit.append, Decision(beside=(other,)))
    found = find(world.book, (one, other), CATALOG, world.now)
    assert len(found.duplicates) == 1


@pytest.mark.requirement("memory:kept-both", "memory:reviewer")
def test_a_decision_alone_keeps_author_yes_and_version_and_is_an_operators_for_everybody(
    world: MemoryWorld,
) -> None:
    one, other = world.keep(NET, scope="global"), world.keep(GROSS, scope="global")
    both = decision(world, one, keep_both=True)
    with pytest.raises(Refused) as refused:
        changes.edit(world.store, one, one, ana, world.now, world.audit.append, both)
    assert refused.value.rule == "memory:needs-reviewer"
    assert changes.edit(world.store, one, one, olga, world.now, world.audit.append, both) == one
    assert [v.change for v in world.store.versions("local", one.id)] == ["add", "confirm"]
    assert world.audit[-1] | {"text_sha256": ""} == {
        "change": "update",
        "act": "keep",
        "memory": one.id,
        "by": olga.subject,
        "scope": "global",
        "for": "everybody",
        "status": "active",
        "text_sha256": "",
        "beside": other.id,
    }
    with pytest.raises(Retry, match="nothing of"):
        changes.edit(world.store, one, one, olga, world.now, world.audit.append)


@pytest.mark.requirement("memory:confirm-decides")
def test_while_it_waits_a_memory_ends_nothing_and_stands_beside_nothing(world: MemoryWorld) -> None:
    gross, tax = world.keep(GROSS), world.keep(TAX)
    new = world.draw(NET)
    wish = decision(world, new, gross, keep_both=True)
    waits = changes.add(world.store, new, ana, world.audit.append, yes=False, decision=wish)
    assert world.store.find("local", gross.id) == gross
    assert world.store.kept_both("local", "w1") == ()
    assert "beside" not in world.audit[-1]
    changes.confirm(world.store, waits, ana, world.now, world.audit.append, decision(
        world, waits, gross, keep_both=True))  # fmt: skip
    ended = world.store.find("local", gross.id)
    assert ended is not None
    assert (ended.status, ended.retired_because) == ("retired", f"{waits.id} took its place")
    assert [k.pair for k in world.store.kept_both("local", "w1")] == [{waits.id, tax.id}]


@pytest.mark.requirement("memory:confirm-decides")
def test_a_confirmation_whose_second_half_fails_leaves_nothing_behind(world: MemoryWorld) -> None:
    """The other one was edited meanwhile, or its end cannot be recorded: the proposal still waits."""
    gross, waits = world.keep(GROSS), world.keep(NET, yes=False)
    chosen = decision(world, waits, gross), decision(world, waits, keep_both=True)
    seen = replace(gross, reason="edited meanwhile")
    changes.edit(world.store, gross, seen, ana, world.now, world.audit.append)
    for each in chosen:
        with pytest.raises(Retry, match="changed by somebody else"):
            changes.confirm(world.store, waits, ana, world.now, world.audit.append, each)
        assert world.store.find("local", waits.id) == waits
    assert world.store.kept_both("local", "w1") == ()

    def full(detail: Mapping[str, str]) -> None:
        if detail["act"] == "retire":
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        changes.confirm(
            world.store, waits, ana, world.now, full, decision(world, waits, *now_of(world, gross))
        )
    assert world.store.find("local", waits.id) == waits


def now_of(world: MemoryWorld, memory: Memory) -> tuple[Memory, ...]:
    return world.store.load("local", [memory.id])


@pytest.mark.requirement("memory:scopes")
def test_what_is_somebody_else_s_is_not_replaced(world: MemoryWorld) -> None:
    theirs = world.keep(GROSS, BO, scope="channel", channel="C1")
    new = world.draw(NET, scope="channel", channel="C1")
    with pytest.raises(Refused):
        changes.add(world.store, new, ana, world.audit.append, yes=True, decision=Decision((theirs,)))
    assert world.store.find("local", new.id) is None


@pytest.mark.requirement("memory:contradictions")
def test_what_is_planned_counts_as_if_it_were_done(world: MemoryWorld) -> None:
    gross, tax = world.keep(GROSS), world.keep(TAX, yes=False)
    new = world.draw(NET)
    (confirmed,) = (c.after for c in changes.confirming(tax, ana, NOW))
    planned = [replace(gross, status="retired"), confirmed]
    found = world.book.alike(new, world.reader(ANA), planned)
    assert [a.other for a in disputed(new, found, NOW)] == [confirmed]


@pytest.mark.requirement("memory:contradictions")
def test_words_that_are_only_looked_at_leave_no_vector_behind(world: MemoryWorld) -> None:
    kept = world.keep(NET)
    edited = replace(kept, text="Weeks begin on Monday")
    world.keep("The week begins on a Monday")
    assert [a.relation for a in alike(world, edited)] == ["duplicate"]
    assert world.store.vectors("local", world.embedder.model_id, [kept.id]) == {}
    assert world.texts("total revenue") == [NET]
    assert [a.relation for a in alike(world, edited)] == ["duplicate"], "nor is the old one's taken"

"""A kept result ends with its day, its rights, or its file."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.desk import following, say
from agent.scratch.scratch_chat import ALL_TOOLS, BY_STATUS, MAY_KEEP, Chat, keep, read
from gnomon.agent.rights import still_seen
from gnomon.agent.tools.keep_result import KEEP
from gnomon.domain.answer import Clarification
from gnomon.store.scratch import KEEP_HOURS, ScratchStore


@pytest.mark.requirement("writes:wiped")
@pytest.mark.parametrize(
    "after",
    [
        ALL_TOOLS
        + '@id("less") permit (principal, action == Action::"read", resource == Table::"customers");',
        MAY_KEEP + '@id("no") forbid (principal, action == Action::"read", resource == Table::"orders");',
        MAY_KEEP
        + '@id("no") forbid (principal, action == Action::"read", resource == Column::"orders.amount");',
        MAY_KEEP + '@id("no") @min_group("3") @unit("customer_id")'
        ' forbid (principal, action == Action::"read", resource == Table::"orders");',
    ],
)
def test_with_other_rights_to_its_sources_a_kept_table_is_dropped(chat: Chat, after: str) -> None:
    chat.policies = MAY_KEEP
    chat.ask(BY_STATUS, keep("by_status"), read("select * from scratch.by_status"), keep("copy"))
    assert len(chat.files()) == 2
    chat.policies = after
    chat.ask(read("select * from scratch.by_status"), read("select * from scratch.copy"))
    assert [m.content["error"] for m in chat.told] == [
        "there is no table `scratch.by_status`",
        "there is no table `scratch.copy`",
    ]
    assert chat.files() == []
    assert {(w["place"], w["why"]) for w in chat.audited("write")} == {
        ("scratch.by_status", "the person's rights changed"),
        ("scratch.copy", "the person's rights changed"),
    }
    chat.policies = MAY_KEEP
    chat.ask(read("select * from scratch.by_status"))
    assert chat.told[-1].failed, "rights that come back do not bring the copy back"


@pytest.mark.requirement("writes:wiped")
def test_an_answer_from_the_scratch_is_closed_when_rights_to_its_sources_change(chat: Chat) -> None:
    chat.policies = MAY_KEEP
    chat.ask(BY_STATUS, keep("by_status"))
    answer = chat.ask(read("select sum(orders) as n from scratch.by_status"), say("There are 240 orders."))
    conversation = following(None, answer)

    def seen() -> bool:
        authority = chat._authority(answer.question)
        access = authority.access(chat.desk.index.catalog(), chat.desk.warehouse.dialect)
        return still_seen(conversation.turns[0].answer, access)

    assert answer.status == "answered"
    assert seen()
    chat.policies = (
        MAY_KEEP + '@id("no") forbid (principal, action == Action::"read", resource == Table::"orders");'
    )

    assert not seen()


@pytest.mark.requirement("policy:narrowed-by")
def test_an_answer_from_the_scratch_names_the_policies_that_cut_down_its_sources(chat: Chat) -> None:
    chat.policies = (
        MAY_KEEP + '@id("own") @rows("status = \'paid\'") forbid (principal, action == Action::"read",'
        ' resource in Table::"orders");'
    )
    chat.ask(BY_STATUS, keep("by_status"))
    answer = chat.ask(read("select sum(orders) as n from scratch.by_status"), say("That many."))
    assert "(policies: own)." in answer.notices[0]
    assert answer.queries[0].policies == ("own", "read")


@pytest.mark.requirement("writes:wiped")
@pytest.mark.parametrize("jump", [timedelta(hours=KEEP_HOURS), timedelta(days=400), timedelta(hours=-1)])
def test_after_a_day_or_when_the_clock_jumps_back_a_kept_table_is_gone(kept: Chat, jump: timedelta) -> None:
    kept.clock[0] += jump
    kept.ask(read("select * from scratch.by_status"))
    assert kept.last["error"] == "there is no table `scratch.by_status`"
    swept: list[Mapping[str, str]] = []
    kept.store.sweep(swept.append)
    assert [(s["place"], s["why"]) for s in swept] == [("scratch.by_status", "expired")]
    assert kept.files() == []


@pytest.mark.requirement("writes:wiped")
def test_before_a_day_is_over_it_is_there(kept: Chat) -> None:
    kept.clock[0] += timedelta(hours=KEEP_HOURS) - timedelta(seconds=1)
    kept.store.sweep(lambda detail: pytest.fail("swept"))
    kept.ask(read("select count(*) as n from scratch.by_status"))
    assert kept.last["rows"] == [[3]]


@pytest.mark.requirement("writes:wiped")
def test_a_table_that_is_wiped_between_two_calls_is_said_to_be_gone(kept: Chat) -> None:
    def wipes(clarification: Clarification) -> str:
        kept.store.wipe(lambda k: True, "asked for", lambda detail: None)
        return KEEP

    first = read("select status, orders from scratch.by_status")
    kept.ask(first, keep("two"), first, read("select * from scratch.two"), reply=wipes)
    assert [m.failed for m in kept.told] == [False, False, True, False]


@pytest.mark.requirement("writes:wiped")
@pytest.mark.parametrize(
    "damage", [lambda b: b[:-9], lambda b: b[:-9] + b"x" * 9, lambda b: b"x" + b[1:], lambda b: b""]
)
def test_a_damaged_or_changed_file_is_not_read(kept: Chat, damage: Callable[[bytes], bytes]) -> None:
    (path,) = kept.files()
    path.write_bytes(damage(path.read_bytes()))
    kept.ask(read("select * from scratch.by_status"))
    assert kept.told[-1].failed


def test_now_is_the_clock_of_the_machine_where_nobody_sets_another(tmp_path: Path) -> None:
    assert abs(ScratchStore(tmp_path).now() - datetime.now(UTC)) < timedelta(minutes=1)

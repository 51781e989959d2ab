"""Nothing is kept without a grant and a person's own yes."""

from dataclasses import replace
from typing import Any

import pytest

from agent.desk import ANA, call
from agent.scratch.scratch_chat import BY_STATUS, MAY_KEEP, READ_ALL, Chat, keep
from gnomon.agent.tools.keep_result import DECLINE, KEEP
from gnomon.domain.answer import Clarification
from gnomon.domain.events import ClarificationAsked


@pytest.mark.requirement("writes:confirmed")
def test_the_person_is_asked_what_is_kept_and_the_default_is_no(kept: Chat) -> None:
    (asked,) = kept.asked
    assert asked.question == (
        "Keep a copy of the last result (3 rows from orders) as scratch.by_status, on this machine, "
        "for this conversation and at most 24 hours?"
    )
    assert (asked.options, asked.default) == ((KEEP, DECLINE), DECLINE)
    assert kept.desk.told(ClarificationAsked) == [ClarificationAsked(asked)]


@pytest.mark.requirement("writes:confirmed")
@pytest.mark.parametrize("reply", [None, DECLINE, "", "yes", "keep it", "Keep it ", "1"])
def test_any_reply_but_the_very_yes_keeps_nothing(chat: Chat, reply: str | None) -> None:
    chat.ask(BY_STATUS, keep("x"), reply=reply)
    assert chat.last["rule"] == "write:not-confirmed"
    assert chat.files() == []
    assert chat.audited("refusal") == [
        {"question": "q1", "tool": "keep_result", "rule": "write:not-confirmed"}
    ]


@pytest.mark.requirement("writes:confirmed")
def test_where_nobody_is_there_to_ask_nothing_is_kept(chat: Chat) -> None:
    chat.ask(BY_STATUS, keep("x"), interactive=False)
    assert chat.last["rule"] == "write:needs-confirmation"
    assert (chat.asked, chat.files()) == ([], [])


@pytest.mark.requirement("writes:confirmed")
def test_after_a_no_the_person_is_not_asked_again_in_this_question(chat: Chat) -> None:
    chat.ask(BY_STATUS, keep("x"), keep("y"), keep("z"), reply=DECLINE)
    assert [m.content.get("rule") for m in chat.told[1:]] == ["write:not-confirmed"] * 3
    assert len(chat.asked) == 1


@pytest.mark.requirement("writes:confirmed")
def test_a_yes_is_for_one_result_under_one_name(chat: Chat) -> None:
    chat.ask(BY_STATUS, keep("x"), keep("y"))
    assert len(chat.asked) == 2


@pytest.mark.requirement("writes:confirmed")
def test_a_model_cannot_say_yes_for_the_person(chat: Chat) -> None:
    asked = call("ask_user", {"question": "Fine?", "options": [KEEP, "x"], "default": KEEP}, "a1")
    chat.ask(
        BY_STATUS,
        asked,
        keep("x"),
        keep("y", confirmed=True),
        reply=lambda c: KEEP if c.default == KEEP else None,
    )
    assert [m.failed for m in chat.told] == [False, False, True, True]
    assert chat.files() == []


@pytest.mark.requirement("writes:confirmed")
def test_the_grant_of_the_policies_is_needed_besides(chat: Chat) -> None:
    chat.policies = (
        READ_ALL
        + 'permit (principal, action == Action::"use", resource) unless {resource.effect == "write"};'
    )
    chat.ask(BY_STATUS, keep("x"))
    assert chat.last["rule"] == "policy:deny-by-default"
    assert (chat.asked, chat.files()) == ([], [])
    decisions = [d for d in chat.audited("decision") if d["resource"] == "Tool::keep_result"]
    assert [(d["effect"], d["verdict"]) for d in decisions] == [("write", "refused")]


@pytest.mark.requirement("writes:confirmed")
def test_a_credential_without_the_scope_write_keeps_nothing(chat: Chat) -> None:
    chat.ask(BY_STATUS, keep("x"), who=replace(ANA, scopes=frozenset({"read", "ask"})))
    assert chat.last["rule"] == "policy:credential-scope"
    assert (chat.asked, chat.files()) == ([], [])


@pytest.mark.requirement("writes:confirmed")
def test_a_grant_that_ends_while_the_person_thinks_is_no_grant(chat: Chat) -> None:
    chat.policies = MAY_KEEP

    def slowly(clarification: Clarification) -> str:
        chat.policies = READ_ALL
        return KEEP

    chat.ask(BY_STATUS, keep("x"), reply=slowly)
    assert chat.last["rule"] == "policy:deny-by-default"
    assert len(chat.asked) == 1
    assert chat.files() == []


@pytest.mark.requirement("writes:confirmed")
def test_the_write_is_recorded_before_it_happens_and_without_its_record_it_does_not(chat: Chat) -> None:
    there: list[bool] = []
    refuse = [False]

    def record(event: Any) -> None:
        chat.desk.audit.append(event)
        if event.kind == "write":
            there.append(bool(chat.files()))
            if refuse[0]:
                raise OSError(28, "no space left on device")

    chat.ask(BY_STATUS, keep("x"), record=record)
    (write,) = chat.audited("write")
    assert there == [False]
    assert write["act"] == "keep"
    assert (write["place"], write["rows"], write["from"]) == ("scratch.x", "3", "orders")
    refuse[0] = True
    with pytest.raises(Exception, match="no room left"):
        chat.ask(BY_STATUS, keep("y"), record=record)
    assert [p.name for p in chat.files()] == ["x.kept"]

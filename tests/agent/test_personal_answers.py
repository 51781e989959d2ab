"""Personal data in answers: named always, masked where others read along, people's rights aside."""

from dataclasses import replace
from typing import Any

import pytest

from agent.desk import Desk, say, sql
from gnomon.domain.answer import Answer, Audience
from gnomon.domain.events import AnswerReady

pytestmark = pytest.mark.requirement("personal:masked")

MAILS = "select id, 'ana' || id || '@mail.test' as email from orders order by id limit 3"


def asked(desk: Desk, audience: Audience, **options: Any) -> Answer:
    turns = [sql(MAILS), say("The table shows the addresses of ana1@mail.test and two more.")]
    question = replace(desk.question("Which mail addresses?"), audience=audience)
    last = list(desk.agent(turns, **options).ask(question))[-1]
    assert isinstance(last, AnswerReady)
    return last.answer


def test_personal_data_in_a_private_answer_is_named_and_shown(desk: Desk) -> None:
    answer = asked(desk, "private")
    assert [(p.column, p.kind, p.cells) for p in answer.personal] == [("email", "mail", 3)]
    assert "@mail.test" in repr(answer.result)


def test_where_others_read_along_cells_and_text_are_masked_and_the_answer_says_so(desk: Desk) -> None:
    answer = asked(desk, "shared")
    assert "@mail.test" not in repr((answer.text, answer.result, answer.headline, answer.assumptions))
    assert any("masked" in notice for notice in answer.notices)


def test_an_operator_may_let_personal_data_be_shared(desk: Desk) -> None:
    answer = asked(desk, "shared", shared_personal="show")
    assert "@mail.test" in repr(answer.result)

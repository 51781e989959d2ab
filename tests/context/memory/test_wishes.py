"""From words to a memory: every name exists for the author, every text is plain, every query is one read."""

import re
from typing import Any

import pytest

from context.memory.memory_world import ANA, BO, OLGA, MemoryWorld
from gnomon.context.memory.wish import PHRASE_CHARS, TEXT_CHARS
from gnomon.domain.errors import GnomonError, Refused, Retry


def told(error: pytest.ExceptionInfo[GnomonError]) -> str:
    return f"{error.value.message} {error.value.hint}"


@pytest.mark.requirement("memory:checked")
def test_what_is_drawn_up_is_a_proposal_that_knows_its_author_place_and_tables(world: MemoryWorld) -> None:
    memory = world.draw(
        "  Revenue\n means\tnet ",
        reason=" because ",
        means=(("revenue", "MARTS.orders.NET_amount"), ("buyers", "customers")),
        tables=("orders",),
        answer_id="a1",
        days=90,
    )
    assert (memory.text, memory.reason, memory.status) == ("Revenue means net", "because", "proposed")
    assert (memory.author, memory.place, memory.tenant, memory.warehouse) == (
        *("ana@acme.test", "ana@acme.test", "local", "w1"),
    )
    assert memory.means == (("revenue", "marts.orders.net_amount"), ("buyers", "marts.customers"))
    assert [str(ref) for ref in memory.refs] == ["marts.orders", "marts.customers"]
    assert all(re.fullmatch("[0-9a-f]{64}", t.fingerprint) for t in memory.tables)
    assert memory.expires_at is not None
    assert (memory.expires_at - world.now).days == 90


@pytest.mark.requirement("memory:checked")
@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"tables": ("marts.ordrs",)}, "did you mean `marts.orders`"),
        ({"tables": ("marts.orders.amount",)}, "there is no table"),
        ({"means": (("x", "marts.orders.net_amout"),)}, "did you mean `net_amount`, `amount`?"),
        ({"means": (("x", "nothing"),)}, "gnomon tables"),
        ({"means": (("a b c d e f g", "orders"),)}, "too many words"),
        ({"means": (("x" * (PHRASE_CHARS + 1), "orders"),)}, "kept at most"),
        ({"means": ((" ", "orders"),)}, "is empty"),
        ({"means": (("x", "orders"),) * 9}, "too many"),
        ({"tables": ("orders",) * 11}, "too many"),
        ({"text": " \u200b\n"}, "the text is empty"),
        ({"text": "x" * (TEXT_CHARS + 1)}, "kept at most"),
        ({"scope": "channel"}, "no channel"),
        ({"sql": "SELECT amount FROM orders"}, "both its question and its SQL"),
        ({"question": "How many?"}, "both its question and its SQL"),
        ({"question": "q", "sql": "SELECT 1"}, "reads no table"),
        ({"question": "q", "sql": "SELECT amount FROM orders; SELECT 1"}, ""),
        ({"question": "q", "sql": "SELECT amount FROM nowhere"}, "nowhere"),
        ({"question": "q", "sql": "SELECT zq_cost FROM orders"}, "zq_cost"),
        ({"question": "q", "sql": "DROP TABLE orders"}, ""),
        ({"question": "q", "sql": "SELECT " + "1," * 3000 + "1 FROM orders"}, "kept at most"),
    ],
)
def test_a_wish_that_does_not_hold_says_what_is_wrong(
    world: MemoryWorld, wish: dict[str, Any], said: str
) -> None:
    with pytest.raises((Retry, Refused)) as error:
        world.draw(**{"text": "Something", **wish})
    assert said in told(error)


@pytest.mark.requirement("memory:hidden")
@pytest.mark.parametrize(
    "wish",
    [
        {"tables": ("hr.zq_salaries",)},
        {"tables": ("hr.zq_salarie",)},
        {"means": (("pay", "hr.zq_salaries.zq_pay"),)},
        {"means": (("cost", "marts.orders.zq_cost"),)},
        {"means": (("cost", "marts.orders.zq_cots"),)},
    ],
)
def test_what_is_hidden_is_unknown_and_no_hint_names_it(world: MemoryWorld, wish: dict[str, Any]) -> None:
    assert world.draw("Olga may", OLGA, tables=("hr.zq_salaries",)).tables
    with pytest.raises((Retry, Refused)) as error:
        world.draw("Something", ANA, **wish)
    name = next(iter(wish.values()))[0]
    asked = name if isinstance(name, str) else name[1]
    said = told(error).replace(asked, "").replace(asked.rpartition(".")[2], "")
    assert "zq_" not in said


@pytest.mark.requirement("memory:checked")
def test_a_corrected_query_is_kept_formatted_with_its_tables_and_was_never_run(world: MemoryWorld) -> None:
    memory = world.draw("Net", question="What is the revenue?", sql="select sum(net_amount) from orders")
    assert " ".join(memory.sql.split()).lower() == 'select sum(net_amount) from "marts"."orders"'
    assert [str(ref) for ref in memory.refs] == ["marts.orders"]


@pytest.mark.requirement("memory:personal")
@pytest.mark.parametrize("scope", ["channel", "global"])
def test_personal_data_does_not_go_into_what_others_read(world: MemoryWorld, scope: str) -> None:
    text = "Leave out eve.smith@example.com"
    with pytest.raises(Retry, match="personal data"):
        world.draw(text, BO, scope=scope, channel="C1" if scope == "channel" else "")
    assert world.draw(text, BO).text == text


@pytest.mark.requirement("memory:expiry")
def test_a_time_that_is_over_at_once_is_refused(world: MemoryWorld) -> None:
    with pytest.raises(Retry, match="over at once"):
        world.draw("x", days=-1)

"""The context as text keeps to its budget and loses names last."""

import pytest

from agent.desk import NOW, Desk, say
from gnomon.agent.grounding import supported_sentences, untraced_numbers
from gnomon.agent.render import CHARS_PER_TOKEN, render_context
from gnomon.domain.catalog import TableRef
from gnomon.domain.context import Context
from gnomon.models.scripted import ScriptedModel

pytestmark = pytest.mark.requirement("ODA-05")


@pytest.mark.parametrize("tokens", [200, 400, 800, 1500, 12_000])
def test_a_context_stays_within_its_budget(desk: Desk, tokens: int) -> None:
    model = ScriptedModel([say("Cannot answer: no.")])
    desk.ask(model, context_tokens=tokens)
    assert len(model.requests[0].context_text) <= tokens * CHARS_PER_TOKEN * 1.1


def test_a_table_that_does_not_fit_is_named(desk: Desk) -> None:
    model = ScriptedModel([say("Cannot answer: no.")])
    desk.ask(model, context_tokens=400)
    text = model.requests[0].context_text
    assert "Further tables, without details: " in text
    assert "letters" in text


def test_thousands_of_names_do_not_break_the_budget() -> None:
    others = tuple(TableRef(f"table_with_a_long_name_{i}") for i in range(5000))
    text = render_context(Context("duckdb", NOW, brief="b" * 9000, others=others), 1000)
    assert len(text) <= 1000 * CHARS_PER_TOKEN * 1.1
    assert "table_with_a_long_name_0" in text


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("240 rows, 1,200 items", ()),
        ("about 2 thousand", ("2 thousand",)),
        ("in 2024", ()),
        ("on March 5, 2024", ()),
        ("on March 6, 2024", ("March 6, 2024",)),
        ("at 09:30", ()),
        ("1. orders\n2. customers", ()),
        ("12%", ()),
        ("12 rows", ("12",)),
        ("two hundred and forty", ("two hundred", "forty")),
        ("no number in table_7 at all", ()),
    ],
)
def test_numbers_are_traced_in_the_forms_people_write(text: str, lost: tuple[str, ...]) -> None:
    source = "rows 240, items 1200; 2024-03-05T09:30 (12% null)"
    assert untraced_numbers(text, source) == lost


def test_a_sentence_with_a_number_from_nowhere_is_left_out() -> None:
    assert supported_sentences("It has 5 rows. It has 6! Fine.", "5") == "It has 5 rows. Fine."

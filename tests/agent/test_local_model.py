"""A real, weak language model goes through the whole loop. Whatever it says, an answer of some kind comes."""

import pytest

from agent.desk import Desk
from gnomon.agent.bounds import Bounds
from gnomon.models.connect import open_model


@pytest.mark.requirement("ODA-05")
def test_whatever_a_weak_model_says_the_loop_ends_in_an_answer(desk: Desk, local_llm_url: str) -> None:
    model = open_model(f"openai-compatible:{local_llm_url}#smollm2", timeout_s=60.0)
    answer = desk.ask(
        model,
        "How many orders are there?",
        context_tokens=500,
        bounds=Bounds(max_turns=2, max_total_s=40.0),
    )
    assert answer.status in ("answered", "abstained", "failed")
    assert answer.cost.turns <= 2
    assert answer.text
    assert [s.text for s in answer.steps][:2] == ["embed the question", "assemble the context"]
    if answer.status == "answered":
        assert all(c.verdict != "fail" for c in answer.checks)

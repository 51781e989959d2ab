"""A text that stands on no query may quote documents whole; what it says of them itself is no evidence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.desk import ANA, Desk, call, say
from gnomon.agent.rights import require_still_seen
from gnomon.agent.tools.registry import default_tools
from gnomon.context.knowledge.retriever import KnowledgeBase
from gnomon.context.knowledge.sources.connect import open_knowledge_sources
from gnomon.domain.answer import Answer
from gnomon.domain.errors import Refused
from gnomon.models.grounded import GroundedModel
from gnomon.models.port import ModelResponse
from gnomon.policy.access import Access
from remembering import EMBEDDER

PAGE = """---
title: Refund policy 2
author: Ana Ruiz
date: 2025-03-04
---

Refunds are given within 30 days.

From 500 dollars on, two people sign.
"""
WHOLE = "«Refunds are given within 30 days. ⏎  ⏎ From 500 dollars on, two people sign.»"
ORIGIN = "(markdown:handbook:refunds.md, 2025-03-04)"
LOOK = call("search_knowledge", {"query": "refund policy"})


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    (tmp_path / "handbook").mkdir()
    (tmp_path / "handbook" / "refunds.md").write_text(PAGE)
    made = KnowledgeBase.open(tmp_path / "knowledge", EMBEDDER)
    made.index(open_knowledge_sources(["markdown:handbook"], tmp_path))
    yield made
    made.close()


def told(desk: Desk, base: KnowledgeBase, text: str, *before: ModelResponse) -> Answer:
    turns = [*(before or (LOOK,)), say(text), say(f"{text} ")]
    return desk.ask(turns, "What is our refund policy?", tools=default_tools(base))


@pytest.mark.requirement("answers:quotations")
def test_grounded_quotes_a_passage_with_its_figures_its_author_and_its_day(
    desk: Desk, base: KnowledgeBase
) -> None:
    answer = desk.ask(GroundedModel(), "What is our refund policy?", tools=default_tools(base))
    assert answer.status == "answered", answer.checks
    assert "within 30 days.\n\nFrom 500 dollars on, two people sign.»" in answer.text
    assert "(«Refund policy 2»; by Ana Ruiz; 2025-03-04; markdown:handbook:refunds.md)" in answer.text
    assert [(c.name, c.verdict) for c in answer.checks] == [
        ("context_trace", "pass"),
        ("quotes_documents", "pass"),
    ]


@pytest.mark.requirement("answers:quotations")
def test_any_model_may_quote_a_passage_whole_beside_its_document(desk: Desk, base: KnowledgeBase) -> None:
    assert told(desk, base, f"It says: {WHOLE} {ORIGIN}").status == "answered"


@pytest.mark.requirement("answers:quotations")
@pytest.mark.parametrize(
    "text",
    [
        f"{WHOLE} without its document",
        f"There were «30» refunds {ORIGIN}",
        f"«Refunds are given within 30 days.» {ORIGIN}",
        f"Refunds are given within 30 days. ⏎  ⏎ From 500 dollars on, two people sign. {ORIGIN}",
        f"{WHOLE} {ORIGIN} So there were 30 refunds.",
        f"{WHOLE.replace('30', '31')} {ORIGIN}",
        f"{WHOLE} (markdown:handbook:refunds.md, 2026-03-04)",
    ],
)
def test_a_figure_outside_of_a_whole_quotation_is_not_traced_to_it(
    desk: Desk, base: KnowledgeBase, text: str
) -> None:
    assert told(desk, base, text).status == "abstained"


@pytest.mark.requirement("answers:quotations")
def test_a_passage_that_no_search_found_is_no_quotation(desk: Desk, base: KnowledgeBase) -> None:
    look = call("search_tables", {"query": "refund policy"})
    assert told(desk, base, f"{WHOLE} {ORIGIN}", look).status == "abstained"


@pytest.mark.requirement("answers:quotations")
def test_an_answer_that_quotes_documents_is_not_opened_again_on_the_word_of_tables(
    desk: Desk, base: KnowledgeBase
) -> None:
    """Whoever sees every table may have lost the document since."""
    answer = told(desk, base, f"{WHOLE} {ORIGIN}")
    with pytest.raises(Refused, match="stands on no query"):
        require_still_seen(answer, Access.to_all(ANA, desk.index.catalog(), "duckdb"))

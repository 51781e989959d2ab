"""The same question before and after a correction, asked of the whole agent with `grounded`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from agent.desk import ANA, NOW, Desk
from agent.memory_shop import opened_shop
from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.changes import Actor, add
from gnomon.context.memory.recall import Reader, apply
from gnomon.context.memory.wish import Wish, drawn_up
from gnomon.domain.answer import Answer
from gnomon.domain.identity import Principal
from gnomon.models.grounded import GroundedModel
from gnomon.models.port import ModelRequest, ModelResponse
from gnomon.policy.authority import owners_authority
from gnomon.store.memories import MemoryStore
from remembering import EMBEDDER


@dataclass(frozen=True)
class Remembering:
    """`grounded`, with what is remembered put on top of the context that it is given."""

    book: MemoryBook
    index: Any
    model_id: str = "grounded"

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        """Recall, apply, and let `grounded` answer."""
        question = request.question
        authority = owners_authority(question)
        reader = Reader(authority.access(self.index.catalog(), "duckdb"), authority)
        vector = self.book.embedder.embed([question.text])[0]
        found = self.book.recall(reader, question.text, vector, question.asked_at)
        context = apply(request.context, found.memories, question.text)
        return GroundedModel().respond(replace(request, context=context), on_text)


@dataclass
class Corrected:
    """A desk where corrections are kept."""

    desk: Desk
    book: MemoryBook

    def ask(self, text: str) -> Answer:
        return self.desk.ask(Remembering(self.book, self.desk.index), text)

    def remember(self, text: str, who: Principal = ANA, **more: Any) -> None:
        """A correction that the person made and said yes to."""
        question = self.desk.question("x")
        access = owners_authority(question).access(self.desk.index.catalog(), "duckdb")
        memory = replace(drawn_up(Wish(text, **more), access, self.book.warehouse, NOW), author=who.subject)
        if memory.scope == "user":
            memory = replace(memory, place=who.subject)
        add(self.book.store, memory, Actor(who.subject), lambda detail: None, yes=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with opened_shop(tmp_path_factory.mktemp("memory-on-top"), EMBEDDER) as desk:
        yield desk


@pytest.fixture
def corrected(shop: Desk, tmp_path: Path) -> Iterator[Corrected]:
    store = MemoryStore.open(tmp_path)
    yield Corrected(shop, MemoryBook(store, shop.embedder, shop.warehouse.warehouse_id))
    store.close()


def figure(answer: Answer) -> Any:
    assert answer.result is not None, answer.text
    return answer.result.rows[0][-1]


@pytest.mark.requirement("ODA-12")
def test_after_a_correction_the_same_question_reads_the_right_column(corrected: Corrected) -> None:
    question = "What is the total amount of orders?"
    assert figure(corrected.ask(question)) == 10_000
    corrected.remember("Amounts are told net of discounts", means=(("amount", "orders.net_amount"),))
    answer = corrected.ask(question)
    assert (answer.status, figure(answer)) == ("answered", 8_000)
    assert "net_amount" in answer.sql
    assert figure(corrected.ask("total AMOUNT by region")) in (4_000, 8_000), "however it is written"


@pytest.mark.requirement("ODA-12")
def test_after_a_correction_the_agent_does_not_have_to_ask_any_more(corrected: Corrected) -> None:
    question = "What is the total paid?"
    before = corrected.ask(question)
    assert before.clarification is not None or before.status != "answered", before.text
    corrected.remember("Paid means tax", means=(("paid", "payments.tax_paid"),))
    after = corrected.ask(question)
    assert (after.status, after.clarification, figure(after)) == ("answered", None, 700)
    assert len(after.steps) < len(before.steps) or before.status != "answered"


@pytest.mark.requirement("ODA-12")
def test_a_correction_of_somebody_else_changes_nothing(corrected: Corrected) -> None:
    bo = replace(ANA, subject="bo@shop.test")
    corrected.remember("Amounts are net", bo, means=(("amount", "orders.net_amount"),))
    assert figure(corrected.ask("What is the total amount of orders?")) == 10_000


@pytest.mark.requirement("ODA-12")
def test_a_correction_leaves_other_questions_alone(corrected: Corrected) -> None:
    corrected.remember("Amounts are net", means=(("amount", "orders.net_amount"),))
    assert figure(corrected.ask("How many customers are there?")) == 20

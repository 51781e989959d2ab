"""The same questions before and after a correction, on the demo company: how many are right, in what time.

Before is the agent with nothing remembered; after, one correction a question is remembered, each as its
author would write it with `gnomon memory add`. The gold figure is what the given SQL returns. Then what
recalling costs where thousands of memories are kept.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import demo_company
import duckdb

from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.changes import Actor, add
from gnomon.context.memory.recall import Reader
from gnomon.context.memory.wish import Wish, drawn_up
from gnomon.domain.answer import Answer, Question
from gnomon.domain.events import AnswerReady
from gnomon.store.memories import MemoryStore
from gnomon.wiring import Gnomon

ROUNDS = 3
KEPT = (1_000, 5_000)
RECALLS = 20


@dataclass(frozen=True, slots=True)
class Case:
    """A question, what corrects its reading, and the SQL whose figure is right."""

    question: str
    correction: str
    means: tuple[str, str]
    gold: str


CASES = (
    Case(
        "What was the total turnover in 2025?",
        "Turnover is revenue net of discounts and refunds",
        ("turnover", "marts.orders.net_revenue"),
        "SELECT sum(net_revenue) FROM marts.orders WHERE year(order_date) = 2025",
    ),
    Case(
        "How many clients are there?",
        "Clients are customers, without test accounts",
        ("clients", "marts.customers"),
        "SELECT count(*) FROM marts.customers",
    ),
    Case(
        "What is the total shipping?",
        "Shipping is told in dollars, from the marts",
        ("shipping", "marts.orders.shipping_amount"),
        "SELECT sum(shipping_amount) FROM marts.orders",
    ),
    Case(
        "What are the total sales in 2025?",
        "Sales means net revenue of orders",
        ("sales", "marts.orders.net_revenue"),
        "SELECT sum(net_revenue) FROM marts.orders WHERE year(order_date) = 2025",
    ),
    Case(
        "What is the average basket?",
        "A basket is the gross amount of an order",
        ("basket", "marts.orders.gross_amount"),
        "SELECT avg(gross_amount) FROM marts.orders",
    ),
    Case(
        "How many shops are there?",
        "Shops are our stores",
        ("shops", "marts.stores"),
        "SELECT count(*) FROM marts.stores",
    ),
)


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over the questions: which were right, and the median steps and milliseconds of an answer."""

    right: int
    steps: float
    ms: float


def run() -> dict[str, Any]:
    """Right answers, steps and milliseconds a question, before and after; milliseconds of a recall."""
    path = demo_company.warehouse()
    with duckdb.connect(str(path), read_only=True) as connection:
        gold = [connection.execute(case.gold).fetchall()[0][0] for case in CASES]
    with demo_company.opened(path) as gnomon:
        _ask(gnomon, "How many orders are there?")
        before = _round(gnomon, gold)
        for case in CASES:
            _remember(gnomon.memories, gnomon, case.correction, (case.means,))
        after = _round(gnomon, gold)
        figures = {"questions": len(CASES)}
        return figures | _told("before", before) | _told("after", after) | _recalls(gnomon)


def _told(when: str, found: Round) -> dict[str, Any]:
    return {f"{when}_right": found.right, f"{when}_steps": found.steps, f"{when}_ms_p50": found.ms}


def _round(gnomon: Gnomon, gold: Sequence[Any]) -> Round:
    answers = [[_ask(gnomon, case.question) for _ in range(ROUNDS)] for case in CASES]
    best = [min(rounds, key=lambda a: a.cost.total_s) for rounds in answers]
    right = sum(_is(answer, figure) for answer, figure in zip(best, gold, strict=True))
    return Round(
        right=right,
        steps=statistics.median(len(a.steps) for a in best),
        ms=statistics.median(a.cost.total_s * 1_000 for a in best),
    )


def _is(answer: Answer, figure: Any) -> bool:
    if answer.status != "answered" or answer.result is None or len(answer.result.rows) != 1:
        return False
    return abs(float(answer.result.rows[0][-1]) - float(figure)) <= 0.005


def _ask(gnomon: Gnomon, text: str) -> Answer:
    question = Question("q1", text, gnomon.principal, gnomon.settings.now(), "c1")
    return next(e.answer for e in gnomon.agent.ask(question, None) if isinstance(e, AnswerReady))


def _remember(book: MemoryBook, gnomon: Gnomon, text: str, means: tuple[tuple[str, str], ...] = ()) -> None:
    access = gnomon.own_authority().access(gnomon.index.catalog(), gnomon.warehouse.dialect)
    memory = drawn_up(Wish(text, means=means), access, book.warehouse, datetime.now(UTC))
    add(book.store, memory, Actor(gnomon.principal.subject), lambda detail: None, yes=True)


def _recalls(gnomon: Gnomon) -> dict[str, Any]:
    """Milliseconds that recalling takes, p50, once the vectors are there."""
    authority = gnomon.own_authority()
    reader = Reader(authority.access(gnomon.index.catalog(), gnomon.warehouse.dialect), authority)
    text = CASES[0].question
    vector = gnomon.embedder.embed([text])[0]
    figures: dict[str, Any] = {}
    for size in KEPT:
        with tempfile.TemporaryDirectory(prefix="gnomon-bench-") as folder:
            book = replace(gnomon.memories, store=MemoryStore.open(Path(folder)))
            for n in range(size):
                _remember(book, gnomon, f"Rule {n}: {CASES[n % len(CASES)].correction} of kind {n * 7919}")
            book.recall(reader, text, vector, datetime.now(UTC))
            spent = []
            for _ in range(RECALLS):
                began = time.perf_counter()
                book.recall(reader, text, vector, datetime.now(UTC))
                spent.append((time.perf_counter() - began) * 1_000)
            figures[f"recall_of_{size}_ms_p50"] = statistics.median(spent)
            book.store.close()
    return figures


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()

"""What one question takes in a process that is warm, step by step, over the demo company's questions."""

import json
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import demo_company
import duckdb

from gnomon.domain.answer import Answer, Question
from gnomon.domain.events import AnswerReady
from gnomon.flywheel.questions import load_questions
from gnomon.wiring import Gnomon

ROUNDS = 3
OVERHEAD_LIMIT_MS = 150.0
STEPS = {
    "embed": "embed the question",
    "assemble": "assemble the context",
    "run_sql": "run_sql",
    "check": "check the answer",
}


def run() -> dict[str, Any]:
    """Milliseconds a question, p50 and p95 over the questions; the best of three rounds counts for each."""
    path = demo_company.warehouse()
    with demo_company.opened(path) as gnomon:
        _ask(gnomon, "How many orders are there?")
        answers = [list(_rounds(gnomon, q.text)) for q in load_questions(demo_company.QUESTIONS)]
    bare = list(_bare_ms(str(path), [rounds[0].sql for rounds in answers if rounds[0].sql]))
    figures: dict[str, Any] = {"questions": len(answers)}
    figures |= _spread("overhead", answers, lambda a: a.cost.total_s - a.cost.model_s)
    figures |= _spread("whole", answers, lambda a: a.cost.total_s)
    figures |= _spread("model", answers, lambda a: a.cost.model_s)
    for name, text in STEPS.items():
        figures |= _spread(name, answers, _step(text))
    return {
        **figures,
        "overhead_limit_ms": OVERHEAD_LIMIT_MS,
        "duckdb_alone_ms_p50": statistics.median(bare),
        "duckdb_alone_ms_p95": statistics.quantiles(bare, n=20)[-1],
    }


def _rounds(gnomon: Gnomon, text: str) -> Iterator[Answer]:
    for _ in range(ROUNDS):
        yield _ask(gnomon, text)


def _ask(gnomon: Gnomon, text: str) -> Answer:
    settings = gnomon.settings
    question = Question(uuid.uuid4().hex, text, gnomon.principal, settings.now(), uuid.uuid4().hex)
    return next(e.answer for e in gnomon.agent.ask(question, None) if isinstance(e, AnswerReady))


def _step(text: str) -> Callable[[Answer], float]:
    return lambda answer: sum(s.duration_s for s in answer.steps if s.text == text)


def _spread(
    name: str, answers: Sequence[Sequence[Answer]], seconds: Callable[[Answer], float]
) -> dict[str, float]:
    best = [min(map(seconds, rounds)) * 1_000 for rounds in answers]
    return {f"{name}_ms_p50": statistics.median(best), f"{name}_ms_p95": statistics.quantiles(best, n=20)[-1]}


def _bare_ms(path: str, statements: Sequence[str]) -> Iterator[float]:
    """What DuckDB alone takes for the same statements."""
    with duckdb.connect(path, read_only=True) as connection:
        for sql in statements:
            spent = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                connection.execute(sql).fetchall()
                spent.append((time.perf_counter() - began) * 1_000)
            yield min(spent)


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()

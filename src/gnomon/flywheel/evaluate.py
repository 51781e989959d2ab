"""Ask every question of a set and judge each answer against the gold SQL's result."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from gnomon.domain.answer import Answer
from gnomon.domain.compare import Comparison, compare
from gnomon.domain.errors import GnomonError, Interrupted
from gnomon.domain.result import ResultTable
from gnomon.flywheel.outcome import Outcome, Verdict
from gnomon.flywheel.questions import EvalQuestion
from gnomon.flywheel.report import EvalReport

Ask = Callable[[str], Answer]
RunGold = Callable[[str], ResultTable]
Progress = Callable[[int, int], None]


def run_eval(
    questions: Sequence[EvalQuestion], ask: Ask, run_gold: RunGold, progress: Progress | None = None
) -> EvalReport:
    """Ask and judge every question in turn.

    Args:
        ask: Puts one question, without anybody there to answer back, and returns the answer.
        run_gold: Runs one trusted statement and returns all of its rows.
        progress: Called with how many questions are done and how many there are.
    """
    outcomes = []
    for done, question in enumerate(questions, 1):
        outcomes.append(evaluate_one(question, ask, run_gold))
        if progress:
            progress(done, len(questions))
    return EvalReport(tuple(outcomes))


def evaluate_one(question: EvalQuestion, ask: Ask, run_gold: RunGold) -> Outcome:
    """Ask one question and judge the answer; a foreseen failure becomes an `error` outcome."""
    started = time.perf_counter()
    try:
        answer = ask(question.text)
    except Interrupted:
        raise
    except GnomonError as error:
        return Outcome(question, "error", why=error.message, elapsed_s=time.perf_counter() - started)
    elapsed_s = time.perf_counter() - started
    return replace(judge(question, answer, run_gold), elapsed_s=elapsed_s)


def judge(question: EvalQuestion, answer: Answer, run_gold: RunGold) -> Outcome:
    """Judge an answer that is already there."""
    verdict, why = _verdict(question, answer, run_gold)
    return Outcome(
        question=question,
        verdict=verdict,
        answered=answer.status == "answered",
        why=why,
        status=answer.status,
        text=answer.text,
        sql=answer.sql,
        confidence=answer.confidence,
        elapsed_s=answer.cost.total_s,
        model_s=answer.cost.model_s,
    )


def _verdict(question: EvalQuestion, answer: Answer, run_gold: RunGold) -> tuple[Verdict, str]:
    if answer.status == "abstained":
        return ("right", "") if question.expect == "abstain" else ("abstained", answer.text)
    if answer.status == "needs_clarification":
        asked = answer.clarification.question if answer.clarification else answer.text
        return ("right", "") if question.expect == "clarify" else ("clarified", asked)
    if answer.status != "answered":
        return "error", f"the run ended as {answer.status}: {answer.text}"
    if question.expect == "abstain":
        return "wrong", "an answer was given where the data has none"
    if question.expect == "explain":
        return _explained(question, answer)
    if question.expect == "clarify" and not answer.assumptions:
        return "wrong", "the question is ambiguous and the answer states no assumption"
    return _compared(question, answer, run_gold)


def _explained(question: EvalQuestion, answer: Answer) -> tuple[Verdict, str]:
    text = answer.text.casefold()
    missing = [word for word in question.mentions if word.casefold() not in text]
    return ("wrong", f"the text does not mention {', '.join(missing)}") if missing else ("right", "")


def _compared(question: EvalQuestion, answer: Answer, run_gold: RunGold) -> tuple[Verdict, str]:
    if answer.result is None:
        return "wrong", "the answer has no result"
    first: Comparison | None = None
    for number, sql in enumerate(question.gold):
        try:
            gold = run_gold(sql)
        except GnomonError as error:
            if number == len(question.gold) - 1 and first is None:
                return "error", f"the gold SQL does not run: {error.message}"
            continue
        if gold.truncated or answer.result.truncated:
            return "error", "the result is cut by a row limit, so it cannot be compared"
        comparison = compare(gold, answer.result, ordered=question.ordered)
        if comparison.equal:
            return "right", ""
        first = first or comparison
    return "wrong", first.why if first else "there is no gold SQL to compare with"

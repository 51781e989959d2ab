"""Turn a finished case into an answer, and say a result in words that only use its cells."""

import re

from gnomon.agent.case_state import CaseState, RanQuery
from gnomon.agent.confidence import confidence, confidence_parts
from gnomon.agent.look_alikes import why_taken
from gnomon.context.catalog.governed import UNTOLD
from gnomon.context.catalog.plurals import many
from gnomon.domain.answer import Answer, AnswerStatus, Chart, ConfidencePart, Cost
from gnomon.domain.catalog import NUMERIC_KINDS, TEMPORAL_KINDS
from gnomon.domain.result import ResultTable
from gnomon.domain.wording import say
from gnomon.policy.authorize import RESTRICTED
from gnomon.policy.budgets import warnings

CHART_ROWS = range(2, 41)
ID_NAME = re.compile(r"(^|_)(id|key|code|zip|year|no|number)$", re.IGNORECASE)


def build_answer(case: CaseState, answer_id: str, status: AnswerStatus, text: str, model_id: str) -> Answer:
    """The answer with everything it stands on; an abstention carries the queries but no result."""
    final = case.final
    result = final.result if final and status == "answered" else None
    return Answer(
        id=answer_id,
        question=case.question,
        status=status,
        text=text,
        headline=headline(result) if result else "",
        result=result,
        queries=tuple(r.executed for r in case.ran),
        tables=final.query.tables if final else (),
        assumptions=case.stated,
        checks=case.checks,
        confidence=confidence_of(case) if status == "answered" else 0.0,
        reasoning=case.reasoning or how_reached(case, status),
        steps=tuple(case.steps),
        chart=(case.chart or suggested_chart(result)) if result else None,
        clarification=case.clarification,
        unplaced=case.unplaced,
        model_id=model_id,
        cost=_cost(case),
        notices=(*sights(final), *_untold(case, status), *_taken(case, status), *warnings(case.budgets)),
        reading=case.reading,
        confidence_parts=_parts_of(case) if status == "answered" else (),
    )


def sights(final: RanQuery | None) -> tuple[str, ...]:
    """Say that an answer is about a part: a figure over one's own rows is not the company's.

    The policies that cut it down are named. Where columns alone are hidden, none is: it would tell of them.
    """
    if final is None or RESTRICTED not in final.query.rules:
        return ()
    tables = ", ".join(f"`{t}`" for t in final.query.tables)
    narrowed_by = ", ".join(final.query.narrowed_by)
    by = f" (policies: {narrowed_by})" if narrowed_by else ""
    return (f"This is about what you may see of {tables}, which is not all of it{by}.",)


def _untold(case: CaseState, status: AnswerStatus) -> tuple[str, ...]:
    """That a warning about a table of the answer is kept from the person."""
    if case.final is None or status != "answered":
        return ()
    cards = (case.context.card(ref) for ref in case.final.query.tables)
    return tuple(s.text for card in cards if card for s in card.caveats if s.provenance == UNTOLD)


def _taken(case: CaseState, status: AnswerStatus) -> tuple[str, ...]:
    """Why the tables of an answer were taken and not their look-alikes."""
    if case.final is None or status != "answered":
        return ()
    return why_taken(case.final.query.tables, case.context.cards)


def how_reached(case: CaseState, status: AnswerStatus) -> str:
    """The way to the answer in a few sentences, for models that give no reasons of their own."""
    purposes = [r.executed.purpose or f"a query on {', '.join(map(str, r.query.tables))}" for r in case.ran]
    told = [f"Ran: {'; then '.join(purposes)}."] if purposes else []
    if not purposes and status == "answered":
        told.append("Answered from what is known about the tables, without a query.")
    told += [f"Asked: {question} Taken: {chosen}." for question, chosen in case.clarified]
    if case.revisions:
        told.append("The checks sent a first answer back.")
    return " ".join(told)


def confidence_of(case: CaseState) -> float:
    """How sure the answer would be if it were given now, in [0, 1]."""
    return confidence(
        case.checks,
        model_confidence=case.confidence,
        retrieval_margin=retrieval_margin(case),
        assumptions=len(case.stated),
        calibration=case.calibration,
    )


def _parts_of(case: CaseState) -> tuple[ConfidencePart, ...]:
    return confidence_parts(
        case.checks,
        model_confidence=case.confidence,
        retrieval_margin=retrieval_margin(case),
        assumptions=len(case.stated),
        calibration=case.calibration,
    )


def retrieval_margin(case: CaseState) -> float | None:
    """By what share the best table stood ahead of the next; None with fewer than two."""
    scores = [c.score for c in case.context.candidates[:2]]
    return (scores[0] - scores[1]) / scores[0] if len(scores) == 2 and scores[0] > 0 else None


def _cost(case: CaseState) -> Cost:
    spent = case.spent
    return Cost(
        turns=spent.turns,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cost_usd=spent.cost_usd if spent.cost_known else None,
        warehouse_s=spent.warehouse_s,
        model_s=spent.model_s,
        total_s=case.elapsed_s,
    )


def headline(result: ResultTable) -> str:
    """The one value of a one-row result with a single number in it, else empty."""
    if len(result.rows) != 1:
        return ""
    row = result.rows[0]
    if len(row) == 1:
        return say(row[0])
    numbers = [c for c, col in zip(row, result.columns, strict=True) if col.kind in NUMERIC_KINDS]
    return say(numbers[0]) if len(numbers) == 1 and numbers[0] is not None else ""


def sentence(result: ResultTable) -> str:
    """A plain sentence that uses nothing but the result's own cells and counts."""
    if not result.rows:
        return "The query returned no rows."
    if len(result.rows) == 1:
        pairs = [f"{c.name} is {say(v)}" for c, v in zip(result.columns[:6], result.rows[0][:6], strict=True)]
        return "; ".join(pairs) + "."
    if result.truncated:
        return "The table shows the first rows; there are more."
    return f"There are {many(len(result.rows), 'row')}; the table shows them."


def suggested_chart(result: ResultTable) -> Chart | None:
    """Bars for labels with numbers, a line for dates with numbers; nothing where a picture says no more."""
    if len(result.rows) not in CHART_ROWS or not 2 <= len(result.columns) <= 4:
        return None
    first, *rest = result.columns
    numbers = tuple(c.name for c in rest if c.kind in NUMERIC_KINDS and not ID_NAME.search(c.name))
    labels = [row[0] for row in result.rows]
    if not numbers or len(set(map(str, labels))) != len(labels):
        return None
    over_time = first.kind in TEMPORAL_KINDS or bool(
        re.search(r"year|month|week|day|date", first.name.lower())
    )
    if first.kind in NUMERIC_KINDS and not over_time:
        return None
    return Chart("line" if over_time and len(labels) > 2 else "bar", first.name, numbers[:1])

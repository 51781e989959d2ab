"""What has to hold of a candidate answer before its result is looked at: it is whole, and stands on data."""

from dataclasses import replace
from numbers import Number

from gnomon.agent.case_state import CaseState, RanQuery
from gnomon.agent.evidence import named_evidence, quotations, shown_evidence
from gnomon.agent.grounding import supported_sentences, untraced_numbers
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.context.catalog.plurals import many
from gnomon.domain.answer import Chart, Check
from gnomon.domain.context import Context
from gnomon.domain.result import ResultTable
from gnomon.models.port import ModelResponse

UNSPEAKABLE = frozenset({"reply_whole", "numbers_trace"})
"""Checks about the text alone: where they fail, the result can still be said in other words."""

QUOTES = "quotes_documents"
REWORDED = Check(
    "own_words",
    "warn",
    "The model's sentence was cut off or stated numbers that no result holds; this is made of the result.",
)

NO_REASON = "The model gave a reason with figures that nothing supports."


def reply_whole(response: ModelResponse) -> Check | None:
    """A failed check if the reply is empty or was cut off."""
    if response.text.strip() and not response.truncated:
        return None
    what = "was cut off at the output limit" if response.truncated else "is empty"
    return Check("reply_whole", "fail", f"The reply {what}.", "Say the answer in one or two sentences.")


def reads_data(final: RanQuery) -> Check | None:
    """A failed check if the query reads no table: its numbers are then whoever wrote it."""
    if final.query.tables:
        return None
    return Check("reads_data", "fail", "The query reads no table.", "Compute the numbers from a table.")


def chart_equals_result(chart: Chart | None, result: ResultTable) -> Check | None:
    """Whether the chart that was asked for draws what the result holds; None without a chart."""
    if chart is None:
        return None
    names = [c.name for c in result.columns]
    unclear = [name for name in (chart.x, *chart.y) if names.count(name) != 1]
    if unclear:
        return _no_chart(f"`{unclear[0]}` is not one column of the result")
    for name in chart.y:
        cells = [cell for cell in result.values(names.index(name)) if cell is not None]
        if not cells or not all(isinstance(c, Number) and not isinstance(c, bool) for c in cells):
            return _no_chart(f"`{name}` does not hold numbers")
    return Check(
        "chart_equals_result", "pass", f"The chart draws {many(len(result.rows), 'row')} of the result."
    )


def _no_chart(why: str) -> Check:
    return Check("chart_equals_result", "fail", f"The chart cannot be drawn: {why}.", "Draw other columns.")


def context_trace(text: str, case: CaseState) -> Check:
    """Whether a text that stands on no query states only numbers known of the tables that it names."""
    rest = text
    for quotation in quotations(text, case):
        rest = rest.replace(quotation, " ")
    loose = untraced_numbers(rest, named_evidence(text, case))
    if not loose:
        return Check("context_trace", "pass", "Every number in the text is known of what it names.")
    summary = f"Not from a query, and not known of a table or column that is named: {', '.join(loose)}."
    return Check("context_trace", "fail", summary, "Run a query for it.")


def quotes_documents(text: str, case: CaseState) -> Check | None:
    """That a text quotes documents, which its reader may not be let read later; None if it quotes none."""
    found = quotations(text, case)
    if not found:
        return None
    return Check(QUOTES, "pass", f"Quotes {many(len(found), 'passage')} of documents, word for word.")


def reason_given(text: str, case: CaseState) -> str:
    """A model's reason for not answering, without sentences whose numbers come from nowhere."""
    return supported_sentences(text, shown_evidence(case)) or NO_REASON


def with_cards_of(context: Context, index: GovernedIndex, final: RanQuery) -> Context:
    """The context with the cards of every table that the final query reads."""
    missing = (index.card(ref) for ref in final.query.tables if context.card(ref) is None)
    return replace(context, cards=(*context.cards, *(card for card in missing if card is not None)))

"""A question about the present rests on tables that are up to date."""

import re
from datetime import date, timedelta

from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, worst
from gnomon.agent.checks.windows import as_date
from gnomon.domain.catalog import TableCard

STALE = timedelta(days=30)
_PRESENT = re.compile(
    r"\b(today|yesterday|now|current|currently|latest|recent|recently|so far|ytd|to date"
    r"|(?:this|last|past|previous)\s+(?:\d+\s+|few\s+|couple of\s+)?"
    r"(?:day|week|month|quarter|year|hour)s?)\b",
    re.I,
)


def freshness(case: Case) -> Finding:
    """Compare the newest date of each table read with the question's clock.

    How far other tables go says nothing: what is planned lies ahead of today.
    """
    if not _PRESENT.search(case.input.question.text):
        raise NotApplicableError("the question is not about the present")
    cards = [card for ref in case.input.query.tables if (card := case.input.context.card(ref))]
    dated = [(card, day) for card in cards if (day := _newest(card))]
    if not dated:
        raise NotApplicableError("no table of the query has a known freshness column")
    today = case.input.context.now.date()
    findings = [f for card, day in dated if (f := _judge(card, day, today))]
    fresh = ", ".join(f"`{card.ref}` to {day}" for card, day in dated)
    return worst(findings, passed(f"the tables are up to date: {fresh}"))


def _newest(card: TableCard) -> date | None:
    column = card.column(card.freshness_column) if card.freshness_column else None
    return as_date(column.profile.high) if column and column.profile else None


def _judge(card: TableCard, day: date, today: date) -> Finding | None:
    if today - day <= STALE:
        return None
    newest = f"the newest `{card.ref}.{card.freshness_column}` is {day}"
    summary = f"{newest}, {(today - day).days:,} days before the question"
    return Finding("warn", summary, f"Say that `{card.ref}` ends on {day}.")

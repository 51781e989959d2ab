"""Fiscal years and what people call periods: as the brief says, counted from the question's clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from grounded_businesses import Business, set_up

from gnomon.domain.context import Context
from gnomon.models.grounded.decide import decide, read
from gnomon.models.grounded.fiscal import FiscalYear, fiscal_period, fiscal_year
from gnomon.models.grounded.periods import find_period
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.words import tokenize
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = date(2026, 3, 18)
FEBRUARY = FiscalYear(2, by_end=False)
OCTOBER = FiscalYear(10, by_end=True)


def days(text: str, fiscal: FiscalYear | None = None) -> tuple[date | None, date | None] | None:
    """What the whole text covers; None where it is no period."""
    tokens = tokenize(text)
    further = (lambda words, today: fiscal_period(words, today, fiscal)) if fiscal else None
    found = find_period(tokens, 0, TODAY, further)
    return (found.start, found.end) if found is not None and found.tokens == len(tokens) else None


def context_of(brief: str, *memories: str) -> Context:
    return Context("duckdb", datetime(2026, 3, 18, tzinfo=UTC), brief=brief, memories=memories)


@pytest.mark.requirement("grounded:fiscal")
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("- The fiscal year begins on 1 February and bears the number of the year it begins in.", FEBRUARY),
        ("Our fiscal year starts in October, named after the year in which it ends.", OCTOBER),
        ("The fiscal year runs from the first of July.", FiscalYear(7)),
        ("A year without fiscal is a calendar year.", None),
        ("The fiscal year begins on a Monday.", None),
    ],
)
def test_the_brief_says_when_the_fiscal_year_begins(said: str, expected: FiscalYear | None) -> None:
    assert fiscal_year(context_of(said)) == expected


@pytest.mark.requirement("grounded:fiscal")
def test_a_memory_says_it_too_and_a_contradiction_says_nothing() -> None:
    assert fiscal_year(context_of("", "The fiscal year starts in May")) == FiscalYear(5)
    assert fiscal_year(context_of("The fiscal year starts in June.", "The fiscal year starts in May")) is None


@pytest.mark.requirement("grounded:fiscal")
@pytest.mark.parametrize(
    ("text", "fiscal", "start", "end"),
    [
        ("in fiscal year 2025", FEBRUARY, date(2025, 2, 1), date(2026, 2, 1)),
        ("in fiscal 2025", OCTOBER, date(2024, 10, 1), date(2025, 10, 1)),
        ("FY2025", FEBRUARY, date(2025, 2, 1), date(2026, 2, 1)),
        ("in FY25", FEBRUARY, date(2025, 2, 1), date(2026, 2, 1)),
        ("FY 2025", OCTOBER, date(2024, 10, 1), date(2025, 10, 1)),
        ("in Q2 FY2025", FEBRUARY, date(2025, 5, 1), date(2025, 8, 1)),
        ("in the first quarter of fiscal year 2025", OCTOBER, date(2024, 10, 1), date(2025, 1, 1)),
        ("the second fiscal quarter of 2025", FEBRUARY, date(2025, 5, 1), date(2025, 8, 1)),
        ("fiscal Q4 2025", FEBRUARY, date(2025, 11, 1), date(2026, 2, 1)),
        ("this fiscal year", FEBRUARY, date(2026, 2, 1), date(2027, 2, 1)),
        ("last fiscal year", OCTOBER, date(2024, 10, 1), date(2025, 10, 1)),
        ("in the last full fiscal quarter", FEBRUARY, date(2025, 11, 1), date(2026, 2, 1)),
        ("this fiscal quarter", OCTOBER, date(2026, 1, 1), date(2026, 4, 1)),
        ("before fiscal year 2025", FEBRUARY, None, date(2025, 2, 1)),
        ("from fiscal 2024 to fiscal 2025", FEBRUARY, date(2024, 2, 1), date(2026, 2, 1)),
    ],
)
def test_a_fiscal_period_covers_its_days(
    text: str, fiscal: FiscalYear, start: date | None, end: date | None
) -> None:
    assert days(text, fiscal) == (start, end)


@pytest.mark.requirement("grounded:fiscal")
def test_a_year_whose_number_nobody_explains_is_the_one_that_ends_in_it_and_says_so() -> None:
    found = fiscal_period(["fiscal", "year", "2025"], TODAY, FiscalYear(7))
    assert found is not None
    assert (found.start, found.end) == (date(2024, 7, 1), date(2025, 7, 1))
    assert found.assumed == "Fiscal year 2025 is taken as the one that ends in 2025."


@pytest.mark.requirement("grounded:fiscal")
def test_a_question_about_a_fiscal_year_is_read_only_where_somebody_says_when_it_begins(
    businesses: Callable[..., Business],
) -> None:
    nursery = businesses("nursery")
    text = "total revenue of orders in fiscal year 2025"
    context = nursery.context(text)
    with pytest.raises(NotRead, match="when the fiscal year"):
        decide(read(text, context, TODAY), 0.45)
    told = replace(context, brief="The fiscal year begins on 1 February and bears the year it begins in.")
    sql = decide(read(text, told, TODAY), 0.45).sql
    assert "'2025-02-01'" in sql
    assert "'2026-02-01'" in sql or "'2026-01-31'" in sql


@pytest.mark.requirement("grounded:dates")
def test_whoever_asks_from_another_zone_is_told_in_which_zone_days_begin(tmp_path: Path) -> None:
    script = "CREATE TABLE pings (ping_id INTEGER PRIMARY KEY, sent_at TIMESTAMPTZ);"
    script += "INSERT INTO pings VALUES (1, '2026-03-17 23:30:00+00'), (2, '2026-03-18 09:00:00+00');"
    opened = set_up(tmp_path, "pings", "duckdb", script, MiniLmEmbedder())
    text, said = "how many pings today?", "Days of pings.sent_at begin at midnight UTC."
    context = opened.context(text)
    for hours, told in ((0, False), (2, True)):
        now = context.now.replace(tzinfo=timezone(timedelta(hours=hours)))
        decided = decide(read(text, replace(context, now=now), now.date()), 0.45)
        assert any(said == a for a, _ in decided.reading.assumptions) is told
    opened.assembler.index.close()

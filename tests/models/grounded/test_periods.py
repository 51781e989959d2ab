"""Every form of a period, and the days it covers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.models.grounded.periods import add_months, find_period, floor_to, step, unit_of
from gnomon.models.grounded.words import tokenize

WEDNESDAY = date(2026, 3, 18)
OPEN = None
NOT_YET = pytest.mark.xfail(reason="the ending is a word of its own", strict=True)


def span(text: str, today: date = WEDNESDAY) -> tuple[date | None, date | None] | None:
    """The half-open days of the period that a text is, if it is one from end to end."""
    tokens = tokenize(text)
    found = find_period(tokens, 0, today)
    return (found.start, found.end) if found and found.tokens == len(tokens) else None


@pytest.mark.requirement("grounded:dates")
@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("on 2024-02-29", date(2024, 2, 29), date(2024, 3, 1)),
        ("on 2025-12-31", date(2025, 12, 31), date(2026, 1, 1)),
        ("on 3 March 2025", date(2025, 3, 3), date(2025, 3, 4)),
        ("on March 3 2025", date(2025, 3, 3), date(2025, 3, 4)),
        pytest.param("on March 3rd 2025", date(2025, 3, 3), date(2025, 3, 4), marks=NOT_YET),
        ("on March 3, 2025", date(2025, 3, 3), date(2025, 3, 4)),
        ("in 2024", date(2024, 1, 1), date(2025, 1, 1)),
        ("in the year 2024", date(2024, 1, 1), date(2025, 1, 1)),
        ("during 2024", date(2024, 1, 1), date(2025, 1, 1)),
        ("in February 2024", date(2024, 2, 1), date(2024, 3, 1)),
        ("in Feb 2025", date(2025, 2, 1), date(2025, 3, 1)),
        ("in December 2025", date(2025, 12, 1), date(2026, 1, 1)),
        ("in January of 2025", date(2025, 1, 1), date(2025, 2, 1)),
        ("in May 2025", date(2025, 5, 1), date(2025, 6, 1)),
        ("in 2018-02", date(2018, 2, 1), date(2018, 3, 1)),
        ("2024-12", date(2024, 12, 1), date(2025, 1, 1)),
        ("since 2025-06", date(2025, 6, 1), OPEN),
        ("before 2025-06", OPEN, date(2025, 6, 1)),
        ("between 2025-01 and 2025-03", date(2025, 1, 1), date(2025, 4, 1)),
        ("from 2024-11 to 2025-02", date(2024, 11, 1), date(2025, 3, 1)),
        ("in Q1 2025", date(2025, 1, 1), date(2025, 4, 1)),
        ("in Q4 of 2025", date(2025, 10, 1), date(2026, 1, 1)),
        ("in the third quarter of 2025", date(2025, 7, 1), date(2025, 10, 1)),
        ("since 2024", date(2024, 1, 1), OPEN),
        ("since March 2025", date(2025, 3, 1), OPEN),
        ("after 2024", date(2025, 1, 1), OPEN),
        ("after March 2025", date(2025, 4, 1), OPEN),
        ("after 2025-03-04", date(2025, 3, 5), OPEN),
        ("later than 2024", date(2025, 1, 1), OPEN),
        ("before 2024", OPEN, date(2024, 1, 1)),
        ("before 2025-03-04", OPEN, date(2025, 3, 4)),
        ("prior to March 2025", OPEN, date(2025, 3, 1)),
        ("earlier than 2024", OPEN, date(2024, 1, 1)),
        ("between 2023 and 2024", date(2023, 1, 1), date(2025, 1, 1)),
        ("from 2023 to 2024", date(2023, 1, 1), date(2025, 1, 1)),
        ("from March 2025 to June 2025", date(2025, 3, 1), date(2025, 7, 1)),
        ("between 2025-03-01 and 2025-03-31", date(2025, 3, 1), date(2025, 4, 1)),
        ("from 2025-12-30 through 2026-01-02", date(2025, 12, 30), date(2026, 1, 3)),
        ("today", date(2026, 3, 18), date(2026, 3, 19)),
        ("yesterday", date(2026, 3, 17), date(2026, 3, 18)),
        ("this week", date(2026, 3, 16), date(2026, 3, 23)),
        ("last week", date(2026, 3, 9), date(2026, 3, 16)),
        ("this month", date(2026, 3, 1), date(2026, 4, 1)),
        ("last month", date(2026, 2, 1), date(2026, 3, 1)),
        ("in the previous month", date(2026, 2, 1), date(2026, 3, 1)),
        ("this quarter", date(2026, 1, 1), date(2026, 4, 1)),
        ("last quarter", date(2025, 10, 1), date(2026, 1, 1)),
        ("this year", date(2026, 1, 1), date(2027, 1, 1)),
        ("last year", date(2025, 1, 1), date(2026, 1, 1)),
        ("in the last 7 days", date(2026, 3, 12), date(2026, 3, 19)),
        ("over the last 2 weeks", date(2026, 3, 5), date(2026, 3, 19)),
        ("in the past 3 months", date(2025, 12, 19), date(2026, 3, 19)),
        ("in the last 2 years", date(2024, 3, 19), date(2026, 3, 19)),
        ("in February", date(2026, 2, 1), date(2026, 3, 1)),
        ("in April", date(2025, 4, 1), date(2025, 5, 1)),
    ],
)
def test_a_period_covers_its_days_and_no_other(text: str, start: date | None, end: date | None) -> None:
    assert span(text) == (start, end)


@pytest.mark.requirement("grounded:dates")
@pytest.mark.parametrize(
    ("text", "today", "start", "end"),
    [
        ("last month", date(2026, 1, 5), date(2025, 12, 1), date(2026, 1, 1)),
        ("last month", date(2024, 3, 31), date(2024, 2, 1), date(2024, 3, 1)),
        ("last quarter", date(2026, 2, 28), date(2025, 10, 1), date(2026, 1, 1)),
        ("last quarter", date(2026, 12, 31), date(2026, 7, 1), date(2026, 10, 1)),
        ("last week", date(2026, 1, 1), date(2025, 12, 22), date(2025, 12, 29)),
        ("this week", date(2026, 3, 15), date(2026, 3, 9), date(2026, 3, 16)),
        ("this week", date(2026, 3, 16), date(2026, 3, 16), date(2026, 3, 23)),
        ("yesterday", date(2024, 3, 1), date(2024, 2, 29), date(2024, 3, 1)),
        ("last year", date(2024, 2, 29), date(2023, 1, 1), date(2024, 1, 1)),
        ("in January", date(2026, 1, 1), date(2026, 1, 1), date(2026, 2, 1)),
        ("in December", date(2026, 1, 1), date(2025, 12, 1), date(2026, 1, 1)),
    ],
)
def test_a_period_is_counted_from_the_clock_of_the_question(
    text: str, today: date, start: date, end: date
) -> None:
    assert span(text, today) == (start, end)


@pytest.mark.requirement("grounded:dates")
@pytest.mark.parametrize(
    "text",
    [
        "on 2025-02-29",
        "on February 30, 2025",
        "in Q5 2025",
        "in 2025-13",
        "in 2025-00",
        "in 2025-1",
        "in 2025-2026",
        "in 25",
        "tomorrow",
        "last fortnight",
        "in the last 0 days",
        "in summer 2025",
        "in May",
        "on Monday",
        "in 3024",
    ],
)
def test_what_is_no_day_is_no_period(text: str) -> None:
    assert span(text) is None


@pytest.mark.requirement("grounded:dates")
def test_a_month_without_a_year_and_an_open_end_are_said_as_assumptions() -> None:
    for text, assumed in (
        ("in April", "April is taken as that of 2025."),
        ("last 3 days", "The last 3 days end today."),
    ):
        found = find_period(tokenize(text), 0, WEDNESDAY)
        assert found is not None
        assert found.assumed == assumed


@pytest.mark.requirement("grounded:dates")
@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.sampled_from(["week", "month", "quarter", "year"]))
def test_this_period_holds_today_and_touches_the_last_one(today: date, unit: str) -> None:
    this, last = span(f"this {unit}", today), span(f"last {unit}", today)
    assert this is not None
    assert last is not None
    assert this[0] is not None
    assert this[1] is not None
    assert this[0] <= today < this[1]
    assert last[1] == this[0]
    assert floor_to(this[0], unit) == this[0] == step(this[1], unit, -1)


@pytest.mark.requirement("grounded:dates")
@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.integers(-40, 40))
def test_months_on_and_back_are_the_same_first_day(day: date, months: int) -> None:
    first = day.replace(day=1)
    assert add_months(add_months(first, months), -months) == first


@pytest.mark.requirement("grounded:dates")
@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("in 2025", "year"),
        ("in Q2 2025", "quarter"),
        ("in 2025-02", "month"),
        ("last week", "week"),
        ("yesterday", "day"),
        ("since 2025", None),
        ("from 2024 to 2025", None),
        ("in the last 30 days", None),
    ],
)
def test_a_period_is_one_of_a_calendar_unit_or_of_none(text: str, unit: str | None) -> None:
    found = find_period(tokenize(text), 0, WEDNESDAY)
    assert found is not None
    assert unit_of(found) == unit


@pytest.mark.requirement("grounded:dates")
def test_a_range_knows_the_two_periods_that_it_runs_between() -> None:
    found = find_period(tokenize("from 2024 to 2025-03"), 0, WEDNESDAY)
    assert found is not None
    assert [(p.start, p.end) for p in found.ends] == [
        (date(2024, 1, 1), date(2025, 1, 1)),
        (date(2025, 3, 1), date(2025, 4, 1)),
    ]


@pytest.mark.requirement("grounded:dates")
@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("in the last full quarter", date(2025, 10, 1), date(2026, 1, 1)),
        ("last complete month", date(2026, 2, 1), date(2026, 3, 1)),
        ("in the last 3 full months", date(2025, 12, 1), date(2026, 3, 1)),
        ("last 2 full weeks", date(2026, 3, 2), date(2026, 3, 16)),
        ("year to date", date(2026, 1, 1), date(2026, 3, 19)),
        ("MTD", date(2026, 3, 1), date(2026, 3, 19)),
        ("this quarter so far", date(2026, 1, 1), date(2026, 3, 19)),
        ("in the first half of 2025", date(2025, 1, 1), date(2025, 7, 1)),
        ("H2 2025", date(2025, 7, 1), date(2026, 1, 1)),
        ("in or after 2005", date(2005, 1, 1), None),
        ("on or before 2025-03-04", None, date(2025, 3, 5)),
        ("in 2001 or before", None, date(2002, 1, 1)),
        ("in 2001 or later", date(2001, 1, 1), None),
        ("before the year of 2010", None, date(2010, 1, 1)),
        ("in the year of 2010", date(2010, 1, 1), date(2011, 1, 1)),
    ],
)
def test_a_period_in_other_words_covers_its_days(text: str, start: date | None, end: date | None) -> None:
    assert span(text) == (start, end)

"""Times as systems write them, expectations as people write them, and names of jobs."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.context.catalog.sources.annotations.model import Freshness
from gnomon.context.catalog.sources.dbt.described import freshness_of
from gnomon.context.runtime.matching import is_job, is_relation
from gnomon.context.runtime.times import is_late, parse_time, period_of, said

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LENGTHS = {
    **dict.fromkeys(("m", "min", "minute"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hour"), HOUR),
    **dict.fromkeys(("d", "day"), DAY),
    **dict.fromkeys(("w", "week"), 7 * DAY),
    "month": 31 * DAY,
    "quarter": 92 * DAY,
    "year": 366 * DAY,
}

expectations = pytest.mark.requirement("runtime:expectations")


@expectations
@pytest.mark.parametrize(
    ("words", "period"),
    [
        ("daily", DAY),
        ("Daily by 06:00 UTC", DAY),
        ("nightly, 2 hours after midnight", DAY),
        ("daily within 2 hours of midnight", DAY),
        ("refreshed hourly", HOUR),
        ("weekly on Monday", 7 * DAY),
        ("monthly, 3 days after month end", 31 * DAY),
        ("quarterly", 92 * DAY),
        ("yearly", 366 * DAY),
        ("daily on weekdays", 3 * DAY),
        ("every weekday at 7", 3 * DAY),
        ("every hour", HOUR),
        ("each week", 7 * DAY),
        ("once a day", DAY),
        ("every 12 hours", 12 * HOUR),
        ("every 15-minutes", HOUR / 4),
        ("loaded at least every 12 hours, by `loaded_at`; over 2 days is an error", 12 * HOUR),
        ("loaded at least every day", DAY),
        ("within 24h by loaded_at", DAY),
        ("within 3 days", 3 * DAY),
        ("no older than 2 days", 2 * DAY),
        ("at most 90 mins", 1.5 * HOUR),
        ("up to 1 week", 7 * DAY),
        ("24h", DAY),
        ("2 days old at most", 2 * DAY),
    ],
)
def test_usual_words_say_how_often(words: str, period: timedelta) -> None:
    assert period_of(words) == period


@expectations
@pytest.mark.parametrize(
    "words",
    [
        "",
        "often",
        "when finance closes the books",
        "3 days after month end",
        "within 2 days of month end",
        "by 06:00",
        "3M rows",
        "every 0 hours",
        "every 12345 hours",
        "within 1.5 days",
        "table v2 d",
        "dailyish",
        "loaded_daily",
    ],
)
def test_words_that_do_not_say_how_often_are_no_period(words: str) -> None:
    assert period_of(words) is None


@expectations
@given(
    count=st.integers(1, 9999),
    unit=st.sampled_from(sorted(LENGTHS)),
    plural=st.booleans(),
    lead=st.sampled_from(["every ", "each ", "within ", "at most ", "older than ", ""]),
    gap=st.sampled_from(["", " ", "-"]),
    upper=st.booleans(),
)
def test_a_length_is_read_with_every_unit_and_spelling(
    count: int, unit: str, plural: bool, lead: str, gap: str, upper: bool
) -> None:
    long = len(unit) > 1
    word = unit + "s" * (plural and long)
    text = f"{lead}{count}{gap}{word.upper() if upper and long else word}"
    assert period_of(text) == count * LENGTHS[unit]


@expectations
@given(st.integers(1, 999), st.sampled_from(["minute", "hour", "day"]), st.sampled_from(["", "loaded_at"]))
def test_what_dbt_and_annotations_expect_is_understood(count: int, unit: str, column: str) -> None:
    entry = {"freshness": {"warn_after": {"count": count, "period": unit}}, "loaded_at_field": column}
    expected = count * LENGTHS[unit]
    assert period_of(freshness_of(entry)) == expected
    assert period_of(str(Freshness("", f"{count} {unit}s", column))) == expected


@expectations
@given(st.text(max_size=300))
def test_any_text_is_a_period_that_is_longer_than_nothing_or_none(text: str) -> None:
    period = period_of(text)
    assert period is None or period > timedelta(0)


@expectations
def test_a_long_text_costs_little() -> None:
    assert period_of("every " * 50_000 + "9" * 50_000) is None


@pytest.mark.requirement("runtime:recorded")
@given(st.datetimes(timezones=st.just(UTC)), st.integers(-14 * 60, 14 * 60))
def test_a_time_is_read_from_every_zone(moment: datetime, minutes: int) -> None:
    try:
        there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:
        return
    assert parse_time(there.isoformat()) == moment
    assert parse_time(moment.isoformat().replace("+00:00", "Z")) == moment
    assert parse_time(moment.isoformat().replace("+00:00", "GMT")) == moment
    assert parse_time(moment.replace(tzinfo=None).isoformat()) == moment
    assert re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d UTC)?", said(moment))


@pytest.mark.requirement("runtime:recorded")
@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        "soon",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        [],
        "\ud800",
    ],
)
def test_what_is_no_time_is_none(value: object) -> None:
    assert parse_time(value) is None


@pytest.mark.requirement("runtime:recorded")
@given(st.text(max_size=40))
def test_any_text_is_a_time_in_utc_or_none(text: str) -> None:
    found = parse_time(text)
    assert found is None or said(found)


@pytest.mark.requirement("runtime:verdicts")
@given(st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=400)))
def test_a_table_is_late_after_one_and_a_half_of_its_period(period: timedelta) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert not is_late(now - period * 1.5, period, now)
    assert is_late(now - period * 1.5 - timedelta(seconds=1), period, now)


@pytest.mark.requirement("runtime:recorded")
@pytest.mark.parametrize(
    ("path", "address", "fits"),
    [
        ("marts/orders", "marts.orders", True),
        ("host:5432/shop/marts/orders", "marts.orders", True),
        ("shop.MARTS.Orders", "marts.orders", True),
        ("/marts/orders/", "marts.orders", True),
        ("shop.public.orders", "orders", True),
        ("main/orders", "orders", True),
        ("orders", "orders", True),
        ("raw/orders", "marts.orders", False),
        ("raw/orders", "orders", False),
        ("orders", "marts.orders", False),
        ("marts/all_orders", "marts.orders", False),
        ("smarts/orders", "marts.orders", False),
        ("marts/orders/2026", "marts.orders", False),
        ("", "orders", False),
    ],
)
def test_a_relation_is_the_table_with_its_schema(path: str, address: str, fits: bool) -> None:
    assert is_relation(path, address) is fits


@pytest.mark.requirement("runtime:recorded")
@pytest.mark.parametrize(
    ("job", "name", "fits"),
    [
        ("orders", "orders", True),
        ("load_orders", "orders", True),
        ("Load Orders Daily", "orders", True),
        ("LoadOrders", "orders", True),
        ("orders-etl 2026-11-20T04:00:00", "orders", True),
        ("orders_20261120", "orders", True),
        ("load marts.orders", "marts.orders", True),
        ("marts__orders", "marts.orders", True),
        ("daily_sales", "daily_sales", True),
        ("load_daily_sales", "daily_sales", True),
        ("load_stg_orders", "orders", False),
        ("orders_archive", "orders", False),
        ("orders_2019", "orders", False),
        ("load raw.orders", "marts.orders", False),
        ("reorders", "orders", False),
        ("load", "orders", False),
        ("", "orders", False),
        ("load", "", False),
        ("load orders and run DROP TABLE", "orders", False),
    ],
)
def test_a_job_is_the_tables_if_its_name_says_nothing_else(job: str, name: str, fits: bool) -> None:
    assert is_job(job, name) is fits


@pytest.mark.requirement("runtime:recorded")
@given(st.text(max_size=400), st.text(max_size=60))
def test_any_two_texts_can_be_compared(job: str, name: str) -> None:
    assert is_job(job, name) in (True, False)
    assert is_relation(job, name) in (True, False)

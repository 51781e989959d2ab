"""What a figure of figures is called, and what the answer takes for granted."""

from collections.abc import Callable

import pytest
from grounded_businesses import NOW, Business

from gnomon.models.grounded.followup import read_in_conversation
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.reply import describe, reply

Open = Callable[..., Business]


def read(business: Business, question: str) -> Reading:
    """The careful reading of a question."""
    return read_in_conversation(question, business.context(question), NOW.date())


@pytest.mark.requirement("grounded:figures-said")
@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "average monthly revenue in 2025",
            "the average, over months, of the total revenue where order date is in 2025",
        ),
        (
            "average number of orders per buyer by segment",
            "the average, over buyers, of the number of orders per segment",
        ),
        ("highest average revenue per family", "the highest, over each family, of the average revenue"),
        (
            "revenue growth from 2024 to 2025 by region",
            "the total revenue of 2024 and of 2025 with the change per region",
        ),
        (
            "difference between revenue of trade and private buyers",
            "the total revenue of trade and of private with the difference",
        ),
        (
            "difference between the highest and lowest price",
            "the highest price and the lowest price with their difference",
        ),
        ("yearly revenue growth", "the total revenue per year with the change to the year before"),
        ("cumulative orders by day", "the number of orders per day with the running total"),
        (
            "3-month moving average of revenue",
            "the total revenue per month with the average of three months",
        ),
        ("30-day rolling total of orders", "the number of orders per day with the total of many days"),
        ("top 3 plants by revenue in each family", "the total revenue per plant within each family"),
        ("second highest price per family", "the price in second place within each family"),
        ("median price", "the median price"),
    ],
)
def test_a_figure_is_called_what_was_computed(question: str, said: str, businesses: Open) -> None:
    assert describe(read(businesses("nursery"), question)) == said


@pytest.mark.requirement("grounded:figures-said")
@pytest.mark.parametrize(
    ("question", "assumed"),
    [
        ("average monthly revenue in 2025", "A month without rows does not count."),
        ("average monthly revenue", "The month of today is not over yet."),
        ("average number of orders per buyer", "Rows of buyers that have none do not count."),
        ("average revenue per buyer", "The average is over rows of orders, not over totals per buyers."),
        ("average revenue per month", "The average is over rows of orders, not over totals per month."),
        ("revenue growth in 2025", "2025 is compared with 2024."),
        ("compare revenue this year with last year", "2026 is not over yet."),
        ("monthly revenue growth in 2025", "A month without rows counts as zero and is not listed."),
        (
            "difference between trade and private revenue",
            "The difference is that of trade less that of private.",
        ),
        (
            "3-month moving average of revenue",
            "A month without rows counts as zero and is not listed; the first ones have no full span.",
        ),
        ("the most expensive plant in each family", "Those that are equal at the last place are all shown."),
        ("second highest price", "Equal values share a place."),
        ("best-selling plant", "`best-selling` is read as by orders.quantity."),
    ],
)
def test_what_a_figure_takes_for_granted_is_said(question: str, assumed: str, businesses: Open) -> None:
    assert assumed in [text for text, _ in read(businesses("nursery"), question).assumptions]


@pytest.mark.requirement("grounded:figures-said")
@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("average revenue per month", "average total revenue per month"),
        ("average revenue per buyer", "average total revenue per buyers"),
    ],
)
def test_the_other_reading_of_an_average_is_named_in_words_that_are_read(
    question: str, other: str, businesses: Open
) -> None:
    nursery = businesses("nursery")
    assert f"say `{other}`" in [words for _, words in read(nursery, question).assumptions]
    assert read(nursery, other).outer is not None


@pytest.mark.requirement("grounded:figures-said")
def test_no_row_of_a_ranking_within_groups_is_called_the_first(businesses: Open) -> None:
    ranked = read(businesses("nursery"), "the most expensive plant in each family")
    rows = [["Ferns", "Silver Fern", 12.5], ["Roses", "Damask Rose", 24]]
    content = {"rows": rows, "columns": ["family", "name", "price"], "row_count": 2}
    assert reply(ranked, content) == "Plants within each family: 2 rows."


@pytest.mark.requirement("grounded:figures-of-figures")
@pytest.mark.parametrize(
    ("earlier", "change"),
    [
        ("monthly revenue growth in 2025", "by segment"),
        ("revenue growth from 2024 to 2025", "and in 2023"),
        ("revenue growth from 2024 to 2025", "by month"),
        ("average monthly revenue", "by month"),
        ("top 3 plants by revenue in each family", "per region"),
    ],
)
def test_a_follow_up_does_not_change_what_a_figure_is_made_of(
    earlier: str, change: str, businesses: Open
) -> None:
    context = businesses("nursery").context(change, earlier=(earlier,))
    with pytest.raises(NotRead):
        read_in_conversation(change, context, NOW.date())

"""The composer: roles make readings, readings account for every word, and probabilities are learned ones."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from grounded_businesses import Business, one_line

from gnomon.models.grounded.composer.accounting import asks_for_order, unheard
from gnomon.models.grounded.composer.build import build
from gnomon.models.grounded.composer.compose import Composed, compose
from gnomon.models.grounded.composer.slots import Option, Question, read_slots
from gnomon.models.grounded.composer.weights import learned
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.sql import write_sql

Open = Callable[..., Business]
TODAY = date(2026, 3, 18)


def composed(business: Business, text: str) -> tuple[Composed, ...]:
    return compose(text, business.context(text), TODAY)


def chosen(question: Question, **roles: tuple[str, str]) -> dict[int, Option]:
    """Options by the item's words: role, and the table or column it is about."""
    found: dict[int, Option] = {}
    for slot in question.slots:
        wanted = roles.get(slot.item.text.replace(" ", "_"))
        if wanted is None:
            continue
        role, about = wanted
        found[slot.at] = next(
            o for o in slot.options if o.role == role and str(o.ref or o.table or "") == about
        )
    assert len(found) == len(roles)
    return found


def sql_of(business: Business, text: str, **roles: tuple[str, str]) -> str:
    question = read_slots(text, business.context(text), TODAY)
    return one_line(write_sql(build(question, chosen(question, **roles)), question.schema), business.engine)


@pytest.mark.requirement("grounded:composer")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("For each genre, show the number of books.", "SELECT genre, COUNT(*) FROM books GROUP BY genre"),
        ("What are the titles of the books, sorted by price?", "SELECT title FROM books ORDER BY price"),
        (
            "Which genre has the most books?",
            "SELECT genre FROM books GROUP BY genre ORDER BY COUNT(*) DESC LIMIT 1",
        ),
        ("What is the average price of books?", "SELECT AVG(price) FROM books"),
        ("Show the titles of books whose price is above 20.", "SELECT title FROM books WHERE price > 20"),
    ],
)
def test_the_likeliest_reading_gives_the_rows_that_are_asked_for(
    text: str, sql: str, businesses: Open
) -> None:
    library = businesses("library")
    best = composed(library, text)[0]
    found, wanted = library.run(best.sql), library.run(sql)
    assert [row[: len(wanted[0])] for row in found] == wanted or sorted(map(set, found), key=repr) == sorted(
        map(set, wanted), key=repr
    )
    assert best.unplaced == ()


@pytest.mark.requirement("grounded:composer")
def test_roles_that_do_not_fit_together_make_no_reading(businesses: Open) -> None:
    library = businesses("library")
    text = "titles of books with pages by price"
    question = read_slots(text, library.context(text), TODAY)
    with pytest.raises(NotRead, match="Nothing restricts"):
        build(question, chosen(question, titles=("show", "books.title"), pages=("where", "books.pages")))
    with pytest.raises(NotRead, match="order"):
        build(
            question,
            chosen(question, pages=("order:asc", "books.pages"), price=("top:desc", "books.price")),
        )


@pytest.mark.requirement("grounded:composer")
def test_groups_are_not_sorted_by_a_column_of_their_rows(businesses: Open) -> None:
    library = businesses("library")
    question = read_slots("number of books for each genre by pages", library.context("books"), TODAY)
    with pytest.raises(NotRead, match="sorted"):
        build(
            question,
            chosen(
                question,
                books=("count", "books"),
                genre=("show", "books.genre"),
                pages=("order:asc", "books.pages"),
            ),
        )


@pytest.mark.requirement("grounded:composer")
def test_a_column_listed_beside_something_computed_is_what_it_is_computed_for(businesses: Open) -> None:
    said = sql_of(
        businesses("library"),
        "genre and average price of books",
        genre=("show", "books.genre"),
        price=("show:avg", "books.price"),
    )
    assert said == ("SELECT books.genre, AVG(books.price) AS average_price FROM books GROUP BY books.genre")


@pytest.mark.requirement("grounded:every-word-is-placed")
@pytest.mark.parametrize(
    ("text", "roles", "words"),
    [
        ("the average price of books", {"price": ("show", "books.price")}, ("average",)),
        ("the number of books", {"books": ("label", "books")}, ("number of",)),
        ("members not in Oslo", {"members": ("label", "members"), "Oslo": ("=", "members.city")}, ("not",)),
        (
            "titles in descending order of price",
            {"titles": ("show", "books.title"), "price": ("order:asc", "books.price")},
            ("in descending order of",),
        ),
        ("where are the members", {"members": ("label", "members")}, ("where are",)),
        (
            "how many books and members",
            {"books": ("count", "books"), "members": ("count", "members")},
            ("how many",),
        ),
        (
            "titles with price higher than the average",
            {"titles": ("show", "books.title"), "price": ("below_avg", "books.price")},
            ("higher than",),
        ),
        (
            "the highest and the lowest price",
            {"price": ("show:max", "books.price")},
            ("highest", "lowest"),
        ),
    ],
)
def test_a_steering_word_without_a_trace_in_a_reading_is_named(
    text: str, roles: dict[str, tuple[str, str]], words: tuple[str, ...], businesses: Open
) -> None:
    library = businesses("library")
    question = read_slots(text, library.context(text), TODAY)
    options = chosen(question, **roles)
    left = unheard(question, options, build(question, options))
    assert tuple(w.removeprefix("the ") for w in left) == words


@pytest.mark.requirement("grounded:every-word-is-placed")
def test_an_order_is_nothing_that_a_question_without_a_word_for_it_asks(businesses: Open) -> None:
    library = businesses("library")
    for text, asked in (("titles of books with price", False), ("titles of books sorted by price", True)):
        question = read_slots(text, library.context(text), TODAY)
        options = chosen(question, titles=("show", "books.title"), price=("order:asc", "books.price"))
        assert asks_for_order(question, build(question, options)) is asked


@pytest.mark.requirement("grounded:composer")
def test_a_reading_that_leaves_out_an_unknown_word_says_so(businesses: Open) -> None:
    library = businesses("library")
    text = "titles of glimmering books"
    assert all("glimmering" in c.unplaced for c in composed(library, text))


@pytest.mark.requirement("grounded:composer")
def test_the_same_question_gives_the_same_readings(businesses: Open) -> None:
    library = businesses("library")
    text = "Which authors have at least 2 books in French or Norwegian?"
    assert composed(library, text) == composed(library, text)


@pytest.mark.requirement("grounded:composer")
def test_the_learned_probabilities_rise_with_the_score_and_end_within_zero_and_one() -> None:
    for ranker in (learned().first, learned().second):
        assert np.all(np.diff(ranker.levels) >= 0)
        assert np.all(np.diff(ranker.shares) >= 0)
        assert ranker.shares.min() >= 0
        assert ranker.shares.max() <= 1
        told = [ranker.probability(score) for score in (-50.0, -2.0, 0.0, 2.0, 50.0)]
        assert told == sorted(told)

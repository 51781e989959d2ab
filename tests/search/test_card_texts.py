"""What a table is found by: passages, words, one vector; nothing that shows values where it must not."""

import numpy as np
import pytest

from gnomon.context.catalog.texts import card_texts, card_vectors
from gnomon.domain.catalog import (
    CardColumn,
    CardStatement,
    Column,
    ColumnProfile,
    TableCard,
    TableRef,
    TableUsage,
)
from remembering import EMBEDDER

TIER = ColumnProfile("tier", 9, 0, 2, top=(("Gold", 6), ("Silver", 3), ("Once", 1)))
CARD = TableCard(
    TableRef("dim_cust", "sales"),
    (
        CardColumn(Column("tier", "text", "varchar"), TIER, "Service level"),
        CardColumn(Column("orderQty", "integer", "int")),
    ),
    purpose="Everybody who ever bought something",
    tags=("crm",),
    statements=(
        CardStatement("grain", "One row per person.", "m.sql:1"),
        CardStatement("scope", "Filter by country = 'Atlantis'.", "m.sql:3"),
        CardStatement("derivation", "Joins people with 'Lemuria'.", "m.sql:2"),
        CardStatement("freshness", "Hourly.", "m.yml:3"),
        CardStatement("downstream", "Feeds weather_report.", "m.sql:9"),
        CardStatement("use_when", "Choose it for churn.", "a.yml:2"),
    ),
    usage=TableUsage(7, 2, ("Loyalty of Acme Inc",), filters=("tier = ?",)),
)


@pytest.mark.requirement("search:card-texts")
def test_one_passage_says_what_a_table_is_for_and_the_other_what_it_holds() -> None:
    texts = card_texts(CARD)
    assert texts.about == "sales dim cust customer. Everybody who ever bought something. Loyalty of Acme Inc."
    assert texts.holds == ("dim cust customer: tier (Service level) such as Gold, Silver, order qty quantity")


@pytest.mark.requirement("search:card-texts")
def test_the_words_hold_names_as_they_are_spelt_and_all_that_the_passages_say() -> None:
    words = card_texts(CARD).words
    for expected in (
        "sales.dim_cust",
        "orderQty",
        "order qty quantity",
        "crm",
        "churn",
        "Service level",
        "Gold",
    ):
        assert expected in words
    for other in ("Hourly", "weather_report", "tier = ?", "Once"):
        assert other not in words


@pytest.mark.requirement("search:card-texts")
def test_what_code_tells_of_a_table_is_searched_for_words_and_embedded_nowhere() -> None:
    """Such sentences name other tables: embedded, they draw the questions about those."""
    texts = card_texts(CARD)
    for statement in ("One row per person.", "Joins people with 'Lemuria'.", "Choose it for churn."):
        assert statement in texts.words
        assert all(statement not in passage for passage in texts.passages)


@pytest.mark.requirement("search:card-texts")
def test_nothing_that_may_show_values_is_searched_where_people_see_different_rows() -> None:
    texts = card_texts(CARD, values=False)
    searched = " ".join([*texts.passages, texts.words])
    for hidden in ("Gold", "Silver", "Atlantis", "Lemuria", "Acme"):
        assert hidden not in searched
    for shown in ("One row per person", "Choose it for churn", "Service level", "Everybody"):
        assert shown in searched


@pytest.mark.requirement("search:card-texts")
def test_long_texts_are_cut_in_what_is_embedded_and_kept_in_the_words() -> None:
    columns = tuple(
        CardColumn(Column(f"column_{i}", "integer", "int"), None, "m" * 300) for i in range(2_000)
    )
    texts = card_texts(TableCard(TableRef("wide"), columns, purpose="Purpose. " * 1_000 + "Rarity."))
    assert max(map(len, texts.passages)) <= 600
    assert "Rarity" in texts.words
    assert len(texts.words) <= 100_000


@pytest.mark.requirement("search:card-texts")
def test_a_card_with_nothing_but_a_name_has_texts() -> None:
    texts = card_texts(TableCard(TableRef("日本"), ()))
    assert (texts.about, texts.holds) == ("日本.", "日本: ")


@pytest.mark.requirement("ODA-14")
def test_a_card_has_one_vector_the_mean_of_its_passages() -> None:
    embedder = EMBEDDER
    cards = [card_texts(CARD), card_texts(TableCard(TableRef("weather"), (), purpose="Rain by station."))]
    vectors = card_vectors(cards, embedder)
    about, holds = embedder.embed(cards[0].passages)
    mean = (about + holds) / 2
    assert vectors.shape == (2, embedder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert float(vectors[0] @ mean / np.linalg.norm(mean)) == pytest.approx(1.0, abs=1e-3)
    assert card_vectors([], embedder).shape == (0, embedder.dimensions)

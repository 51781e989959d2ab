"""Linking: which table or column words may mean, and how sure that is."""

from datetime import UTC, datetime

import pytest

from gnomon.domain.catalog import CardColumn, Column, ColumnProfile, TableCard, TableRef, TypeKind
from gnomon.domain.context import Context
from gnomon.models.grounded.linking import Lexicon, build_lexicon
from gnomon.models.grounded.tagging import tag
from gnomon.models.grounded.words import tokenize

NOW = datetime(2026, 3, 18, tzinfo=UTC)


def column(name: str, kind: TypeKind = "text", distinct: int = 50) -> CardColumn:
    """A column with a profile."""
    return CardColumn(Column(name, kind, kind), ColumnProfile(name, 100, 0, distinct))


CARDS = (
    TableCard(
        TableRef("fct_harvest_batches"),
        (
            column("batch_id", "integer"),
            column("harvest_date", "date"),
            column("weight_kg", "decimal"),
            column("unitPrice", "decimal"),
            column("is_organic", "boolean", 2),
            column("country_code"),
        ),
    ),
    TableCard(
        TableRef("growers"), (column("grower_id", "integer"), column("grower_name"), column("named_by"))
    ),
    TableCard(TableRef("growers", "raw"), (column("grower_id", "integer"), column("name"))),
)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """The names of a few tables."""
    return build_lexicon(Context("duckdb", NOW, cards=CARDS))


def best(lexicon: Lexicon, words: str) -> str:
    """The address of what the words mean first of all, or nothing."""
    links = lexicon.links(tokenize(words))
    if not links:
        return ""
    return str(links[0].table) if links[0].is_table else str(links[0].ref)


@pytest.mark.requirement("grounded:questions")
@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("harvest batches", "fct_harvest_batches"),
        ("Harvest Batch", "fct_harvest_batches"),
        ("batches", "fct_harvest_batches"),
        ("growers", "growers"),
        ("grower", "growers"),
        ("grower name", "growers.grower_name"),
        ("weight", "fct_harvest_batches.weight_kg"),
        ("price", "fct_harvest_batches.unitPrice"),
        ("unit price", "fct_harvest_batches.unitPrice"),
        ("unitprice", "fct_harvest_batches.unitPrice"),
        ("organic", "fct_harvest_batches.is_organic"),
        ("country", "fct_harvest_batches.country_code"),
        ("harvest dates", "fct_harvest_batches.harvest_date"),
        ("grow", ""),
        ("batch price", ""),
        ("kg", "fct_harvest_batches.weight_kg"),
    ],
)
def test_words_mean_the_name_that_they_say(lexicon: Lexicon, words: str, address: str) -> None:
    assert best(lexicon, words) == address


@pytest.mark.requirement("grounded:questions")
def test_a_raw_copy_ranks_behind_the_table_itself(lexicon: Lexicon) -> None:
    tables = [link for link in lexicon.links(tokenize("growers")) if link.is_table]
    assert [str(t.table) for t in tables] == ["growers", "raw.growers"]
    assert tables[0].score > tables[1].score


@pytest.mark.requirement("grounded:questions")
def test_a_verb_is_less_sure_than_the_noun_it_comes_from(lexicon: Lexicon) -> None:
    noun, verb = (lexicon.links(tokenize(w))[0].score for w in ("weight", "weighted"))
    assert verb < noun


@pytest.mark.requirement("grounded:questions")
def test_every_link_is_between_nothing_and_certainty(lexicon: Lexicon) -> None:
    for links in lexicon.names.values():
        assert list(links) == sorted(links, key=lambda k: -k.score)
        assert all(0 < k.score <= 1 for k in links)


@pytest.mark.requirement("grounded:every-word-is-placed")
@pytest.mark.parametrize(
    "question",
    [
        "how many harvest batches in 2024 weighed more than 5 kg?",
        "zorp growers, 'quoted words' & 20% of 1.5k!",
        "growers " * 20,
        "",
    ],
)
def test_every_token_ends_up_in_exactly_one_item(lexicon: Lexicon, question: str) -> None:
    items = tag(question, lexicon, (), NOW.date())
    assert " ".join(t.text for t in tokenize(question)) == " ".join(i.text for i in items)

"""Further names in the context of a question: which are taken up, who sees them, and what they cost."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.desk import ANA as SHOPKEEPER
from agent.desk import NOW, Desk, shop_told_by
from attacks.governance.governance_world import ANA, HIDDEN_NAMES, OWNER, SECRET, World, build
from context.catalog.told import Told, fact
from gnomon.agent.agent import Agent
from gnomon.agent.assemble import Assembler
from gnomon.agent.synonyms import MAX_SYNONYMS, MAX_UNKNOWN, unknown_words, with_synonyms
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.facts import Origin, PastQuery
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.answer import Clarification, Question
from gnomon.domain.catalog import CardColumn, Column, Statement, TableCard, TableRef
from gnomon.domain.context import Context, Synonym, TrustedQuery
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.models.grounded import GroundedModel
from gnomon.policy.authorize import authorize
from gnomon.policy.policies import Situation
from remembering import EMBEDDER

SHOP = Path(__file__).with_name("shop.sql")
REVENUE = "SELECT date_trunc('month', order_date) AS month, SUM(amount) AS revenue FROM orders GROUP BY 1"
SAID = Told(
    (
        fact("customers", "also_called", "client", place="shop.yaml:3"),
        fact("customers", "column_meaning", "Loyalty level, set by the sales team", column="tier"),
        fact("orders", "also_called", "phase", column="status", place="shop.yaml:9"),
        *(
            PastQuery(
                REVENUE, Origin("usage", f"chart {n}"), title="Revenue by month", author=author,
                dashboard="Sales", runs=40, views=900, reviewed=True, last_run=NOW, last_viewed=NOW,
            )
            for n, author in enumerate(("ana", "ben", "cem"))
        ),
    )
)  # fmt: skip


class Counting:
    """The embedder of the product, which counts its calls."""

    def __init__(self) -> None:
        self.model_id, self.dimensions = EMBEDDER.model_id, EMBEDDER.dimensions
        self.batches: list[tuple[str, ...]] = []

    def embed(self, texts: Sequence[str]) -> Any:
        self.batches.append(tuple(texts))
        return EMBEDDER.embed(texts)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A shop whose owner, comments and charts have names of their own for things."""
    with shop_told_by(tmp_path_factory.mktemp("synonyms"), SAID) as desk:
        yield desk


def assembled(
    index: Any, text: str, embedder: Any = EMBEDDER, who: Principal = SHOPKEEPER
) -> tuple[Context, str]:
    assembler = Assembler(index, embedder, "duckdb")
    asked = Question("q", text, who, NOW, "c")
    whole, vector = assembler.embed(asked, None)
    return assembler.assemble(asked, None, whole, vector)


def told(context: Context) -> list[tuple[str, str, str]]:
    return [(s.phrase, s.meant, s.source) for s in context.synonyms]


@pytest.mark.requirement(
    "synonyms:annotations", "synonyms:comments", "synonyms:queries", "synonyms:in-the-question"
)
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many clients are there?", [("client", "customers", "annotation")]),
        ("How many orders per phase?", [("phase", "orders.status", "annotation")]),
        ("Customers per loyalty level", [("Loyalty level", "customers.tier", "comment")]),
        ("What is the revenue by month?", [("revenue", "orders.amount", "query")]),
        ("How many shoppers are there?", [("shoppers", "customers", "embedder")]),
        ("How many orders were placed in 2024?", []),
        ("How many 'clients' ordered from Berlin?", [("client", "customers", "annotation")]),
    ],
)
def test_a_question_brings_the_names_that_stand_in_it(
    shop: Desk, question: str, expected: list[tuple[str, str, str]]
) -> None:
    context, text = assembled(shop.index, question)
    assert told(context) == expected
    assert ("by another name than its own" in text) == bool(expected)
    assert assembled(shop.index, question) == (context, text), "same question, same context"


@pytest.mark.requirement("synonyms:in-the-text")
def test_a_model_reads_who_calls_it_so_and_what_is_a_guess(shop: Desk) -> None:
    _, text = assembled(
        shop.index, "How many clients and shoppers have which loyalty level and revenue by month?"
    )
    assert "  «client» is customers: its owner calls it so [shop.yaml:3 by Ines]\n" in text
    assert "  «Loyalty level» is customers.tier: its description calls it so [" in text
    assert "  «shoppers» may be customers: near in meaning, and no more than a guess" in text
    assert "  also called [shop.yaml:3 by Ines]: client\n" in text


@pytest.mark.requirement("synonyms:one-embedding")
@pytest.mark.parametrize(
    ("question", "batches"),
    [
        ("How many customers are there per region in 2024?", 1),
        ("How many clients per phase?", 1),
        ("List the three most expensive orders from last month", 1),
        ("How many shoppers bought gizmos in the village?", 2),
    ],
)
def test_a_question_is_embedded_once_more_at_most_and_only_for_unknown_words(
    shop: Desk, question: str, batches: int
) -> None:
    counting = Counting()
    assembled(shop.index, question, counting)
    assert len(counting.batches) == batches


CARD = TableCard(TableRef("orderItems"), (CardColumn(Column("unit_price", "decimal", "decimal")),))


@pytest.mark.requirement("synonyms:embedder")
@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("How many parcels per client?", ("parcels", "client")),
        ("What is the average unit price of an item ordered in 2024?", ()),
        ("How many items are called \"red parcels\" or 'blue parcels'?", ()),
        ("Items from Graz of Acme", ()),
        ("Parcels in Graz", ("Parcels",)),
        ("a b c x1 42 € ?!", ()),
        ("", ()),
        (" ".join(f"gizmo{chr(97 + i)}" for i in range(MAX_UNKNOWN + 1)), ()),
    ],
)
def test_words_that_nothing_explains_are_looked_for_by_meaning(
    question: str, unknown: tuple[str, ...]
) -> None:
    assert unknown_words(question, Context("duckdb", NOW, cards=(CARD,))) == unknown


@pytest.mark.requirement("synonyms:embedder")
def test_what_a_person_chose_or_a_source_told_is_not_looked_for_by_meaning() -> None:
    chosen = Context("duckdb", NOW, cards=(CARD,), choices=(("parcels", "orderItems"),))
    known = Synonym("client", TableRef("orderItems"), None, "query", 0.7)
    assert unknown_words("parcels per client", chosen, (known,)) == ()


@pytest.mark.requirement("synonyms:in-the-text")
def test_a_context_holds_so_many_names_at_most_the_surest_first() -> None:
    many = tuple(Statement(f"gizmo {chr(97 + i // 26)}{chr(97 + i % 26)}x", "f.yaml:1") for i in range(100))
    card = replace(CARD, also_called=many)
    trusted = (TrustedQuery("Q", 'SELECT unit_price AS cost_price FROM "orderItems"', 0.9),)
    context = Context("duckdb", NOW, cards=(card,), trusted=trusted)
    found = with_synonyms(context, {}, Counting(), "cost price", " ".join(s.text for s in many)).synonyms
    assert len(found) == MAX_SYNONYMS
    assert {s.source for s in found} == {"annotation"}


# -- rights -----------------------------------------------------------------------------------------------

HIDDEN = Told(
    (
        fact("customers", "also_called", "zq vault", place="zq_vault.yaml:1"),
        fact("customers", "also_called", "patron", place="zq_bribes.yaml:1"),
        fact("customers", "also_called", "plastic", column="zq_card"),
        fact("customers", "column_meaning", "Plastic number", column="zq_card"),
        fact("customers", "column_meaning", "ZQ codeword", column="name"),
        fact("zq_vault", "also_called", "patron"),
        fact("zq_vault", "meaning", "Strongboxes."),
        fact("zq_bribes", "also_called", "gift"),
        *(
            PastQuery(
                sql, Origin("usage", f"chart {n}"), title=title, author=author, dashboard="Board",
                runs=40, views=900, reviewed=True, last_run=NOW, last_viewed=NOW,
            )
            for n, author in enumerate(("ana", "ben", "cem"))
            for title, sql in (
                ("Patrons by codeword", "SELECT zq_codeword AS password FROM zq_vault"),
                ("Takings by region", "SELECT region AS area, SUM(amount) AS takings FROM orders GROUP BY 1"),
                ("Plastic of patrons", "SELECT zq_card AS plastic FROM customers"),
            )
        ),
    )
)  # fmt: skip
CURIOUS = (
    "How many patrons have plastic?",
    "patrons by codeword and password",
    "takings by area",
    "plastic of patrons",
    "gifts to strongboxes",
    "what stands in the safe, the strongroom and the vault?",
    "bribery payees",
    "customers by zq vault and zq codeword",
)


@pytest.fixture(scope="module")
def hiding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A warehouse of which ana sees a part, and whose owners have further names for the rest of it."""
    folder = tmp_path_factory.mktemp("hidden-names")
    world = build("duckdb", 0, folder, EMBEDDER)
    build_index(world.warehouse, EMBEDDER, folder / "named.db", sources=(HIDDEN,), now=NOW)
    world.index.close()
    world.index = CatalogIndex.open(folder / "named.db")
    yield world
    world.close()


def seen_by(world: World, who: Principal) -> GovernedIndex:
    access = world.in_force().access(who, world.index.catalog(), "duckdb", Situation(), secret=SECRET)

    def run(sql: str) -> ResultTable:
        return world.warehouse.execute(authorize(Query(sql, "duckdb"), access, Limits()))

    return GovernedIndex(world.index, access, run)


@pytest.mark.requirement("synonyms:rights")
@pytest.mark.parametrize("question", CURIOUS)
def test_no_further_name_tells_of_what_is_hidden(hiding: World, question: str) -> None:
    index = seen_by(hiding, ANA)
    context, text = assembled(index, question, who=ANA)
    catalog = index.catalog()
    for synonym in context.synonyms:
        table = catalog.exact(synonym.table)
        assert table is not None, synonym
        assert synonym.column is None or table.column(synonym.column) is not None, synonym
    assert [n for n in HIDDEN_NAMES if n in repr((context.synonyms, context.cards)).casefold()] == []
    assert [n for n in HIDDEN_NAMES if n in text.casefold()] == []
    assert {"plastic", "gift", "password"} & {s.phrase.casefold() for s in context.synonyms} == set()


@pytest.mark.requirement("synonyms:rights")
def test_the_owner_of_the_same_warehouse_is_told_all_of_it(hiding: World) -> None:
    index = seen_by(hiding, OWNER)
    found = [told(assembled(index, question, who=OWNER)[0]) for question in CURIOUS]
    assert ("patron", "zq_vault", "annotation") in found[0]
    assert ("plastic", "customers.zq_card", "annotation") in found[0]
    assert ("gift", "zq_bribes", "annotation") in found[4]
    assert ("Strongboxes", "zq_vault", "comment") in found[4]


@pytest.mark.requirement("synonyms:rights")
def test_a_name_that_may_be_told_is_told_without_a_file_that_is_called_as_something_hidden(
    hiding: World,
) -> None:
    context, _ = assembled(seen_by(hiding, ANA), "How many patrons?", who=ANA)
    assert [(s.phrase, s.meant, s.origin) for s in context.synonyms] == [("patron", "customers", "")]


# -- from question to answer ------------------------------------------------------------------------------


def answers(shop: Desk, chosen: str | None = None) -> tuple[Agent, list[Clarification]]:
    """An agent with the embedded model, and what the person was asked, who chooses that."""
    asked: list[Clarification] = []

    def person(clarification: Clarification) -> str | None:
        asked.append(clarification)
        return chosen

    return shop.agent(GroundedModel(), ask_person=person), asked


@pytest.mark.requirement("synonyms:annotations")
def test_an_owners_word_answers_like_a_name(shop: Desk) -> None:
    agent, _ = answers(shop)
    by_name, by_word = (shop.ask(agent, f"How many {noun} are there?") for noun in ("customers", "clients"))
    assert (by_word.status, by_word.sql) == ("answered", by_name.sql)
    assert by_word.assumptions == ()
    assert "its owner also calls it so" in repr(by_word.reading)


@pytest.mark.requirement("synonyms:queries", "synonyms:comments")
@pytest.mark.parametrize(
    ("question", "assumed"),
    [
        (
            "What is the average revenue of orders in 2025?",
            "`revenue` is read as orders.amount: a trusted query calls it so.",
        ),
        (
            "How many customers per loyalty level?",
            "`loyalty level` is read as customers.tier: its description calls it so.",
        ),
    ],
)
def test_a_less_sure_word_answers_with_a_stated_assumption(shop: Desk, question: str, assumed: str) -> None:
    answer = shop.ask(answers(shop)[0], question)
    assert answer.status == "answered", answer.text
    assert [a.text for a in answer.assumptions] == [assumed]
    assert all(a.alternative for a in answer.assumptions)


@pytest.mark.requirement("synonyms:embedder-never-answers")
def test_a_near_word_is_asked_about_and_what_the_person_says_counts(shop: Desk) -> None:
    agent, asked = answers(shop, "customers")
    answer = shop.ask(agent, "How many shoppers are there?", interactive=True)
    assert [(c.question, c.options, c.default) for c in asked] == [
        ("What do you mean by `shoppers`?", ("customers", "none of these"), "none of these")
    ]
    assert (answer.status, answer.sql) == ("answered", shop.ask(agent, "How many customers are there?").sql)


@pytest.mark.requirement("synonyms:embedder-never-answers")
@pytest.mark.parametrize("chosen", [None, "none of these", "people who walk by"])
def test_without_a_persons_yes_a_near_word_answers_nothing(shop: Desk, chosen: str | None) -> None:
    agent, asked = answers(shop, chosen)
    answer = shop.ask(agent, "How many shoppers are there?", interactive=True)
    assert len(asked) == 1
    assert answer.status != "answered"
    assert answer.queries == ()


@pytest.mark.requirement("synonyms:embedder-never-answers")
def test_where_nobody_is_there_a_near_word_is_only_named(shop: Desk) -> None:
    agent, asked = answers(shop)
    answer = shop.ask(agent, "How many shoppers are there?")
    assert (answer.status != "answered", asked, answer.queries) == (True, [], ())
    assert "Do you mean `customers` by `shoppers`?" in answer.text
    assert "shoppers" in answer.unplaced

"""Which tables are compared with which, and the demo company's questions about look-alikes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from gnomon.agent.look_alikes import Pair, compared, look_alikes_of, why_taken
from gnomon.domain.catalog import CardStatement, Statement, TableCard, TableRef
from gnomon.flywheel.questions import EvalQuestion, load_questions

DEMO = Path(__file__).parents[2] / "demo"
QUESTIONS = load_questions(DEMO / "eval" / "look_alikes.toml")

pytestmark = pytest.mark.requirement("ODA-19")


def card(name: str, *use_when: str, **more: object) -> TableCard:
    """A card of `schema.name` with sentences on when to use it."""
    schema, _, table = name.rpartition(".")
    statements = tuple(CardStatement("use_when", text, f"{table}.sql:1") for text in use_when)
    return TableCard(TableRef(table, schema), (), statements=statements, **more)  # type: ignore[arg-type]


def pairs(*cards: TableCard) -> set[frozenset[str]]:
    return {frozenset({str(p.one), str(p.other)}) for p in compared(cards)}


BY_CODE = "Like marts.visitors, but leaves out rows of raw.sessions where `is_bot` is true."


def test_the_table_that_code_is_compared_with_is_brought_into_the_context() -> None:
    """Its name stands in no quotes; what does are columns."""
    assert look_alikes_of(card("marts.users", BY_CODE)) == ("marts.visitors",)
    passed_on = "Holds the same rows as marts.visitors, passed on as they are."
    assert look_alikes_of(card("marts.users", passed_on)) == ("marts.visitors",)


@pytest.mark.parametrize("name", ["main.Order Details", "visitors", "marts.visitors_2"])
def test_a_look_alike_may_have_any_name(name: str) -> None:
    assert look_alikes_of(card("marts.users", f"Like {name}, but keeps every row.")) == (name,)


def test_tables_that_rows_come_from_are_no_look_alikes() -> None:
    cards = card("marts.users", BY_CODE), card("marts.visitors"), card("raw.sessions")
    assert pairs(*cards) == {frozenset({"marts.users", "marts.visitors"})}


def test_words_of_a_tables_purpose_name_no_look_alike() -> None:
    shared = Statement(
        "Looks like `marts.signups_old`, which has no `source`; 3 rows here, 9 there.", "shared columns"
    )
    signups = card("marts.signups", purpose="One row a person. Belongs to entries.", caveats=(shared,))
    cards = signups, card("marts.signups_old"), card("raw.entries"), card("marts.source")
    assert pairs(*cards) == {frozenset({"marts.signups", "marts.signups_old"})}


def test_of_two_tables_of_one_name_the_one_of_the_schema_is_meant() -> None:
    better = card("amber.orders", use_instead="birch.orders")
    assert [
        (str(p.one), str(p.other)) for p in compared((better, card("birch.orders"), card("coral.orders")))
    ] == [("amber.orders", "birch.orders")]
    unsure = card("raw.orders_old", use_instead="orders")
    assert compared((unsure, card("amber.orders"), card("birch.orders"))) == []


def test_owners_words_come_before_those_of_code_and_of_columns() -> None:
    cards = (
        card("marts.users", BY_CODE),
        card("marts.visitors", use_instead="marts.users when people are meant; raw.sessions for robots"),
        card("raw.sessions"),
    )
    assert compared(cards)[0] == Pair(
        TableRef("visitors", "marts"),
        TableRef("users", "marts"),
        "use instead marts.users when people are meant; raw.sessions for robots",
        "its owner",
    )
    assert look_alikes_of(cards[1]) == ("marts.users", "raw.sessions")


def test_an_owner_may_name_a_table_with_or_without_its_schema() -> None:
    cards = card("marts.users", "For people; marts.visitors counts robots."), card("marts.visitors")
    assert pairs(*cards) == {frozenset({"marts.users", "marts.visitors"})}
    plain = card("users", "For people, while visitors has robots too."), card("visitors")
    assert pairs(*plain) == {frozenset({"users", "visitors"})}


def test_an_answer_that_took_one_of_two_says_so_and_why() -> None:
    cards = card("marts.users", BY_CODE), card("marts.visitors"), card("raw.sessions")
    (told,) = why_taken([TableRef("users", "marts"), TableRef("sessions", "raw")], cards)
    assert told.startswith("Took `marts.users` rather than `marts.visitors`.")
    assert told.endswith(f"{BY_CODE} (users.sql:1)")
    assert why_taken([TableRef("users", "marts"), TableRef("visitors", "marts")], cards) == ()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo company's warehouse, at a tenth of its size."""
    sys.path.insert(0, str(DEMO))
    try:
        from company.build import build_warehouse
    finally:
        sys.path.remove(str(DEMO))
    path = tmp_path_factory.mktemp("alike") / "fernhill.duckdb"
    build_warehouse(path, share=0.1)
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


@pytest.mark.requirement("demo:gold-answers")
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_the_gold_of_a_look_alike_question_runs(
    company: duckdb.DuckDBPyConnection, question: EvalQuestion
) -> None:
    for gold in question.gold:
        assert company.execute(gold).fetchall()


def test_every_pair_of_look_alikes_is_asked_about_from_both_sides() -> None:
    import sqlglot
    from sqlglot import exp

    sides: dict[str, set[str]] = {}
    for question in QUESTIONS:
        for table in sqlglot.parse_one(question.gold[0], read="duckdb").find_all(exp.Table):
            sides.setdefault(question.category, set()).add(f"{table.db}.{table.name}")
    assert len(sides) >= 9
    assert all(len(tables) == 2 for tables in sides.values()), sides

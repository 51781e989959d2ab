"""The index as a restricted person sees it, beside the same index as its owner sees it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from attacks.governance.governance_world import ANA, OWNER, SECRET, World, build, leaks
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.domain.catalog import ColumnRef, Evidence, Statement, TableRef
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.policy.authorize import authorize
from gnomon.policy.policies import Situation
from remembering import EMBEDDER

Worlds = tuple[World, World]
ORDERS = TableRef("orders")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    folder, embedder = tmp_path_factory.mktemp("governed"), EMBEDDER
    one, other = (build("duckdb", n, folder / str(n), embedder) for n in (0, 1))
    yield one, other
    one.close()
    other.close()


def governed(world: World, who: Principal = ANA) -> GovernedIndex:
    catalog = world.index.catalog()
    access = world.in_force().access(who, catalog, "duckdb", Situation(), secret=SECRET)

    def run(sql: str) -> ResultTable:
        return world.warehouse.execute(authorize(Query(sql, "duckdb"), access, Limits()))

    return GovernedIndex(world.index, access, run)


@pytest.mark.requirement("governance:governed-index")
def test_cards_brief_and_catalog_do_not_depend_on_hidden_data(worlds: Worlds) -> None:
    one, other = map(governed, worlds)
    assert one.cards() == other.cards()
    assert one.brief() == other.brief()
    assert one.catalog().joins == other.catalog().joins
    assert leaks(repr((one.cards(), one.brief())), "") == []


@pytest.mark.requirement("governance:governed-index")
def test_who_sees_all_gets_the_index_itself(worlds: Worlds) -> None:
    owner = governed(worlds[0], OWNER)
    assert owner.cards() == worlds[0].index.cards()
    assert owner.brief() == worlds[0].index.brief()
    assert owner.has_value(ColumnRef(ORDERS, "region"), "US") is True


@pytest.mark.requirement("governance:governed-index")
def test_nothing_measured_stands_on_the_card_of_a_restricted_table(worlds: Worlds) -> None:
    for name in ("orders", "customers", "salaries", "bonuses", "open_orders", "order_mails", "pay_list"):
        card = governed(worlds[0]).card(TableRef(name))
        assert card is not None
        assert card.row_count is None
        assert [c.profile for c in card.columns if c.profile is not None] == []
        assert {k.evidence for k in card.keys} <= {Evidence("declared"), Evidence("measured")}
        assert {j.evidence for j in card.joins} <= {Evidence("declared"), Evidence("measured")}


@pytest.mark.requirement("governance:governed-index")
def test_an_open_table_is_compared_with_a_restricted_one_without_its_figures(worlds: Worlds) -> None:
    """The look-alike knows how many rows both have; the owner reads it, ana reads that they look alike."""
    owners, anas = (_caveats(governed(worlds[0], who), "old_orders") for who in (OWNER, ANA))
    assert "Looks like `orders`; 5 rows here, 200 there." in owners
    assert "Looks like `orders`." in anas
    assert [text for text in anas if "other tables" in text or "there" in text] == []


def _caveats(index: GovernedIndex, table: str) -> list[str]:
    card = index.card(TableRef(table))
    assert card is not None
    return [statement.text for statement in card.caveats]


@pytest.mark.requirement("governance:governed-index")
def test_sentences_that_name_what_is_hidden_are_left_out_whatever_their_case(worlds: Worlds) -> None:
    card, owners = (
        governed(worlds[0]).card(TableRef("regions")),
        governed(worlds[0], OWNER).card(TableRef("regions")),
    )
    assert card is not None
    assert owners is not None
    assert card.purpose == "Regions of sales. One row per region."
    title = card.column("title")
    assert title is not None
    assert (title.meaning, title.column.comment) == ("How it is called.", "How it is called.")
    assert "zq_bribes" in owners.purpose


@pytest.mark.requirement("governance:governed-index")
def test_hidden_tables_and_columns_are_not_there(worlds: Worlds) -> None:
    index = governed(worlds[0])
    assert index.card(TableRef("zq_vault")) is None
    assert index.card(TableRef("zq_bribes")) is None
    customers = index.card(TableRef("customers"))
    assert customers is not None
    assert customers.column("zq_card") is None
    vector = EMBEDDER.embed(["codewords of the vault, card numbers"])[0]
    assert {c.ref.name for c in index.retrieve("zq_vault zq_bribes zq_card", vector, 25)}.isdisjoint(
        {"zq_vault", "zq_bribes"}
    )


@pytest.mark.requirement("governance:governed-index")
@pytest.mark.parametrize(
    ("table", "column", "literal"),
    [
        ("orders", "note", "CANARY-ROW-0"),
        ("orders", "status", "lost"),
        ("customers", "email", "CANARY-MAIL@acme.test"),
        ("customers", "zq_card", "CANARY-CARD-0-1"),
        ("salaries", "employee", "CANARY-UNIT"),
        ("bonuses", "employee", "CANARY-BONUS-0-1"),
        ("zq_vault", "zq_codeword", "CANARY-VAULT-0-1"),
        ("open_orders", "note", "CANARY-ROW-0"),
        ("order_mails", "email", "CANARY-MAIL@acme.test"),
        ("codes", "code", "CANARY-VAULT-0-1"),
        ("pay_list", "employee", "CANARY-UNIT"),
    ],
)
def test_hidden_values_are_neither_near_nor_matched_nor_known(
    worlds: Worlds, table: str, column: str, literal: str
) -> None:
    index, ref = governed(worlds[0]), ColumnRef(TableRef(table), column)
    assert index.has_value(ref, literal) is None
    assert index.near_values(ref, literal) == index.near_values(ref, literal[:-1]) == ()
    assert [m.value for m in index.match_values(f"show {literal} please")] == []


@pytest.mark.requirement("governance:governed-index")
def test_values_of_rows_that_the_person_sees_are_found(worlds: Worlds) -> None:
    index, ref = governed(worlds[0]), ColumnRef(ORDERS, "note")
    assert "fine 3" in index.near_values(ref, "fine 33")
    matches = index.match_values("orders with fine 3")
    assert ("fine 3", 0) in {(m.value, m.rows) for m in matches if m.column == ref}


@pytest.mark.requirement("governance:governed-index")
def test_an_index_of_narrower_rights_is_another_one(worlds: Worlds) -> None:
    """Nothing of one person's view is kept for the next."""
    nobody = replace(ANA, groups=frozenset())
    assert governed(worlds[0], nobody).cards() == ()
    assert governed(worlds[0], nobody).catalog().tables == ()
    america = replace(ANA, claims=(("region", "US"),))
    assert "fine 3" not in governed(worlds[0], america).near_values(ColumnRef(ORDERS, "note"), "fine 33")


@pytest.mark.requirement("governance:untold-warning")
def test_a_warning_that_may_not_be_read_is_said_to_be_there(worlds: Worlds) -> None:
    """Without it the table looks sounder than it is."""
    ana, owner = governed(worlds[0]), governed(worlds[0], OWNER)
    card = owner.card(TableRef("regions"))
    assert card is not None

    def told(text: str = "Old.", instead: str = "") -> list[str]:
        warned = replace(card, caveats=(Statement(text, "regions.yaml:3"),), use_instead=instead)
        table = ana.catalog().find("regions")
        assert table is not None
        shown = ana._governed(warned, table)
        assert leaks(repr(shown), "") == []
        return [f"{s.provenance}: {s.text}" for s in shown.caveats] + [shown.use_instead]

    untold = (
        "your rights: Something that is said of `regions` as a warning is not told here, because it names "
        "what you may not see."
    )
    assert told() == ["regions.yaml:3: Old.", ""]
    assert told("Half of it is in zq_vault.") == [untold, ""]
    assert told(instead="orders when new; zq_vault when old") == [
        "regions.yaml:3: Old.",
        untold,
        "orders when new",
    ]

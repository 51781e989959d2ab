"""What sources say is merged into one card a table: owners first, with provenance, and only where it fits."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from context.catalog.told import Told, fact
from gnomon.context.catalog.build import BuildReport
from gnomon.context.catalog.counts import SourceCount
from gnomon.context.catalog.facts import (
    JoinClaim,
    KeyClaim,
    LineageEdge,
    Origin,
    PastQuery,
    PipelineCode,
    Problem,
)
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.catalog import TableCard, TableRef

Build = Callable[..., BuildReport]
NOW = datetime(2026, 11, 26, tzinfo=UTC)
CODE = Origin("code", "orders.sql:3")
TEST = Origin("documentation", "schema.yml:9", "dbt")


@pytest.fixture
def card(build: Build, shop: Path, index_path: Path) -> Callable[..., TableCard]:
    def built(*items: object, table: str = "orders") -> TableCard:
        build(shop, sources=(Told(items),), now=NOW)  # type: ignore[arg-type]
        index = CatalogIndex.open(index_path)
        found = index.card(TableRef(table))
        index.close()
        assert found is not None
        return found

    return built


@pytest.mark.requirement("ODA-14")
def test_the_owner_wins_over_documentation_code_and_model(card: Callable[..., TableCard]) -> None:
    said = card(
        fact("orders", "meaning", "by a model", "model"),
        fact("orders", "meaning", "by the code", "code"),
        fact("orders", "meaning", "by its documentation", "documentation"),
        fact("orders", "meaning", "One row per paid order.", place="orders.yaml:2"),
    )
    assert (said.purpose, said.purpose_from) == ("One row per paid order.", "orders.yaml:2 by Ines")
    documented = card(
        fact("orders", "meaning", "by a model", "model"),
        fact("orders", "meaning", "documented", "documentation"),
    )
    assert documented.purpose == "documented"


@pytest.mark.requirement("ODA-14")
def test_every_statement_on_a_card_says_where_it_is_from(card: Callable[..., TableCard]) -> None:
    said = card(
        fact("orders", "owner", "finance@acme.test"),
        fact("orders", "criticality", "high", "documentation", place="orders/metadata.yaml:3"),
        fact("orders", "freshness", "daily by 06:00", place="f.yaml:9"),
        fact("orders", "caveat", "Orders of the old shop are missing."),
        fact("orders", "always_filter", "deleted_at IS NULL"),
        fact("orders", "use_instead", "products when prices matter"),
        fact("orders", "scope", "Only rows where status is not test.", "code", place="orders.sql:9"),
        fact("orders", "grain", "One row per id.", "code", place="orders.sql:12"),
        fact("orders", "column_meaning", "Where the order stands", column="STATUS"),
        fact(
            "orders", "derivation", "The month of created_at.", "code", column="state", place="orders.sql:4"
        ),
        fact("orders", "produced_by", "models/orders.sql", "code"),
        fact("orders", "tag", "core", "documentation"),
    )
    assert (said.owner, said.criticality, said.freshness) == ("finance@acme.test", "high", "daily by 06:00")
    assert (said.owner_from, said.criticality_from, said.freshness_from) == (
        "f.yaml:1 by Ines",
        "orders/metadata.yaml:3 by Ines",
        "f.yaml:9 by Ines",
    )
    assert said.always_filter == ("deleted_at IS NULL",)
    assert said.use_instead == "products when prices matter"
    assert said.produced_by == "models/orders.sql"
    assert said.tags == ("core",)
    assert [(s.kind, s.provenance) for s in said.statements] == [
        ("grain", "orders.sql:12 by Ines"),
        ("scope", "orders.sql:9 by Ines"),
    ]
    status, state = said.column("status"), said.column("state")
    assert status is not None
    assert state is not None
    assert (status.meaning, status.meaning_from) == ("Where the order stands", "f.yaml:1 by Ines")
    assert (state.meaning, state.meaning_from) == ("The month of created_at.", "orders.sql:4 by Ines")


@pytest.mark.requirement("ODA-08")
def test_an_annotation_of_what_does_not_exist_is_reported_and_the_rest_is_taken(
    build: Build, shop: Path, index_path: Path
) -> None:
    source = Told(
        (
            fact("ordres", "owner", "nobody", place="a.yaml:1"),
            fact("orders", "column_meaning", "?", column="amout", place="a.yaml:7"),
            fact("orders", "owner", "finance"),
            fact("elsewhere.table", "meaning", "not here", "documentation"),
            Problem("a.yaml:9", "is not YAML"),
        )
    )
    report = build(shop, sources=(source,))
    assert report.problems == (
        ("told:test a.yaml:9", "is not YAML"),
        ("a.yaml:1", "there is no table `ordres`"),
        ("a.yaml:7", "`orders` has no column `amout`"),
        ("told:test", "speaks of tables that this warehouse does not have, such as `elsewhere.table`"),
    )
    index = CatalogIndex.open(index_path)
    assert index.problems() == report.problems
    index.close()
    assert build(shop, sources=(source,)).problems == report.problems


@pytest.mark.requirement("ODA-14")
def test_sources_are_read_again_only_when_one_changed(build: Build, shop: Path) -> None:
    source = Told((fact("orders", "meaning", "Purchases."),))
    build(shop, sources=(source,))
    assert build(shop, sources=(source,)).unchanged
    assert source.reads == 1
    source.items = (fact("orders", "meaning", "Paid purchases."),)
    report = build(shop, sources=(source,))
    assert (report.unchanged, report.profiled, report.embedded, source.reads) == (False, 0, 1, 2)


@pytest.mark.requirement("ODA-14")
def test_a_statement_goes_when_its_source_goes(card: Callable[..., TableCard]) -> None:
    assert card(fact("orders", "owner", "finance")).owner == "finance"
    assert (card().owner, card().owner_from) == ("", "")


@pytest.mark.requirement("context:claims")
def test_a_tested_key_and_join_are_taken_and_a_contradicted_key_is_not(
    build: Build, shop: Path, index_path: Path
) -> None:
    source = Told(
        (
            KeyClaim("products", ("sku",), TEST),
            KeyClaim("orders", ("status",), TEST),
            KeyClaim("orders", ("nothing",), TEST),
            JoinClaim("orders", ("state",), "customers", ("country",), TEST),
            JoinClaim("orders", ("status",), "products", ("sku",), Origin("usage", "12 queries")),
        )
    )
    report = build(shop, sources=(source,))
    index = CatalogIndex.open(index_path)
    orders, products = index.card(TableRef("orders")), index.card(TableRef("products"))
    index.close()
    assert orders is not None
    assert products is not None
    assert ("sku",) in [k.columns for k in products.keys]
    assert ("status",) not in [k.columns for k in orders.keys]
    assert [m for _, m in report.problems] == [
        "`orders.status` is said to be unique, but the data repeat values of it"
    ]
    assert [j.evidence.source for j in orders.joins if j.parent_columns == ("sku",)] == ["observed"]
    assert [j for j in orders.joins if j.parent_columns == ("country",)] == []


@pytest.mark.requirement("ODA-06")
def test_lineage_is_walked_up_and_down_through_cycles(build: Build, shop: Path, index_path: Path) -> None:
    edges = (
        LineageEdge("orders", "raw.shop_orders", CODE),
        LineageEdge("orders", "customers", CODE, "customer_id", "id"),
        LineageEdge("customers", "orders", CODE),
        LineageEdge("products", "orders", CODE),
        LineageEdge("nowhere", "orders", CODE),
    )
    build(shop, sources=(Told(edges),))
    index = CatalogIndex.open(index_path)
    up = index.lineage(TableRef("orders"), up=True, depth=5)
    down = index.lineage(TableRef("orders"), up=False, depth=5)
    index.close()
    assert {(str(k.upstream), k.upstream_column) for k in up if str(k.table) == "orders"} == {
        ("raw.shop_orders", ""),
        ("customers", "id"),
    }
    assert {str(k.table) for k in down} == {"customers", "products", "orders"}
    assert {k.provenance for k in up} == {"orders.sql:3"}


@pytest.mark.requirement("ODA-06")
def test_code_and_history_reach_the_card(card: Callable[..., TableCard]) -> None:
    made = "CREATE TABLE orders AS SELECT id, status FROM raw_orders WHERE NOT is_test"
    asked = "SELECT status, COUNT(*) FROM orders WHERE deleted_at IS NULL GROUP BY status"
    said = card(
        PipelineCode("orders", made, Origin("code", "orders.sql:1")),
        PastQuery(
            asked,
            Origin("usage", "log:1"),
            title="Orders by status",
            author="ana",
            role="analyst",
            last_run=datetime(2026, 11, 20, tzinfo=UTC),
            runs=40,
            succeeded=True,
            dashboard="Operations",
            views=900,
        ),
    )
    assert any("is_test" in s.text for s in said.statements if s.kind == "scope")
    assert said.usage is not None
    assert (said.usage.queries, said.usage.users, said.usage.dashboards) == (40, 1, ("Operations",))


@pytest.mark.requirement("ODA-07")
def test_a_trusted_query_is_found_by_a_question_like_its_own(
    build: Build, shop: Path, index_path: Path, counting_vector: Callable[[str], Any]
) -> None:
    query = PastQuery(
        "SELECT COUNT(*) FROM orders WHERE status = 'shipped'",
        Origin("usage", "log:7"),
        title="Finished orders",
        author="ana",
        role="data scientist",
        last_run=datetime(2026, 11, 20, tzinfo=UTC),
        runs=50,
        succeeded=True,
        dashboard="Operations",
        views=900,
        reviewed=True,
    )
    report = build(shop, sources=(Told((query,)),), now=NOW)
    assert report.trusted == 1
    index = CatalogIndex.open(index_path)
    (found,) = index.trusted(counting_vector("Finished orders"), 3)
    assert index.trusted(-counting_vector("Finished orders"), 3) == ()
    index.close()
    assert (found.question, found.tables) == ("Finished orders", (TableRef("orders"),))
    assert "shipped" not in found.sql.casefold()
    assert found.trust > 0.5


@pytest.mark.requirement("catalog:annotated-twice")
def test_entries_that_name_one_table_differently_are_reported_once_each(build: Build, shop: Path) -> None:
    told = (
        fact("orders", "owner", "Ana", place="orders.yaml:2"),
        fact("main.orders", "owner", "Bo", place="twice.yaml:2"),
        fact("main.orders", "caveat", "Late.", place="twice.yaml:3"),
        fact("shop.main.orders", "meaning", "by its documentation", "documentation", place="schema.yml:1"),
        fact("products", "owner", "Ana", place="products.yaml:2"),
        fact("Products", "caveat", "Few.", place="products.yaml:3"),
    )
    report = build(shop, sources=(Told(told),), now=NOW)
    assert report.problems == (
        (
            "twice.yaml:2",
            "`main.orders` is annotated as `orders` too, in orders.yaml:2; put both in one entry: where they "
            "differ, only the other is used",
        ),
    )


@pytest.mark.requirement("catalog:source-counts")
def test_a_build_tells_how_much_each_source_told_also_when_nothing_changed(build: Build, shop: Path) -> None:
    items = (
        fact("orders", "owner", "Ana"),
        fact("elsewhere", "meaning", "of another warehouse", "documentation"),
        JoinClaim("orders", ("product_id",), "products", ("id",), TEST),
        KeyClaim("orders", ("id",), TEST),
        LineageEdge("orders", "products", CODE),
        PipelineCode("orders", "select 1 as id", CODE),
        PastQuery("select count(*) from orders", CODE),
        Problem("a.yaml:9", "is not YAML"),
    )
    empty = Told((), "told:empty")
    sources = (Told(items), empty)
    counted = (SourceCount("told:test", 2, 5, 1, 1, 0, 1), SourceCount("told:empty"))
    assert build(shop, sources=sources, now=NOW).sources == counted
    again = build(shop, sources=sources, now=NOW)
    assert (again.unchanged, again.sources) == (True, counted)

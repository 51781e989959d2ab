"""Manifests of several schema versions, each in the form that its dbt writes."""

import json
from pathlib import Path
from typing import Any

import pytest

from context.catalog.sources.dbt.dbt_projects import (
    data_test,
    facts,
    gathered,
    model,
    nodes,
    said,
    write_manifest,
)
from gnomon.context.catalog.facts import (
    Dashboard,
    Fact,
    JoinClaim,
    KeyClaim,
    LineageEdge,
    Origin,
    PipelineCode,
    Problem,
)
from gnomon.context.catalog.sources.dbt import open_dbt

DOCUMENTED = Origin("documentation", "models/schema.yml", "dbt:test")


def old_model(name: str, code: str, **fields: Any) -> dict[str, Any]:
    """A model as dbt 0.19 to 1.2 wrote it (v1 to v6)."""
    entry = model(name, raw_sql=code, compiled_sql=code, compiled=True, **fields)
    entry["patch_path"] = "models/schema.yml"
    return entry


def old_test(name: str, on: str, column: str, **kwargs: Any) -> dict[str, Any]:
    """A test as manifests before v10 have it: the table stands in the arguments alone."""
    entry = data_test(name, on, column, model=f"{{{{ ref('{on}') }}}}", **kwargs)
    del entry["attached_node"]
    return entry


@pytest.mark.requirement("sources:dbt-versions")
def test_a_manifest_of_v1_gives_meaning_code_keys_and_joins(tmp_path: Path) -> None:
    entries = nodes(
        old_test("unique", "orders", "id"),
        old_test("relationships", "orders", "customer_id", to="ref('customers')", field="id"),
        old_model("orders", "select 1 as id", description="One row per order.", refs=[["customers"]]),
        old_model("customers", "select 2 as id"),
    )
    entries["model.shop.orders"]["depends_on"] = {"nodes": ["model.shop.customers"]}
    found = gathered(write_manifest(tmp_path, 1, nodes=entries))
    assert found.problems == []
    assert said(found, "meaning") == ["One row per order."]
    assert [(c.table, c.sql) for c in found.code] == [
        ("wh.main.customers", "select 2 as id"),
        ("wh.main.orders", "select 1 as id"),
    ]
    assert found.keys == [KeyClaim("wh.main.orders", ("id",), DOCUMENTED)]
    assert found.joins == [
        JoinClaim("wh.main.orders", ("customer_id",), "wh.main.customers", ("id",), DOCUMENTED)
    ]
    assert [(e.table, e.upstream) for e in found.lineage] == [("wh.main.orders", "wh.main.customers")]


@pytest.mark.requirement("sources:dbt-versions")
def test_metrics_of_v4_say_how_they_aggregate(tmp_path: Path) -> None:
    metric = {
        "name": "revenue",
        "label": "Revenue",
        "type": "sum",
        "sql": "amount",
        "model": "ref('orders')",
        "filters": [{"field": "status", "operator": "=", "value": "'paid'"}],
        "depends_on": {"nodes": ["model.shop.orders"]},
        "original_file_path": "models/schema.yml",
    }
    found = gathered(
        write_manifest(
            tmp_path, 4, nodes=nodes(old_model("orders", "select 1")), metrics={"metric.shop.revenue": metric}
        )
    )
    text = "Governed metric `revenue` (Revenue) = sum(amount) where status = 'paid'"
    assert facts(found, "derivation") == [Fact("wh.main.orders", "derivation", text, DOCUMENTED)]


@pytest.mark.requirement("sources:dbt-versions")
def test_metrics_of_v7_have_other_names_for_the_same(tmp_path: Path) -> None:
    sum_of = {
        "name": "revenue",
        "calculation_method": "sum",
        "expression": "amount",
        "depends_on": {"nodes": ["model.shop.orders"]},
    }
    derived = {
        "name": "average",
        "calculation_method": "derived",
        "expression": "revenue / orders",
        "depends_on": {"nodes": ["metric.shop.revenue"]},
    }
    entries = nodes(model("orders", compiled_code="select 1 as id"))
    metrics = {"metric.shop.revenue": sum_of, "metric.shop.average": derived}
    found = gathered(write_manifest(tmp_path, 7, nodes=entries, metrics=metrics))
    assert said(found, "derivation", "orders") == [
        "Governed metric `revenue` = sum(amount)",
        "Governed metric `average` = revenue / orders",
    ]
    assert [c.sql for c in found.code] == ["select 1 as id"]


SEMANTIC = {
    "semantic_model.shop.orders": {
        "name": "orders",
        "description": "Orders as finance sees them.",
        "depends_on": {"nodes": ["model.shop.orders"]},
        "original_file_path": "models/schema.yml",
        "entities": [
            {"name": "order", "type": "primary", "expr": "id"},
            {"name": "customer", "type": "foreign", "expr": "customer_id"},
            {"name": "day", "type": "foreign", "expr": "date_trunc('day', at)"},
        ],
        "dimensions": [{"name": "state", "expr": "order_state", "description": "Where it stands."}],
        "measures": [{"name": "total", "agg": "sum", "expr": "amount"}],
    },
    "semantic_model.shop.customers": {
        "name": "customers",
        "depends_on": {"nodes": ["model.shop.customers"]},
        "original_file_path": "models/schema.yml",
        "entities": [{"name": "customer", "type": "primary", "expr": "id"}],
    },
}
METRICS = {
    "metric.shop.revenue": {
        "name": "revenue",
        "type": "simple",
        "type_params": {"measure": {"name": "total"}},
        "filter": {"where_filters": [{"where_sql_template": "{{ Dimension('order__state') }} = 'paid'"}]},
        "depends_on": {"nodes": ["semantic_model.shop.orders"]},
    },
    "metric.shop.share": {
        "name": "share",
        "type": "ratio",
        "type_params": {"numerator": {"name": "revenue"}, "denominator": {"name": "everything"}},
        "depends_on": {"nodes": ["metric.shop.revenue", "metric.shop.share"]},
    },
    "metric.shop.growth": {
        "name": "growth",
        "type": "derived",
        "type_params": {
            "expr": "now - before",
            "metrics": [
                {"name": "revenue", "alias": "now"},
                {
                    "name": "revenue",
                    "alias": "before",
                    "offset_window": {"count": 1, "granularity": "month"},
                },
            ],
        },
    },
    "metric.shop.so_far": {
        "name": "so_far",
        "type": "cumulative",
        "type_params": {"measure": {"name": "total"}, "cumulative_type_params": {"grain_to_date": "year"}},
    },
    "metric.shop.own": {
        "name": "own",
        "type": "simple",
        "type_params": {"metric_aggregation_params": {"agg": "max", "expr": "amount"}},
        "depends_on": {"nodes": ["semantic_model.shop.orders"]},
    },
}


@pytest.mark.requirement("sources:dbt-metrics")
def test_the_semantic_layer_of_v12_gives_metrics_keys_and_joins(tmp_path: Path) -> None:
    query = {
        "name": "weekly",
        "query_params": {"metrics": ["revenue"], "group_by": ["TimeDimension('order__at', 'week')"]},
        "original_file_path": "models/schema.yml",
    }
    found = gathered(
        write_manifest(
            tmp_path,
            12,
            nodes=nodes(model("orders"), model("customers")),
            semantic_models=SEMANTIC,
            metrics=METRICS,
            saved_queries={"saved_query.shop.weekly": query},
        )
    )
    assert said(found, "derivation", "orders") == [
        "Governed metric `revenue` = sum(amount) where order_state = 'paid'",
        "Governed metric `share` = revenue / everything",
        "Governed metric `growth` = now - before (now = revenue, before = revenue 1 month before)",
        "Governed metric `so_far` = running total of sum(amount) since the start of the year",
        "Governed metric `own` = max(amount)",
    ]
    assert said(found, "downstream") == ["Saved query `weekly`: revenue by at"]
    assert said(found, "meaning") == ["Orders as finance sees them."]
    assert said(found, "column_meaning", column="order_state") == ["Where it stands."]
    assert [k.columns for k in found.keys] == [("id",), ("id",)]
    assert found.joins == [
        JoinClaim("wh.main.orders", ("customer_id",), "wh.main.customers", ("id",), DOCUMENTED)
    ]


@pytest.mark.requirement("sources:dbt-documentation")
def test_owner_criticality_tags_caveats_and_file_of_a_model_are_told(tmp_path: Path) -> None:
    entry = model(
        "orders",
        description="  One row per order.\n",
        tags=["finance"],
        meta={
            "tier": 1,
            "caveats": ["Late on Mondays."],
            "known_issues": "Double rows in May.",
            "color": "red",
        },
        group="money",
        columns={"id": {"name": "id", "description": "Its number."}, "at": {"name": "at", "description": ""}},
    )
    entry["config"] |= {"tags": ["finance", "daily"], "meta": {"grain": "order"}}
    groups = {
        "group.shop.money": {
            "name": "money",
            "owner": {"name": "Fay", "email": ["f@shop.test", "m@shop.test"]},
        }
    }
    found = gathered(write_manifest(tmp_path, 12, nodes=nodes(entry), groups=groups))
    assert [(f.kind, f.text, f.column) for f in found.facts] == [
        ("meaning", "One row per order.", ""),
        ("owner", "Fay <f@shop.test, m@shop.test>", ""),
        ("tag", "finance", ""),
        ("tag", "daily", ""),
        ("grain", "order", ""),
        ("criticality", "tier 1", ""),
        ("caveat", "Late on Mondays.", ""),
        ("caveat", "Double rows in May.", ""),
        ("produced_by", "models/orders.sql", ""),
        ("column_meaning", "Its number.", "id"),
    ]
    assert {(f.table, f.origin) for f in found.facts if f.kind != "produced_by"} == {
        ("wh.main.orders", DOCUMENTED)
    }


@pytest.mark.requirement("sources:dbt-documentation")
def test_an_owner_in_meta_goes_before_the_one_of_the_group(tmp_path: Path) -> None:
    entry = model("orders", meta={"owner": {"email": "ana@shop.test"}}, group="money")
    groups = {"group.shop.money": {"name": "money", "owner": {"name": "Fay"}}}
    found = gathered(write_manifest(tmp_path, 12, nodes=nodes(entry), groups=groups))
    assert said(found, "owner") == ["ana@shop.test"]


@pytest.mark.requirement("sources:dbt-documentation")
def test_an_older_version_of_a_model_says_which_to_use_instead(tmp_path: Path) -> None:
    def version(number: int) -> dict[str, Any]:
        return model(
            "orders",
            alias=f"orders_v{number}",
            unique_id=f"model.shop.orders.v{number}",
            version=number,
            latest_version=2,
            deprecation_date="2026-01-31T00:00:00+00:00" if number == 1 else None,
        )

    found = gathered(write_manifest(tmp_path, 12, nodes=nodes(version(1), version(2))))
    assert [(f.table, f.text) for f in facts(found, "use_instead")] == [
        ("wh.main.orders_v1", "wh.main.orders_v2: version 2 is the latest of `orders`")
    ]
    assert said(found, "caveat") == ["Deprecated: its end is set to 2026-01-31."]


SOURCE = {
    "resource_type": "source",
    "source_name": "crm",
    "source_description": "Exports of the CRM.",
    "name": "accounts",
    "identifier": "accounts_raw",
    "database": "lake",
    "schema": "crm_landing",
    "loader": "Airbyte",
    "loaded_at_field": "_loaded_at",
    "freshness": {
        "warn_after": {"count": 12, "period": "hour"},
        "error_after": {"count": 1, "period": "day"},
    },
    "original_file_path": "models/schema.yml",
    "package_name": "shop",
}


@pytest.mark.requirement("sources:dbt-documentation")
def test_a_source_tells_how_fresh_it_should_be_and_who_loads_it(tmp_path: Path) -> None:
    found = gathered(write_manifest(tmp_path, 12, sources={"source.shop.crm.accounts": SOURCE}))
    assert [(f.table, f.kind, f.text) for f in found.facts] == [
        ("lake.crm_landing.accounts_raw", "meaning", "Table `accounts` of source `crm`: Exports of the CRM."),
        (
            "lake.crm_landing.accounts_raw",
            "freshness",
            "loaded at least every 12 hours, by `_loaded_at`; over 1 day is an error",
        ),
        ("lake.crm_landing.accounts_raw", "derivation", "Loaded by Airbyte."),
    ]


@pytest.mark.requirement("sources:dbt-lineage")
def test_lineage_goes_through_models_that_are_no_tables(tmp_path: Path) -> None:
    inner = model("inner", depends_on={"nodes": ["source.shop.crm.accounts"]}, description="Not a table.")
    inner["config"] = {"materialized": "ephemeral"}
    outer = model("outer", depends_on={"nodes": ["model.shop.inner", "model.shop.gone"]})
    found = gathered(
        write_manifest(tmp_path, 12, nodes=nodes(inner, outer), sources={"source.shop.crm.accounts": SOURCE})
    )
    code = Origin("code", "models/outer.sql", "dbt:test")
    assert found.lineage == [LineageEdge("wh.main.outer", "lake.crm_landing.accounts_raw", code)]
    assert said(found, "meaning", "inner") == []


@pytest.mark.requirement("sources:dbt-code")
def test_code_that_is_not_compiled_is_filled_in_with_real_names(tmp_path: Path) -> None:
    inner = model("inner", raw_code="select id from {{ source('crm', 'accounts') }} -- all")
    inner["config"] = {"materialized": "ephemeral"}
    outer = model(
        "outer",
        raw_code="select * from {{ ref('inner') }} as i, {{ ref('odd') }}, {{ this }}",
        language="sql",
    )
    odd = model("odd", alias="Odd Name", relation_name='"wh"."main"."Odd Name"', raw_code="def model(): ...")
    odd["language"] = "python"
    found = gathered(
        write_manifest(
            tmp_path, 12, nodes=nodes(inner, outer, odd), sources={"source.shop.crm.accounts": SOURCE}
        )
    )
    sql = (
        "select * from (\nselect id from lake.crm_landing.accounts_raw -- all\n) as i, "
        '"wh"."main"."Odd Name", wh.main.outer'
    )
    origin = Origin("code", "models/outer.sql", "dbt:test")
    assert found.code == [PipelineCode("wh.main.outer", sql, origin, "duckdb", "table")]


@pytest.mark.requirement("sources:dbt-code")
def test_code_with_macros_is_left_out_and_reported_with_its_line(tmp_path: Path) -> None:
    entry = model(
        "orders", raw_code="select\n  {{ cents('amount') }}\nfrom {{ ref('raw') }}", description="Orders."
    )
    found = gathered(write_manifest(tmp_path, 12, nodes=nodes(entry)))
    text = "a call of `cents` is not known without dbt; its SQL is left out, all else is read"
    assert found.problems == [Problem("models/orders.sql:2", text)]
    assert (found.code, said(found, "meaning")) == ([], ["Orders."])


@pytest.mark.requirement("sources:dbt-exposures")
def test_an_exposure_is_a_dashboard_on_the_tables_below_it(tmp_path: Path) -> None:
    inner = model("inner", depends_on={"nodes": ["model.shop.orders"]})
    inner["config"] = {"materialized": "ephemeral"}
    exposure = {
        "name": "weekly",
        "label": "Weekly revenue",
        "type": "dashboard",
        "maturity": "high",
        "owner": {"name": "Ana", "email": "ana@shop.test"},
        "url": "https://bi.shop.test/1",
        "description": "The Monday meeting looks at it.",
        "depends_on": {"nodes": ["model.shop.inner", "metric.shop.revenue"]},
        "original_file_path": "models/schema.yml",
    }
    found = gathered(
        write_manifest(
            tmp_path,
            12,
            nodes=nodes(inner, model("orders"), model("customers")),
            semantic_models=SEMANTIC,
            metrics=METRICS,
            exposures={"exposure.shop.weekly": exposure},
        )
    )
    assert found.dashboards == [
        Dashboard(
            "Weekly revenue",
            DOCUMENTED,
            owner="Ana <ana@shop.test>",
            tables=("wh.main.orders",),
            url="https://bi.shop.test/1",
        )
    ]
    text = "Weekly revenue (dashboard, maturity high): The Monday meeting looks at it."
    assert said(found, "downstream") == [text]


@pytest.mark.requirement("sources:dbt-documentation")
def test_what_is_switched_off_is_left_out(tmp_path: Path) -> None:
    off = model("off", description="Not built.")
    off["config"] = {"enabled": False}
    disabled = {"model.shop.gone": [model("gone", description="Not built either.")]}
    found = gathered(
        write_manifest(
            tmp_path,
            12,
            nodes=nodes(off, data_test("unique", "on", "id", {"enabled": False}), model("on")),
            disabled=disabled,
        )
    )
    assert (found.keys, said(found, "meaning")) == ([], [])
    assert said(found, "produced_by") == ["models/on.sql"]


def write_catalog(folder: Path, entries: dict[str, Any]) -> None:
    (folder / "catalog.json").write_text(json.dumps({"metadata": {}, "nodes": entries, "sources": {}}))


def relation(name: str, owner: str, comment: str = "", **columns: str) -> dict[str, Any]:
    return {
        "metadata": {"database": "wh", "schema": "main", "name": name, "comment": comment, "owner": owner},
        "columns": {c: {"name": c, "comment": said} for c, said in columns.items()},
    }


@pytest.mark.requirement("sources:dbt-catalog")
def test_comments_of_the_warehouse_stand_in_where_nothing_is_written(tmp_path: Path) -> None:
    entry = model("orders", columns={"id": {"name": "id", "description": "Its number."}})
    write_manifest(tmp_path, 12, nodes=nodes(entry))
    write_catalog(
        tmp_path,
        {
            "model.shop.orders": relation("orders", "etl", "All orders.", ID="A number", at="When"),
            "seed.shop.days": relation("days", "ana", "Days.", day=""),
        },
    )
    found = gathered(tmp_path)
    assert said(found, "meaning", "orders") == ["All orders."]
    assert [(f.column, f.text) for f in facts(found, "column_meaning")] == [
        ("id", "Its number."),
        ("at", "When"),
    ]
    assert [(f.table, f.text) for f in facts(found, "owner")] == [
        ("wh.main.orders", "etl"),
        ("wh.main.days", "ana"),
    ]
    assert said(found, "meaning", "days") == ["Days."]


@pytest.mark.requirement("sources:dbt-catalog")
def test_a_role_that_owns_every_table_is_nobodys_owner(tmp_path: Path) -> None:
    write_manifest(tmp_path, 12, nodes=nodes(model("orders"), model("days")))
    write_catalog(
        tmp_path,
        {"model.shop.orders": relation("orders", "etl"), "model.shop.days": relation("days", "etl")},
    )
    assert said(gathered(tmp_path), "owner") == []


@pytest.mark.requirement("sources:dbt-versions")
@pytest.mark.parametrize("version", [*range(1, 13), 20])
def test_known_versions_are_read_without_a_word(version: int, tmp_path: Path) -> None:
    assert gathered(write_manifest(tmp_path, version)).problems == []


@pytest.mark.requirement("sources:dbt-versions")
def test_an_unknown_version_is_read_all_the_same_and_reported(tmp_path: Path) -> None:
    found = gathered(write_manifest(tmp_path, 99, nodes=nodes(model("orders", description="Orders."))))
    assert said(found, "meaning") == ["Orders."]
    assert [p.place for p in found.problems] == ["manifest.json"]
    assert "v99.json` is not known; it was read like version 12" in found.problems[0].message


@pytest.mark.requirement("sources:dbt-versions")
def test_reading_twice_gives_the_same_in_the_same_order(tmp_path: Path) -> None:
    entries = [model(f"m{i}", description=str(i)) for i in range(20)]
    one = write_manifest(tmp_path / "one", 12, nodes=nodes(*entries))
    two = write_manifest(tmp_path / "two", 12, nodes=nodes(*reversed(entries)))
    assert list(open_dbt(one, "dbt:test").read()) == list(open_dbt(two, "dbt:test").read())

"""A bare project folder, read without dbt and without any artifact."""

from pathlib import Path

import pytest

from context.catalog.sources.dbt.dbt_projects import facts, gathered, said, write_files, write_manifest
from gnomon.context.catalog.facts import Dashboard, JoinClaim, KeyClaim, Origin, PipelineCode, Problem

PROJECT = """
name: shop
model-paths: [models]
vars:
  landing: crm_landing
  shop:
    days: 30
models:
  shop:
    +tags: nightly
    staging:
      +materialized: ephemeral
    old:
      +enabled: "{{ var('days') > 90 }}"
"""

SCHEMA = """
version: 2
models:
  - name: orders
    description: "{{ doc('orders') }}"
    config: {meta: {owner: Fay, criticality: high}, tags: [finance]}
    columns:
      - name: id
        description: Its number.
        tests: [unique, not_null]
      - name: customer_id
        data_tests:
          - relationships: {to: ref('customers'), field: id}
      - &status
        name: status
        data_tests:
          - accepted_values:
              arguments: {values: [placed, shipped]}
              config: {where: "id > 0"}
  - name: customers
    tests:
      - dbt_utils.unique_combination_of_columns:
          combination_of_columns: [id, region]
    columns:
      - <<: *status
        description: Whether they still buy.
sources:
  - name: crm
    schema: "{{ var('landing') }}"
    loader: Airbyte
    config: {freshness: {warn_after: {count: 1, period: day}}, loaded_at_field: at}
    tables:
      - name: accounts
        description: As exported.
      - name: clicks
        config: {freshness: null}
seeds:
  - name: regions
    description: Sales regions.
exposures:
  - name: weekly
    type: dashboard
    owner: {email: ana@shop.test}
    depends_on: [ref('orders'), "source('crm', 'clicks')"]
"""

FILES = {
    "dbt_project.yml": PROJECT,
    "models/schema.yml": SCHEMA,
    "models/docs.md": "{% docs orders %}\nOne row per order.\n{% enddocs %}\n",
    "models/staging/stg_accounts.sql": "select * from {{ source('crm', 'accounts') }}",
    "models/customers.sql": "{{ config(materialized='table') }}\nselect * from {{ ref('stg_accounts') }} s",
    "models/orders.sql": (
        "{{ config(materialized='incremental', alias='fct_orders') }}\n"
        "select * from {{ ref('customers') }} where age < {{ var('days') }}\n"
        "{% if is_incremental() %} and at > (select max(at) from {{ this }}) {% endif %}"
    ),
    "models/old/orders_2019.sql": "select 1",
    "seeds/regions.csv": "code,name\neu,Europe\n",
    "snapshots/history.sql": (
        "{% snapshot accounts_history %}\n{{ config(target_schema='history', unique_key='id') }}\n"
        "select * from {{ source('crm', 'accounts') }}\n{% endsnapshot %}"
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path, FILES)


def written(place: str) -> Origin:
    return Origin("documentation", place, "dbt:test")


def code_of(place: str) -> Origin:
    return Origin("code", place, "dbt:test")


@pytest.mark.requirement("sources:dbt-project")
def test_descriptions_are_told_with_file_and_line(project: Path) -> None:
    found = gathered(project)
    assert found.problems == []
    assert [(f.table, f.text, f.origin) for f in facts(found, "meaning")] == [
        ("fct_orders", "One row per order.", written("models/schema.yml:4")),
        ("regions", "Sales regions.", written("models/schema.yml:38")),
        ("crm_landing.accounts", "As exported.", written("models/schema.yml:33")),
    ]
    assert [(f.table, f.column, f.text, f.origin.place) for f in facts(found, "column_meaning")] == [
        (
            "customers",
            "status",
            "Whether they still buy. One of placed, shipped where id > 0.",
            "models/schema.yml:25",
        ),
        ("fct_orders", "id", "Its number.", "models/schema.yml:8"),
        ("fct_orders", "status", "One of placed, shipped where id > 0.", "models/schema.yml:4"),
    ]


@pytest.mark.requirement("sources:dbt-project")
def test_configuration_comes_from_folders_property_files_and_code(project: Path) -> None:
    found = gathered(project)
    assert said(found, "tag", "fct_orders") == ["nightly", "finance"]
    assert said(found, "owner", "fct_orders") == ["Fay"]
    assert said(found, "criticality", "fct_orders") == ["high"]
    assert said(found, "freshness") == ["loaded at least every day, by `at`"]
    assert said(found, "produced_by") == [
        "models/customers.sql",
        "models/orders.sql",
        "seeds/regions.csv",
        "snapshots/history.sql",
    ]


@pytest.mark.requirement("sources:dbt-project")
def test_code_is_the_full_refresh_with_real_names(project: Path) -> None:
    customers = "select * from (\nselect * from crm_landing.accounts\n) s"
    assert gathered(project).code == [
        PipelineCode("customers", customers, code_of("models/customers.sql"), "", "table"),
        PipelineCode(
            "fct_orders",
            "select * from customers where age < 30",
            code_of("models/orders.sql"),
            "",
            "incremental",
        ),
        PipelineCode(
            "history.accounts_history",
            "select * from crm_landing.accounts",
            code_of("snapshots/history.sql"),
            "",
            "snapshot",
        ),
    ]


@pytest.mark.requirement("sources:dbt-project")
def test_lineage_leads_past_ephemeral_models_to_sources(project: Path) -> None:
    assert [(e.table, e.upstream) for e in gathered(project).lineage] == [
        ("customers", "crm_landing.accounts"),
        ("fct_orders", "customers"),
        ("history.accounts_history", "crm_landing.accounts"),
    ]


@pytest.mark.requirement("sources:dbt-project")
def test_tests_in_property_files_claim_keys_and_joins(project: Path) -> None:
    found = gathered(project)
    assert found.keys == [
        KeyClaim("fct_orders", ("id",), written("models/schema.yml:8")),
        KeyClaim("customers", ("id", "region"), written("models/schema.yml:22")),
    ]
    assert [(j.child, j.child_columns, j.parent) for j in found.joins] == [
        ("fct_orders", ("customer_id",), "customers")
    ]
    assert said(found, "grain", "fct_orders") == ["One row per `id` (tested: unique and never null)."]


@pytest.mark.requirement("sources:dbt-exposures")
def test_an_exposure_of_a_property_file_is_a_dashboard(project: Path) -> None:
    assert gathered(project).dashboards == [
        Dashboard(
            "weekly",
            written("models/schema.yml:41"),
            owner="ana@shop.test",
            tables=("fct_orders", "crm_landing.clicks"),
        )
    ]


@pytest.mark.requirement("sources:dbt-project")
def test_a_seed_tells_the_columns_of_its_file(project: Path) -> None:
    assert said(gathered(project), "derivation", "regions") == [
        "Loaded from a file with the columns code, name."
    ]


@pytest.mark.requirement("sources:dbt-project")
def test_a_target_folder_inside_goes_before_the_files(project: Path) -> None:
    write_manifest(project / "target", 12)
    found = gathered(project)
    assert (found.facts, found.problems) == ([], [])


@pytest.mark.requirement("sources:dbt-project")
def test_references_to_versions_mean_the_file_that_makes_them(tmp_path: Path) -> None:
    schema = """
models:
  - name: orders
    latest_version: 2
    versions: [{v: 1, deprecation_date: 2026-01-31}, {v: 2, defined_in: orders_new}]
"""
    files = {
        "models/schema.yml": schema,
        "models/orders_v1.sql": "select 1",
        "models/orders_new.sql": "select 2",
        "models/a.sql": "select * from {{ ref('orders') }}, {{ ref('orders', v=1) }}",
    }
    found = gathered(write_files(tmp_path, files))
    assert [c.sql for c in found.code if c.table == "a"] == ["select * from orders_v2, orders_v1"]
    assert said(found, "use_instead", "orders_v1") == ["orders_v2: version 2 is the latest of `orders`"]
    assert said(found, "caveat", "orders_v1") == ["Deprecated: its end is set to 2026-01-31."]


@pytest.mark.requirement("sources:dbt-project")
def test_a_snapshot_that_a_property_file_makes_is_one(tmp_path: Path) -> None:
    schema = "snapshots: [{name: history, relation: ref('a'), config: {alias: a_history}}]"
    found = gathered(write_files(tmp_path, {"snapshots/s.yml": schema, "models/a.sql": "select 1"}))
    assert [(c.table, c.sql) for c in found.code] == [("a", "select 1"), ("a_history", "select * from a")]


@pytest.mark.requirement("sources:dbt-project")
def test_metrics_of_property_files_stand_on_their_models(tmp_path: Path) -> None:
    schema = """
semantic_models:
  - name: orders
    model: ref('orders')
    entities: [{name: order, type: primary, expr: id}]
    measures: [{name: total, agg: sum, expr: amount}]
metrics:
  - {name: revenue, type: simple, type_params: {measure: total}, filter: "{{ Dimension('order__paid') }}"}
"""
    found = gathered(write_files(tmp_path, {"models/s.yml": schema, "models/orders.sql": "select 1"}))
    assert said(found, "derivation", "orders") == ["Governed metric `revenue` = sum(amount) where paid"]
    assert [k.columns for k in found.keys] == [("id",)]


@pytest.mark.requirement("sources:dbt-project")
def test_names_that_need_quotes_are_quoted(tmp_path: Path) -> None:
    schema = "sources: [{name: crm, schema: Crm-Export, tables: [{name: 'a b'}]}]"
    files = {"models/s.yml": schema, "models/a.sql": "select * from {{ source('crm', 'a b') }}"}
    assert [c.sql for c in gathered(write_files(tmp_path, files)).code] == [
        'select * from "Crm-Export"."a b"'
    ]


@pytest.mark.requirement("sources:dbt-project")
def test_a_model_of_a_package_is_known_by_its_name_alone(tmp_path: Path) -> None:
    files = {"models/a.sql": "select * from {{ ref('other', 'b') }}, {{ ref('c') }}", "packages.yml": ""}
    found = gathered(write_files(tmp_path, files))
    assert [(e.table, e.upstream) for e in found.lineage] == [("a", "b"), ("a", "c")]
    assert (found.problems, [c.sql for c in found.code]) == ([], ["select * from b, c"])


@pytest.mark.requirement("sources:dbt-project")
def test_a_reference_to_nothing_is_reported(tmp_path: Path) -> None:
    found = gathered(write_files(tmp_path, {"models/a.sql": "select * from {{ ref('b') }}"}))
    assert found.problems == [
        Problem("models/a.sql", "it refers to the model `b`, which this project does not hold")
    ]


@pytest.mark.requirement("sources:dbt-project")
def test_folders_of_the_years_before_1_0_are_found(tmp_path: Path) -> None:
    files = {
        "dbt_project.yml": "name: shop\nsource-paths: [sql]\n",
        "sql/a.sql": "select 1",
        "data/days.csv": "day\n",
    }
    assert said(gathered(write_files(tmp_path, files)), "produced_by") == ["sql/a.sql", "data/days.csv"]


@pytest.mark.requirement("sources:dbt-joins")
def test_a_join_keeps_the_line_of_its_test(tmp_path: Path) -> None:
    schema = """models:
  - name: a
    constraints: [{type: primary_key, columns: [id]}]
    columns:
      - name: b_id
        tests:
          - relationships:
              to: source('s', 'b')
              field: id
sources: [{name: s, tables: [{name: b}]}]
"""
    found = gathered(write_files(tmp_path, {"models/s.yml": schema, "models/a.sql": "select 1"}))
    assert found.joins == [JoinClaim("a", ("b_id",), "s.b", ("id",), written("models/s.yml:7"))]
    assert found.keys == [KeyClaim("a", ("id",), written("models/s.yml:2"))]

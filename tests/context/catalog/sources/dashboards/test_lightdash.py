"""Lightdash: charts as code with and without their models, SQL charts, dashboards, REST answers."""

import json
from pathlib import Path

import pytest

from context.catalog.sources.dashboards.dashboard_exports import Told, told, write_files
from gnomon.context.catalog.sources.dashboards import open_lightdash

CHART = """\
name: Monthly revenue
slug: monthly-revenue
tableName: orders
metricQuery:
  exploreName: orders
  dimensions: [orders_ordered_at_month, customers_region, late]
  metrics: [orders_revenue, orders_avg_delay]
  filters:
    dimensions:
      id: root
      and:
      - {target: {fieldId: orders_status}, operator: equals, values: [done, sent]}
      - or:
        - target: {fieldId: orders_ordered_at}
          operator: inThePast
          values: [3]
          settings: {unitOfTime: months}
        - {target: {fieldId: orders_status}, operator: isNull}
      - {target: {fieldId: orders_status}, operator: equals, values: [x], disabled: true}
    metrics:
      and: [{target: {fieldId: orders_revenue}, operator: greaterThan, values: [3]}]
  sorts: [{fieldId: orders_revenue, descending: true}]
  limit: 500
  additionalMetrics: [{name: avg_delay, table: orders, type: average, sql: "${TABLE}.delay"}]
  customDimensions: [{id: late, name: Late, table: orders, type: sql, sql: "${orders.wait} > 3"}]
  tableCalculations: [{name: share, sql: 1}]
verified: true
version: 1
"""
MODELS = """\
version: 2
models:
- name: orders
  meta: {joins: [{join: customers, sql_on: "${orders.customer_id} = ${customers.id}"}]}
  columns:
  - {name: ordered_at}
  - {name: status}
  - {name: customer_id}
  - {name: wait, meta: {dimension: {sql: "${TABLE}.sent_day - ${TABLE}.paid_day"}}}
  - name: amount
    config:
      meta: {metrics: {revenue: {type: sum, description: In euro}, odd: {type: sum, filters: [{a: b}]}}}
- name: customers
  columns: [{name: id}, {name: region}]
"""
SQL_CHART = "name: Raw\nslug: raw\nsql: SELECT a FROM shop.raw_orders\nversion: 1\n"
BOARD = """\
name: Board
slug: board
tiles:
- {type: saved_chart, properties: {chartSlug: monthly-revenue}}
- {type: sql_chart, properties: {chartSlug: raw}}
- {type: markdown, properties: {content: hello}}
version: 1
"""


def read(folder: Path) -> Told:
    return told(open_lightdash(folder, "lightdash:export"))


def export(folder: Path, **more: str) -> Path:
    return write_files(
        folder, charts__monthly_yml=CHART, charts__raw_yml=SQL_CHART, dashboards__board_yml=BOARD, **more
    )


@pytest.mark.requirement("sources:lightdash")
def test_a_chart_with_its_models_becomes_the_query_it_runs(tmp_path: Path) -> None:
    told = read(export(tmp_path, models__shop_yml=MODELS))
    query = told.queries["Monthly revenue"]
    assert query.sql == (
        "SELECT DATE_TRUNC('MONTH', orders.ordered_at) AS orders_ordered_at_month, "
        "customers.region AS customers_region, (orders.sent_day - orders.paid_day) > 3 AS late, "
        "SUM(orders.amount) AS orders_revenue, AVG(orders.delay) AS orders_avg_delay "
        "FROM orders LEFT JOIN customers ON orders.customer_id = customers.id "
        "WHERE orders.status IN ('done', 'sent') AND "
        "(orders.ordered_at >= CURRENT_DATE - INTERVAL '3' MONTH OR orders.status IS NULL) "
        "GROUP BY DATE_TRUNC('MONTH', orders.ordered_at), customers.region, "
        "(orders.sent_day - orders.paid_day) > 3 HAVING SUM(orders.amount) > 3 "
        "ORDER BY orders_revenue DESC LIMIT 500"
    )
    assert (query.dashboard, query.reviewed, query.origin.place) == ("Board", True, "charts/monthly.yml:1")
    assert told.texts("derivation") == ["metric revenue = SUM(orders.amount): In euro"]
    assert told.dashboard("Board").tables == ("orders", "customers", "shop.raw_orders")
    assert not told.problems


@pytest.mark.requirement("sources:lightdash")
def test_charts_whose_metrics_nobody_defines_are_one_problem_and_keep_their_dashboard(tmp_path: Path) -> None:
    told = read(export(tmp_path, charts__other_yml=CHART.replace("monthly-revenue", "other")))
    assert [p.place for p in told.problems] == ["charts/monthly.yml:1"]
    assert "2 charts (such as `Monthly revenue`, `Monthly revenue`)" in told.problems[0].message
    assert list(told.queries) == ["Raw"]
    assert told.dashboard("Board").tables == ("orders", "shop.raw_orders")


@pytest.mark.requirement("sources:lightdash")
def test_without_models_dimensions_and_the_charts_own_metrics_are_read(tmp_path: Path) -> None:
    chart = """\
name: Delay
slug: delay
metricQuery:
  exploreName: orders
  dimensions: [orders_ordered_at_month, orders_region]
  metrics: [orders_avg_delay]
  additionalMetrics: [{name: avg_delay, table: orders, type: average, sql: "${TABLE}.delay"}]
"""
    assert read(write_files(tmp_path, a_yml=chart)).queries["Delay"].sql == (
        "SELECT DATE_TRUNC('MONTH', orders.ordered_at) AS orders_ordered_at_month, "
        "orders.region AS orders_region, AVG(orders.delay) AS orders_avg_delay FROM orders "
        "GROUP BY DATE_TRUNC('MONTH', orders.ordered_at), orders.region"
    )


@pytest.mark.requirement("sources:lightdash")
def test_lightdash_models_name_the_table_in_the_warehouse(tmp_path: Path) -> None:
    model = """\
type: model
name: orders
sql_from: shop.fct_orders
dimensions: [{name: status, sql: "${TABLE}.state"}]
metrics: {total: {type: count_distinct, sql: "${TABLE}.id"}}
"""
    asked = "{exploreName: orders, dimensions: [orders_status], metrics: [orders_total]}"
    chart = f"{{name: C, slug: c, metricQuery: {asked}}}"
    told = read(write_files(tmp_path, m_yml=model, c_yml=chart))
    assert told.queries["C"].sql == (
        "SELECT orders.state AS orders_status, COUNT(DISTINCT orders.id) AS orders_total "
        "FROM shop.fct_orders AS orders GROUP BY orders.state"
    )


@pytest.mark.requirement("sources:lightdash")
def test_answers_of_the_api_carry_views_and_authors(tmp_path: Path) -> None:
    chart = {
        "uuid": "u1",
        "name": "Rest",
        "views": 9,
        "updatedByUser": {"firstName": "Ana", "lastName": "Li"},
        "dashboardName": "Board",
        "metricQuery": {"exploreName": "orders", "dimensions": ["orders_status"], "metrics": []},
    }
    board = {"uuid": "b1", "name": "Board", "views": 4, "tiles": [{"properties": {"savedChartUuid": "u1"}}]}
    write_files(tmp_path, a_json=json.dumps({"status": "ok", "results": chart}))
    write_files(tmp_path, b_json=json.dumps({"status": "ok", "results": [board]}))
    told = read(tmp_path)
    query = told.queries["Rest"]
    assert query.sql == "SELECT DISTINCT orders.status AS orders_status FROM orders"
    assert (query.views, query.author, query.dashboard) == (9, "Ana Li", "Board")
    assert (told.dashboard("Board").views, told.dashboard("Board").tables) == (4, ("orders",))


@pytest.mark.requirement("sources:dashboards-bad-input")
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("${orders.wait} > 3", "${orders.wait > 3", "a reference that is not closed"),
        ("${orders.wait} > 3", "1; DROP TABLE orders", "an expression that cannot be parsed"),
        ("operator: isNull", "operator: near", "filters by `near`, which is not read"),
        ("type: average", "type: percentile", "a metric of kind `percentile`, which is not read"),
        ("[orders_ordered_at_month, customers_region, late]", "[]", ""),
    ],
)
def test_a_chart_that_cannot_be_read_is_reported(tmp_path: Path, old: str, new: str, words: str) -> None:
    told = read(export(tmp_path, models__shop_yml=MODELS, charts__a_yml=CHART.replace(old, new)))
    assert [p.place for p in told.problems] == (["charts/a.yml:1"] if words else [])
    assert all(words in p.message for p in told.problems)
    assert "Raw" in told.queries


@pytest.mark.requirement("sources:dashboards-bad-input")
def test_fields_that_refer_to_each_other_without_end_are_reported(tmp_path: Path) -> None:
    circle = "models: [{name: orders, columns: [{name: a, meta: {dimension: {sql: '${b} + ${b}'}}}, " \
        "{name: b, meta: {dimension: {sql: '${a} + ${a}'}}}]}]"  # fmt: skip
    chart = "{name: C, slug: c, metricQuery: {exploreName: orders, dimensions: [orders_a], metrics: []}}"
    told = read(write_files(tmp_path, m_yml=circle, c_yml=chart))
    assert "refer to each other without end" in told.problems[0].message

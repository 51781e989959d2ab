"""Metabase: questions of both forms of its query language, native SQL, REST answers and table metadata."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from context.catalog.sources.dashboards.dashboard_exports import Told, told, write_files
from gnomon.context.catalog.sources.dashboards import open_metabase

AMOUNT = "[field, [Shop, public, orders, amount], null]"
OLDER = f"""\
name: Sales by region
entity_id: AAA
creator_id: ana@acme.test
archived: false
dataset_query:
  database: Shop
  type: query
  query:
    source-table: [Shop, public, orders]
    joins:
    - alias: C
      source-table: [Shop, public, customers]
      strategy: inner-join
      condition: ["=", [field, [Shop, public, orders, customer_id], null],
                       [field, [Shop, public, customers, id], {{join-alias: C}}]]
    expressions: {{net: ["-", {AMOUNT}, [field, [Shop, public, orders, tax], null]]}}
    filter: [and, ["=", [field, [Shop, public, orders, status], null], paid, sent],
                  [time-interval, [field, [Shop, public, orders, paid_on], null], -30, day],
                  [segment, SEG]]
    aggregation: [[count], [sum, [expression, net]],
                  [aggregation-options, [distinct, [field, [Shop, public, customers, id], {{join-alias: C}}]],
                   {{name: people}}]]
    breakout: [[field, [Shop, public, orders, paid_on], {{temporal-unit: month}}],
               [field, [Shop, public, customers, Region], {{join-alias: C}}]]
    order-by: [[desc, [aggregation, 1, null]]]
    limit: 10
serdes/meta: [{{model: Card, id: AAA}}]
type: question
"""
NEWER = """\
name: Busy regions
entity_id: BBB
description: Regions with over five orders
type: model
dataset_query:
  database: Shop
  lib/type: mbql/query
  stages:
  - lib/type: mbql.stage/mbql
    source-table: [Shop, public, orders]
    aggregation:
    - [count, {}]
    - [sum, {lib/uuid: u1}, [field, {base-type: type/Float}, [Shop, public, orders, amount]]]
    breakout: [[field, {}, [Shop, public, orders, region]]]
    filters: [[not-null, {}, [field, {}, [Shop, public, orders, region]]]]
  - filters: [[">", {}, [field, {}, count], 5]]
    order-by: [[asc, {}, [field, {}, sum]]]
    limit: 20
result_metadata:
- {id: [Shop, public, orders, region], name: region, description: Where it was sent}
serdes/meta: [{model: Card, id: BBB}]
"""
NATIVE = """\
name: Native
entity_id: NNN
dataset_query:
  database: Shop
  type: native
  native:
    query: |-
      SELECT * FROM {{#AAA}} a WHERE name LIKE '%{{who}}%' AND {{period}} AND n > {{least}}
      [[AND city = {{city}}]] AND {{snippet: live}}
    template-tags:
      who: {type: text, default: O'Hara}
      period: {type: dimension, dimension: [field, [Shop, public, orders, paid_on], null]}
      least: {type: number, default: 3}
      city: {type: text}
serdes/meta: [{model: Card, id: NNN}]
"""
SEGMENT = """\
name: Large
entity_id: SEG
definition:
  lib/type: mbql/query
  stages:
  - lib/type: mbql.stage/mbql
    source-table: [Shop, public, orders]
    filters: [[">", {}, [field, {}, [Shop, public, orders, amount]], 100]]
serdes/meta: [{model: Database, id: Shop}, {model: Segment, id: SEG}]
"""
MEASURE = """\
name: Revenue
description: In cents
entity_id: MEA
definition:
  stages:
  - source-table: [Shop, public, orders]
    aggregation: [[sum, {}, [field, {}, [Shop, public, orders, amount]]]]
serdes/meta: [{model: Database, id: Shop}, {model: Measure, id: MEA}]
"""
DATABASE = "name: Shop\nengine: postgres\nserdes/meta: [{model: Database, id: Shop}]\n"
TABLE = """\
name: orders
schema: public
description: One row per order
visibility_type: technical
serdes/meta: [{model: Database, id: Shop}, {model: Schema, id: public}, {model: Table, id: orders}]
"""
FIELD = """\
name: customer_id
description: Who paid
table_id: [Shop, public, orders]
fk_target_field_id: [Shop, public, customers, id]
serdes/meta: [{model: Database, id: Shop}, {model: Table, id: orders}, {model: Field, id: customer_id}]
"""
KEY = """\
name: id
semantic_type: type/PK
table_id: [Shop, public, orders]
serdes/meta: [{model: Database, id: Shop}, {model: Table, id: orders}, {model: Field, id: id}]
"""
BOARD = """\
name: Sales
entity_id: DDD
dashcards:
- {card_id: AAA, series: [{card_id: BBB}]}
serdes/meta: [{model: Dashboard, id: DDD}]
"""
SNIPPET = """\
name: live
entity_id: SNI
content: deleted_at IS NULL
serdes/meta: [{model: NativeQuerySnippet, id: SNI}]
"""


def export(folder: Path, **more: str) -> Path:
    return write_files(
        folder,
        collections__cards__a_yaml=OLDER,
        collections__cards__b_yaml=NEWER,
        collections__cards__n_yaml=NATIVE,
        collections__dashboards__d_yaml=BOARD,
        databases__Shop__Shop_yaml=DATABASE,
        databases__Shop__orders_yaml=TABLE,
        databases__Shop__customer_id_yaml=FIELD,
        databases__Shop__id_yaml=KEY,
        databases__Shop__large_yaml=SEGMENT,
        databases__Shop__revenue_yaml=MEASURE,
        snippets__live_yaml=SNIPPET,
        **more,
    )


def read(path: Path) -> Told:
    return told(open_metabase(path, "metabase:export"))


OLDER_SQL = (
    """SELECT DATE_TRUNC('MONTH', orders.paid_on) AS paid_on, "C"."Region", COUNT(*) AS count, """
    'SUM(orders.amount - orders.tax) AS sum, COUNT(DISTINCT "C".id) AS people FROM public.orders '
    'INNER JOIN public.customers AS "C" ON orders.customer_id = "C".id '
    "WHERE orders.status IN ('paid', 'sent') AND orders.paid_on >= CURRENT_DATE - INTERVAL '30 DAY' "
    'AND orders.amount > 100 GROUP BY DATE_TRUNC(\'MONTH\', orders.paid_on), "C"."Region" '
    "ORDER BY sum DESC NULLS LAST LIMIT 10"
)


@pytest.mark.requirement("sources:metabase")
def test_the_older_query_language_becomes_sql(tmp_path: Path) -> None:
    query = read(export(tmp_path)).queries["Sales by region"]
    assert query.sql.replace(" DESC NULLS LAST", " DESC") == OLDER_SQL.replace(" DESC NULLS LAST", " DESC")
    assert (query.author, query.dialect, query.dashboard) == ("ana@acme.test", "postgres", "Sales")
    assert query.origin.place == "collections/cards/a.yaml:1"


@pytest.mark.requirement("sources:metabase")
def test_stages_of_the_newer_query_language_nest(tmp_path: Path) -> None:
    sql = read(export(tmp_path)).queries["Busy regions"].sql
    assert sql.startswith(
        "SELECT * FROM (SELECT region, COUNT(*) AS count, SUM(amount) AS sum FROM public.orders "
        "WHERE NOT region IS NULL GROUP BY region) AS source WHERE count > 5 ORDER BY sum"
    )
    assert sql.endswith("LIMIT 20")


@pytest.mark.requirement("sources:metabase")
def test_tags_of_native_sql_are_filled_in(tmp_path: Path) -> None:
    sql = read(export(tmp_path)).queries["Native"].sql
    assert sql.startswith("SELECT * FROM (SELECT DATE_TRUNC('MONTH', orders.paid_on)")
    assert ") a WHERE name LIKE '%O''Hara%' AND 1 = 1 AND n > 3\n AND deleted_at IS NULL" in sql
    assert "city" not in sql, "what only counts when a filter is filled in is left out"


@pytest.mark.requirement("sources:metabase")
def test_metadata_gives_meanings_keys_joins_and_definitions(tmp_path: Path) -> None:
    told = read(export(tmp_path))
    assert told.texts("meaning") == ["One row per order"]
    assert told.texts("caveat") == ["Hidden in Metabase (technical)."]
    assert told.texts("column_meaning", "customer_id") == ["Who paid"]
    assert told.texts("column_meaning", "region") == ["Where it was sent"]
    assert told.texts("derivation") == [
        "segment Large = amount > 100",
        "metric Revenue = SUM(amount): In cents",
    ]
    assert told.texts("downstream") == ["Metabase model Busy regions: Regions with over five orders"]
    assert [(k.table, k.columns) for k in told.keys] == [("public.orders", ("id",))]
    assert [(j.child, j.child_columns, j.parent, j.parent_columns) for j in told.joins] == [
        ("public.orders", ("customer_id",), "public.customers", ("id",))
    ]
    assert told.dashboard("Sales").tables == ("public.orders", "public.customers")
    assert not told.problems


CARD = {
    "id": 7,
    "name": "Paid orders",
    "view_count": 33,
    "last_used_at": "2026-11-01T08:00:00Z",
    "creator": {"common_name": "Ana Li", "email": "ana@acme.test"},
    "moderation_reviews": [{"status": "verified", "most_recent": True}],
    "dataset_query": {
        "database": 1,
        "type": "query",
        "query": {"source-table": 3, "aggregation": [["count"]], "filter": ["not-null", ["field", 9, None]]},
    },
}
METADATA = {
    "id": 1,
    "name": "Shop",
    "engine": "mysql",
    "tables": [{"id": 3, "schema": "", "name": "orders", "fields": [{"id": 9, "name": "paid_on"}]}],
}


@pytest.mark.requirement("sources:metabase")
def test_answers_of_the_api_carry_views_and_reviews(tmp_path: Path) -> None:
    board = {"id": 5, "name": "Board", "view_count": 12, "dashcards": [{"card_id": 7, "card": CARD}]}
    old = {**CARD, "id": 8, "name": "Old", "archived": True}
    write_files(tmp_path, cards_json=json.dumps([CARD, old]), db_json=json.dumps(METADATA))
    write_files(tmp_path, board_json=json.dumps(board))
    told = read(tmp_path)
    query = told.queries["Paid orders"]
    assert query.sql == "SELECT COUNT(*) AS count FROM orders WHERE NOT paid_on IS NULL"
    assert (query.views, query.reviewed, query.author) == (33, True, "ana@acme.test")
    assert query.last_viewed == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert (query.dialect, query.dashboard) == ("mysql", "Board")
    assert (told.dashboard("Board").views, told.dashboard("Board").tables) == (12, ("orders",))
    assert (list(told.queries), told.problems) == (["Paid orders"], [])


@pytest.mark.requirement("sources:metabase")
def test_a_verification_that_was_taken_back_does_not_count(tmp_path: Path) -> None:
    reviews = [{"status": None, "most_recent": True}, {"status": "verified", "most_recent": False}]
    write_files(
        tmp_path, a_json=json.dumps({**CARD, "moderation_reviews": reviews}), d_json=json.dumps(METADATA)
    )
    assert read(tmp_path).queries["Paid orders"].reviewed is False


@pytest.mark.requirement("sources:dashboards-bad-input")
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"source-table": 4, "aggregation": [["count"]]}, "reads table 4, whose name is not in the export"),
        ({"source-table": 3, "filter": ["=", ["field", 1, None], 2]}, "reads column 1, whose name is not"),
        ({"source-table": 3, "filter": ["inside", 1, 2, 3, 4]}, "uses `inside`, which is not read"),
        ({"source-table": "card__7"}, "builds on itself"),
        ({"source-table": "card__99"}, "that is not in the export"),
        ({"source-table": 3, "filter": ["segment", "none"]}, "a definition (none) that is not in the export"),
        ({"source-table": 3, "aggregation": [["sum", ["expression", "a"]]],
          "expressions": {"a": ["+", ["expression", "a"], 1]}}, "nests too deep"),
        ({"source-table": 3, "aggregation": [["sum", ["expression", "e14"]]],
          "expressions": {"e0": ["+", 1, 1], **{
              f"e{n}": ["+", *[["expression", f"e{n - 1}"]] * 2] for n in range(1, 15)}}},
         "too large when all that it refers to is put in"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_read_is_reported(tmp_path: Path, query: object, words: str) -> None:
    broken = {**CARD, "dataset_query": {"database": 1, "type": "query", "query": query}}
    good = {**CARD, "id": 11, "name": "Good"}
    write_files(tmp_path, cards_json=json.dumps([broken, good]), db_json=json.dumps(METADATA))
    told = read(tmp_path)
    assert [p.place for p in told.problems] == ["cards.json (card 7)"]
    assert words in told.problems[0].message
    assert list(told.queries) == ["Good"]


@pytest.mark.requirement("sources:dashboards-bad-input")
def test_questions_that_stand_on_each_other_in_a_circle_are_reported(tmp_path: Path) -> None:
    def native(id: int, other: int) -> dict[str, object]:
        text = f"SELECT * FROM {{{{#{other}}}}} a, {{{{#{other}}}}} b"
        return {"id": id, "name": f"Q{id}", "dataset_query": {"type": "native", "native": {"query": text}}}

    chain = [native(n, n + 1) for n in range(100, 140)]
    write_files(tmp_path, a_json=json.dumps([native(1, 2), native(2, 1), *chain]))
    told = read(tmp_path)
    assert (len(told.problems), told.queries) == (42, {})


@pytest.mark.requirement("sources:dashboards-bad-input")
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[{"id": 1,\n "name": ', 2, "is not JSON"),
        ("[" * 100_000, 0, "nests too deep"),
        ('{"id": ' + "1" * 5_000 + "}", 0, "a number that cannot be read"),
        ('{"status": "ok"}', 0, "no questions, dashboards or tables"),
    ],
)
def test_json_that_cannot_be_read_is_reported(tmp_path: Path, text: str, line: int, words: str) -> None:
    told = read(write_files(tmp_path, a_json=text))
    assert [p.place for p in told.problems] == [f"a.json:{line}" if line else "a.json"]
    assert words in told.problems[0].message

"""Folders of table metadata in the form of bigquery-etl."""

import os
import zipfile
from pathlib import Path

import pytest

from gnomon.context.catalog.facts import Gathered
from gnomon.context.catalog.sources.bigquery_etl import open_bigquery_etl

TABLE = "sql/shop-prod/sales_derived/orders_v1"
METADATA = """\
friendly_name: Paid Orders
description: |-
  One row per order and day.
owners: [ana@acme.test, bo@acme.test]
labels:
  incremental: true
  schedule: daily
  table_type: aggregate
  owner1: ana
scheduling:
  dag_name: bqetl_sales
  referenced_tables: [[shop-prod, sales_derived, raw_v1]]
bigquery:
  time_partitioning: {type: day, field: paid_on, require_partition_filter: true, expiration_days: 775}
  clustering: {fields: [country]}
references:
  query.sql: ['..', shop-prod.sales.customers]
  checks.sql: [shop-prod.sales.unrelated]
deprecated: true
deletion_date: 2027-01-31
tags: [gold]
"""
SCHEMA = """\
fields:
- name: paid_on
  type: DATE
  mode: NULLABLE
  description: Day of payment, in UTC
- name: address
  type: RECORD
  fields:
  - name: city
    type: STRING
    description: Where it was sent
- name: country
  type: STRING
  description: !include-field-description
    file: sql/global.yaml
    field: country
"""


def write(root: Path, folder: str = TABLE, **files: str) -> Path:
    """Files by name, in the folder of a table; the last `_` of a name stands for its dot."""
    place = root / folder
    place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (place / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return root


def told(path: Path) -> Gathered:
    gathered = Gathered()
    for item in open_bigquery_etl(path, "bigquery-etl:sql").read():
        gathered.add(item)
    return gathered


@pytest.mark.requirement("sources:bigquery-etl")
def test_metadata_tells_meaning_owner_freshness_caveats_and_lineage(tmp_path: Path) -> None:
    gathered = told(write(tmp_path, metadata_yaml=METADATA))
    assert {f.table for f in gathered.facts} == {"shop-prod.sales_derived.orders_v1"}
    assert [(f.kind, f.text) for f in gathered.facts] == [
        ("meaning", "Paid Orders: One row per order and day."),
        ("owner", "ana@acme.test, bo@acme.test"),
        ("freshness", "daily"),
        ("tag", "table_type:aggregate"),
        ("tag", "gold"),
        ("caveat", "Deprecated."),
        ("caveat", "Its deletion is planned for 2027-01-31."),
        ("caveat", "Every query must filter on `paid_on`: BigQuery refuses one without it."),
        ("scope", "Rows are kept for 775 days."),
        ("derivation", "Built incrementally: each run adds or replaces a part of its rows."),
        ("produced_by", "Airflow DAG bqetl_sales"),
    ]
    assert [e.upstream for e in gathered.lineage] == [
        "shop-prod.sales.customers",
        "shop-prod.sales_derived.raw_v1",
    ]
    assert gathered.facts[2].origin.place == f"{TABLE}/metadata.yaml:7"
    assert not gathered.problems


@pytest.mark.requirement("sources:bigquery-etl")
def test_a_schema_describes_columns_and_fields_of_records(tmp_path: Path) -> None:
    gathered = told(write(tmp_path, schema_yaml=SCHEMA))
    assert [(f.column, f.text, f.origin.place.rpartition(":")[2]) for f in gathered.facts] == [
        ("paid_on", "Day of payment, in UTC", "2"),
        ("address.city", "Where it was sent", "9"),
    ]


@pytest.mark.requirement("sources:bigquery-etl")
def test_code_is_taken_if_it_is_one_plain_statement(tmp_path: Path) -> None:
    write(tmp_path, metadata_yaml=METADATA, query_sql="SELECT 1 AS a;\n-- done; really\n")
    write(tmp_path, "sql/shop-prod/sales/orders", view_sql="CREATE VIEW a.b AS SELECT ';' AS c FROM d.e")
    write(tmp_path, "sql/shop-prod/sales/jinja", query_sql="SELECT {{ metrics }} FROM a")
    write(tmp_path, "sql/shop-prod/sales/script", query_sql="DECLARE a INT64; SELECT a")
    gathered = told(tmp_path)
    assert [(c.table.rpartition(".")[2], c.dialect, c.materialized) for c in gathered.code] == [
        ("orders", "bigquery", "view"),
        ("orders_v1", "bigquery", "incremental"),
    ]
    assert [(p.place.split("/")[3], p.message) for p in gathered.problems] == [
        ("jinja", "The SQL is a Jinja template, which only its own tool can fill in; it is left out."),
        ("script", "The SQL is a script of several statements; it is left out."),
    ]
    assert "produced_by" not in {f.kind for f in gathered.facts}


@pytest.mark.requirement("sources:bigquery-etl")
def test_a_readme_speaks_only_where_the_metadata_does_not(tmp_path: Path) -> None:
    readme = "# Orders\n\nEvery order.\n\nMore about it.\n"
    bare = "friendly_name: Orders\ndescription: '[DESCRIPTION_MISSING]'\n"
    write(tmp_path, "sql/p/d/a", metadata_yaml=bare, README_md=readme)
    write(tmp_path, "sql/p/d/b", metadata_yaml=METADATA, README_md=readme)
    write(tmp_path, "sql/p/d/c", README_md=readme)
    meanings = {f.table: f.text for f in told(tmp_path).facts if f.kind == "meaning"}
    assert meanings == {"p.d.a": "Every order.", "p.d.b": "Paid Orders: One row per order and day."}


@pytest.mark.requirement("sources:bigquery-etl")
def test_tables_of_a_user_facing_dataset_are_marked(tmp_path: Path) -> None:
    write(tmp_path, "sql/p/sales", dataset_metadata_yaml="friendly_name: Sales\nuser_facing: true\n")
    write(tmp_path, "sql/p/sales/orders", metadata_yaml="description: a\n")
    write(tmp_path, "sql/p/sales_derived", dataset_metadata_yaml="user_facing: false\n")
    write(tmp_path, "sql/p/sales_derived/orders_v1", metadata_yaml="description: a\n")
    marked = [(f.table, f.text) for f in told(tmp_path).facts if f.kind == "tag"]
    assert marked == [("p.sales.orders", "user-facing")]


@pytest.mark.requirement("sources:bigquery-etl")
def test_an_archive_tells_what_its_folder_tells(tmp_path: Path) -> None:
    folder = write(tmp_path / "tree", metadata_yaml=METADATA, schema_yaml=SCHEMA)
    archive = tmp_path / "tree.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*.yaml")):
            file.write(path, path.relative_to(folder).as_posix())
    assert told(archive).facts == told(folder).facts


@pytest.mark.requirement("sources:bigquery-etl-bad-input")
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("owners: [ana\n", 2, "is not YAML"),
        ("owners: [ana]\nowners: [bo]\n", 2, "the key `owners` twice"),
        ("a: &a {b: *a}\n", 1, "refers to itself"),
        ("a: !!python/object/apply:os.system [echo]\n", 1, "could not determine a constructor"),
    ],
)
def test_a_broken_file_is_reported_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    gathered = told(write(tmp_path, metadata_yaml=text, schema_yaml=SCHEMA))
    assert [p.place for p in gathered.problems] == [f"{TABLE}/metadata.yaml:{line}"]
    assert words in gathered.problems[0].message
    assert len(gathered.facts) == 2


@pytest.mark.requirement("sources:bigquery-etl-bad-input")
def test_values_of_wrong_shapes_are_passed_over(tmp_path: Path) -> None:
    wrong = "\n".join(
        f"{key}: [[1, {{a: b}}], 3]"
        for key in ("description", "labels", "scheduling", "bigquery", "references", "schema", "deprecated")
    )
    gathered = told(write(tmp_path, metadata_yaml=wrong, schema_yaml="fields: {name: a}\n"))
    assert (gathered.facts, gathered.lineage, gathered.problems) == ([], [], [])


@pytest.mark.requirement("sources:bigquery-etl-bad-input")
def test_bytes_that_are_no_text_cost_their_file_only(tmp_path: Path) -> None:
    write(tmp_path, metadata_yaml=METADATA)
    (tmp_path / TABLE / "query.sql").write_bytes(b"SELECT 1\n-- caf\xe9\n")
    gathered = told(tmp_path)
    assert [p.place for p in gathered.problems] == [f"{TABLE}/query.sql:2"]
    assert len(gathered.facts) == 11


@pytest.mark.requirement("sources:bigquery-etl-bad-input")
def test_fields_nested_without_end_are_cut_off(tmp_path: Path) -> None:
    text = "fields: " + "[{name: a, description: d, fields: " * 20 + "[]" + "}]" * 20
    gathered = told(write(tmp_path, schema_yaml=text))
    assert ["nest deeper than 15 levels" in p.message for p in gathered.problems] == [True]
    assert len(gathered.facts) == 16


@pytest.mark.requirement("sources:bigquery-etl")
def test_the_published_metadata_of_a_thousand_tables_is_read_whole() -> None:
    folder = Path(os.environ.get("GNOMON_DATA", "")) / "mozilla"
    if "GNOMON_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("the development data `mozilla` is not here; set GNOMON_DATA to its folder")
    gathered = told(folder)
    assert len({f.table for f in gathered.facts}) > 1_000
    assert len(gathered.facts) > 7_000
    assert not gathered.problems

"""Which tests and constraints make keys and joins, and which only a caveat."""

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
from gnomon.context.catalog.facts import Gathered


def read(folder: Path, *entries: dict[str, Any], **fields: Any) -> Gathered:
    tables = [model("orders", **fields), model("customers")]
    return gathered(write_manifest(folder, 12, nodes=nodes(*tables, *entries)))


KEYS = [
    (data_test("unique", "orders", "id"), [("id",)]),
    (data_test("unique", "orders", '"Id"'), [("Id",)]),
    (data_test("unique", "orders", "id || '-' || line"), []),
    (
        data_test("unique_combination_of_columns", "orders", None, combination_of_columns=["id", "line"]),
        [("id", "line")],
    ),
    (
        data_test("expect_compound_columns_to_be_unique", "orders", None, column_list=["id", "line"]),
        [("id", "line")],
    ),
    (data_test("primary_key", "orders", None, column_names=["id", "line"]), [("id", "line")]),
    (data_test("unique_combination_of_columns", "orders", None), []),
    (data_test("not_null", "orders", "id"), []),
    (data_test("accepted_range", "orders", "id", min_value=0), []),
]


@pytest.mark.requirement("sources:dbt-keys")
@pytest.mark.parametrize(("test", "columns"), KEYS)
def test_tests_that_only_a_key_passes_claim_one(
    test: dict[str, Any], columns: list[tuple[str, ...]], tmp_path: Path
) -> None:
    assert [key.columns for key in read(tmp_path, test).keys] == columns


@pytest.mark.requirement("sources:dbt-keys")
def test_unique_and_never_null_together_are_the_grain(tmp_path: Path) -> None:
    unique, filled = data_test("unique", "orders", "id"), data_test("not_null", "orders", "ID")
    grain = ["One row per `id` (tested: unique and never null)."]
    assert said(read(tmp_path, unique, filled), "grain") == grain
    assert said(read(tmp_path, unique), "grain") == []
    sometimes = data_test("not_null", "orders", "id", {"where": "at > '2026-01-01'"})
    assert said(read(tmp_path, unique, sometimes), "grain") == []


@pytest.mark.requirement("sources:dbt-keys")
def test_a_test_on_some_rows_or_one_that_only_warns_is_no_key(tmp_path: Path) -> None:
    some = data_test("unique", "orders", "id", {"where": "status != 'void'"})
    warns = data_test("unique", "orders", "code", {"severity": "warn"})
    found = read(tmp_path, some, warns)
    assert found.keys == []
    assert said(found, "caveat") == [
        "`id` is tested to be unique only where status != 'void'",
        "`code` should be unique, but a test of it may fail without stopping the pipeline",
    ]


@pytest.mark.requirement("sources:dbt-keys")
def test_one_key_is_claimed_once_however_often_it_is_tested(tmp_path: Path) -> None:
    constraint = {"type": "primary_key", "columns": ["id"]}
    found = read(tmp_path, data_test("unique", "orders", "ID"), constraints=[constraint, constraint])
    assert [key.columns for key in found.keys] == [("id",)]


@pytest.mark.requirement("sources:dbt-joins")
def test_a_relationship_is_a_join_and_notes_which_rows_were_tested(tmp_path: Path) -> None:
    link = data_test(
        "relationships", "orders", "customer_id", {"where": "not test"}, to="ref('customers')", field="id"
    )
    found = read(tmp_path, link)
    assert [(j.child, j.child_columns, j.parent, j.parent_columns) for j in found.joins] == [
        ("wh.main.orders", ("customer_id",), "wh.main.customers", ("id",))
    ]
    assert said(found, "caveat") == [
        "`customer_id` is tested against `wh.main.customers` only where not test"
    ]


@pytest.mark.requirement("sources:dbt-joins")
@pytest.mark.parametrize(
    "constraint",
    [
        {"type": "foreign_key", "columns": ["customer_id"], "to": "ref('customers')", "to_columns": ["id"]},
        {
            "type": "foreign_key",
            "columns": ["customer_id"],
            "to": '"wh"."main"."customers"',
            "to_columns": ["id"],
        },
        {"type": "foreign_key", "columns": ["customer_id"], "expression": "wh.main.customers (id)"},
    ],
)
def test_a_foreign_key_constraint_is_a_join_in_each_form(constraint: dict[str, Any], tmp_path: Path) -> None:
    found = read(tmp_path, constraints=[constraint])
    assert [(j.child_columns, j.parent, j.parent_columns) for j in found.joins] == [
        (("customer_id",), "wh.main.customers", ("id",))
    ]


@pytest.mark.requirement("sources:dbt-joins")
def test_a_constraint_of_a_column_is_one_of_its_table(tmp_path: Path) -> None:
    column = {"name": "id", "description": "", "constraints": [{"type": "primary_key"}, {"type": "not_null"}]}
    found = read(tmp_path, data_test("unique", "orders", "id"), columns={"id": column})
    assert [key.columns for key in found.keys] == [("id",)]
    assert said(found, "grain") == ["One row per `id` (tested: unique and never null)."]


@pytest.mark.requirement("sources:dbt-joins")
def test_a_link_to_what_is_not_known_is_no_join(tmp_path: Path) -> None:
    gone = data_test("relationships", "orders", "customer_id", to="ref('gone')", field="id")
    odd = data_test("relationships", "orders", "customer_id", to="macro()", field="id")
    nowhere = data_test("relationships", "orders", "customer_id", to="ref('customers')")
    assert read(tmp_path, gone, odd, nowhere).joins == []


@pytest.mark.requirement("sources:dbt-values")
def test_a_short_list_of_accepted_values_is_part_of_a_columns_meaning(tmp_path: Path) -> None:
    status = data_test("accepted_values", "orders", "status", values=["placed", "shipped"])
    kind = data_test("accepted_values", "orders", "kind", {"where": "new"}, values=[1, 2])
    long = data_test("accepted_values", "orders", "country", values=[f"c{i}" for i in range(50)])
    column = {"name": "status", "description": "Where it stands"}
    found = read(tmp_path, status, kind, long, columns={"status": column})
    assert [(f.column, f.text, f.origin.layer) for f in facts(found, "column_meaning")] == [
        ("status", "Where it stands. One of placed, shipped.", "documentation"),
        ("kind", "One of 1, 2 where new.", "code"),
    ]

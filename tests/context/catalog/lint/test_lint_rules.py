"""Each rule finds what it is for, and nothing beside it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gnomon.context.catalog.lint.finding import Finding
from gnomon.context.catalog.lint.rules import RULES
from gnomon.context.catalog.lint.run import lint
from gnomon.context.catalog.lint.said import expected_hours
from gnomon.context.catalog.lint.words import says_nothing, written_out
from gnomon.context.catalog.sources.annotations.reader import Annotations, read_annotations
from gnomon.domain.catalog import (
    CardColumn,
    CardStatement,
    Column,
    ColumnProfile,
    Evidence,
    Join,
    Statement,
    TableCard,
    TableRef,
    TableUsage,
    TypeKind,
)

NOW = date(2026, 6, 1)
DOCS = Path(__file__).parents[4] / "docs"


def table(name: str, *columns: CardColumn, **more: Any) -> TableCard:
    """A card that no rule finds anything in, as far as it is not told otherwise."""
    schema, _, bare = name.rpartition(".")
    whole = {"owner": "Ana", "criticality": "low", "freshness": "daily", "produced_by": "models/x.sql:1"}
    return TableCard(TableRef(bare, schema), columns, **{**whole, **more})


def column(name: str, kind: TypeKind = "text", meaning: str = "", **profile: Any) -> CardColumn:
    looks = ColumnProfile(name, **{"rows": 100, "nulls": 0, "distinct": 100, **profile}) if profile else None
    return CardColumn(Column(name, kind, kind.upper()), looks, meaning)


def found(
    rule: str,
    *cards: TableCard,
    said: Annotations | None = None,
    problems: Sequence[tuple[str, str]] = (),
    **more: Any,
) -> list[Finding]:
    every = lint(cards, problems, NOW, said or Annotations(), **more)
    return [f for f in every if f.rule == rule]


def said_in(tmp_path: Path, text: str) -> Annotations:
    (tmp_path / "said.yaml").write_text(text)
    return read_annotations(tmp_path)


@pytest.mark.requirement("ODA-22", "lint:foundation")
@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("no-owner", "owner"),
        ("no-criticality", "criticality"),
        ("no-freshness", "freshness"),
        ("no-code", "produced_by"),
    ],
)
def test_a_table_without_its_foundation_is_found(rule: str, field: str) -> None:
    (finding,) = lint([table("a"), table("s.b", **{field: ""})], (), NOW)
    assert (finding.rule, finding.table) == (rule, "s.b")
    assert finding.mend


@pytest.mark.requirement("lint:foundation")
def test_what_much_depends_on_makes_a_gap_graver() -> None:
    bare = {"owner": "", "freshness": "", "produced_by": ""}
    graver = lint([table("a", criticality="critical", **bare)], (), NOW)
    assert {f.rule: f.severity for f in graver} == {
        "no-owner": "error",
        "no-freshness": "error",
        "no-code": "warning",
    }
    usual = lint([table("a", **bare)], (), NOW)
    assert {f.severity for f in usual if f.rule != "no-code"} == {"warning"}


@pytest.mark.requirement("lint:foundation")
def test_a_view_needs_no_freshness_of_its_own() -> None:
    assert lint([table("v", freshness="", is_view=True)], (), NOW) == ()


@pytest.mark.requirement("lint:columns")
@pytest.mark.parametrize(
    "name", ["col1", "x", "val2", "flag_a", "Field_12", "tmp", "cstmr_nm", "v_1", "type_b"]
)
def test_a_name_that_says_nothing_is_found_unless_somebody_says_what_it_holds(name: str) -> None:
    commented = CardColumn(Column(name, "text", "TEXT", comment="Told"))
    assert [f.column for f in found("unclear-column", table("t", column(name)))] == [name]
    assert found("unclear-column", table("t", column(name, meaning="Told"))) == []
    assert found("unclear-column", table("t", commented)) == []


@pytest.mark.requirement("lint:columns")
@pytest.mark.parametrize(
    "name",
    [
        "id",
        "status",
        "type",
        "order_1",
        "address_line_2",
        "sku",
        "url",
        "qty",
        "größe",
        "価格",
        "utc_ts",
        "is_b2b",
    ],
)
def test_a_name_that_says_something_is_left_alone(name: str) -> None:
    assert not says_nothing(name)


@pytest.mark.requirement("lint:columns")
def test_a_word_shortened_in_one_name_and_written_out_in_another_is_found() -> None:
    (finding,) = found("mixed-abbreviations", table("t", column("cust_id"), column("customer_name")))
    assert "`cust_id` and `customer_name`" in finding.message
    assert found("mixed-abbreviations", table("t", column("cust_id"), column("cust_name"))) == []
    assert found("mixed-abbreviations", table("t", column("order_dt_date"))) == []


FREQUENT: dict[str, Any] = {"distinct": 4, "low": "a", "high": "z", "top": (("a", 60), ("z", 20))}


@pytest.mark.requirement("lint:columns")
def test_columns_that_hold_the_same_are_found_by_profile() -> None:
    twins = table("t", column("state", **FREQUENT), column("region", **FREQUENT), column("other", distinct=9))
    (finding,) = found("duplicate-column", twins)
    assert (finding.column, "`state`" in finding.message) == ("region", True)


@pytest.mark.requirement("lint:columns")
def test_columns_that_hold_almost_the_same_are_found_if_their_names_are_alike() -> None:
    one = column("amount", "decimal", rows=100, distinct=50, low="1", high="9")
    near = column("amt_copy", "decimal", rows=100, nulls=1, distinct=49, low="1", high="9")
    far = column("amount_2", "decimal", rows=100, nulls=40, distinct=49, low="1", high="9")
    assert [f.column for f in found("duplicate-column", table("t", one, near, far))] == ["amt_copy"]


@pytest.mark.requirement("lint:columns")
def test_columns_that_are_equal_by_chance_are_left_alone() -> None:
    ids: dict[str, Any] = {"distinct": 100, "low": "1", "high": "100", "top": (("1", 1),)}
    few: dict[str, Any] = {"rows": 4, **FREQUENT}
    one_value: dict[str, Any] = {"distinct": 1, "low": "0", "high": "0", "top": (("0", 100),)}
    assert found("duplicate-column", table("t", column("a_id", **ids), column("b_id", **ids))) == []
    assert found("duplicate-column", table("t", column("one", **few), column("two", **few))) == []
    assert found("duplicate-column", table("t", column("one", **one_value), column("two", **one_value))) == []
    assert found("duplicate-column", table("t", column("line_1"), column("line_2"))) == []


@pytest.mark.requirement("lint:columns")
def test_one_thing_with_two_names_in_joined_tables_is_found() -> None:
    def joined(here: str, there: str) -> list[Finding]:
        join = Join(TableRef("o"), (here,), TableRef("c"), (there,), Evidence("observed"))
        cards = table("o", column(here), joins=(join,)), table("c", column(there), joins=(join,))
        return found("two-names", *cards)

    assert [(f.table, f.column) for f in joined("cust_id", "customer_id")] == [("o", "cust_id")]
    assert [f.column for f in joined("customerId", "customer_id")] == ["customerId"]
    assert joined("customer_id", "id") == []
    assert joined("billing_customer_id", "customer_id") == []
    assert joined("CUSTOMER_ID", "customer_id") == []


@pytest.mark.requirement("lint:columns")
def test_a_column_of_another_type_than_its_namesakes_is_found() -> None:
    cards = [table(f"t{i}", column("customer_id", "integer"), column("code", "text")) for i in range(5)]
    odd = table("odd", column("Customer_ID", "text"), column("code", "integer"))
    fine = table("fine", column("customer_id", "decimal"))
    (finding,) = found("mixed-types", *cards, odd, fine)
    assert (finding.table, finding.column) == ("odd", "Customer_ID")
    assert finding.message.endswith("`t0`, `t1`, `t2` and 3 more")


def alike(one: TableCard, two: TableCard) -> tuple[TableCard, TableCard]:
    from dataclasses import replace

    caveats = [
        Statement(f"Looks like `{t.ref}`; 1 rows here, 2 there.", "shared columns") for t in (two, one)
    ]
    return replace(one, caveats=(caveats[0],)), replace(two, caveats=(caveats[1],))


@pytest.mark.requirement("ODA-19", "lint:look-alikes")
def test_look_alikes_without_a_word_on_when_to_use_which_are_found_once() -> None:
    popular = table("s.b", usage=TableUsage(queries=9, users=3))
    (finding,) = found("look-alike", *alike(table("s.a"), popular))
    assert (finding.table, finding.users, finding.queries) == ("s.b", 3, 9)
    assert "`s.a`" in finding.message


@pytest.mark.requirement("ODA-19", "lint:look-alikes")
def test_look_alikes_that_an_owner_tells_apart_are_left_alone() -> None:
    when = (CardStatement("use_when", "For refunds.", "x.yaml:1"),)
    assert found("look-alike", *alike(table("a", use_instead="b when y"), table("b"))) == []
    assert found("look-alike", *alike(table("a"), table("b", statements=when))) == []
    assert len(found("look-alike", *alike(table("a", use_instead="c"), table("b")))) == 1


@pytest.mark.requirement("lint:contradictions")
def test_tables_that_send_people_in_a_circle_are_found_once_a_circle(tmp_path: Path) -> None:
    said = said_in(tmp_path, "table: b\nuse_instead: c\n")
    cards = [
        table("d", use_instead="b"),
        table("b", use_instead="c"),
        table("c", use_instead="a; b"),
        table("a", use_instead="b"),
        table("self", use_instead="self"),
    ]
    cycles = found("use-instead-cycle", *cards, said=said)
    assert {f.message.partition(": ")[2] for f in cycles} == {
        "`a` -> `b` -> `c` -> `a`",
        "`b` -> `c` -> `b`",
        "`self` -> `self`",
    }
    assert {f.place for f in cycles} == {"", "said.yaml:2"}
    conditional = [table("a", use_instead="b when x"), table("b", use_instead="a when y")]
    assert found("use-instead-cycle", *conditional) == []


@pytest.mark.requirement("lint:contradictions")
def test_a_better_table_that_does_not_exist_is_found(tmp_path: Path) -> None:
    said = said_in(tmp_path, "table: a\nuse_instead: gone\n")
    (finding,) = found("use-instead-missing", table("a", use_instead="gone when x; b"), table("b"), said=said)
    assert (finding.severity, finding.place, "`gone`" in finding.message) == ("error", "said.yaml:2", True)
    assert found("use-instead-missing", table("a", use_instead="See the handbook.")) == []


@pytest.mark.requirement("lint:contradictions")
def test_a_filter_on_a_column_that_is_gone_is_found(tmp_path: Path) -> None:
    said = said_in(tmp_path, "table: a\nalways_filter: is_test = false\n")
    card = table("a", column("b"), always_filter=("is_test = false and B > 1", "b in (select z from y)"))
    (finding,) = found("filter-column-gone", card, said=said)
    assert (finding.column, finding.place) == ("is_test", "said.yaml:2")


@pytest.mark.requirement("lint:contradictions")
def test_data_older_than_expected_are_found(tmp_path: Path) -> None:
    def aged(freshness: str, newest: str, **more: Any) -> list[Finding]:
        day = column("day", "date", low="2020-01-01", high=newest)
        loaded = column("loaded_at", "timestamp", low="2020-01-01", high="2026-06-01 08:00:00")
        card = table("t", day, loaded, freshness=freshness, freshness_column="day", **more)
        return found("late-data", card)

    assert [f.column for f in aged("daily by 06:00 UTC", "2026-05-29")] == ["day"]
    assert aged("daily by 06:00 UTC", "2026-05-30") == []
    assert aged("weekly", "2026-05-24") == []
    assert len(aged("weekly", "2026-05-20")) == 1
    assert aged("within 24h by loaded_at", "2020-01-02") == []
    assert aged("when it suits", "2020-01-02") == []
    assert aged("daily", "9999-12-31") == []


@pytest.mark.requirement("lint:stale")
def test_an_annotation_that_is_over_a_year_old_is_found(tmp_path: Path) -> None:
    text = (
        "tables:\n  - {table: old, said_at: 2025-05-31, said_by: Bo}\n  - {table: new, said_at: 2025-06-01}\n"
    )
    (finding,) = found("stale-annotation", table("old"), table("new"), said=said_in(tmp_path, text))
    assert (finding.table, finding.place) == ("old", "said.yaml:2")
    assert "2025-05-31 by Bo" in finding.message


@pytest.mark.requirement("lint:stale")
def test_a_caveat_whose_last_day_is_over_is_found(tmp_path: Path) -> None:
    text = "table: a\ncaveats:\n  - {text: x, until: 2026-06-01}\n  - {text: y, until: 2026-05-31}\n  - z\n"
    (finding,) = found("past-caveat", table("a"), said=said_in(tmp_path, text))
    assert finding.place == "said.yaml:4"
    assert "caveats.2" in finding.mend


@pytest.mark.requirement("lint:unknown")
def test_annotations_of_what_does_not_exist_are_found(tmp_path: Path) -> None:
    text = "tables:\n  - table: gone\n  - table: a\n    columns: {b: x, c: y}\n"
    text += "    freshness: {within: 1h, column: d}\n"
    said, card = said_in(tmp_path, text), table("a", column("B"))
    assert [(f.table, f.place) for f in found("unknown-table", card, said=said)] == [("gone", "said.yaml:2")]
    columns = found("unknown-column", card, said=said)
    assert [(f.column, f.place) for f in columns] == [("c", "said.yaml:4"), ("d", "said.yaml:5")]


@pytest.mark.requirement("lint:governed")
def test_nothing_is_said_of_what_may_be_there_for_others_to_see(tmp_path: Path) -> None:
    text = "tables:\n  - table: hidden\n  - table: a\n    columns: {secret: x}\n"
    card = table("a", column("amount"), use_instead="hidden", always_filter=("secret = 1",))
    assert lint([card], (), NOW, said_in(tmp_path, text), complete=False) == ()


@pytest.mark.requirement("lint:stale")
def test_one_table_under_two_names_is_found(tmp_path: Path) -> None:
    said = said_in(tmp_path, "tables:\n  - table: a\n  - table: s.a\n")
    (finding,) = found("annotated-twice", table("s.a"), said=said)
    assert (finding.place, "said.yaml:2" in finding.message) == ("said.yaml:3", True)


@pytest.mark.requirement("lint:problems")
def test_what_could_not_be_read_is_told_with_its_place(tmp_path: Path) -> None:
    said = said_in(tmp_path, "table: a\nownr: x\n")
    every = lint([table("a")], [("dbt:target manifest.json:7", "is cut off")], NOW, said)
    assert [(f.rule, f.severity, f.place) for f in every] == [
        ("broken-annotation", "error", "said.yaml:2"),
        ("unread-source", "warning", "dbt:target manifest.json:7"),
    ]


@pytest.mark.requirement("lint:ranked")
def test_the_gravest_come_first_and_of_these_what_most_people_use() -> None:
    cards = [
        table("rare", owner="", usage=TableUsage(queries=9, users=1)),
        table("never", owner=""),
        table("often", owner="", usage=TableUsage(queries=5, users=4)),
        table("grave", owner="", criticality="high"),
        table("noted", produced_by="", usage=TableUsage(queries=99, users=99)),
    ]
    assert [f.table for f in lint(cards, (), NOW)] == ["grave", "often", "rare", "never", "noted"]


@pytest.mark.requirement("lint:ranked")
def test_only_the_chosen_rules_are_put() -> None:
    bare = table("a", owner="", criticality="", produced_by="")
    assert [f.rule for f in lint([bare], (), NOW, rules=("no-code", "no-owner"))] == ["no-owner", "no-code"]


@pytest.mark.requirement("lint:docs")
def test_the_page_has_a_paragraph_for_each_rule() -> None:
    page = (DOCS / "lint.md").read_text(encoding="utf-8")
    assert [r.id for r in RULES if f"| `{r.id}` | {r.severity} |" not in page] == []
    assert len({r.id for r in RULES}) == len(RULES)


@pytest.mark.requirement("lint:scale")
def test_many_tables_with_the_same_columns_are_looked_at_one_by_one() -> None:
    """Pairs of 4,000 equal tables would be eight million; of their columns, sixty times that."""
    columns = [
        column(f"measure_{i}", "integer", distinct=7, low="1", high=str(i), top=(("1", 9),))
        for i in range(30)
    ]
    cards = [
        table(
            f"t{i}",
            *columns,
            column("key", "text" if i % 2 else "integer"),
            owner="",
            use_instead=f"t{i + 1}",
        )
        for i in range(4_000)
    ]
    every = lint(cards, (), NOW)
    assert sum(f.rule == "no-owner" for f in every) == 4_000
    assert sum(f.rule == "use-instead-missing" for f in every) == 1


@pytest.mark.requirement("lint:columns")
def test_spellings_of_one_name_are_one() -> None:
    assert written_out("cust_no") == written_out("CustomerNumber") == ("customer", "number")


@pytest.mark.requirement("lint:contradictions")
@pytest.mark.parametrize(
    ("text", "hours"),
    [("Daily by 06:00", 24), ("every 2 weeks", 336), ("within 90 minutes", 1.5), ("nightly", 24), ("", None)],
)
def test_expectations_in_words_are_read_as_hours(text: str, hours: float | None) -> None:
    assert expected_hours(text) == hours

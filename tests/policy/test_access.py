"""One person's view of a warehouse: what it shows, what it hides, and what it says of the hidden."""

import pytest

from gnomon.domain.catalog import Catalog, Column, Evidence, Join, Key, TableRef, TableSchema
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import RESTRICTED, authorize
from gnomon.policy.explain import sight_of
from gnomon.policy.policies import Situation, parse_policies

ANA = Principal("ana@acme.test")
READ = 'action == Action::"read"'
ALL = f"permit (principal, {READ}, resource);\n"
DECLARED = Evidence("declared")


def table(name: str, columns: str, schema: str = "", definition: str = "", **more: object) -> TableSchema:
    made = tuple(Column(c, "integer" if c.endswith("id") else "text", "INT") for c in columns.split())
    return TableSchema(
        TableRef(name, schema),
        made,
        is_view=bool(definition),
        definition=definition,
        **more,  # type: ignore[arg-type]
    )


PEOPLE = table(
    "people",
    "id name mail",
    keys=(Key(("id",), DECLARED, primary=True), Key(("mail",), DECLARED)),
    row_count=9,
)
ORDERS = table("orders", "id person_id status", row_count=70)
BIG = table("big", "id status", definition="CREATE VIEW big AS SELECT id, status FROM orders")
OPAQUE = table("odd", "x", definition="CREATE VIEW odd AS PRAGMA show_tables")
JOIN = Join(ORDERS.ref, ("person_id",), PEOPLE.ref, ("id",), Evidence("measured", 0.9, 70))
SHOP = Catalog((PEOPLE, ORDERS, BIG), (JOIN,))


def access(text: str, catalog: Catalog = SHOP, dialect: Dialect = "duckdb", secret: str = "s") -> Access:
    return parse_policies([("p.cedar", text)], home="local").access(
        ANA, catalog, dialect, Situation(), secret=secret
    )


def ask(sql: str, seen: Access) -> AuthorizedQuery:
    return authorize(Query(sql, seen.dialect), seen, Limits(max_rows=10))


def hide(column: str, id: str = "hide") -> str:
    return f'@id("{id}") forbid (principal, {READ}, resource == Column::"{column}");\n'


def rows(name: str, condition: str) -> str:
    return f'@id("rows") @rows("{condition}") forbid (principal, {READ}, resource in Table::"{name}");\n'


@pytest.mark.requirement("policy:rewrite-differential")
def test_who_sees_everything_gets_the_statement_and_the_catalog_unchanged() -> None:
    seen = access(ALL)
    assert seen.catalog is SHOP
    assert ask("SELECT id FROM orders", seen).sql == 'SELECT id FROM "orders" LIMIT 11'
    assert RESTRICTED not in ask("SELECT * FROM big", seen).rules


@pytest.mark.requirement("policy:rewrite-differential")
def test_the_catalog_shows_what_is_left_and_nothing_measured_on_the_rest() -> None:
    seen = access(ALL + hide("people.mail") + rows("people", "id > 3")).catalog
    people = seen.find("people")
    assert people is not None
    assert [c.name for c in people.columns] == ["id", "name"]
    assert people.keys == (PEOPLE.keys[0],)
    assert people.row_count is None
    assert seen.joins == (Join(ORDERS.ref, ("person_id",), PEOPLE.ref, ("id",), Evidence("measured")),)


@pytest.mark.requirement("policy:masks")
def test_keys_and_joins_on_a_masked_column_are_not_told() -> None:
    text = ALL + f'@mask("hash") forbid (principal, {READ}, resource == Column::"people.id");'
    seen = access(text).catalog
    people = seen.find("people")
    assert people is not None
    assert people.columns[0].kind == "text"
    assert [k.columns for k in people.keys] == [("mail",)]
    assert seen.joins == ()


@pytest.mark.requirement("policy:rewrite-differential")
def test_a_column_that_is_kept_is_unknown_unless_its_table_may_be_discovered() -> None:
    with pytest.raises(Retry, match="no column `mail`"):
        ask("SELECT mail FROM people", access(ALL + hide("people.mail", "no-mail")))
    discoverable = 'permit (principal, action == Action::"discover", resource);'
    with pytest.raises(Refused) as refused:
        ask("SELECT mail FROM people", access(ALL + hide("people.mail", "no-mail") + discoverable))
    assert "people.mail" in refused.value.message


@pytest.mark.requirement("policy:rewrite-differential")
def test_a_table_that_is_kept_is_unknown_unless_it_may_be_discovered() -> None:
    text = ALL + f'@id("no") @ask("ben") forbid (principal, {READ}, resource == Table::"people");'
    with pytest.raises(Retry, match="no table `people`"):
        ask("SELECT * FROM people", access(text))
    with pytest.raises(Refused) as refused:
        ask(
            "SELECT * FROM people",
            access(text + 'permit (principal, action == Action::"discover", resource);'),
        )
    assert refused.value.rule == "policy:no"
    assert "ask ben" in refused.value.hint


@pytest.mark.requirement("policy:rewrite-differential")
def test_a_view_whose_text_cannot_be_read_is_refused_while_anything_is_kept() -> None:
    catalog = Catalog((PEOPLE, ORDERS, OPAQUE))
    with pytest.raises(Refused) as refused:
        ask("SELECT * FROM odd", access(ALL + hide("people.mail"), catalog))
    assert refused.value.rule == "policy:opaque-view"
    assert ask("SELECT * FROM odd", access(ALL, catalog)).sql == 'SELECT * FROM "odd" LIMIT 11'


@pytest.mark.requirement("policy:rewrite-differential")
def test_names_that_differ_in_case_alone_are_told_apart_behind_a_view() -> None:
    """PostgreSQL has `orders` beside `"Orders"`; the view reads the one with the rule."""
    quoted = table("Orders", "id status")
    view = table("v", "id", definition='SELECT "Orders".id FROM "Orders"')
    catalog = Catalog((ORDERS, quoted, view))
    query = ask("SELECT id FROM v", access(ALL + rows("Orders", "status = 'open'"), catalog, "postgres"))
    assert "'open'" in query.sql
    assert '"public"."Orders"' in query.sql


@pytest.mark.requirement("policy:rewrite-differential")
def test_a_field_of_a_struct_is_not_taken_for_a_schema() -> None:
    nested = table("nested", "id pair")
    other = table("pair", "a", "nested")
    seen = access(ALL + rows("nested", "id > 1"), Catalog((nested, other)))
    sql = ask("SELECT n.pair.a FROM nested AS n, nested.pair AS q", seen).sql
    assert sql.startswith("SELECT n.pair.a FROM")


@pytest.mark.requirement("policy:rewrite-differential")
def test_a_schema_before_a_column_is_dropped_and_two_such_tables_are_asked_apart() -> None:
    seen = access(ALL + rows("orders", "status = 'open'"))
    assert ask("SELECT main.orders.id FROM main.orders", seen).sql.startswith("SELECT orders.id FROM (")
    with pytest.raises(Retry, match="could mean two tables"):
        ask("SELECT main.orders.id FROM main.orders, (SELECT 1 FROM orders) AS x", seen)


@pytest.mark.requirement("policy:rewrite-differential")
def test_the_fingerprint_of_rights_changes_with_what_is_seen_through_a_view_too() -> None:
    prints = [
        access(text).fingerprint([BIG.ref])
        for text in (
            ALL,
            ALL + rows("orders", "id > 1"),
            ALL + rows("orders", "id > 2"),
            ALL + hide("orders.status"),
        )
    ]
    assert len(set(prints)) == 4
    assert access(ALL).fingerprint([BIG.ref]) == access(ALL + hide("people.mail")).fingerprint([BIG.ref])


@pytest.mark.requirement("policy:masks")
def test_the_key_of_a_mask_is_named_as_a_secret_and_left_out_of_what_is_logged() -> None:
    text = ALL + f'@mask("hash") forbid (principal, {READ}, resource == Column::"people.mail");'
    query = ask("SELECT mail FROM people", access(text, secret="k3y-of-masks"))
    assert "k3y-of-masks" in query.sql
    assert "k3y-of-masks" not in query.loggable_sql
    assert "k3y-of-masks" not in query.original_sql
    assert query.secrets == ("k3y-of-masks",)


@pytest.mark.requirement("policy:rules")
def test_a_sight_says_what_is_hidden_masked_and_by_which_policy() -> None:
    text = ALL + hide("people.mail") + rows("people", "id > 3")
    text += f'@id("m") @mask("keep_first(1)") forbid (principal, {READ}, resource == Column::"people.name");'
    sight = sight_of(access(text), PEOPLE)
    assert (sight.verdict, sight.hidden, sight.masked) == ("part", ("mail",), (("name", "keep_first(1)"),))
    assert sight.rows == ('"id" > 3',)
    assert sight_of(access(rows("orders", "id > 3") + ALL), BIG).through == ("orders",)
    assert sight_of(access(""), PEOPLE).verdict == "nothing"


def view(name: str, columns: str, select: str, schema: str = "") -> TableSchema:
    where = f"{schema}.{name}" if schema else name
    return table(name, columns, schema, f"CREATE VIEW {where} AS {select}")


HIDDEN_ROWS = ALL + rows("orders", "status = 'open'")
THROUGH_MACROS = [
    view("listed", "id", "SELECT * FROM everything()"),
    view("largest", "a", "SELECT newest(1) AS a"),
]
"""A macro's body stands nowhere in the view's definition, and it may read any table."""


@pytest.mark.requirement("policy:rewrite-differential")
@pytest.mark.parametrize("through", THROUGH_MACROS, ids=["table macro", "scalar macro"])
def test_a_view_that_calls_what_somebody_made_is_kept_from_those_who_see_a_part(through: TableSchema) -> None:
    seen = access(HIDDEN_ROWS, Catalog((ORDERS, through)))
    with pytest.raises(Refused) as refused:
        ask(f"SELECT * FROM {through.ref}", seen)
    assert refused.value.rule == "policy:opaque-view"
    assert (
        RESTRICTED not in ask(f"SELECT * FROM {through.ref}", access(ALL, Catalog((ORDERS, through)))).rules
    )


@pytest.mark.requirement("policy:rewrite-differential")
def test_a_view_over_a_view_that_cannot_be_read_is_kept_too() -> None:
    inner = THROUGH_MACROS[0]
    outer = view("outer_view", "id", "SELECT id FROM listed")
    with pytest.raises(Refused, match="cannot be told"):
        ask("SELECT * FROM outer_view", access(HIDDEN_ROWS, Catalog((ORDERS, inner, outer))))


@pytest.mark.requirement("policy:rewrite-differential")
def test_views_nested_without_end_are_kept() -> None:
    chain = [ORDERS, view("v0", "id", "SELECT id FROM orders")]
    chain += [view(f"v{n}", "id", f"SELECT id FROM v{n - 1}") for n in range(1, 40)]
    with pytest.raises(Refused):
        ask("SELECT * FROM v39", access(HIDDEN_ROWS, Catalog(tuple(chain))))
    assert RESTRICTED in ask("SELECT * FROM v5", access(HIDDEN_ROWS, Catalog(tuple(chain)))).rules


@pytest.mark.requirement("policy:rewrite-differential")
def test_a_bare_name_in_a_view_means_what_it_means_to_the_engine() -> None:
    """PostgreSQL prints bare what its search path finds; DuckDB looks in the view's own schema first."""
    other = table("orders", "id person_id status", "marts")
    report = view("report", "id", "SELECT id FROM orders", "marts")
    catalog = Catalog((ORDERS, other, report))
    for dialect, read in (("postgres", '"public"."orders"'), ("duckdb", '"marts"."orders"')):
        text = (
            ALL
            + rows("orders", "status = 'open'")
            + rows("marts.orders", "status = 'open'").replace('"rows"', '"marts-rows"', 1)
        )
        sql = ask("SELECT * FROM marts.report", access(text, catalog, dialect)).sql
        assert read in sql


ONLY_IF = 'when { principal.method == "local" }'
ALIKE = (
    ALL,
    "",
    f"permit (principal, {READ}, resource) {ONLY_IF};",
    f"{ALL} forbid (principal, {READ}, resource is Column);",
    f"{ALL} forbid (principal, {READ}, resource is Table);",
    f'{ALL} @id("r") @rows("id = 1") forbid (principal, {READ}, resource);',
    f"permit (principal, {READ}, resource is Table);",
    f'{ALL} forbid (principal, {READ}, resource in Table::"orders");',
    f'{ALL} forbid (principal, {READ}, resource == Column::"orders.status");',
    f'{ALL} forbid (principal, {READ}, resource in Schema::"main");',
)


@pytest.mark.requirement("policy:decisions")
@pytest.mark.parametrize("text", ALIKE)
@pytest.mark.parametrize("first", [(), (TableSchema(TableRef("bare"), ()),)])
def test_one_table_is_judged_for_all_only_where_no_rule_tells_them_apart(
    text: str, first: tuple[TableSchema, ...]
) -> None:
    # A condition on rows cannot be taken for a table without columns.
    catalog = Catalog((*(() if "@rows" in text else first), PEOPLE, ORDERS), (JOIN,))
    whole = access(text, catalog)
    each = all(whole.table(t) is None and whole.table(t, via_view=True) is None for t in catalog.tables)
    assert access(text, catalog).sees_all is each


@pytest.mark.requirement("policy:decisions")
def test_of_tables_that_are_judged_alike_one_is_looked_at() -> None:
    catalog = Catalog(tuple(table(f"t{i}", "id") for i in range(50)))
    judged: list[str] = []

    def judge(asked: TableSchema, via_view: bool) -> None:
        judged.append(asked.ref.name)

    assert Access(ANA, catalog, "duckdb", judge, alike=True).sees_all
    assert judged == ["t0", "t0"]
    assert Access(ANA, catalog, "duckdb", judge).sees_all
    assert len(judged) == 102


READS = f'@id("reads") {ALL}'
MASK = f'@id("mask") @mask("hash") forbid (principal, {READ}, resource == Column::"people.mail");\n'
OWN = f'@id("own") @rows("id > 3") permit (principal, {READ}, resource in Table::"people");\n'
FIGURES = (
    f'@id("figures") @min_group("5") @unit("id") forbid (principal, {READ}, resource in Table::"people");\n'
)
VIEW_ONLY = f'@id("view") permit (principal, {READ}, resource in Table::"big");\n'
NARROWED = {
    "rows left out": (READS + rows("people", "id > 3"), "people", {"rows"}),
    "cells masked": (READS + MASK, "people", {"mask"}),
    "both, with a column hidden": (
        READS + rows("people", "id > 3") + MASK + hide("people.name"),
        "people",
        {"rows", "mask"},
    ),
    "rows that alone are permitted": (OWN, "people", {"own"}),
    "figures alone": (READS + FIGURES, "people", {"figures"}),
    "a column hidden": (READS + hide("people.mail"), "people", set()),
    "a hidden column masked too": (READS + hide("people.mail") + MASK, "people", set()),
    "through a view": (READS + rows("orders", "id > 3"), "big", {"rows"}),
    "through a view on what is not read by itself": (VIEW_ONLY + rows("orders", "id > 3"), "big", set()),
}


@pytest.mark.requirement("policy:narrowed-by")
@pytest.mark.parametrize("case", NARROWED)
def test_a_query_knows_which_policies_cut_down_what_it_reads(case: str) -> None:
    text, read, narrowed_by = NARROWED[case]
    columns = "count(*)" if case == "figures alone" else "*"
    query = ask(f"SELECT {columns} FROM {read}", access(text))
    assert RESTRICTED in query.rules
    assert set(query.narrowed_by) == narrowed_by
    assert set(query.policies) == set(access(text).policies_of(query.tables)) | narrowed_by


@pytest.mark.requirement("policy:narrowed-by")
def test_a_permit_that_lets_all_rows_through_beside_a_narrower_one_leaves_nothing_out() -> None:
    query = ask("SELECT * FROM people", access(READS + OWN))
    assert RESTRICTED not in query.rules
    assert query.narrowed_by == ()
    assert query.policies == ("own", "reads")


@pytest.mark.requirement("policy:narrowed-by")
def test_a_policy_that_only_hides_changes_no_word_of_what_narrows() -> None:
    """Whoever is told the policies cannot tell whether there is a hidden column, or a table behind a view."""
    text = READS + rows("people", "id > 3") + MASK
    plain = ask("SELECT id FROM people", access(text)).narrowed_by
    hiding = text + hide("people.name") + hide("orders.status", "more")
    assert ask("SELECT id FROM people", access(hiding)).narrowed_by == plain == ("mask", "rows")

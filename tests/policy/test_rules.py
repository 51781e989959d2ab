"""Policy files, tags and conditions: what is taken, and what is named with file and line when it is not."""

import pytest

from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.policy.rules.cedar import parse_rules, split_policies
from gnomon.policy.rules.conditions import BadConditionError, parse_condition
from gnomon.policy.rules.obligations import (
    BadAnnotationError,
    Mask,
    parse_mask,
    parse_obligation,
    strictest,
)
from gnomon.policy.rules.tags import parse_tags

READ = 'action == Action::"read"'
TWO_LINES = f"// a comment; with a sign\n\npermit (principal, {READ}, resource);\n"
ORDERS = TableSchema(
    TableRef("orders", "marts"),
    (
        Column("id", "integer", "INTEGER"),
        Column("Region", "text", "VARCHAR"),
        Column("amount", "decimal", "DECIMAL(10,2)"),
        Column("placed", "timestamp", "TIMESTAMP"),
        Column("paid", "boolean", "BOOLEAN"),
        Column("payload", "json", "JSON"),
    ),
)
GRANTS = TableSchema(
    TableRef("grants"), (Column("who", "text", "TEXT"), Column("order_id", "integer", "INT"))
)
CATALOG = Catalog((ORDERS, GRANTS))


def where_of(error: Misconfigured) -> str:
    """The file and line that an error names."""
    return dict(error.facts)["where"]


@pytest.mark.requirement("policy:rules")
@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (f"permit (principal, {READ}, resource)", 1, "no `;`"),
        (f"permit (principal {READ}, resource);", 1, "unexpected token"),
        (TWO_LINES + "\nallow (principal, action, resource);", 5, "invalid policy effect"),
        (TWO_LINES + 'permit (principal == Persn::"a", action, resource);', 4, "Persn"),
        (TWO_LINES + 'permit (principal, action == Action::"raed", resource);', 4, "raed"),
        (TWO_LINES + f"permit (principal, {READ}, resource) when {{ principal.nme == 1 }};", 4, "nme"),
        (TWO_LINES + f"permit (principal, {READ}, resource) when {{ context.porpose == 'x' }};", 4, ""),
        (
            TWO_LINES + f'permit (principal, {READ}, resource) when {{ context.porpose == "x" }};',
            4,
            "porpose",
        ),
        (TWO_LINES + f"permit (principal, {READ}, resource) when {{ principal.method > 3 }};", 4, ""),
        (TWO_LINES + f"permit (principal == ?principal, {READ}, resource);", 4, "?principal"),
        (TWO_LINES + f'@maks("null") forbid (principal, {READ}, resource);', 4, "@maks"),
        (TWO_LINES + f'@mask("blur") forbid (principal, {READ}, resource);', 4, "blur"),
        (TWO_LINES + f'@mask("null") permit (principal, {READ}, resource);', 4, "come with a forbid"),
        (TWO_LINES + '@mask("null") forbid (principal, action, resource);', 4, "about reading"),
        (
            TWO_LINES + '@rows("a = 1") forbid (principal, action == Action::"use", resource);',
            4,
            "about reading",
        ),
        (
            TWO_LINES + '@min_group("5") forbid (principal, action == Action::"discover", resource);',
            4,
            "reading",
        ),
        (TWO_LINES + f'@min_group("1") forbid (principal, {READ}, resource);', 4, "no number"),
        (TWO_LINES + f'@unit("id") forbid (principal, {READ}, resource);', 4, "no `@min_group`"),
        (TWO_LINES + f'@rows("") forbid (principal, {READ}, resource);', 4, "no value"),
        (
            TWO_LINES + f'@mask("null") @rows("a = 1") forbid (principal, {READ}, resource);',
            4,
            "about a column",
        ),
        (TWO_LINES + 'permit (principal, action == Action::"restrict", resource);', 4, "not for policies"),
        (TWO_LINES + f'@id("x) permit (principal, {READ}, resource);', 4, "quote"),
        (
            f'@id("a") permit (principal, {READ}, resource);\n@id("a") forbid (principal, {READ}, resource);',
            2,
            "too",
        ),
    ],
)
def test_a_policy_that_cannot_be_taken_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(Misconfigured) as error:
        parse_rules([("good.cedar", TWO_LINES), ("bad.cedar", text)])
    assert where_of(error.value) == f"bad.cedar:{line}"
    assert reason in dict(error.value.facts)["reason"]
    assert error.value.hint


@pytest.mark.requirement("policy:rules")
def test_a_file_is_cut_at_its_policies_alone() -> None:
    text = '// one; two\n@why("a; b // c") permit (principal, action, resource);\n\n  // end;\nforbid(x)\n;'
    assert [line for line, _ in split_policies("p.cedar", text)] == [2, 5]


@pytest.mark.requirement("policy:rules")
def test_a_policy_without_an_id_goes_by_its_place() -> None:
    rules = parse_rules([("a.cedar", TWO_LINES)]).rules
    assert [r.id for r in rules] == ["a.cedar:3"]


@pytest.mark.requirement("policy:rules")
@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[columns]\npii = ['a.b'", 0, "not valid TOML"),
        ("[column]\npii = ['a.b']", 1, "not a section"),
        ("[columns]\npii = 'a.b'", 2, "list of texts"),
        ("[columns]\npii = []", 2, "list of texts"),
        ("[columns]\npii = [\n 'people.mail',\n 'phone']", 4, "table.column"),
        ("[columns]\npii = ['a.b.c.d']", 2, "table.column"),
        ("[tables]\nfin = ['a.b.c']", 2, "schema.table"),
        ("[tables]\nfin = ['a..b']", 2, "schema.table"),
        ("[tables]\nfin = ['x']\n[implies]\nfin = ['pii']\npii = ['fin']", 2, "implies itself"),
        ("[implies]\na = ['a']", 2, "implies itself"),
    ],
)
def test_tags_that_cannot_be_taken_are_named_with_their_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(Misconfigured) as error:
        parse_tags("tags.toml", text)
    assert where_of(error.value) == (f"tags.toml:{line}" if line else "tags.toml")
    assert reason in dict(error.value.facts)["reason"]


@pytest.mark.requirement("policy:rules")
def test_tags_reach_what_their_patterns_name_and_imply_others() -> None:
    tags = parse_tags(
        "tags.toml",
        '[tables]\nfin = ["marts.*"]\n[columns]\npii = ["ORDERS.reg*", "*.who"]\ngone = ["orders.phone"]\n'
        '[implies]\npii = ["personal"]\npersonal = ["any"]',
    )
    tagged = tags.on(CATALOG)
    assert tagged.tables == {ORDERS.ref: {"fin"}}
    assert tagged.columns[ORDERS.ref] == {"Region": {"pii", "personal", "any"}}
    assert tagged.columns[GRANTS.ref] == {"who": {"pii", "personal", "any"}}
    assert [p.text for p in tagged.missing] == ["orders.phone"]


def bound(text: str, principal: Principal | None = None, dialect: Dialect = "duckdb") -> str:
    """A condition as the engine gets it."""
    tree = parse_condition(text, ORDERS, CATALOG, dialect).bound_to(principal or Principal("ana"))
    return tree.sql(dialect).replace('"gnomon_rows".', "").replace('"gnomon_lookup".', "")


@pytest.mark.requirement("policy:rules")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("regoin = 'x'", "no column"),
        ("other.id = 1", "no column"),
        ("CAST(Region AS INTEGER) = 1", "neither a column nor a value"),
        ("10 / id > 1", "neither a column nor a value"),
        ("id + 1 > 2", "neither a column nor a value"),
        ("LENGTH(Region) > 2", "neither a column nor a value"),
        ("Region > 5", "compares"),
        ("id = 'x'", "compares"),
        ("placed = Region", "column of texts"),
        ("payload = 'x'", "cannot compare"),
        ("Region", "not true or false"),
        ("id = 1; DROP TABLE orders", "more than a condition|does not parse"),
        ("id = 1 ORDER BY id", "more than a condition"),
        ("id = 1 LIMIT 5", "more than a condition"),
        ("id = 1 GROUP BY id", "more than a condition"),
        ("", "does not parse"),
        ("id IN (SELECT order_id FROM nowhere)", "no table"),
        ("id IN (SELECT who FROM grants)", "compares"),
        ("id IN (SELECT order_id, who FROM grants)", "list of values"),
        ("id IN (SELECT MAX(order_id) FROM grants)", "no column"),
        ("id IN (SELECT order_id FROM grants LIMIT 1)", "list of values"),
        ("id IN (SELECT order_id FROM grants WHERE order_id / 0 = 1)", "neither"),
        ("id IN (SELECT order_id FROM grants JOIN orders ON TRUE)", "list of values"),
        ("EXISTS (SELECT 1 FROM grants)", "not a plain comparison"),
        ("id = (SELECT MAX(order_id) FROM grants)", "neither"),
        ("Region LIKE :prefix", "fixed pattern"),
        ("Region LIKE Region", "fixed pattern"),
        ("Region LIKE 'a\\'", "escape"),
        ("(id, amount) IN ((1, 2))", "neither"),
        ("CASE WHEN id = 1 THEN TRUE END", "not a plain comparison"),
    ],
)
def test_a_condition_that_could_fail_on_a_row_is_not_taken(text: str, reason: str) -> None:
    with pytest.raises(BadConditionError, match=reason.replace("(", r"\(")):
        parse_condition(text, ORDERS, CATALOG, "postgres")


@pytest.mark.requirement("policy:rules")
def test_a_missing_claim_lets_no_row_pass() -> None:
    assert bound("Region = :region OR id > 0") == "FALSE"
    assert bound("NOT (Region = :region)") == "FALSE"
    assert bound("Region IN (:regions)") == "FALSE"


@pytest.mark.requirement("policy:rules")
@pytest.mark.parametrize(
    "value", ["x' OR '1'='1", "'; DROP TABLE orders; --", "a\\' OR TRUE --", '"', "\x00", ""]
)
@pytest.mark.parametrize("dialect", ["duckdb", "sqlite", "postgres"])
def test_a_claim_stays_a_literal_whatever_it_holds(dialect: Dialect, value: str) -> None:
    from sqlglot import exp

    ana = Principal("ana", claims=(("region", value),))
    tree = parse_condition("Region = :region", ORDERS, CATALOG, dialect).bound_to(ana)
    assert isinstance(tree, exp.EQ)
    assert tree.expression == exp.Literal.string(value)
    assert tree.sql(dialect).endswith("'" + value.replace("'", "''") + "'")


@pytest.mark.requirement("policy:rules")
def test_claims_take_the_type_of_the_column_beside_them() -> None:
    ana = Principal(
        "ana",
        tenant="acme",
        groups=frozenset({"b", "a"}),
        claims=(
            ("n", "12"),
            ("n", "-3.5"),
            ("flag", "TRUE"),
            ("word", "12"),
            ("bad", "1 OR 1"),
            ("e", "1e9"),
        ),
    )
    assert bound("id IN (:n)", ana) == '"id" IN (12, -3.5)'
    assert bound("id IN (7, :n)", ana) == '"id" IN (7, 12, -3.5)'
    assert bound("id = :n", ana) == "FALSE"
    assert bound("paid = :flag", ana) == '"paid" = TRUE'
    assert bound("Region = :word", ana) == "\"Region\" = '12'"
    assert bound("id = :bad", ana) == bound("id = :e", ana) == bound("paid = :word", ana) == "FALSE"
    assert bound("Region IN (:groups)", ana) == "\"Region\" IN ('a', 'b')"
    assert bound("Region = :subject OR Region = :tenant", ana) == "\"Region\" = 'ana' OR \"Region\" = 'acme'"


@pytest.mark.requirement("policy:rules")
def test_a_claim_cannot_take_the_place_of_the_subject_or_the_groups() -> None:
    forged = Principal("ana", claims=(("subject", "ben"), ("tenant", "other"), ("groups", "boss")))
    assert bound("Region = :subject", forged) == "\"Region\" = 'ana'"
    assert bound("Region = :tenant", forged) == "\"Region\" = 'local'"
    assert bound("Region IN (:groups)", forged) == "FALSE"


@pytest.mark.requirement("policy:rules")
@pytest.mark.parametrize(
    ("masks", "shown"),
    [
        (("keep_first(3)", "null"), "null"),
        (("hash", "bucket(5)"), "hash"),
        (("bucket(5)", "bucket(50)"), "bucket(50)"),
        (("bucket(month)", "bucket(year)"), "bucket(year)"),
        (("bucket(month)", "bucket(50)"), "null"),
        (("keep_first(3)", "keep_first(1)"), "keep_first(1)"),
        (("keep_first(3)", "keep_last(3)"), "null"),
        (("keep_last(3)", "bucket(10)"), "bucket(10)"),
    ],
)
def test_of_several_masks_the_strictest_holds(masks: tuple[str, ...], shown: str) -> None:
    parsed = [parse_mask(m) for m in masks]
    assert str(strictest(parsed)) == shown
    assert str(strictest(parsed[::-1])) == shown


@pytest.mark.requirement("policy:rules")
@pytest.mark.parametrize(
    "text",
    [
        *("", "nul", "keep_first", "keep_first(0)", "keep_first(-1)", "keep_last(1.5)", "keep_first(month)"),
        *("bucket(week)", "bucket(0)", "bucket(-5)", "hash(1)", "null()", "bucket(1e5)", "keep_first(2"),
    ],
)
def test_what_is_no_mask_is_refused(text: str) -> None:
    with pytest.raises(BadAnnotationError, match="@mask"):
        parse_mask(text)


@pytest.mark.requirement("policy:rules")
def test_a_mask_is_written_as_it_is_read() -> None:
    for text in (
        "null",
        "hash",
        "keep_first(3)",
        "keep_last(4)",
        "bucket(10)",
        "bucket(2.5)",
        "bucket(quarter)",
    ):
        assert str(parse_mask(text)) == text
    assert parse_mask(" bucket( month ) ") == Mask("bucket", unit="month")


@pytest.mark.requirement("policy:rules")
def test_an_obligation_without_a_condition_stops_the_query() -> None:
    assert not parse_obligation({"why": "no", "ask": "x", "instead": "y", "id": "z"}).conditional
    assert parse_obligation({"rows": "id = 1"}).conditional

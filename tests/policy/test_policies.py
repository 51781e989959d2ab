"""Decisions: who may read what, the same whatever was decided before and however large the catalog is."""

import random
import time
from dataclasses import replace

import pytest

from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.domain.errors import Misconfigured, Refused
from gnomon.domain.identity import Principal
from gnomon.policy.access import Denial, TableRule
from gnomon.policy.policies import Policies, Situation, owner_only, parse_policies
from gnomon.policy.rules.tags import Tagged

READ = 'action == Action::"read"'
ANA = Principal("ana", groups=frozenset({"analysts"}))


def table(name: str, columns: str = "id region amount", schema: str = "") -> TableSchema:
    return TableSchema(TableRef(name, schema), tuple(Column(c, "text", "TEXT") for c in columns.split()))


SHOP = Catalog((table("orders"), table("people", "id name mail"), table("pay", "id salary", "hr")))


def policies(*texts: str, tags: str = "", home: str = "local") -> Policies:
    files = [(f"p{i}.cedar", text) for i, text in enumerate(texts)]
    return parse_policies([*files, *([("tags.toml", tags)] if tags else [])], home=home)


def reads(found: Policies, who: Principal, name: str, situation: Situation | None = None) -> bool:
    access = found.access(who, SHOP, "duckdb", situation or Situation())
    return access.catalog.find(name) is not None


@pytest.mark.requirement("policy:decisions")
def test_silence_is_a_no_and_a_forbid_beats_a_permit() -> None:
    assert not reads(policies(), ANA, "orders")
    everything = f"permit (principal, {READ}, resource);"
    assert reads(policies(everything), ANA, "orders")
    no_pay = f'forbid (principal, {READ}, resource == Table::"hr.pay");'
    assert not reads(policies(everything, no_pay), ANA, "pay")
    assert reads(policies(everything, no_pay), ANA, "orders")


@pytest.mark.requirement("policy:decisions")
def test_groups_tenants_claims_purpose_and_audience_decide() -> None:
    found = policies(
        f'permit (principal in Group::"analysts", {READ}, resource in Table::"orders");',
        f'permit (principal in Tenant::"acme", {READ}, resource in Table::"people");',
        f'permit (principal, {READ}, resource in Schema::"hr") when {{ principal.hasTag("clearance")'
        ' && principal.getTag("clearance").contains("pay") };',
        f'forbid (principal, {READ}, resource in Table::"orders") when {{ context.purpose == "marketing" }};',
        f'forbid (principal, {READ}, resource in Schema::"hr") when {{ context.audience == "shared" }};',
    )
    assert reads(found, ANA, "orders")
    assert not reads(found, Principal("ben"), "orders")
    assert not reads(found, ANA, "orders", Situation(purpose="marketing"))
    cleared = replace(ANA, claims=(("clearance", "other"), ("clearance", "pay")))
    assert reads(found, cleared, "pay")
    assert not reads(found, replace(ANA, claims=(("clearance", "other"),)), "pay")
    assert not reads(found, cleared, "pay", Situation(audience="shared"))
    assert reads(found, Principal("eve", tenant="acme"), "people")
    assert not reads(found, Principal("eve"), "people")


@pytest.mark.requirement("policy:decisions")
def test_a_group_of_another_tenant_is_another_group() -> None:
    found = policies(f'permit (principal in Group::"analysts", {READ}, resource);')
    assert not reads(found, replace(ANA, tenant="acme"), "orders")
    named = policies(f'permit (principal in Group::"acme::analysts", {READ}, resource);')
    assert reads(named, replace(ANA, tenant="acme"), "orders")
    with pytest.raises(Refused, match="not a name"):
        reads(named, replace(ANA, groups=frozenset({"acme::analysts"})), "orders")
    with pytest.raises(Refused, match="not a name"):
        reads(named, Principal("acme::ana"), "orders")


@pytest.mark.requirement("policy:decisions")
def test_without_policies_only_the_local_user_reads() -> None:
    assert reads(owner_only("local"), ANA, "orders")
    assert not reads(owner_only("local"), replace(ANA, method="oidc"), "orders")
    assert not reads(owner_only("local"), replace(ANA, method="api_token"), "orders")


@pytest.mark.requirement("policy:rules")
@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ('resource == Table::"gone"', 'Table::"gone"'),
        ('resource in Table::"pay"', 'Table::"pay"'),
        ('resource == Column::"orders.gone"', 'Column::"orders.gone"'),
        ('resource in Schema::"finance"', 'Schema::"finance"'),
    ],
)
def test_a_forbid_on_what_is_gone_allows_nothing_until_it_is_mended(text: str, lost: str) -> None:
    """What it was to protect may have another name now."""
    found = policies(f"permit (principal, {READ}, resource);", f"// why\nforbid (principal, {READ}, {text});")
    with pytest.raises(Misconfigured) as error:
        found.access(ANA, SHOP, "duckdb", Situation())
    facts = dict(error.value.facts)
    assert facts["where"] == "p1.cedar:2"
    assert lost in facts["reason"]


@pytest.mark.requirement("policy:rules")
def test_a_permit_on_what_is_gone_is_reported_and_does_no_harm() -> None:
    found = policies(f'permit (principal, {READ}, resource in Table::"gone");')
    assert not reads(found, ANA, "orders")
    assert found.unknown_names(SHOP, "duckdb") == (("p0.cedar:1", 'Table::"gone"'),)


@pytest.mark.requirement("policy:rules")
def test_an_unknown_tag_or_a_tag_on_what_is_gone_is_an_error() -> None:
    forbid = f'forbid (principal, {READ}, resource in Tag::"pii");'
    with pytest.raises(Misconfigured) as error:
        policies(forbid)
    assert dict(error.value.facts)["where"] == "p0.cedar:1"
    gone = policies(forbid, tags='[columns]\npii = ["people.phone"]')
    with pytest.raises(Misconfigured) as error:
        gone.access(ANA, SHOP, "duckdb", Situation())
    assert dict(error.value.facts)["where"] == "tags.toml:2"


@pytest.mark.requirement("policy:rules")
@pytest.mark.parametrize("condition", ["gone = 1", "CAST(id AS INT) = 1", "amount > 5", "id ="])
def test_a_condition_that_does_not_fit_its_table_allows_nothing(condition: str) -> None:
    found = policies(
        f"permit (principal, {READ}, resource);",
        f'\n@rows("{condition}") forbid (principal, {READ}, resource in Table::"orders");',
    )
    access = found.access(ANA, SHOP, "duckdb", Situation())
    with pytest.raises(Misconfigured) as error:
        access.table(SHOP.tables[0])
    assert dict(error.value.facts)["where"] == "p1.cedar:2"


@pytest.mark.requirement("policy:rules")
def test_a_least_group_without_a_unit_is_an_error() -> None:
    text = f'@min_group("5") forbid (principal, {READ}, resource in Table::"orders");'
    found = policies(f"permit (principal, {READ}, resource);", text)
    with pytest.raises(Misconfigured, match="policy cannot be taken"):
        found.access(ANA, SHOP, "duckdb", Situation()).table(SHOP.tables[0])


POOL = (
    f"permit (principal, {READ}, resource);",
    f'permit (principal in Group::"g1", {READ}, resource in Table::"t1");',
    f'@rows("c0 = \'x\'") permit (principal in Group::"g2", {READ}, resource in Table::"t2");',
    f'permit (principal == Person::"p3", {READ}, resource == Table::"t3");',
    f'permit (principal, {READ}, resource == Column::"t3.c1");',
    f'permit (principal is Person, {READ}, resource is Table in Schema::"main");',
    f'permit (principal in Tenant::"acme", {READ}, resource in Tag::"open");',
    f'@mask("hash") forbid (principal, {READ}, resource in Tag::"pii")'
    ' unless { principal in Group::"g1" };',
    f'@rows("c1 = :region") forbid (principal, {READ}, resource in Table::"t1");',
    f'forbid (principal, {READ}, resource == Column::"t2.c2") when {{ context.audience == "shared" }};',
    f'forbid (principal, {READ}, resource in Tag::"secret") unless {{ principal.hasTag("clear") }};',
    f'@mask("keep_first(2)") forbid (principal in Group::"g2", {READ}, resource == Column::"t1.c1");',
    f'forbid (principal, {READ}, resource) when {{ resource == Table::"t4" }};',
    f'forbid (principal, {READ}, resource) when {{ principal.method == "slack" }};',
    'forbid (principal, action, resource in Table::"t5") unless { context.purpose == "audit" };',
)
TAGS = (
    '[columns]\npii = ["*.c2", "t1.c0"]\n[tables]\nopen = ["t*"]\nsecret = ["t3"]\n'
    '[implies]\nsecret = ["pii"]'
)
WIDE = Catalog(tuple(table(f"t{i}", "c0 c1 c2") for i in range(7)))


def people(random_: random.Random) -> Principal:
    claims = [("region", "EU")] * random_.randint(0, 1) + [("clear", "yes")] * random_.randint(0, 1)
    return Principal(
        random_.choice(("p1", "p2", "p3")),
        tenant=random_.choice(("local", "acme")),
        groups=frozenset(random_.sample(("g1", "g2", "g3"), random_.randint(0, 2))),
        claims=tuple(claims),
        method=random_.choice(("local", "oidc", "slack")),
    )


def rulings(found: Policies, who: Principal, situation: Situation) -> list[object]:
    access = found.access(who, WIDE, "duckdb", situation)
    told: list[object] = []
    for each in WIDE.tables:
        for via_view in (False, True):
            seen = access.table(each, via_view=via_view)
            told.append(seen.text if isinstance(seen, TableRule) else seen)
        told.append(access.policies_of([each.ref]))
    return told


@pytest.mark.requirement("policy:decisions")
@pytest.mark.parametrize("seed", range(12))
def test_what_was_decided_for_others_changes_no_decision(seed: int) -> None:
    random_ = random.Random(seed)
    texts = [*random_.sample(POOL, random_.randint(4, len(POOL)))]
    warm = policies(*texts, tags=TAGS)
    for _ in range(25):
        who = people(random_)
        situation = Situation(random_.choice(("", "audit")), random_.choice(("private", "shared")))
        assert rulings(warm, who, situation) == rulings(policies(*texts, tags=TAGS), who, situation)


@pytest.mark.requirement("policy:decisions")
@pytest.mark.parametrize("seed", range(6))
def test_decisions_are_those_of_cedar_over_all_policies_and_every_entity(seed: int) -> None:
    """Each decision gives Cedar a few policies and two entities; here it gets all of both."""
    import cedarpy

    random_ = random.Random(100 + seed)
    texts = [t for t in random_.sample(POOL, 9) if "@" not in t]
    found = policies(*texts, tags=TAGS)
    tagged = found.tags.on(WIDE)
    for _ in range(30):
        who, each = people(random_), random_.choice(WIDE.tables)
        name = random_.choice(("", "c0", "c1", "c2"))
        resource = found.column(each, name, tagged, "duckdb") if name else found.table(each, tagged, "duckdb")
        groups = [("Group", g if who.tenant == "local" else f"acme::{g}") for g in who.groups]
        person = found._person(who).as_json()
        person["parents"] = [{"type": t, "id": i} for t, i in [*groups, ("Tenant", who.tenant)]]
        thing = {
            "uid": {"type": resource.uid[0], "id": resource.uid[1]},
            "attrs": {},
            "parents": [{"type": t, "id": i} for t, i in resource.under],
        }
        request = {
            "principal": person["uid"],
            "action": {"type": "Action", "id": "read"},
            "resource": thing["uid"],
            "context": {"purpose": "", "audience": "private"},
        }
        expected = cedarpy.is_authorized(request, "\n".join(texts), [person, thing])
        verdict = found.decide(who, ("read",), resource, Situation())[0]
        assert verdict.allowed is bool(expected.allowed)


@pytest.mark.requirement("policy:decisions")
def test_ten_thousand_tables_and_columns_are_judged_by_a_few_decisions() -> None:
    wide = Catalog(tuple(table(f"t{i}", "c0 c1 c2 c3 c4 c5 c6 c7 c8") for i in range(1_000)))
    texts = [
        f"permit (principal, {READ}, resource);",
        *(
            f'@rows("c0 = \'{i}\'") forbid (principal, {READ}, resource in Table::"t{i}");'
            for i in range(100)
        ),
        f'@mask("hash") forbid (principal, {READ}, resource in Tag::"pii");',
    ]
    found = policies(*texts, tags='[columns]\npii = ["*.c3"]')
    started = time.thread_time()
    access = found.access(ANA, wide, "duckdb", Situation())
    assert len(access.catalog.tables) == 1_000
    assert time.thread_time() - started < 20
    assert len(found._kept) < 400
    rule = access.table(wide.tables[7])
    assert isinstance(rule, TableRule)
    assert [c.name for c in rule.columns if not c.clear] == ["c3"]
    assert [r.sql() for r in rule.rows] == ['"gnomon_rows"."c0" = \'7\'']


@pytest.mark.requirement("policy:decisions")
def test_decisions_kept_are_bounded_and_the_answer_stays_the_same() -> None:
    found = policies(f'permit (principal == Person::"p7", {READ}, resource);')
    resource = found.table(SHOP.tables[0], Tagged({}, {}), "duckdb")
    for i in range(300):
        who = Principal(f"p{i}")
        assert found.decide(who, ("read",), resource, Situation())[0].allowed is (i == 7)
    assert len(found._kept) <= 300


@pytest.mark.requirement("policy:rules")
def test_a_version_changes_with_every_text_and_with_nothing_else() -> None:
    one = policies(f"permit (principal, {READ}, resource);")
    assert one.version == policies(f"permit (principal, {READ}, resource);").version
    assert one.version != policies(f"permit (principal, {READ}, resource); ").version
    assert one.version != policies(f"permit (principal, {READ}, resource);", home="acme").version


@pytest.mark.requirement("policy:decisions")
def test_a_denial_names_the_policy_and_whom_to_ask() -> None:
    found = policies(
        f"permit (principal, {READ}, resource);",
        '@id("secret") @ask("the data office") @instead("orders") @why("salaries are private")'
        f' forbid (principal, {READ}, resource == Table::"hr.pay");',
    )
    denial = found.access(ANA, SHOP, "duckdb", Situation()).table(SHOP.tables[2])
    assert denial == Denial(("secret",), "the data office", "orders", "salaries are private")

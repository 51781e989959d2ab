"""What governance costs: a policy decision, rewriting a statement, and running what it was rewritten to.

A decision is measured on a catalog of 10,000 tables and columns under about a hundred policies: anew (the
answer kept from before is thrown away) and as the agent makes it. Cedar alone, on a handle of the same 10,000
entities, is the peer. Execution is compared with the whole table and with a view written by hand.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.policy.policies import Policies, Resource, Situation, parse_policies

_TABLES, _COLUMNS = 1_000, 9
_GROUPS = 60
_PEOPLE = 50
_ROUNDS = 1_000
_ROWS = 1_000_000
_ANA = Principal("ana@acme.test", groups=frozenset({"g1", "g7", "staff"}), claims=(("region", "EU"),))
_STATEMENTS = (
    "SELECT region, SUM(amount) FROM sales GROUP BY region ORDER BY 2 DESC",
    "SELECT s.region, COUNT(*) FROM sales AS s JOIN shops AS p ON p.id = s.shop_id WHERE s.amount > 10"
    " GROUP BY s.region",
    "WITH big AS (SELECT * FROM sales WHERE amount > 500) SELECT COUNT(*), AVG(amount) FROM big",
    "SELECT * FROM sales ORDER BY id LIMIT 20",
    "SELECT city, (SELECT MAX(amount) FROM sales WHERE shop_id = shops.id) AS top FROM shops",
)
_RESTRICTING = """
permit (principal, action == Action::"read", resource);
@id("regions") @rows("region = :region")
forbid (principal, action == Action::"read", resource in Table::"sales");
@id("mail") @mask("hash") forbid (principal, action == Action::"read", resource == Column::"sales.email");
@id("note") forbid (principal, action == Action::"read", resource == Column::"sales.note");
"""
_QUERY = (
    "SELECT region, COUNT(*), SUM(amount), COUNT(DISTINCT shop_id) FROM {} WHERE amount > 10 GROUP BY region"
)


def run() -> dict[str, float]:
    """Medians: microseconds a decision and a statement, milliseconds a query over a million rows."""
    return {**_decisions(), **_rewriting(), **_execution()}


def _decisions() -> dict[str, float]:
    catalog = _catalog()
    policies = parse_policies([("bench.cedar", _policies()), ("tags.toml", _TAGS)], home="local")
    tagged = policies.tags.on(catalog)
    resources = [
        policies.column(table, table.columns[n % _COLUMNS].name, tagged, "duckdb")
        for n, table in enumerate(catalog.tables)
    ]
    people = [replace(_ANA, subject=f"p{n}", groups=frozenset({f"g{n}", "staff"})) for n in range(_PEOPLE)]
    peer = _cedar_alone(policies, catalog, resources)
    anew, kept = [], []
    for n in range(_ROUNDS):
        person, resource = people[n % _PEOPLE], resources[n]
        policies._kept.clear()
        decide = partial(policies.decide, person, ("read",), resource, Situation())
        anew.append(_us(decide))
        kept.append(_us(decide))
    return {
        "policies": len(policies.rules.rules),
        "entities": sum(1 + len(t.columns) for t in catalog.tables),
        "decision_anew_us": round(statistics.median(anew), 1),
        "decision_us": round(statistics.median(kept), 1),
        "cedar_alone_us": round(peer, 1),
    }


def _cedar_alone(policies: Policies, catalog: Catalog, resources: list[Resource]) -> float:
    import cedarpy

    person = policies._person(_ANA).as_json()
    groups = [{"uid": {"type": "Group", "id": g}, "attrs": {}, "parents": []} for g in sorted(_ANA.groups)]
    things: list[dict[str, Any]] = [person, *groups]
    for table in catalog.tables:
        uid = {"type": "Table", "id": table.ref.name}
        things.append({"uid": uid, "attrs": {}, "parents": []})
        things += [
            {"uid": {"type": "Column", "id": f"{table.ref.name}.{c.name}"}, "attrs": {}, "parents": [uid]}
            for c in table.columns
        ]
    entities = cedarpy.Entities.from_json_str(json.dumps(things))
    handle = cedarpy.PolicySet.from_str("\n".join(rule.text for rule in policies.rules.rules))
    taken = []
    for n in range(_ROUNDS):
        request = {
            "principal": person["uid"],
            "action": {"type": "Action", "id": "read"},
            "resource": {"type": "Column", "id": resources[n].uid[1]},
            "context": {"purpose": "", "audience": "private"},
        }
        taken.append(_us(partial(cedarpy.is_authorized, request, handle, entities)))
    return statistics.median(taken)


_TAGS = """
[columns]
pii = ["*.c3"]
[tables]
finance = ["t10*"]
"""


def _policies() -> str:
    read = 'action == Action::"read"'
    texts = [
        f'@id("g{n}") permit (principal in Group::"g{n}", {read}, resource in Table::"t{n}");'
        for n in range(_GROUPS)
    ]
    texts += [
        f'@id("r{n}") @rows("c1 = {n}") forbid (principal, {read}, resource in Table::"t{n}")'
        ' unless { principal in Group::"boss" };'
        for n in range(30)
    ]
    texts += [
        '@id("staff") permit (principal in Group::"staff", action == Action::"read", resource);',
        '@id("pii") @mask("hash") forbid (principal, action == Action::"read", resource in Tag::"pii");',
        '@id("finance") forbid (principal, action == Action::"read", resource in Tag::"finance")'
        ' unless { principal.hasTag("region") && principal.getTag("region").contains("EU") };',
        '@id("shared") forbid (principal, action == Action::"read", resource in Table::"t500")'
        ' when { context.audience == "shared" };',
    ]
    return "\n".join(texts)


def _catalog() -> Catalog:
    columns = tuple(Column(f"c{n}", "integer", "INTEGER") for n in range(_COLUMNS))
    return Catalog(tuple(TableSchema(TableRef(f"t{n}"), columns) for n in range(_TABLES)))


def _rewriting() -> dict[str, float]:
    catalog = _shop()
    policies = parse_policies([("bench.cedar", _RESTRICTING)], home="local")
    access = policies.access(_ANA, catalog, "duckdb", Situation(), secret="bench")
    plain = Access.to_all(_ANA, catalog, "duckdb")
    restricted, unrestricted = [], []
    for sql in _STATEMENTS * 20:
        query = Query(sql, "duckdb")
        restricted.append(_us(partial(authorize, query, access, Limits())))
        unrestricted.append(_us(partial(authorize, query, plain, Limits())))
    return {
        "authorize_restricted_us": round(statistics.median(restricted), 1),
        "authorize_us": round(statistics.median(unrestricted), 1),
    }


def _shop() -> Catalog:
    kinds = {"id": "integer", "shop_id": "integer", "amount": "integer", "region": "text"}
    sales = [*kinds.items(), ("email", "text"), ("note", "text")]
    shops = [("id", "integer"), ("city", "text")]
    return Catalog(
        tuple(
            TableSchema(TableRef(name), tuple(Column(c, kind, kind) for c, kind in columns))  # type: ignore[arg-type]
            for name, columns in (("sales", sales), ("shops", shops))
        )
    )


def _execution() -> dict[str, float]:
    import duckdb

    policies = parse_policies([("bench.cedar", _RESTRICTING)], home="local")
    access = policies.access(_ANA, _shop(), "duckdb", Situation(), secret="bench")
    rewritten = authorize(Query(_QUERY.format("sales"), "duckdb"), access, Limits()).sql
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE sales AS SELECT i AS id, i % 500 AS shop_id, i % 1000 AS amount,"
            " ['EU', 'US', 'ASIA'][1 + i % 3] AS region, 'p' || (i % 9999) AS email, 'n' || i AS note"
            f" FROM range({_ROWS}) r(i)"
        )
        connection.execute("CREATE VIEW by_hand AS SELECT * EXCLUDE (note) FROM sales WHERE region = 'EU'")

        def median_ms(sql: str) -> float:
            taken = [_us(lambda: connection.execute(sql).fetchall()) for _ in range(15)]
            return round(statistics.median(taken) / 1e3, 2)

        return {
            "run_restricted_ms": median_ms(rewritten),
            "run_view_ms": median_ms(_QUERY.format("by_hand")),
            "run_whole_ms": median_ms(_QUERY.format("sales")),
        }


def _us(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1e6


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()

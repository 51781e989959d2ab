"""A warehouse of which ana sees a part, and sources that speak of the rest of it in every way there is.

Three of them can be built. `loud`: texts about what she sees name what she does not, in many spellings, each
with a canary. `quiet`: hidden tables are there, used and described, and no text about the others names them.
`bare`: the same without the hidden tables and all that is said of them, so that she must see the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb

from context.catalog.told import Told
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.facts import (
    Dashboard,
    Fact,
    FactKind,
    Item,
    JoinClaim,
    Layer,
    LineageEdge,
    Origin,
    PastQuery,
    PipelineCode,
)
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.catalog import ColumnRef
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.models.port import Embedder
from gnomon.policy.authority import Authority
from gnomon.policy.authorize import authorize
from gnomon.policy.policies import Policies, Situation, parse_policies
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse

Kind = Literal["loud", "quiet", "bare"]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANA = Principal("ana@acme.test", groups=frozenset({"sales"}), method="oidc")
OWNER = Principal("olga@acme.test", groups=frozenset({"owners"}), method="oidc")

_ALL = """
@id("owners") permit (principal in Group::"owners", action, resource);
@id("tools") permit (principal, action == Action::"use", resource)
when { ["read", "compute", "ask"].contains(resource.effect) };
@id("memories") permit (principal, action == Action::"read", resource is Memory);
@id("documents") permit (principal, action == Action::"read", resource is Document);
@id("own-region") @rows("region = 'EU'")
forbid (principal in Group::"sales", action == Action::"read", resource in Table::"sales");
@id("mails") @mask("hash")
forbid (principal in Group::"sales", action == Action::"read", resource == Column::"customers.mail");
@id("figures") @min_group("10") @unit("staff_id")
forbid (principal in Group::"sales", action == Action::"read", resource in Table::"staff");
"""
_READS = '@id("reads") permit (principal in Group::"sales", action == Action::"read", resource)'
_UNLESS = ' unless { resource in Tag::"away" };'
_TAGS = '[tables]\naway = ["zq_vault", "zq_hr.orders", "bribes", "status", "Secret Plans"]\n'
_MARGIN = '[columns]\naway = ["customers.zq_margin"]\n'

_SHOWN = (
    "CREATE TABLE orders AS SELECT i AS order_id, 1 + i % 20 AS customer_id,"
    " ['paid', 'open'][1 + i % 2] AS status, 10 * i AS total, DATE '2026-01-01' + i::INTEGER AS placed"
    " FROM range(1, 101) r(i)",
    "CREATE TABLE old_orders AS SELECT * FROM orders WHERE order_id < 20",
    "CREATE TABLE made_orders AS SELECT order_id, total, status FROM orders",
    "CREATE TABLE sales AS SELECT i AS sale_id, ['EU', 'US'][1 + i % 2] AS region, i AS amount,"
    " DATE '2026-01-01' + i::INTEGER AS sale_date FROM range(1, 61) r(i)",
    "CREATE TABLE staff AS SELECT i AS staff_id, 'badge ' || i AS badge, i % 3 AS grade"
    " FROM range(1, 41) r(i)",
)
_CUSTOMERS = (
    "CREATE TABLE customers AS SELECT i AS customer_id, 'Customer ' || i AS name,"
    " 'c' || i || '@acme.test' AS mail{margin} FROM range(1, 21) r(i)"
)
_HIDDEN = (
    "CREATE TABLE zq_vault AS SELECT i AS zq_id, i AS order_id, 'CANARY-CELL-' || i AS codeword,"
    " 900 + i AS salary, i AS zq_bonus, DATE '2026-10-01' + i::INTEGER AS placed FROM range(1, 51) r(i)",
    "CREATE SCHEMA zq_hr",
    "CREATE TABLE zq_hr.orders AS SELECT i AS order_id, 'CANARY-CELL-' || i AS zq_reason"
    " FROM range(1, 9) r(i)",
    "CREATE TABLE bribes AS SELECT i AS bribe_id, 'CANARY-CELL-' || i AS payee FROM range(1, 9) r(i)",
    "CREATE TABLE status AS SELECT i AS status_id, 'CANARY-CELL' AS payload FROM range(1, 3) r(i)",
    'CREATE TABLE "Secret Plans" AS SELECT i AS plan_no FROM range(1, 3) r(i)',
)
HIDDEN_NAMES = ("zq_", "zqvault", "zq vault", "salary", "bribe", "secret plans", "secret_plans", "codeword")
_CANARY = re.compile(r"CANARY[\w@-]*", re.IGNORECASE)

SPELLINGS = (
    *("zq_vault", "`ZQ_VAULT`", '"zq_vault"', "main.zq_vault", "ZqVault", "the zq vaults", "zq-vault"),
    *(
        "models/zq_vault.sql:3",
        "stg_zq_vault.sql",
        "zq\u200b_vault",
        "ｚｑ_ｖａｕｌｔ",
        "zq_vаult",
        "zq\\_vault",
    ),
    *("zq_<b>vault</b>", "zq&#95;vault", "zq_hr.orders", "`zq_hr`.`orders`", "Secret Plans", "secret_plans"),
    *(
        "a bribe",
        "bribes",
        "JOIN status",
        "status.status_id",
        "`total` is salary + bonus",
        "customers.zq_margin",
    ),
)
"""Ways to name what is hidden."""

_SINGLE: dict[FactKind, str] = {
    "owner": "zq vault team CANARY-owner",
    "criticality": "as zq_vault CANARY-criticality",
    "freshness": "within 2 days of zq_vault CANARY-freshness",
    "use_instead": "zq_vault when you need CANARY-instead; orders when you need new ones",
    "produced_by": "models/stg_zq_vault.sql:4 CANARY-made",
    "meaning": "One row per old order. Codes are in zq_vault, CANARY-meaning. Never changed.",
}
_PLAIN: dict[FactKind, str] = {"owner": "finance", "criticality": "high", "freshness": "daily"}
_SEVERAL: tuple[FactKind, ...] = (
    *("caveat", "use_when", "grain", "scope", "derivation", "downstream", "tag", "always_filter"),
    "also_called",
)


@dataclass
class ContextWorld:
    """One of the three, indexed."""

    kind: Kind
    warehouse: Warehouse
    index: CatalogIndex
    policies: Policies

    def authority(self, who: Principal = ANA) -> Authority:
        """What somebody may do here."""
        return Authority(lambda: who, Situation(), lambda: self.policies, "k" * 40)

    def governed(self, who: Principal = ANA, page: str = "") -> GovernedIndex:
        """The index as somebody may see it."""
        access = self.authority(who).access(self.index.catalog(), "duckdb")

        def run(sql: str) -> ResultTable:
            return self.warehouse.execute(authorize(Query(sql, "duckdb"), access, Limits()))

        return GovernedIndex(self.index, access, run, page)

    def close(self) -> None:
        """Give back files and connections."""
        self.index.close()
        self.warehouse.close()


def build(kind: Kind, folder: Path, embedder: Embedder, more: tuple[Item, ...] = ()) -> ContextWorld:
    """Fill and index one of the three."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        margin = ", 7000 + i AS zq_margin" if kind == "loud" else ""
        hidden = () if kind == "bare" else _HIDDEN
        for statement in (*_SHOWN, _CUSTOMERS.format(margin=margin), *hidden):
            connection.execute(statement)
    warehouse = open_warehouse(str(folder / "shop.duckdb"))
    told = Told((*items(kind), *more))
    build_index(warehouse, embedder, folder / "index.db", sources=(told,), now=NOW, found_by_values=False)
    return ContextWorld(kind, warehouse, CatalogIndex.open(folder / "index.db"), policies(kind))


def policies(kind: Kind) -> Policies:
    """The policies that fit the tables of such a world."""
    tags = "" if kind == "bare" else _TAGS + (_MARGIN if kind == "loud" else "")
    reads = _READS + (";" if kind == "bare" else _UNLESS)
    return parse_policies([("access.cedar", _ALL + reads), ("tags.toml", tags)], home="local")


def items(kind: Kind) -> Iterator[Item]:
    """What the sources say."""
    yield from _clean()
    if kind != "bare":
        yield from _about_hidden()
    if kind == "loud":
        yield from _loud()


def everything(index: GovernedIndex, embedder: Embedder) -> dict[str, Any]:
    """All that the index tells somebody."""
    questions = (
        "orders by status",
        "executive pay",
        "vault salary bribes",
        "sales by region",
        "zq_vault",
        "old",
    )
    vectors = dict(zip(questions, embedder.embed(list(questions)), strict=True))
    refs = [t.ref for t in index.index.catalog().tables]
    columns = [ColumnRef(t.ref, c.name) for t in index.index.catalog().tables for c in t.columns]
    return {
        "cards": index.cards(),
        "catalog": index.catalog(),
        "brief": index.brief(),
        "lineage": {
            (str(ref), up): index.lineage(ref, up=up, depth=4) for ref in refs for up in (True, False)
        },
        "trusted": {q: index.trusted(v, 10) for q, v in vectors.items()},
        "found": {q: index.retrieve(q, v, 10) for q, v in vectors.items()},
        "values": {q: index.match_values(f"{q} open paid EU US CANARY-CELL-1 Customer 3") for q in questions},
        "near": {str(c): index.near_values(c, "CANARY-CELL-") for c in columns},
        "has": {str(c): index.has_value(c, "CANARY-CELL-1") for c in columns},
    }


def leaks(text: str) -> list[str]:
    """Canaries and hidden names in a text."""
    folded = text.casefold()
    return sorted(set(_CANARY.findall(text))) + [name for name in HIDDEN_NAMES if name in folded]


def _fact(table: str, kind: FactKind, text: str, place: str = "notes.yaml:1", column: str = "") -> Fact:
    layer: Layer = "annotation" if kind != "derivation" else "code"
    return Fact(table, kind, text, Origin(layer, place, "told:test", "Ines"), column)


def _clean() -> Iterator[Item]:
    yield _fact("orders", "meaning", "One row per order that a customer placed.")
    yield _fact("orders", "owner", "finance")
    yield _fact("orders", "use_when", "Unlike `old_orders`, it is loaded every day.")
    yield _fact("orders", "caveat", "Status of test orders is open.")
    yield _fact("orders", "column_meaning", "Where the order stands.", column="status")
    yield _fact("customers", "meaning", "One row per customer.")
    yield _fact("sales", "always_filter", "amount > 0")
    yield JoinClaim("orders", ("customer_id",), "customers", ("customer_id",), Origin("code", "a.sql:1"))
    yield LineageEdge("old_orders", "orders", Origin("code", "models/old_orders.sql:1"))
    yield LineageEdge("made_orders", "orders", Origin("code", "models/made.sql:1"), "total", "total")
    yield from _runs("SELECT status, COUNT(*) AS n FROM orders GROUP BY status", 40, "Orders by status")
    yield from _runs("SELECT COUNT(*) AS n FROM old_orders", 9, "Old orders in all")


def _about_hidden() -> Iterator[Item]:
    """What is said of the hidden tables, and used of them most of all."""
    yield _fact("zq_vault", "meaning", "Codewords of the vault, CANARY-vault.")
    yield _fact("bribes", "caveat", "CANARY-bribes")
    yield LineageEdge("zq_vault", "orders", Origin("code", "models/zq_vault.sql:1"))
    yield LineageEdge("customers", "zq_vault", Origin("code", "models/customers.sql:1"))
    yield from _runs(
        "SELECT codeword, SUM(salary) AS s FROM zq_vault GROUP BY 1", 90_000, "Vault CANARY-title"
    )
    yield from _runs("SELECT COUNT(*) AS n FROM bribes", 70_000, "Executive pay CANARY-title")


def _runs(sql: str, runs: int, title: str = "", dashboard: str = "") -> Iterator[PastQuery]:
    for who in ("ines", "bo", "cy"):
        yield PastQuery(
            sql, Origin("usage", f"{title or 'log'}:1"), title=title, author=who, last_run=NOW, runs=runs,
            succeeded=True, dashboard=dashboard, views=500 if title or dashboard else None,
            reviewed=bool(title),
        )  # fmt: skip


def _loud() -> Iterator[Item]:
    for kind, text in _SINGLE.items():
        yield _fact("old_orders", kind, text)
    for number, spelling in enumerate(SPELLINGS):
        yield _fact("orders", "caveat", f"Kept beside {spelling}, CANARY-caveat-{number}.")
    for kind in _SEVERAL:
        yield _fact("made_orders", kind, f"total NOT IN (SELECT order_id FROM zq_vault) /* CANARY-{kind} */")
        if kind not in (
            "tag",
            "always_filter",
            "also_called",
        ):  # Of these a card tells no place that is hidden.
            yield _fact("made_orders", kind, f"status <> 'CANARY-{kind}-place'", "models/zq_vault.sql:9")
    for kind, text in _PLAIN.items():
        yield _fact("made_orders", kind, text, f"zq_vault.yaml:9 CANARY-{kind}-place")
    yield _fact("made_orders", "derivation", "salary + bonus of CANARY-derived", column="total")
    yield _fact("orders", "column_meaning", "As in zq vault, CANARY-column.", column="total")
    yield _fact("orders", "column_meaning", "Fine.", "zq_vault.yaml:3", column="placed")
    yield _fact("orders", "also_called", "zq vault CANARY-name", column="total")
    yield _fact("orders", "also_called", "worth", "zq_vault.yaml:3 CANARY-name-place", column="total")
    yield _fact("customers", "caveat", "The zq margin is CANARY-margin.")
    yield _fact("customers", "column_meaning", "Such as 'CANARY-mail@acme.test'.", column="mail")
    yield _fact("customers", "caveat", "Leaves out mail 'CANARY-mail@acme.test'.")
    yield _fact("staff", "caveat", "Leaves out badge 'CANARY-badge'.")
    yield LineageEdge("made_orders", "old_orders", Origin("code", "models/zq_vault.sql:5 CANARY-place"))
    yield LineageEdge("orders", "zq_vault", Origin("code", "x.sql:5"), "total", "salary")
    yield LineageEdge("orders", "customers", Origin("code", "x.sql:6"), "status", "zq_margin")
    code = (
        "CREATE TABLE made_orders AS SELECT o.order_id, v.salary + v.zq_bonus AS total, o.status"
        " FROM orders o JOIN zq_vault v ON o.order_id = v.order_id WHERE v.codeword <> 'CANARY-literal'"
    )
    yield PipelineCode("made_orders", code, Origin("code", "models/made_orders.sql:1"))
    yield Dashboard("Board of bribes CANARY-board", Origin("usage", "b.json"), tables=("orders",), views=9)
    both = "SELECT o.status, SUM(v.salary) AS s FROM orders o JOIN zq_vault v USING (order_id) GROUP BY 1"
    yield from _runs(both, 50, dashboard="Executive pay CANARY-dash")
    yield from _runs("SELECT COUNT(*) AS n FROM orders", 30, dashboard="Executive pay CANARY-dash")
    yield from _runs("SELECT MAX(total) AS n FROM orders", 30, "Orders, as in ZqVault CANARY-as")
    yield from _runs("SELECT region, SUM(amount) AS a FROM sales GROUP BY 1", 30, "CANARY-sales by region")
    for column in ("sale_id", "amount", "sale_date", "region", "sale_id, amount", "amount, region"):
        sql = f"SELECT {column} FROM sales WHERE region = 'US' GROUP BY ALL"
        yield from _runs(sql, 20, f"CANARY-sales by {column}")

"""Two warehouses that differ in nothing but what a restricted person must not know, and how to act in them.

In both, ana sells in Europe: she reads orders of her region, fingerprints of mail addresses, salaries as
figures over ten people, and neither `zq_vault` nor `zq_bribes`, whose names alone are secret. Whatever she
gets to see has to be the same in both, and to hold no canary.
"""

import re
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import duckdb
import psycopg

from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.answer import Question
from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.models.port import Embedder
from gnomon.policy.authority import Authority
from gnomon.policy.policies import Policies, Situation, parse_policies
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse

POLICIES = Path(__file__).with_name("policies")
SECRET = "5ec2e7" * 8 + "c0ffee1234567890"
"""The key of the `hash` mask: no eight characters of it may be seen."""

_CANARY = re.compile(r"CANARY[-\w@]*", re.IGNORECASE)
HIDDEN_NAMES = ("zq_vault", "zq_bribes", "zq_card", "zq_codeword", "zq_payee")
ANA = Principal(
    "ana@acme.test",
    groups=frozenset({"sales"}),
    claims=(("region", "EU"),),
    method="api_token",
    scopes=frozenset({"read", "compute", "ask"}),
)
OWNER = Principal("olga@acme.test", groups=frozenset({"owners"}), method="oidc")

_TABLES = (
    "CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name VARCHAR(60), email VARCHAR(60),"
    " phone VARCHAR(20), born DATE, region VARCHAR(10), zq_card VARCHAR(60))",
    "CREATE TABLE orders (order_id INTEGER PRIMARY KEY,"
    " customer_id INTEGER REFERENCES customers (customer_id), region VARCHAR(10), status VARCHAR(10),"
    " note VARCHAR(60), amount INTEGER, placed DATE)",
    "CREATE TABLE old_orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER, region VARCHAR(10),"
    " status VARCHAR(10), note VARCHAR(60), amount INTEGER, placed DATE)",
    "CREATE TABLE salaries (employee_id INTEGER PRIMARY KEY, employee VARCHAR(60), dept VARCHAR(10),"
    " pay INTEGER)",
    "CREATE TABLE bonuses (employee_id INTEGER PRIMARY KEY, employee VARCHAR(60), bonus INTEGER)",
    "CREATE TABLE regions (region VARCHAR(10) PRIMARY KEY, title VARCHAR(60))",
    "CREATE TABLE zq_vault (zq_id INTEGER PRIMARY KEY, zq_codeword VARCHAR(60))",
    "CREATE TABLE zq_bribes (zq_id INTEGER PRIMARY KEY, zq_payee VARCHAR(60))",
)
_VIEWS = (
    "CREATE VIEW open_orders AS SELECT order_id, region, note, amount FROM orders WHERE status = 'open'",
    "CREATE VIEW order_mails AS SELECT o.order_id, o.note, c.email FROM orders o"
    " JOIN customers c ON o.customer_id = c.customer_id",
    "CREATE VIEW codes AS SELECT zq_id AS code_id, zq_codeword AS code FROM zq_vault",
    "CREATE VIEW payees AS SELECT count(*) AS n FROM zq_bribes WHERE zq_payee <> 'CANARY-LITERAL'",
    "CREATE VIEW pay_list AS SELECT employee, pay FROM salaries",
)
_COMMENTS = (
    "COMMENT ON COLUMN regions.title IS 'How it is called. Codes are in ZQ_VAULT.'",
    "COMMENT ON TABLE regions IS 'Regions of sales. Kept beside zq_bribes. One row per region.'",
)
Rows = list[tuple[object, ...]]


def _rows(world: int) -> dict[str, Rows]:
    """Every table's rows. What depends on `world` is what ana must not know."""
    customers: Rows = [
        (
            i,
            f"Customer {i}",
            "CANARY-MAIL@acme.test" if i == 7 else f"c{i}@acme.test",
            "CANARY-PHONE-4711" if i == 8 else f"+43 660 10{i:04d}",
            f"19{60 + i % 40}-0{1 + i % 9}-1{i % 10}",
            _region(i),
            f"CANARY-CARD-{world}-{i}" if i < 10 else f"card {i * (world + 1)}",
        )
        for i in range(1, 41)
    ]
    orders: Rows = [_order(i, world) for i in range(1, 201 + 40 * world) if i <= 200 or _region(i) == "US"]
    pay = [1000 + 10 * i for i in range(31)]
    people = [f"Employee {i}" for i in range(31)]
    people[3], pay[3] = "CANARY-UNIT", 7654
    if world:
        pay[3], pay[5], people[3] = pay[5], pay[3], "CANARY-OTHER-UNIT"
    return {
        "customers": customers,
        "orders": orders,
        "old_orders": [(i, i, "EU", "paid", "kept", 10 * i, f"2025-0{1 + i % 9}-01") for i in range(1, 6)],
        "salaries": [(i, people[i], "ab"[i % 2], pay[i]) for i in range(1, 31)],
        "bonuses": [(i, f"CANARY-BONUS-{world}-{i}", 500 + world) for i in range(1, 6 + world)],
        "regions": [("EU", "Europe"), ("US", "America")],
        "zq_vault": [(i, f"CANARY-VAULT-{world}-{i}") for i in range(1, 3 + world)],
        "zq_bribes": [(i, f"CANARY-BRIBE-{world}-{i}") for i in range(1, 4)],
    }


def _region(i: int) -> str:
    return "EU" if i % 2 else "US"


def _order(i: int, world: int) -> tuple[object, ...]:
    region = _region(i)
    if region == "EU":
        return (
            i,
            1 + i % 40,
            region,
            "open" if i % 3 else "paid",
            f"fine {i % 5}",
            i,
            f"2025-0{1 + i % 9}-02",
        )
    note = f"CANARY-ROW-{world}" if i % 4 else f"{i * (world + 3)}"
    return (
        i,
        1 + i % 40,
        region,
        "lost" if world else "open",
        note,
        90_000 + i * (world + 1),
        f"2026-0{1 + i % 9}-03",
    )


@dataclass
class World:
    """One of the two warehouses, indexed, with its policies, or the reason why they cannot be taken."""

    number: int
    warehouse: Warehouse
    index: CatalogIndex
    policies: Policies | Misconfigured = field(default_factory=lambda: ana_policies())
    who: Principal = ANA

    def authority_of(self, question: Question) -> Authority:
        """What the person of a question may do here."""
        situation = Situation(question.purpose, question.audience)
        return Authority(lambda: self.who, situation, self.in_force, SECRET)

    def in_force(self) -> Policies:
        """The policies, as they are at this moment."""
        if isinstance(self.policies, Misconfigured):
            raise self.policies
        return self.policies

    def close(self) -> None:
        """Give back files and connections."""
        self.index.close()
        self.warehouse.close()


def ana_policies(more: str = "") -> Policies:
    """The policies of the folder beside this file, with further ones."""
    texts = [(p.name, p.read_text()) for p in sorted(POLICIES.iterdir())]
    return parse_policies([*texts, ("more.cedar", more)], home="local")


def build(engine: str, number: int, folder: Path, embedder: Embedder, postgres_url: str = "") -> World:
    """Fill, open and index one of the two worlds."""
    folder.mkdir(parents=True, exist_ok=True)
    makers: dict[str, Callable[[int, Path, str], str]] = {
        "duckdb": _duckdb,
        "sqlite": _sqlite,
        "postgres": _postgres,
    }
    warehouse = open_warehouse(makers[engine](number, folder, postgres_url))
    # With policies an index is not searched by values: see `Gnomon.build_index`.
    build_index(warehouse, embedder, folder / "index.db", found_by_values=False)
    return World(number, warehouse, CatalogIndex.open(folder / "index.db"))


def _statements(number: int, marker: str) -> Iterator[tuple[str, Rows]]:
    rows = _rows(number)
    for statement in _TABLES:
        yield statement, []
    for name, content in rows.items():
        marks = ", ".join([marker] * len(content[0]))
        yield f"INSERT INTO {name} VALUES ({marks})", content
    for statement in _VIEWS:
        yield statement, []


def _duckdb(number: int, folder: Path, _: str) -> str:
    return str(fill_duckdb(number, folder))


def fill_duckdb(number: int, folder: Path) -> Path:
    """One of the two worlds as a DuckDB file."""
    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement, rows in _statements(number, "?"):
            connection.executemany(statement, rows) if rows else connection.execute(statement)
        for comment in _COMMENTS:
            connection.execute(comment)
    return path


def _sqlite(number: int, folder: Path, _: str) -> str:
    path = folder / "shop.db"
    connection = sqlite3.connect(path)
    for statement, rows in _statements(number, "?"):
        connection.executemany(statement, rows) if rows else connection.execute(statement)
    connection.commit()
    connection.close()
    return str(path)


def _postgres(number: int, _: Path, url: str) -> str:
    return postgres_world(number, url)


def postgres_world(number: int, url: str) -> str:
    """One of the two worlds as a database of its own on that server; its URL."""
    name = f"governance_{number}_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
    address = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    with psycopg.connect(address, autocommit=True) as connection:
        for statement, rows in _statements(number, "%s"):
            if rows:
                connection.cursor().executemany(statement.encode(), rows)
            else:
                connection.execute(statement.encode())
        for comment in _COMMENTS:
            connection.execute(comment.encode())
        connection.execute(b"ANALYZE")
    return address


def leaks(text: str, said: str) -> list[str]:
    """Secrets that a text holds and that the person did not say themselves."""
    folded, spoken = text.casefold(), said.casefold()
    found = sorted({word for word in _CANARY.findall(text) if word.casefold() not in spoken})
    found += [name for name in HIDDEN_NAMES if name in folded and name not in spoken]
    found += ["mask key"] if any(SECRET[i : i + 8] in text for i in range(len(SECRET) - 7)) else []
    return found

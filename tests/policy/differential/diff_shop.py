"""A small shop with every kind of name, key, null and view, and the same shop as one person sees it.

The second one is made by Python alone, from a plain account of who sees what: no code of the policy package
takes part in it, so that the two can be compared.
"""

import hashlib
import hmac
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gnomon.domain.query import Dialect

SECRET = "key-of-the-test"
HIDDEN_PREFIX = "zz_"
"""Tables of the reduced shop that stand behind its views and are in no catalog."""

Row = dict[str, Any]
TYPES: dict[Dialect, dict[str, str]] = {
    "duckdb": {
        "int": "INTEGER",
        "money": "DECIMAL(10,2)",
        "text": "VARCHAR",
        "date": "DATE",
        "time": "TIMESTAMP",
        "bool": "BOOLEAN",
        "double": "DOUBLE",
        "json": "JSON",
        "list": "INTEGER[]",
    },
    "sqlite": {
        "int": "INTEGER",
        "money": "REAL",
        "text": "TEXT",
        "date": "DATE",
        "time": "TIMESTAMP",
        "bool": "BOOLEAN",
        "double": "REAL",
        "json": "JSON",
        "list": "TEXT",
    },
    "postgres": {
        "int": "integer",
        "money": "numeric(10,2)",
        "text": "text",
        "date": "date",
        "time": "timestamp",
        "bool": "boolean",
        "double": "double precision",
        "json": "jsonb",
        "list": "integer[]",
    },
}


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view of the shop.

    Args:
        name: Its name; a name with a schema is `schema.name` where the engine has schemas.
        columns: Name and type word of each column, in order.
        rows: Its rows; empty for a view.
        body: A view's query; `{orders}` stands for a relation's name, `{orders_}` for one that goes by it.
        listed: Whether the view is made with a list of column names.
    """

    name: str
    columns: Mapping[str, str]
    rows: tuple[tuple[Any, ...], ...] = ()
    body: str = ""
    listed: bool = False
    key: str = ""
    schema: str = ""

    def address(self, dialect: Dialect) -> str:
        """The name as policies write it."""
        return f"{self.schema}.{self.name}" if self.schema and dialect != "sqlite" else self.name

    def quoted(self, dialect: Dialect, prefix: str = "") -> str:
        """The name as SQL writes it; a prefix names the hidden twin."""
        schema = f"{self.schema}." if self.schema and dialect != "sqlite" and not prefix else ""
        return f'{schema}"{prefix}{self.name}"'


def _customers() -> Iterator[tuple[Any, ...]]:
    cities = ("Oslo", "Lima", "Kyoto", None)
    for i in range(1, 25):
        mail = None if i % 8 == 0 else f"c{i}@{'x' if i % 2 else 'yy'}.test"
        boss = None if i % 7 == 0 else i // 3 or None
        since = f"20{18 + i % 5}-{i % 12 + 1:02d}-{i % 28 + 1:02d}"
        yield i, f"Customer {i % 20}", cities[i % 4], "abc"[i % 3], since, mail, boss


def _orders() -> Iterator[tuple[Any, ...]]:
    for i in range(1, 61):
        amount = None if i % 11 == 0 else (i * 37) % 150 - 10
        note = ("plain", str(i), f"{i}.5", None, "", "2024-13-77")[i % 6]
        placed = f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d} {i % 24:02d}:30:00"
        customer = None if i % 13 == 0 else i % 24 + 1
        status = ("open", "void", "paid", None)[i % 4]
        yield (
            i,
            customer,
            amount,
            round((i * 7 % 40) / 8, 2),
            status,
            placed,
            note,
            (True, False, None)[i % 3],
        )


CUSTOMERS = Relation(
    "customers",
    {
        "id": "int",
        "name": "text",
        "city": "text",
        "segment": "text",
        "since": "date",
        "email": "text",
        "boss": "int",
    },
    tuple(_customers()),
    key="id",
)
ORDERS = Relation(
    "orders",
    {
        "id": "int",
        "customer_id": "int",
        "amount": "int",
        "discount": "money",
        "status": "text",
        "placed": "time",
        "note": "text",
        "paid": "bool",
    },
    tuple(_orders()),
    key="id",
)
DETAILS = Relation(
    "Order Details",
    {"Order Id": "int", "Qty": "int", "Product Name": "text"},
    tuple((i % 30 + 1, i % 5, None if i % 9 == 0 else f"Product {i % 4}") for i in range(45)) * 2,
)
GRANTS = Relation(
    "grants",
    {"subject": "text", "customer_id": "int"},
    (*(("ana", i) for i in range(1, 10)), ("ben", 11), ("ana", 3), ("ben", None)),
)
SALES = Relation(
    "sales",
    {"id": "int", "customer_id": "int", "city": "text", "amount": "int"},
    tuple((i, i % 12 + 1, ("Oslo", "Lima", None)[i % 3], i * 5 % 70) for i in range(1, 31)),
    schema="marts",
)
EXTRAS = Relation(
    "extras",
    {"id": "int", "payload": "json", "numbers": "list"},
    tuple((i, f'{{"k": {i % 4}, "tags": ["a", "b{i}"]}}', (i, i + 1, None)) for i in range(1, 13)),
)
OPEN_ORDERS = Relation(
    "open_orders",
    ORDERS.columns,
    body="SELECT * FROM {orders_} WHERE orders.status IN ('open', 'void')",
)
ORDER_NAMES = Relation(
    "order_names",
    {"order_no": "int", "who": "text", "total": "int"},
    body="SELECT o.id, c.name, o.amount FROM {orders} AS o JOIN {customers} AS c ON c.id = o.customer_id",
    listed=True,
)
OPEN_NAMES = Relation(
    "open_names",
    {"who": "text", "n": "int", "total": "int"},
    body="SELECT n.who, COUNT(*) AS n, SUM(n.total) AS total FROM {order_names} AS n"
    " JOIN {open_orders} AS p ON p.id = n.order_no GROUP BY n.who",
)
STATUS_COUNTS = Relation(
    "status_counts",
    {"status": "text", "n": "int"},
    body="WITH customers AS (SELECT o.status FROM {orders} AS o)"
    " SELECT status, COUNT(*) AS n FROM customers GROUP BY status",
)
BIG_SALES = Relation(
    "big_sales", SALES.columns, body="SELECT * FROM {sales} AS s WHERE s.amount > 20", schema="marts"
)
TABLES = (CUSTOMERS, ORDERS, DETAILS, GRANTS, SALES, EXTRAS)
VIEWS = (OPEN_ORDERS, ORDER_NAMES, OPEN_NAMES, STATUS_COUNTS, BIG_SALES)
RELATIONS = (*TABLES, *VIEWS)


def _always(row: Row) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Sees:
    """What a person sees of a relation, in plain Python.

    Args:
        rows: Whether a row exists for the person.
        hidden: Columns that do not exist when the relation is named; through a view they are null if they
            are `forbidden`, and there otherwise.
        masks: Column to mask, as policies write masks.
        cells: Column to the rows whose cell shows.
        denied: Whether the relation itself is not to be named.
    """

    rows: Callable[[Row], bool] = _always
    hidden: frozenset[str] = frozenset()
    forbidden: bool = True
    masks: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, Callable[[Row], bool]] = field(default_factory=dict)
    denied: bool = False

    @property
    def all(self) -> bool:
        """Whether nothing is kept."""
        return self == _ALL


_ALL = Sees()
Sights = Mapping[str, Sees]
"""What a person sees, by a relation's name; all of it where it is not named."""


def masked_value(value: Any, mask: str, dialect: Dialect) -> Any:
    """What a mask shows of a value."""
    name, _, given = mask.rstrip(")").partition("(")
    if value is None or name == "null":
        return None
    if name == "hash":
        if dialect == "sqlite":
            return hmac.digest(SECRET.encode(), str(value).encode(), "sha256").hex()[:16]
        return hashlib.sha256(f"{SECRET}{value}".encode()).hexdigest()[:16]
    if name == "bucket" and given.isalpha():
        year, month = value[:4], int(value[5:7])
        first = {"month": month, "quarter": (month - 1) // 3 * 3 + 1, "year": 1}[given]
        return f"{year}-{first:02d}-01"
    if name == "bucket":
        return float(math.floor(value / float(given)) * float(given))
    kept = int(given)
    if len(value) <= kept:
        return "***"
    return f"{value[:kept]}***" if name == "keep_first" else f"***{value[-kept:]}"


def masked_word(word: str, mask: str) -> str:
    """The type of a masked column."""
    if mask == "null":
        return word
    if mask.startswith("bucket"):
        return "date" if mask[7:-1].isalpha() else "double"
    return "text"


def seen_columns(relation: Relation, sees: Sees, *, via_view: bool = False) -> dict[str, str]:
    """Names and types of the columns that exist for the person."""
    return {
        name: masked_word(word, sees.masks.get(name, "null"))
        for name, word in relation.columns.items()
        if via_view or name not in sees.hidden
    }


def seen_rows(
    relation: Relation, rows: Sequence[tuple[Any, ...]], sees: Sees, dialect: Dialect, *, via_view: bool
) -> list[tuple[Any, ...]]:
    """The rows and cells that exist for the person."""
    found = []
    for cells in rows:
        row = dict(zip(relation.columns, cells, strict=True))
        if sees.rows(row):
            names = seen_columns(relation, sees, via_view=via_view)
            found.append(tuple(_cell(row, name, sees, dialect) for name in names))
    return found


def _cell(row: Row, name: str, sees: Sees, dialect: Dialect) -> Any:
    if (name in sees.hidden and sees.forbidden) or not sees.cells.get(name, _always)(row):
        return None
    mask = sees.masks.get(name)
    return row[name] if mask is None else masked_value(row[name], mask, dialect)


Execute = Callable[[str], Any]
Fetch = Callable[[str], Sequence[tuple[Any, ...]]]


def create_full(execute: Execute, dialect: Dialect) -> None:
    """The whole shop, with its keys."""
    if dialect != "sqlite":
        execute("CREATE SCHEMA marts")
    for table in TABLES:
        columns = dict(table.columns)
        _create(execute, table.quoted(dialect), columns, table.rows, dialect, key=table.key)
    names = {r.name.replace(" ", ""): r.quoted(dialect) for r in RELATIONS}
    for view in VIEWS:
        body = view.body.format(**names, **{f"{k}_": v for k, v in names.items()})
        execute(f"CREATE VIEW {view.quoted(dialect)}{_list(view)} AS {body}")


def create_reduced(execute: Execute, fetch: Fetch, dialect: Dialect, sights: Sights) -> None:
    """The shop as one person sees it: what is kept from the person is not in it."""
    if dialect != "sqlite":
        execute("CREATE SCHEMA marts")
    for table in TABLES:
        sees = sights.get(table.name, _ALL)
        _put(execute, table, table.rows, sees, dialect)
    twins = {r.name.replace(" ", ""): r.quoted(dialect, HIDDEN_PREFIX) for r in RELATIONS}
    named = {f"{k}_": f'{v} AS "{k}"' for k, v in twins.items()}
    for view in VIEWS:
        sees = sights.get(view.name, _ALL)
        body = view.body.format(**twins, **named)
        if sees.all or (sees.denied and sees == Sees(denied=True)):
            execute(f"CREATE VIEW {view.quoted(dialect, HIDDEN_PREFIX)}{_list(view)} AS {body}")
            if not sees.denied:
                twin = view.quoted(dialect, HIDDEN_PREFIX)
                execute(f"CREATE VIEW {view.quoted(dialect)} AS SELECT * FROM {twin}")
        else:
            _put(execute, view, fetch(body), sees, dialect)


def _put(
    execute: Execute, relation: Relation, rows: Sequence[tuple[Any, ...]], sees: Sees, dialect: Dialect
) -> None:
    via = seen_rows(relation, rows, sees, dialect, via_view=True)
    columns = seen_columns(relation, sees, via_view=True)
    _create(execute, relation.quoted(dialect, HIDDEN_PREFIX), columns, via, dialect)
    if not sees.denied:
        direct = seen_rows(relation, rows, sees, dialect, via_view=False)
        _create(execute, relation.quoted(dialect), seen_columns(relation, sees), direct, dialect)


def _list(view: Relation) -> str:
    return f" ({', '.join(view.columns)})" if view.listed else ""


def _create(
    execute: Execute,
    name: str,
    columns: Mapping[str, str],
    rows: Sequence[tuple[Any, ...]],
    dialect: Dialect,
    *,
    key: str = "",
) -> None:
    declared = [
        f'"{column}" {TYPES[dialect][word]}{" PRIMARY KEY" if column == key else ""}'
        for column, word in columns.items()
    ]
    execute(f"CREATE TABLE {name} ({', '.join(declared)})")
    if rows:
        execute(f"INSERT INTO {name} VALUES {', '.join(_row(row, dialect) for row in rows)}")


def _row(cells: Sequence[Any], dialect: Dialect) -> str:
    return f"({', '.join(_literal(cell, dialect) for cell in cells)})"


def _literal(cell: Any, dialect: Dialect) -> str:
    if cell is None:
        return "NULL"
    if isinstance(cell, tuple):
        inner = ", ".join("null" if c is None else str(c) for c in cell)
        return f"'[{inner}]'" if dialect == "sqlite" else f"ARRAY[{inner}]"
    if isinstance(cell, str):
        return "'" + cell.replace("'", "''") + "'"
    return str(cell).upper() if isinstance(cell, bool) else str(cell)

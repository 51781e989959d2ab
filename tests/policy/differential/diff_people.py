"""People and the policies they live under, each with a plain account of what that means.

The account (`sights`) is written by hand beside the policy and shares no code with it.
"""

from dataclasses import dataclass

from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from policy.differential.diff_shop import RELATIONS, Row, Sees, Sights

_ANA = Principal("ana")


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the test.

    Args:
        cedar: The policies; `{sales}` stands for the address of that table in the engine.
        sights: The same in plain Python.
    """

    name: str
    cedar: str
    sights: Sights
    principal: Principal = _ANA

    def policies(self, dialect: Dialect) -> str:
        """The policy text for an engine."""
        return self.cedar.format(**{r.name.replace(" ", ""): r.address(dialect) for r in RELATIONS})


_ALL = 'permit (principal, action == Action::"read", resource);\n'


def _forbid(what: str, annotation: str, id: str, *, way: str = "in") -> str:
    return (
        f'@id("{id}") {annotation} forbid (principal, action == Action::"read", resource {way} {what});\n'
        if annotation
        else f'@id("{id}") forbid (principal, action == Action::"read", resource {way} {what});\n'
    )


def _rows(table: str, condition: str, id: str = "rows") -> str:
    return _forbid(f'Table::"{table}"', f'@rows("{condition}")', id)


def _mask(table: str, column: str, mask: str) -> str:
    return _forbid(f'Column::"{table}.{column}"', f'@mask("{mask}")', f"mask-{table}-{column}", way="==")


def _hide(table: str, column: str) -> str:
    return _forbid(f'Column::"{table}.{column}"', "", f"hide-{table}-{column}", way="==")


def _permit(what: str, condition: str = "", *, way: str = "in") -> str:
    rows = f'@rows("{condition}") ' if condition else ""
    return f'{rows}permit (principal, action == Action::"read", resource {way} {what});\n'


_OTHER_TABLES = "".join(
    _permit(f'Table::"{t}"')
    for t in ("Order Details", "grants", "{sales}", "extras", "order_names", "open_names", "{big_sales}")
)
_MY_CUSTOMERS = frozenset(range(1, 10))


def _not_void(row: Row) -> bool:
    return row["status"] is not None and row["status"] != "void"


def _of_oslo(row: Row) -> bool:
    return bool(row["city"] == "Oslo")


def _granted(row: Row) -> bool:
    return row["customer_id"] in _MY_CUSTOMERS


UNRESTRICTED = Person("all", _ALL, {})
ROWS_BY_VALUE = Person(
    "rows by value",
    _ALL + _rows("orders", "status <> 'void'"),
    {"orders": Sees(rows=_not_void)},
)
ROWS_BY_CLAIM = Person(
    "rows by claim",
    _ALL + _rows("customers", "city = :city OR segment IN (:segments)"),
    {"customers": Sees(rows=lambda r: r["city"] == "Oslo" or r["segment"] == "a")},
    Principal("ana", claims=(("city", "Oslo"), ("segments", "a"))),
)
ROWS_BY_LOOKUP = Person(
    "rows by lookup",
    _ALL
    + _rows("orders", "customer_id IN (SELECT customer_id FROM grants WHERE subject = :subject)")
    + _rows("{sales}", "customer_id IN (SELECT customer_id FROM grants WHERE subject = :subject)", "sales"),
    {"orders": Sees(rows=_granted), "sales": Sees(rows=_granted)},
)
SEVERAL_PERMITS = Person(
    "several permits",
    _permit('Table::"customers"', "segment = 'a'")
    + _permit('Table::"customers"', "city = 'Lima' AND boss IS NOT NULL")
    + _permit('Table::"orders"', "amount BETWEEN 10 AND 90")
    + _permit('Table::"open_orders"')
    + _permit('Table::"status_counts"')
    + _OTHER_TABLES,
    {
        "customers": Sees(
            rows=lambda r: r["segment"] == "a" or (r["city"] == "Lima" and r["boss"] is not None)
        ),
        "orders": Sees(rows=lambda r: r["amount"] is not None and 10 <= r["amount"] <= 90),
    },
)
SEVERAL_FORBIDS = Person(
    "several forbids",
    _ALL
    + _rows("orders", "paid = TRUE OR paid IS NULL", "one")
    + _rows("orders", "amount >= 0", "two")
    + _rows("orders", "NOT (note LIKE '%.5')", "three")
    + _rows("Order Details", 'Qty > 1 AND \\"Product Name\\" IS NOT NULL', "four"),
    {
        "orders": Sees(
            rows=lambda r: (
                r["paid"] is not False
                and r["amount"] is not None
                and r["amount"] >= 0
                and r["note"] is not None
                and not r["note"].endswith(".5")
            )
        ),
        "Order Details": Sees(rows=lambda r: r["Qty"] > 1 and r["Product Name"] is not None),
    },
)
_MASKS = {
    "customers": {
        "email": "keep_first(2)",
        "name": "hash",
        "since": "bucket(month)",
        "city": "keep_last(3)",
    },
    "orders": {
        "amount": "bucket(50)",
        "discount": "bucket(0.5)",
        "note": "null",
        "placed": "bucket(quarter)",
        "status": "keep_last(2)",
    },
    "Order Details": {"Product Name": "hash", "Qty": "bucket(2)"},
    "sales": {"customer_id": "hash", "city": "keep_first(1)"},
}
MASKS = Person(
    "masks",
    _ALL
    + "".join(
        _mask("{sales}" if table == "sales" else table, column, mask)
        for table, masks in _MASKS.items()
        for column, mask in masks.items()
    ),
    {table: Sees(masks=masks) for table, masks in _MASKS.items()},
)
HIDDEN = Person(
    "hidden columns",
    _ALL
    + _hide("orders", "amount")
    + _hide("orders", "note")
    + _hide("customers", "email")
    + _hide("{sales}", "id"),
    {
        "orders": Sees(hidden=frozenset({"amount", "note"})),
        "customers": Sees(hidden=frozenset({"email"})),
        "sales": Sees(hidden=frozenset({"id"})),
    },
)
_SOME_COLUMNS = ("id", "customer_id", "status", "paid")
NOT_PERMITTED = Person(
    "columns nobody permits",
    _permit('Table::"orders"', way="==")
    + "".join(_permit(f'Column::"orders.{c}"', way="==") for c in _SOME_COLUMNS)
    + _permit('Table::"customers"')
    + _permit('Table::"open_orders"')
    + _permit('Table::"status_counts"')
    + _OTHER_TABLES,
    {"orders": Sees(hidden=frozenset({"amount", "discount", "placed", "note"}), forbidden=False)},
)
CELLS = Person(
    "cells",
    _ALL
    + _forbid('Column::"orders.amount"', '@rows("paid = TRUE")', "cells-amount", way="==")
    + _forbid('Column::"orders.note"', '@rows("customer_id < 15")', "cells-note", way="==")
    + _forbid('Column::"customers.email"', '@rows("city = :city")', "cells-email", way="=="),
    {
        "orders": Sees(
            cells={
                "amount": lambda r: r["paid"] is True,
                "note": lambda r: r["customer_id"] is not None and r["customer_id"] < 15,
            }
        ),
        "customers": Sees(cells={"email": _of_oslo}),
    },
    Principal("ana", claims=(("city", "Oslo"),)),
)
COMBINED = Person(
    "combined",
    _ALL
    + _rows("orders", "status <> 'void'")
    + _rows("customers", "city = 'Oslo' OR city = 'Lima'", "cities")
    + _mask("customers", "name", "keep_first(4)")
    + _mask("orders", "amount", "bucket(20)")
    + _hide("customers", "email")
    + _forbid('Column::"orders.note"', '@rows("amount > 30")', "cells-note", way="==")
    + _rows("{sales}", "city = 'Oslo'", "sales"),
    {
        "orders": Sees(
            rows=_not_void,
            masks={"amount": "bucket(20)"},
            cells={"note": lambda r: r["amount"] is not None and r["amount"] > 30},
        ),
        "customers": Sees(
            rows=lambda r: r["city"] in ("Oslo", "Lima"),
            hidden=frozenset({"email"}),
            masks={"name": "keep_first(4)"},
        ),
        "sales": Sees(rows=_of_oslo),
    },
)
ON_VIEWS = Person(
    "rules on views",
    _ALL
    + _rows("open_orders", "amount > 20")
    + _mask("order_names", "who", "keep_last(2)")
    + _hide("{big_sales}", "customer_id")
    + _rows("orders", "customer_id < 20", "base"),
    {
        "open_orders": Sees(rows=lambda r: r["amount"] is not None and r["amount"] > 20),
        "order_names": Sees(masks={"who": "keep_last(2)"}),
        "big_sales": Sees(hidden=frozenset({"customer_id"})),
        "orders": Sees(rows=lambda r: r["customer_id"] is not None and r["customer_id"] < 20),
    },
)
VIEWS_ONLY = Person(
    "views only",
    _permit('Table::"open_orders"')
    + _permit('Table::"status_counts"')
    + _permit('Table::"customers"', "segment <> 'b'")
    + _OTHER_TABLES,
    {
        "orders": Sees(denied=True),
        "customers": Sees(rows=lambda r: r["segment"] != "b"),
    },
)
NOTHING_LEFT = Person(
    "no rows",
    _ALL + _rows("orders", "status = :absent") + _rows("customers", "id < 0", "none"),
    {"orders": Sees(rows=lambda r: False), "customers": Sees(rows=lambda r: False)},
)
PEOPLE = (
    UNRESTRICTED,
    ROWS_BY_VALUE,
    ROWS_BY_CLAIM,
    ROWS_BY_LOOKUP,
    SEVERAL_PERMITS,
    SEVERAL_FORBIDS,
    MASKS,
    HIDDEN,
    NOT_PERMITTED,
    CELLS,
    COMBINED,
    ON_VIEWS,
    VIEWS_ONLY,
    NOTHING_LEFT,
)

"""Reads DuckDB's plan for what it will scan and for joins that have no condition."""

from collections.abc import Iterator
from typing import Any

from gnomon.domain.result import Plan

Node = dict[str, Any]

_SINGLE_ROW = frozenset({"UNGROUPED_AGGREGATE", "DUMMY_SCAN"})
_TRANSPARENT = frozenset({"PROJECTION", "FILTER", "STREAMING_LIMIT", "CTE", "CTE_SCAN"})
_CELL_BYTES = 8


def plan_of(nodes: list[Node], text: str) -> Plan:
    """The plan from `EXPLAIN (FORMAT json)`; bytes are rows times columns times eight."""
    everything = [node for root in nodes for node in _walk(root)]
    scans = [node for node in everything if "Table" in node.get("extra_info", {})]
    crosses = [node for node in everything if _is_cross(node)]
    return Plan(
        estimated_rows=sum(map(_rows, scans)) if scans else None,
        estimated_bytes=sum(_rows(n) * _width(n) * _CELL_BYTES for n in scans) if scans else None,
        cross_joins=tuple(_cross_text(node) for node in crosses),
        full_scans=tuple(_table(node) for node in scans if "Filters" not in node["extra_info"]),
        text=text,
    )


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", ()):
        yield from _walk(child)


def _is_cross(node: Node) -> bool:
    return node["name"].strip() == "CROSS_PRODUCT" and not any(map(_single_row, node["children"]))


def _single_row(node: Node) -> bool:
    name = node["name"].strip()
    if name in _SINGLE_ROW:
        return True
    children = node.get("children", ())
    return name in _TRANSPARENT and len(children) == 1 and _single_row(children[0])


def _cross_text(node: Node) -> str:
    tables = [_table(n) for n in _walk(node) if "Table" in n.get("extra_info", {})]
    return f"CROSS_PRODUCT of {' and '.join(tables)}" if tables else "CROSS_PRODUCT"


def _table(node: Node) -> str:
    """The name without the database: `shop.main.orders` is `orders`, `shop.s.orders` is `s.orders`."""
    _, _, rest = str(node["extra_info"]["Table"]).partition(".")
    return rest.removeprefix("main.") or str(node["extra_info"]["Table"])


def _rows(node: Node) -> int:
    digits = str(node["extra_info"].get("Estimated Cardinality", "0"))
    return int(digits) if digits.isdigit() else 0


def _width(node: Node) -> int:
    columns = node["extra_info"].get("Projections", ())
    return len(columns) if isinstance(columns, list) else 1

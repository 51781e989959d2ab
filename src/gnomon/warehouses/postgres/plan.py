"""Reads PostgreSQL's plan for what it will scan and for joins that have no condition."""

from collections.abc import Iterator
from typing import Any

from gnomon.domain.result import Plan

Node = dict[str, Any]

_CONDITIONS = ("Index Cond", "Recheck Cond", "Filter", "Join Filter", "Cache Key", "Hash Cond", "Merge Cond")


def plan_of(root: Node, text: str) -> Plan:
    """The plan from `EXPLAIN (FORMAT json, VERBOSE)`; rows and bytes are the planner's estimates."""
    nodes = list(_walk(root))
    scans = [node for node in nodes if "Relation Name" in node]
    return Plan(
        estimated_rows=sum(int(n["Plan Rows"]) for n in scans) if scans else None,
        estimated_bytes=sum(int(n["Plan Rows"]) * int(n["Plan Width"]) for n in scans) if scans else None,
        cross_joins=tuple(_cross_text(node) for node in nodes if _is_cross(node)),
        full_scans=tuple(
            _table(n) for n in scans if n["Node Type"].endswith("Seq Scan") and "Filter" not in n
        ),
        text=text,
    )


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


def _is_cross(node: Node) -> bool:
    """A nested loop with no filter whose inner side does not depend on its outer side."""
    if node["Node Type"] != "Nested Loop" or "Join Filter" in node or node.get("Join Type") != "Inner":
        return False
    outer, inner = node["Plans"][0], node["Plans"][1]
    if _single_row(outer) or _single_row(inner):
        return False
    aliases = [n["Alias"] for n in _walk(outer) if "Alias" in n]
    conditions = " ".join(str(n[key]) for n in _walk(inner) for key in _CONDITIONS if key in n)
    return not any(f"{alias}." in conditions or f'"{alias}".' in conditions for alias in aliases)


def _single_row(node: Node) -> bool:
    return node["Node Type"] in ("Aggregate", "Result", "Limit") and int(node["Plan Rows"]) <= 1


def _cross_text(node: Node) -> str:
    tables = [_table(n) for n in _walk(node) if "Relation Name" in n]
    return f"Nested Loop over {' and '.join(tables)} without a condition"


def _table(node: Node) -> str:
    schema = node.get("Schema", "public")
    return str(node["Relation Name"]) if schema == "public" else f"{schema}.{node['Relation Name']}"

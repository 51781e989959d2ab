"""Reads SQLite's query plan for scans, and the statement for joins that no condition ties."""

import re
from collections.abc import Callable, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from gnomon.domain.result import Plan
from gnomon.warehouses.collect import Row

_SCAN = re.compile(r"SCAN (?:TABLE )?(?P<name>.+?)(?: AS .+?)?(?P<index> USING .+)?$")
_NOT_TABLES = ("CONSTANT ROW", "SUBQUERY")

RowCount = Callable[[str], int | None]


def plan_of(rows: Sequence[Row], sql: str, row_count: RowCount) -> Plan:
    """The plan from `EXPLAIN QUERY PLAN`, which estimates nothing: rows are the sizes of scanned tables."""
    details = [str(row[3]) for row in rows]
    aliases = _aliases(sql)
    scans = [(int(row[1]), m) for row in rows if (m := _SCAN.match(str(row[3])))]
    scans = [(parent, m) for parent, m in scans if not m["name"].startswith(_NOT_TABLES)]
    names = [aliases.get(m["name"].casefold(), m["name"]) for _, m in scans]
    counts = [row_count(name) for name in names]
    known = [count for count in counts if count is not None]
    parents = [parent for parent, _ in scans]
    nested = len(parents) != len(set(parents))
    return Plan(
        estimated_rows=sum(known) if known and len(known) == len(counts) else None,
        estimated_bytes=None,
        cross_joins=_untied(sql) if nested else (),
        full_scans=tuple(n for n, (_, m) in zip(names, scans, strict=True) if not m["index"]),
        text="\n".join(details),
    )


def _aliases(sql: str) -> dict[str, str]:
    tree = _parsed(sql)
    tables = tree.find_all(exp.Table) if tree else ()
    return {table.alias_or_name.casefold(): table.name for table in tables}


def _parsed(sql: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(sql, dialect="sqlite")
    except SqlglotError:
        return None


def _untied(sql: str) -> tuple[str, ...]:
    """For each SELECT of several sources, the sources that no predicate ties to the first."""
    tree = _parsed(sql)
    selects = tree.find_all(exp.Select) if tree else ()
    return tuple(text for select in selects if (text := _untied_sources(select)))


def _untied_sources(select: exp.Select) -> str:
    start = select.args.get("from_") or select.args.get("from")
    joins = select.args.get("joins") or []
    if start is None or not joins or any(j.args.get("using") or j.method == "NATURAL" for j in joins):
        return ""
    sources = [start.this.alias_or_name.casefold(), *(j.this.alias_or_name.casefold() for j in joins)]
    conditions = [c for c in (select.args.get("where"), *(j.args.get("on") for j in joins)) if c]
    groups = {name: name for name in sources}
    for predicate in (p for c in conditions for p in c.find_all(exp.Predicate)):
        used = [column.table.casefold() for column in predicate.find_all(exp.Column)]
        # A column without its table could belong to any source: such a predicate ties them all.
        tied = sources if "" in used and len(used) > 1 else [name for name in used if name in groups]
        for name in tied:
            _merge(groups, tied[0], name)
    loose = [name for name in sources if _root(groups, name) != _root(groups, sources[0])]
    return f"no condition joins {', '.join(loose)} to {sources[0]}" if loose else ""


def _root(groups: dict[str, str], name: str) -> str:
    while groups[name] != name:
        name = groups[name]
    return name


def _merge(groups: dict[str, str], one: str, other: str) -> None:
    groups[_root(groups, other)] = _root(groups, one)

"""Keys and joins that sources claim, taken into the catalog where the data do not contradict them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from gnomon.context.catalog.facts import JoinClaim, KeyClaim, Origin, Problem
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import (
    Catalog,
    Evidence,
    Join,
    Key,
    TableProfile,
    TableRef,
    TableSchema,
)


def with_claims(
    catalog: Catalog,
    names: Names,
    profile_of: Callable[[TableRef], TableProfile | None],
    keys: Iterable[KeyClaim],
    joins: Iterable[JoinClaim],
) -> tuple[Catalog, tuple[Problem, ...]]:
    """The catalog with the claims that can hold, and those that the data contradict.

    A key is contradicted by a column that repeats. A join is taken only onto a key of its parent: from any
    other column a row could find several, and sums over the join would be wrong.
    """
    tables = {t.ref: t for t in catalog.tables}
    problems: list[Problem] = []
    for claim in keys:
        ref = names.find(claim.table)
        if ref is not None:
            tables[ref] = _with_key(tables[ref], claim, profile_of, problems)
    known = {_ends(j) for j in catalog.joins}
    added: list[Join] = []
    for link in joins:
        join = _join(link, names, tables)
        if join is not None and _ends(join) not in known:
            known.add(_ends(join))
            added.append(join)
    return Catalog(tuple(tables.values()), (*catalog.joins, *added)), tuple(dict.fromkeys(problems))


def _with_key(
    table: TableSchema,
    claim: KeyClaim,
    profile_of: Callable[[TableRef], TableProfile | None],
    problems: list[Problem],
) -> TableSchema:
    columns = _real(table, claim.columns)
    if not columns or any(set(k.columns) == set(columns) for k in table.keys):
        return table
    if len(columns) == 1 and _repeats(columns[0], profile_of(table.ref)):
        said = f"`{table.ref}.{columns[0]}` is said to be unique, but the data repeat values of it"
        problems.append(Problem(claim.origin.place, said))
        return table
    return replace(table, keys=(*table.keys, Key(columns, Evidence("documented"))))


def _repeats(column: str, profile: TableProfile | None) -> bool:
    looks = profile.columns if profile else ()
    look = next((p for p in looks if p.column == column), None)
    return look is not None and look.exact and look.distinct < look.rows - look.nulls


def _join(claim: JoinClaim, names: Names, tables: Mapping[TableRef, TableSchema]) -> Join | None:
    child, parent = names.find(claim.child), names.find(claim.parent)
    if child is None or parent is None:
        return None
    here = _real(tables[child], claim.child_columns)
    there = _real(tables[parent], claim.parent_columns)
    if not here or len(here) != len(there) or (child, here) == (parent, there):
        return None
    if not any(set(k.columns) == set(there) for k in tables[parent].keys):
        return None
    if not all(_alike(tables[child], a, tables[parent], b) for a, b in zip(here, there, strict=True)):
        return None
    return Join(child, here, parent, there, _evidence(claim.origin))


def _evidence(origin: Origin) -> Evidence:
    return Evidence("observed" if origin.layer == "usage" else "documented")


def _real(table: TableSchema, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns as the engine spells them; none if one of them does not exist."""
    found = [c.name for name in columns if (c := table.column(name)) is not None]
    return tuple(found) if len(found) == len(columns) else ()


def _alike(one: TableSchema, a: str, two: TableSchema, b: str) -> bool:
    """Whether two columns are of one family of types: values of others never equal each other."""
    first, second = one.column(a), two.column(b)
    assert first is not None
    assert second is not None
    numbers = {"integer", "decimal"}
    return first.kind == second.kind or {first.kind, second.kind} == numbers


def _ends(join: Join) -> frozenset[tuple[TableRef, tuple[str, ...]]]:
    return frozenset({(join.child, join.child_columns), (join.parent, join.parent_columns)})

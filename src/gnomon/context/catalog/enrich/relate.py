"""What statements tell together: keys that pass from table to table, what is built from what, look-alikes."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gnomon.context.catalog.enrich import sentences
from gnomon.context.catalog.enrich.hundredths import held_in_hundredths
from gnomon.context.catalog.enrich.kept import KeptStatements
from gnomon.context.catalog.enrich.lookalikes import Made, use_when
from gnomon.context.catalog.enrich.shapes import RowKey, Statement
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import Fact, KeyClaim, Origin

Keys = frozenset[str]
MAX_KEYS = 4
MAX_KEY_COLUMNS = 8
"""A longer key is true and of no use."""
MAX_DOWNSTREAM = 8


@dataclass(frozen=True, slots=True)
class Related:
    """Facts that need more than one statement, and keys."""

    facts: tuple[Fact, ...]
    keys: tuple[KeyClaim, ...]


def relate(
    statements: Sequence[Statement],
    warehouse: Warehouse,
    claims: Iterable[KeyClaim] = (),
    kept: KeptStatements | None = None,
) -> Related:
    """What the statements of all tables tell together. Equal input gives equal output.

    Args:
        claims: Keys that other sources know, such as tests that hold.
        kept: What told look-alikes apart before.
    """
    by_table: dict[str, list[Statement]] = defaultdict(list)
    for one in statements:
        by_table[one.table].append(one)
    makers = {table: maker for table, found in by_table.items() if (maker := only_maker(found))}
    known = _known_keys(by_table, warehouse, claims)
    facts: list[Fact] = []
    keys: list[KeyClaim] = []
    for table in upstream_first(makers):
        grain, own = _grain(makers[table], _made_anew(by_table[table]), known)
        facts += grain
        keys += own
        known.setdefault(table, []).extend(frozenset(_folded(k.columns)) for k in own)
    facts += held_in_hundredths(statements, warehouse)
    facts += _downstream(by_table)
    made = {t: Made(m, warehouse.columns(t) or m.column_names) for t, m in makers.items()}
    facts += use_when(made, warehouse, kept)
    return Related(tuple(facts), tuple(keys))


def only_maker(statements: Sequence[Statement]) -> Statement | None:
    """The one statement that computes a table's rows; None if there is none, or several fill it."""
    found = [one for one in statements if one.making != "declaration"]
    return found[0] if len(found) == 1 else None


def upstream_first(makers: Mapping[str, Statement]) -> Iterator[str]:
    """Every table after those it reads; the tables of a cycle come last, in their given order."""
    waits = {t: {r for r in m.reads if r in makers and r != t} for t, m in makers.items()}
    readers: dict[str, list[str]] = defaultdict(list)
    for table, reads in waits.items():
        for upstream in reads:
            readers[upstream].append(table)
    ready = deque(table for table, reads in waits.items() if not reads)
    done: set[str] = set()
    while ready:
        table = ready.popleft()
        done.add(table)
        yield table
        for reader in readers[table]:
            waits[reader].discard(table)
            if not waits[reader] and reader not in done:
                ready.append(reader)
    yield from (table for table in makers if table not in done)


def solved(key: RowKey, known: Mapping[str, Sequence[Keys]]) -> list[tuple[str, ...]] | None:
    """The keys of the made table that `key` comes to; None if a need is not met."""
    for table, columns in key.needs:
        if not any(k <= set(_folded(columns)) for k in known.get(table, ())):
            return None
    if key.columns is None:
        return [tuple(sorted(k)) for k in known.get(key.table, ())]
    if not key.table:
        return [tuple(out for _, out in key.columns)]
    passed = {base.casefold(): out for base, out in key.columns}
    held = [k for k in known.get(key.table, ()) if k <= passed.keys()]
    return [tuple(out for base, out in key.columns if base.casefold() in k) for k in held]


def _grain(
    one: Statement, made_anew: bool, known: Mapping[str, Sequence[Keys]]
) -> tuple[list[Fact], list[KeyClaim]]:
    found: dict[tuple[str, ...], str] = {}
    plain = ""
    for key in one.keys:
        columns = solved(key, known)
        for each in columns or ():
            found.setdefault(each, key.because or f"as in {key.table}, whose rows are not repeated")
        if columns is not None and key.table:
            plain = plain or f"One row per row of {key.table} that is kept: no join repeats rows."
        elif columns is None and key.table:
            plain = plain or _may_repeat(key, known)
    whole = one.whole or (one.making == "part" and made_anew)
    ranked = sorted(found, key=lambda columns: len(columns))
    text = sentences.grain(ranked[0], found[ranked[0]]) if ranked else plain
    if text and not whole and one.making == "part":
        text = f"Within what one run adds: {text[0].lower()}{text[1:]}"
    grain = [Fact(one.table, "grain", text, one.origin)] if text else []
    usable = (
        [columns for columns in ranked[:MAX_KEYS] if 0 < len(columns) <= MAX_KEY_COLUMNS] if whole else []
    )
    return grain, [KeyClaim(one.table, columns, one.origin) for columns in usable]


def _may_repeat(key: RowKey, known: Mapping[str, Sequence[Keys]]) -> str:
    unmet = [
        f"{table} (by {', '.join(columns)})"
        for table, columns in key.needs
        if not any(k <= set(_folded(columns)) for k in known.get(table, ()))
    ]
    return f"One row per row of {key.table}, repeated if several rows match in {sentences.listed(unmet)}."


def _known_keys(
    by_table: Mapping[str, Sequence[Statement]], warehouse: Warehouse, claims: Iterable[KeyClaim]
) -> dict[str, list[Keys]]:
    tables = dict.fromkeys(t for found in by_table.values() for one in found for t in (one.table, *one.reads))
    known: dict[str, list[Keys]] = {}
    for name in tables:
        schema = warehouse.table(name)
        sure = [k for k in schema.keys if k.evidence.share >= 1.0] if schema else []
        known[name] = [frozenset(_folded(k.columns)) for k in sure]
    for claim in claims:
        known.setdefault(warehouse.name(claim.table), []).append(frozenset(_folded(claim.columns)))
    return known


def _made_anew(statements: Sequence[Statement]) -> bool:
    """Whether a CREATE TABLE that fails on an existing table stands before the INSERT."""
    return any(one.making == "declaration" and one.whole and not one.problems for one in statements)


def _downstream(by_table: Mapping[str, Sequence[Statement]]) -> Iterator[Fact]:
    readers: dict[str, dict[str, Origin]] = defaultdict(dict)
    for table, found in by_table.items():
        for one in found:
            for upstream in one.reads:
                readers[upstream].setdefault(table, one.origin)
    for upstream, tables in readers.items():
        ranked = sorted(tables, key=lambda t: (-len(readers.get(t, ())), t))
        text = f"Read by the code of {sentences.listed(ranked, MAX_DOWNSTREAM)}."
        places = sentences.listed([tables[t].place for t in ranked], 3)
        first = tables[ranked[0]]
        yield Fact(upstream, "downstream", text, Origin("code", places, first.source))


def _folded(columns: Iterable[str]) -> list[str]:
    return [c.casefold() for c in columns]

"""Keys that the query joins or groups by are neither null nor repeated beyond a small share."""

from collections.abc import Iterator

from sqlglot import exp

from gnomon.agent.checks.analysis import Link, Origin, group_keys, is_unique, links, sources, trace
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, share, worst
from gnomon.domain.catalog import ColumnProfile

MAX_NULL_SHARE = 0.05
MAX_LOOKUPS = 4


def keys_null_duplicate(case: Case) -> Finding:
    """Measure the null share of join and group columns, and whether a join repeats keys on both sides."""
    joined = list(_join_columns(case))
    grouped = list(_group_columns(case))
    if not joined and not grouped:
        raise NotApplicableError("the query joins and groups by no stored column")
    shares = _null_shares(case, [*joined, *grouped])
    findings = [f for o in joined if (f := _null(o, shares, "drop out of the join"))]
    findings += [f for o in grouped if (f := _null(o, shares, "form a group without a label"))]
    findings += list(_many_to_many(case))
    names = ", ".join(sorted({f"`{o.ref}`" for o in (*joined, *grouped)}))
    return worst(
        findings, passed(f"{names}: at most {MAX_NULL_SHARE:.0%} null, no key repeated on both sides")
    )


def _join_columns(case: Case) -> Iterator[Origin]:
    """Join columns whose null rows an inner join loses."""
    for scope, _ in case.statement.selects():
        for link in links(case.statement, scope):
            for mine, other in link.pairs:
                if link.side not in ("RIGHT", "FULL"):
                    yield from () if link.side == "LEFT" else trace(case.statement, scope, other)
                if link.side == "":
                    yield from trace(case.statement, scope, mine)


def _group_columns(case: Case) -> Iterator[Origin]:
    select = case.statement.select
    if select is None or case.input.result.rows == ():
        return
    kept = {node.this for node in select.find_all(exp.Is) if isinstance(node.parent, exp.Not)}
    for key in group_keys(select):
        if key not in kept and isinstance(key, exp.Column):
            yield from trace(case.statement, case.statement.root, key)


def _profile(case: Case, origin: Origin) -> ColumnProfile | None:
    card = case.input.context.card(origin.ref.table)
    column = card.column(origin.ref.column) if card else None
    return column.profile if column else None


def _null_shares(case: Case, origins: list[Origin]) -> dict[str, float]:
    """Null share by column: from the profile, else (nullable columns) counted in one statement a table."""
    shares: dict[str, float] = {}
    unknown: dict[str, list[Origin]] = {}
    for origin in origins:
        profile = _profile(case, origin)
        if profile is not None:
            shares[str(origin.ref)] = profile.null_share
        elif origin.column.nullable:
            unknown.setdefault(str(origin.ref.table), []).append(origin)
    for wanted in list(unknown.values())[:MAX_LOOKUPS]:
        counts = [exp.Count(this=exp.column(o.ref.column, quoted=True)) for o in wanted]
        query = exp.select("COUNT(*)", *counts).from_(wanted[0].table.copy())
        rows, *filled = case.probe(case.statement.text(query)).rows[0]
        for origin, count in zip(wanted, filled, strict=True):
            shares[str(origin.ref)] = (rows - count) / rows if rows else 0.0
    return shares


def _null(origin: Origin, shares: dict[str, float], effect: str) -> Finding | None:
    null_share = shares.get(str(origin.ref), 0.0)
    if null_share <= MAX_NULL_SHARE:
        return None
    return Finding("warn", f"{share(null_share, 1)} of the rows have no `{origin.ref}` and {effect}")


def _many_to_many(case: Case) -> Iterator[Finding]:
    """Joins whose keys, by exact profiles, repeat on both sides."""
    for scope, _ in case.statement.selects():
        named = sources(scope)
        for link in links(case.statement, scope):
            if len(link.pairs) != 1 or is_unique(case.statement, named[link.name], {link.pairs[0][0].name}):
                continue
            mine, other = (trace(case.statement, scope, side) for side in link.pairs[0])
            repeated = [o for o in (*mine, *other) if _repeats(case, o)]
            if mine and other and len(repeated) == len(mine) + len(other):
                yield _pairs_up(link, mine[0], other[0])


def _pairs_up(link: Link, mine: Origin, other: Origin) -> Finding:
    summary = f"the join with `{link.name}` matches `{other.ref}` and `{mine.ref}`, and values repeat in both"
    return Finding("warn", summary, "Check that the join keys identify a row on one side.")


def _repeats(case: Case, origin: Origin) -> bool:
    profile = _profile(case, origin)
    return profile is not None and profile.exact and profile.distinct < profile.rows - profile.nulls

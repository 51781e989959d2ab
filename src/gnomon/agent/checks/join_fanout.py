"""No join repeats the rows of a table whose column is then summed, averaged or counted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from gnomon.agent.checks.analysis import (
    Source,
    Statement,
    aggregates,
    columns_in,
    correlated,
    group_keys,
    is_unique,
    key_of,
    links,
    owner,
    plain_grouping,
    reshaped,
    sources,
    with_ctes,
)
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, worst

MAX_MEASURES = 2
_PER_UNIT = re.compile(
    r"price|rate|rating|score|unit|per_|weight|height|length|duration|minutes|hours|seconds|milliseconds|age$|percent|pct",
    re.I,
)
_COUNTED = re.compile(
    r"\b(?:how many|number of|count of|most|fewest"
    r"|(?:more|fewer|less) than \w+|at (?:least|most) \w+|(?:over|under|exactly) \d+)"
    r"\s+(?:distinct|different|unique)?\s*(?=([a-z_ ]{3,40}))",
    re.I,
)
"""What is counted stands behind these: rows of the answer, or those that each of them has so many of."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class _Measure:
    """An aggregate over columns of some sources of a scope.

    Args:
        owners: Names of the sources its columns belong to; a row of theirs should count once a group.
        repeats: Names of joined sources that may match a row of theirs more than once.
    """

    scope: Scope
    select: exp.Select
    aggregate: exp.AggFunc
    owners: tuple[str, ...]
    repeats: tuple[str, ...]


def join_fanout(case: Case) -> Finding:
    """Measure, in each group, how often a row of the measured table is repeated by the joins."""
    statement = case.statement
    joined = [(scope, select) for scope, select in statement.selects() if select.args.get("joins")]
    measures = [m for scope, select in joined for m in _measures(case, scope, select)]
    if not measures:
        raise NotApplicableError("no join feeds a sum, an average or a count of a table's column")
    risky = [m for m in measures if m.repeats][:MAX_MEASURES]
    findings = [_measured(case, m) for m in risky]
    settled = [f for f in findings if f]
    if risky and not settled:
        raise NotApplicableError("the joined tables have no known key to tell repeated rows by")
    sql = next((f.sql for f in settled if f.sql), "")
    counted = f"{len(measures)} aggregates" if len(measures) > 1 else "1 aggregate"
    return worst(settled, passed(f"{counted}: no row counts twice in a group", sql))


def _measures(case: Case, scope: Scope, select: exp.Select) -> Iterator[_Measure]:
    statement = case.statement
    if correlated(scope, statement) or not plain_grouping(select):
        return
    for aggregate in aggregates(select):
        owners = _owners(case, scope, aggregate)
        if owners:
            repeats = _repeats(statement, scope, owners)
            yield _Measure(scope, select, aggregate, owners, repeats)


def _owners(case: Case, scope: Scope, aggregate: exp.AggFunc) -> tuple[str, ...]:
    if not isinstance(aggregate, (exp.Sum, exp.Avg, exp.Count)) or isinstance(aggregate.this, exp.Distinct):
        return ()
    if isinstance(aggregate, exp.Count):
        named = _counted_source(case, scope)
        columns = columns_in(aggregate.this) if not isinstance(aggregate.this, exp.Star) else []
        own = {owner(case.statement, scope, c) for c in columns}
        return (named,) if named and (not own or own == {named}) else ()
    if not isinstance(aggregate.this, exp.Expr) or aggregate.find(exp.Query, exp.Window):
        return ()
    names = [owner(case.statement, scope, c) for c in columns_in(aggregate)]
    found = tuple(dict.fromkeys(n for n in names if n))
    return found if None not in names and not _counts_rows(aggregate) else ()


def _counts_rows(aggregate: exp.AggFunc) -> bool:
    """SUM(CASE WHEN ... THEN 1 ELSE 0 END) counts rows; its columns are conditions, not measures."""
    branch = aggregate.find(exp.Case, exp.If)
    if branch is None:
        return False
    ifs = branch.args.get("ifs") or [branch]
    return not any(columns_in(i.args["true"]) for i in ifs)


def _counted_source(case: Case, scope: Scope) -> str | None:
    """The source whose name stands behind `how many`, or behind `more than 5`, in the question."""
    said = (match.group(1).lower().split() for match in _COUNTED.finditer(case.input.question.text))
    return next((name for words in said if (name := _source_called(scope, words))), None)


def _source_called(scope: Scope, words: list[str]) -> str | None:
    for name, source in sources(scope).items():
        parts = _CAMEL.sub("_", source.name).lower().split("_") if isinstance(source, exp.Table) else []
        spoken = words[: len(parts)]
        # A singular word counts nothing: in `order items` it only describes what is counted.
        if parts and _stems(spoken) == _stems(parts) and spoken[-1] != _stem(spoken[-1]):
            return name
    return None


def _stems(words: list[str]) -> list[str]:
    return [_stem(word) for word in words]


def _stem(word: str) -> str:
    for ending, other in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss"):
            return word[: -len(ending)] + other
    return word


def _repeats(statement: Statement, scope: Scope, owners: tuple[str, ...]) -> tuple[str, ...]:
    """Sources that may match one row of the owners several times, following the joins from the owners."""
    named = sources(scope)
    edges = [
        (link.name, other.table or owner(statement, scope, other) or "", mine.name, other.name)
        for link in links(statement, scope)
        for mine, other in link.pairs
    ]
    reached, repeats = set(owners), []
    pending = [n for n in named if n not in reached]
    while pending:
        step = next((n for n in pending if _keys_towards(edges, n, reached)), pending[0])
        keys = _keys_towards(edges, step, reached)
        if not keys or not is_unique(statement, named[step], keys):
            repeats.append(step)
        reached.add(step)
        pending.remove(step)
    return tuple(repeats)


def _keys_towards(edges: list[tuple[str, str, str, str]], name: str, reached: set[str]) -> set[str]:
    """Columns of `name` that a join equates with a column of a source already reached."""
    folded = {r.casefold() for r in reached}
    keys = {mine for a, b, mine, _ in edges if a == name and b.casefold() in folded}
    return keys | {other for a, b, _, other in edges if b.casefold() == name.casefold() and a in reached}


def _measured(case: Case, measure: _Measure) -> Finding | None:
    keys = _row_keys(case.statement, measure)
    if not keys:
        return None
    query = _probe(case.statement, measure, keys)
    sql = case.statement.text(query)
    row = case.probe(sql).rows[0]
    rows, distinct, most = (int(cell or 0) for cell in row[:3])
    if rows == distinct:
        return passed("no repeated rows", sql)
    return _repeated(case, measure, rows, distinct, most, tuple(row[3:]), sql)


def _row_keys(statement: Statement, measure: _Measure) -> list[exp.Expr]:
    named: dict[str, Source] = sources(measure.scope)
    keys: list[exp.Expr] = []
    for name in measure.owners:
        key = key_of(statement, named[name])
        if key is None:
            return []
        keys += [exp.column(exp.to_identifier(c, quoted=True), table=name) for c in key]
    return keys


def _probe(statement: Statement, measure: _Measure, keys: list[exp.Expr]) -> exp.Select:
    """Rows, distinct (group, key) pairs, the most repeated pair, and the sum with and without repeats."""
    count = exp.Count(this=exp.Star())
    shown: list[exp.Expr] = [exp.alias_(count, "n")]
    value = isinstance(measure.aggregate, (exp.Sum, exp.Avg))
    if value:
        shown.append(exp.alias_(exp.Max(this=measure.aggregate.this.copy()), "v"))
    grouped = [*group_keys(measure.select), *keys]
    inner = reshaped(measure.select, shown)
    for key in keys:
        inner = inner.where(exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null())))
    inner.set("group", exp.Group(expressions=[g.copy() for g in grouped]))
    outer = ["SUM(n)", "COUNT(*)", "MAX(n)"]
    if value:
        outer += ["SUM(v * n)", "SUM(v)"]
        if isinstance(measure.aggregate, exp.Avg):
            outer += ["SUM(CASE WHEN v IS NULL THEN 0 ELSE n END)", "COUNT(v)"]
    query = exp.select(*outer).from_(inner.subquery("repeated"))
    return with_ctes(statement, query)


def _repeated(
    case: Case, measure: _Measure, rows: int, distinct: int, most: int, sums: tuple[object, ...], sql: str
) -> Finding | None:
    text = case.statement.text(measure.aggregate)
    names = [_source_name(measure, n) for n in measure.owners]
    owners, repeats = "/".join(names), "/".join(_source_name(measure, n) for n in measure.repeats)
    values = _values(measure, sums)
    if values is not None and values[0] == values[1]:
        return passed("repeated rows do not change the aggregate", sql)
    numbers = f": {values[0]:,.6g} instead of {values[1]:,.6g}" if values else ""
    summary = (
        f"`{text}` counts {rows:,} joined rows for {distinct:,} rows of `{owners}`, "
        f"up to {most:,} times each, because of the join with `{repeats}`{numbers}"
    )
    action = f"Aggregate `{owners}` before joining `{repeats}`, or use EXISTS or a distinct key."
    per_unit = any(_PER_UNIT.search(c.name) for c in columns_in(measure.aggregate))
    verdict = "warn" if per_unit and not isinstance(measure.aggregate, exp.Count) else "fail"
    return Finding("warn" if verdict == "warn" else "fail", summary, action, sql)


def _values(measure: _Measure, sums: tuple[object, ...]) -> tuple[float, float] | None:
    """The aggregate over joined rows, and over each row once."""
    numbers = [float(str(s)) if s is not None else 0.0 for s in sums]
    if isinstance(measure.aggregate, exp.Sum) and len(numbers) >= 2:
        return numbers[0], numbers[1]
    if isinstance(measure.aggregate, exp.Avg) and len(numbers) >= 4 and numbers[2] and numbers[3]:
        return numbers[0] / numbers[2], numbers[1] / numbers[3]
    return None


def _source_name(measure: _Measure, name: str) -> str:
    source = sources(measure.scope)[name]
    return source.name if isinstance(source, exp.Table) else name

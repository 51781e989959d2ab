"""In which part two statements for the same question differ, said in a few words.

Only parts that a reader can judge are compared: tables, conditions, what is computed, groups, repeated rows
and the limit. Forms that mean the same may be told as a difference, so a difference is looked for only where
the results differ.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from gnomon.agent.checks.analysis import (
    Statement,
    aggregates,
    columns_in,
    conjuncts,
    group_keys,
    key_of,
    owner,
    sources,
    trace,
)

MAX_NAMED = 2
MAX_CHARS = 80
_WORD = re.compile(r"[^\W\d_][^\W\d_ -]*(?:[ -][^\W\d_]+){0,3}")
_COMPUTED = {exp.Sum: "the sum", exp.Avg: "the average", exp.Min: "the lowest", exp.Max: "the highest"}


@dataclass(frozen=True, slots=True)
class _Condition:
    """One condition. `column` is the stored column it is about, `excluded` the texts that it leaves out."""

    form: str
    column: str
    table: str
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is compared of a statement."""

    tables: frozenset[str]
    conditions: tuple[_Condition, ...]
    computed: tuple[str, ...]
    groups: frozenset[str]
    distinct: bool
    limit: str


def difference(first: Statement, second: Statement) -> str:
    """What the second statement does otherwise, as the end of a sentence; empty where nothing is seen.

    For example ``counts cancelled orders too`` or ``reads `refunds` in place of `orders` ``.
    """
    one, two = _parts(first), _parts(second)
    named = [*_swapped(one, two), *_conditions(one, two), *_computed(one, two), *_tables(one, two)]
    named += [*_groups(one, two), *_rows(one, two)]
    return " and ".join(named[:MAX_NAMED])


def _parts(statement: Statement) -> _Parts:
    selects = list(statement.selects())
    computed = (_worded(statement, s, node) for s, select in selects for node in aggregates(select))
    root = statement.select
    limit = statement.tree.args.get("limit")
    return _Parts(
        tables=frozenset(name for scope, _ in selects for name in _stored(statement, scope)),
        conditions=tuple(c for scope, select in selects for c in _held(statement, scope, select)),
        computed=tuple(dict.fromkeys(computed)),
        groups=frozenset(_form(key, statement) for _, select in selects for key in group_keys(select)),
        distinct=bool(root and root.args.get("distinct")),
        limit=limit.expression.name if limit is not None and limit.expression is not None else "",
    )


def _stored(statement: Statement, scope: Scope) -> Iterator[str]:
    for source in sources(scope).values():
        if isinstance(source, exp.Table):
            schema = statement.table(source)
            yield str(schema.ref) if schema else source.name


def _held(statement: Statement, scope: Scope, select: exp.Select) -> Iterator[_Condition]:
    """The conditions of a SELECT, without those that only join."""
    parts = [select.args.get("where"), select.args.get("having")]
    parts += [join.args.get("on") for join in select.args.get("joins") or ()]
    for condition in (c for part in parts for c in conjuncts(part)):
        if not _joins(condition):
            yield _condition(statement, scope, condition.unnest())


def _joins(condition: exp.Expr) -> bool:
    """Whether a condition only ties rows together: two columns, or membership in another query's rows."""
    bare = condition.unnest()
    if isinstance(bare, exp.EQ):
        return isinstance(bare.left, exp.Column) and isinstance(bare.right, exp.Column)
    return isinstance(bare, exp.Exists) or (isinstance(bare, exp.In) and bare.args.get("query") is not None)


def _condition(statement: Statement, scope: Scope, condition: exp.Expr) -> _Condition:
    columns = columns_in(condition)
    origins = trace(statement, scope, columns[0]) if columns else ()
    table = origins[0].ref.table.name if origins else ""
    column = f"{origins[0].ref}".casefold() if origins else ", ".join(c.name for c in columns).casefold()
    return _Condition(_form(condition, statement), column, table, _excluded(condition))


def _excluded(condition: exp.Expr) -> tuple[str, ...]:
    """The texts that `<>` or NOT IN leaves out; none for any other condition."""
    if isinstance(condition, exp.NEQ):
        values = [condition.right]
    elif isinstance(condition, exp.Not) and isinstance(condition.this.unnest(), exp.In):
        values = condition.this.unnest().expressions
    else:
        return ()
    texts = tuple(v.name for v in values if isinstance(v, exp.Literal) and v.is_string)
    return texts if len(texts) == len(values) else ()


def _form(node: exp.Expr, statement: Statement) -> str:
    """An expression as text, without table names and quotes and with its columns in lower case."""
    bare = node.copy()
    for column in bare.find_all(exp.Column):
        column.set("table", None)
        column.set("db", None)
        if isinstance(column.this, exp.Identifier):
            column.set("this", exp.to_identifier(column.name.lower(), quoted=False))
    return bare.sql(statement.dialect, comments=False)


def _worded(statement: Statement, scope: Scope, node: exp.AggFunc) -> str:
    argument = node.this
    if isinstance(node, exp.Count):
        if isinstance(argument, exp.Distinct):
            return f"the number of different {_code(_listed(argument.expressions, statement))}"
        if argument is None or isinstance(argument, exp.Star) or _is_key(statement, scope, argument):
            return "the number of rows"
        return f"the number of values of {_code(_form(argument, statement))}"
    word = _COMPUTED.get(type(node), f"the {node.sql_name().lower().replace('_', ' ')}")
    return f"{word} of {_code(_form(argument, statement))}" if isinstance(argument, exp.Expr) else word


def _is_key(statement: Statement, scope: Scope, argument: exp.Expr) -> bool:
    """Whether counting this is counting rows: a literal, or the column that identifies its table's rows."""
    if isinstance(argument, exp.Literal):
        return True
    name = owner(statement, scope, argument) if isinstance(argument, exp.Column) else None
    key = key_of(statement, sources(scope)[name]) if name else None
    return key is not None and [k.casefold() for k in key] == [argument.name.casefold()]


def _listed(nodes: Iterable[exp.Expr], statement: Statement) -> str:
    return ", ".join(_form(node, statement) for node in nodes)


def _swapped(one: _Parts, two: _Parts) -> Iterator[str]:
    old, new = one.tables - two.tables, two.tables - one.tables
    if old and new:
        yield f"reads {_names(new)} in place of {_names(old)}"


def _tables(one: _Parts, two: _Parts) -> Iterator[str]:
    old, new = one.tables - two.tables, two.tables - one.tables
    if new and not old:
        yield f"reads {_names(new)} too"
    if old and not new:
        yield f"does without {_names(old)}"


def _conditions(one: _Parts, two: _Parts) -> Iterator[str]:
    forms, others = {c.form for c in one.conditions}, {c.form for c in two.conditions}
    dropped = [c for c in one.conditions if c.form not in others]
    added = [c for c in two.conditions if c.form not in forms]
    for column in dict.fromkeys(c.column for c in (*dropped, *added)):
        old = [c for c in dropped if c.column == column]
        new = [c for c in added if c.column == column]
        yield from _on_one_column(old, new, two)


def _on_one_column(old: list[_Condition], new: list[_Condition], two: _Parts) -> Iterator[str]:
    if old and new:
        yield f"asks for {_code(_anded(new))} in place of {_code(_anded(old))}"
    elif old:
        shown = _shown(old)
        yield f"{_verb(two)} {shown} too" if shown else f"does not ask for {_code(_anded(old))}"
    else:
        shown = _shown(new)
        yield f"leaves out {shown}" if shown else f"asks for {_code(_anded(new))} too"


def _shown(conditions: list[_Condition]) -> str:
    """The excluded rows in words, as in `cancelled orders`; empty where a condition is of another kind."""
    excluded = [text for c in conditions for text in c.excluded]
    plain = all(c.excluded and c.table for c in conditions) and all(map(_WORD.fullmatch, excluded))
    if not plain:
        return ""
    noun = conditions[0].table.replace("_", " ").lower()
    return f"{' and '.join(excluded)} {noun}"


def _verb(parts: _Parts) -> str:
    return "counts" if parts.computed and parts.computed[0].startswith("the number of") else "includes"


def _anded(conditions: list[_Condition]) -> str:
    return " AND ".join(dict.fromkeys(c.form for c in conditions))


def _computed(one: _Parts, two: _Parts) -> Iterator[str]:
    old = [c for c in one.computed if c not in two.computed]
    new = [c for c in two.computed if c not in one.computed]
    if new:
        instead = f" in place of {' and '.join(old)}" if old else ""
        yield f"computes {' and '.join(new)}{instead}"
    elif old and not two.computed:
        yield f"lists rows and does not compute {' and '.join(old)}"


def _groups(one: _Parts, two: _Parts) -> Iterator[str]:
    if one.groups and not two.groups:
        yield f"does not group by {_names(one.groups)}"
    elif two.groups and not one.groups & two.groups:
        yield f"groups by {_names(two.groups)}" + (f" in place of {_names(one.groups)}" if one.groups else "")


def _rows(one: _Parts, two: _Parts) -> Iterator[str]:
    if one.distinct != two.distinct:
        yield "shows repeated rows once" if two.distinct else "shows repeated rows each time"
    if one.limit != two.limit:
        yield f"stops after {two.limit} rows" if two.limit else f"goes on after {one.limit} rows"


def _names(names: Iterable[str]) -> str:
    return ", ".join(_code(name) for name in sorted(names))


def _code(text: str) -> str:
    plain = " ".join(text.replace("`", "'").split())
    return f"`{plain if len(plain) <= MAX_CHARS else plain[: MAX_CHARS - 1] + '…'}`"

"""Each text that the SQL compares a column with is stored in that column."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from sqlglot import exp

from gnomon.agent.checks.analysis import Origin, Statement, trace
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, quoted, worst
from gnomon.context.catalog.plurals import many
from gnomon.domain.errors import Failed, Refused, Retry

MAX_LITERALS = 20
ALIKE = 0.75
"""From this likeness on (difflib ratio) a stored value counts as what the literal meant."""
TYPO = 0.9
"""The same for a word of the question itself: `Kansas` need not mean `Arkansas`."""


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One literal against the stored columns that it may match. `excludes` for `<>` and NOT IN."""

    literal: str
    origins: tuple[Origin, ...]
    pattern: type[exp.Like] | type[exp.ILike] | None
    excludes: bool


def filter_literals(case: Case) -> Finding:
    """Look each literal up in the index, and where the index does not settle it, in the data."""
    found = list(dict.fromkeys(_comparisons(case.statement)))[:MAX_LITERALS]
    if not found:
        raise NotApplicableError("the query compares no text column with a literal")
    doubtful = [c for c in found if not _indexed(case, c)]
    sql, stored = _look(case, doubtful)
    findings = [_judge(case, c, stored.get(c), sql) for c in doubtful if not stored.get(c)]
    columns = quoted(sorted({str(c.origins[0].ref) for c in found}))
    return worst(
        [f for f in findings if f],
        passed(
            f"{many(len(found), 'literal')} {'is' if len(found) == 1 else 'are'} stored in {columns}", sql
        ),
    )


def _comparisons(statement: Statement) -> Iterator[_Comparison]:
    for scope, select in statement.selects():
        for node in _predicates(select):
            negated = isinstance(node.parent, exp.Not) or isinstance(node, exp.NEQ)
            for side, literal in _sides(node):
                origins = tuple(o for o in trace(statement, scope, side) if o.column.kind == "text")
                pattern = type(node) if isinstance(node, (exp.Like, exp.ILike)) else None
                if origins and not (pattern and negated):
                    yield _Comparison(literal.name, origins, pattern, negated)


def _predicates(select: exp.Select) -> Iterator[exp.Expr]:
    kinds = (exp.EQ, exp.NEQ, exp.In, exp.Like, exp.ILike)
    for child in select.iter_expressions():
        for node in child.walk(prune=lambda n: isinstance(n, exp.Query)):
            if isinstance(node, kinds):
                yield node


def _sides(node: exp.Expr) -> list[tuple[exp.Expr, exp.Literal]]:
    if isinstance(node, exp.In):
        return [(node.this, e) for e in node.expressions if _is_text(e)]
    left, right = node.this, node.expression
    if _is_text(right):
        return [(left, right)]
    return [(right, left)] if _is_text(left) and not isinstance(node, (exp.Like, exp.ILike)) else []


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _indexed(case: Case, comparison: _Comparison) -> bool:
    if comparison.pattern:
        return False
    plain = [o for o in comparison.origins if isinstance(o.path, exp.Column)]
    return any(case.input.values.has_value(o.ref, comparison.literal) for o in plain)


def _look(case: Case, comparisons: list[_Comparison]) -> tuple[str, dict[_Comparison, bool]]:
    """Ask the data in one statement which literals match a row; nothing where it cannot be asked."""
    if not comparisons:
        return "", {}
    probes = [exp.alias_(_exists(c), f"v{i}") for i, c in enumerate(comparisons)]
    sql = case.statement.text(exp.Select(expressions=probes))
    try:
        row = case.probe(sql).rows[0]
    except (Retry, Failed, Refused, NotApplicableError):
        return "", {}
    return sql, {c: bool(cell) for c, cell in zip(comparisons, row, strict=True)}


def _exists(comparison: _Comparison) -> exp.Expr:
    literal = exp.Literal.string(comparison.literal)
    tests: list[exp.Expr] = []
    for origin in comparison.origins:
        predicate = (comparison.pattern or exp.EQ)(this=origin.path.copy(), expression=literal.copy())
        inner = exp.select("1").from_(origin.table.copy()).where(predicate)
        tests.append(exp.Exists(this=inner))
    return exp.or_(*tests) if len(tests) > 1 else tests[0]


def _judge(case: Case, comparison: _Comparison, stored: bool | None, sql: str) -> Finding | None:
    """What it means that a literal is not stored (`stored` False) or that nobody knows (None)."""
    ref, literal = comparison.origins[0].ref, comparison.literal
    if stored is None and (comparison.pattern or case.input.values.has_value(ref, literal) is None):
        return None
    if stored is None and not isinstance(comparison.origins[0].path, exp.Column):
        return None
    what = f"no value like `{literal}` in `{ref}`" if comparison.pattern else f"no `{literal}` in `{ref}`"
    near = _near(case, comparison)
    if near:
        options = " or ".join(f"`{n}`" for n in near)
        meant = f"{what}; did you mean {options}?"
        if _asked(case, literal) and _likeness(literal, near[0]) < TYPO:
            return Finding("warn", meant, "", sql)
        return Finding("fail", meant, f"Compare `{ref}` with {options}.", sql)
    elsewhere = _elsewhere(case, comparison)
    if elsewhere:
        return Finding("fail", f"{what}; {elsewhere} holds it", f"Filter on {elsewhere} instead.", sql)
    if _asked(case, literal) or comparison.excludes:
        return Finding("warn", what, "", sql)
    return Finding("fail", what + _examples(case, comparison), f"Use a value that `{ref}` holds.", sql)


def _asked(case: Case, literal: str) -> bool:
    """Whether the literal is the question's own wording."""
    return literal.strip("%_ ").casefold() in case.input.question.text.casefold()


def _likeness(one: str, other: str) -> float:
    one, other = (" ".join(text.strip("%_ ").casefold().split()) for text in (one, other))
    return SequenceMatcher(None, one, other).ratio()


def _near(case: Case, comparison: _Comparison) -> list[str]:
    near: list[str] = []
    for origin in comparison.origins:
        for value in case.input.values.near_values(origin.ref, comparison.literal.strip("%_"), 3):
            alike = _likeness(comparison.literal, value)
            same = value == comparison.literal and isinstance(origin.path, exp.Column)
            if alike >= ALIKE and not same and value not in near:
                near.append(value)
    return sorted(near, key=lambda value: -_likeness(comparison.literal, value))[:2]


def _elsewhere(case: Case, comparison: _Comparison) -> str:
    literal = comparison.literal.strip("%_").casefold()
    known = {o.ref for o in comparison.origins}
    for match in case.input.context.values:
        if match.value.casefold() == literal and match.column not in known:
            return f"`{match.column}`"
    return ""


def _examples(case: Case, comparison: _Comparison) -> str:
    ref = comparison.origins[0].ref
    card = case.input.context.card(ref.table)
    column = card.column(ref.column) if card else None
    if column is None or column.profile is None or not column.profile.top:
        return ""
    return "; it holds " + quoted([value for value, _ in column.profile.top[:5]])

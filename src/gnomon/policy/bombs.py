"""Statements that are small to write and endless to run: told from the text alone where that is possible.

The engine's own limits (time, memory, rows) stand behind these; here only what is plain to see is refused,
with a message that a model can act on.
"""

import re
from datetime import datetime, timedelta

from sqlglot import exp

from gnomon.domain.errors import Refused
from gnomon.domain.query import Dialect
from gnomon.policy.growth import check_growth

MAX_REPEAT = 10_000
"""Copies, or characters, that one call may make out of one value."""
MAX_SERIES = 100_000
"""Values in one generated series."""
MAX_GROWTH = 10_000_000
"""Product of all copies and series of a statement."""
MAX_FREE_JOINS = 3
"""Joins of a statement that no comparison of columns accounts for."""
MAX_WILDCARDS = 8
"""`%` signs or stars in one pattern; backtracking costs a power of them."""

_REPEATS = frozenset({"repeat", "lpad", "rpad"})
_SERIES = frozenset({"range", "generate_series"})
_FORMATS = frozenset({"format", "printf"})
_STEP_S = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "WEEK": 604_800, "MONTH": 2_419_200}
_STEP_S |= {"QUARTER": 7_257_600, "YEAR": 31_536_000}


def check_bombs(tree: exp.Expr, dialect: Dialect) -> None:
    """Refuse growth that the text shows to be out of bounds.

    Raises:
        Refused: Rules `sql:bounded-call`, `sql:cross-join`, `sql:pattern`, `sql:format`.
    """
    growth = 1
    for call in tree.find_all(exp.Anonymous):
        growth *= max(_growth(call), 1)
        if call.name.lower() in _FORMATS:
            _check_format(call)
    if growth > MAX_GROWTH:
        raise _unbounded(f"the statement makes about {growth:,} values out of nothing", MAX_GROWTH)
    for like in tree.find_all(exp.Like, exp.ILike, exp.Glob, exp.SimilarTo):
        _check_pattern(like.expression)
    if dialect == "sqlite":
        for call in tree.find_all(exp.Anonymous):
            if call.name.lower() in ("like", "glob") and call.expressions:
                _check_pattern(call.expressions[0])
    _check_joins(tree)
    check_growth(tree, dialect)


def _growth(call: exp.Anonymous) -> int:
    name = call.name.lower()
    if name in _REPEATS:
        count = _integer(call.expressions[1]) if len(call.expressions) > 1 else None
        if count is None or count > MAX_REPEAT:
            raise _unbounded(f"`{name}` needs its count as a plain number", MAX_REPEAT)
        return count
    if name in _SERIES:
        length = _series_length(call.expressions)
        if length is None or length > MAX_SERIES:
            raise _unbounded(f"`{name}` needs plain numbers or dates as its ends", MAX_SERIES)
        return length
    return 1


def _unbounded(message: str, limit: int) -> Refused:
    return Refused(
        message,
        rule="sql:bounded-call",
        facts=(("limit", f"at most {limit:,}"),),
        hint="write the bounds as literals, or take the values from a table",
    )


def _integer(node: exp.Expr) -> int | None:
    if isinstance(node, exp.Neg):
        inner = _integer(node.this)
        return None if inner is None else -inner
    if isinstance(node, exp.Literal) and not node.is_string and re.fullmatch(r"\d{1,18}", node.name):
        return int(node.name)
    return None


def _series_length(arguments: list[exp.Expr]) -> int | None:
    numbers = [_integer(a) for a in arguments]
    if numbers and all(n is not None for n in numbers):
        return _count([n for n in numbers if n is not None])
    if len(arguments) != 3:
        return None
    start, stop, step = _moment(arguments[0]), _moment(arguments[1]), _step(arguments[2])
    if start is None or stop is None or not step:
        return None
    return int(abs(stop - start).total_seconds() / step) + 1


def _count(numbers: list[int]) -> int | None:
    if len(numbers) == 1:
        return max(numbers[0], 0)
    step = abs(numbers[2]) if len(numbers) == 3 else 1
    return abs(numbers[1] - numbers[0]) // step + 1 if step and len(numbers) <= 3 else None


def _moment(node: exp.Expr) -> datetime | None:
    literal = node.this if isinstance(node, exp.Cast) else node
    if not isinstance(literal, exp.Literal) or not literal.is_string:
        return None
    try:
        return datetime.fromisoformat(literal.name.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def _step(node: exp.Expr) -> float | None:
    """Seconds of a literal interval, months taken short; None if it is not one."""
    text = (
        node.this.name if isinstance(node, exp.Interval | exp.Cast) and node.this is not None else node.name
    )
    unit = node.args.get("unit") if isinstance(node, exp.Interval) else None
    found = re.fullmatch(r"\s*(-?\d{1,6})\s*([a-zA-Z]*)\s*", f"{text} {unit.name if unit else ''}")
    if found is None:
        return None
    name = found[2].upper().rstrip("S")
    seconds = _STEP_S.get(name)
    return timedelta(seconds=abs(int(found[1])) * seconds).total_seconds() if seconds else None


def _check_format(call: exp.Anonymous) -> None:
    """A width in a format string is a `repeat` in disguise."""
    pattern = call.expressions[0] if call.expressions else None
    text = pattern.name if isinstance(pattern, exp.Literal) and pattern.is_string else "*"
    if "*" in text or re.search(r"\d{4}", text):
        raise Refused(
            f"`{call.name.lower()}` needs its format as plain text with small widths",
            rule="sql:format",
            facts=(("limit", "widths of at most three digits, no `*`"),),
            hint="write the format as a literal",
        )


def _check_pattern(pattern: exp.Expr) -> None:
    wildcards = sum(
        literal.name.count("%") + literal.name.count("*") for literal in pattern.find_all(exp.Literal)
    )
    if wildcards > MAX_WILDCARDS:
        raise Refused(
            f"a pattern holds {wildcards} wildcards",
            rule="sql:pattern",
            facts=(("limit", f"at most {MAX_WILDCARDS}"),),
            hint="look for fewer pieces at once",
        )


def _check_joins(tree: exp.Expr) -> None:
    free = sum(1 for join in tree.find_all(exp.Join) if _is_free(join))
    if free > MAX_FREE_JOINS:
        free -= sum(1 for comparison in tree.find_all(exp.EQ) if _links(comparison))
    if free > MAX_FREE_JOINS:
        raise Refused(
            f"{free} joins have no condition, so every row meets every row",
            rule="sql:cross-join",
            facts=(("limit", f"at most {MAX_FREE_JOINS} such joins"),),
            hint="join the tables on their keys",
        )


def _is_free(join: exp.Join) -> bool:
    """Whether nothing says which rows belong together. A lateral or generated source depends on its row."""
    source = join.this
    generated = isinstance(source, exp.Lateral | exp.Unnest) or isinstance(source.this, exp.Func)
    if generated or join.args.get("using") or join.args.get("method") in ("NATURAL", "POSITIONAL"):
        return False
    condition = join.args.get("on")
    return condition is None or condition.find(exp.Column) is None


def _links(comparison: exp.EQ) -> bool:
    left, right = comparison.this.find(exp.Column), comparison.expression.find(exp.Column)
    in_join = comparison.find_ancestor(exp.Join, exp.Select)
    return left is not None and right is not None and isinstance(in_join, exp.Select)

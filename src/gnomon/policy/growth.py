"""How large one value of a statement may become: `x || x` in nested subqueries, `replace` within `replace`.

The estimate errs towards large, in characters and list elements together; a column counts as `_COLUMN`.
What an aggregate gathers from rows is not counted: it takes rows, and reading rows can be stopped.
"""

import re
from collections.abc import Callable, Iterator

from sqlglot import exp

from gnomon.domain.errors import Refused
from gnomon.domain.query import Dialect

MAX_VALUE = 10_000_000
"""Characters and elements that one value may have."""

MAX_EXPANDED = 100_000
"""Terms of one expression once PostgreSQL's planner has put every inner expression in place of its name. It
does so without a look at the clock: about 0.3 s for so many."""

_COLUMN = 16.0
_MOST = 1e30
_LARGEST_OF_NAMES = """
any_value arg_max arg_min coalesce first greatest if ifnull iif lag last lead least max min nullif
"""
_LARGEST_OF = frozenset(_LARGEST_OF_NAMES.split())
_TIMES = {
    "bin": 8.0,
    "encode": 4.0,
    "hex": 2.0,
    "json_quote": 2.0,
    "quote": 2.0,
    "quote_literal": 2.0,
    "regexp_escape": 2.0,
    "to_base64": 2.0,
    "to_hex": 2.0,
    "to_json": 2.0,
    "url_encode": 3.0,
}
_LAMBDA_NAMES = """
apply array_apply array_filter array_transform filter list_apply list_filter list_transform
"""
_LAMBDAS = frozenset(_LAMBDA_NAMES.split())
_REDUCERS = frozenset({"list_reduce", "array_reduce", "reduce"})
_SAME_SIZE = (exp.Dot, exp.JSONExtract, exp.JSONExtractScalar, exp.JSONBExtract, exp.JSONBExtractScalar)
_SUMS = (exp.DPipe, exp.Array, exp.Struct, exp.Tuple, exp.Map, exp.ToMap, exp.Func, exp.Overlay)
_SOURCES = (exp.CTE, exp.Subquery, exp.Table, exp.Lateral, exp.Unnest, exp.Values)
_FIRST = frozenset({"with_", "from_", "joins", "laterals"})

Leaf = Callable[[exp.Expr], float]


def check_growth(tree: exp.Expr, dialect: Dialect) -> None:
    """Refuse a statement in which a value may exceed `MAX_VALUE`.

    Raises:
        Refused: Rule `sql:bounded-call`.
    """
    if dialect == "postgres" and _Expanded().largest(tree) > MAX_EXPANDED:
        raise Refused(
            "an expression of the statement grows from layer to layer by a power",
            rule="sql:bounded-call",
            facts=(("limit", f"about {MAX_EXPANDED:,} terms, each name written out as what it stands for"),),
            hint="name a computed value fewer times in the next layer, or use fewer layers",
        )
    largest = _Sizes().largest(tree)
    if largest > MAX_VALUE:
        raise Refused(
            "a value of the statement grows out of all bounds",
            rule="sql:bounded-call",
            facts=(("limit", f"about {MAX_VALUE:,} characters or list elements"),),
            hint="join and replace text fewer times within one another",
        )


class _Sizes:
    """Sizes from the leaves up; sources of a SELECT come before what it makes of them.

    Args:
        leaf: Size of a literal or a column without a known source.
    """

    def __init__(self, leaf: Leaf | None = None) -> None:
        self._leaf = leaf or self._usual_leaf
        self._sizes: dict[int, float] = {}
        self._named: dict[str, float] = {}
        self._parameters: frozenset[str] = frozenset()

    def largest(self, tree: exp.Expr) -> float:
        """The largest size in the tree."""
        self._parameters = frozenset(p.name for each in tree.find_all(exp.Lambda) for p in each.expressions)
        return max(self._measured(node) for node in _from_the_leaves(tree))

    def of(self, tree: exp.Expr) -> float:
        """The size of the tree's own value."""
        self.largest(tree)
        return self._sizes[id(tree)]

    def _measured(self, node: exp.Expr) -> float:
        size = self._sizes[id(node)] = min(self._size(node), _MOST)
        if isinstance(node, exp.Alias):
            self._name(node.alias, size)
        elif isinstance(node, _SOURCES) and size:
            for name in (node.alias, *node.alias_column_names):
                self._name(name, size)
        elif isinstance(node, exp.Select):
            # Engines name a column without an alias after its call, in ways of their own.
            self._name("", max((self._known(e) for e in node.expressions), default=0.0))
        return size

    def _name(self, name: str, size: float) -> None:
        self._named[name.casefold()] = max(self._named.get(name.casefold(), 0.0), size)

    def _known(self, node: object) -> float:
        return self._sizes.get(id(node), 0.0)

    def _size(self, node: exp.Expr) -> float:
        # A lambda's parameter is an identifier of its own in the lambda's body.
        if isinstance(node, exp.Literal | exp.Column) or self._is_parameter(node):
            return self._leaf(node)
        if isinstance(node, exp.Anonymous):
            return self._call(node.name.lower(), node.expressions)
        if isinstance(node, exp.Comprehension):
            return self._known(node.this) * max(self._known(node.args.get("iterator")), 1.0)
        if isinstance(node, exp.SetOperation):
            return max(self._known(node.this), self._known(node.expression))
        if isinstance(node, exp.Select):
            return max((self._known(e) for e in node.expressions), default=0.0)
        if isinstance(node, exp.Case):
            branches = [*(i.args.get("true") for i in node.args["ifs"]), node.args.get("default")]
            return max(map(self._known, branches))
        if isinstance(node, exp.PropertyEQ | exp.Kwarg):
            return self._known(node.expression)
        if isinstance(node, _SAME_SIZE) or type(node) is exp.Paren:
            return self._known(node.this)
        if isinstance(node, exp.Cast):
            return self._known(node.this)
        if isinstance(node, (*_SUMS, exp.Values)):
            return sum(map(self._known, node.iter_expressions()))
        if isinstance(node, exp.Binary | exp.Unary):
            return 1.0
        return self._known(node.this)

    def _is_parameter(self, node: exp.Expr) -> bool:
        return isinstance(node, exp.Identifier) and node.name in self._parameters

    def _usual_leaf(self, node: exp.Expr) -> float:
        if isinstance(node, exp.Literal):
            return float(len(node.name)) if node.is_string else 1.0
        name = node.name.casefold()
        if name in self._named:
            return self._named[name]
        return 1.0 if node.name in self._parameters else max(_COLUMN, self._named.get("", 0.0))

    def _call(self, name: str, arguments: list[exp.Expr]) -> float:
        sizes = [self._known(a) for a in arguments]
        if name in _LARGEST_OF:
            return max(sizes, default=0.0)
        if name in ("replace", "regexp_replace") and len(sizes) > 2:
            return sizes[0] * _replacing(name, arguments[1], sizes[2])
        if name in ("repeat", "lpad", "rpad") and len(sizes) > 1:
            count = _count(arguments[1])
            return sizes[0] * count if name == "repeat" else max(sizes[0], count)
        if name in ("range", "generate_series"):
            return max(map(_count, arguments), default=0.0)
        if name in ("format", "printf"):
            return _formatted(arguments, sizes)
        if name == "array_to_string" and len(sizes) > 1:
            return sizes[0] * (1.0 + sizes[1])
        if name in _LAMBDAS and len(sizes) > 1:
            return sizes[0] * max(sizes[1], 1.0)
        if name in _REDUCERS and len(sizes) > 1:
            return _MOST if _doubles(arguments[1]) else sizes[0] * max(sizes[1], 1.0) + sum(sizes[2:])
        return sum(sizes) * _TIMES.get(name, 1.0)


class _Expanded(_Sizes):
    """Terms in place of characters: a name counts as many terms as what it stands for."""

    def _size(self, node: exp.Expr) -> float:
        if isinstance(node, exp.Column):
            return self._named.get(node.name.casefold(), max(1.0, self._named.get("", 0.0)))
        if isinstance(node, exp.Select):
            return max((self._known(e) for e in node.expressions), default=0.0)
        if isinstance(node, exp.SetOperation):
            return max(self._known(node.this), self._known(node.expression))
        if isinstance(node, exp.CTE | exp.Subquery | exp.Alias):
            return self._known(node.this)
        return 1.0 + sum(map(self._known, node.iter_expressions()))


def _from_the_leaves(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Each node after its children, without recursion: a chain of `||` is as deep as it is long."""
    stack = [(tree, False)]
    while stack:
        node, done = stack.pop()
        if done:
            yield node
            continue
        stack.append((node, True))
        for key in sorted(node.args, key=_FIRST.__contains__):
            value = node.args[key]
            children = value if isinstance(value, list) else [value]
            stack.extend((c, False) for c in reversed(children) if isinstance(c, exp.Expr))


def _replacing(name: str, pattern: exp.Expr, replacement: float) -> float:
    """How many times longer a text becomes when every match is replaced."""
    if name == "regexp_replace":
        return 1.0 + replacement
    length = len(pattern.name) if isinstance(pattern, exp.Literal) else 1
    return max(1.0, replacement / max(length, 1))


def _count(node: exp.Expr) -> float:
    return float(node.name) if re.fullmatch(r"\d{1,18}", node.name or "") else 1.0


def _formatted(arguments: list[exp.Expr], sizes: list[float]) -> float:
    text = arguments[0].name if arguments and isinstance(arguments[0], exp.Literal) else ""
    places = text.count("%") + text.count("{")
    widths = sum(int(number) for number in re.findall(r"\d{1,4}", text))
    return sum(sizes[:1]) + widths + max(places, 1) * max(sizes[1:], default=0.0)


def _doubles(function: exp.Expr) -> bool:
    """Whether a reducing function puts its running value more than once into the next one."""
    if not isinstance(function, exp.Lambda) or not function.expressions:
        return True
    running = function.expressions[0].name
    copies = _Sizes(lambda leaf: float(not isinstance(leaf, exp.Literal) and leaf.name == running))
    return copies.of(function) > 1.0

"""Judge a statement node by node: syntax, types and functions must each be on an allow-list."""

from difflib import get_close_matches

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from gnomon.domain.errors import Refused, Retry
from gnomon.domain.query import Dialect
from gnomon.policy.dialects import grammar
from gnomon.policy.functions import ALLOWED_FUNCTIONS, TABLE_FUNCTIONS
from gnomon.policy.grammar import ALLOWED_NODES, ALLOWED_TYPES, NODE_HINTS

_TABLE_PARTS = frozenset(
    {"this", "db", "catalog", "alias", "joins", "laterals", "sample", "pivots", "ordinality"}
)
_CALLS_WITH_SYNTAX: dict[type[exp.Expr], str] = {
    exp.Cast: "cast",
    exp.TryCast: "try_cast",
    exp.Extract: "extract",
    exp.Overlay: "overlay",
    exp.StrPosition: "position",
    exp.Substring: "substring",
    exp.Trim: "trim",
    exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time",
    exp.CurrentTimestamp: "current_timestamp",
}
_SESSION_WORDS = frozenset(
    {
        "user",
        "current_user",
        "session_user",
        "system_user",
        "current_role",
        "current_catalog",
        "current_schema",
    }
)


def check_nodes(tree: exp.Expr, dialect: Dialect) -> tuple[str, ...]:
    """The functions the statement calls, in lower case and sorted, if every node of it is allowed.

    Raises:
        Refused: Rules `sql:read-only`, `sql:node-not-allowed`, `sql:type-not-allowed`,
            `sql:function-not-allowed`, `sql:no-recursion`.
    """
    functions: set[str] = set()
    for node in tree.walk():
        if type(node) not in ALLOWED_NODES:
            raise _node_refused(node, dialect)
        if isinstance(node, exp.Func):
            functions.add(_function(node, dialect))
        elif isinstance(node, exp.DataType):
            _check_type(node, dialect)
        else:
            _check_clause(node, dialect)
    return tuple(sorted(functions - {""}))


def _node_refused(node: exp.Expr, dialect: Dialect) -> Refused:
    name = type(node).__name__
    write = isinstance(node, exp.DML | exp.DDL | exp.Command | exp.Into | exp.Lock)
    return Refused(
        f"the statement holds `{_excerpt(node, dialect)}` ({name}), which a read may not",
        rule="sql:read-only" if write else "sql:node-not-allowed",
        facts=(("syntax", name),),
        hint=NODE_HINTS.get(name, "use plain SELECT syntax"),
    )


def _excerpt(node: exp.Expr, dialect: Dialect) -> str:
    shown = grammar(dialect).generate(node, comments=False, unsupported_level=ErrorLevel.IGNORE)
    text = " ".join(shown.split()) or type(node).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def _function(node: exp.Func, dialect: Dialect) -> str:
    """The lower-case name of an allowed call; empty for operators that sqlglot counts as calls."""
    if not isinstance(node, exp.Anonymous):
        return _CALLS_WITH_SYNTAX.get(type(node), "")
    name = node.name.lower()
    allowed = ALLOWED_FUNCTIONS[dialect]
    if name not in allowed:
        raise _function_refused(name, allowed)
    if isinstance(node.parent, exp.Dot):
        raise Refused(
            f"`{name}` is called with a prefix",
            rule="sql:function-not-allowed",
            facts=(("function", name),),
            hint=f"call it as {name}(...)",
        )
    if isinstance(node.parent, exp.Table | exp.Lateral) and name not in TABLE_FUNCTIONS[dialect]:
        raise _function_refused(name, TABLE_FUNCTIONS[dialect], place=" in place of a table")
    return name


def _function_refused(name: str, allowed: frozenset[str], place: str = "") -> Refused:
    near = get_close_matches(name, allowed, n=1, cutoff=0.75)
    return Refused(
        f"the function `{name}` is not allowed{place}",
        rule="sql:function-not-allowed",
        facts=(("function", name),),
        hint=f"did you mean `{near[0]}`?" if near else "compute it with the usual functions on the tables",
    )


def _check_type(node: exp.DataType, dialect: Dialect) -> None:
    name = getattr(node.this, "name", None) or str(node.this)
    if name not in ALLOWED_TYPES or node.args.get("kind") is not None:
        raise Refused(
            f"the type `{_excerpt(node, dialect)}` is not allowed in a cast",
            rule="sql:type-not-allowed",
            facts=(("type", name.lower()),),
            hint="cast to a plain type such as integer, decimal, text, date or timestamp",
        )


def _check_clause(node: exp.Expr, dialect: Dialect) -> None:
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise no_recursion()
    if isinstance(node, exp.Table):
        _check_table_parts(node, dialect)
    elif isinstance(node, exp.In) and node.args.get("field") is not None and dialect != "duckdb":
        raise Refused(
            f"`{_excerpt(node, dialect)}` reads a table without a SELECT",
            rule="sql:node-not-allowed",
            facts=(("syntax", "In"),),
            hint="write IN (SELECT column FROM table)",
        )
    elif isinstance(node, exp.Column) and dialect == "postgres":
        _check_session_word(node)
    elif isinstance(node, exp.From | exp.Join) and isinstance(node.this, exp.Select | exp.SetOperation):
        raise Retry(
            "a SELECT inside FROM stands without parentheses",
            facts=(("rule", "sql:ambiguous"),),
            hint="write FROM (SELECT ...) AS name",
        )
    elif isinstance(node, exp.Select) and not node.expressions:
        raise Retry("a SELECT names no column", hint="name what to select")


def no_recursion() -> Refused:
    """The refusal of a recursive common table expression."""
    return Refused(
        "the statement is recursive, and nothing bounds how long it runs",
        rule="sql:no-recursion",
        hint="leave RECURSIVE out; join the table to itself for a known number of levels",
    )


def _check_table_parts(node: exp.Table, dialect: Dialect) -> None:
    odd = sorted(k for k, v in node.args.items() if v and k not in _TABLE_PARTS)
    if odd:
        raise Refused(
            f"`{_excerpt(node, dialect)}` uses `{odd[0]}` on a table",
            rule="sql:node-not-allowed",
            facts=(("syntax", odd[0]),),
            hint="name the table alone",
        )


def _check_session_word(node: exp.Column) -> None:
    word = node.name.lower()
    if word in _SESSION_WORDS and not node.table and not node.this.args.get("quoted"):
        raise _function_refused(word, frozenset())

"""The statement of a trusted query: which of its literals a question may set, and where it reads from.

A literal may be set where it is compared with one column of a table in sight, as a condition that holds for
every row (a conjunct of the outer WHERE), or where it is the LIMIT. A `?` anywhere else cannot be known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal

from gnomon.domain.catalog import NUMERIC_KINDS, TEMPORAL_KINDS, ColumnRef, TableCard, TableRef, TypeKind
from gnomon.domain.context import Context

if TYPE_CHECKING:
    from sqlglot import exp

MAX_SQL = 20_000
"""Characters of a statement that is still read; the trusted queries of people are far shorter."""

SetBy = Literal["value", "values", "number", "range", "since", "until", "day", "year", "bucket", "limit"]
Held = str | Decimal | date | None
FLIPPED = {"=": "=", ">": "<", ">=": "<=", "<": ">", "<=": ">="}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a literal is compared with: a column, its day, its year, or the start of its `unit`."""

    column: ColumnRef
    kind: TypeKind
    form: Literal["plain", "day", "year", "bucket"] = "plain"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Literals that belong together and that a question may set.

    Args:
        leaves: The nodes to put new literals in the place of.
        held: What stands there, one for each leaf; None for a `?`.
        operator: Of a number: how the column is compared with it.
        closed: Of a range or an upper bound: whether its last day is part of it.
    """

    set_by: SetBy
    leaves: "tuple[exp.Expr, ...]"
    held: tuple[Held, ...]
    subject: Subject | None = None
    operator: str = "="
    closed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether nobody knows what stood there."""
        return None in self.held

    @property
    def is_dated(self) -> bool:
        """Whether a period sets it."""
        return self.set_by not in ("value", "values", "number", "limit")


@dataclass(frozen=True, slots=True)
class Statement:
    """A single SELECT over tables in sight.

    Args:
        sources: Names in the outer FROM, casefolded, to the cards of tables; None for anything else.
        cards: Of every table that is read.
    """

    tree: "exp.Select"
    sources: dict[str, TableCard | None]
    cards: tuple[TableCard, ...]
    parameters: tuple[Parameter, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Whether it holds a `?`."""
        return any(p.is_open for p in self.parameters)

    @property
    def texts(self) -> tuple[Parameter, ...]:
        """The parameters that values set."""
        return tuple(p for p in self.parameters if p.set_by in ("value", "values"))

    def card_of(self, column: "exp.Column") -> TableCard | None:
        """The card of the table in the outer FROM that a column's name means, if it can mean only one."""
        if column.table:
            named = self.sources.get(column.table.casefold())
            cards = [named] if named is not None else []
        else:
            cards = (
                [] if None in self.sources.values() else [c for c in self.sources.values() if c is not None]
            )
        found = [card for card in cards if card.column(column.name) is not None]
        return found[0] if len(found) == 1 else None


def read_statement(sql: str, context: Context) -> Statement | None:
    """The statement and its parameters, or None if it cannot be answered from.

    It cannot where it is no single SELECT, reads a table that is out of sight or that an owner would not have
    used, names a column that no table has any more, or holds a `?` that no question can set.
    """
    tree = _parsed(sql, context)
    if tree is None:
        return None
    cards = _cards(tree, context)
    if cards is None or not _is_alive(tree, cards):
        return None
    found = Statement(tree, _sources(tree, context), cards)
    parameters = tuple(_parameters(found))
    leaves = {id(leaf) for p in parameters for leaf in p.leaves}
    if any(id(p) not in leaves for p in _placeholders(tree)):
        return None
    return Statement(tree, found.sources, cards, parameters)


def number_of(text: str) -> Decimal | None:
    """A literal's number, or None if it is none."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def conjuncts(condition: "exp.Expr | None") -> "Iterator[exp.Expr]":
    """The parts of a condition that all must hold."""
    from sqlglot import exp

    if condition is None:
        return
    bare = condition.unnest()
    if isinstance(bare, exp.And):
        yield from conjuncts(bare.left)
        yield from conjuncts(bare.right)
    else:
        yield bare


def _parsed(sql: str, context: Context) -> "exp.Select | None":
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(sql) > MAX_SQL or not sql.lstrip("( \n\t").upper().startswith(("SELECT", "WITH")):
        return None
    try:
        trees = sqlglot.parse(sql, dialect=context.dialect)
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError, KeyError):
        # sqlglot raises all of these for text that it cannot read.
        return None
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Select) or tree.args.get("offset") is not None:
        return None
    unfit = (exp.DML, exp.Into, exp.Command, exp.Lock, exp.Parameter, exp.SessionParameter)
    return None if tree.find(*unfit) is not None else tree


def _cards(tree: "exp.Select", context: Context) -> tuple[TableCard, ...] | None:
    from sqlglot import exp

    made = _made(tree)
    cards: dict[TableRef, TableCard] = {}
    for table in tree.find_all(exp.Table):
        if not table.db and table.name.casefold() in made:
            continue
        card = _card(table, context)
        if card is None or card.use_instead:
            return None
        cards[card.ref] = card
    return tuple(cards.values()) or None


def _made(tree: "exp.Select") -> set[str]:
    from sqlglot import exp

    return {cte.alias.casefold() for cte in tree.find_all(exp.CTE)}


def _card(table: "exp.Table", context: Context) -> TableCard | None:
    """The card of a table as a statement names it; without a schema only if no two have the name."""
    name, schema = table.name.casefold(), table.db.casefold()
    named = [c for c in context.cards if c.ref.name.casefold() == name]
    if schema:
        named = [c for c in named if c.ref.schema.casefold() == schema]
    return named[0] if len(named) == 1 else None


def _is_alive(tree: "exp.Select", cards: Sequence[TableCard]) -> bool:
    """Whether each column that it names is one of its tables, or of its own making."""
    from sqlglot import exp

    known = {c.name.casefold() for card in cards for c in card.columns}
    known |= {a.alias.casefold() for a in tree.find_all(exp.Alias)}
    known |= {c.name.casefold() for a in tree.find_all(exp.TableAlias) for c in a.args.get("columns") or ()}
    return all(c.name == "*" or c.name.casefold() in known for c in tree.find_all(exp.Column))


def _sources(tree: "exp.Select", context: Context) -> dict[str, TableCard | None]:
    from sqlglot import exp

    made = _made(tree)
    start = tree.args.get("from_")
    nodes = [start.this] if start is not None else []
    nodes += [join.this for join in tree.args.get("joins") or ()]
    nodes += tree.args.get("laterals") or ()
    found: dict[str, TableCard | None] = {}
    for node in nodes:
        plain = isinstance(node, exp.Table) and (node.db or node.name.casefold() not in made)
        found[node.alias_or_name.casefold()] = _card(node, context) if plain else None
    return found


def _placeholders(tree: "exp.Select") -> "Iterator[exp.Expr]":
    from sqlglot import exp

    yield from tree.find_all(exp.Placeholder)


def _parameters(statement: Statement) -> Iterator[Parameter]:
    from sqlglot import exp

    where = statement.tree.args.get("where")
    bounds: dict[Subject, list[tuple[str, exp.Expr]]] = {}
    for part in conjuncts(where.this if where is not None else None):
        for subject, operator, leaves in _compared(part, statement):
            if operator in (">=", "<=", "<") and subject.kind in TEMPORAL_KINDS:
                bounds.setdefault(subject, []).append((operator, leaves[0]))
            else:
                yield from _single(subject, operator, leaves)
    for subject, ends in bounds.items():
        yield from _between(subject, ends)
    yield from _limit(statement.tree)


def _compared(
    part: "exp.Expr", statement: Statement
) -> "Iterator[tuple[Subject, str, tuple[exp.Expr, ...]]]":
    """What of a condition compares a column with literals: the column, how, and the literals."""
    from sqlglot import exp

    signs: dict[type[exp.Expr], str] = {exp.EQ: "=", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
    sides: list[tuple[exp.Expr, str, list[exp.Expr]]] = []
    if isinstance(part, exp.Between):
        sides = [(part.this, ">=", [part.args["low"]]), (part.this, "<=", [part.args["high"]])]
    elif isinstance(part, exp.In) and part.args.get("query") is None and part.expressions:
        sides = [(part.this, "in", part.expressions)]
    elif type(part) in signs:
        sign = signs[type(part)]
        sides = [(part.this, sign, [part.expression]), (part.expression, FLIPPED[sign], [part.this])]
    for node, operator, literals in sides:
        subject = _subject(node, statement)
        leaves = tuple(leaf for literal in literals if (leaf := _leaf(literal)) is not None)
        if subject is not None and len(leaves) == len(literals):
            yield subject, operator, leaves


def _leaf(node: "exp.Expr") -> "exp.Expr | None":
    """The literal or `?` that stands there, perhaps as a date."""
    from sqlglot import exp

    bare = node.unnest()
    dated = isinstance(bare, exp.Date | exp.TsOrDsToDate) or (
        isinstance(bare, exp.Cast) and bare.to.is_type(*exp.DataType.TEMPORAL_TYPES)
    )
    if dated:
        bare = bare.this
    return bare if isinstance(bare, exp.Literal | exp.Placeholder) else None


def _subject(node: "exp.Expr", statement: Statement) -> Subject | None:
    from sqlglot import exp

    bare = node.unnest()
    if isinstance(bare, exp.Column):
        return _column(bare, statement)
    form, unit, inner = _derived(bare)
    found = _column(inner, statement) if isinstance(inner, exp.Column) else None
    if found is None or found.kind not in TEMPORAL_KINDS or form is None:
        return None
    return Subject(found.column, found.kind, form, unit)


def _derived(
    node: "exp.Expr",
) -> "tuple[Literal['day', 'year', 'bucket'] | None, str, exp.Expr | None]":
    """How a date is taken from a column: its day, its year, or the start of its unit."""
    from sqlglot import exp

    if isinstance(node, exp.Cast) and isinstance(node.this, exp.DateTrunc | exp.TimestampTrunc):
        node = node.this
    if isinstance(node, exp.Date | exp.TsOrDsToDate) or (
        isinstance(node, exp.Cast) and node.to.is_type("date")
    ):
        return "day", "", node.this
    if isinstance(node, exp.Year):
        return "year", "", node.this
    if isinstance(node, exp.Extract) and node.name.upper() == "YEAR":
        return "year", "", node.expression
    if isinstance(node, exp.DateTrunc | exp.TimestampTrunc) and node.unit is not None:
        return "bucket", node.unit.name.lower(), node.this
    return None, "", None


def _column(column: "exp.Column", statement: Statement) -> Subject | None:
    card = statement.card_of(column)
    known = card.column(column.name) if card is not None else None
    if card is None or known is None:
        return None
    return Subject(ColumnRef(card.ref, known.name), known.column.kind)


def _single(subject: Subject, operator: str, leaves: "tuple[exp.Expr, ...]") -> Iterator[Parameter]:
    held = tuple(_held(leaf, subject) for leaf in leaves)
    if subject.kind == "text":
        if operator == "=":
            yield Parameter("value", leaves, held, subject)
        elif operator == "in":
            yield Parameter("values", leaves, held, subject)
    elif subject.kind in NUMERIC_KINDS and operator in FLIPPED:
        yield Parameter("number", leaves, held, subject, operator)
    elif subject.kind in TEMPORAL_KINDS and operator == "=":
        if subject.form == "year":
            yield Parameter("year", leaves, held, subject)
        elif subject.form == "bucket":
            yield Parameter("bucket", leaves, held, subject)
        elif subject.form == "day" or subject.kind == "date":
            yield Parameter("day", leaves, held, subject)


def _between(subject: Subject, ends: "list[tuple[str, exp.Expr]]") -> Iterator[Parameter]:
    """Bounds of one date: a range, or one end of it. More than two say something else."""
    lower = [leaf for operator, leaf in ends if operator == ">="]
    upper = [(leaf, operator == "<=") for operator, leaf in ends if operator != ">="]
    if subject.form not in ("plain", "day") or len(lower) > 1 or len(upper) > 1:
        return
    leaves = (*lower, *(leaf for leaf, _ in upper))
    closed = any(is_closed for _, is_closed in upper)
    if closed and subject.form != "day" and subject.kind != "date":
        return  # The last moment of a day can be written in several ways.
    set_by: SetBy = "range" if lower and upper else "since" if lower else "until"
    yield Parameter(set_by, leaves, tuple(_held(leaf, subject) for leaf in leaves), subject, closed=closed)


def _held(leaf: "exp.Expr", subject: Subject) -> Held:
    """What a literal says; an unreadable date stays text, so that it equals no period."""
    from sqlglot import exp

    if isinstance(leaf, exp.Placeholder):
        return None
    if not leaf.is_string:
        number = number_of(leaf.name)
        return leaf.name if number is None else number
    if subject.kind not in TEMPORAL_KINDS:
        return leaf.name
    try:
        return date.fromisoformat(leaf.name.removesuffix(" 00:00:00"))
    except ValueError:
        return leaf.name


def _limit(tree: "exp.Select") -> Iterator[Parameter]:
    from sqlglot import exp

    limit = tree.args.get("limit")
    count = limit.expression if isinstance(limit, exp.Limit) else None
    if isinstance(count, exp.Placeholder):
        yield Parameter("limit", (count,), (None,))
    elif isinstance(count, exp.Literal) and count.name.isdecimal():
        yield Parameter("limit", (count,), (Decimal(count.name),))

"""What the outputs of trusted queries are called: `SUM(total) AS revenue` calls the column `total` revenue.

A query that keeps some rows only tells what those are called, not the column: `SUM(total) AS revenue ...
WHERE paid` is no name for `total`. So a query counts only if nothing narrows it but dates and plain joins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gnomon.context.catalog.folding import stems
from gnomon.domain.catalog import TEMPORAL_KINDS, CardColumn, TableCard
from gnomon.domain.context import Synonym, TrustedQuery
from gnomon.search.tokens import split_identifier

if TYPE_CHECKING:
    from sqlglot import exp

ALIAS_SCORE = 0.74
"""What an alias counts for, just over a comment: people read it on charts. Both want a stated assumption."""

SHARED_SCORE = 0.72
"""The same where two columns have the alias: no reader can tell which is meant, and has to ask."""

MAX_SQL_CHARS = 20_000
_LEAST_LETTERS = 3
_SUMMED = ("total", "sum", "overall")
_TECHNICAL_WORDS = """
cnt count num number val value values tmp temp col res result total totals sum tot amt qty agg avg min max
key label rank share pct percent ratio ret out expr alias metric measure dim grp group bucket period
"""
_TECHNICAL = frozenset(_TECHNICAL_WORDS.split())


@dataclass(frozen=True, slots=True)
class _Place:
    """A column of a table, as a query names it."""

    schema: str
    table: str
    column: str


@dataclass(frozen=True, slots=True)
class _Named:
    """The outputs of one query with the columns they are, and the columns that its conditions are on."""

    outputs: tuple[tuple[str, _Place], ...] = ()
    narrowed_by: tuple[_Place, ...] = ()


_NOTHING = _Named()


def aliases(queries: Iterable[TrustedQuery], cards: Iterable[TableCard], dialect: str) -> tuple[Synonym, ...]:
    """What the queries call columns of the cards, each name of a column once.

    Args:
        dialect: The queries', by sqlglot's name.
    """
    known = tuple(cards)
    found: dict[tuple[frozenset[str], str], Synonym] = {}
    for query in queries:
        for synonym in _of_query(query, known, dialect):
            found.setdefault((stems(synonym.phrase), synonym.meant), synonym)
    sharing: dict[frozenset[str], int] = {}
    for words, _ in found:
        sharing[words] = sharing.get(words, 0) + 1
    return tuple(
        _scored(s, ALIAS_SCORE if sharing[words] == 1 else SHARED_SCORE) for (words, _), s in found.items()
    )


def _scored(synonym: Synonym, score: float) -> Synonym:
    return Synonym(synonym.phrase, synonym.table, synonym.column, synonym.source, score, synonym.origin)


def _of_query(query: TrustedQuery, cards: tuple[TableCard, ...], dialect: str) -> Iterator[Synonym]:
    named = _named(query.sql, dialect)
    for place in named.narrowed_by:
        at = _find(place, cards)
        if at is None or at[1].column.kind not in TEMPORAL_KINDS:
            return
    for phrase, place in named.outputs:
        at = _find(place, cards)
        if at is not None and not _repeats(phrase, *at):
            card, column = at
            yield Synonym(phrase, card.ref, column.name, "query", ALIAS_SCORE, query.question)


def _find(place: _Place, cards: tuple[TableCard, ...]) -> tuple[TableCard, CardColumn] | None:
    """The column of a card that is meant; None if there is none, or the table could be two."""
    name, schema = place.table.casefold(), place.schema.casefold()
    fitting = [c for c in cards if c.ref.name.casefold() == name and schema in ("", c.ref.schema.casefold())]
    plain = [c for c in fitting if not c.ref.schema] if len(fitting) > 1 else fitting
    column = plain[0].column(place.column) if len(plain) == 1 else None
    return (plain[0], column) if column is not None else None


def _repeats(phrase: str, card: TableCard, column: CardColumn) -> bool:
    """Whether the phrase says no more than the names of the column and its table do."""
    return stems(phrase) <= stems(" ".join(split_identifier(f"{card.ref.name} {column.name}")))


@lru_cache(maxsize=512)
def _named(sql: str, dialect: str) -> _Named:
    import sqlglot
    from sqlglot import exp

    if len(sql) > MAX_SQL_CHARS:
        return _NOTHING
    try:
        tree = sqlglot.parse_one(sql, dialect=dialect or None)
        if not isinstance(tree, exp.Select) or any(
            tree.args.get(a) for a in ("having", "qualify", "laterals")
        ):
            return _NOTHING
        return _read(tree)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return _NOTHING


def _read(select: "exp.Select") -> _Named:
    from sqlglot import exp

    sources = _sources(select)
    if not sources or not all(map(_is_plain_join, select.args.get("joins") or ())):
        return _NOTHING
    where = select.args.get("where")
    conditions = list(where.find_all(exp.Column)) if where else []
    narrowed = [_place(c, sources) for c in conditions]
    if (where and (not conditions or where.find(exp.Query))) or None in narrowed:
        return _NOTHING
    outputs = [
        (phrase, place)
        for item in select.expressions
        if isinstance(item, exp.Alias) and (place := _place(_column(item.this), sources)) is not None
        if (phrase := _phrase(item.alias, summed=isinstance(item.this, exp.Sum)))
    ]
    return _Named(tuple(outputs), tuple(p for p in narrowed if p is not None))


def _sources(select: "exp.Select") -> dict[str, "exp.Table"]:
    """The tables that a query reads by the names it has for them; none if it reads anything else."""
    from sqlglot import exp

    begin = select.args.get("from_") or select.args.get("from")
    items = [begin.this] if begin else []
    items += [join.this for join in select.args.get("joins") or ()]
    tables = [item for item in items if isinstance(item, exp.Table)]
    within = {cte.alias_or_name.casefold() for cte in select.ctes}
    by_name = {t.alias_or_name.casefold(): t for t in tables}
    whole = len(by_name) == len(items) and not any(t.name.casefold() in within for t in tables)
    return by_name if whole else {}


def _is_plain_join(join: "exp.Join") -> bool:
    """Whether a join links columns and does nothing else."""
    from sqlglot import exp

    if join.args.get("using"):
        return True
    on = join.args.get("on")
    parts = list(on.flatten()) if isinstance(on, exp.And) else [on]
    return all(
        isinstance(p, exp.EQ) and isinstance(p.this, exp.Column) and isinstance(p.expression, exp.Column)
        for p in parts
    )


def _column(output: "exp.Expr") -> "exp.Column | None":
    """The column that an output is, or adds up."""
    from sqlglot import exp

    inner = output.this if isinstance(output, exp.Sum) else output
    return inner if isinstance(inner, exp.Column) and not isinstance(inner.this, exp.Star) else None


def _place(column: "exp.Column | None", sources: dict[str, "exp.Table"]) -> _Place | None:
    if column is None:
        return None
    name = column.table.casefold()
    table = sources.get(name) if name else next(iter(sources.values())) if len(sources) == 1 else None
    return _Place(table.db, table.name, column.name) if table is not None else None


def _phrase(alias: str, *, summed: bool) -> str:
    """The words of an alias; empty if it is short or technical."""
    words = [w.lower() for w in split_identifier(alias)]
    while summed and len(words) > 1 and words[0] in _SUMMED:
        words = words[1:]
    plain = all(w.isalpha() for w in words) and sum(map(len, words)) >= _LEAST_LETTERS
    return " ".join(words) if words and plain and not set(words) <= _TECHNICAL else ""

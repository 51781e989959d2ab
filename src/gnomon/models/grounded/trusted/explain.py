"""What an answer says of the trusted query that it is taken from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gnomon.domain.catalog import TEMPORAL_KINDS, ColumnRef
from gnomon.domain.context import TrustedQuery
from gnomon.domain.query import Dialect
from gnomon.domain.wording import say
from gnomon.models.grounded.reply import MOMENT, noun
from gnomon.models.grounded.trusted.alignment import Alignment
from gnomon.models.grounded.trusted.binding import Bound
from gnomon.models.grounded.trusted.statement import Statement, conjuncts
from gnomon.models.grounded.trusted.wording import Mark
from gnomon.models.grounded.words import name_words, stem

if TYPE_CHECKING:
    from sqlglot import exp

MAX_TITLE = 120
MAX_FILTERS = 4
LEAD = re.compile(r"^(?:in|for|of|during|within|on) (?:the )?(?:year )?", re.IGNORECASE)
STEERED = {
    "count": "what is counted",
    "agg": "what is computed",
    "distinct": "different ones",
    "group": "groups",
}


def introduce(query: TrustedQuery, bound: Sequence[Bound]) -> str:
    """Which query, from where, and for what, as the beginning of a sentence."""
    origin = f" ({_code(query.origin)})" if query.origin else ""
    settings = [_setting(b) for b in bound]
    return f"Answered by the trusted query {_code(query.question)}{origin}" + (
        f", for {', '.join(settings)}" if settings else ""
    )


def reply_trusted(words: str, content: Mapping[str, Any]) -> str:
    """The sentence for a result, from what a model may see of it.

    Args:
        words: The beginning, from `introduce`.
    """
    rows, columns = content.get("rows", []), content.get("columns", [])
    if not rows:
        return f"{words}: it found nothing."
    if len(rows) > 1 or content.get("row_count") != 1:
        more = " or more" if content.get("truncated") else ""
        return f"{words}: {content.get('row_count'):,}{more} rows."
    pairs = [(noun(c), _plain(v)) for c, v in zip(columns, rows[0], strict=True)]
    if len(pairs) == 1:
        return f"{words}: {pairs[0][1]}."
    return f"{words}: {', '.join(f'{name} {value}' for name, value in pairs[:6])}."


def explain(query: TrustedQuery, aligned: Alignment, bound: Sequence[Bound]) -> tuple[tuple[str, str], ...]:
    """Each mark of the question and what it is in the trusted query, in the order of the question."""
    title = _code(query.question)
    roles = {b.mark.text: _meaning(b) for b in bound if b.mark.kind != "value"}
    found: list[tuple[str, str]] = []
    for at, mark in enumerate(aligned.asked.marks):
        if mark.kind == "value":
            role = f"{mark.column} = '{mark.value}'"
        elif mark.kind in ("period", "number") and mark.text in roles:
            role = roles[mark.text]
        else:
            role = _role(at, mark, aligned, title)
        found.append((mark.text, role))
    return tuple(found)


def _meaning(bound: Bound) -> str:
    """What a period or number is in the statement, with the last day that is part of it."""
    parameter, values = bound.parameter, bound.values
    if parameter.subject is None:
        return f"the first {values[0]} rows"
    column, period = parameter.subject.column, bound.mark.period
    if period is None:
        return f"{column} {parameter.operator} {values[0]}"
    last = period.end - timedelta(days=1) if period.end is not None else None
    since = f" from {period.start}" if period.start is not None else ""
    return f"{column}{since}{f' to {last}' if last is not None else ''}"


def _role(at: int, mark: Mark, aligned: Alignment, title: str) -> str:
    if at == aligned.added:
        return f"what the trusted query {title} computes"
    if at in aligned.reworded:
        steered = STEERED.get(mark.key.split(":")[0], "periods")
        return f"as in the trusted query {title}, in other words ({steered})"
    return f"as in the trusted query {title}"


def assume(
    query: TrustedQuery, aligned: Alignment, statement: Statement, bound: Sequence[Bound], dialect: Dialect
) -> tuple[tuple[str, str], ...]:
    """What is taken for granted: periods read by the clock, and conditions that the question does not say."""
    said = [b.mark.period.assumed for b in bound if b.mark.period is not None and b.mark.period.assumed]
    found = [(text, "name the days") for text in said]
    found += [
        (f"Time is taken from {column}.", "name another date") for column in _dated_by(statement, bound)
    ]
    filters = list(dict.fromkeys(_unsaid(aligned, statement, bound, dialect)))
    if filters:
        more = f" and {len(filters) - MAX_FILTERS} more" if len(filters) > MAX_FILTERS else ""
        listed = ", ".join(map(_code, filters[:MAX_FILTERS]))
        text = (
            f"The trusted query {_code(query.question)} has {listed}{more}, which the question does not say."
        )
        found.append((text, "ask for other rows in words of your own"))
    return tuple(found)


def _dated_by(statement: Statement, bound: Sequence[Bound]) -> Iterator[ColumnRef]:
    """The date that a period restricts, where its table has others."""
    for each in bound:
        subject = each.parameter.subject
        if subject is None or not each.parameter.is_dated:
            continue
        card = next(c for c in statement.cards if c.ref == subject.column.table)
        if sum(c.column.kind in TEMPORAL_KINDS for c in card.columns) > 1:
            yield subject.column


def _unsaid(
    aligned: Alignment, statement: Statement, bound: Sequence[Bound], dialect: Dialect
) -> "Iterator[str]":
    """Conditions and limits of the statement that no word of the question is about."""
    from sqlglot import exp

    words = {stem(w) for m in aligned.asked.marks for w in m.text.lower().split()}
    leaves = {id(leaf) for b in bound for leaf in b.parameter.leaves}
    for clause in statement.tree.find_all(exp.Where, exp.Having, exp.Qualify):
        for part in conjuncts(clause.this):
            if not any(id(node) in leaves for node in part.walk()) and not _is_mentioned(part, words):
                yield part.sql(dialect=dialect, comments=False)
    limit = statement.tree.args.get("limit")
    numbers = {str(m.number) for m in aligned.asked.of("number")} | {"1"}
    if (
        isinstance(limit, exp.Limit)
        and limit.expression.name not in numbers
        and not leaves & {id(limit.expression)}
    ):
        yield limit.sql(dialect=dialect).strip()


def _is_mentioned(part: "exp.Expr", words: set[str]) -> bool:
    """Whether the words name the text that a condition wants, or the flag that it looks at."""
    from sqlglot import exp

    if isinstance(part, exp.Column):
        return bool({stem(w) for w in name_words(part.name)} & words)
    texts = [n.name for n in part.find_all(exp.Literal)]
    wanted = isinstance(part, exp.EQ) and bool(texts)
    return wanted and all({stem(w) for w in name_words(t)} <= words for t in texts)


def _setting(bound: Bound) -> str:
    if bound.mark.kind == "value":
        return f"{_target(bound)} = {bound.mark.value}"
    if bound.mark.kind == "period":
        return LEAD.sub("", bound.mark.text)
    return f"{_target(bound)} {bound.parameter.operator} {bound.mark.text}"


def _target(bound: Bound) -> str:
    subject = bound.parameter.subject
    return noun(subject.column.column) if subject is not None else "limit"


def _plain(value: Any) -> str:
    return MOMENT.sub(r"\1 \2", value) if isinstance(value, str) else say(value)


def _code(text: str) -> str:
    """A text of others as a name between ticks, on one line."""
    plain = " ".join(text.replace("`", "'").split())
    return f"`{plain[:MAX_TITLE]}{'…' if len(plain) > MAX_TITLE else ''}`"

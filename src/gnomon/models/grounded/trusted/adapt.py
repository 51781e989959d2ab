"""Decides whether a trusted query answers a question, and makes the statement that does.

A question is answered by a trusted query if both say the same, word for word (`wording`, `alignment`), if all
that the statement holds open is said (`binding`), and if the statement does what the words say (`said`).
Where two trusted queries fit and differ there is no answer from either. Pure: same input, same output.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from gnomon.domain.context import Context, TrustedQuery
from gnomon.models.grounded.followup import changes_another
from gnomon.models.grounded.trusted.alignment import Alignment, align, question_spans, title_spans
from gnomon.models.grounded.trusted.binding import Bound, bind, put
from gnomon.models.grounded.trusted.explain import assume, explain, introduce
from gnomon.models.grounded.trusted.said import is_said
from gnomon.models.grounded.trusted.statement import Statement, read_statement
from gnomon.models.grounded.trusted.wording import Wording, find_spans, read_wording, tokens_of
from gnomon.models.grounded.words import Token

LEAST_TRUST = 0.5
"""Trust from which a query is answered from. From a third on it is shown as an example; an answer rests on it
alone, so a dashboard, a review, or several weaker signs must stand behind it."""

REPLACED = 0.9
"""What certainty counts for where a literal gave way to another: it may be meant for that one alone."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """A trusted query that answers a question.

    Args:
        sql: The statement in the engine's dialect, without open places.
        words: How an answer begins that is taken from it: which query, from where, and for what.
        explained: Words of the question and how each was read.
        assumptions: Text and alternative, a pair each.
        certainty: In [0, 1], from how far the query is trusted.
    """

    query: TrustedQuery
    sql: str
    words: str
    explained: tuple[tuple[str, str], ...]
    assumptions: tuple[tuple[str, str], ...]
    certainty: float


def adapt(text: str, context: Context, today: date) -> Adapted | None:
    """The trusted query that answers the question just as it is asked, or None.

    Args:
        text: The question; one that goes on from others is not answered here.
        today: The day that periods are counted from.
    """
    if changes_another(text, context):
        return None
    tokens = tokens_of(text)
    found = [a for query in context.trusted for a in _fits(query, tokens, context, today)]
    if len({a.sql for a in found}) != 1:
        return None
    best = max(found, key=lambda a: (a.certainty, a.query.trust, a.query.question, a.query.origin))
    return best if best.query.trust >= LEAST_TRUST and not _is_overruled(best, tokens, context) else None


def _fits(query: TrustedQuery, tokens: Sequence[Token], context: Context, today: date) -> Iterator[Adapted]:
    """What the query makes of the question: one statement, or none."""
    titled = tokens_of(query.question)
    plain = read_wording(titled, today)
    if plain is None or not _may_agree(plain, tokens, query.sql):
        return
    statement = read_statement(query.sql, context)
    if statement is None:
        return
    named = title_spans(titled, statement)
    title = read_wording(titled, today, named)
    if title is None:
        return
    for spans in question_spans(tokens, statement, context, named, len(title.of("hole"))):
        asked = read_wording(tokens, today, spans)
        aligned = align(asked, title) if asked is not None else None
        bound = bind(aligned, statement) if aligned is not None else None
        if aligned is not None and bound is not None and is_said(aligned, statement, bound):
            yield _adapted(query, aligned, statement, bound, context)
            return


def _may_agree(title: Wording, tokens: Sequence[Token], sql: str) -> bool:
    """Whether a title has a word at all, and each stands in the question or may be a text of the statement.

    A first look, so that most statements need not be parsed.
    """
    asked, written = {t.lemma for t in tokens}, sql.casefold()
    words = [m for m in title.of("word") if " " not in m.key]
    return bool(title.of("word", "steer")) and all(
        m.key in asked or m.text.casefold() in written for m in words
    )


def _adapted(
    query: TrustedQuery,
    aligned: Alignment,
    statement: Statement,
    bound: tuple[Bound, ...],
    context: Context,
) -> Adapted:
    replaced = any(b.changes and not b.parameter.is_open for b in bound)
    assumptions = assume(query, aligned, statement, bound, context.dialect)
    explained = explain(query, aligned, bound)
    words = introduce(query, bound)
    put(bound, context.dialect)
    sql = statement.tree.sql(dialect=context.dialect, pretty=True, comments=False)
    trust = min(max(query.trust, 0.0), 1.0)
    certainty = (1 + trust) / 2 * (REPLACED if replaced else 1.0)
    return Adapted(query, sql, words, explained, assumptions, round(certainty, 4))


def _is_overruled(adapted: Adapted, tokens: Sequence[Token], context: Context) -> bool:
    """Whether a person gave words of the question a meaning that the statement does not have."""
    statement = read_statement(adapted.sql, context)
    if statement is None:
        return True
    known = {str(c.ref) for c in statement.cards}
    known |= {f"{c.ref}.{column.name}" for c in statement.cards for column in c.columns}
    chosen = (
        meant
        for words, meant in context.choices
        if next(find_spans(tokens, tokens_of(words)), None) is not None
    )
    return any(meant not in known for meant in chosen)

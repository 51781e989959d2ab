"""A figure of the rows that the question before was about: `riders of Elm Park`, `their average age?`"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from gnomon.domain.context import Context
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.parser import read_question
from gnomon.models.grounded.pointing import ASKING, ONE, ROWS_BEFORE
from gnomon.models.grounded.reading import NotRead, Reading, Target
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item

POINTS = re.compile(r"\bof (?:them|those|these)(?=\W*$)|\b(?:them|those|these|their)\b", re.IGNORECASE)
STANDING = frozenset({*ONE, "they"})
"""Pronouns of one, and of what does something: a figure of rows is neither."""


def read_carried(question: str, previous: Reading, context: Context, today: date) -> Reading | None:
    """The figure that a question asks of the rows before, or those rows; None where it asks something else.

    Rows that were ranked, grouped, compared or listed once each are no plain rows; of theirs there is none.
    """
    points = POINTS.search(question) is not None
    if not are_plain_rows(previous) or not (points or is_restricted(previous)):
        return None
    text = POINTS.sub(" ", question)
    draft = Draft(Schema(context), hear(text, context, today)[1], today)
    words = {w for i in draft.items for w in i.text.lower().split()}
    tables = {t for i in draft.items if (t := draft.as_table(i)) is not None}
    if words & (STANDING | ROWS_BEFORE) or (tables and not (points and tables == {previous.base})):
        return None
    asked = _only_count(draft, previous) or _figure(text, previous, context, today)
    if asked is None and points and all(i.is_cue("list", "fill", "all") for i in draft.items):
        asked = Reading(previous.base, ())
    if asked is None:
        return None
    told = (f"`{question.strip()}` is taken to be about the rows of the question before.", "ask in full")
    return replace(
        previous,
        targets=asked.targets,
        order=None,
        assumptions=(*previous.assumptions, *asked.assumptions, told),
        explained=(*previous.explained, *asked.explained),
        certainty=previous.certainty * asked.certainty,
    )


def names_no_table(question: str, context: Context, today: date) -> bool:
    """Whether a question says of no rows, so that those of the one before may be meant."""
    draft = Draft(Schema(context), hear(question, context, today)[1], today)
    return all(draft.as_table(item) is None for item in draft.items)


def is_note(items: Sequence[Item]) -> bool:
    """`total fee of loans`: no sentence, as people write who go on from what they asked."""
    return not any(i.is_cue("list", "yes_no") or ASKING & {*i.text.lower().split()} for i in items)


def _only_count(draft: Draft, previous: Reading) -> Reading | None:
    """`how many?`, `how many are there?`"""
    counts = [i for i in draft.items if i.is_cue("count")]
    if len(counts) != 1 or not all(i.is_cue("count", "fill") for i in draft.items):
        return None
    target = Target(previous.base, None, "count")
    return Reading(previous.base, (target,), explained=((counts[0].text, f"rows of {previous.base}"),))


def _figure(text: str, previous: Reading, context: Context, today: date) -> Reading | None:
    """The question by itself, if it asks for nothing but figures of all rows of that table."""
    try:
        alone = read_question(text, context, today)
    except NotRead:
        return None
    plain = Reading(
        alone.base, alone.targets, mentioned=alone.mentioned, assumptions=alone.assumptions,
        explained=alone.explained, certainty=alone.certainty,
    )  # fmt: skip
    figures = bool(alone.targets) and all(t.aggregate and t.table == previous.base for t in alone.targets)
    return alone if alone == plain and figures and alone.base == previous.base else None


def are_plain_rows(reading: Reading) -> bool:
    """Whether it lists or computes over rows as they are."""
    ranked = (reading.limit, reading.having, reading.within, reading.place, reading.group_by_entity)
    derived = (reading.outer, reading.compared, reading.trend, reading.kin, reading.groups, reading.counted)
    whole = (reading.share, reading.every, reading.exists_only, reading.distinct)
    return not any((*(x is not None for x in ranked), *map(bool, derived), *whole))


def is_restricted(reading: Reading) -> bool:
    """Whether it is about some of the rows of its table."""
    some = (reading.conditions, reading.either, reading.linked, reading.against_average, reading.tests)
    return any(map(bool, some)) or reading.limit is not None or reading.having is not None

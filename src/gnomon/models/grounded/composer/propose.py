"""The readings of a question: what its words' roles make, and what the careful reader says."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from gnomon.domain.context import Context
from gnomon.models.grounded.bridges import by_own_keys, through_bridges
from gnomon.models.grounded.composer.accounting import asks_for_order, left_over, unheard
from gnomon.models.grounded.composer.build import Variant, build, variants
from gnomon.models.grounded.composer.explain import explained
from gnomon.models.grounded.composer.rank import Draft, describe, may_repeat
from gnomon.models.grounded.composer.relations import relating, unspoken
from gnomon.models.grounded.composer.restated import restated
from gnomon.models.grounded.composer.search import Assignment, search
from gnomon.models.grounded.composer.slots import Question, read_slots
from gnomon.models.grounded.followup import read_in_conversation
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.joins import JoinPlan, plan_joins, refuse_unmentioned
from gnomon.models.grounded.named_groups import by_name
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.refusals import refuse_split_name
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Roles = npt.NDArray[np.float32]

MAX_READINGS = 12


@dataclass(frozen=True, slots=True)
class Careful:
    """What the careful reader makes of a question: a reading with its statement, or why it has none."""

    reading: Reading | None = None
    sql: str = ""
    doubt: NotRead | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """A reading with its statement, before it is known how likely it is right.

    Args:
        features: What is known of it, by name.
    """

    draft: Draft
    features: dict[str, float]

    @property
    def reading(self) -> Reading:
        """The reading."""
        return self.draft.reading

    @property
    def sql(self) -> str:
        """Its statement."""
        return self.draft.sql


def read_carefully(text: str, context: Context, today: date) -> Careful:
    """Read a question word by word."""
    try:
        reading, schema = read_in_conversation(text, context, today), Schema(context, text)
        if reading.kin is None and reading.compared is None:
            reading = by_name(reading, schema, hear(text, context, today)[1])
            reading = through_bridges(reading, plan_joins(reading, schema), schema)
        else:
            reading = by_own_keys(reading, schema)
        return Careful(reading, write_sql(reading, schema))
    except NotRead as doubt:
        return Careful(doubt=doubt)


def propose(text: str, context: Context, today: date, careful: Careful, roles: "Roles") -> list[Proposed]:
    """The readings of a question, each statement once, those with the likeliest roles first.

    Args:
        roles: The weight of each hashed feature of a role; shape (2**BITS,).
    """
    question = read_slots(text, context, today)
    drafts = _composed(question, roles)
    if careful.reading is not None:
        same = drafts.get(careful.sql)
        if same is None:
            drafts[careful.sql] = Draft(careful.reading, careful.sql)
        else:
            drafts[careful.sql] = replace(same, reading=careful.reading, left=())
    for draft in list(drafts.values()):
        _add_each_once(draft, question.schema, drafts)
    known = list(drafts.values())
    reason = careful.doubt.reason if careful.doubt else ""
    return [Proposed(draft, describe(question, draft, known, careful.sql, reason)) for draft in known]


def _composed(question: Question, roles: "Roles") -> dict[str, Draft]:
    found: dict[str, Draft] = {}
    for assignment, variant, reading in _readings(question, search(question, roles)):
        draft = _made(question, assignment, variant, reading)
        if draft is not None and draft.sql not in found:
            found[draft.sql] = draft
        if len(found) == MAX_READINGS:
            break
    return found


def _readings(
    question: Question, assignments: Iterable[Assignment]
) -> Iterator[tuple[Assignment, Variant, Reading]]:
    """What roles make, each reading once: that of the likeliest roles."""
    known: set[Reading] = set()
    for assignment in assignments:
        for variant in variants(question, assignment.roles):
            with suppress(NotRead):
                reading = build(question, assignment.roles, variant)
                if reading not in known:
                    known.add(reading)
                    yield assignment, variant, reading


def _add_each_once(draft: Draft, schema: Schema, drafts: dict[str, Draft]) -> None:
    """`Which ranks do we have?`: what is listed may be meant once each, though no word says so."""
    reading = draft.reading
    listed = bool(reading.targets) and all(t.aggregate is None for t in reading.targets)
    sorted_by = reading.order.target if reading.order is not None else None
    unsorted = reading.order is None or sorted_by in reading.targets
    grouped = reading.groups or reading.group_by_entity or reading.share or reading.exists_only
    bounded = reading.limit is not None or reading.distinct
    if not listed or not unsorted or grouped or bounded or not may_repeat(reading, schema):
        return
    once = replace(reading, distinct=True)
    sql = write_sql(once, schema)
    other = drafts.get(sql) or replace(draft, reading=once, sql=sql, once=True)
    drafts[sql] = replace(other, twin=draft.sql)
    drafts[draft.sql] = replace(draft, twin=sql)


def _made(question: Question, found: Assignment, variant: Variant, reading: Reading) -> Draft | None:
    """A reading with its statement; None if it cannot be said."""
    if not asks_for_order(question, reading):
        return None
    reading = replace(reading, explained=explained(question, found.roles))
    try:
        refuse_split_name(reading.conditions, question.items)
        reading = by_name(reading, question.schema, question.items)
        sql = write_sql(reading, question.schema)
        plan = plan_joins(reading, question.schema)
        reading = through_bridges(reading, plan, question.schema)
    except NotRead:
        return None
    related = relating(question, found.roles, reading, plan)
    again = restated(question, found.roles, reading)
    left = (
        *left_over(question, found.roles, reading, related | again),
        *unheard(question, found.roles, reading, again),
        *unspoken(question, found.roles, reading, plan),
    )
    far, sideways = _reaches_far(reading, plan), _goes_sideways(plan)
    return Draft(reading, sql, found, variant, left, len(related), len(again), far, sideways)


def _reaches_far(reading: Reading, plan: JoinPlan) -> bool:
    try:
        refuse_unmentioned(plan.related, reading.mentioned)
    except NotRead:
        return True
    return False


def _goes_sideways(plan: JoinPlan) -> bool:
    """Students and courses of one department are not the students of a course."""
    paths = (related.path for related in plan.related)
    return any(not first.many and second.many for path in paths for first, second in pairwise(path))

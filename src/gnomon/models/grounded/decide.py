"""Which reading a question gets: the likeliest, if it leaves no word without a place and is likely enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gnomon.domain.context import Context
from gnomon.models.grounded.blanks import stands_for_none
from gnomon.models.grounded.composer.accounting import BEYOND
from gnomon.models.grounded.composer.compose import Composed, compose
from gnomon.models.grounded.composer.propose import Careful, read_carefully
from gnomon.models.grounded.cues import CUES
from gnomon.models.grounded.currencies import mixed, refuse_mixed_currencies
from gnomon.models.grounded.doubts import Doubts
from gnomon.models.grounded.followup import changes_another
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.measured import Measures
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.refusals import refuse_unfinished
from gnomon.models.grounded.reply import describe
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.spellings import state_folded
from gnomon.models.grounded.synonyms import assuming, unsure_names, with_sources
from gnomon.models.grounded.views import state_views
from gnomon.models.grounded.words import tokenize

SURE = 0.92
"""A reading that is likelier than this may be answered from."""

KEPT = 0.69
"""The same for one that the careful reader makes as well: it has placed every word by rules of its own."""

NEAR = 0.15
"""How much likelier a reading must be to be preferred to the careful one."""

CLEAR = 0.76
"""What must be left of it after the doubt whether the table is the right one, and each assumption."""

CLEAR_KEPT = 0.72
"""The same for a reading that the careful reader makes as well."""

CLEAR_PLAIN = 0.7
"""The same where that is a figure, a figure of each group of plain rows, or the first of a ranking."""

WEIGHED = 0.82
"""What must be left of a reading that ran beside others: what they give has its part in how likely it is."""

WEIGHED_KEPT = 0.65
"""The same for one that the careful reader makes as well."""

ASSUMED = 0.95
"""What is left of it after each thing that was taken for granted, as the agent reckons."""

DOUBTED = 0.45
"""What the likelihood of any other counts for, so that it stays below the default threshold of an answer."""

UNPLACED = 0.4
"""Share of readings that are right although a word of the question has no place in them."""

WORTH_ASKING = 0.6
"""How likely readings must be together before a person is asked which is meant."""

RIVAL = 0.1
"""How likely a reading must be to be offered."""

MAX_OFFERED = 4
FLAGGED = frozenset({"true", "false", "null", "not null"})
OPENING = frozenset({"list", "yes_no", "each", "fill"})
"""Kinds of steering words that a sentence begins with."""

CHOSEN = 0.95
"""How sure a reading is that a person has chosen."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The reading to answer with, and its statement."""

    reading: Reading
    sql: str


@dataclass(frozen=True, slots=True)
class Read:
    """What is known of a question before one of its readings is taken.

    Args:
        composed: The readings, the likeliest first; none where the composer does not read at all.
        stopped: Why there may be no answer; of use where no reading is taken.
        lead: In [0.85, 1]: how clearly one table was found for the question.
    """

    careful: Careful
    composed: tuple[Composed, ...] = ()
    stopped: NotRead | None = None
    lead: float = 1.0

    @property
    def doubt(self) -> NotRead:
        """Why there is no reading."""
        return self.careful.doubt or self.stopped or NotRead("I see no reading of this.")

    @property
    def offers(self) -> tuple[Composed, ...]:
        """Readings to choose from where none is sure: two at least, or none.

        A name that may mean several things is asked about by itself.
        """
        if self.doubt.options:
            return ()
        whole = [c for c in self.composed if not c.unplaced and c.probability >= RIVAL][:MAX_OFFERED]
        worth = len(whole) > 1 and sum(c.probability for c in whole) >= WORTH_ASKING
        return tuple(whole) if worth else ()


def read(text: str, context: Context, today: date) -> Read:
    """Read a question carefully, word by word, and by what was learned.

    Raises:
        NotRead: The question itself says two things, or a further name has two meanings.
    """
    follows = changes_another(text, context)
    # What a further name that is not the owner's does to a likelihood has not been measured.
    unsure = unsure_names((*context.earlier, text) if follows else (text,), context, today)
    careful = _with_sources(read_carefully(text, context, today), context, unsure)
    measures, doubts = Measures(text, context, today), Doubts(text, context, today)
    schema = Schema(context, text)
    careful = _without_doubts(careful, doubts)
    if careful.reading is not None:
        measures.refuse_other_currency(careful.reading)
        refuse_mixed_currencies(careful.reading, schema)
        careful = replace(careful, reading=state_views(state_folded(careful.reading, schema), schema))
    if follows or context.choices or unsure:
        return Read(careful)
    try:
        refuse_unfinished(text, context, today)
    except NotRead as stopped:
        if stopped.final:
            raise
        return Read(careful, stopped=stopped)
    if careful.doubt is not None and careful.doubt.final:
        raise careful.doubt
    alone = careful.reading is not None and (
        careful.reading.alone or _beyond_roles(careful.reading) or _is_note(text)
    )
    if alone or (careful.reading is not None and not measures.keeps(careful.reading)):
        return Read(careful)
    composed = [c for c in compose(text, context, today, careful) if measures.keeps(c.reading)]
    composed = [c for c in composed if not any(mixed(c.reading, schema))]
    told = tuple(
        replace(
            c,
            reading=state_views(
                state_folded(measures.told(with_sources(c.reading, context)), schema), schema
            ),
            unplaced=(*c.unplaced, *doubts.words(c.reading)),
        )
        for c in composed
    )
    return Read(careful, told, lead=_lead(context))


def _with_sources(careful: Careful, context: Context, unsure: Mapping[str, Link]) -> Careful:
    if careful.reading is None:
        return careful
    return replace(careful, reading=assuming(with_sources(careful.reading, context), unsure))


def _without_doubts(careful: Careful, doubts: Doubts) -> Careful:
    """The same, with the reading that other columns contradict given up."""
    if careful.reading is None:
        return careful
    try:
        doubts.refuse(careful.reading)
    except NotRead as doubt:
        return Careful(doubt=doubt)
    return careful


def _beyond_roles(reading: Reading) -> bool:
    """Whether it says what no roles say, or what they were hardly taught: nothing for the composer to judge.

    Questions of the development sets name years and few dates, and their databases have few flags and gaps.
    """
    bucketed = any(g.bucket is not None for g in reading.groups)
    dated = any(isinstance(v, date) for c in reading.conditions for v in c.values)
    all_said = (*reading.conditions, *reading.either)
    flagged = any(c.operator in FLAGGED or stands_for_none(c) for c in all_said)
    whole = reading.share or reading.every
    wider = (reading.outer, reading.compared, reading.trend, reading.within, reading.place, reading.kin)
    apart = bool(reading.kept or reading.counted)
    said = {words.lower() for words, _ in reading.explained} & BEYOND
    return bool(bucketed or dated or flagged or whole or reading.then or said or apart) or any(wider)


def _is_note(text: str) -> bool:
    """`revenue by region`: no sentence, which is what the composer has learned from."""
    first = [t.lower for t in tokenize(text)[:3]]
    spans = (tuple(first[:n]) for n in range(len(first), 0, -1))
    cue = next((CUES[span] for span in spans if span in CUES), None)
    return not {"how", "count"} & set(first[:1]) and (cue is None or cue.kind not in OPENING)


def decide(known: Read, least: float) -> Decided:
    """The likeliest reading of a question.

    Args:
        least: Confidence from which an answer is given; a reading of the composer alone must be as sure.

    Raises:
        NotRead: No reading is likely enough.
    """
    careful, composed = known.careful, known.composed
    if not composed:
        if careful.reading is None:
            raise known.doubt
        return Decided(careful.reading, careful.sql)
    best, sure = preferred(known), certainty(known)
    if sure >= least or careful.reading is not None:
        return Decided(replace(best.reading, certainty=sure), best.sql)
    if best.unplaced and not (known.doubt.words or known.doubt.options):
        words = ", ".join(f"`{w}`" for w in best.unplaced)
        raise NotRead(f"I cannot place {words} in this data.", best.unplaced)
    raise known.doubt


def preferred(known: Read) -> Composed:
    """The composed reading to take: the likeliest, or the careful reader's where that is about as likely."""
    best, careful = known.composed[0], known.careful
    kept = next((c for c in known.composed if c.sql == careful.sql), None) if careful.reading else None
    if kept is None:
        return best
    near = best.sql in kept.shows if best.weighed else _is_near(kept, best)
    return kept if best.unplaced or near else best


def certainty(known: Read) -> float:
    """How sure the composed reading is that would be taken."""
    return _certainty(preferred(known), known)


def is_clear(known: Read) -> bool:
    """Whether the composed reading that would be taken needs no look at what it and others give."""
    best = preferred(known)
    return not best.unplaced and _is_enough(best, known)


def is_sure(known: Read, least: float) -> bool:
    """Whether there is a reading that may be answered from without asking anybody.

    Args:
        least: Confidence from which an answer is given.
    """
    try:
        return decide(known, least).reading.certainty >= least
    except NotRead:
        return False


def _is_near(kept: Composed, best: Composed) -> bool:
    """Whether the careful reading is about as likely as the likeliest: then it is the one to trust."""
    return kept.probability >= KEPT and best.probability - kept.probability < NEAR


def after_nothing(decided: Decided, known: Read, least: float) -> Decided | None:
    """Another reading that may be answered from by itself, once the likeliest gave no row; None if none may.

    Args:
        least: Confidence from which an answer is given.
    """
    twins = {c.twin for c in known.composed if c.sql == decided.sql}
    others = (c for c in known.composed if not c.unplaced and c.sql not in {decided.sql, *twins})
    sure = next((c for c in others if _certainty(c, known) >= least), None)
    if sure is None:
        return None
    told = (f"A likelier reading found nothing: {describe(decided.reading)}.", "that one")
    assumptions = (*sure.reading.assumptions, told)
    return Decided(
        replace(sure.reading, certainty=_certainty(sure, known), assumptions=assumptions), sure.sql
    )


def found_nothing(decided: Decided, known: Read) -> Decided:
    """The reading once it gave no row: of readings that were ranked, one that finds something is likelier."""
    if not known.composed:
        return decided
    return replace(decided, reading=replace(decided.reading, certainty=decided.reading.certainty * DOUBTED))


def take(offered: Sequence[Composed], choice: str) -> Decided:
    """The reading that a person chose, by what it was offered as.

    Raises:
        NotRead: It is none of these.
    """
    number = choice.partition(".")[0]
    if not number.isdecimal() or not 0 < int(number) <= len(offered):
        raise NotRead("that is none of the readings that I see.")
    chosen = offered[int(number) - 1]
    return Decided(replace(chosen.reading, certainty=max(CHOSEN, chosen.probability)), chosen.sql)


def offer(offered: Sequence[Composed]) -> list[str]:
    """Readings to choose from, each with a number, in words and in SQL."""
    return [
        f"{number}. {_in_words(c.reading)}: {' '.join(c.sql.split())}" for number, c in enumerate(offered, 1)
    ]


def _in_words(reading: Reading) -> str:
    return describe(reading) + (", each once" if reading.distinct else "")


def _twin(reading: Composed, composed: Sequence[Composed]) -> float:
    """How likely the same list is, with equal rows once or as often as they come; 0 for what is no list.

    One that is likelier is no support.
    """
    twin = next((c.probability for c in composed if c.sql == reading.twin), 0.0)
    return twin if twin <= reading.probability else 0.0


def _beside(reading: Composed, composed: Sequence[Composed]) -> float:
    """How likely the same first of a ranking is, with more or less shown of it; 0 for what is no ranking."""
    if reading.reading.limit is None:
        return 0.0
    rows = _rows(reading.sql)
    others = (c for c in composed if c.sql != reading.sql and not c.unplaced)
    return sum(c.probability for c in others if _rows(c.sql) == rows)


def _rows(sql: str) -> str:
    """Which rows a formatted statement takes, without what it shows of them."""
    return sql.partition("\nFROM ")[2]


def _certainty(composed: Composed, known: Read) -> float:
    """How sure a reading is.

    That equal rows may be meant once or more often is no doubt of what it lists, nor is how much is shown of
    the first of a ranking a doubt of which it is.
    """
    if composed.unplaced:
        return min(composed.probability, UNPLACED) * DOUBTED
    if composed.weighed:
        return _weighed_certainty(composed, known)
    return composed.probability * (1.0 if _is_enough(composed, known) else DOUBTED)


def _is_enough(composed: Composed, known: Read) -> bool:
    """Whether a reading may be answered from without a look at what it and others give."""
    likely = composed.probability
    if composed.sql != known.careful.sql:
        return likely >= SURE and _clear(likely, composed, known) >= CLEAR
    least = likely >= KEPT
    likely += _beside(composed, known.composed) + _twin(composed, known.composed)
    clear = CLEAR_PLAIN if _is_plain(composed.reading) else CLEAR_KEPT
    return least and _clear(likely, composed, known) >= clear


def _weighed_certainty(composed: Composed, known: Read) -> float:
    """The same of a reading that ran: one that shows all that a likelier one shows is right where that is."""
    shown = {composed.sql, *composed.shows}
    likely = max(c.probability for c in known.composed if c.sql in shown)
    kept = composed.sql == known.careful.sql
    listed = likely + (_twin(composed, known.composed) if kept else 0.0)
    enough = _clear(listed, composed, known) >= (WEIGHED_KEPT if kept else WEIGHED)
    return likely * (1.0 if enough else DOUBTED)


def _clear(likely: float, composed: Composed, known: Read) -> float:
    """What is left of it after the doubt whether the table is the right one, and each assumption."""
    return min(likely, 1.0) * known.lead * ASSUMED ** len(composed.reading.assumptions)


def _is_plain(reading: Reading) -> bool:
    """Whether a figure, yes or no, or the first of a ranking answers it, and no join decides what counts."""
    computed = [t for t in reading.targets if t.aggregate]
    grouped = bool(reading.groups or reading.group_by_entity)
    figures = bool(computed) and not (grouped and any(t.distinct for t in computed))
    return reading.having is None and (figures or reading.exists_only or reading.limit is not None)


def _lead(context: Context) -> float:
    """How clearly one table was found: a fifth ahead of the next is clear."""
    scores = [c.score for c in context.candidates[:2]]
    if len(scores) < 2 or scores[0] <= 0:
        return 1.0
    return 0.85 + 0.15 * min(1.0, 5 * (scores[0] - scores[1]) / scores[0])

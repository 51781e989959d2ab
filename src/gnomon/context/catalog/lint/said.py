"""What owners say that is too old, over, or not so."""

import re
from collections.abc import Iterator
from datetime import date

from gnomon.context.catalog.caveats import newest_date
from gnomon.context.catalog.lint.finding import Finding, Ground, annotate, of_card
from gnomon.context.catalog.sources.annotations.conditions import columns_of
from gnomon.context.catalog.sources.annotations.model import Annotation, hours_of
from gnomon.domain.catalog import TableCard

STALE_DAYS = 365
"""What somebody said longer ago than this is to be looked at again."""

GRACE_DAYS = 1
"""Profiles know days, not hours, and days end at different times in different places."""

_WORDS_HOURS = {
    "hourly": 1,
    "every hour": 1,
    "daily": 24,
    "every day": 24,
    "nightly": 24,
    "every night": 24,
    "weekly": 7 * 24,
    "every week": 7 * 24,
    "monthly": 31 * 24,
    "every month": 31 * 24,
    "quarterly": 92 * 24,
    "yearly": 366 * 24,
}
_WORD = re.compile(rf"\b({'|'.join(_WORDS_HOURS)})\b", re.I)
_WITHIN = re.compile(r"\b(?:within|every)\s+(\d{1,6}\s*[a-z]+)(?:\s+by\s+(\S+))?", re.I)


def stale(ground: Ground) -> Iterator[Finding]:
    """Annotations that nobody has looked at for a year."""
    for card, said in _annotated(ground):
        if said.said_at is not None and (ground.now - said.said_at).days > STALE_DAYS:
            who = f" by {said.said_by}" if said.said_by else ""
            message = f"what is said of it was said on {said.said_at}{who}, over {STALE_DAYS} days ago"
            mend = f"read it, correct it, and date it: {annotate(card.ref, '--confirm')}"
            place = said.place("said_at")
            yield of_card("stale-annotation", "warning", card, message, mend, place=place)


def past_caveats(ground: Ground) -> Iterator[Finding]:
    """Caveats whose last day is over."""
    for card, said in _annotated(ground):
        for i, caveat in enumerate(said.caveats):
            if caveat.until is not None and caveat.until < ground.now:
                message = f"caveat {i + 1} held until {caveat.until}, and is still told"
                mend = f"take it away: {annotate(card.ref, '--remove', f'caveats.{i + 1}')}"
                place = said.place("caveats", i)
                yield of_card("past-caveat", "warning", card, message, mend, place=place)


def unknown_tables(ground: Ground) -> Iterator[Finding]:
    """Annotations of tables that do not exist."""
    if not ground.complete:
        return
    for said in ground.strays:
        message = "an annotation speaks of this table, and there is no such table"
        mend = "correct the name, or delete the entry"
        yield Finding("unknown-table", "error", said.table, message, mend, place=said.place("table"))


def unknown_columns(ground: Ground) -> Iterator[Finding]:
    """Annotations of columns that do not exist."""
    if not ground.complete:
        return
    for card, said in _annotated(ground):
        named = [*(name for name, _ in said.columns), said.freshness.column]
        for name in filter(None, named):
            if card.column(name.partition(".")[0]) is None:
                message = f"an annotation speaks of `{name}`, and there is no such column"
                mend = "correct the name, or delete it"
                part = ("freshness",) if name == said.freshness.column else ("columns", name)
                place = said.place(*part)
                yield of_card("unknown-column", "error", card, message, mend, column=name, place=place)


def filters_gone(ground: Ground) -> Iterator[Finding]:
    """Conditions for every question that name a column that is not there."""
    if not ground.complete:
        return
    for card in ground.cards:
        for condition in card.always_filter:
            for name in columns_of(condition, ground.dialect):
                if card.column(name) is None:
                    message = (
                        f"every question is to be filtered by `{condition}`, and `{name}` is no column of it"
                    )
                    mend = f"write the condition anew: {annotate(card.ref, '--remove', 'always_filter')}"
                    place = ground.place(card.ref, "always_filter")
                    yield of_card(
                        "filter-column-gone", "error", card, message, mend, column=name, place=place
                    )


def annotated_twice(ground: Ground) -> Iterator[Finding]:
    """Tables that two entries speak of under different names; under one name the reader reports them."""
    cards = {card.ref: card for card in ground.cards}
    for ref, entries in ground.annotations.items():
        first = entries[0]
        for other in entries[1:]:
            if other.table.casefold() != first.table.casefold():
                message = f"it is annotated as `{first.table}` too, in {first.place('table')}"
                mend = "put both in one entry"
                place = other.place("table")
                yield of_card("annotated-twice", "warning", cards[ref], message, mend, place=place)


def late(ground: Ground) -> Iterator[Finding]:
    """Tables whose newest day is older than is expected of them."""
    for card in ground.cards:
        hours = expected_hours(card.freshness)
        column, newest = _newest(card)
        if hours is None or newest is None:
            continue
        days = (ground.now - newest).days
        if days > max(1, round(hours / 24)) + GRACE_DAYS:
            message = (
                f"expected is `{card.freshness}`, and the newest `{column}` is {newest}, {days:,} days ago"
            )
            mend = "see why it is not loaded, or correct what is expected: "
            mend += annotate(card.ref, "--freshness", "'...'")
            place = ground.place(card.ref, "freshness")
            yield of_card("late-data", "warning", card, message, mend, column=column, place=place)


def broken(ground: Ground) -> Iterator[Finding]:
    """Parts of annotations that could not be taken, or that contradict each other."""
    for place, reason in ground.broken:
        mend = "mend the file; docs/annotations.md shows the fields"
        yield Finding("broken-annotation", "error", "", reason, mend, place=place)


def unread(ground: Ground) -> Iterator[Finding]:
    """What the build of the index could not read or use."""
    for place, message in ground.problems:
        mend = "mend it where it stands, and run `gnomon index`"
        yield Finding("unread-source", "warning", "", message, mend, place=place)


def expected_hours(freshness: str) -> float | None:
    """The most hours between two loads that a freshness in words allows; None if the words do not say.

    >>> [expected_hours(t) for t in ("daily by 06:00 UTC", "within 36h by loaded_at", "often")]
    [24, 36.0, None]
    """
    within = _WITHIN.search(freshness)
    hours = hours_of(within[1]) if within else None
    if hours is not None:
        return float(hours)
    word = _WORD.search(freshness)
    return _WORDS_HOURS[word[1].casefold()] if word else None


def _newest(card: TableCard) -> tuple[str, date | None]:
    """The column that shows how fresh the table is, and its newest day."""
    within = _WITHIN.search(card.freshness)
    found = card.column((within[2] if within else None) or card.freshness_column)
    return (found.name, newest_date(found.profile)) if found else ("", None)


def _annotated(ground: Ground) -> Iterator[tuple[TableCard, Annotation]]:
    for card in ground.cards:
        for said in ground.annotations.get(card.ref, ()):
            yield card, said

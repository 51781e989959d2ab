"""The date on which what a verb tells happened: `departed` the `dep_ts`, `hired` the `hire_date`."""

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.role_words import verb_stem
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.words import CAMEL, SEPARATORS, name_words, stem

TIME = frozenset(
    {"date", "day", "time", "ts", "dt", "tm", "at", "on", "timestamp", "datetime", "moment", "utc", "dttm"}
)
"""What names of dates have besides what happened."""

SPOKEN = {
    "born": "birth",
    "died": "death",
    "left": "left",
    "began": "begin",
    "begun": "begin",
    "ended": "end",
    "expiring": "end",
    "expire": "end",
    "expired": "end",
    "buy": "purchase",
    "purchased": "buy",
}
"""What dates call that for which people have another word."""

SHORT = frozenset({"dep", "arr", "upd", "pub", "enr", "iss"})
"""First letters by which a verb is known; `del` may be deleted or delivered, and `rec` much else."""

MIN_LETTERS = 3
MIN_STEM = 4


def date_of_verb(schema: Schema, table: TableRef, verb: str) -> ColumnRef | None:
    """The one date of a table that is called after a verb, in full or by its first letters; None else.

    Args:
        verb: The verb in any form, or its stem.
    """
    dates = schema.dates(table)
    for test in (_is_called, _is_short_for):
        found = [d for d in dates if test(d, verb.lower(), table)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _parts(column: ColumnRef) -> list[str]:
    return [p.lower() for p in SEPARATORS.split(CAMEL.sub(" ", column.column)) if p]


def _is_called(column: ColumnRef, verb: str, table: TableRef) -> bool:
    """`arrival`, `hire_date` or `startedOn`, of which nothing but the verb tells what happened then."""
    said = {verb_stem(verb), *((stem(SPOKEN[verb]),) if verb in SPOKEN else ())}
    own = {stem(w) for w in name_words(table.name)}
    words = [w for w in map(stem, name_words(column.column)) if w not in TIME | {stem(t) for t in TIME} | own]
    whole = [w for w in words if any(_is_form(w, one) for one in said)]
    return bool(whole) and set(words) - {*whole} <= {"of", "in", "up"}


def _is_form(word: str, verb: str) -> bool:
    """Whether a stem is that of a verb, or of a noun made of it: `arrival`, `departure`."""
    # `cancelled` doubles the last letter of the verb that a `cancel_ts` is called after.
    doubled = verb[-2:-1] == verb[-1:] and word == verb[:-1]
    return word == verb or doubled or (len(verb) >= MIN_STEM and word.startswith(verb))


def _is_short_for(column: ColumnRef, verb: str, table: TableRef) -> bool:
    """`dep_ts`: the first letters of the verb, up to a consonant, beside words for a time alone."""
    first, *rest = _parts(column)
    known = first in SHORT or len(first) > MIN_LETTERS
    short = known and len(first) < len(verb) and verb.startswith(first) and first[-1] not in "aeiou"
    return short and bool(rest) and set(rest) <= TIME

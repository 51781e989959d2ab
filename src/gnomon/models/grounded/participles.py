"""Words that say what was done, and the columns that are called so: `amount paid` is a `paid_amount`."""

import re

FIRST = re.compile("[A-Z]?[a-z]+|[A-Z]+")
"""The first word of a name in small letters, in capitals or in camel case."""

IRREGULAR = frozenset(
    {"paid", "sold", "made", "sent", "won", "lost", "done", "given", "taken", "written", "drawn", "held"}
    | {"built", "bought", "kept", "led", "run", "seen", "shown", "chosen", "driven", "flown", "begun", "left"}
    | {"brought", "spent", "lent"}
)
"""Verbs of which what was done does not end in `ed`."""


def is_done(word: str) -> bool:
    """Whether a word in lower case says what was done."""
    return (len(word) > 4 and word.endswith("ed")) or word in IRREGULAR


def begins_done(name: str) -> bool:
    """Whether the name of a column begins with what was done: `paid_amount`, `orderedQty`."""
    first = FIRST.match(name)
    return first is not None and is_done(first.group().lower())

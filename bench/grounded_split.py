"""Which databases `grounded` may be tuned on, and which only tell how good it is on ones it never saw.

The part of a database follows from its name alone, so that training, measuring and every later run agree on
it, and a database that joins a set moves no other.
"""

from typing import Literal

from grounded_folds import fold_of

Part = Literal["tuning", "reporting"]


def part_of(database: str) -> Part:
    """`reporting` for about a third of all names, else `tuning`; all questions of a database go together."""
    return "reporting" if fold_of(database) == 0 else "tuning"

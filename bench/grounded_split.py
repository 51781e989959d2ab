"""Which databases `grounded` may be tuned on, and which only tell how good it is on ones it never saw.

The part of a database follows from its name alone, so that training, measuring and every later run agree on
it, and a database that joins a set moves no other.
"""

import zlib
from typing import Literal

Part = Literal["tuning", "reporting"]


def part_of(database: str) -> Part:
    """`reporting` for about a third of all names, else `tuning`; all questions of a database go together."""
    return "reporting" if zlib.crc32(database.encode()) % 3 == 0 else "tuning"

"""Which databases are learned from together: what is reported of one is never from weights that saw it.

The fold of a database follows from its name alone, as its part in `grounded_split.py` does: fold 0 is the
reporting part.
"""

import zlib

FOLDS = 3


def fold_of(database: str) -> int:
    """In [0, FOLDS); databases of one name go together, also those of several sets."""
    return zlib.crc32(database.encode()) % FOLDS

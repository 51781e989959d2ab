"""Rare collections of garbage while an index is built."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 50_000
_YOUNG = 10
_WHOLE = 100
"""Collections of younger objects before one of all."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look through all objects once in a hundred times instead of once in ten.

    A build holds millions of objects to its end, and each collection of all goes through every one of them.
    Trees of statements refer to themselves, so there have to be some.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(_ALLOCATIONS, before[0]), _YOUNG, _WHOLE)
    try:
        yield
    finally:
        gc.set_threshold(*before)

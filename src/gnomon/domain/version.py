"""Versions of a text that people edit: the brief of a warehouse, a workflow."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One version.

    Args:
        number: Counts up from 1.
        author: Who wrote it, as far as is known.
        seen_at: When it was first seen, aware.
    """

    number: int
    text: str
    author: str
    seen_at: datetime

"""`from` and `to` before a value, where the data holds an origin and a destination."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gnomon.models.grounded.words import name_words, stem

if TYPE_CHECKING:
    from gnomon.models.grounded.tagging import Item

ORIGIN = ("from", "origin", "source", "src", "departure", "departed", "start", "sender", "pickup", "export")
GOAL = ("to", "destination", "dest", "dst", "target", "arrival", "arrived", "end", "receiver", "recipient")
GOAL_OF_GOODS = ("delivery", "dropoff", "import")
DIRECTIONS = {
    "from": frozenset(stem(w) for w in ORIGIN),
    "to": frozenset(stem(w) for w in (*GOAL, *GOAL_OF_GOODS)),
}
"""Stems in the name of a column that says where something comes from, or goes to."""


def told_direction(words: Iterable[str]) -> str:
    """`from` or `to`, as the stems of a column's name say; empty where they say neither, or both."""
    own = frozenset(words)
    told = [way for way, said in DIRECTIONS.items() if said & own]
    return told[0] if len(told) == 1 else ""


def direction(items: Sequence["Item"], at: int) -> str:
    """`from` or `to` where it stands before the item; else empty."""
    for item in reversed(items[:at]):
        last = item.text.lower().split()[-1:]
        if last in (["from"], ["to"]):
            return last[0]
        if last != ["the"]:
            return ""
    return ""


def tell_directions(items: Sequence["Item"], chosen: Iterable[str]) -> None:
    """Of a table's origin and destination a value keeps the one that the word before it says.

    Args:
        chosen: Words that a person gave a meaning to, which stays.
    """
    known = set(chosen)
    for at, item in enumerate(items):
        toward = direction(items, at) if len(item.values) > 1 and item.text not in known else ""
        if not toward:
            continue
        told = {v.column: told_direction(map(stem, name_words(v.column.column))) for v in item.values}
        split = {c.table for c, way in told.items() if way == toward}
        item.values = tuple(
            v for v in item.values if v.column.table not in split or told[v.column] in ("", toward)
        )

"""Steering words that two or more readings share: `second highest`, `maximum number of`, `median`."""

from gnomon.models.grounded.cues import CUES, Cue
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.tagging import Item

ORDINALS = {"second": 2, "third": 3, "fourth": 4, "fifth": 5}
CUT = frozenset({"second highest", "second most", "third most", "maximum number of", "minimum number of"})
"""Phrases that are two to the careful reader: a place and a ranking, a maximum and a count."""


def part_phrases(items: list[Item]) -> None:
    """Cut such phrases in two, in place, and give `median` the role of any other aggregate."""
    for at in range(len(items) - 1, -1, -1):
        item = items[at]
        if not item.is_cue("unsupported"):
            continue
        if item.text.lower() == "median":
            item.cue = Cue("agg", "median")
        elif item.text.lower() in CUT:
            items[at : at + _length(items, at)] = _cut(items, at)


def _length(items: list[Item], at: int) -> int:
    """How many items a phrase and the word that completes it are: `second most` `expensive` are two."""
    tail = items[at].text.lower().split()[1:]
    following = items[at + 1].text.lower() if at + 1 < len(items) else ""
    return 2 if (*tail, following) in CUES else 1


def _cut(items: list[Item], at: int) -> list[Item]:
    first, *tail = items[at].text.split()
    tail += [i.text for i in items[at + 1 : at + _length(items, at)]]
    ranked = tuple(w.lower() for w in tail)
    steering = CUES.get((first.lower(),), Cue("unsupported"))
    return [Item("cue", first, cue=steering), Item("cue", " ".join(tail), cue=CUES[ranked])]


def read_place(draft: Draft) -> None:
    """Read `second` and its like where a ranking follows; anywhere else they stay unread."""
    for at, item in enumerate(draft.items[:-1]):
        place = ORDINALS.get(item.text.lower())
        if place is None or not draft.items[at + 1].is_cue("superlative", "common"):
            continue
        if draft.place is not None:
            raise NotRead("I read one place of a ranking at a time.", (item.text,))
        draft.take(at, "place")
        draft.place = place
        draft.assume("Equal values share a place.")

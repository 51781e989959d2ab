"""`total amount of extras`: a total of the extras' own amounts, though bookings have a `total_amount`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.cues import CUES
from gnomon.models.grounded.words import tokenize

if TYPE_CHECKING:
    from gnomon.models.grounded.linking import Lexicon
    from gnomon.models.grounded.tagging import Item

OWNING = frozenset({"of", "for", "in", "from", "on"})
SURE_TABLE = 0.75


def split_owned(items: Sequence["Item"], lexicon: "Lexicon") -> Iterator["Item"]:
    """The items, a name that begins with an aggregate cut in two where the noun behind `of` has the rest."""
    for at, item in enumerate(items):
        yield from _cut(item, _owner(items, at), lexicon)


def _cut(item: "Item", owner: TableRef | None, lexicon: "Lexicon") -> Iterator["Item"]:
    first, *rest = tokenize(item.text)
    cue = CUES.get((first.lower,))
    own = tuple(k for k in lexicon.links(rest) if k.table == owner and not k.is_table) if rest else ()
    elsewhere = item.kind == "name" and all(k.table != owner for k in item.links)
    if owner is None or not own or not elsewhere or cue is None or cue.kind != "agg":
        yield item
        return
    yield replace(item, kind="cue", text=first.text, cue=cue, links=(), values=())
    yield replace(item, text=" ".join(t.text for t in rest), cue=None, links=own, values=())


def _owner(items: Sequence["Item"], at: int) -> TableRef | None:
    """The table that a name is said to be of; values of it may stand between: `of spa extras`."""
    tied = False
    for item in items[at + 1 :]:
        if item.is_cue("fill", "all", "distinct"):
            tied = tied or item.text.lower().split()[0] in OWNING
        elif item.kind == "name" and tied:
            best = max(item.links, key=lambda k: k.score)
            return best.table if best.is_table and best.score >= SURE_TABLE else None
        elif not tied or item.kind not in ("value", "quoted", "period"):
            return None
    return None

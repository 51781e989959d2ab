"""What the noun beside a word has of that word: `total amount of extras`, `monthly plans`.

A total of the extras' own amounts, though bookings have a `total_amount`; plans of one kind, not groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from gnomon.domain.catalog import TableRef
from gnomon.domain.context import ValueMatch
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


def prefer_kinds(items: Sequence["Item"], by_phrase: Mapping[str, Sequence[ValueMatch]]) -> None:
    """`monthly plans`, where a plan is monthly or annual: the kind of them, and no group per month."""
    for item, noun in pairwise(items):
        if not item.is_cue("time_group") or noun.kind != "name":
            continue
        tables = {k.table for k in noun.links if k.is_table and k.score == noun.links[0].score}
        held = by_phrase.get(item.text.lower(), ())
        own = tuple(v for v in held if v.column.table in tables and v.kind in ("exact", "folded"))
        if own:
            item.kind, item.cue, item.values, item.links = "value", None, own, ()


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

"""Verbs that say who gets or has a thing: `bought`, `sold`, `taken`, `owned`. No link says that by itself.

A player that a club has bought need not be one of its squad, and who plays a title does not own it. So the
tables that are joined must be about such a thing, or nothing else may link the two sides.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.words import name_words, stem

if TYPE_CHECKING:
    from gnomon.models.grounded.draft import Draft
    from gnomon.models.grounded.tagging import Item


def _stems(*words: str) -> frozenset[str]:
    return frozenset(form for line in words for w in line.split() for form in (w, stem(w)))


TRADING = _stems("buy bought purchase sell sold")
SALES = _stems(
    "buy buyer bought purchase sell seller sold sale order invoice transaction checkout receipt deal trade",
    "cart basket",
)
"""What tables and columns are called that tell of things which are bought and sold."""

HANDING = _stems("take taken took give gave given send sent rent lease lend lent own possess keep kept")
"""Verbs that any of several links may tell of: taken on, taken away, taken for a match."""

LASTING = _stems(
    "have has had belong contain include live reside work play act relate associate affiliate house feature",
    "cover represent employ join host serve study keep stay use used",
)
"""Verbs of what lasts, which a column of one side tells: who plays for a club is of its squad."""

OWNS = frozenset({"own", "owns"})
OWNED = "owned by"
OWNERS = frozenset({"own", "owner", "owned", "ownership"})
"""What columns call the one who owns something."""

POSSESSIVES = frozenset({"my", "our", "your", "their", "its", "his", "her", "whose"})
HAVING = _stems("have has own of")
"""What a table that only links two others is called besides: `has_pet`."""


def leaves_whose(
    word: str, around: set[TableRef], used: Iterable[TableRef | ColumnRef], schema: Schema
) -> bool:
    """Whether a verb says who gets or has a thing, and what is joined may say something else.

    Args:
        around: The tables that are spoken of on either side of the verb.
        used: Tables and columns that are joined.
    """
    forms = {word.lower(), stem(word)}
    if forms & TRADING:
        names = (u.column if isinstance(u, ColumnRef) else u.name for u in used)
        return not any(stem(w) in SALES for name in names for w in name_words(name))
    if forms & LASTING or len(around) < 2:
        return False
    joined = {u for u in used if isinstance(u, TableRef)}
    others = (t for t in schema.tables() if t not in joined)
    if joined == around and any(_parents(schema, t) >= around for t in others):
        return True
    bridges = joined - around
    return bool(forms & HANDING) and not all(_only_links(bridge, around) for bridge in bridges)


def _parents(schema: Schema, table: TableRef) -> set[TableRef]:
    return {j.parent for j in schema.card(table).joins if j.child == table}


def _only_links(bridge: TableRef, around: set[TableRef]) -> bool:
    """`student_course`, or `has_pet`: a table that is called after nothing but what it links."""
    sides = {stem(w) for table in around for w in name_words(table.name)}
    return {stem(w) for w in name_words(bridge.name)} - HAVING <= sides


def mark_owning(items: Sequence["Item"]) -> None:
    """`titles that Ann owns`: a verb, which says something; `their own` says nothing."""
    before = ""
    for item in items:
        if item.is_cue("fill") and item.text.lower() in OWNS and before not in POSSESSIVES:
            item.kind, item.cue = "unknown", None
        before = item.text.lower()


def read_owning(draft: "Draft") -> None:
    """Give `owns` a place where the things on either side of it are linked at once, and by nothing else."""
    for at in draft.open("unknown"):
        word = draft.items[at].text.lower()
        before = next(_tables(draft, range(at - 1, -1, -1)), None)
        behind = next(_tables(draft, range(at + 1, len(draft.items))), None)
        if word not in OWNS or before is None or behind is None or before == behind:
            continue
        ways = draft.schema.paths(before, behind, many=True)
        around = {before, behind}
        if ways and len(ways[0]) == 1 and not leaves_whose("own", around, {*around}, draft.schema):
            draft.take(at, f"links {before} and {behind}")


def _tables(draft: "Draft", positions: Sequence[int]) -> Iterator[TableRef]:
    for at in positions:
        table = draft.as_table(draft.items[at])
        if table is not None:
            yield table

"""Who did it: `cancelled by the patient`, `payments made by insurers`, where the data has a word for doers.

`by` groups where a table's noun stands behind it (`visits by patient`), whatever values are called so too.
Behind a verb it says who did what the verb tells, which a column beside may hold: nobody is taken for the
row that a figure is of.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma

ARTICLES = frozenset({"the", "a", "an"})
BEING = frozenset({"is", "are", "was", "were"})
"""Behind `who` these ask for the very rows that are named: `who are our customers?`."""


def refuse_doer(draft: Draft, at: int, following: int) -> None:
    """Stop at `cancelled by the patient`: who did it, rather than a figure for each patient.

    Args:
        at: Where `by` stands.
        following: Where the noun behind it stands.

    Raises:
        NotRead: A verb stands before `by`, and the noun is a value too, or is none that groups are called by.
    """
    item, table = draft.items[following], draft.as_table(draft.items[following])
    if table is None or draft.chosen(item.text) or not _tells_of_doing(draft, at):
        return
    words = " ".join(i.text for i in draft.items[at - 1 : following + 1])
    known = held_in(item)
    if known:
        names = " or ".join(map(str, known[:3]))
        reason = f"I cannot tell whether `{words}` says who did it, as {names} may, or asks for groups."
        raise NotRead(reason, (item.text,), final=True)
    several = lemma(item.text) != item.text.lower()
    if several or draft.items[following - 1].text.lower() in ARTICLES:
        raise NotRead(f"No column that I see says who it was `{words}`.", (item.text,), final=True)


def _tells_of_doing(draft: Draft, at: int) -> bool:
    if at == 0 or draft.as_table(draft.items[at - 1]) is not None:
        return False
    return is_done(draft.items[at - 1].text.lower().split()[-1])


def held_in(item: Item) -> list[ColumnRef]:
    """The columns that hold a noun as a value, as it stands or in the singular."""
    return list(dict.fromkeys(v.column for v in item.values if v.kind in ("exact", "folded", "stemmed")))


def refuse_doers_kept(draft: Draft, at: int, table: TableRef) -> None:
    """Stop at `payments made by patients`, where a value of that name may say which payments are meant.

    Raises:
        NotRead: The noun is a value as well, so that rows which have a partner in its table may not be meant.
    """
    item = draft.items[at]
    known = held_in(item)
    if known and not draft.chosen(item.text):
        names = " or of ".join(map(str, known[:3]))
        reason = f"`{item.text}` could be rows of {table} or a value of {names}."
        raise NotRead(reason, (item.text,), final=True)


def doubted_doers(reading: Reading, draft: Draft) -> Iterator[str]:
    """`visits by staff`, of a reading that takes visits with any entry by staff in a table of their own."""
    yield from _ungrouped(reading, draft)
    yield from _not_who(reading, draft)
    for at, item in enumerate(draft.items):
        behind_by = at > 0 and draft.items[at - 1].text.lower() == "by"
        mine = [c for c in reading.conditions if c.words == item.text and item.values] if behind_by else []
        if not mine or _tells_of_doing(draft, at - 1):
            continue
        ways = draft.schema.paths(reading.base, mine[0].column.table, many=True)
        if ways and all(way and way[-1].many for way in ways):
            yield item.text


def _not_who(reading: Reading, draft: Draft) -> Iterator[str]:
    """`who placed the first order` of a reading that shows the order."""
    words = [w for item in draft.items[:3] for w in item.text.lower().split()]
    if words[:1] != ["who"] or set(words[1:2]) & BEING:
        return
    done_to = next((t for item in draft.items[1:] if (t := draft.as_table(item)) is not None), None)
    shown = {*(t.table for t in reading.targets), *(g.column.table for g in reading.groups)}
    entity = {reading.group_by_entity} if reading.group_by_entity is not None else set()
    if done_to == reading.base and shown | entity <= {done_to}:
        yield "who"


def _ungrouped(reading: Reading, draft: Draft) -> Iterator[str]:
    """`keepers by garden` of a reading that takes all keepers who have a garden."""
    if reading.groups or reading.group_by_entity is not None or reading.order is not None or reading.kin:
        return
    said = {c.column.table for c in (*reading.conditions, *reading.either)} | {
        t.table for t in reading.targets
    }
    for at, item in enumerate(draft.items):
        following = draft.after(at) if item.text.lower() == "by" and item.is_cue("group") else None
        table = draft.as_table(draft.items[following]) if following is not None else None
        if following is not None and table is not None and table not in said:
            yield draft.items[following].text

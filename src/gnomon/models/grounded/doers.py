"""Who did it: `cancelled by the patient`, `payments made by insurers`, where the data has a word for doers.

`by` groups where a table's noun stands behind it (`visits by patient`), whatever values are called so too.
Behind a verb it says who did what the verb tells, which a column beside may hold: nobody is taken for the
row that a figure is of.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.amounts import is_one
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.people import doubted_who
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.reply import UNCOUNTED
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma

ARTICLES = frozenset({"the", "a", "an"})


def refuse_doer(draft: Draft, at: int, following: int) -> None:
    """Stop at `cancelled by the patient`: who did it, rather than a figure for each patient.

    Args:
        at: Where `by` stands.
        following: Where the noun behind it stands.

    Raises:
        NotRead: A verb stands before `by`, and the noun is a value too, or is none that groups are called by.
    """
    item, table = draft.items[following], draft.as_table(draft.items[following])
    if table is None or draft.chosen(item.text) or not tells_of_doing(draft, at):
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


def tells_of_doing(draft: Draft, at: int) -> bool:
    """Whether a verb stands before the position of a `by`."""
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
    yield from ungrouped(reading, draft)
    yield from doubted_who(reading, draft)
    for at, item in enumerate(draft.items):
        behind_by = at > 0 and draft.items[at - 1].text.lower() == "by"
        mine = [c for c in reading.conditions if c.words == item.text and item.values] if behind_by else []
        if not mine or tells_of_doing(draft, at - 1):
            continue
        ways = draft.schema.paths(reading.base, mine[0].column.table, many=True)
        if ways and all(way and way[-1].many for way in ways):
            yield item.text


def ungrouped(reading: Reading, draft: Draft) -> Iterator[str]:
    """`keepers by garden` of a reading that takes all keepers who have a garden.

    Behind `by`, one of many (`orders by branch in Leeds`) asks for groups, whatever a value says of it.
    """
    if reading.groups or reading.group_by_entity is not None or reading.order is not None or reading.kin:
        return
    said = {c.column.table for c in (*reading.conditions, *reading.either)} | {
        t.table for t in reading.targets
    }
    told = {c.words for c in (*reading.conditions, *reading.either)}
    for at, item in enumerate(draft.items):
        following = draft.after(at) if item.text.lower().split()[-1:] == ["by"] else None
        noun = draft.items[following] if following is not None else None
        table = draft.as_table(noun) if noun is not None else None
        if noun is None or table is None or noun.text in told:
            continue
        if (table not in said and item.is_cue("group")) or _is_any(draft, at):
            yield noun.text


def _is_any(draft: Draft, at: int) -> bool:
    """`made by bakery`: a noun for one that neither an article nor a name makes a certain one."""
    noun, *behind = draft.items[at + 1 : at + 3]
    named = any(item.kind in ("value", "quoted", "number") for item in behind)
    return noun.kind == "name" and is_one(noun.text) and noun.text.lower() not in UNCOUNTED and not named

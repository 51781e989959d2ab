"""Verbs that only say that two kinds of things go together: `doctors who work in Bath`, `trips that use it`.

They are those of composer/relations.txt: no outcome is among them. One is taken where the things on either
side of it are linked in one way, and where nothing tells that it may say more than the link does.
"""

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.composer.outcomes import leaves_open, undone_by
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.deeds import deed_date, read_never_done
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.handing import LASTING, leaves_whose
from gnomon.models.grounded.keyed import read_keyed
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.referring import ASKING, BETWEEN, may_be_none, row_before
from gnomon.models.grounded.role_words import DESCRIBED
from gnomon.models.grounded.schema import Hop
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.verbs import excuse_verbs, is_time
from gnomon.models.grounded.when import read_when
from gnomon.models.grounded.words import lemma, name_words, stem

MOVING = frozenset(stem(w) for w in ("go", "goes", "going", "run", "runs", "lead", "leads"))
"""Verbs of ways, where `from` and `to` tell the ends of them."""

OVER = frozenset(
    stem(w) for w in ("left", "leaving", "terminated", "termination", "resigned", "retired", "ended", "end")
)
"""In the name of a date after which somebody is gone."""

EXACT = ("exact", "folded")


def read_verbs(draft: Draft) -> None:
    """Give verbs a place that name a date or a link, or restate what stands beside them.

    Raises:
        NotRead: A question for a moment may be about several dates.
    """
    read_keyed(draft)
    read_when(draft)
    excuse_verbs(draft)
    excuse_plain_verbs(draft)
    read_never_done(draft)


def excuse_plain_verbs(draft: Draft) -> None:
    """Give such verbs the place of the link."""
    for at in draft.open("unknown"):
        item = draft.items[at]
        if item.role or not item.text.isalpha():
            continue
        if _moves(draft, at):
            _excuse(draft, at, "says which way")
        elif (ends := _linked_by(draft, at)) is not None:
            _excuse(draft, at, f"the link of {ends[0]} and {ends[1]}")
            draft.assume(f"`{item.text}` is read as the link of {ends[0]} and {ends[1]}.")
            _state_others(draft, ends)


def _excuse(draft: Draft, at: int, role: str) -> None:
    item = draft.items[at]
    item.kind, item.cue, draft.alone = "cue", Cue("fill"), True
    draft.take(at, role)


def _state_others(draft: Draft, ends: tuple[TableRef, TableRef]) -> None:
    """Say what is passed over that may tell that it is so no more, or never was."""
    for table in ends:
        undone = [str(column) for column, _ in undone_by(table, draft.schema)]
        left = [str(d) for d in draft.schema.dates(table) if {stem(w) for w in name_words(d.column)} & OVER]
        if undone or left:
            draft.assume(
                f"Rows of {table} count whatever {' or '.join((*undone, *left))} says.", "name a state"
            )


def _moves(draft: Draft, at: int) -> bool:
    """`routes that go from Linz to Graz`."""
    before, behind = draft.before(at), draft.items[at + 1 : at + 2]
    noun = before is not None and draft.as_table(draft.items[before]) is not None
    towards = bool(behind) and behind[0].text.lower() in ("from", "to")
    return noun and towards and stem(draft.items[at].text.lower()) in MOVING


def _linked_by(draft: Draft, at: int) -> tuple[TableRef, TableRef] | None:
    """The two tables that a verb links, where nothing else can be meant by it."""
    from gnomon.models.grounded.composer.relations import links

    word = draft.items[at].text.lower()
    plain = not _describes(draft, at) and not _goes_by_date(draft)
    sides = _sides(draft, at) if plain else None
    if sides is None:
        return None
    first, behind = sides
    item = draft.items[behind]
    done = _deed(draft, at, first, draft.as_table(item))
    if done is not None or not links(word):
        return done
    found = [t for t in _tables_of(draft, item) if _says_no_more(draft, word, (first, t))]
    # A value is where each row leads, before what several rows of something else have.
    above = [t for t in found if draft.schema.paths(first, t, many=False)]
    named = draft.mentioned()
    found = above or [t for t in found if item.kind == "name" or t in named]
    if len(found) != 1:
        return None
    if item.kind != "name":
        item.values = tuple(v for v in item.values if v.column.table == found[0])
    if draft.items[at + 1 : behind] and draft.items[at + 1].text.lower() == "by":
        draft.items[at + 1].cue = Cue("fill")
        draft.take(at + 1, "by")
    return first, found[0]


def _deed(
    draft: Draft, at: int, first: TableRef, second: TableRef | None
) -> tuple[TableRef, TableRef] | None:
    """The doer and the rows that came about by what it did; a period is about the date of the deed."""
    ends = ((first, second), (second, first)) if second is not None else ()
    for doer, rows in ends:
        dated = deed_date(draft, draft.items[at].text, doer, rows)
        if dated is not None:
            if any(map(is_time, draft.items)):
                draft.dated_by = dated
                draft.assume(f"Time is taken from {dated}.", "name another date")
            return doer, rows
    return None


def _goes_by_date(draft: Draft) -> bool:
    """`who placed an order most recently`: it is the orders whose date is meant, not whoever placed them."""
    ranked = (i.cue.value for i in draft.items if i.cue is not None and i.cue.kind == "superlative")
    return any(value.endswith(":date") for value in ranked)


def _describes(draft: Draft, at: int) -> bool:
    """`of living authors`, `with used vans`: said of the noun behind it, and no verb of one before."""
    before = draft.items[at - 1] if at > 0 else None
    return before is None or before.text.lower().split()[-1] in DESCRIBED | {"a", "an", "in", "on", "each"}


def _sides(draft: Draft, at: int) -> tuple[TableRef, int] | None:
    """The noun that a verb is said of, and where the other side of it stands.

    That is behind it, or before it as well: `how many trips did Ann use`.
    """
    nouns = [(i, t) for i in range(at) if (t := draft.as_table(draft.items[i])) is not None]
    behind = at + 1
    by = behind < len(draft.items) and draft.items[behind].text.lower() == "by"
    behind += by
    while behind < len(draft.items) and _stands_between(draft.items[behind]):
        behind += 1
    if behind < len(draft.items) and nouns and draft.items[behind].kind != "period":
        few = may_be_none(draft, at + 1, behind)
        return None if few or (by and not _is_passive(draft, at, behind)) else (nouns[-1][1], behind)
    before = row_before(draft, at)
    asked = [i for i in range(at) if draft.items[i].text.lower() in ASKING]
    earlier = [t for i, t in nouns if asked and i < asked[-1]]
    return (earlier[-1], before) if before is not None and earlier and before > asked[-1] else None


def _is_passive(draft: Draft, at: int, doer: int) -> bool:
    """`covered by Elm`, `covered by insurers in Bath`; `by insurer` would ask for groups."""
    several = lemma(draft.items[doer].text) != draft.items[doer].text.lower()
    return is_done(draft.items[at].text.lower()) and (draft.items[doer].kind != "name" or several)


def _stands_between(item: Item) -> bool:
    return item.is_cue(*BETWEEN) or item.kind == "number" or item.text in (".", "?", "!")


def _tables_of(draft: Draft, item: Item) -> list[TableRef]:
    if item.kind in ("value", "quoted"):
        return list(dict.fromkeys(v.column.table for v in item.values if v.kind in EXACT))
    table = draft.as_table(item)
    return [table] if table is not None else []


def _says_no_more(draft: Draft, word: str, ends: tuple[TableRef, TableRef]) -> bool:
    from gnomon.models.grounded.composer.relations import called_after

    first, second = ends
    ways = draft.schema.paths(first, second, many=True) if first != second else []
    if len(ways) != 1 or not _is_plain(ways[0], draft):
        return False
    used = {first, *(hop.target for hop in ways[0])}
    named = called_after(word, draft.schema)
    if named and not {n.table if isinstance(n, ColumnRef) else n for n in named} & used:
        # `attended` is what a table `attendance` holds.
        return False
    if leaves_open(word, used, draft.schema) or leaves_whose(word, {first, second}, used, draft.schema):
        return False
    dated = any(i.kind == "period" for i in draft.items)
    # What lasts did so in that time or not, which the date on which a row came about does not tell.
    lasts = bool({word, stem(word)} & LASTING) or ways[0][0].many
    return not (dated and lasts)


def _is_plain(way: tuple[Hop, ...], draft: Draft) -> bool:
    """One link, or two by a table that is nothing of its own."""
    if len(way) == 1:
        return True
    bridge = way[0].target
    linking = {c for j in draft.schema.card(bridge).joins if j.child == bridge for c in j.child_columns}
    key = set(draft.schema.key(bridge))
    return len(way) == 2 and way[0].many and not way[1].many and bool(key) and key <= linking

"""Words for the row that a column refers to, and for what its doer does: `no destination`, `sent by Elm`.

`sender_id` is what a sender is called by, and who sends. Such a word stands for the link: it is taken where
exactly one column of the tables that are named is called so, and where the words around it say how it is
meant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.composer.outcomes import leaves_open
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.flags import WITH
from gnomon.models.grounded.kin import Heard, read_kin
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import Condition, NotRead
from gnomon.models.grounded.role_words import calls, is_doing, is_noun_of, role_parts, told
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.verbs import is_time
from gnomon.models.grounded.words import lemma, name_words, tokenize

ARTICLES = frozenset({"a", "an", "any", "the"})
BEING = frozenset({"is", "are", "was", "were", "who is", "who are", "who was"})
ASKING = frozenset({"do", "does", "did"})
PAST = frozenset({"is", "are", "was", "were", "did", "do", "does", "?", ".", "!"})
"""What may stand behind words that are over: they go on to say something else."""

BETWEEN = ("fill", "all", "superlative", "count", "compare", "distinct")
RECEIVED = frozenset({"receive", "received", "receives"})
"""Filling words that tell what the doer of a column does."""

OWNING = WITH | {"whose"}
TIES = frozenset(
    {"in", "at", "of", "from", "the", "a", "an", "all", "and", "or", ",", "who", "are", "is", "live", "lives"}
    | {"living", "based", "was", "=", "located", "residing", "called", "named", "come", "comes", "coming"}
)
MAX_WORDS = 3


@dataclass(frozen=True, slots=True)
class Role:
    """A column that refers to a row.

    Args:
        parent: The table of that row; None where no link is known.
        parts: What the column calls the row.
    """

    column: ColumnRef
    parent: TableRef | None
    parts: tuple[str, ...]

    @property
    def table(self) -> TableRef:
        """The table that has the column."""
        return self.column.table


def read_links(draft: Draft) -> Heard | None:
    """Read what a question says by words for a link, and what it asks of rows of one table that are linked.

    Raises:
        NotRead: Its words fit, but not the data, or may be said of either end.
    """
    refuse_both_ends(draft)
    heard = read_kin(draft)
    read_referring(draft)
    return heard


def read_referring(draft: Draft) -> None:
    """Give words that call a referring column, or tell what its doer does, the place of the link."""
    named = list(dict.fromkeys(t for i in draft.items if (t := draft.as_table(i)) is not None))
    roles = [role for table in named for role in _roles(draft, table)]
    at = 0
    while roles and at < len(draft.items):
        for length in range(min(MAX_WORDS, len(draft.items) - at), 0, -1):
            role = _called(draft, roles, at, length)
            if role is not None and _place_noun(draft, role, at, length):
                break
        at += 1
    for at in range(len(draft.items) if roles else 0):
        _place_verb(draft, roles, at, named)


def refuse_both_ends(draft: Draft) -> None:
    """Stop at `parcels sent by Ann that Bo gets`: rows at either end, of which only one end is told.

    Raises:
        NotRead: What is said of the rows at the one end stands apart.
    """
    words = tuple(t.lower for t in tokenize(draft.schema.text) if t.kind == "word")
    for (child, parent), (own, others) in draft.schema.implied.items():
        at = [i for i, item in enumerate(draft.items) if _is_of(draft, item, parent)]
        if len(at) < 2 or told(tuple(sorted((own, *others))), parent.name, child.name, words) != {own}:
            continue
        between = draft.items[at[0] : at[-1]]
        if any(not _is_of(draft, i, parent) and not _ties(i) for i in between):
            ends = " or ".join(str(ColumnRef(child, c)) for c in (own, *others))
            text = draft.items[at[-1]].text
            raise NotRead(f"I cannot tell whether `{text}` is said of {ends}.", (text,), final=True)


def _ties(item: Item) -> bool:
    """Whether an item only says how a noun and a value of its table belong together."""
    return item.cue is not None and set(item.text.lower().split()) <= TIES


def _is_of(draft: Draft, item: Item, table: TableRef) -> bool:
    """Whether an item is a noun or a value of a table."""
    if item.kind in ("value", "quoted"):
        return bool(item.values) and any(v.column.table == table for v in item.values)
    return draft.as_table(item) == table


def _roles(draft: Draft, table: TableRef) -> Iterator[Role]:
    card = draft.schema.card(table)
    parents: dict[str, list[TableRef]] = {}
    for join in dict.fromkeys(card.joins):
        if join.child == table and len(join.child_columns) == 1:
            parents.setdefault(join.child_columns[0], []).append(join.parent)
    own = draft.schema.key(table)
    for column in card.columns:
        found = parents.get(column.name, [])
        parts = role_parts(column.name)
        # A tax id is text, and nothing that rows of a table are known by.
        called = name_words(column.name)[-1:] == ("id",) and len(name_words(column.name)) > 1
        refers = bool(found) or (called and column.column.kind == "integer")
        if not refers or len(found) > 1 or own == (column.name,) or is_noun_of(parts, table.name):
            continue
        yield Role(ColumnRef(table, column.name), found[0] if found else None, parts)


def _called(draft: Draft, roles: Sequence[Role], at: int, length: int) -> Role | None:
    """The one column that the words from a position on call, where they stand for nothing else."""
    span = draft.items[at : at + length]
    # An inspector that shifts lack is no value, though some are called so.
    kinds = ("unknown", "name", "value") if length == 1 and span[0].text.islower() else ("unknown", "name")
    if any(i.kind not in kinds or i.role for i in span):
        return None
    named = span[0].links[0] if span[0].kind == "name" else None
    if named is not None and (named.is_table or all(r.column != named.ref for r in roles)):
        return None
    words = [w.lower() for i in span for w in i.text.replace("-", " ").split()]
    found = [r for r in roles if not _is_plain(r) and _calls(r, words)]
    return found[0] if len(found) == 1 else None


def _calls(role: Role, words: Sequence[str]) -> bool:
    """`destination`, or `destination depot`."""
    if calls(role.parts, words):
        return True
    noun = role.parent is not None and is_noun_of(words[-1:], role.parent.name)
    return noun and len(words) > 1 and calls(role.parts, words[:-1])


def _is_plain(role: Role) -> bool:
    return role.parent is not None and is_noun_of(role.parts, role.parent.name)


def _place_noun(draft: Draft, role: Role, at: int, length: int) -> bool:
    apart = draft.items[at].kind == "value"
    places = (_place_lack, _place_rank, _place_group, _place_subject, _place_owner)
    for place in (_place_lack, _place_group) if apart else places:
        if place(draft, role, at, length):
            draft.alone = True
            return True
    return False


def _fill(draft: Draft, at: int, length: int, role: str) -> None:
    for item in draft.items[at : at + length]:
        item.kind, item.cue, item.links, item.values = "cue", Cue("fill"), (), ()
        item.role = role


def _text(draft: Draft, at: int, length: int) -> str:
    return " ".join(i.text for i in draft.items[at : at + length])


def _noun_before(draft: Draft, at: int) -> TableRef | None:
    tables = (draft.as_table(i) for i in reversed(draft.items[:at]))
    return next((t for t in tables if t is not None), None)


def _is_over(draft: Draft, at: int) -> bool:
    """Whether nothing behind may say more of the row that is referred to."""
    if at >= len(draft.items):
        return True
    item = draft.items[at]
    return item.text.lower().split()[0] in PAST or is_time(item) or item.is_cue("group", "each")


def _place_lack(draft: Draft, role: Role, at: int, length: int) -> bool:
    """`without a mentor`, `with no destination`, `have a referring doctor`."""
    start = at - 1
    while start > 0 and draft.items[start].text.lower() in ARTICLES:
        start -= 1
    if start < 0 or _noun_before(draft, start) != role.table or not _is_over(draft, at + length):
        return False
    before, words = draft.items[start], _text(draft, at, length)
    lacks = before.is_cue("without") and not before.role
    article = start < at - 1 and draft.items[at - 1].text.lower() != "the"
    if not lacks and not (before.text.lower() in WITH and article):
        return False
    state, said = ("missing", "without") if lacks else ("known", "with")
    draft.conditions.append(Condition(role.column, "null" if lacks else "not null", (), words))
    draft.assume(f"`{said} {words}` is read as {role.column} being {state}.")
    _fill(draft, at, length, f"{role.column} is {state}")
    if lacks:
        before.cue = Cue("fill")
        draft.take(start, "absence")
    return True


def _only_way(draft: Draft, role: Role) -> bool:
    """Whether the column alone links its table to the one that it refers to, as the question has it."""
    if role.parent is None or role.parent == role.table:
        return False
    ways = draft.schema.paths(role.table, role.parent, many=False)
    return len(ways) == 1 and len(ways[0]) == 1 and ways[0][0].pairs[0][0] == role.column.column


def _place_rank(draft: Draft, role: Role, at: int, length: int) -> bool:
    """`which depot is the origin of the most parcels`, `who is the sender of the most parcels`."""
    behind, before = draft.items[at + length : at + length + 1], draft.before(at)
    if not behind or behind[0].text.lower() != "of" or role.parent is None or not _only_way(draft, role):
        return False
    being = any(i.text.lower() in BEING for i in draft.items[max(at - 2, 0) : at])
    of = next((t for i in draft.items[at + length :] if (t := draft.as_table(i)) is not None), None)
    if not being or of != role.table:
        return False
    noun = draft.as_table(draft.items[before]) if before is not None else None
    words = _text(draft, at, length)
    if noun == role.parent:
        _fill(draft, at, length, f"what {role.column} refers to")
    elif draft.items[0].text.lower().split()[0] in ("who", "what") and _noun_before(draft, at) is None:
        _name(draft, role, at, length)
    else:
        return False
    _state(draft, role, words)
    return True


def _name(draft: Draft, role: Role, at: int, length: int) -> None:
    """Make one name of the table that is referred to of the words."""
    assert role.parent is not None
    item = draft.items[at]
    item.kind, item.text = "name", _text(draft, at, length)
    item.cue, item.values, item.links = None, (), (Link(role.parent, None, 1.0),)
    del draft.items[at + 1 : at + length]


def _name_and_state(draft: Draft, role: Role, at: int, length: int) -> None:
    # The words are those of the question, before they give way to the name of the table.
    words = _text(draft, at, length)
    _name(draft, role, at, length)
    _state(draft, role, words)


def _place_group(draft: Draft, role: Role, at: int, length: int) -> bool:
    """`parcels per destination`, `for each referring doctor`."""
    start = at - 1 if at > 0 and draft.items[at - 1].text.lower() != "the" else at - 2
    grouped = start > 0 and draft.items[start].is_cue("group", "each")
    had = at + length < len(draft.items) and draft.items[at + length].text.lower() in ("have", "has")
    verb = start > 0 and is_done(draft.items[start - 1].text.lower().split()[-1])
    if not grouped or verb or not _only_way(draft, role) or not (had or _is_over(draft, at + length)):
        return False
    _name_and_state(draft, role, at, length)
    return True


def _place_subject(draft: Draft, role: Role, at: int, length: int) -> bool:
    """`which sender has the most parcels`, `top 5 senders by parcels`: whoever has one at least."""
    opening = draft.items[:at]
    plain = all(i.is_cue("list", "fill", "superlative") or i.kind == "number" for i in opening)
    rest = [i.text.lower() for i in draft.items]
    falling = bool({"most", "top", "more than", "at least"} & set(rest))
    if not opening or not plain or not falling or not _only_way(draft, role):
        return False
    if all(draft.as_table(i) != role.table for i in draft.items[at + length :]):
        return False
    _name_and_state(draft, role, at, length)
    return True


def _place_owner(draft: Draft, role: Role, at: int, length: int) -> bool:
    """`per destination region`, `with sender Ann`, `whose destination is Elm`: of the row referred to."""
    end, whose = at + length, any(i.text.lower() in OWNING for i in draft.items[max(at - 2, 0) : at])
    while whose and end < len(draft.items) and _ties(draft.items[end]):
        end += 1
    if end >= len(draft.items) or not _only_way(draft, role):
        return False
    item, words, linked = draft.items[end], _text(draft, at, length), end > at + length
    own = tuple(v for v in item.values if v.column.table == role.parent)
    links = tuple(k for k in item.links if not k.is_table and k.table == role.parent)
    if item.kind in ("value", "quoted") and own:
        item.values = own
    elif not linked and draft.as_table(item) == role.parent:
        pass
    elif item.kind == "name" and links and not linked and draft.as_table(item) is None:
        item.links = links
    else:
        return False
    _fill(draft, at, length, f"what {role.column} refers to")
    _state(draft, role, words)
    return True


def _state(draft: Draft, role: Role, words: str) -> None:
    """Say which column is meant, unless the answer does so anyway."""
    if (role.table, role.parent) not in draft.schema.implied:
        draft.assume(f"`{words}` is read as {role.column}.")


# -- verbs -------------------------------------------------------------------------------------------


def _place_verb(draft: Draft, roles: Sequence[Role], at: int, named: Sequence[TableRef]) -> None:
    item = draft.items[at]
    filling = item.is_cue("fill") and item.text.lower() in RECEIVED
    if item.role or not (item.kind == "unknown" or filling) or not item.text.isalpha():
        return
    found = [r for r in roles if _does(r, item.text) and r.parent is not None]
    if len(found) != 1 or not _only_way(draft, found[0]) or _is_dated(draft, found[0], at):
        return
    role = found[0]
    if leaves_open(item.text, [role.table], draft.schema):
        return
    ways = (_by_doer, _doer_first, _asked_of, _counted_of)
    if any(way(draft, role, at, named) for way in ways):
        draft.items[at].cue, draft.items[at].kind, draft.alone = Cue("fill"), "cue", True
        draft.take(at, f"the link by {role.column}")
        _state(draft, role, item.text)


def _does(role: Role, word: str) -> bool:
    """Whether a verb is what the row does that is referred to, as the column or its table calls it."""
    if is_doing(role.parts, word):
        return True
    return role.parent is not None and _is_plain(role) and is_doing(role_parts(role.parent.name), word)


def _is_dated(draft: Draft, role: Role, at: int) -> bool:
    """`sent in May`, where rows have a date of that: it is about the date."""
    following = draft.after(at)
    timed = following is not None and is_time(draft.items[following])
    return timed and any(is_doing((*name_words(d.column)[:1], "by"), draft.items[at].text)
                         for d in draft.schema.dates(role.table))  # fmt: skip


def row_before(draft: Draft, at: int) -> int | None:
    """Where the nearest word before a position is, past the number of a row: `did patient 12`."""
    before = draft.before(at)
    numbered = before is not None and draft.items[before].kind == "number"
    return draft.before(before) if numbered and before is not None else before


def _is_doer(draft: Draft, role: Role, at: int) -> bool:
    """Whether an item is the doer's noun, or a value of the table of doers."""
    return role.parent is not None and _is_of(draft, draft.items[at], role.parent)


def _by_doer(draft: Draft, role: Role, at: int, named: Sequence[TableRef]) -> bool:
    """`parcels sent by Ann`, `sent by customers in Graz`."""
    by = at + 1
    doer = draft.after(by) if by < len(draft.items) and draft.items[by].text.lower() == "by" else None
    each = doer is not None and draft.items[doer].is_cue("each")
    doer = draft.after(doer) if each and doer is not None else doer
    if doer is None or _noun_before(draft, at) != role.table or not _is_doer(draft, role, doer):
        return False
    item = draft.items[doer]
    one = any(i.kind in ("number", "value", "quoted") for i in draft.items[doer + 1 : doer + 2])
    if item.kind == "name" and lemma(item.text) == item.text.lower() and not each and not one:
        return True
    draft.items[by].cue = Cue("fill")
    draft.take(by, "by")
    item.values = (
        tuple(v for v in item.values if v.column.table == role.parent) if item.kind != "name" else ()
    )
    return True


def _doer_first(draft: Draft, role: Role, at: int, named: Sequence[TableRef]) -> bool:
    """`customers who have sent more than 3 parcels`, `customers who never sent a parcel`."""
    behind = at + 1
    while behind < len(draft.items) and _stands_between(draft, behind):
        behind += 1
    done = draft.as_table(draft.items[behind]) if behind < len(draft.items) else None
    if may_be_none(draft, at + 1, behind):
        return False
    said = {w for i in draft.items[max(at - 2, 0) : at] for w in i.text.lower().split()}
    if is_done(draft.items[at].text.lower()) and said & BEING:
        return False
    who = at == 1 and draft.items[0].text.lower() == "who" and _stands_between(draft, at + 1)
    if done == role.table and who and role.parent is not None:
        # Who does it is a row of those that the column refers to.
        draft.items[0].kind, draft.items[0].cue = "name", None
        draft.items[0].links = (Link(role.parent, None, 1.0),)
        return True
    return done == role.table and _noun_before(draft, at) == role.parent


def may_be_none(draft: Draft, start: int, end: int) -> bool:
    """`who serve at most 3 customers`: nobody says whether those count who serve none."""
    between = (i.cue for i in draft.items[start:end] if i.is_cue("compare"))
    return any(cue is not None and cue.value in ("<", "<=") for cue in between)


def _stands_between(draft: Draft, at: int) -> bool:
    item = draft.items[at]
    return item.is_cue(*BETWEEN) or item.kind in ("number", "value")


def _asked_of(draft: Draft, role: Role, at: int, named: Sequence[TableRef]) -> bool:
    """`how many parcels did Ann send`, `how many parcels does each customer send`."""
    before = row_before(draft, at)
    if before is None or not _is_doer(draft, role, before):
        return False
    asking = next((i for i in range(before - 1, -1, -1) if draft.items[i].text.lower() in ASKING), None)
    return asking is not None and _noun_before(draft, asking) == role.table and _ends(draft, at + 1)


def _counted_of(draft: Draft, role: Role, at: int, named: Sequence[TableRef]) -> bool:
    """`top 5 customers by number of parcels sent`, `parcels sent per customer`."""
    before = draft.before(at)
    noun = draft.as_table(draft.items[before]) if before is not None else None
    later = any(i.text.lower() == "by" and not i.role for i in draft.items[at + 1 :])
    return noun == role.table and role.parent in named and not later and _ends(draft, at + 1)


def _ends(draft: Draft, at: int) -> bool:
    """Whether a sentence ends, or goes on with a period or with groups."""
    if at >= len(draft.items) or draft.items[at].text in ("?", ".", "!"):
        return True
    return is_time(draft.items[at]) or draft.items[at].is_cue("each", "group", "and")

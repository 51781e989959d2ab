"""Words for a row that rows of the same table refer to: a manager, a parent, and whoever has them.

The words come from the referring column's own name: `manager_id` is said as `manager` or `managed by`,
`referred_by` as `referrer` or `referred by`. A short closed list holds the everyday words for managers,
parents and mentors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gnomon.domain.catalog import ColumnRef, TableCard, TableRef
from gnomon.models.grounded.cues import CUES
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words, stem

MANAGERS = frozenset({"manager", "supervisor", "boss", "head"})
"""Everyday words for one role: where a column is called by one of them, the others may mean it too."""

REPORTING = ("report", "to")
MANAGED = frozenset(stem(w) for w in ("manage", "supervise"))
CHILDREN = {"parent": frozenset({"child"}), "mentor": frozenset({"mentee"})}
REPORTS = frozenset({"subordinate"})
MEANINGLESS = frozenset({"id", "key", "fk", "code", "number", "ref"})
"""In the name of a referring column these say nothing of the role."""

DATE_TAILS = frozenset({"on", "at", "date", "day", "time"})


@dataclass(frozen=True, slots=True)
class SelfLink:
    """A column by which rows of a table refer to others of it, and the words for both sides.

    Args:
        nouns: What the row is called that others refer to, by lemma.
        verbs: Stems of what it does with those that refer to it: `manag`, `refer`.
        to: Stems of verbs that, with `to`, say what those do that refer to it: `report`.
        below: What the rows are called that refer to it, by lemma.
        own: The words of these that the column's name has itself.
    """

    table: TableRef
    column: str
    key: str
    nouns: frozenset[str]
    verbs: frozenset[str]
    to: frozenset[str]
    below: frozenset[str]
    own: frozenset[str]

    @property
    def ref(self) -> ColumnRef:
        """The column that refers."""
        return ColumnRef(self.table, self.column)

    @property
    def role(self) -> str:
        """What the other row is called: a noun of the column's own name, else by what it does."""
        nouns = self.own & self.nouns or self.nouns & {"manager"}
        return min(nouns, default=self.column.removesuffix("_id"))


def self_links(schema: Schema) -> list[SelfLink]:
    """The columns by which tables in sight refer to themselves, where a name tells what for.

    An everyday word that two columns of a table share means neither of them.
    """
    found = [link for table in schema.tables() for link in _of_card(schema.card(table))]
    return [
        _without_shared(link, [o for o in found if o.table == link.table and o != link]) for link in found
    ]


def _of_card(card: TableCard) -> Iterator[SelfLink]:
    keys = {k.columns for k in card.keys}
    for join in dict.fromkeys(card.joins):
        single = len(join.child_columns) == 1 and join.parent_columns in keys
        if join.child == join.parent == card.ref and single:
            link = _named(card.ref, join.child_columns[0], join.parent_columns[0])
            if link is not None:
                yield link


def _named(table: TableRef, column: str, key: str) -> SelfLink | None:
    own = set(name_words(table.name))
    words = tuple(w for w in name_words(column) if w not in MEANINGLESS and w not in own)
    if len(words) > 1 and words[-1] in ("by", "to"):
        return _by_verb(table, column, key, words)
    if not words or (words[-1],) in CUES:
        return None
    noun = words[-1]
    people = noun in MANAGERS
    return SelfLink(
        table, column, key,
        nouns=MANAGERS if people else frozenset({noun}),
        verbs=frozenset({stem(noun), _bare(noun)}) | (MANAGED if people else frozenset()),
        to=frozenset({REPORTING[0]}) if people else frozenset(),
        below=(REPORTS if people else frozenset()) | CHILDREN.get(noun, frozenset()),
        own=frozenset({noun, _bare(noun)}),
    )  # fmt: skip


def _by_verb(table: TableRef, column: str, key: str, words: Sequence[str]) -> SelfLink:
    verb = stem(words[-2])
    reporting = (verb, words[-1]) == REPORTING
    by = frozenset({_bare(verb)}) if words[-1] == "by" else frozenset()
    people = reporting or bool(by & MANAGED)
    return SelfLink(
        table, column, key,
        nouns=MANAGERS if people else frozenset(),
        verbs=by | (MANAGED if people else frozenset()),
        to=frozenset({verb}) if words[-1] == "to" else frozenset({REPORTING[0]} if people else ()),
        below=REPORTS if people else frozenset(),
        own=by | frozenset({verb}),
    )  # fmt: skip


def _without_shared(link: SelfLink, others: Sequence[SelfLink]) -> SelfLink:
    """A word of another column's own name is that column's; one that several share is nobody's."""

    def kept(words: frozenset[str], among: Sequence[frozenset[str]]) -> frozenset[str]:
        taken = frozenset().union(*among) if among else frozenset()
        return frozenset(w for w in words if w in link.own or w not in taken)

    return replace(
        link,
        nouns=kept(link.nouns, [o.nouns for o in others]),
        verbs=kept(link.verbs, [o.verbs for o in others]),
        to=kept(link.to, [o.to for o in others]),
        below=kept(link.below, [o.below for o in others]),
    )


def _bare(word: str) -> str:
    """The stem of the verb that a noun is made of: `manager` gives `manag`, `referral` gives `refer`."""
    base = stem(word)
    ending = next(
        (e for e in ("er", "or", "al", "ee", "e") if len(base) > len(e) + 3 and base.endswith(e)), ""
    )
    base = base.removesuffix(ending)
    return base[:-1] if ending and base[-1] == base[-2] and base[-1] != "s" else base


@dataclass(frozen=True, slots=True)
class Mark:
    """What a word or item of a question is to a self link: a capital letter, or the word itself.

    `T` names the table, `R` the row referred to, `D` those that refer to it, `A` and `W` what it does and
    what is done by it (`manages`, `managed`), `P` what they do (`report`), `E` an event that has a date, `C`
    a column of the table, `O` another name, `V` a value, `#` a number, `@` a period.
    """

    sign: str
    at: int


def parted(items: Sequence[Item], link: SelfLink) -> list[Item]:
    """The items, those apart that are read as the referring column though they may be words about it."""
    found: list[Item] = []
    for item in items:
        words = item.text.split()
        refers = any(k.table == link.table and k.column == link.column for k in item.links)
        if item.kind == "name" and refers and len(words) > 1:
            found += [_part(word, link) for word in words]
        else:
            found.append(item)
    return found


def _part(word: str, link: SelfLink) -> Item:
    if stem(word) == stem(link.table.name):
        return noun_item(word, link.table)
    if stem(word) in link.verbs | link.to:
        return Item("unknown", word)
    cue = CUES.get((word.lower(),))
    return Item("cue", word, cue=cue) if cue is not None else Item("unknown", word)


def noun_item(text: str, table: TableRef) -> Item:
    """An item that names a table."""
    return Item("name", text, links=(Link(table, None, 1.0),))


def marks(items: Sequence[Item], link: SelfLink, schema: Schema) -> list[Mark]:
    """The question as signs, one an item, or one a word where the item is no name or value."""
    found: list[Mark] = []
    for at, item in enumerate(items):
        sign = _sign(item, link, schema)
        found += [Mark(sign, at)] if sign else [Mark(w, at) for w in item.text.lower().split()]
    return found


def _sign(item: Item, link: SelfLink, schema: Schema) -> str:
    said = _role(item, link) if item.kind in ("unknown", "name", "value") else ""
    if said:
        return said
    fixed = {"value": "V", "quoted": "V", "number": "#", "period": "@"}
    if item.kind in fixed:
        return fixed[item.kind]
    if item.kind == "name":
        return _name_sign(item, link)
    return "E" if item.kind == "unknown" and event_dates(item.text, link.table, schema) else ""


def _name_sign(item: Item, link: SelfLink) -> str:
    if item.links and item.links[0].is_table:
        return "T" if item.links[0].table == link.table and item.links[0].score >= 0.9 else "O"
    return "C" if any(k.table == link.table and not k.is_table for k in item.links) else "O"


def _role(item: Item, link: SelfLink) -> str:
    """The sign of a word for either side of the link; empty for other words, and for names of tables."""
    if len(item.text.split()) > 1 or any(k.is_table and k.table != link.table for k in item.links):
        return ""
    word = item.text.lower()
    base = lemma(word)
    if base in link.nouns or (base.endswith(("er", "or")) and _bare(base) in link.verbs):
        return "R"
    sub = base.removeprefix("sub").removeprefix("-")
    if base in link.below or (sub != base and "child" in link.below and sub == lemma(link.table.name)):
        return "D"
    if base.endswith(("al", "ee")) and _bare(base) in link.verbs & link.own:
        return "D"
    if stem(word) in link.to:
        return "P"
    if stem(word) in link.verbs:
        return "W" if word.endswith("ed") else "A"
    return ""


def event_dates(word: str, table: TableRef, schema: Schema) -> list[ColumnRef]:
    """The dates of a table that a verb names: `hired` the column `hired_on`."""
    found = []
    for column in schema.dates(table):
        first, *rest = name_words(column.column)
        if word.lower().endswith("ed") and stem(first) == stem(word) and set(rest) <= DATE_TAILS:
            found.append(column)
    return found

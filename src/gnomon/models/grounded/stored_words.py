"""Small words that are stored values too: learners on the `plus` plan, movements `out`, orders `received`.

Such a word steers or fills a sentence nearly everywhere. Where it stands before the noun or column of its
rows, or is said of them (`are available`), it is the value; where it hangs in the air, it may be one, and
stops a reading that passes over it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gnomon.domain.catalog import ColumnRef
from gnomon.domain.context import Context, MatchKind, ValueMatch

if TYPE_CHECKING:
    from gnomon.models.grounded.tagging import Item

PREPOSITIONS = frozenset(
    {"in", "on", "at", "for", "to", "from", "with", "within", "into", "across", "during", "about"}
)
SAYING = PREPOSITIONS | {
    "plus", "out", "available", "existing", "placed", "received", "receive", "registered", "recorded",
    "listed", "held", "hold", "found", "shown", "involved", "located", "based", "named", "called", "own",
    "company", "together", "associated", "corresponding", "residing", "happened", "data", "database",
}  # fmt: skip
"""Steering words that may say of rows which they are; articles, pronouns and auxiliary verbs never do."""

ADJECTIVES = frozenset({"available", "existing", "company"})
BEFORE_VERBS = frozenset(
    {
        "who",
        "which",
        "that",
        "have",
        "has",
        "had",
        "never",
        "been",
        "we",
        "they",
        "you",
        "i",
        "he",
        "she",
        "it",
    }
)
"""Last words of what stands between a noun and its verb, or is the subject itself."""

DOING = frozenset({"did", "does", "do"})
FORMS = {"receive": "received", "hold": "held", "holds": "held"}
"""Verbs by which people ask for what is in a state: `what did we receive`, of a status `received`."""

JOINING = "plus"
BEFORE_ADJECTIVES = frozenset({"count", "agg", "not", "without", "distinct", "superlative"})
IS = frozenset({"is", "are", "that are", "that is", "which are", "which is"})
OURS = frozenset({"the", "our", "this", "their"})
"""Before `company` these make it the one that asks."""

EXACT, FOLDED, STEMMED = 1.0, 0.95, 0.85

Small = tuple[int, "Item", tuple[ValueMatch, ...]]
"""The position of such a word, the word, and the values that it is."""

Stored = Mapping[str, tuple[ValueMatch, ...]]


def stored_words(items: Sequence["Item"], context: Context) -> Stored:
    """The values that small words of a question are, by word; the index of values is not asked for these."""
    said = {i.text.lower(): i.text for i in items if _may_say(i)}
    said |= {FORMS[word]: text for word, text in said.items() if word in FORMS}
    found: dict[str, dict[tuple[ColumnRef, str], ValueMatch]] = {}
    for card in context.cards if said else ():
        for column in card.columns:
            ref = ColumnRef(card.ref, column.name)
            for value, rows in column.profile.top if column.profile is not None else ():
                text = said.get(value.casefold())
                if text is not None:
                    kind, score = _likeness(value, text)
                    match = ValueMatch(text, ref, value, kind, rows, score)
                    found.setdefault(text.lower(), {})[(ref, value)] = match
    for match in context.values if said else ():
        if match.phrase.lower() in said and match.kind in ("exact", "folded"):
            found.setdefault(match.phrase.lower(), {}).setdefault((match.column, match.value), match)
    return {word: tuple(sorted(by.values(), key=lambda v: -v.score)) for word, by in found.items()}


def _likeness(value: str, said: str) -> tuple[MatchKind, float]:
    if value == said:
        return "exact", EXACT
    return ("folded", FOLDED) if value.casefold() == said.casefold() else ("stemmed", STEMMED)


def take_stored_words(items: Sequence["Item"], context: Context) -> None:
    """Make such words the values that they are, where the noun or column of their rows says so."""
    # From the end, so that `placed and received orders` finds the second of them taken.
    for at, item, found in reversed(tuple(stored_values(items, context))):
        matches = tuple(v for v in found if v.kind != "stemmed")
        own = of_behind(items, at, matches) or _beside_another(items, at, matches)
        own = own if _may_lead(items, at) else ()
        own = own or _of_predicate(items, at, matches)
        if own:
            item.kind, item.cue, item.values, item.links = "value", None, own, ()
    _free_verbs(items)


def _free_verbs(items: Sequence["Item"]) -> None:
    """`how many tickets did each account open`: what somebody did is no state, though one is called so."""
    said = [at for at, i in enumerate(items) if i.kind != "period" and any(map(str.isalnum, i.text))]
    if len(said) < 3 or items[said[-1]].kind != "value" or not items[said[-1]].text.islower():
        return
    asked = [at for at in said if items[at].text.lower() in DOING]
    # A noun for the doer stands between; `did we have open` says a state.
    if asked and asked[-1] < said[-2] and items[said[-2]].kind in ("name", "value"):
        items[said[-1]].kind, items[said[-1]].values = "unknown", ()


def stored_values(items: Sequence["Item"], context: Context) -> Iterator[Small]:
    """Positions of such words that are values of the data, with those values."""
    stored = stored_words(items, context)
    for at, item in enumerate(items):
        if _may_say(item) and item.text.lower() in stored:
            yield at, item, stored[item.text.lower()]


def _may_say(item: "Item") -> bool:
    return item.is_cue("fill", "and") and not item.role and item.text.lower() in SAYING


def of_behind(items: Sequence["Item"], at: int, matches: Sequence[ValueMatch]) -> tuple[ValueMatch, ...]:
    """The values of the noun or column that stands right behind."""
    behind = items[at + 1] if at + 1 < len(items) else None
    if behind is None or behind.kind != "name":
        return ()
    links = [k for k in behind.links if k.score == behind.links[0].score]
    tables, columns = {k.table for k in links if k.is_table}, {k.ref for k in links if not k.is_table}
    return tuple(v for v in matches if v.column.table in tables or v.column in columns)


def _beside_another(
    items: Sequence["Item"], at: int, matches: Sequence[ValueMatch]
) -> tuple[ValueMatch, ...]:
    """`placed and received orders`: the values of the column of another that `and` or `or` joins to it."""
    joined, other = (items[at + 1], items[at + 2]) if at + 2 < len(items) else (None, None)
    if joined is None or other is None or not joined.is_cue("and", "or") or other.kind != "value":
        return ()
    columns = {v.column for v in other.values}
    return tuple(v for v in matches if v.column in columns)


def _may_lead(items: Sequence["Item"], at: int) -> bool:
    """Whether the word may describe what is behind it, rather than tie it to what is before."""
    word, before = items[at].text.lower(), items[at - 1] if at else None
    if word == "company":
        return before is None or before.text.lower() not in OURS
    if word == JOINING:
        return before is None or before.kind == "cue"
    if word in ADJECTIVES:
        return True
    if word not in PREPOSITIONS:
        return describes(items, at)
    return before is not None and (before.is_cue(*BEFORE_ADJECTIVES) or before.text.lower() == "the")


def describes(items: Sequence["Item"], at: int) -> bool:
    """Whether a participle describes the noun behind it: in `customers who placed orders` it is a verb."""
    before = items[at - 1] if at else None
    if before is None or (at == 1 and before.text.lower() == "which"):
        return True
    words = before.text.lower().split()
    verbal = words[-1] in BEFORE_VERBS or (words[-1] == "not" and len(words) > 1)
    return not verbal and before.kind not in ("name", "value", "quoted", "unknown")


def _of_predicate(items: Sequence["Item"], at: int, matches: Sequence[ValueMatch]) -> tuple[ValueMatch, ...]:
    """`units that are available`: said of the one kind of rows named before that is so."""
    word, before = items[at].text.lower(), items[at - 1] if at else None
    if word in PREPOSITIONS or before is None or before.text.lower() not in IS or not _ends(items, at):
        return ()
    tables = {k.table for i in items[:at] for k in i.links if k.is_table and k.score == i.links[0].score}
    own = tuple(v for v in matches if v.column.table in tables)
    return own if len({v.column for v in own}) == 1 else ()


def hangs(items: Sequence["Item"], at: int) -> bool:
    """Whether nothing follows that the word could tie to what is before."""
    word, behind = items[at].text.lower(), items[at + 1] if at + 1 < len(items) else None
    if _ends(items, at) or behind is None:
        return True
    if word not in PREPOSITIONS | {JOINING}:
        return False
    leads = behind.text.lower().split()[0] if behind.text.split() else ""
    tied = behind.kind == "period" or behind.is_cue("fill")
    return tied and leads in PREPOSITIONS


def _ends(items: Sequence["Item"], at: int) -> bool:
    """Whether a phrase ends with the word: a mark, `per`, `by` or `and` is next, or nothing."""
    behind = items[at + 1] if at + 1 < len(items) else None
    if behind is None or behind.text.lower() in ("per", "by", "and", "or") or behind.is_cue("time_group"):
        return True
    return behind.is_cue("fill", "and") and not behind.text[:1].isalnum()


def is_last(items: Sequence["Item"], at: int) -> bool:
    """Whether no word follows."""
    return not any(i.text[:1].isalnum() for i in items[at + 1 :])

"""Words that point at something: `this season`, `how many does it have`, `their fees`.

What they point at is named in the question, or nowhere: a reader that drops them answers for all there is.
"""

from collections.abc import Collection, Iterator, Sequence

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words

THIS = frozenset({"this", "these", "those", "my"})
SEVERAL = frozenset({"these", "those"})
ONE = frozenset({"it", "its", "he", "his", "him", "she", "her"})
MANY = frozenset({"they", "them", "their", *SEVERAL})
OWNERS = frozenset({"its", "his", "her", "their"})
SUBJECTS = frozenset({"it", "they", "he", "she", *SEVERAL})
ROWS_BEFORE = frozenset({"them", *SEVERAL})
"""Said after another question, these may stand for the rows that it was about."""

ASKING = frozenset({"do", "does", "did", "is", "are", "was", "were", "has", "have", "had"})
PLACING = frozenset(
    {"of", "in", "on", "at", "for", "to", "from", "by", "with", "within", "into", "during", "per"}
)
RELATIVE = frozenset({"who", "that", "which", "whose", "whom", "where", "with", "without", "having"})
"""Behind a noun, these say which ones `those` are."""

DONE = frozenset(
    {
        "order",
        "visit",
        "play",
        "stay",
        "loan",
        "rent",
        "book",
        "ship",
        "review",
        "rate",
        "score",
        "work",
        "study",
    }
    | {"fund", "supply", "host", "return", "pay", "win", "cost", "start", "end", "show", "report", "license"}
)
"""Nouns that are verbs too: `customers that order` does not point at an order."""


def refuse_pointing(draft: Draft, known: Collection[TableRef] = ()) -> None:
    """Stop at what points out of the question: `attendance this season`, `how many players does it have`.

    Args:
        known: Tables whose rows an earlier question was about.

    Raises:
        NotRead: What is pointed at is not said.
    """
    for at, item in enumerate(draft.items):
        noun = _pointed_at(draft, at)
        if noun is None or _named_before(draft, at, noun):
            continue
        if item.text.lower() in SEVERAL and draft.as_table(draft.items[noun]) in known:
            continue
        words = f"{item.text} {draft.items[noun].text}"
        raise NotRead(f"I cannot tell which `{words}` is meant; say it by name.", (words,), final=True)
    first = next((i for i, item in enumerate(draft.items) if item.kind == "name"), len(draft.items))
    for item in draft.items[:first]:
        if item.text.lower() in OWNERS and item.is_cue("fill"):
            raise _nothing_named(item.text)
    for at in _asked_of(draft.items):
        # The one noun is what is asked for: `how many players does it have`.
        if sum(i.kind == "name" for i in draft.items[:at]) < 2:
            raise _nothing_named(draft.items[at].text)


def refuse_pointing_back(draft: Draft) -> None:
    """Stop at pronouns of a question that stands behind another and is read by itself.

    Raises:
        NotRead: They stand for something that the earlier question was about.
    """
    for at in _pronouns(draft, ONE | MANY):
        raise _nothing_named(draft.items[at].text)


def refuse_pointing_beside(draft: Draft, question: str, previous: Reading) -> None:
    """Stop at pronouns of a change that do not stand for the rows of the question before.

    Raises:
        NotRead: They stand for something else, or the rows are the first of a ranking, which a change would
            rank anew.
    """
    refuse_pointing(draft, {previous.base})
    for at in _pronouns(draft, ONE | MANY - ROWS_BEFORE):
        raise _nothing_named(draft.items[at].text)
    said = next((w for w in question.lower().split() if w.strip(",.?!") in ROWS_BEFORE), None)
    if said is not None and previous.limit is not None:
        raise _nothing_named(said)


def _nothing_named(pronoun: str) -> NotRead:
    return NotRead(f"I cannot tell what `{pronoun}` stands for; ask in full.", (pronoun,))


def _pointed_at(draft: Draft, at: int) -> int | None:
    """The noun of `this season`, `these two clubs`, `in that club`, `our club`; None where nothing points."""
    word = draft.items[at].text.lower()
    noun = _noun_after(draft.items, at)
    if noun is None or not draft.items[at].is_cue("fill"):
        return None
    if word in THIS:
        behind = draft.items[noun + 1].text.lower().split() if noun + 1 < len(draft.items) else []
        return None if word == "those" and {*behind[:1]} & RELATIVE else noun
    if word == "that":
        return noun if at == 0 or _leads(draft.items[at - 1]) or _is_one(draft, noun) else None
    alone = noun + 1 == len(draft.items) or draft.items[noun + 1].kind not in ("name", "unknown")
    return noun if word == "our" and alone and _is_one(draft, noun) else None


def _noun_after(items: Sequence[Item], at: int) -> int | None:
    """The next name, past values and numbers that describe it: `this First division club`."""
    behind = (i for i in range(at + 1, len(items)) if items[i].kind not in ("value", "number", "quoted"))
    noun = next(behind, None)
    return noun if noun is not None and items[noun].kind == "name" else None


def _leads(before: Item) -> bool:
    """Whether no clause begins behind it, as behind a noun: `in that club`, `does that club`."""
    return before.text.lower().split()[-1] in ASKING | PLACING


def _is_one(draft: Draft, noun: int) -> bool:
    """Whether it is the singular of a table's noun, and no verb."""
    words = draft.items[noun].text.lower().split()
    single = lemma(words[-1]) == words[-1] and words[-1] not in DONE
    return single and draft.as_table(draft.items[noun]) is not None


def _named_before(draft: Draft, at: int, noun: int) -> bool:
    """`the club with the most players and the city of this club`: the question says which itself."""
    table = draft.as_table(draft.items[noun])
    word = name_words(draft.items[noun].text)[-1]
    return any(
        item.kind == "name"
        and ((table is not None and draft.as_table(item) == table) or word in name_words(item.text))
        for item in draft.items[:at]
    )


def _asked_of(items: Sequence[Item]) -> Iterator[int]:
    """Positions of pronouns of which something is asked: `does it`, `are they`."""
    for at, item in enumerate(items):
        if at > 0 and item.text.lower() in SUBJECTS and items[at - 1].text.lower().split()[-1] in ASKING:
            following = items[at + 1] if at + 1 < len(items) else None
            if item.text.lower() not in SEVERAL or following is None or following.kind != "name":
                yield at


def _pronouns(draft: Draft, words: Collection[str]) -> Iterator[int]:
    """Positions of those that stand for nothing that the question names before them."""
    asked = set(_asked_of(draft.items))
    for at, item in enumerate(draft.items):
        word = item.text.lower()
        if word not in words or not item.is_cue("fill"):
            continue
        nouns = [i for i in range(at) if draft.as_table(draft.items[i]) is not None]
        single = any(lemma(w := draft.items[i].text.lower().split()[-1]) == w for i in nouns)
        if at in asked or not nouns or (word in ONE and not single):
            yield at

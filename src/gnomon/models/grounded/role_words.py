"""What a column calls the row that it refers to, and the verbs of one root with it: `sender_id`, `sent`."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.short_forms import likeness
from gnomon.models.grounded.words import CAMEL, SEPARATORS, lemma, name_words, stem

TAILS = frozenset({"id", "key", "fk", "code", "ref", "no", "nr"})
"""Last words of a column that refers to a row, behind what that is called."""

VERBS = {
    "sent": "send", "drove": "drive", "driven": "drive", "led": "lead", "taught": "teach", "wrote": "write",
    "written": "write", "bought": "buy", "sold": "sell", "paid": "pay", "built": "build", "made": "make",
    "gave": "give", "given": "give", "chose": "choose", "chosen": "choose", "flew": "fly", "flown": "fly",
    "lent": "lend", "kept": "keep", "held": "hold", "rode": "ride", "ridden": "ride", "bred": "breed",
}  # fmt: skip
"""Irregular forms of verbs whose doers columns are called after."""

OTHER_DOERS = {"receiv": ("recipient",), "assist": ("assistant",), "apply": ("applicant",)}
"""Who does what a verb tells, by its stem, where that is called neither after `er` nor after `or`."""


DESCRIBED = frozenset(
    {"with", "without", "of", "for", "the", "by", "all", "any", "many", "and", "total", "no", "per", "their"}
)
"""What stands before words that describe what is behind them."""


BEING = frozenset({"is", "are", "was", "were", "be", "been", "being"})


@lru_cache(maxsize=8192)
def role_parts(column: str) -> tuple[str, ...]:
    """The words of a referring column, in lower case and as they stand, without what says that it refers."""
    parts = tuple(p.lower() for p in SEPARATORS.split(CAMEL.sub(" ", column)) if p)
    return parts[:-1] if len(parts) > 1 and parts[-1] in TAILS else parts


def calls(parts: Sequence[str], words: Sequence[str]) -> bool:
    """Whether words of a question call what the parts of a column do: `co-driver`, `codrv`."""
    if len(parts) == len(words):
        return all(likeness(part, word) is not None for part, word in zip(parts, words, strict=True))
    *first, last = words
    glued = "".join(first)
    rest = parts[0].removeprefix(glued) if len(parts) == 1 and first else ""
    return bool(rest) and rest != parts[0] and likeness(rest, last) is not None


def is_noun_of(parts: Sequence[str], table: str) -> bool:
    """Whether a column is called after nothing but the table that it refers to: `customer_id`."""
    return calls(parts, name_words(table)) or calls(parts, name_words(table)[-1:])


@lru_cache(maxsize=8192)
def verb_stem(word: str) -> str:
    """The stem of a verb in any form: `send` of `sent`."""
    low = word.lower()
    return stem(VERBS.get(low, low))


@lru_cache(maxsize=8192)
def doers(verb: str) -> tuple[str, ...]:
    """What whoever does it may be called, by the stem of the verb: `sender`, `supervisor`, `shipper`."""
    return (f"{verb}er", f"{verb}or", f"{verb}{verb[-1]}er", *OTHER_DOERS.get(verb, ()))


def is_doing(parts: Sequence[str], word: str) -> bool:
    """Whether a column is called after who does what a verb tells: `sender`, `approved_by`."""
    verb = verb_stem(word)
    if len(verb) < 3 or not parts:
        return False
    last = parts[-1]
    if last == "by" and len(parts) > 1:
        return verb_stem(parts[-2]) == verb
    if parts[0].endswith(("ing", "ed")) and len(parts) > 1:
        return verb_stem(parts[0]) == verb
    # A mentor is who mentors; a column that is called after a thing is no doer of it.
    if last == verb or lemma(last) == verb:
        return last.endswith(("or", "er", "ian"))
    return any(likeness(last, doer) in ("same", "listed") for doer in doers(verb))


@lru_cache(maxsize=256)
def told(columns: tuple[str, ...], parent: str, child: str, words: tuple[str, ...]) -> frozenset[str]:
    """Those of several columns of one table that the words of a question call, or tell a deed of.

    Args:
        parent: The table that they refer to; what is called after it alone is called by its verb only.
        child: The table that has them: `approved orders` tells nothing of who approved.
        words: The words of the question, in lower case.
    """
    found = list(_told(columns, parent, child, words))
    clear = frozenset(column for column, told in found if told)
    # Where a deed of another's is spoken of as well, neither is the one that is meant.
    return clear | {column for column, _ in found} if clear else clear


def _told(
    columns: Sequence[str], parent: str, child: str, words: Sequence[str]
) -> Iterator[tuple[str, bool]]:
    """Each column of which a word speaks, and whether it says who did it."""
    left, noun = list(words), set(name_words(child)[-1:])
    doing = set(name_words(parent)[-1:])
    # The cleaning shifts of somebody are no shifts that they clean.
    named = {stem(w) for table in (parent, child) for w in name_words(table)}
    ordered = sorted(columns, key=lambda c: -len(role_parts(c)))
    for column in ordered:
        parts = role_parts(column)
        at = next((i for i in range(len(left)) if _begins(parts, left, i)), None)
        if at is not None and not is_noun_of(parts, parent):
            span = _length(parts, left, at)
            left[at : at + span] = [""] * span
            yield column, True
            continue
        verbs = (
            i
            for i, w in enumerate(left)
            if w and stem(w) not in named and not calls(parts, (w,)) and is_doing(parts, w)
        )
        clear = [not _describes(left, i, noun, doing) for i in verbs]
        if clear:
            yield column, any(clear)


def _begins(parts: Sequence[str], words: Sequence[str], at: int) -> bool:
    return _length(parts, words, at) > 0


def _length(parts: Sequence[str], words: Sequence[str], at: int) -> int:
    """How many words from a position on call the parts; 0 if none do."""
    spans = (len(parts), len(parts) + 1) if len(parts) == 1 else (len(parts),)
    for length in spans:
        span = words[at : at + length]
        said = [w for word in span for w in word.split("-") if w]
        if len(span) == length and all(span) and calls(parts, said):
            return length
    return 0


def _describes(words: Sequence[str], at: int, noun: set[str], doing: set[str]) -> bool:
    """`approved orders`: what was done stands before the noun of what it was done to, without a doer."""
    following = words[at + 1] if at + 1 < len(words) else ""
    before = words[at - 1] if at else ""
    told = before not in DESCRIBED and any(lemma(w) in doing for w in words[:at])
    # What was sent, and by nobody that is named, is not said of who sent it.
    passive = bool(BEING & {*words[max(at - 2, 0) : at]}) and following != "by"
    return is_done(words[at]) and (passive or (lemma(following) in noun and not told))

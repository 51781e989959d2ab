"""Values that columns hold as a letter or in another word: `female` for `F`, `men` for `Male`."""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef
from gnomon.domain.context import Context, ValueMatch
from gnomon.models.grounded.countries import further_spellings
from gnomon.models.grounded.words import name_words, tokenize

SEX_COLUMNS = frozenset({"sex", "gender"})
SEXES = {
    "f": frozenset({"female", "females", "woman", "women", "girl", "girls"}),
    "m": frozenset({"male", "males", "man", "men", "boy", "boys"}),
}
SPELLED = {"f": frozenset({"f", "female", "woman", "w"}), "m": frozenset({"m", "male", "man"})}
FEW = 6
"""Different values that a column of the kind has at most."""

SURE = 0.9


def values_of(question: str, context: Context) -> tuple[ValueMatch, ...]:
    """The values that the context found, and those that a column holds in code or spells otherwise."""
    return (*context.values, *further_spellings(context), *_coded(question, context))


def is_of_sex(name: str) -> bool:
    """Whether a column holds whether somebody is a woman or a man, by its name."""
    return bool(set(name_words(name)) & SEX_COLUMNS)


def _coded(question: str, context: Context) -> Iterator[ValueMatch]:
    words = {t.lower for t in tokenize(question) if t.kind == "word"}
    said = [(w, letter) for letter, ways in SEXES.items() for w in sorted(ways & words)]
    known = {(v.phrase.casefold(), v.column) for v in context.values}
    for card in context.cards if said else ():
        for column in card.columns:
            ref = ColumnRef(card.ref, column.name)
            top = column.profile.top if column.profile is not None else ()
            if not is_of_sex(column.name) or len(top) > FEW:
                continue
            for word, letter in said:
                found = [(v, n) for v, n in top if v.casefold() in SPELLED[letter]]
                if len({v.casefold() for v, _ in found}) == 1 and (word, ref) not in known:
                    yield from (ValueMatch(word, ref, v, "stemmed", n, SURE) for v, n in found)

"""Countries that a column spells in several ways: `USA`, `US` and `United States` are one country."""

from collections.abc import Iterator
from dataclasses import replace

from gnomon.domain.catalog import CardColumn
from gnomon.domain.context import Context, ValueMatch
from gnomon.models.grounded.words import name_words

COUNTRY = frozenset({"country", "nation"})
SPELLINGS = tuple(
    frozenset(line.split("|"))
    for line in (
        "us|usa|u.s.|u.s.a.|united states|united states of america|america",
        "uk|gb|gbr|united kingdom|great britain",
        "uae|ae|are|united arab emirates", "ar|arg|argentina", "at|aut|austria", "au|aus|australia",
        "be|bel|belgium", "br|bra|brazil", "ca|can|canada", "ch|che|switzerland", "cn|chn|china",
        "cz|cze|czechia|czech republic", "de|deu|germany", "dk|dnk|denmark", "es|esp|spain",
        "fi|fin|finland", "fr|fra|france", "gr|grc|greece", "hr|hrv|croatia", "hu|hun|hungary",
        "ie|irl|ireland", "in|ind|india", "it|ita|italy", "jp|jpn|japan",
        "kr|kor|south korea|republic of korea", "lu|lux|luxembourg", "mx|mex|mexico",
        "nl|nld|netherlands|the netherlands|holland", "no|nor|norway", "nz|nzl|new zealand",
        "pl|pol|poland", "pt|prt|portugal", "ro|rou|romania", "ru|rus|russia|russian federation",
        "se|swe|sweden", "sg|sgp|singapore", "si|svn|slovenia", "sk|svk|slovakia", "tr|tur|turkey|türkiye",
        "ua|ukr|ukraine", "vn|vnm|vietnam|viet nam", "za|zaf|south africa",
    )
)  # fmt: skip
"""Names and codes of ISO 3166-1, and what else the same country is commonly called, in lower case."""

_BY_SPELLING = {spelling: spellings for spellings in SPELLINGS for spelling in spellings}


def is_same_country(one: str, other: str) -> bool:
    """Whether two values spell one country in two ways."""
    return other.casefold() in _BY_SPELLING.get(one.casefold(), ())


def further_spellings(context: Context) -> Iterator[ValueMatch]:
    """What else the columns that hold a country hold for the same one."""
    known = {(v.column, v.value) for v in context.values}
    for match in context.values:
        card = context.card(match.column.table)
        column = card.column(match.column.column) if card is not None else None
        sure = match.kind in ("exact", "folded") and match.value.casefold() in _BY_SPELLING
        for value, rows in _held(column) if sure and column is not None else ():
            if is_same_country(match.value, value) and (match.column, value) not in known:
                yield replace(match, value=value, rows=rows, kind="folded", score=min(match.score, 0.95))


def _held(column: CardColumn) -> tuple[tuple[str, int], ...]:
    named = bool(COUNTRY & set(name_words(column.name)))
    return column.profile.top if named and column.profile is not None else ()

"""Words of questions and of names: tokens, lemmas, stems."""

import re
from dataclasses import dataclass
from functools import lru_cache

TOKEN = re.compile(
    r"""(?P<quoted>"[^"]{1,200}"|“[^”]{1,200}”|(?<![\w])'[^']{1,200}'(?![\w]))
    |(?P<date>\d{4}-\d{2}-\d{2})
    |(?P<number>(?:(?<![\w)])-)?[$€£]?\d+(?:,\d+)*(?:\.\d+)?(?:%|[kKmM]\b)?)
    |(?P<word>[^\W\d_]+(?:[_.&][^\W_]+|[-'’][^\W\d_]+)*[\d]*|\w+)
    |(?P<mark>[^\s\w])""",
    re.VERBOSE,
)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
SEPARATORS = re.compile(r"[\W_]+")
SHORT_NAME = re.compile("([a-z]{1,2})name")

IRREGULAR = {
    "people": "person", "persons": "person", "children": "child", "men": "man", "women": "woman",
    "feet": "foot", "teeth": "tooth", "mice": "mouse", "geese": "goose", "criteria": "criterion",
    "indices": "index", "matrices": "matrix", "analyses": "analysis", "bases": "base", "movies": "movie",
    "series": "series", "species": "species", "status": "status", "address": "address", "bus": "bus",
    "gas": "gas", "campus": "campus", "businesses": "business", "houses": "house", "lives": "life",
    "wives": "wife", "leaves": "leaf", "shelves": "shelf", "bought": "buy",
    "paid": "pay", "taught": "teach", "written": "write", "wrote": "write", "driven": "drive",
    "hours": "hour", "ids": "id", "cookies": "cookie", "ties": "tie", "news": "news",
    "has": "have", "had": "have",
}  # fmt: skip

ABBREVIATIONS = {
    "num": "number", "no": "number", "nr": "number", "qty": "quantity", "amt": "amount",
    "desc": "description",
    "addr": "address", "dept": "department", "dep": "department", "emp": "employee", "cust": "customer",
    "prod": "product", "acct": "account", "org": "organization", "loc": "location", "cnt": "count",
    "avg": "average", "pct": "percent", "yr": "year", "tel": "phone", "fname": "first name",
    "lname": "last name", "dob": "date of birth", "lat": "latitude", "long": "longitude", "lng": "longitude",
    "msg": "message", "cat": "category", "mgr": "manager", "dest": "destination", "src": "source",
    "qtr": "quarter", "stu": "student", "advisor": "advisor", "min": "minimum", "max": "maximum",
}  # fmt: skip


ADDITIVE = frozenset(
    {
        "revenue",
        "sale",
        "amount",
        "cost",
        "spend",
        "unit",
        "quantity",
        "profit",
        "income",
        "expense",
        "discount",
    }
    | {"tax", "fee", "turnover", "total", "budget", "volume", "earning", "margin", "refund", "payment"}
    | {"mrr", "gmv"}
)
"""Last words of columns whose values people add up without saying so."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number, date, quoted phrase or mark of the question.

    Args:
        text: As written, quotes removed.
        lemma: Lower case, singular.
        kind: `word`, `number`, `date`, `quoted` or `mark`.
    """

    text: str
    lemma: str
    kind: str

    @property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()


def tokenize(question: str) -> tuple[Token, ...]:
    """Split a question; a possessive 's is dropped, a quoted phrase stays one token."""
    text = re.sub(r"(?<=\w)['’]s\b", "", question).replace("’", "'")
    text = re.sub(r"\b(do|does|did|is|are|was|were|has|have|had)n't\b", r"\1 not", text, flags=re.IGNORECASE)
    return tuple(_token(m) for m in TOKEN.finditer(text))


def _token(match: re.Match[str]) -> Token:
    kind = match.lastgroup or "mark"
    text = match.group()
    if kind == "quoted":
        return Token(text[1:-1], text[1:-1].casefold(), kind)
    return Token(text, lemma(text) if kind == "word" else text, kind)


@lru_cache(maxsize=8192)
def lemma(word: str) -> str:
    """The singular, lower-case form of an English noun; other words come back in lower case."""
    low = word.lower()
    if low in IRREGULAR:
        return IRREGULAR[low]
    if len(low) <= 3 or low.endswith(("ss", "us", "is", "ous")):
        return low
    if low.endswith("ies") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return low[:-2]
    return low[:-1] if low.endswith("s") else low


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A crude stem that brings verb forms and nouns together: `ordered` and `orders` give `order`."""
    base = lemma(word)
    for ending in ("ing", "ed"):
        if base.endswith(ending) and len(base) - len(ending) >= 3:
            base = base[: -len(ending)]
            if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "sl":
                base = base[:-1]
            break
    return base[:-1] if base.endswith("e") and len(base) > 3 else base


@lru_cache(maxsize=16384)
def name_words(name: str) -> tuple[str, ...]:
    """The lemmas of a table's or column's name: `customerIDs` gives `customer`, `id`."""
    spaced = CAMEL.sub(" ", name)
    words: list[str] = []
    for part in SEPARATORS.split(spaced):
        if part:
            words += ABBREVIATIONS.get(part.lower(), lemma(part)).split()
    return tuple(words)


def is_short_name(column: str, table: str) -> bool:
    """Whether a column is called a name by the first letters of its table: `bname` of a bank."""
    short = SHORT_NAME.fullmatch(column.lower())
    return short is not None and any(w.startswith(short[1]) for w in name_words(table))


ENDINGS = (
    "ation", "ition", "anc", "enc", "ment", "ship", "sion", "tion", "ion", "ity", "iv", "or", "er", "e",
    "al", "ant", "ent",
)  # fmt: skip
"""Endings by which a noun and a verb of one root differ."""

MIN_ROOT = 4


@lru_cache(maxsize=8192)
def root(word: str) -> str:
    """What a verb and the nouns made of it have in common: `director` and `directed` give `direct`."""
    base = stem(word)
    long = len(base) - MIN_ROOT
    ending = next((e for e in ENDINGS if len(e) <= long and base.endswith(e)), "")
    base = base.removesuffix(ending)
    if len(base) > MIN_ROOT and base[-1] == base[-2]:
        base = base[:-1]
    return base[:-1] + "i" if base.endswith("y") else base

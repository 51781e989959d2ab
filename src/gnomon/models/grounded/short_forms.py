"""Short forms of everyday words in the names of columns: `wt` of weight, `lic` of licence, `dest`, `amt`."""

from functools import lru_cache
from typing import Literal

from gnomon.models.grounded.words import ABBREVIATIONS, lemma, stem

Likeness = Literal["same", "listed", "likely", "guessed"]
"""How a part of a name is a word: that word, its only listed short form, one of several, or like one."""

_LISTED = """
acct account|addr address|adm admission|agmt agreement|agt agent|amt amount|appt appointment
asst assistant|avail available availability|avg average|bal balance|bday birthday|bldg building
capt captain|cat category|catg category|cd code|cert certificate|chan channel|chg charge change
chk check|clm claim|cls class|cnt count|cntry country|coll collection|comm commission|compl completion
cons consumption|contr contract contribution|conv conversion|ctry country|curr currency current
cust customer|decl declared|ded deduction deductible|deliv delivery|depr depreciation|dept department
desc description|dest destination|diag diagnosis|diff difference|discnt discount|dist distance district
div division dividend|dlv delivery|drv driver|dst destination|dt date|dur duration
eff effective efficiency|elev elevation|emp employee|equip equipment|fac facility|freq frequency
grp group|hgt height|hosp hospital|hum humidity|ins insurance|insp inspection|instr instructor
inv invoice inventory|lang language|len length|lic licence|lim limit|lvl level|maint maintenance
manuf manufacturer|mfr manufacturer|mgmt management|mgr manager|mkt market|mtg meeting mortgage
nat nationality|nbr number|nm name|num number|occ occupation occupancy|ofc office|org organization
orig origin original|pax passenger|perf performance|phn phone|pkg package|pmnt payment|pmt payment
prc price|prec precipitation|prem premium|prev previous|prio priority|proj project|purch purchase
pwr power|qlty quality|qtr quarter|qty quantity|rcpt receipt recipient|rcvr receiver|recip recipient
recv received|reg region registration|regn region registration|resp response|retd returned|rtg rating
sal salary|sched schedule|seg segment|sess session|sgmt segment|shpg shipping|spd speed|stn station
stu student|subj subject|supp supplier|surch surcharge|svc service|sz size|tel phone telephone
tgt target|tot total|trans transaction|transp transport|trx transaction|txn transaction|univ university
usr user|util utilization|val value|veh vehicle|vel velocity|vend vendor|vol volume|wdth width
wgt weight|whs warehouse|wk week|wt weight|yr year
"""
_AMBIGUOUS = """
cap capacity|co company|del delivery|dep deposit departure department|dir director direction
disc discount|doc document doctor|edu education|est estimated established|exp expense expiry experience
ext extension|inc income|ind industry|lat latitude|loc location|lon longitude|mod model|ord order
own owner|pop population|pos position|prod product production|prof profession profit
prov province provider|pub publisher|rec received|ref reference|rep representative|req request
res reservation|ret return|rev revenue|sect section sector|spec specialty|sta station|stat status
std standard|str street|sub subscription|tech technician|temp temperature|typ type
"""
"""Short forms that are words, or short for much else: what they stand for is said in the answer."""

_SPELLED = (
    "licence license|centre center|colour color|cheque check|catalogue catalog|programme program"
    "|grey gray|gender sex"
)
_VOWELS = frozenset("aeiou")
MIN_SKELETON = 3
MIN_BEGINNING = 3


def _entries(text: str) -> dict[str, tuple[str, ...]]:
    entries = (e.split() for line in text.strip().splitlines() for e in line.split("|"))
    return {short: tuple(map(stem, full)) for short, *full in entries}


_SURE = _entries(_LISTED)
_LIKELY = _entries(_AMBIGUOUS)
_SPELLINGS = {stem(a): stem(b) for a, b in (pair.split() for pair in _SPELLED.split("|"))}


@lru_cache(maxsize=8192)
def spelled_out(part: str) -> frozenset[str]:
    """Stems of what a part of a name, in lower case, is or may be short for."""
    stemmed = stem(part)
    alike = {other for pair in _SPELLINGS.items() if stemmed in pair for other in pair}
    return frozenset({stemmed, *alike, *_SURE.get(part, ()), *_LIKELY.get(part, ())})


def likeness(part: str, word: str) -> Likeness | None:
    """How a part of a name, in lower case, stands for a word of a question; None where it does not."""
    return _likeness(part, lemma(word))


def is_skeleton(part: str, word: str) -> bool:
    """Whether the part is all the consonants of a word, and that is no accident: `drvr` of driver."""
    letters = [letter for letter in lemma(word)[1:] if letter not in _VOWELS]
    return part[1:] == "".join(letters) and len(part) >= MIN_SKELETON


@lru_cache(maxsize=8192)
def _likeness(part: str, word: str) -> Likeness | None:
    said = _plain(stem(word))
    full = (stem(part), stem(ABBREVIATIONS.get(part, part)))
    if stem(word) in full or said in map(_plain, full):
        return "same" if stem(word) in full else "listed"
    listed = _SURE.get(part, ())
    if said in map(_plain, listed):
        return "listed" if len(listed) == 1 else "likely"
    if said in map(_plain, _LIKELY.get(part, ())):
        return "likely"
    return "guessed" if part not in _SURE and _is_skeleton(part, word) else None


def _plain(stemmed: str) -> str:
    """One spelling of words that are written in two ways, or that mean the same in any name."""
    return _SPELLINGS.get(stemmed, stemmed)


def _is_skeleton(part: str, word: str) -> bool:
    """Whether the part is the first letter of a word and consonants of it in order: `wrhs` of warehouse."""
    if len(part) < MIN_SKELETON or len(word) < len(part) + 2 or part[0] != word[0] or _VOWELS & set(part[1:]):
        return False
    rest = iter(word[1:])
    return part.isalpha() and all(letter in rest for letter in part[1:])


def begins(part: str, word: str) -> bool:
    """Whether the part is how a longer word begins, up to a consonant: `contr` of contractor."""
    long = len(word) >= len(part) + 2 and len(part) >= MIN_BEGINNING
    return long and word.startswith(part) and part[-1] not in _VOWELS

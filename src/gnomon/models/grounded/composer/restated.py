"""Words without a role that say again what the reading says: `zip code` of a column `zip`, `each one`.

Each rule excuses a word only where the reading does what the word says, so that the same word still stops a
reading that does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.composer.slots import Option, Question
from gnomon.models.grounded.linking import NAME
from gnomon.models.grounded.people import PERSONS, are_people
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem

HEADS = frozenset(
    {
        "number",
        "code",
        "value",
        "type",
        "status",
        "title",
        "detail",
        "amount",
        "figure",
        "score",
        "information",
    }
    | {"info", "record", "data", "attribute", "field", "column", "property", "level"}
)
"""Said right behind a column, these only say what kind of thing it holds: `phone numbers`."""

MEASURES = frozenset({"number", "amount", "value", "quantity"})
"""Said with `of` before what is counted or measured: `the largest amount of courses`."""

NUMBERING = frozenset(stem(w) for w in ("number", "count", "amount", "quantity", "total"))
"""In the name of a column that holds numbers of things: `room_count` is the number of rooms."""

EVERYTHING = frozenset({"information", "details", "info", "everything", "records", "record", "data"})
"""Words by which a question asks for all columns."""

HAPPENED = frozenset({"made", "placed", "held", "taken", "done", "recorded", "created", "given", "conducted"})
"""Said of rows at the end of a phrase, these only say that there are such rows: `bookings made`."""

MOMENTS = frozenset({"year", "date", "time", "day"})
"""Said right behind a column that holds such, as `founded`, they only say so."""

MEMBERS = frozenset({"members", "member", "items", "item", "records", "instances", "entries"})
"""Said right behind the name of a table, these are its rows."""

OF_GROUPS = frozenset({"members", "member"})
STAFF = frozenset({"faculty", "crew"})
WHOLE = frozenset({"full", "complete"})
SEXES = {"female": "f", "females": "f", "male": "m", "males": "m"}
SEX_NAMES = frozenset({"sex", "gender"})


@dataclass(frozen=True, slots=True)
class _Said:
    """A word in its place, and the reading that is to explain it."""

    question: Question
    roles: Mapping[int, Option]
    reading: Reading
    at: int

    @property
    def item(self) -> Item:
        """The item in its place."""
        return self.question.items[self.at]

    @property
    def word(self) -> str:
        """Its text in small letters."""
        return self.item.text.lower()

    def before(self) -> int | None:
        """The nearest position before it whose item is no filling word."""
        found = [i for i in range(self.at) if not self.question.items[i].is_cue("fill")]
        return found[-1] if found else None

    def after(self) -> int | None:
        """The nearest position behind it whose item is no filling word."""
        rest = range(self.at + 1, len(self.question.items))
        return next((i for i in rest if not self.question.items[i].is_cue("fill")), None)

    def beside(self) -> int | None:
        """The position right before it, where that has a role."""
        return self.at - 1 if self.at - 1 in self.roles else None


def restated(question: Question, roles: Mapping[int, Option], reading: Reading) -> frozenset[int]:
    """Positions of words without a role that the reading says as well."""
    open_ = [
        _Said(question, roles, reading, at)
        for at, item in enumerate(question.items)
        if at not in roles
        and (item.kind in ("unknown", "number") or item.is_cue("or", "count", "time_group"))
    ]
    return frozenset(said.at for said in open_ if any(rule(said) for rule in RULES))


def _is_head(said: _Said) -> bool:
    """`zip code`, `phone numbers`: a column, and what kind of thing it holds."""
    beside = said.beside()
    option = said.roles[beside] if beside is not None else None
    return stem(said.word) in {stem(h) for h in HEADS} and option is not None and option.ref is not None


def _is_moment(said: _Said) -> bool:
    """`founded year`, `creation year` of a column `founded` that holds years."""
    beside = said.beside()
    option = said.roles[beside] if beside is not None else None
    if said.word not in MOMENTS or option is None or option.ref is None:
        return False
    schema = said.question.schema
    profile = schema.column(option.ref).profile
    years = said.word == "year" and profile is not None and _in_years(profile.low) and _in_years(profile.high)
    return years or schema.is_temporal(option.ref)


def _in_years(text: str | None) -> bool:
    return text is not None and text[:4].isdigit() and "1000" <= text[:4] <= "2999" and len(text) == 4


def _is_member(said: _Said) -> bool:
    """`faculty members`, `calendar items`: rows of a table that is named right before."""
    beside = said.beside()
    option = said.roles[beside] if beside is not None else None
    if said.word not in MEMBERS or option is None or option.ref is not None or option.role == "skip":
        return False
    # Members of a team are people, and its rows are teams.
    called = name_words(option.table.name)[-1] if option.table is not None else ""
    people = option.table is not None and are_people(said.question.schema, option.table)
    return said.word not in OF_GROUPS or people or called in PERSONS | STAFF


def _is_often(said: _Said) -> bool:
    """`the method that is used most frequently`: how often something stands in the rows is counted."""
    after = said.after()
    follows = after is not None and said.question.items[after].is_cue("common")
    return said.word == "used" and follows and said.reading.order is not None


def _is_measure(said: _Said) -> bool:
    """`the amount of money requested`: what follows is measured or counted."""
    after = said.after()
    follows = said.at + 1 < len(said.question.items) and said.question.items[said.at + 1].text.lower() == "of"
    option = said.roles.get(after) if after is not None else None
    if said.word not in MEASURES or not follows or option is None:
        return False
    if option.ref is not None:
        return said.question.schema.is_numeric(option.ref)
    return option.role.partition(":")[0] in ("count", "top", "order", "having")


def _is_times(said: _Said) -> bool:
    """`more than 3 times`, `the most times`: the reading counts rows."""
    before, after = said.before(), said.after()
    if said.word not in ("times", "time") or before is None or not _counts(said.reading):
        return False
    if after is not None and said.question.items[after].text.lower() in ("as", "more", "the"):
        return False
    item = said.question.items[before]
    bound = before in said.roles and said.roles[before].role.startswith("having")
    return bound or item.is_cue("superlative") or item.text.lower().endswith("number of")


def _counts(reading: Reading) -> bool:
    counted = any(t.aggregate == "count" for t in reading.targets)
    ordered = reading.order is not None and (
        reading.order.linked is not None
        or (reading.order.target is not None and reading.order.target.aggregate == "count")
    )
    return counted or ordered or reading.having is not None or any(k.count for k in reading.linked)


def _is_one(said: _Said) -> bool:
    """`at least one order`, where there must be some; `each one`, `the youngest one`."""
    before = said.before()
    if said.word not in ("one", "ones") or before is None:
        return False
    cue = said.question.items[before].cue
    if cue is None:
        return False
    if cue.kind == "compare" and cue.value == ">=":
        return any(k.operator == "exists" for k in said.reading.linked)
    return (
        cue.kind in ("each", "superlative", "common") or said.question.items[before].text.lower() == "which"
    )


def _is_in_a_name(said: _Said) -> bool:
    """`states or counties` of a column `state_county`."""
    if not said.item.is_cue("or"):
        return _beside_such_or(said)
    return _one_name(said)


def _one_name(said: _Said) -> bool:
    before, after = said.before(), said.after()
    if before is None or after is None:
        return False
    named = [said.roles[at] for at in (before, after) if at in said.roles]
    spoken = {stem(w) for at in (before, after) for w in name_words(said.question.items[at].text)}
    return any(spoken <= _words(o.ref or o.table) for o in named)


def _beside_such_or(said: _Said) -> bool:
    near = [at for at in (said.before(), said.after()) if at is not None]
    ors = [at for at in near if said.question.items[at].is_cue("or")]
    return any(_one_name(_Said(said.question, said.roles, said.reading, at)) for at in ors)


def _words(named: ColumnRef | TableRef | None) -> set[str]:
    if named is None:
        return set()
    return {stem(w) for w in name_words(named.column if isinstance(named, ColumnRef) else named.name)}


def _is_everything(said: _Said) -> bool:
    """`all information about courses`, where every column is shown."""
    if said.word not in EVERYTHING:
        return False
    shown = {t.ref for t in said.reading.targets if t.aggregate is None}
    tables = {t.table for t in said.reading.targets}
    cards = [said.question.schema.card(t) for t in tables]
    return any({ColumnRef(c.ref, column.name) for column in c.columns} <= shown for c in cards)


def _is_whole(said: _Said) -> bool:
    """`full names`, where both parts of a name are shown or there is but one."""
    after = said.at + 1
    if said.word not in WHOLE or after >= len(said.question.items):
        return False
    if stem(said.question.items[after].text.split()[-1]) != NAME:
        option = said.roles.get(after)
        return option is not None and option.ref is not None and option.role == "show"
    shown = {t.ref for t in said.reading.targets}
    labels = {t: said.question.schema.label(t) for t in {t.table for t in said.reading.targets}}
    return any({ColumnRef(table, c) for c in label} <= shown for table, label in labels.items())


def _is_sex(said: _Said) -> bool:
    """`female (sex F)`: the reading asks for that sex."""
    letter = SEXES.get(said.word)
    return letter is not None and any(
        c.operator == "="
        and set(name_words(c.column.column)) & SEX_NAMES
        and str(c.values[0]).lower()[:1] == letter
        for c in said.reading.conditions
    )


def _is_number_of(said: _Said) -> bool:
    """`the number of rooms`, where a column `room_count` holds it."""
    after = said.after()
    option = said.roles.get(after) if after is not None else None
    return said.item.is_cue("count") and option is not None and bool(_words(option.ref) & NUMBERING)


def _is_yet(said: _Said) -> bool:
    """`have no bookings yet`."""
    lacks = any(k.operator == "not exists" for k in said.reading.linked)
    return said.word == "yet" and (lacks or any(t.negated for t in said.reading.tests))


def _happened(said: _Said) -> bool:
    """`bookings made`: nothing follows that the word could relate them to."""
    before, after = said.before(), said.after()
    ends = after is None or said.question.items[after].kind == "cue"
    option = said.roles.get(before) if before is not None else None
    return said.word in HAPPENED and ends and option is not None and option.ref is None


RULES: tuple[Callable[[_Said], bool], ...] = (
    _is_head, _is_measure, _is_times, _is_one, _is_in_a_name, _is_everything, _is_whole, _is_sex,
    _is_number_of, _is_yet, _happened, _is_moment, _is_member, _is_often,
)  # fmt: skip

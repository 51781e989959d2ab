"""People who are asked for without saying rows of what they are: `how many women are registered?`, `who`.

Whoever asks `who` asks for people. The rows that a question names may be what they did (`who placed the first
order`) or where they are (`who is at Elm Street`), and are then no answer.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.coded import is_of_sex
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words, root, stem

NOUNS = frozenset({"women", "men", "females", "males"})
SCORE = 0.9
OF_PEOPLE = frozenset(
    {"birth", "birthdate", "birthday", "born", "dob", "age", "surname", "forename", "email"}
)
NAMES = frozenset({"first", "last", "full", "given", "family", "middle"})
BEING = frozenset({"is", "are", "was", "were"})
"""Behind `who` these ask for the very rows that are named: `who are our customers?`."""

PLACING = frozenset(
    {"in", "on", "at", "of", "for", "from", "to", "with", "by", "behind", "under", "inside", "near", "about"}
)
"""Between `is` and a noun these say where people are, or what they are tied to: `who is on delivery 5`."""

PERSONS = frozenset(
    word
    for line in (
        "actor actress adjuster adviser advisor agent alumnus analyst applicant artist assistant athlete",
        "attendee attorney author barber batter borrower boss boxer breeder broker buyer candidate",
        "captain caregiver cashier celebrity chairman chairperson chef chief child citizen clerk client",
        "club coach company competitor composer conductor consultant contact contestant contractor cook",
        "courier creditor crew critic customer cyclist dancer dealer dean debtor dentist developer",
        "director doctor donor driver editor electrician employee engineer entrant farmer father freshman",
        "friend golfer governor graduate grower guard guest gymnast head highschooler holder host hostess",
        "human husband individual instructor insured insurer investor journalist judge keeper king lawyer",
        "leader learner lecturer lender man manager mayor mechanic member mentor merchant minister mother",
        "musician nurse officer organisation organiser organization organizer owner painter parent",
        "participant partner passenger patient payee payer people performer person personnel pharmacist",
        "physician pilot pitcher player plumber poet policyholder politician president principal producer",
        "professor programmer publisher pupil purchaser queen racer recipient referee rep reporter",
        "representative researcher resident reviewer rider runner sailor scholar scientist secretary",
        "seller senator sender shareholder shopper sibling singer skater skier soldier sponsor staff",
        "student subscriber supervisor supplier surgeon swimmer teacher team teammate technician tenant",
        "therapist tourist trader trainer traveler traveller tutor umpire user vendor vet veterinarian",
        "visitor volunteer voter waiter waitress wife winner woman worker wrestler writer",
    )
    for word in line.split()
)
"""Nouns for whoever does or has something, in the singular; who won a cup may be a team."""


def name_people(items: list[Item], schema: Schema) -> bool:
    """Put the noun behind `women` where one table alone holds people of a sex; whether there are any.

    Nothing is put there where that table is named: `patients who are women`.
    """
    for at, item in enumerate(items):
        if item.kind != "value" or item.text.lower() not in NOUNS or not item.values:
            continue
        tables = {v.column.table for v in item.values if is_of_sex(v.column.column)}
        others = [v for v in item.values if not is_of_sex(v.column.column)]
        if len(tables) != 1 or others or _named(items) & tables or not are_people(schema, *tables):
            continue
        items.insert(at + 1, Item("name", item.text, links=(Link(next(iter(tables)), None, SCORE),)))
        return True
    return False


def doubted_who(reading: Reading, draft: Draft) -> Iterator[str]:
    """`who placed the first order` and `who is at Elm Street`, of a reading that shows orders."""
    words = [w for item in draft.items[:3] for w in item.text.lower().split()]
    if words[:1] != ["who"] or reading.kin is not None:
        return
    being = bool(set(words[1:2]) & BEING)
    done_to = next((t for item in draft.items[1:] if (t := draft.as_table(item)) is not None), None)
    shown = _shown(reading)
    # `who earns the most among officers` is one of these.
    among = any("among" in item.text.lower().split() for item in draft.items)
    done = not being and not among and done_to == reading.base and shown <= {done_to}
    columns = set(_columns(reading))
    # The number by which a row refers to somebody tells nobody who that is.
    numbered = bool(columns) and all(draft.schema.is_key(c) for c in columns)
    if done or numbered or not any(_may_be_who(table, reading, draft, being=being) for table in shown):
        yield "who"


def _shown(reading: Reading) -> set[TableRef]:
    """The tables of whose rows or columns something is shown."""
    shown = {*(t.table for t in reading.targets), *(g.column.table for g in reading.groups)}
    if reading.group_by_entity is not None:
        shown.add(reading.group_by_entity)
    return shown or {reading.base}


def _may_be_who(table: TableRef, reading: Reading, draft: Draft, *, being: bool) -> bool:
    called = name_words(table.name)[-1]
    # `supplier` is made of `supplies`, and whoever does it; an order is not who orders.
    does = called.endswith(("er", "or")) and root(called) != stem(called) and root(called) in _verbs(draft)
    if are_people(draft.schema, table) or called in PERSONS or does:
        return True
    mine = {c for c in _columns(reading) if c.table == table}
    asked = being and (_is_asked_for(draft, table) or _is_asked_for(draft, mine))
    return asked or any(_names_somebody(c, draft.schema) for c in mine)


def _verbs(draft: Draft) -> set[str]:
    """Roots of the words that name no table and are no value: `supplies`, which suppliers do."""
    others = (i for i in draft.items if i.kind in ("cue", "name", "unknown") and draft.as_table(i) is None)
    return {root(w) for item in others for w in name_words(item.text)}


def _columns(reading: Reading) -> Iterator[ColumnRef]:
    """The columns that are shown as they are."""
    yield from (t.ref for t in reading.targets if t.ref is not None and t.aggregate is None)
    yield from (g.column for g in reading.groups)


def _names_somebody(column: ColumnRef, schema: Schema) -> bool:
    """`manager_name`, `sold_by`, `captain`: a text that is no name or state of the row itself."""
    words = name_words(column.column)
    own = set(name_words(column.table.name))
    several = words[-1:] == ("name",) and set(words[:-1]) - own
    return schema.column(column).column.kind == "text" and bool(
        several or words[-1:] == ("by",) or {lemma(w) for w in words} & PERSONS - own
    )


def _is_asked_for(draft: Draft, asked: TableRef | set[ColumnRef]) -> bool:
    """`who are our suppliers`: the noun stands behind `is`, with nothing between that leads elsewhere."""
    for item in draft.items[1:]:
        words = item.text.lower().split()
        if any(w in PLACING or is_done(w) for w in words):
            return False
        if item.kind == "name":
            columns = {k.ref for k in item.links if not k.is_table}
            return bool(columns & asked) if isinstance(asked, set) else draft.as_table(item) == asked
    return False


def are_people(schema: Schema, table: TableRef) -> bool:
    """Whether rows are people, and not what is made for them: shoes have a gender too."""
    if table not in schema.tables():
        return False
    words = [set(name_words(c.name)) for c in schema.card(table).columns]
    return any(w & OF_PEOPLE or ("name" in w and w & NAMES) for w in words)


def _named(items: list[Item]) -> set[TableRef]:
    return {k.table for i in items for k in i.links if k.is_table}

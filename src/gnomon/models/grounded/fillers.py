"""Words that change nothing where they stand: `still open`, `done for us`, `crew members`, `email address`.

Each is passed over only there: `us` may be a country, and members of a team are not the team.
"""

from collections.abc import Callable, Sequence

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.composer.outcomes import undone_by
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.people import are_people
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words

EXACT = ("exact", "folded")
STILL = "still"
US = "us"
DONE_FOR = frozenset({"for", "with"})
MEMBERS = frozenset({"member", "members"})
SCORE = 0.9

ADDRESSES = {"address": frozenset({"email", "mail"}), "addresses": frozenset({"email", "mail"})}
"""What a column may be called that holds what a word behind its name says."""

GOT, WILL, ASSIGNED = "got", "will", "assigned"
WORDS = frozenset({STILL, US, GOT, WILL, ASSIGNED, *MEMBERS, *ADDRESSES})


def pass_over(items: Sequence[Item], schema: Schema) -> None:
    """Let such words fill, and let `Gold members` be the people of whom a value is said."""
    open_ = [at for at, item in enumerate(items) if item.kind == "unknown" and item.text in WORDS and at]
    for at in open_:
        if any(rule(items, at, schema) for rule in RULES):
            items[at].kind, items[at].cue = "cue", Cue("fill")
        elif items[at].text in MEMBERS and (people := _said_of(items[at - 1], schema)) is not None:
            items[at].kind, items[at].links = "name", (Link(people, None, SCORE),)
            items[at].meant = people.name


def _is_still(items: Sequence[Item], at: int, schema: Schema) -> bool:
    """`complaints that are still open`: a state or a flag is said of what is now."""
    behind = items[at + 1] if at + 1 < len(items) else None
    if items[at].text != STILL or behind is None:
        return False
    first = behind.links[0] if behind.kind == "name" and behind.links else None
    flag = first is not None and not first.is_table and schema.is_flag(first.ref)
    return flag or (behind.kind == "value" and any(v.kind in EXACT for v in behind.values))


def _is_us(items: Sequence[Item], at: int, schema: Schema) -> bool:
    """`who did a job for us`; goods may be from a country called so."""
    return items[at].text == US and items[at - 1].text.lower() in DONE_FOR


def _is_member(items: Sequence[Item], at: int, schema: Schema) -> bool:
    """`crew members`, where rows of `crew` are people."""
    first = items[at - 1].links[0] if items[at - 1].kind == "name" and items[at - 1].links else None
    return (
        items[at].text in MEMBERS and first is not None and first.is_table and are_people(schema, first.table)
    )


def _is_address(items: Sequence[Item], at: int, schema: Schema) -> bool:
    """`an email address` of a column `email`."""
    before = items[at - 1]
    columns = {k.column for k in before.links if k.column is not None} if before.kind == "name" else set()
    named = {w for column in columns for w in name_words(column)}
    return bool(named & ADDRESSES.get(items[at].text, frozenset()))


def _is_got(items: Sequence[Item], at: int, schema: Schema) -> bool:
    """`got a discount`, but no `got a loan`, where some loans were refused."""
    behind = next((i for i in items[at + 1 :] if not i.is_cue("fill", "distinct", "compare")), None)
    tables = {k.table for k in behind.links if k.is_table} if behind is not None else set()
    known = tables & set(schema.tables())
    return items[at].text == GOT and behind is not None and not any(any(undone_by(t, schema)) for t in known)


def _said_of(before: Item, schema: Schema) -> TableRef | None:
    """The one table of people of which a value is said."""
    exact = before.kind == "value" and all(v.kind in EXACT for v in before.values)
    tables = {v.column.table for v in before.values} if exact else set()
    people = next(iter(tables)) if len(tables) == 1 else None
    return people if people is not None and are_people(schema, people) else None


def _is_will(items: Sequence[Item], at: int, schema: Schema) -> bool:
    """`will expire next year`: the period says when."""
    return items[at].text == WILL and any(i.kind == "period" for i in items[at + 1 :])


def _is_assigned(items: Sequence[Item], at: int, schema: Schema) -> bool:
    """`without a keeper assigned`, `have no keeper assigned`: what is lacking is what would be."""
    before = [i for i in items[:at] if not i.is_cue("fill")][-2:]
    lacking = len(before) == 2 and before[0].is_cue("without") and before[1].kind == "name"
    return items[at].text == ASSIGNED and lacking


RULES: tuple[Callable[[Sequence[Item], int, Schema], bool], ...] = (
    _is_still, _is_us, _is_got, _is_will, _is_member, _is_address, _is_assigned,
)  # fmt: skip

"""Read questions that join a table to itself: a row, and the one that it refers to.

`employees who earn more than their manager`: the phrase from its noun on becomes one item with a role, and
the rest of the question is read as it would be without it (`employees`). A phrase that fits no form stays
as it is: its words have no place then, and stop the question.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.cues import CUES
from gnomon.models.grounded.draft import AMBIGUITY_MARGIN, Draft
from gnomon.models.grounded.grouping import POSSESSIVES
from gnomon.models.grounded.kin_phrase import Phrase, find_phrase
from gnomon.models.grounded.kin_words import SelfLink, event_dates, self_links
from gnomon.models.grounded.reading import (
    Condition,
    Kin,
    Linked,
    NotRead,
    Operator,
    Ordering,
    Reading,
    Target,
)
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words, stem

WAGES = frozenset({"salary", "wage", "pay", "income", "earning", "compensation"})
ADJECTIVES: dict[str, tuple[str, Operator]] = {
    "older": ("age", ">"), "younger": ("age", "<"), "longer": ("length", ">"), "shorter": ("length", "<"),
    "cheaper": ("price", "<"), "more expensive": ("price", ">"), "heavier": ("weight", ">"),
    "lighter": ("weight", "<"), "taller": ("height", ">"),
}  # fmt: skip
TURNED: dict[Operator, Operator] = {">": "<", "<": ">"}
DEGREES: dict[str, Operator] = {
    "higher": ">", "larger": ">", "greater": ">", "bigger": ">", "more": ">", "longer": ">", "lower": "<",
    "smaller": "<", "less": "<", "shorter": "<", "earlier": "<", "later": ">", "before": "<", "after": ">",
    "exceeds": ">", "is above": ">", "is below": "<", "earlier than": "<", "later than": ">",
    "the same": "=", "different": "<>",
}  # fmt: skip
TEMPORAL = frozenset({"earlier", "later"})
BELONGING = frozenset(
    {
        "belong to",
        "belongs to",
        "belonging to",
        "that belong to",
        "part of",
        "are part of",
        "that are part of",
    }
)
BY_ROLE = frozenset({"each", "counts", "ranked", "below_count"})
"""Forms that say a role without saying whose, so that another table or a value may be meant by it."""

UNSURE_WORD = 0.95
"""How sure an everyday word is, `boss` where the column says `manager`."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a question asks of the rows that rows of a table refer to.

    Args:
        lists: Whether columns of the other row are listed: alone, beside those of the row, or the same ones.
        named: Where they are listed alone, the conditions on the row itself; any other may be said of either.
    """

    link: SelfLink
    kin: Kin | None
    lists: Literal["", "alone", "beside", "same"] = ""
    named: tuple[Condition, ...] = ()


def read_kin(draft: Draft) -> Heard | None:
    """Read the phrase that joins a table to itself, and take its words.

    Raises:
        NotRead: Its words fit, but not the data, or two columns are meant alike.
    """
    links = self_links(draft.schema)
    found = _of_whom(draft, [p for link in links if (p := find_phrase(draft, link)) is not None])
    if not found and (belonging := _read_belonging(draft, links)) is not None:
        return belonging
    if not found:
        _refuse_unread(draft, links)
        _refuse_role_as_value(draft)
        _refuse_verb_of_another(draft)
        return None
    if len(found) > 1:
        refs = tuple(str(p.link.ref) for p in found)
        raise NotRead(f"I cannot tell whether {' or '.join(refs)} is meant.", refs, final=True)
    phrase = found[0]
    _refuse_bare_question(draft)
    _refuse_other_meaning(draft, phrase)
    heard = READERS[phrase.form](draft, phrase)
    phrase.take(draft)
    return heard


def _of_whom(draft: Draft, phrases: list[Phrase]) -> list[Phrase]:
    """The phrases that may be meant: of several, those whose table has the row that is named."""
    phrases = [p for p in phrases if _may_be_meant(draft, p)]
    named = [p for p in phrases if _names_a_row(draft, p)] if len(phrases) > 1 else []
    return named or phrases


def _may_be_meant(draft: Draft, phrase: Phrase) -> bool:
    """Whether the role is no column besides: `per group` where rows have a `group` and a `group_id`."""
    if _is_a_column(phrase):
        return phrase.form.startswith("compared") or _names_a_row(draft, phrase)
    return phrase.form != "over" or _holds(phrase)


def _names_a_row(draft: Draft, phrase: Phrase) -> bool:
    try:
        return bool(phrase.said("who")) and bool(_who(draft, phrase))
    except NotRead:
        return False


def _is_a_column(phrase: Phrase) -> bool:
    roles = (phrase.items[m.at] for m in phrase.marks if m.sign == "R" and m.at in phrase.at())
    own = (k for item in roles for k in item.links if k.table == phrase.link.table and not k.is_table)
    return any(k.column != phrase.link.column and k.score >= 0.9 for k in own)


def _holds(phrase: Phrase) -> bool:
    """`the manager of North` is not a row of employees where North is a shop."""
    values = [v for i in phrase.at("who") for v in phrase.items[i].values]
    return not values or any(v.column.table == phrase.link.table for v in values)


def _refuse_unread(draft: Draft, links: Sequence[SelfLink]) -> None:
    """A referring column that is called like the row it refers to is not listed in place of that row."""
    for link in links:
        words = link.nouns | link.verbs | link.to
        for item in draft.items:
            top = item.links[0] if item.kind == "name" else None
            named = top is not None and (top.table, top.column) == (link.table, link.column)
            said = [w for w in item.text.lower().split() if {lemma(w), stem(w)} & words]
            if named and said and "id" not in item.text.lower().split():
                raise NotRead(
                    f"I cannot tell what is asked of `{item.text}`, a row of {link.table} itself.",
                    (item.text,),
                    final=True,
                )


def _refuse_role_as_value(draft: Draft) -> None:
    """`whose manager`, where `Manager` is a job: the word is said of somebody else than that row."""
    for before, item in pairwise(draft.items):
        owned = before.text.lower() == "whose" or before.text.lower() in POSSESSIVES
        if owned and item.kind == "value" and item.text.islower():
            words = f"{before.text} {item.text}"
            raise NotRead(f"I do not know who or what `{words}` is.", (words,), final=True)


def _refuse_verb_of_another(draft: Draft) -> None:
    """`who report to Ada Moss`, of whom `reports_to` holds a number: her row is not the one asked for."""
    for at in draft.open("name"):
        link, following = draft.items[at].links[0], draft.after(at)
        if link.is_table or name_words(link.ref.column)[-1] not in ("by", "to") or following is None:
            continue
        behind = draft.items[following]
        own = [v.column for v in behind.values if v.column.table == link.table]
        said = behind.kind in ("value", "quoted") and bool(own) and link.ref not in own
        if said or draft.as_table(behind) == link.table:
            words = f"{draft.items[at].text} {behind.text}"
            raise NotRead(f"{link.ref} does not say how `{words}` is meant.", (words,), final=True)


def _refuse_other_meaning(draft: Draft, phrase: Phrase) -> None:
    """`managers` may be those called so in the data; an everyday word is less sure than the column's own."""
    for item in (phrase.items[m.at] for m in phrase.marks if m.sign == "R" and m.at in phrase.at()):
        base = lemma(item.text)
        elsewhere = [
            t for t in draft.schema.tables() if t != phrase.link.table and _speaks_of(draft, t, base)
        ]
        if phrase.form in BY_ROLE and (item.values or elsewhere):
            other = item.values[0].column if item.values else elsewhere[0]
            raise NotRead(
                f"`{item.text}` may be one of {other}, or what {phrase.link.ref} refers to.",
                (item.text,),
                final=True,
            )
        if base in phrase.link.nouns and base not in phrase.link.own and stem(base) not in phrase.link.own:
            draft.assume(f"`{item.text}` is read as what {phrase.link.ref} refers to.", "", UNSURE_WORD)


def _speaks_of(draft: Draft, table: TableRef, word: str) -> bool:
    return any(word in name_words(c.name) for c in draft.schema.card(table).columns)


def _refuse_bare_question(draft: Draft) -> None:
    """`do employees earn more than their manager` may ask for some, for most, or for all."""
    if draft.items[0].text.lower() in ("do", "does", "did", "is", "are", "was", "were"):
        raise NotRead("I cannot tell whether one is enough.", (draft.items[0].text,), final=True)


# -- who is meant -------------------------------------------------------------------------------------


def _who(draft: Draft, phrase: Phrase) -> tuple[Condition, ...]:
    """The conditions that one named row meets: its label, in one column or two, or its key."""
    items = [phrase.items[i] for i in phrase.at("who")]
    number = next((i.number for i in items if i.kind == "number"), None)
    if number is not None:
        key = ColumnRef(phrase.link.table, phrase.link.key)
        if number != int(number) or draft.schema.column(key).column.kind != "integer":
            raise NotRead(f"{key} holds no such number.", (str(number),), final=True)
        return (Condition(key, "=", (int(number),), str(number)),)
    named = [i for i in items if i.kind in ("value", "quoted")]
    found = tuple(_named_row(draft, phrase, i) for i in named)
    if len({c.column for c in found}) != len(found):
        raise NotRead("I cannot tell whose name that is.", tuple(i.text for i in named), final=True)
    return found


def _named_row(draft: Draft, phrase: Phrase, item: Item) -> Condition:
    table = phrase.link.table
    label = draft.schema.label(table)
    known = [v for v in item.values if v.column.table == table and v.column.column in label]
    known = [v for v in known if v.kind in ("exact", "folded")]
    if len({(v.column, v.value) for v in known}) != 1:
        raise NotRead(f"`{item.text}` names no one row of {table}.", (item.text,), final=True)
    match = known[0]
    if match.rows > 1 and len(phrase.at("who")) == 1:
        raise NotRead(f"Several rows of {table} are called `{item.text}`.", (item.text,), final=True)
    return Condition(match.column, "=", (match.value,), item.text)


# -- forms --------------------------------------------------------------------------------------------


def _kin(phrase: Phrase) -> Kin:
    return Kin(phrase.link.column, phrase.link.key, phrase.link.role)


def _state_direct(draft: Draft, phrase: Phrase) -> None:
    column = phrase.link.column
    draft.assume(f"A row counts for the one in its {column}, and for none further up.")


def _read_met(draft: Draft, phrase: Phrase) -> Heard:
    _state_direct(draft, phrase)
    return Heard(phrase.link, replace(_kin(phrase), met=_who(draft, phrase)))


def _read_belonging(draft: Draft, links: Sequence[SelfLink]) -> Heard | None:
    """`depots that belong to Vienna Hub`, itself one: those whose one column for it refers to that row."""
    at = next((i for i, item in enumerate(draft.items) if BELONGING & {item.text.lower()}), None)
    value = draft.after(at) if at is not None else None
    noun = draft.before(at) if at is not None else None
    table = draft.as_table(draft.items[noun]) if noun is not None else None
    own = [link for link in links if link.table == table]
    if at is None or value is None or table is None or len(own) != 1:
        return None
    item, label = draft.items[value], draft.schema.label(table)
    known = {(v.column, v.value) for v in item.values if v.kind in ("exact", "folded")}
    if (
        item.kind not in ("value", "quoted")
        or len(known) != 1
        or any(c.column not in label for c, _ in known)
    ):
        return None
    column, stored = known.pop()
    named = column.table == table and column.column in label and all(v.rows == 1 for v in item.values)
    if not named or draft.after(value) is not None:
        return None
    words = draft.items[at].text
    draft.assume(f"`{words}` is read as {own[0].ref}.")
    draft.take(at, f"rows that {own[0].ref} refers to")
    draft.take(value, f"{column} = '{stored}', of that row")
    met = (Condition(column, "=", (stored,), item.text),)
    return Heard(own[0], Kin(own[0].column, own[0].key, own[0].role, met=met))


def _read_over(draft: Draft, phrase: Phrase) -> Heard:
    named = _who(draft, phrase)
    draft.conditions += named
    return Heard(phrase.link, _kin(phrase), "alone", named)


def _read_compared_by(draft: Draft, phrase: Phrase) -> Heard:
    words = phrase.said("adjective")
    if words in ADJECTIVES:
        column, operator = _by_adjective(draft, phrase, words)
    else:
        wages = [c for c in _numbers(draft, phrase) if WAGES & set(name_words(c.column))]
        column, operator = _only(wages, words), ">" if words.endswith("more") else "<"
    return _compared(draft, phrase, column, operator)


def _by_adjective(draft: Draft, phrase: Phrase, words: str) -> tuple[ColumnRef, Operator]:
    dimension, operator = ADJECTIVES[words]
    table = phrase.link.table
    among = draft.schema.dimension(table, dimension)
    if dimension == "age" and not among:
        among, operator = draft.schema.dimension(table, "birth"), TURNED[operator]
        among = [c for c in among if draft.schema.is_temporal(c) or draft.schema.is_numeric(c)]
        return _only(among, words), operator
    if words == "shorter":
        among = [*among, *draft.schema.dimension(table, "height")]
    return _only([c for c in among if draft.schema.is_numeric(c)], words), operator


def _numbers(draft: Draft, phrase: Phrase) -> list[ColumnRef]:
    refs = [ColumnRef(phrase.link.table, c.name) for c in draft.schema.card(phrase.link.table).columns]
    return [r for r in refs if draft.schema.is_numeric(r)]


def _only(among: Sequence[ColumnRef], words: str) -> ColumnRef:
    if len(among) != 1:
        raise NotRead(f"I cannot tell which column `{words}` compares.", (words,), final=True)
    return among[0]


def _read_compared_column(draft: Draft, phrase: Phrase) -> Heard:
    column, degree = _column(draft, phrase, phrase.item("column")), phrase.said("degree")
    operator = DEGREES[degree]
    dated = draft.schema.is_temporal(column)
    fits = dated if degree in TEMPORAL else draft.schema.is_numeric(column)
    if operator in (">", "<") and not fits:
        raise NotRead(f"{column} is not {degree} than another.", (degree,), final=True)
    return _compared(draft, phrase, column, operator)


def _read_compared_event(draft: Draft, phrase: Phrase) -> Heard:
    word = phrase.item("event").text
    column = _only(event_dates(word, phrase.link.table, draft.schema), word)
    return _compared(draft, phrase, column, DEGREES[phrase.said("degree")])


def _compared(draft: Draft, phrase: Phrase, column: ColumnRef, operator: Operator) -> Heard:
    for group in ("of", "again"):
        if phrase.said(group) and _column(draft, phrase, phrase.item(group)) != column:
            raise NotRead("I compare a column with the same one.", (phrase.item(group).text,), final=True)
    draft.assume(
        f"Rows are compared by {column}; those without one, or without a {phrase.link.role}, are left out."
    )
    return Heard(phrase.link, replace(_kin(phrase), compared=(column.column, operator)))


def _column(draft: Draft, phrase: Phrase, item: Item) -> ColumnRef:
    """The column of the table that an item names."""
    links = [k for k in item.links if k.table == phrase.link.table and not k.is_table]
    best = [k for k in links if links[0].score - k.score < AMBIGUITY_MARGIN]
    if len({k.column for k in best}) != 1 or best[0].ref == phrase.link.ref:
        raise NotRead(f"`{item.text}` is no one column of {phrase.link.table}.", (item.text,), final=True)
    draft.certainty *= 0.5 + best[0].score / 2
    return best[0].ref


def _read_absent(draft: Draft, phrase: Phrase) -> Heard:
    draft.conditions.append(Condition(phrase.link.ref, "null", (), phrase.text))
    return Heard(phrase.link, None)


def _read_present(draft: Draft, phrase: Phrase) -> Heard:
    draft.conditions.append(Condition(phrase.link.ref, "not null", (), phrase.text))
    return Heard(phrase.link, None)


def _read_beside(draft: Draft, phrase: Phrase) -> Heard:
    kin = replace(_kin(phrase), kept=True)
    draft.assume(
        f"Rows of {phrase.link.table} without a {kin.role} are listed too, with nothing beside them."
    )
    if phrase.said("column"):
        column = _column(draft, phrase, phrase.item("column"))
        return Heard(phrase.link, replace(kin, shown=(column.column,)), "beside")
    return Heard(phrase.link, kin, "same" if phrase.said("same") else "beside")


def _read_each(draft: Draft, phrase: Phrase) -> Heard:
    _state_direct(draft, phrase)
    draft.assume(f"Only rows that some {phrase.link.column} refers to are listed.")
    return Heard(phrase.link, replace(_kin(phrase), each=True))


def _read_counts(draft: Draft, phrase: Phrase) -> Heard:
    draft.targets.append(Target(phrase.link.table, None, "count"))
    return _read_each(draft, phrase)


def _read_ranked(draft: Draft, phrase: Phrase) -> Heard:
    number = phrase.item("number").number if phrase.said("number") else 1
    if number is None or number != int(number) or number < 1:
        raise NotRead("I cannot list so many.", (str(number),), final=True)
    falling = not phrase.said("most").startswith(("fewest", "lowest", "smallest"))
    draft.order = Ordering(falling, Target(phrase.link.table, None, "count"))
    draft.limit = int(number)
    return _read_counts(draft, phrase)


def _read_below_count(draft: Draft, phrase: Phrase) -> Heard:
    cue = CUES.get(tuple(phrase.said("than").split()))
    number = phrase.item("number").number
    if cue is None or cue.kind != "compare" or cue.value == "<>" or number is None or number != int(number):
        raise NotRead(f"I cannot tell how many `{phrase.text}` asks for.", (phrase.text,), final=True)
    some = int(number) > 0 or cue.value == ">"
    others = cue.value in ("<", "<=") and phrase.match["noun"] == "T"
    if not some or others:
        raise NotRead(f"I cannot tell whether none at all are enough in `{phrase.text}`.", (), final=True)
    _state_direct(draft, phrase)
    linked = Linked(phrase.link.table, cue.value, int(number))  # type: ignore[arg-type]
    return Heard(phrase.link, replace(_kin(phrase), below=linked))


def _read_below(draft: Draft, phrase: Phrase) -> Heard:
    _refuse_either_side(phrase)
    linked = Linked(phrase.link.table, "not exists" if phrase.said("none") else "exists")
    return Heard(phrase.link, replace(_kin(phrase), below=linked))


def _refuse_either_side(phrase: Phrase) -> None:
    """`members without a referral` may be referred by nobody, or may have referred nobody.

    Raises:
        NotRead: The word is that for what happened between the two rows.
    """
    said = next((phrase.items[m.at].text.lower() for m in reversed(phrase.marks) if m.sign == "D"), "")
    if said.endswith("al") and lemma(said) == said:
        reason = (
            f"I cannot tell which side of `{said}` is meant: {phrase.link.ref}, or rows that refer to a row."
        )
        raise NotRead(reason, (said,), final=True)


READERS = {
    "met": _read_met, "over": _read_over, "compared_by": _read_compared_by,
    "compared_column": _read_compared_column, "compared_event": _read_compared_event,
    "absent": _read_absent, "present": _read_present, "beside": _read_beside, "each": _read_each,
    "counts": _read_counts, "ranked": _read_ranked, "below_count": _read_below_count, "below": _read_below,
}  # fmt: skip


# -- once the rest is read ----------------------------------------------------------------------------


def settle_kin(draft: Draft, heard: Heard | None, reading: Reading) -> Reading:
    """The reading with what it asks of the other row.

    Raises:
        NotRead: The rest of the question asks for what does not go together with it.
    """
    if heard is None:
        return reading
    table = heard.link.table
    if reading.base != table:
        raise NotRead(f"I cannot tell how {reading.base} goes with {heard.link.ref}.", (), final=True)
    if heard.kin is None:
        return reading
    _refuse_beside_figures(heard.kin, reading)
    if not heard.lists:
        return replace(reading, kin=heard.kin)
    listed = tuple(t.column for t in reading.targets if t.column)
    if heard.named and (reading.conditions != heard.named or reading.linked):
        raise NotRead("I cannot tell of which of the two rows this is said.", (), final=True)
    if any(t.table != table or t.aggregate for t in reading.targets) or reading.order or reading.distinct:
        raise NotRead("I cannot list the other row beside that.", (), final=True)
    label = draft.schema.label(table)
    shown = heard.kin.shown or (listed if heard.lists != "beside" else ()) or label
    own = reading.targets or tuple(Target(table, c) for c in label)
    return replace(
        reading, kin=replace(heard.kin, shown=shown), targets=() if heard.lists == "alone" else own
    )


def _refuse_beside_figures(kin: Kin, reading: Reading) -> None:
    """What is computed of groups, and of the other row, is not read together."""
    figures = (reading.outer, reading.compared, reading.trend, reading.within, reading.place)
    others = (reading.share, reading.against_average, reading.having, reading.group_by_entity)
    linked = reading.order is not None and reading.order.linked is not None
    grouped = bool(reading.groups) and (kin.each or kin.shown)
    if any(f is not None for f in figures) or any(others) or linked or grouped:
        raise NotRead("I cannot tell how that goes together with another row of the table.", (), final=True)
    if kin.each and not (reading.targets and all(t.aggregate for t in reading.targets)):
        raise NotRead(f"I cannot tell what to compute for each {kin.role}.", (), final=True)

"""Words that describe rows instead of naming what to show: `discontinued red items`, `hubs`, `stores opened`.

A flag, or a date that has the very name of what happened, restricts rows; nobody asks for a list of its
values by putting it before a noun.
"""

from collections.abc import Iterable, Iterator, Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.linking import FLAG_WORDS
from gnomon.models.grounded.reading import Condition, NotRead, Reading, Target
from gnomon.models.grounded.relative_clauses import noun_of_clause
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words, stem

LINKING = frozenset({"are", "is", "was", "were", "be", "been", "got", "get", "has been", "have been"})
WITH = frozenset({"with", "having", "have", "has", "who have", "that have", "got"})
OWNING = frozenset({"of", "for", "among"})
WHOLE = 0.9
"""Score of a link by the whole of a table's name."""

DENYING = ("non-", "non", "un", "in", "dis")
"""What a word begins with that says the opposite of the rest: `inactive`."""


def noun_behind(draft: Draft, at: int) -> TableRef | None:
    """The table that what stands at a position describes, past other words that describe it."""
    for position in range(at + 1, len(draft.items)):
        item = draft.items[position]
        table = draft.as_table(item)
        if table is not None:
            return table
        joins = item.is_cue("and") and position > at + 1 and item.text == ","
        flag = item.kind == "name" and draft.column(position, draft.schema.is_flag) is not None
        if not (item.kind == "value" or joins or flag):
            return None
    return None


def is_of_another(draft: Draft, at: int, column: ColumnRef) -> bool:
    """`active subscriptions`, where users have a flag `active` and subscriptions a status of that name.

    Raises:
        NotRead: What it is said of has nothing of that name.
    """
    item, noun = draft.items[at], noun_behind(draft, at) or _subject(draft, at) or noun_of_clause(draft, at)
    if noun is None or noun == column.table:
        return False
    if not any(v.column.table == noun for v in item.values):
        reason = f"I cannot tell whether `{item.text}` is said of {noun}: it is known of {column.table}."
        raise NotRead(reason, (item.text,))
    return True


def _subject(draft: Draft, at: int) -> TableRef | None:
    """`which subscriptions are active`, `subscriptions active`: the noun before the verb, or right before."""
    before = draft.items[at - 1] if at > 0 else None
    if before is None or not ({*before.text.lower().split()} & {*LINKING, "not"} or before.links):
        return None
    nouns = [t for item in draft.items[:at] if (t := draft.as_table(item)) is not None]
    return nouns[-1] if nouns and (not before.links or draft.as_table(before) is not None) else None


def is_noun(draft: Draft, at: int) -> bool:
    """`which hubs are in Europe?`: a flag that stands for the rows that have it, as no table is named.

    `the captain of Elm FC` is a player, `the pool of Hotel Elm` whether that hotel has one.
    """
    if any(draft.as_table(item) is not None for item in draft.items):
        return False
    first = next((i for i, item in enumerate(draft.items) if item.kind == "name"), at)
    beside = [p for p in (draft.before(at), draft.after(at)) if p is not None]
    listed = any(draft.items[p].is_cue("and") for p in beside)
    behind = draft.items[at + 1].text.lower() if at + 1 < len(draft.items) else ""
    owned = at > 0 and draft.items[at - 1].text.lower() in OWNING
    return not listed and (first == at or owned) and (behind not in OWNING or _is_somebody(draft, at))


def _is_somebody(draft: Draft, at: int) -> bool:
    """Whether a flag before `of` means rows that have it: no single row is named whose flag it may be."""
    column = draft.column(at, draft.schema.is_flag)
    asked = draft.items[0].text.lower().startswith("who")
    several = lemma(draft.items[at].text) != draft.items[at].text.lower()
    return column is not None and (asked or several or not _names_row(draft.schema, column, draft.conditions))


def _names_row(schema: Schema, column: ColumnRef, conditions: Iterable[Condition]) -> bool:
    """Whether a condition names a single row of the column's table."""
    names = {*schema.label(column.table), *schema.key(column.table)}
    equal = (c.column for c in conditions if c.operator == "=")
    return any(c.table == column.table and c.column in names for c in equal)


def is_predicate(draft: Draft, at: int) -> bool:
    """`which are active`, `which player is the captain`: what a verb says of what stands before it."""
    before = [item.text.lower() for item in draft.items[:at]]
    if before[-1:] and before[-1] in ("are", "is", "was", "were", "not", "be", "been"):
        return True
    told = before[-2:-1] in (["is"], ["are"], ["was"], ["were"]) and before[-1] in ("the", "a", "an")
    return told and any(draft.as_table(item) is not None for item in draft.items[:at])


def count_flagged(draft: Draft, at: int, column: ColumnRef, *, distinct: bool) -> Target:
    """`how many hubs are there?`: the rows that have the flag, never its two values.

    Raises:
        NotRead: Different ones are asked for.
    """
    words = draft.items[at].text
    if distinct:
        raise NotRead(f"I cannot tell what is different of `{words}`.", (words,), final=True)
    draft.conditions.append(Condition(column, "true", (), words))
    draft.assume(f"`{words}` are read as rows of {column.table} where {column.column} is yes.")
    draft.take(at, f"rows of {column.table} where {column} is true")
    return Target(column.table, None, "count")


def happened(draft: Draft, at: int) -> ColumnRef | None:
    """The date that has the very name of what is said of rows: `deleted` of `deleted users`."""
    words = draft.items[at].text.lower()
    if not is_participle(words):
        return None
    return draft.column(
        at, lambda c: draft.schema.is_temporal(c) and "_".join(words.split()) == c.column.lower()
    )


def is_participle(words: str) -> bool:
    """Whether it is one word that says what was done."""
    return words.isalpha() and len(words) > 4 and words.lower().endswith("ed")


def restrict_happened(
    draft: Draft, at: int, column: ColumnRef, *, negated: bool, alternative: str = ""
) -> None:
    """Take the rows to which it has happened, or has not.

    Args:
        alternative: What else may say so.

    Raises:
        NotRead: The date may lie ahead.
    """
    words = draft.items[at].text
    profile = draft.schema.column(column).profile
    last = profile.high if profile is not None else None
    if last is None or last[:10] > draft.today.isoformat():
        raise NotRead(f"{column} may lie ahead; say until when `{words}` is meant.", (words,), final=True)
    draft.conditions.append(Condition(column, "null" if negated else "not null", (), words))
    state = "missing" if negated else "known"
    draft.assume(f"`{words}` is read as {column} being {state}.", alternative)
    draft.take(at, f"{column} is {state}")


def is_had(draft: Draft, at: int) -> bool:
    """`with a pool`, `have a pool and a gym`, `works on display by room`: rows that have the flag.

    Raises:
        NotRead: A column behind it may be had or be shown: `hotels with parking and stars`.
    """
    column, following = draft.column(at), draft.after(at)
    if column is None or not draft.schema.is_flag(column):
        return False
    if following is not None and _says_which(draft, following, column):
        return False
    start = at - 2 if at > 1 and draft.items[at - 1].text.lower() in ("a", "an") else at - 1
    if start < 0:
        return False
    with_article, before = start == at - 2, draft.items[start]
    held = before.text.lower() in WITH or _continues_flags(draft, start)
    behind_noun = not with_article and _is_plural_of(draft, start, column)
    if (held or behind_noun) and not with_article:
        _refuse_listed_behind(draft, at)
    return held or behind_noun


def is_listed(draft: Draft, at: int) -> bool:
    """`hotels, stars and pool`: the last of what is listed, no restriction."""
    joiner = at - 1 if at > 0 and draft.items[at - 1].is_cue("and") else None
    before = draft.before(joiner) if joiner is not None else None
    listed = [t.ref for t in draft.targets if t.aggregate is None]
    return before is not None and draft.items[before].resolved in listed


def _says_which(draft: Draft, following: int, column: ColumnRef) -> bool:
    """`with vetted Yes`, `insured = 1`: the value that the flag has stands behind it."""
    item = draft.items[following]
    return item.kind in ("number", "quoted") or any(v.column == column for v in item.values)


def _continues_flags(draft: Draft, joiner: int) -> bool:
    """`with a pool and a gym`: the flag before the joiner was had."""
    before = draft.before(joiner) if draft.items[joiner].is_cue("and") else None
    return before is not None and draft.items[before].role.endswith((" is true", " is false"))


def _is_plural_of(draft: Draft, at: int, column: ColumnRef) -> bool:
    """`works` of `works on display`, but not `hotel` of `hotel pool`."""
    item = draft.items[at]
    return item.text.lower().endswith("s") and draft.as_table(item) == column.table


def _refuse_listed_behind(draft: Draft, at: int) -> None:
    joiner = draft.after(at)
    other = draft.after(joiner) if joiner is not None and draft.items[joiner].is_cue("and") else None
    if other is None or not draft.is_name(other) or draft.items[other].role:
        return
    if draft.as_table(draft.items[other]) is None and draft.column(other, draft.schema.is_flag) is None:
        words = f"{draft.items[at].text} {draft.items[joiner or at].text} {draft.items[other].text}"
        raise NotRead(f"I cannot tell whether `{words}` is shown or restricts.", (words,), final=True)


def refuse_adjective(draft: Draft, at: int, column: ColumnRef) -> None:
    """`open stores`, `discounted items`: no list of the column, and nothing says which rows it describes.

    Raises:
        NotRead: The column describes the noun behind it.
    """
    item = draft.items[at]
    noun = noun_behind(draft, at)
    linked = at > 0 and draft.items[at - 1].text.lower() in LINKING and is_participle(item.text)
    measured = draft.schema.is_temporal(column) or draft.schema.is_numeric(column)
    if (noun is not None or linked) and (measured or draft.schema.is_flag(column)):
        raise NotRead(f"I cannot tell which rows are `{item.text}`.", (item.text,), final=True)


def refuse_flag_as_noun(draft: Draft, at: int, column: ColumnRef) -> None:
    """`which hubs have shipments`: rows that have the flag, of which a listed column says nothing."""
    first = next((i for i, item in enumerate(draft.items) if item.kind == "name"), at)
    beside = [p for p in (draft.before(at), draft.after(at)) if p is not None]
    listed = any(draft.items[p].is_cue("and") for p in beside)
    behind = draft.items[at + 1].text.lower() if at + 1 < len(draft.items) else ""
    if first == at and draft.schema.is_flag(column) and not listed and behind not in OWNING:
        raise NotRead(f"I cannot tell which are the `{draft.items[at].text}`.", (draft.items[at].text,))


def read_denied_flags(draft: Draft) -> None:
    """Read `inactive carriers`, where a flag of theirs says who is active."""
    for at in draft.open("unknown"):
        item = draft.items[at]
        said = [item.text.lower().removeprefix(p) for p in DENYING if item.text.lower().startswith(p)]
        found = {c: rest for rest in said if len(rest) > 3 for c in _flags_called(draft, rest)}
        if len(found) != 1 or not (noun_behind(draft, at) or _is_predicate(draft, at)):
            continue
        column, words = found.popitem()
        draft.conditions.append(Condition(column, "false", (), words))
        draft.assume(f"`{item.text}` is read as {column} being no.")
        state_unflagged(draft, column)
        draft.take(at, f"{column} is false")
        item.kind, item.resolved = "value", column


def _is_predicate(draft: Draft, at: int) -> bool:
    before = draft.items[at - 1] if at > 0 else None
    named = before is not None and draft.as_table(before) is not None
    return draft.after(at) is None and before is not None and (named or before.text.lower() in LINKING)


def _flags_called(draft: Draft, words: str) -> Iterator[ColumnRef]:
    said = tuple(stem(w) for w in name_words(words))
    for table in draft.mentioned():
        for column in draft.schema.card(table).columns:
            ref = ColumnRef(table, column.name)
            bare = tuple(w for w in (stem(w) for w in name_words(column.name)) if w not in FLAG_WORDS)
            if bare == said and draft.schema.is_flag(ref):
                yield ref


def state_unflagged(draft: Draft, column: ColumnRef) -> None:
    """Say that rows of which nobody knows are not among those without the flag."""
    profile = draft.schema.column(column).profile
    if profile is not None and profile.nulls:
        draft.assume(f"Rows that have no {column.column} are left out.")


def doubted_flags(reading: Reading, schema: Schema, items: Sequence[Item]) -> Iterator[str]:
    """Words of which a reading counts the two values of a flag, or lists nothing but those of many rows."""
    for target in reading.targets:
        counted = target.aggregate == "count" and target.ref is not None
        if counted and target.ref is not None and schema.is_flag(target.ref):
            said = (i.text for i in items if any(k.column == target.column for k in i.links))
            yield next(said, target.column or "")
    yield from _lone_flags(reading, schema, items)


def _lone_flags(reading: Reading, schema: Schema, items: Sequence[Item]) -> Iterator[str]:
    """`captains of Elm FC`, of whom a column of yes and no says nothing."""
    shown = [t.ref for t in reading.targets]
    if not shown or reading.groups or reading.group_by_entity or any(t.aggregate for t in reading.targets):
        return
    named = {k.table for i in items for k in i.links if k.is_table and k.score >= WHOLE}
    for column in shown:
        if column is None or not schema.is_flag(column):
            return
        if column.table in named or _names_row(schema, column, reading.conditions):
            return
    said = (i.text for i in items for k in i.links if not k.is_table and k.ref == shown[0])
    yield next(said, shown[0].column if shown[0] else "")

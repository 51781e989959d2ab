"""What is shown and what is had: `clubs with their venue`, `rooms that had a repair`, or just `price`."""

from datetime import date

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import NotRead, Target
from gnomon.models.grounded.words import lemma, name_words, stem

THEIRS = frozenset({"their", "its", "his", "her"})
HAD = frozenset({"with", "having", "have", "has", "had"})
FIGURES = ("count", "agg", "share", "yes_no", "each", "group", "time_group", "superlative", "common")


def is_theirs(draft: Draft, at: int) -> bool:
    """`with their venue`, `and its club`: what belongs to the rows that are asked for, by its table."""
    said = at > 1 and draft.items[at - 1].text.lower() in THEIRS
    joined = said and (draft.items[at - 2].text.lower() == "with" or draft.items[at - 2].is_cue("and"))
    first = next((i for i, item in enumerate(draft.items) if item.kind == "name"), at)
    return joined and draft.focus is not None and first != at


def show_theirs(draft: Draft, at: int, table: TableRef) -> None:
    """Show the one row of another table that each row refers to, by its label; rows that have none stay.

    Raises:
        NotRead: There may be several of them, or something is computed.
    """
    words, focus = draft.items[at].text, draft.focus
    assert focus is not None
    ways = draft.schema.paths(focus, table, many=False) if focus != table else []
    computed = any(t.aggregate for t in draft.targets) or any(i.is_cue(*FIGURES) for i in draft.items)
    ruled = bool(draft.schema.card(table).always_filter)
    if not ways or len(ways[0]) != 1 or computed or ruled or table in draft.kept:
        raise NotRead(f"I cannot tell what of `{words}` is wanted beside {focus}.", (words,), final=True)
    if not any(t.table == focus for t in draft.targets):
        draft.targets += [Target(focus, c) for c in draft.schema.label(focus)]
    draft.targets += [Target(table, c) for c in draft.schema.label(table)]
    draft.kept.append(table)
    draft.assume(f"`{words}` is shown beside each row of {focus}, where there is one.")


def refuse_had(draft: Draft, at: int, column: ColumnRef) -> None:
    """`subscriptions that had a trial`: those in the state of that name, or those with a date of one.

    Raises:
        NotRead: Another column of the table is called after what is had.
    """
    before = [item.text.lower() for item in draft.items[max(at - 2, 0) : at]]
    words = tuple(stem(w) for w in name_words(draft.items[at].text))
    if len(before) < 2 or before[0].split()[-1] not in HAD or before[1] not in ("a", "an") or not words:
        return
    for other in draft.schema.card(column.table).columns:
        called = tuple(stem(w) for w in name_words(other.name))[: len(words)]
        if called == words and other.name != column.column:
            said = draft.items[at].text
            ref = ColumnRef(column.table, other.name)
            reason = f"`{said}` could be a {column.column} or a {ref.column}; say which of them is meant."
            raise NotRead(reason, (said,), final=True)


def refuse_lone_measure(draft: Draft) -> None:
    """`MRR`, `price in 2025`: the different values of an amount are no figure, and no word says which is.

    Raises:
        NotRead: Nothing but an amount is named.
    """
    ref = draft.targets[0].ref if len(draft.targets) == 1 and draft.targets[0].aggregate is None else None
    if ref is None or not draft.schema.is_numeric(ref):
        return
    told = (draft.groups, draft.entity, draft.order, draft.linked, draft.having, draft.either, draft.limit)
    only_dated = all(c.values and isinstance(c.values[0], date) for c in draft.conditions)
    tables = any(draft.as_table(item) is not None for item in draft.items)
    plain = draft.schema.is_flag(ref) or ref in draft.schema.year_columns(ref.table)
    if any(told) or tables or plain or not only_dated or _asks_for_values(draft):
        return
    words = next((i.text for i in draft.items if i.role.startswith("column ")), ref.column)
    reason = f"I cannot tell which figure of `{words}` is meant: say total, average or highest, or of what."
    raise NotRead(reason, (words,), final=True)


def _asks_for_values(draft: Draft) -> bool:
    """`list the prices`, `which different prices`: the values themselves."""
    several = any(i.kind == "name" and lemma(i.text) != i.text.lower() for i in draft.items)
    return draft.distinct or (several and any(i.is_cue("list") for i in draft.items))

"""`What soil types do our farms have?`: the kinds that there are, each once, not the type of every farm."""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.amounts import is_one
from gnomon.models.grounded.blanks import leave_out_unlabelled
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words

ASKING = frozenset({"what", "which"})
HAVING = frozenset({"do", "does", "did", "have", "has", "had"})

SHARED = 0.9
"""Share of different values among all from which a column holds names rather than kinds."""


def list_kinds_once(draft: Draft) -> None:
    """List the values of a column once each where a question asks which of them rows have."""
    column = draft.targets[0].ref if len(draft.targets) == 1 else None
    plain = column is not None and draft.targets[0].aggregate is None and draft.order is None
    if column is None or not plain or not _asks_which(draft) or not is_kind(draft.schema, column):
        return
    # The composer was taught lists that repeat what rows share.
    draft.distinct = draft.alone = True
    leave_out_unlabelled(draft, column)


def _asks_which(draft: Draft) -> bool:
    """Whether it begins with `what soil types do`: a noun in the plural that names no rows."""
    if len(draft.items) < 3 or draft.items[0].text.lower() not in ASKING:
        return False
    noun, verb = draft.items[1], draft.items[2]
    asked = noun.kind == "name" and draft.as_table(noun) is None and not is_one(noun.text)
    return asked and bool({*verb.text.lower().split()} & HAVING)


def is_kind(schema: Schema, column: ColumnRef) -> bool:
    """Whether rows share the column's values, which are no measures, and no names that few have in common."""
    profile = schema.column(column).profile
    shared = profile is not None and profile.distinct < SHARED * (profile.rows - profile.nulls)
    return shared and not schema.is_key(column) and not schema.is_numeric(column)


def doubted_lists(reading: Reading, draft: Draft) -> Iterator[str]:
    """Kinds that are asked for, of a reading that lists them as often as they come."""
    shown = [t.ref for t in reading.targets if t.aggregate is None]
    told = reading.distinct or reading.groups or reading.group_by_entity or reading.limit is not None
    if told or not shown or len(draft.items) < 2 or draft.items[0].text.lower() not in ASKING:
        return
    noun = draft.items[1]
    plural = noun.kind in ("name", "unknown") and draft.as_table(noun) is None and not is_one(noun.text)
    if plural and any(c is not None and _is_called(c, noun) and is_kind(draft.schema, c) for c in shown):
        yield noun.text


def _is_called(column: ColumnRef, noun: Item) -> bool:
    """Whether a noun names a column, in part where it is not known as a name."""
    linked = any(k.ref == column for k in noun.links if not k.is_table)
    return linked or lemma(noun.text) in name_words(column.column)

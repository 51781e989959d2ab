"""Kinds of rows that are spoken of by their name alone: `how many vans are there?`, of vehicles of a type."""

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.linking import LAYER_WORDS, Link
from gnomon.models.grounded.people import PERSONS, are_people
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.verbs import EVENT_VERBS, MEASURE_VERBS
from gnomon.models.grounded.words import lemma, name_words

KINDS = frozenset({"type", "kind", "position", "role", "occupation", "profession", "trade"})
"""What a column is called that says of each row what it is; a category says to what it belongs."""

JOBS = frozenset({"job", "role", "position", "occupation", "profession", "trade"})
"""In the name of a column of people that says what they do: `job_title`."""

SCORE = 0.9


def name_kinds(items: list[Item], schema: Schema) -> bool:
    """Put the table's noun behind the plural of a kind of its rows; whether there is one.

    Nothing is put there where the table is named, or where the question has words that nothing explains: how
    many vans were sold is not told by the vans.
    """
    if any(_explains_nothing(item) for item in items):
        return False
    named = {k.table for i in items for k in i.links if k.is_table}
    for at, item in enumerate(items):
        column = _kind(item, schema)
        behind = items[at + 1] if at + 1 < len(items) else None
        if (
            column is None
            or column.table in named
            or (behind is not None and behind.kind in ("name", "value"))
        ):
            continue
        items.insert(at + 1, Item("name", item.text, links=(Link(column.table, None, SCORE),)))
        return True
    return False


def _explains_nothing(item: Item) -> bool:
    return item.kind == "unknown" or item.text.lower() in EVENT_VERBS | MEASURE_VERBS


def _kind(item: Item, schema: Schema) -> ColumnRef | None:
    """The column that says what its rows are, where a word is one of its values in the plural and no more."""
    word = item.text.lower()
    if item.kind != "value" or not word.isalpha() or lemma(word) == word:
        return None
    columns = {v.column for v in item.values}
    column = next(iter(columns)) if len(columns) == 1 else None
    if column is None or any(v.value.casefold() not in (word, lemma(word)) for v in item.values):
        return None
    if column.table not in schema.tables():
        return None
    called = lemma(word) in PERSONS or bool(JOBS & set(name_words(column.column)))
    person = called and are_people(schema, column.table) and not _names_rows(column, schema)
    return column if person or _says_what_it_is(column.table, column.column) else None


def _names_rows(column: ColumnRef, schema: Schema) -> bool:
    """`Cooks` may be what somebody is called."""
    return column.column in schema.label(column.table) or name_words(column.column)[-1] == "name"


def _says_what_it_is(table: TableRef, name: str) -> bool:
    words = name_words(name)
    own = {*name_words(table.name)} - LAYER_WORDS
    return words[-1] in KINDS and set(words[:-1]) <= own

"""Women and men who are spoken of without saying rows of what they are: `how many women are registered?`"""

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.coded import is_of_sex
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words

NOUNS = frozenset({"women", "men", "females", "males"})
SCORE = 0.9
OF_PEOPLE = frozenset(
    {"birth", "birthdate", "birthday", "born", "dob", "age", "surname", "forename", "email"}
)
NAMES = frozenset({"first", "last", "full", "given", "family", "middle"})


def name_people(items: list[Item], schema: Schema) -> bool:
    """Put the noun behind `women` where one table alone holds people of a sex; whether there are any.

    Nothing is put there where that table is named: `patients who are women`.
    """
    for at, item in enumerate(items):
        if item.kind != "value" or item.text.lower() not in NOUNS or not item.values:
            continue
        tables = {v.column.table for v in item.values if is_of_sex(v.column.column)}
        others = [v for v in item.values if not is_of_sex(v.column.column)]
        if len(tables) != 1 or others or _named(items) & tables or not _are_people(schema, *tables):
            continue
        items.insert(at + 1, Item("name", item.text, links=(Link(next(iter(tables)), None, SCORE),)))
        return True
    return False


def _are_people(schema: Schema, table: TableRef) -> bool:
    """Whether rows are people, and not what is made for them: shoes have a gender too."""
    if table not in schema.tables():
        return False
    words = [set(name_words(c.name)) for c in schema.card(table).columns]
    return any(w & OF_PEOPLE or ("name" in w and w & NAMES) for w in words)


def _named(items: list[Item]) -> set[TableRef]:
    return {k.table for i in items for k in i.links if k.is_table}

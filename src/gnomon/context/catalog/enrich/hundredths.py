"""Columns whose values are hundredths though their names do not say so: what code that reads them tells.

Code that divides a column by 100 to get an amount takes it for cents. The column stays in cents where other
code passes it on as it is, so two tables that look alike hold one amount in two units.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from gnomon.context.catalog.caveats import says_hundredths
from gnomon.context.catalog.enrich.shapes import FROM_HUNDREDTHS, MadeColumn, Statement
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import Fact

_Column = tuple[str, str]
"""A table and a column of it, folded."""

_MOST_NAMED = 12
_SENTENCE = re.compile(
    r"Holds hundredths in (`[^`]+`(?:, `[^`]+`)*): (the code of .+ divides these values by 100)\."
)


def held_in_hundredths(statements: Sequence[Statement], warehouse: Warehouse) -> Iterator[Fact]:
    """One fact for each table and each statement that shows its columns to be in hundredths.

    A column counts if it alone is divided by 100 to an amount, or passes on such a one, or is passed on to
    one. Columns whose names say it are left out: people see it.
    """
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    by = {id(one): one for one in statements}
    for (table, name), divider in _spread(statements).items():
        schema = warehouse.table(table)
        column = schema.column(name) if schema else None
        if column is not None and "`" not in column.name and not says_hundredths(column.name):
            found[warehouse.name(table), id(divider)].append(column.name)
    for (table, number), names in found.items():
        listed = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
        text = f"Holds hundredths in {listed}: the code of {by[number].table} divides these values by 100."
        yield Fact(table, "downstream", text, by[number].origin)


def told_in_hundredths(texts: Iterable[str], column: str) -> str:
    """By what code a column is said to be in hundredths, among sentences on a card; empty if it is not.

    >>> told_in_hundredths(["Holds hundredths in `paid`: the code of m divides these values by 100."], "PAID")
    'the code of m divides these values by 100'
    """
    written = f"`{column}`".casefold()
    sentences = filter(None, map(_SENTENCE.fullmatch, texts))
    return next((s[2] for s in sentences if written in s[1].casefold().split(", ")), "")


def _spread(statements: Sequence[Statement]) -> dict[_Column, Statement]:
    """Every column in hundredths, with the statement that divides it, or what it is passed on as."""
    divided: dict[_Column, Statement] = {}
    converted: set[_Column] = set()
    for one in statements:
        for column in one.columns if one.converts else ():
            if FROM_HUNDREDTHS in column.notes:
                converted.add(_folded(one.table, column.name))
                if (base := _only_base(column)) is not None:
                    divided.setdefault(base, one)
    links = _Links(statements)
    queue = list(divided)
    for column_in_hundredths in queue:
        for other in links.of(column_in_hundredths):
            if other not in divided:
                divided[other] = divided[column_in_hundredths]
                queue.append(other)
    # What one statement passes on and another one converts has no one unit.
    return {column: one for column, one in divided.items() if column not in converted}


class _Links:
    """As what, and from what, columns are passed on: looked up in the statements about a table asked for."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._about: dict[str, list[Statement]] = defaultdict(list)
        self._found: dict[str, dict[str, list[_Column]]] = {}
        for one in statements:
            for table in dict.fromkeys((one.table, *one.reads)):
                self._about[table].append(one)

    def of(self, column: _Column) -> Sequence[_Column]:
        table, name = column
        if table not in self._found:
            self._found[table] = self._read(table)
        return self._found[table].get(name, ())

    def _read(self, table: str) -> dict[str, list[_Column]]:
        linked: dict[str, list[_Column]] = defaultdict(list)
        for one in self._about.get(table, ()):
            for column in one.columns:
                made, base = _folded(one.table, column.name), _only_base(column)
                if base is None or column.text or FROM_HUNDREDTHS in column.notes:
                    continue
                for here, there in ((base, made), (made, base)):
                    if here[0] == table:
                        linked[here[1]].append(there)
        return linked


def _only_base(column: MadeColumn) -> _Column | None:
    return _folded(*column.bases[0]) if len(column.bases) == 1 else None


def _folded(table: str, column: str) -> _Column:
    return table, column.casefold()

"""Which table of the warehouse a source means by a name."""

from collections import defaultdict
from collections.abc import Iterable

from gnomon.domain.catalog import TableRef

_REMEMBERED = 500_000
"""Names whose meaning is looked up once: a source names a table with every column that it describes."""


class Names:
    """The tables of a warehouse, found by the names that sources give them. Remembers what it looked up."""

    def __init__(self, tables: Iterable[TableRef]) -> None:
        self._found: dict[str, TableRef | None] = {}
        self._whole: dict[str, TableRef] = {}
        self._bare: dict[str, list[TableRef]] = defaultdict(list)
        for ref in tables:
            self._whole[str(ref).casefold()] = ref
            self._bare[ref.name.casefold()].append(ref)

    def find(self, name: str) -> TableRef | None:
        """The table meant by `name`, `schema.name` or `database.schema.name`, or None.

        A bare name that several schemas have means the one in the default schema, else none of them. A name
        with a schema never means a table of another schema, unless the warehouse has no schemas at all.
        """
        try:
            return self._found[name]
        except KeyError:
            found = self._looked_up(name)
            if len(self._found) < _REMEMBERED:
                self._found[name] = found
            return found

    def _looked_up(self, name: str) -> TableRef | None:
        parts = [p.strip('`"[] ') for p in name.split(".")]
        parts = [p for p in parts if p]
        if not parts:
            return None
        for start in range(len(parts) - 1):
            found = self._whole.get(".".join(parts[start:]).casefold())
            if found is not None:
                return found
        named = self._bare.get(parts[-1].casefold(), [])
        plain = [ref for ref in named if not ref.schema]
        if plain:
            return plain[0]
        return named[0] if len(named) == 1 and len(parts) == 1 else None

"""The warehouse as code knows it: which table a name means, and which columns it has."""

import copy
import hashlib
from collections.abc import Iterable

from sqlglot import exp

from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog, TableSchema


class Warehouse:
    """Tables by the names that code gives them. Remembers what it looked up."""

    def __init__(self, catalog: Catalog, names: Names) -> None:
        self._names = names
        self._tables = {table.ref: table for table in catalog.tables}
        self._found: dict[str, tuple[str, TableSchema | None]] = {}
        self._digests: dict[str, str] = {}
        self._asked: set[str] = set()

    def watched(self) -> "Warehouse":
        """The same warehouse, whose `asked` are the names that are looked up in it from now on."""
        watched = copy.copy(self)
        watched._asked = set()
        return watched

    @property
    def asked(self) -> tuple[str, ...]:
        """Every name that was looked up, in order of the alphabet."""
        return tuple(sorted(self._asked))

    def name(self, written: str) -> str:
        """The warehouse's own name of a table, or the one that was written where it has no such table."""
        return self._look_up(written)[0]

    def of(self, node: exp.Table) -> str:
        """The name of a table in a tree, as `name` gives it."""
        return self.name(".".join(part.name for part in node.parts))

    def table(self, written: str) -> TableSchema | None:
        """The table meant, or None."""
        return self._look_up(written)[1]

    def columns(self, written: str) -> tuple[str, ...]:
        """The table's columns as the engine spells them; empty if the table is not known."""
        table = self.table(written)
        return tuple(c.name for c in table.columns) if table else ()

    def digest(self, tables: Iterable[str]) -> str:
        """A hash of which tables are meant and of their columns: code reads differently when they change."""
        return _hash("".join(self._digest_of(name) for name in sorted(set(tables))))

    def _digest_of(self, name: str) -> str:
        """Of one name; statements name the same tables again and again."""
        found = self._digests.get(name)
        if found is None:
            found = self._digests[name] = _hash(repr((name, self.name(name), self.columns(name))))
        return found

    def _look_up(self, written: str) -> tuple[str, TableSchema | None]:
        self._asked.add(written)
        found = self._found.get(written)
        if found is None:
            ref = self._names.find(written)
            found = (str(ref), self._tables.get(ref)) if ref else (written, None)
            self._found[written] = found
        return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

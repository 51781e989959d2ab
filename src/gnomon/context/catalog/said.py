"""What all sources say about one table, ordered by who says it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gnomon.context.catalog.codec import usage_from_json, usage_to_json
from gnomon.context.catalog.facts import LAYERS, Fact, FactKind, Origin, Problem
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog, TableRef, TableUsage

_NAMED_AS_UNKNOWN = 3
"""So many unknown tables of a source are named in its problem; a source may know thousands of others."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one table.

    Args:
        facts: The most authoritative first.
        usage: How people use it; None where no history was read.
        popularity: In [0, 1], against the most used table.
    """

    facts: tuple[Fact, ...] = ()
    usage: TableUsage | None = None
    popularity: float = 0.0

    def first(self, kind: FactKind) -> Fact | None:
        """The most authoritative fact of that kind about the table itself, or None."""
        return next((f for f in self.facts if f.kind == kind and not f.column), None)

    def every(self, kind: FactKind) -> tuple[Fact, ...]:
        """The facts of that kind about the table itself, each text once."""
        texts = {f.text: f for f in reversed(self.facts) if f.kind == kind and not f.column}
        return tuple(f for f in self.facts if texts.get(f.text) is f)

    def every_of_column(self, name: str, kind: FactKind) -> tuple[Fact, ...]:
        """The facts of that kind about a column, each text once."""
        folded = name.casefold()
        found = [f for f in self.facts if f.kind == kind and f.column.casefold() == folded]
        texts = {f.text: f for f in reversed(found)}
        return tuple(f for f in found if texts[f.text] is f)

    def of_column(self, name: str, kind: FactKind) -> Fact | None:
        """The most authoritative fact of that kind about a column, or None."""
        folded = name.casefold()
        return next((f for f in self.facts if f.kind == kind and f.column.casefold() == folded), None)

    def by_column(self) -> "Mapping[str, Said]":
        """The facts about each column, by its folded name; under the empty name those about the table itself.

        Whoever asks for all columns of a wide table asks these: each question goes through all facts.
        """
        parts: dict[str, list[Fact]] = {"": []}
        for fact in self.facts:
            parts.setdefault(fact.column.casefold(), []).append(fact)
        own = {name: Said(tuple(facts)) for name, facts in parts.items()}
        return {**own, "": Said(own[""].facts, self.usage, self.popularity)}


NOTHING_SAID = Said()


def facts_by_table(
    facts: Iterable[Fact], catalog: Catalog, names: Names
) -> tuple[dict[TableRef, list[Fact]], list[Problem]]:
    """Facts beside the tables that they speak of, the most authoritative first.

    An annotation of a table or column that does not exist is a problem of its own: its author wants to know;
    so are two entries that name one table differently (`orders`, `main.orders`). Other sources speak of
    tables elsewhere as a matter of course; one problem a source counts them.
    """
    found: dict[TableRef, list[Fact]] = defaultdict(list)
    problems: list[Problem] = []
    unknown: dict[str, Problem] = {}
    elsewhere: dict[str, dict[str, None]] = defaultdict(dict)
    columns = _Columns(catalog)
    for fact in sorted(facts, key=lambda f: LAYERS.index(f.origin.layer)):
        ref = names.find(fact.table)
        if ref is None and fact.origin.layer == "annotation":
            unknown.setdefault(fact.table, Problem(fact.origin.place, f"there is no table `{fact.table}`"))
        elif ref is None:
            elsewhere[fact.origin.source or fact.origin.place][fact.table] = None
        elif fact.column and not columns.has(ref, fact.column):
            if fact.origin.layer == "annotation":
                problems.append(Problem(fact.origin.place, f"`{ref}` has no column `{fact.column}`"))
        else:
            found[ref].append(fact)
    problems += _twice(found)
    problems = list(dict.fromkeys([*unknown.values(), *problems]))
    problems += [Problem(source, _elsewhere(list(tables))) for source, tables in elsewhere.items()]
    return found, problems


def has_column(catalog: Catalog, ref: TableRef, column: str) -> bool:
    """Whether a table has the column, or the one that a field of it (`column.field`) is in."""
    table = catalog.find(ref.name, ref.schema)
    return table is not None and table.column(column.partition(".")[0]) is not None


class _Columns:
    """The folded names of tables' columns: facts ask for every column of a table, one after the other."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._of: dict[TableRef, frozenset[str]] = {}

    def has(self, ref: TableRef, column: str) -> bool:
        """As `has_column`."""
        names = self._of.get(ref)
        if names is None:
            table = self._catalog.find(ref.name, ref.schema)
            names = frozenset(c.name.casefold() for c in table.columns) if table is not None else frozenset()
            self._of[ref] = names
        return column.partition(".")[0].casefold() in names


def said_to_json(said: Said) -> str:
    """`said` as text; `said_from_json` gives an equal value back."""
    usage = said.usage
    return json.dumps(
        [
            [fact_to_json(f) for f in said.facts],
            usage and usage_to_json(usage),
            said.popularity,
        ],
        separators=(",", ":"),
    )


def said_from_json(text: str) -> Said:
    """The value that `said_to_json` wrote."""
    facts, usage, popularity = json.loads(text)
    return Said(tuple(map(_to_fact, facts)), usage_from_json(usage) if usage else None, popularity)


def fact_to_json(fact: Fact) -> Any:
    """The fact as JSON values."""
    o = fact.origin
    at = o.said_at.isoformat() if o.said_at else ""
    return [fact.table, fact.kind, fact.text, [o.layer, o.place, o.source, o.said_by, at], fact.column]


def _twice(found: Mapping[TableRef, Sequence[Fact]]) -> Iterator[Problem]:
    """That entries of one source annotate a table under different names, once a name."""
    for facts in found.values():
        names: dict[str, dict[str, Fact]] = defaultdict(dict)
        for fact in facts:
            if fact.origin.layer == "annotation":
                names[fact.origin.source].setdefault(fact.table.casefold(), fact)
        for first, *others in (tuple(by_name.values()) for by_name in names.values()):
            for other in others:
                message = (
                    f"`{other.table}` is annotated as `{first.table}` too, in {first.origin.place}; "
                    "put both in one entry: where they differ, only the other is used"
                )
                yield Problem(other.origin.place, message)


def _elsewhere(tables: Sequence[str]) -> str:
    shown = ", ".join(f"`{t}`" for t in tables[:_NAMED_AS_UNKNOWN])
    more = f" and {len(tables) - _NAMED_AS_UNKNOWN:,} more" if len(tables) > _NAMED_AS_UNKNOWN else ""
    return f"speaks of tables that this warehouse does not have, such as {shown}{more}"


def _to_fact(value: Any) -> Fact:
    table, kind, text, (layer, place, source, by, at), column = value
    when = datetime.fromisoformat(at) if at else None
    return Fact(table, kind, text, Origin(layer, place, source, by, when), column)

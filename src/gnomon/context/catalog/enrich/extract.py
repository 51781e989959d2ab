"""Reads the code that makes the tables of a warehouse, by rule, without a model.

`extract` is the whole of it. What it does for one statement (`statement.extract_one`) looks at nothing but
that statement and the columns of the tables in it, so results can be kept and reused; `relate.relate` then
finds what only all statements together tell.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gnomon.context.catalog.enrich.kept import KeptStatements
from gnomon.context.catalog.enrich.relate import relate
from gnomon.context.catalog.enrich.shapes import Statement
from gnomon.context.catalog.enrich.statement import extract_one
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import (
    Fact,
    KeyClaim,
    LineageEdge,
    Origin,
    PipelineCode,
    Problem,
)
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog

OF_VIEWS = "warehouse"
"""Source of the definitions that the warehouse itself keeps of its views."""


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """What pipeline code tells. Two are equal if they tell the same.

    Args:
        statements: Those that count, each with its own facts and lineage.
        related: Facts that need more than one statement.
    """

    statements: tuple[Statement, ...]
    related: tuple[Fact, ...]
    keys: tuple[KeyClaim, ...]
    problems: tuple[Problem, ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts, each once; this decodes every statement."""
        return tuple(dict.fromkeys([*(f for one in self.statements for f in one.facts), *self.related]))

    @property
    def lineage(self) -> tuple[LineageEdge, ...]:
        """What is made from what, each edge once; this decodes every statement."""
        return tuple(dict.fromkeys(edge for one in self.statements for edge in one.lineage))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Extracted):
            return NotImplemented
        return self._told() == other._told()

    __hash__ = None  # type: ignore[assignment]

    def _told(self) -> tuple[object, ...]:
        return self.facts, self.lineage, self.keys, self.problems


def extract(
    code: Sequence[PipelineCode],
    catalog: Catalog,
    names: Names,
    dialect: str,
    progress: Callable[[int, int], None] | None = None,
    *,
    claims: Iterable[KeyClaim] = (),
    kept: KeptStatements | None = None,
) -> Extracted:
    """Everything that the code tells about the tables it makes.

    Args:
        code: One statement each. Of several definitions of a table the last one counts.
        dialect: sqlglot's name of the warehouse's dialect, for code that names none.
        progress: Called with statements read and statements in all.
        claims: Keys that other sources know.
        kept: What statements told before; those of them that are still to be read are kept there, and no
            others. None reads all.
    """
    warehouse = Warehouse(catalog, names)
    chosen = in_force(code, warehouse)
    read: list[Statement] = []
    for number, one in enumerate(chosen, start=1):
        read.append(_told(one, warehouse, dialect, kept))
        if progress is not None:
            progress(number, len(chosen))
    if kept is not None:
        kept.drop_others()
    return together(read, warehouse, claims, kept)


def _told(one: PipelineCode, warehouse: Warehouse, dialect: str, kept: KeptStatements | None) -> Statement:
    """What a statement tells: as it is kept, or read now."""
    if kept is None:
        return extract_one(one, warehouse, dialect)
    found = kept.find(one, warehouse, dialect)
    if found is not None:
        return found
    read = extract_one(one, warehouse, dialect)
    kept.keep(read)
    return read


def together(
    read: Sequence[Statement],
    warehouse: Warehouse,
    claims: Iterable[KeyClaim] = (),
    kept: KeptStatements | None = None,
) -> Extracted:
    """The facts of statements that were read, now or earlier, with what they tell together."""
    in_place, doubled = _last_definitions(read)
    related = relate(in_place, warehouse, claims, kept)
    problems = dict.fromkeys([*doubled, *(p for one in read for p in one.problems)])
    return Extracted(tuple(in_place), related.facts, related.keys, tuple(problems))


def code_of_views(catalog: Catalog) -> tuple[PipelineCode, ...]:
    """The definitions of views that the warehouse itself keeps."""
    return tuple(
        PipelineCode(
            str(table.ref),
            table.definition,
            Origin("code", f"definition of {table.ref}", OF_VIEWS),
            materialized="view",
        )
        for table in catalog.tables
        if table.definition.strip()
    )


def in_force(code: Sequence[PipelineCode], warehouse: Warehouse) -> list[PipelineCode]:
    """The statements to read: each once, and a view's own definition only where no file has one."""
    told = {warehouse.name(one.table) for one in code if one.origin.source != OF_VIEWS}
    chosen: dict[tuple[str, str], PipelineCode] = {}
    for one in code:
        table = warehouse.name(one.table)
        if one.origin.source != OF_VIEWS or table not in told:
            chosen.setdefault((table, one.sql.strip()), one)
    return list(chosen.values())


def _last_definitions(read: Sequence[Statement]) -> tuple[list[Statement], list[Problem]]:
    """Without definitions that a later one replaces, each of which is a problem."""
    definitions: dict[str, list[Statement]] = defaultdict(list)
    for one in read:
        if one.making == "definition":
            definitions[one.table].append(one)
    replaced = {id(one) for found in definitions.values() for one in found[:-1]}
    problems = [
        Problem(
            one.origin.place,
            f"`{one.table}` is made again at {definitions[one.table][-1].origin.place}, and that counts",
        )
        for one in read
        if id(one) in replaced
    ]
    return [one for one in read if id(one) not in replaced], problems

"""Conditions that limit the rows some columns come from, and leave no row of the made table out.

A column from `LEFT JOIN (SELECT ... WHERE status <> 'cancelled' GROUP BY ...)` counts without cancelled rows,
whatever rows the table has.
"""

from collections.abc import Collection, Iterator

from sqlglot import exp

from gnomon.context.catalog.enrich.conditions import conjuncts
from gnomon.context.catalog.enrich.effects import RowReader, links_relations
from gnomon.context.catalog.enrich.relations import Joined, Output, Relation, in_scope
from gnomon.context.catalog.enrich.shapes import Effect
from gnomon.context.catalog.enrich.wording import Writer

_MAX_STEPS = 16
_MOST_TOLD = 4


def limits_behind(output: Output, reader: RowReader, writer: Writer, told: Collection[Effect]) -> list[str]:
    """The conditions on the rows that a column comes from.

    Args:
        told: What decides about the rows of the made table, which need not be said of a column again.
    """
    found: dict[str, None] = {}
    for relation, joined in _crossed(output):
        if joined.kind == "left":
            apart = (c for c in conjuncts(joined.on) if not links_relations(c, relation))
            found.update(dict.fromkeys(f"only where {writer.condition(c, relation)}" for c in apart))
        for effect in reader.effects(joined.relation):
            if effect not in told and not effect.part and effect.kind in ("filter", "latest"):
                found[f"only where {effect.sql}" if effect.kind == "filter" else f"only {effect.sql}"] = None
    return list(found)[:_MOST_TOLD]


def _crossed(output: Output) -> Iterator[tuple[Relation, Joined]]:
    """Every join on the way from a column to the tables it comes from, with the SELECT it is in."""
    queue = [output]
    for _ in range(_MAX_STEPS):
        if not queue:
            return
        current = queue.pop(0)
        for joined, name in _steps(current):
            if current.of is not None:
                yield current.of, joined
            inner = joined.relation.output(name)
            if inner is not None:
                queue.append(inner)


def _steps(output: Output) -> list[tuple[Joined, str]]:
    if output.through is not None:
        return [output.through]
    if output.node is None or output.of is None:
        return []
    columns = [c for c in in_scope(output.node) if isinstance(c, exp.Column)]
    return [found for c in columns if (found := output.of.source_of(c))]

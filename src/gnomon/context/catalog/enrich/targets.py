"""Which column of the made table each output of a statement's query fills."""

from collections.abc import Sequence

from sqlglot import exp

from gnomon.context.catalog.enrich.parsing import Parsed
from gnomon.context.catalog.enrich.relations import Output, Relation

Filled = list[tuple[str, Output]]


def made_columns(parsed: Parsed, relation: Relation, known: Sequence[str]) -> Filled | None:
    """Columns of the made table with the outputs that fill them; None if they cannot be matched.

    Args:
        known: The table's columns in the warehouse; empty if it is not there.
    """
    outputs = list(relation.outputs.values())
    if parsed.making == "merge":
        return _merged(parsed.node, relation)
    if parsed.columns:
        return _by_position(parsed.columns, outputs, relation)
    if parsed.making == "part" and known and not parsed.node.args.get("by_name"):
        return _by_position(known, outputs, relation)
    return _by_name(outputs, known)


def merged_by(node: exp.Expr) -> list[str]:
    """The made table's columns that a MERGE compares, or none for other statements."""
    if not isinstance(node, exp.Merge):
        return []
    target = node.this.alias_or_name.casefold()
    found = []
    for comparison in node.args["on"].find_all(exp.EQ):
        for side in (comparison.this, comparison.expression):
            if isinstance(side, exp.Column) and side.table.casefold() == target:
                found.append(side.name)
    return list(dict.fromkeys(found))


def _by_position(names: Sequence[str], outputs: Sequence[Output], relation: Relation) -> Filled | None:
    if len(names) == len(outputs):
        return list(zip(names, outputs, strict=True))
    return [] if relation.open else None


def _by_name(outputs: Sequence[Output], known: Sequence[str]) -> Filled:
    spelled = {name.casefold(): name for name in known}
    in_place = list(known) if len(known) == len(outputs) else [""] * len(outputs)
    named = []
    for output, placed in zip(outputs, in_place, strict=True):
        name = placed if output.name.startswith("#") else spelled.get(output.name.casefold(), output.name)
        if name:
            named.append((name, output))
    return named


def _merged(node: exp.Expr, relation: Relation) -> Filled:
    """Columns that a MERGE takes as they are from its source, by INSERT or by SET."""
    whens = node.args.get("whens")
    filled: dict[str, Output] = {}
    for when in whens.expressions if whens is not None else ():
        then = when.args.get("then")
        for name, value in _assignments(then):
            output = relation.output(value.name) if isinstance(value, exp.Column) else None
            if output is not None:
                filled.setdefault(name, output)
        if isinstance(then, exp.Insert) and isinstance(then.this, exp.Star):
            filled |= {o.name: o for o in relation.outputs.values()}
    return list(filled.items())


def _assignments(then: exp.Expr | None) -> list[tuple[str, exp.Expr]]:
    if isinstance(then, exp.Update):
        return [(e.this.name, e.expression) for e in then.expressions if isinstance(e, exp.EQ)]
    if (
        isinstance(then, exp.Insert)
        and isinstance(then.this, exp.Tuple)
        and isinstance(then.expression, exp.Tuple)
    ):
        return [(c.name, v) for c, v in zip(then.this.expressions, then.expression.expressions, strict=False)]
    return []

"""Lineage as a tree: what a table is made from, and what is made from it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.text import Text

from gnomon.domain.catalog import TableRef
from gnomon.surfaces.cli.cells import fit, neutralise
from gnomon.surfaces.cli.face import Face

if TYPE_CHECKING:
    from gnomon.context.catalog.lineage import Link

DEPTH = 4
_COLUMNS_SHOWN = 4


def lineage_lines(ref: TableRef, up: "Iterable[Link]", down: "Iterable[Link]", face: Face) -> list[Text]:
    """Two trees; nothing where no lineage is known."""
    above = _tree(up, lambda k: (k.table, k.upstream))
    below = _tree(down, lambda k: (k.upstream, k.table))
    lines: list[Text] = []
    for title, tree in (("Made from", above), ("Used by", below)):
        if tree.get(ref):
            lines += [Text(), Text(title, style="bold underline")]
            branch = _branch(ref, tree, "", {ref}, face)
            lines += [Text(fit("  " + neutralise(line), face.width, face)) for line in branch]
    return lines


def lineage_json(links: "Iterable[Link]") -> list[dict[str, Any]]:
    """Links as JSON values."""
    return [
        {
            "table": str(k.table),
            "column": k.column or None,
            "upstream": str(k.upstream),
            "upstream_column": k.upstream_column or None,
            "source": k.provenance,
        }
        for k in links
    ]


Tree = dict[TableRef, dict[TableRef, list[str]]]


def _tree(links: "Iterable[Link]", ends: Any) -> Tree:
    tree: Tree = defaultdict(lambda: defaultdict(list))
    for link in links:
        here, there = ends(link)
        columns = tree[here][there]
        if link.column:
            columns.append(f"{link.column} from {link.upstream_column}")
    return tree


def _branch(ref: TableRef, tree: Tree, indent: str, seen: set[TableRef], face: Face) -> Iterator[str]:
    children = list(tree.get(ref, {}).items())
    corner, fork, pipe = ("└── ", "├── ", "│   ") if face.unicode else ("`-- ", "|-- ", "|   ")
    for i, (child, columns) in enumerate(children):
        last = i == len(children) - 1
        yield indent + (corner if last else fork) + str(child) + _columns(columns)
        if child not in seen:
            below = indent + ("    " if last else pipe)
            yield from _branch(child, tree, below, seen | {child}, face)


def _columns(columns: list[str]) -> str:
    if not columns:
        return ""
    more = f", and {len(columns) - _COLUMNS_SHOWN} more" if len(columns) > _COLUMNS_SHOWN else ""
    return f"  ({', '.join(columns[:_COLUMNS_SHOWN])}{more})"

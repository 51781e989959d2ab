"""Which tables a table is made from, through models that are no tables, and circles among them."""

from collections.abc import Mapping

from gnomon.context.catalog.sources.dbt.nodes import Node


class Graph:
    """The nodes of a project and what each depends on. Nodes that are not known are left out.

    Args:
        nodes: By id.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._above = {
            key: [up for up in dict.fromkeys(node.depends_on) if up in nodes and up != key]
            for key, node in nodes.items()
        }
        self._versions = {(n.package, n.name, n.version): n for n in nodes.values() if n.version}
        self.cycles = self._cut_cycles()
        """Circles as ids in the order of reading; the edge from the last to the first is cut."""

    def version(self, node: Node, version: str) -> Node | None:
        """Another version of a versioned model, or None."""
        return self._versions.get((node.package, node.name, version))

    def tables_above(self, key: str) -> tuple[str, ...]:
        """Ids of the tables that a node reads, or ephemeral models it reads do, in order."""
        found: dict[str, None] = {}
        pending, seen = list(reversed(self._above[key])), {key}
        while pending:
            up = pending.pop()
            if up in seen:
                continue
            seen.add(up)
            if self._nodes[up].is_table:
                found[up] = None
            else:
                pending += reversed(self._above[up])
        return tuple(found)

    def _cut_cycles(self) -> tuple[tuple[str, ...], ...]:
        """Depth-first without recursion: a chain of models may be longer than the stack."""
        cycles: list[tuple[str, ...]] = []
        done: set[str] = set()
        for start in self._above:
            path: list[str] = []
            on_path: dict[str, int] = {}
            pending: list[tuple[str, bool]] = [(start, False)]
            while pending:
                key, leaving = pending.pop()
                if leaving:
                    done.add(path.pop())
                    del on_path[key]
                elif key not in done and key not in on_path:
                    on_path[key] = len(path)
                    path.append(key)
                    pending.append((key, True))
                    for up in list(self._above[key]):
                        if up in on_path:
                            cycles.append(tuple(path[on_path[up] :]))
                            self._above[key].remove(up)
                        else:
                            pending.append((up, False))
        return tuple(cycles)

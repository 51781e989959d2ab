"""A source that tells what a test gives it."""

from collections.abc import Iterator
from dataclasses import dataclass

from gnomon.context.catalog.facts import Fact, FactKind, Item, Layer, Origin


@dataclass
class Told:
    """A source in memory; it changes when `items` is replaced."""

    items: tuple[Item, ...]
    name: str = "told:test"
    reads: int = 0

    def fingerprint(self) -> str:
        return repr(self.items)

    def read(self) -> Iterator[Item]:
        self.reads += 1
        yield from self.items


def fact(
    table: str,
    kind: FactKind,
    text: str,
    layer: Layer = "annotation",
    *,
    column: str = "",
    place: str = "f.yaml:1",
) -> Fact:
    """A fact as a source of that layer tells it."""
    return Fact(table, kind, text, Origin(layer, place, "told:test", "Ines"), column)

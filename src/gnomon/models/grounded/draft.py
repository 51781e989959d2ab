"""A reading in the making: the items of a question, what is taken so far, and how names are resolved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.reading import (
    AgainstAverage,
    Compared,
    Condition,
    Grouping,
    Linked,
    NotRead,
    Ordering,
    Outer,
    Target,
    Trend,
    Within,
)
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words

WEAK_TABLE = 0.7
AMBIGUITY_MARGIN = 0.04
"""Links whose scores differ by less than this are equally good readings."""


@dataclass(slots=True)
class Draft:
    """Everything collected while a question is read. Items get a `role` once they are accounted for.

    Args:
        contrast: Whether groups, or values of one column that are still to be read, are set side by side.
        alone: Whether it leans on what the composer was not calibrated with: short forms of names.
    """

    schema: Schema
    items: list[Item]
    today: date
    focus: TableRef | None = None
    focus_named: bool = False
    targets: list[Target] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    either: list[Condition] = field(default_factory=list)
    against_average: list[AgainstAverage] = field(default_factory=list)
    linked: list[Linked] = field(default_factory=list)
    groups: list[Grouping] = field(default_factory=list)
    entity: TableRef | None = None
    order: Ordering | None = None
    having: tuple[Target, str, int | float] | None = None
    limit: int | None = None
    then: list[Ordering] = field(default_factory=list)
    within: Within | None = None
    place: int | None = None
    outer: Outer | None = None
    contrast: Literal["", "listed", "groups", "difference"] = ""
    compared: Compared | None = None
    trend: Trend | None = None
    dated_by: ColumnRef | None = None
    kept: list[TableRef] = field(default_factory=list)
    distinct: bool = False
    share: bool = False
    every: bool = False
    exists_only: bool = False
    alone: bool = False
    assumptions: list[tuple[str, str]] = field(default_factory=list)
    certainty: float = 1.0

    # -- looking around ---------------------------------------------------------------------------

    def open(self, *kinds: str) -> list[int]:
        """Positions of items of those kinds that are not accounted for."""
        return [i for i, item in enumerate(self.items) if item.kind in kinds and not item.role]

    def cues(self, *kinds: str) -> list[int]:
        """Positions of open cues of those kinds."""
        return [i for i, item in enumerate(self.items) if item.is_cue(*kinds) and not item.role]

    def after(self, at: int, *, skip: Sequence[str] = ("fill", "all")) -> int | None:
        """The next position after `at` whose item is not a skipped cue."""
        return self._beside(range(at + 1, len(self.items)), skip)

    def before(self, at: int, *, skip: Sequence[str] = ("fill", "all")) -> int | None:
        """The nearest position before `at` whose item is not a skipped cue."""
        return self._beside(range(at - 1, -1, -1), skip)

    def _beside(self, positions: range, skip: Sequence[str]) -> int | None:
        return next((i for i in positions if not self.items[i].is_cue(*skip)), None)

    def is_name(self, at: int | None) -> bool:
        """Whether there is an open name at that position."""
        return at is not None and self.items[at].kind == "name" and not self.items[at].role

    def take(self, at: int, role: str, score: float = 1.0) -> None:
        """Account for an item."""
        self.items[at].role = role
        self.certainty *= score

    def assume(self, text: str, alternative: str = "", certainty: float = 1.0) -> None:
        """Note something that the question left open, once; what else may be meant is said together."""
        known = dict(self.assumptions)
        if text not in known:
            self.assumptions.append((text, alternative))
            self.certainty *= certainty
        elif alternative and alternative not in known[text]:
            both = "; ".join(a for a in (known[text], alternative) if a)
            self.assumptions[self.assumptions.index((text, known[text]))] = (text, both)

    def chosen(self, words: str) -> str:
        """What the person chose these words to mean; empty if nothing was chosen."""
        return dict(self.schema.context.choices).get(words, "")

    # -- names ------------------------------------------------------------------------------------

    def mentioned(self) -> list[TableRef]:
        """Tables that the question names as tables, the focus first."""
        named = [best for item in self.items if (best := self.as_table(item)) is not None]
        return list(dict.fromkeys(([self.focus] if self.focus else []) + named))

    def as_table(self, item: Item) -> TableRef | None:
        """The table an item names, unless a column is the better reading of it."""
        if item.kind != "name":
            return None
        chosen = self.chosen(item.text)
        picked = [k.table for k in item.links if k.is_table and str(k.table) == chosen]
        if picked:
            return picked[0]
        tables = [link for link in item.links if link.is_table]
        columns = [link for link in item.links if not link.is_table]
        if not tables or tables[0].score < WEAK_TABLE:
            return None
        if columns and columns[0].score > tables[0].score + AMBIGUITY_MARGIN:
            return None
        return tables[0].table

    def column(self, at: int, test: Callable[[ColumnRef], bool] | None = None) -> ColumnRef | None:
        """The column that the item at a position means, or None if it cannot be one.

        Raises:
            NotRead: Several columns are equally good.
        """
        known = self.items[at].resolved
        if known is not None and (test is None or test(known)):
            return known
        found = self._resolve(at, test)
        self.items[at].resolved = found or known
        return found

    def _resolve(self, at: int, test: Callable[[ColumnRef], bool] | None) -> ColumnRef | None:
        item = self.items[at]
        links = [k for k in item.links if not k.is_table and (test is None or test(k.ref))]
        if not links:
            return None
        chosen = self.chosen(item.text)
        picked = [k for k in links if str(k.ref) == chosen]
        if picked:
            return picked[0].ref
        owner = self._owner_after(at) or self._owner_before(at)
        if owner is not None and not any(k.table == owner for k in links):
            return self._of_owner(item, owner, links)
        for allowed in self._circles(at):
            near = [k for k in links if k.table in allowed]
            if near:
                return self._best(item, near)
        return self._best(item, links)

    def _of_owner(self, item: Item, owner: TableRef, links: Sequence[Link]) -> ColumnRef:
        """`the name of the movie`, where a movie has a title: its label; else a column of its parent."""
        if name_words(item.text) == ("name",):
            label = self.schema.label(owner)
            if len(label) == 1 and self.schema.column(ColumnRef(owner, label[0])).column.kind == "text":
                self.assume(f"`{item.text}` is read as {owner}.{label[0]}.")
                return ColumnRef(owner, label[0])
        key = self.schema.key(owner)
        if name_words(item.text) == ("id",) and len(key) == 1:
            return ColumnRef(owner, key[0])
        near = [k for k in links if self.schema.paths(owner, k.table, many=False)]
        if not near or name_words(item.text) == ("name",):
            raise NotRead(f"{owner} has no `{item.text}`.", (item.text,))
        return self._best(item, near)

    def _circles(self, at: int) -> list[set[TableRef]]:
        """Where to look for a column, nearest first: beside the item, the focus, mentioned tables, kin."""
        circles: list[set[TableRef]] = []
        for beside in (self._owner_after(at), self._owner_before(at)):
            if beside is not None:
                circles.append({beside})
        if self.focus is not None:
            circles.append({self.focus})
        mentioned = set(self.mentioned())
        circles.append(mentioned)
        for reach in (1, 2):
            circles.append(self._kin(mentioned, reach))
        return circles

    def _owner_after(self, at: int) -> TableRef | None:
        """`the name of the singer`: the table right after `of`."""
        following = self.items[at + 1 : at + 4]
        if not following or following[0].text.lower() not in ("of", "for", "from", "in"):
            return None
        named = next((i for i in following if not i.is_cue("fill", "each", "distinct", "list")), None)
        return self.as_table(named) if named else None

    def _owner_before(self, at: int) -> TableRef | None:
        """`each singer's name`, `singer name`: the table right before."""
        if at == 0:
            return None
        return self.as_table(self.items[at - 1])

    def _kin(self, tables: set[TableRef], reach: int) -> set[TableRef]:
        kin: set[TableRef] = set()
        for other in self.schema.tables():
            for table in tables:
                paths = self.schema.paths(table, other, many=True)
                if paths and len(paths[0]) <= reach:
                    kin.add(other)
        return kin

    def _best(self, item: Item, links: Sequence[Link]) -> ColumnRef:
        ranked = sorted(links, key=lambda k: -k.score)
        best = ranked[0]
        rivals = [k for k in ranked[1:] if best.score - k.score < AMBIGUITY_MARGIN and k.ref != best.ref]
        sure = self.focus_named and best.table == self.focus and best.score >= 0.99
        if rivals and not sure:
            return self._settle(item, best, rivals)
        if best.score < 0.77 and best.table not in self.mentioned() and len(name_words(item.text)) == 1:
            raise NotRead(f"`{item.text}` is a column of tables that are not mentioned.", (item.text,))
        self.certainty *= 0.5 + best.score / 2
        if best.score < 0.8:
            self.assume(f"`{item.text}` is read as {best.ref}.")
        return best.ref

    def _settle(self, item: Item, best: Link, rivals: Sequence[Link]) -> ColumnRef:
        """Two columns of one name: the coarser table's if one belongs to the other, else the person says."""
        contenders = (best, *rivals[:3])
        alike = len({k.column for k in contenders}) == 1
        for one in contenders if alike else ():
            others = [k for k in contenders if k.table != one.table]
            if others and all(self.schema.paths(k.table, one.table, many=False) for k in others):
                named = ", ".join(str(k.ref) for k in others)
                self.assume(f"`{item.text}` is read as {one.ref}.", f"name the table to mean {named}")
                return one.ref
        options = tuple(str(k.ref) for k in contenders)
        raise NotRead(f"`{item.text}` could be {' or '.join(options)}.", (item.text,), options)

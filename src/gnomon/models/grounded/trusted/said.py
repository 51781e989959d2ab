"""Whether the words of a question say what the statement does: what it measures, by what, how much of it.

Titles are short. `Net revenue` may stand over a line per month, `Stores` over a sum; who asks for one figure
must not get the other. So groups, measures and limits need a word, and a phrase that is spelt in another way
than in the title needs its counterpart in the statement.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gnomon.domain.catalog import TEMPORAL_KINDS, ColumnRef, TableCard
from gnomon.models.grounded.cues import CUES
from gnomon.models.grounded.dates import event_date, is_state
from gnomon.models.grounded.linking import LAYER_WORDS
from gnomon.models.grounded.periods import MONTHS
from gnomon.models.grounded.trusted.alignment import Alignment
from gnomon.models.grounded.trusted.binding import Bound
from gnomon.models.grounded.trusted.statement import Statement, number_of
from gnomon.models.grounded.trusted.wording import SAID, Mark
from gnomon.models.grounded.trusted.wordlists import words
from gnomon.models.grounded.words import name_words, stem

if TYPE_CHECKING:
    from sqlglot import exp

MADE_UP = re.compile(r"name_\d+")
"""How the usage layer calls an alias that might have been data."""

TAILS = frozenset(stem(w) for w in ("id", "name", "key"))
"""Ends of names that say nothing of their own."""

AT = frozenset(stem(w) for w in ("at", "on", "date", "time", "day"))
"""Ends of a date's name that every date may have."""

DAY_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}.*")


def is_said(aligned: Alignment, statement: Statement, bound: Sequence[Bound]) -> bool:
    """Whether question and statement agree in all that can be looked at."""
    look = _Look(aligned, statement)
    return (
        look.groups_are_said
        and look.measures_are_said
        and look.limit_is_said
        and look.numbers_are_held
        and look.grains_are_kept
        and look.rewordings_hold
        and look.words_are_traced
        and look.dates_stay_true
        and all(look.is_date_said(b) for b in bound if b.parameter.is_dated)
    )


@dataclass(frozen=True)
class _Look:
    """One statement beside the words of a question."""

    aligned: Alignment
    statement: Statement

    # -- what there is --------------------------------------------------------------------------------------

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        return self.aligned.asked.marks

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of the words that both texts have."""
        said = (w for m in self.aligned.title.of("word") for w in m.text.lower().split())
        return frozenset(stem(part) for w in said for part in name_words(w))

    @cached_property
    def steers(self) -> frozenset[str]:
        return frozenset(m.key for m in self.marks if m.kind == "steer")

    @cached_property
    def keys(self) -> "tuple[tuple[exp.Expr, str], ...] | None":
        """The groups of the statement, each with its alias; None if they are of a kind that is not read."""
        group = self.statement.tree.args.get("group")
        if group is None:
            return ()
        if any(group.args.get(kind) for kind in ("rollup", "cube", "grouping_sets", "totals")):
            return None
        if group.args.get("all"):
            plain = [p for p in self.statement.tree.selects if not self._aggregates(p)]
            return tuple((p.unalias(), p.alias) for p in plain)
        return tuple(self._key(node.unnest()) for node in group.expressions) or None

    def _key(self, node: "exp.Expr") -> "tuple[exp.Expr, str]":
        """A group, which may be told by its position or by its alias in the select list."""
        from sqlglot import exp

        shown = self.statement.tree.selects
        if isinstance(node, exp.Literal) and node.name.isdecimal() and 1 <= int(node.name) <= len(shown):
            found = shown[int(node.name) - 1]
            return found.unalias(), found.alias
        for item in shown:
            if item.unalias() == node or (
                isinstance(node, exp.Column)
                and not node.table
                and item.alias.casefold() == node.name.casefold()
            ):
                return item.unalias(), item.alias
        return node, ""

    @cached_property
    def measures(self) -> "tuple[exp.Expr, ...]":
        """What the outer SELECT computes over rows."""
        return tuple(p for p in self.statement.tree.selects if self._aggregates(p))

    def _aggregates(self, item: "exp.Expr") -> bool:
        from sqlglot import exp

        found = item.find_all(exp.AggFunc)
        return any(a.find_ancestor(exp.Query, exp.Window) is self.statement.tree for a in found)

    @cached_property
    def single(self) -> "exp.Expr | None":
        """The aggregate that is the only measure, rounding and the like taken off; None if there are more."""
        return _bare(self.measures[0]) if len(self.measures) == 1 else None

    # -- groups, measures, limits ---------------------------------------------------------------------------

    @property
    def groups_are_said(self) -> bool:
        if self.keys is None:
            return False
        if "group" in self.steers and not self.keys and self.measures:
            return False
        if self.aligned.asked.lists and self.measures and not self.keys:
            return False
        return all(self._is_key_said(node, alias) for node, alias in self.keys)

    def _is_key_said(self, node: "exp.Expr", alias: str) -> bool:
        from sqlglot import exp

        unit = _bucket(node)
        if unit:
            return f"grain:{unit}" in self.steers
        if isinstance(node, exp.Column) and self._is_named(node):
            return True
        return bool(_alias(alias)) and _alias(alias) <= self.words

    def _is_named(self, column: "exp.Column") -> bool:
        """Whether the words have what a column's name says beyond its table, or else the table."""
        card = self.statement.card_of(column)
        table = _table_words(card.ref.name) if card is not None else frozenset()
        telling = {stem(w) for w in name_words(column.name)} - table - TAILS
        return telling <= self.words if telling else bool(table & self.words)

    @property
    def measures_are_said(self) -> bool:
        from sqlglot import exp

        counted = any(isinstance(_bare(m), exp.Count) for m in self.measures)
        if counted and (not self.keys or self.aligned.asked.lists) and "count:" not in self.steers:
            return False
        return all(self._is_measure_said(m) for m in self.measures)

    def _is_measure_said(self, item: "exp.Expr") -> bool:
        from sqlglot import exp

        bare, named = _bare(item), bool(_alias(item.alias)) and _alias(item.alias) <= self.words
        if isinstance(bare, exp.Count):
            return named or self._is_counted_said(bare)
        if isinstance(bare, exp.Sum):
            return named or (isinstance(bare.this, exp.Column) and self._is_named(bare.this))
        column = bare.this if isinstance(bare, exp.AggFunc) else None
        if isinstance(column, exp.Column):
            return self._is_function_said(bare) and (named or self._is_named(column))
        return named

    def _is_counted_said(self, count: "exp.Count") -> bool:
        from sqlglot import exp

        columns = list(count.find_all(exp.Column))
        if columns:
            return len(columns) == 1 and self._is_named(columns[0])
        return isinstance(count.this, exp.Star) and bool(self._counted_table & self.words)

    @cached_property
    def _counted_table(self) -> frozenset[str]:
        """Words of the table that the statement begins from: its rows are counted."""
        card = self._first_card
        return _table_words(card.ref.name) if card is not None else frozenset()

    def _is_function_said(self, node: "exp.Expr") -> bool:
        function = {"Avg": "avg", "Min": "min", "Max": "max"}.get(type(node).__name__, "")
        return f"agg:{function}" in self.steers

    @property
    def limit_is_said(self) -> bool:
        tree = self.statement.tree
        if tree.args.get("limit") is None:
            return True
        said = {w for m in self.aligned.title.of("word") for w in m.text.lower().split()}
        ranked = any(CUES.get((w,)) and CUES[w,].kind in ("superlative", "common") for w in said)
        return tree.args.get("order") is not None and (ranked or bool(said & words("ranking")))

    @property
    def numbers_are_held(self) -> bool:
        """Whether the numbers of the title stand in the statement, and its LIMIT among them."""
        from sqlglot import exp

        told = {t.number for _, t in self.aligned.numbers}
        counts = [p for p in self.statement.parameters if p.set_by in ("number", "limit")]
        if not told or any(p.is_open for p in counts):
            return True
        written = {number_of(n.name) for n in self.statement.tree.find_all(exp.Literal) if not n.is_string}
        limits = {p.held[0] for p in counts if p.set_by == "limit"}
        return told <= written and (not limits or bool(limits & told))

    @property
    def grains_are_kept(self) -> bool:
        """Whether each grain that is said is one of groups, or a part of a name."""
        buckets = {_bucket(node) for node, _ in self.keys or ()}
        dated = any(p.is_dated for p in self.statement.parameters)
        for mark in self.marks:
            if mark.kind != "steer" or not mark.key.startswith("grain:"):
                continue
            in_name = stem(mark.text.lower().split()[-1]) in self.names
            if mark.key.removeprefix("grain:") not in buckets and (dated or not in_name):
                return False
        return True

    def is_date_said(self, bound: Bound) -> bool:
        """Whether a period can be about no other date than the one that the statement restricts.

        It is if the title has a period too, names the date, or groups by it; or if the date is that of the
        event that the statement is about.
        """
        from sqlglot import exp

        assert bound.parameter.subject is not None
        column = bound.parameter.subject.column
        if self.aligned.title.of("period"):
            return True
        grouped = (c for node, _ in self.keys or () for c in node.find_all(exp.Column))
        if any(c.name.casefold() == column.column.casefold() for c in grouped):
            return True
        telling = {stem(w) for w in name_words(column.column)} - _table_words(column.table.name) - AT
        if telling and telling <= self.words:
            return True
        return self._event() == column

    def _event(self) -> ColumnRef | None:
        """The date of what the statement begins from, or of the only other table that has dates."""
        cards = [c for c in self.statement.cards if self._dates(c)]
        first = self._first_card
        card = first if first is not None and self._dates(first) else cards[0] if len(cards) == 1 else None
        if card is None:
            return None
        dates = self._dates(card)
        return dates[0] if len(dates) == 1 and not is_state(dates[0]) else event_date(card.ref, dates)

    def _dates(self, card: TableCard) -> list[ColumnRef]:
        return [ColumnRef(card.ref, c.name) for c in card.columns if c.column.kind in TEMPORAL_KINDS]

    @cached_property
    def _first_card(self) -> TableCard | None:
        start = self.statement.tree.args.get("from_")
        return self.statement.sources.get(start.this.alias_or_name.casefold()) if start is not None else None

    # -- words ----------------------------------------------------------------------------------------------

    @property
    def rewordings_hold(self) -> bool:
        """Whether phrases that the title has in another way, or leaves out, are what the statement does."""
        added = self.aligned.added
        if added is not None and not self._adds_nothing(added):
            return False
        return all(self._is_done(at) for at in self.aligned.reworded)

    def _adds_nothing(self, at: int) -> bool:
        from sqlglot import exp

        run = self._run(at)
        if self.marks[at].key == "count:":
            single = self.single
            if not isinstance(single, exp.Count):
                return False
            columns = {stem(w) for c in single.find_all(exp.Column) for w in name_words(c.name)} - TAILS
            return bool((columns or self._counted_table) & run)
        column = self.single.this if isinstance(self.single, exp.Sum) else None
        if not isinstance(column, exp.Column):
            return False
        return {stem(w) for w in name_words(column.name)} <= run

    def _run(self, at: int) -> frozenset[str]:
        """Stems of the words behind a steering phrase, up to the next one."""
        run: list[str] = []
        for mark in self.marks[at + 1 :]:
            if mark.kind == "steer":
                break
            run += [stem(w) for w in mark.text.lower().split()] if mark.kind == "word" else []
        return frozenset(run)

    def _is_done(self, at: int) -> bool:
        from sqlglot import exp

        key = self.marks[at].key
        if key == "count:":
            return any(isinstance(_bare(m), exp.Count) for m in self.measures)
        if key.startswith("agg:"):
            wanted = {"sum": exp.Sum, "avg": exp.Avg, "max": exp.Max, "min": exp.Min}[key[4:]]
            return any(isinstance(_bare(m), wanted) for m in self.measures)
        if key.startswith("grain:"):
            return any(_bucket(node) == key.removeprefix("grain:") for node, _ in self.keys or ())
        if key == "group":
            return any(self._key_words(*k) & self._run(at) for k in self.keys or ())
        return self.statement.tree.find(exp.Distinct) is not None

    def _key_words(self, node: "exp.Expr", alias: str) -> frozenset[str]:
        from sqlglot import exp

        columns = (stem(w) for c in node.find_all(exp.Column) for w in name_words(c.name))
        return (frozenset(columns) | _alias(alias)) - TAILS

    @cached_property
    def names(self) -> frozenset[str]:
        """Stems of the names and texts that the statement holds outside of its parameters."""
        from sqlglot import exp

        tree = self.statement.tree
        leaves = {id(leaf) for p in self.statement.parameters for leaf in p.leaves}
        texts = [t.name for t in tree.find_all(exp.Table)] + [c.name for c in tree.find_all(exp.Column)]
        texts += [a.alias for a in tree.find_all(exp.Alias) if not MADE_UP.fullmatch(a.alias)]
        texts += [n.name for n in tree.find_all(exp.Literal) if n.is_string and id(n) not in leaves]
        return frozenset(stem(w) for text in texts for w in name_words(text))

    @property
    def words_are_traced(self) -> bool:
        """Whether no word of the title may be what a `?` stood for: `first quarter`, `big`, `delivered`."""
        if not self.statement.is_open:
            return True
        dated = any(p.is_dated and p.is_open for p in self.statement.parameters)
        return all(self._is_traced(m, dated) for m in self.aligned.title.of("word"))

    def _is_traced(self, mark: Mark, dated: bool) -> bool:
        if mark.key.startswith(SAID):
            return True
        said = set(name_words(mark.text))
        if dated and said & (words("when") | set(MONTHS)):
            return False
        ordered = self.statement.tree.args.get("order") is not None
        ranking = words("ranking") if ordered else frozenset()
        cue = CUES.get((mark.text.lower(),))
        if cue is not None and (cue.kind == "compare" or (ordered and cue.kind == "superlative")):
            return True
        return {stem(w) for w in said - words("linking") - ranking} <= self.names

    @property
    def dates_stay_true(self) -> bool:
        """Whether no word moves with the clock while a date of the statement stands still."""
        from sqlglot import exp

        said = {w for m in self.aligned.title.of("word") for w in m.text.lower().split()}
        if not said & words("nowadays"):
            return True
        return not any(
            n.is_string and DAY_TEXT.fullmatch(n.name) for n in self.statement.tree.find_all(exp.Literal)
        )


def _bare(item: "exp.Expr") -> "exp.Expr":
    """A measure without its alias, its rounding and its type."""
    from sqlglot import exp

    found = item.unalias().unnest()
    while isinstance(found, exp.Round | exp.Cast | exp.Coalesce):
        found = found.this.unnest()
    return found


def _bucket(node: "exp.Expr") -> str:
    """The unit that dates are grouped by; empty for anything else."""
    from sqlglot import exp

    bare = node.unnest()
    if isinstance(bare, exp.Cast):
        bare = bare.this
    if isinstance(bare, exp.DateTrunc | exp.TimestampTrunc):
        return str(bare.unit.name.lower()) if bare.unit is not None else ""
    if isinstance(bare, exp.Extract):
        return str(bare.name.lower())
    if isinstance(bare, exp.TimeToStr):
        return {"%Y-%m-%d": "day", "%Y-%m": "month", "%Y": "year"}.get(bare.args["format"].name, "")
    if isinstance(bare, exp.Year):
        return "year"
    return "quarter" if isinstance(bare, exp.Quarter) else "month" if isinstance(bare, exp.Month) else ""


def _alias(alias: str) -> frozenset[str]:
    return frozenset() if MADE_UP.fullmatch(alias) else frozenset(stem(w) for w in name_words(alias))


def _table_words(name: str) -> frozenset[str]:
    return frozenset(stem(w) for w in name_words(name) if w not in LAYER_WORDS)

"""The statement of a reading that joins a table to itself: the second occurrence has a name of its own."""

from sqlglot import exp

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.reading import Condition, Kin, Linked, NotRead, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.statement import Statement
from gnomon.models.grounded.terms import COMPARISONS, aliases_of, target_name


class KinStatement(Statement):
    """One reading as one SELECT over rows and the row that each refers to.

    That row is at most one, so the join repeats none. Rows that refer to a row are asked for as membership.
    """

    def __init__(self, reading: Reading, schema: Schema, kin: Kin) -> None:
        super().__init__(reading, schema)
        if self.plan.root != reading.base:
            raise NotRead(f"I cannot tell how {reading.base} is linked to itself here.", ())
        if reading.groups and (kin.each or kin.shown):
            raise NotRead("I cannot tell what to group beside another row of the table.", ())
        self.kin = kin
        taken = {a.casefold() for a in self.aliases.values()}
        alias = kin.role
        while alias.casefold() in taken:
            alias += "_"
        self.other = {reading.base: alias}

    def over_rows(self, query: exp.Select) -> exp.Select:
        """What is selected, from the rows that the reading is about and those that they refer to."""
        query = super().over_rows(query)
        kin = self.kin
        if kin.met or kin.compared or kin.shown or kin.each:
            side = "left" if kin.kept else "inner"
            query = query.join(self.table(self.reading.base, self.other), on=self._refers(), join_type=side)
        for condition in kin.met:
            query = query.where(self.condition(condition, self.other))
        if kin.compared is not None:
            query = query.where(self._compares(*kin.compared))
        return query.where(self._below(kin.below)) if kin.below is not None else query

    def columns(self) -> tuple[list[exp.Expr], list[exp.Expr]]:
        """What is shown, of either row, and what rows are grouped by."""
        if self.kin.shown:
            own = [self.target(t) for t in self.reading.targets]
            return own + [self._shown_of_other(c) for c in self.kin.shown], []
        columns, keys = super().columns()
        if not self.kin.each:
            return columns, keys
        label = self.schema.label(self.reading.base)
        named = dict.fromkeys((self.kin.key, *label))
        figures = [self.named(self.target(t), target_name(t)) for t in self.reading.targets]
        return [*(self._shown_of_other(c) for c in named), *figures], [self._of_other(c) for c in named]

    def _shown_of_other(self, column: str) -> exp.Expr:
        return self.named(self._of_other(column), f"{self.kin.role}_{column}")

    def _of_other(self, column: str) -> exp.Column:
        return self.column(ColumnRef(self.reading.base, column), self.other)

    def _refers(self) -> exp.Expr:
        base = self.reading.base
        refers = exp.EQ(
            this=self.column(ColumnRef(base, self.kin.column)), expression=self._of_other(self.kin.key)
        )
        rules = [self.always(base, self.other)] if self.rules(base) else []
        return exp.and_(refers, *rules)

    def _compares(self, column: str, operator: str) -> exp.Expr:
        ref = ColumnRef(self.reading.base, column)
        own = self.column(ref)
        if self.dialect == "sqlite" and self.schema.is_temporal(ref):
            self._iso(ref)
        return COMPARISONS[operator](this=own, expression=self._of_other(column))

    def _below(self, below: Linked) -> exp.Expr:
        """Membership in what the referring column holds, where so many rows hold it."""
        base = self.reading.base
        inner = aliases_of([base], taken=set(self.aliases.values()), suffix="_below")
        refers = self.column(ColumnRef(base, self.kin.column), inner)
        query = exp.select(refers).from_(self.table(base, inner))
        query = query.where(self.condition(Condition(ColumnRef(base, self.kin.column), "not null"), inner))
        query = query.where(self.always(base, inner)) if self.rules(base) else query
        if below.operator not in ("exists", "not exists"):
            number = exp.Literal.number(below.count)
            counted = COMPARISONS[below.operator](this=exp.Count(this=exp.Star()), expression=number)
            query = query.group_by(refers.copy()).having(counted)
        member = exp.In(this=self.column(ColumnRef(base, self.kin.key)), query=query.subquery())
        return exp.Not(this=member) if below.operator == "not exists" else member

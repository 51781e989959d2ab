"""From verdicts to a rule on one table: which columns exist, which rows pass, what is masked.

Permits add up: rows that any permit lets through are seen, and a permit without `@rows` lets all through.
Forbids cut down: each `@rows` has to be true, the strictest mask wins, the largest `@min_group` holds.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from gnomon.domain.catalog import Catalog, TableSchema
from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.policy.access import ColumnRule, Denial, TableAccess, TableRule
from gnomon.policy.rules.cedar import Rule, Verdict, broken
from gnomon.policy.rules.conditions import BadConditionError, Condition, parse_condition
from gnomon.policy.rules.obligations import Mask, strictest
from gnomon.policy.rules.tags import Tagged

if TYPE_CHECKING:
    from gnomon.policy.policies import Policies, Resource, Situation

_READ = ("read", "restrict")
_MOST_GROUPS = 200
"""Groups tried when somebody is told which one to join."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the policies say of reading one table or column."""

    allowed: bool
    permits: tuple[Rule, ...] = ()
    forbids: tuple[Rule, ...] = ()
    restricts: tuple[Rule, ...] = ()


@dataclass(slots=True)
class TableJudge:
    """Judges the tables of one warehouse for one person.

    Args:
        tagged: The catalog's tags.
    """

    policies_in_force: "Policies"
    principal: Principal
    catalog: Catalog
    dialect: Dialect
    situation: "Situation"
    tagged: Tagged
    _conditions: dict[tuple[str, str], Condition] = field(default_factory=dict, init=False)

    def judge(self, table: TableSchema, via_view: bool) -> TableAccess:
        """How the person sees the table.

        Args:
            via_view: Asked for a view that the person may read: what restricts the table holds, and it need
                not be permitted by itself.
        """
        whole = self._read(self.policies_in_force.table(table, self.tagged, self.dialect))
        if not whole.allowed and (whole.forbids or not via_view):
            return _denial(whole)
        rows = self._rows(table, whole)
        min_group, unit = self._min_group(table, whole)
        special = self.policies_in_force.special_columns(table, self.tagged)
        unnamed = next((c.name for c in table.columns if c.name not in special), "")
        usual = self._column(table, unnamed, whole, via_view)
        if not special and usual is not None and usual.clear and not rows and not min_group:
            return None  # As most tables are, of which a rule a column would be made for nothing.
        columns = tuple(self._columns(table, whole, special, usual, via_view))
        plain = len(columns) == len(table.columns) and all(c.clear for c in columns)
        if plain and not rows and not min_group:
            return None
        decisive = _ids(whole.restricts) or _ids(whole.permits)
        narrowed_by = {*_ids(_narrowing(whole)), *(p for c in columns for p in c.narrowed_by)}
        return TableRule(table.ref, columns, rows, min_group, unit, decisive, tuple(sorted(narrowed_by)))

    def discoverable(self, table: TableSchema) -> bool:
        """Whether the person may know that the table exists."""
        resource = self.policies_in_force.table(table, self.tagged, self.dialect)
        return self._ask(("discover",), resource)[0].allowed

    def grantors(self, table: TableSchema) -> tuple[str, ...]:
        """Groups that policies name and whose members may read the table."""
        policies = self.policies_in_force
        resource = policies.table(table, self.tagged, self.dialect)
        named = sorted(policies.rules.named("Group") - self.principal.groups)[:_MOST_GROUPS]
        plain = [g for g in named if "::" not in g]
        return tuple(
            g
            for g in plain
            if policies.decide(policies.with_group(self.principal, g), ("read",), resource, self.situation)[
                0
            ].allowed
        )

    def policies(self, table: TableSchema) -> tuple[str, ...]:
        """Ids of the policies that decided about the table."""
        whole = self._read(self.policies_in_force.table(table, self.tagged, self.dialect))
        return _ids((*whole.permits, *whole.forbids, *whole.restricts))

    def _ask(self, actions: Sequence[str], resource: "Resource") -> tuple[Verdict, ...]:
        return self.policies_in_force.decide(self.principal, actions, resource, self.situation)

    def _read(self, resource: "Resource") -> _Reading:
        read, restrict = self._ask(_READ, resource)
        restricts = tuple(r for r in restrict.rules if r.restricts) if restrict.allowed else ()
        if read.allowed:
            return _Reading(True, read.rules, (), restricts)
        return _Reading(False, (), read.rules, restricts)

    def _columns(
        self, table: TableSchema, whole: _Reading, special: Collection[str], usual: ColumnRule | None,
        via_view: bool,
    ) -> Iterator[ColumnRule]:  # fmt: skip
        for column in table.columns:
            rule = self._column(table, column.name, whole, via_view) if column.name in special else usual
            if rule is not None:
                yield replace(rule, name=column.name)

    def _column(self, table: TableSchema, name: str, whole: _Reading, via_view: bool) -> ColumnRule | None:
        """How a column is seen; None if it does not exist for the person."""
        reading = self._read(self.policies_in_force.column(table, name, self.tagged, self.dialect))
        if not reading.allowed:
            if not via_view:
                return None
            if reading.forbids:
                return ColumnRule(name, Mask("null"))
        masking = [r for r in reading.restricts if r.obligation.mask]
        only_here = [r for r in reading.restricts if r not in whole.restricts and not r.obligation.mask]
        permits = () if set(whole.permits) <= set(reading.permits) else _by_rows(reading.permits)
        masks = [r.obligation.mask for r in masking if r.obligation.mask]
        # Groups are a property of the table: on a column alone the obligation cannot be kept.
        masks += [Mask("null") for r in only_here if r.obligation.min_group]
        conditions = [self._condition(r, table) for r in only_here if r.obligation.rows]
        if permits:
            conditions.append(_any([self._condition(r, table) for r in permits]))
        narrowed_by = _ids((*masking, *only_here, *permits))
        return ColumnRule(name, strictest(masks) if masks else None, _all(conditions), narrowed_by)

    def _rows(self, table: TableSchema, whole: _Reading) -> tuple[exp.Expr, ...]:
        conditions = [self._condition(r, table) for r in whole.restricts if r.obligation.rows]
        if permits := _by_rows(whole.permits):
            conditions.append(_any([self._condition(r, table) for r in permits]))
        return tuple(conditions)

    def _min_group(self, table: TableSchema, whole: _Reading) -> tuple[int, str]:
        rules = [r for r in whole.restricts if r.obligation.min_group]
        if not rules:
            return 0, ""
        decisive = max(rules, key=lambda r: r.obligation.min_group)
        units = {r.obligation.unit for r in rules if r.obligation.unit}
        keys = [k.columns[0] for k in table.keys if len(k.columns) == 1 and k.evidence.source == "declared"]
        unit = next(iter(units)) if len(units) == 1 else "" if units else next(iter(keys), "")
        column = table.column(unit) if unit else None
        if column is None:
            raise broken(
                decisive.where,
                f"`{table.ref}` has no one column that identifies a unit",
                'name it: @unit("column")',
            )
        return decisive.obligation.min_group, column.name

    def _condition(self, rule: Rule, table: TableSchema) -> exp.Expr:
        key = (rule.id, str(table.ref))
        if key not in self._conditions:
            try:
                self._conditions[key] = parse_condition(
                    rule.obligation.rows, table, self.catalog, self.dialect
                )
            except BadConditionError as error:
                raise _bad_condition(rule, table, error) from error
        return self._conditions[key].bound_to(self.principal)


def _narrowing(whole: _Reading) -> tuple[Rule, ...]:
    """The policies that leave out rows of a table or ask for groups; a mask counts on the column it is on."""
    obliging = (r for r in whole.restricts if r.obligation.rows or r.obligation.min_group)
    return (*obliging, *_by_rows(whole.permits))


def _by_rows(permits: Sequence[Rule]) -> tuple[Rule, ...]:
    """The permits, if none of them lets all rows through: what one leaves out another may let through."""
    return tuple(permits) if all(r.obligation.rows for r in permits) else ()


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(sorted({r.id for r in rules}))


def _bad_condition(rule: Rule, table: TableSchema, error: BadConditionError) -> Misconfigured:
    return broken(
        rule.where,
        f'`@rows("{rule.obligation.rows}")` does not do for `{table.ref}`: {error}',
        "correct it there",
    )


def _denial(reading: _Reading) -> Denial:
    told = [r.obligation for r in reading.forbids]
    return Denial(
        tuple(r.id for r in reading.forbids),
        ask=next((o.ask for o in told if o.ask), ""),
        instead=next((o.instead for o in told if o.instead), ""),
        why=next((o.why for o in told if o.why), ""),
    )


def _all(conditions: Sequence[exp.Expr]) -> exp.Expr | None:
    return _joined(exp.And, conditions) if conditions else None


def _any(conditions: Sequence[exp.Expr]) -> exp.Expr:
    return _joined(exp.Or, list(conditions))


def _joined(connective: type[exp.Connector], conditions: Sequence[exp.Expr]) -> exp.Expr:
    whole: exp.Expr = exp.Paren(this=conditions[0])
    for condition in conditions[1:]:
        whole = connective(this=whole, expression=exp.Paren(this=condition))
    return whole

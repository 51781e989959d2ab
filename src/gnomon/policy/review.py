"""Look over policies before they count: what names nothing, cannot be kept, or does less than it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gnomon.domain.catalog import Catalog, Column, TableSchema
from gnomon.domain.query import Dialect
from gnomon.policy.masks import fitting
from gnomon.policy.policies import Policies
from gnomon.policy.rules.cedar import Rule
from gnomon.policy.rules.conditions import BadConditionError, parse_condition
from gnomon.policy.rules.tags import Tagged

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. An error refuses questions when it is met; a warning may be meant."""

    level: Level
    where: str
    message: str


def review(
    policies: Policies, catalog: Catalog, dialect: Dialect, known_groups: frozenset[str]
) -> tuple[Finding, ...]:
    """Everything worth a look, errors first.

    Args:
        known_groups: Groups that some person is known to be in; empty where people come from elsewhere.
    """
    tagged = policies.tags.on(catalog)
    found = [*_lost(policies, catalog, dialect), *_groups(policies, known_groups)]
    for rule in policies.rules.rules:
        tables = [t for t in catalog.tables if _touches(policies, rule, t, tagged, dialect)]
        found += _conditions(rule, tables, catalog, dialect)
        found += _units(rule, tables)
        found += _masks(policies, rule, tables, tagged, dialect)
        found += _bare_tables(rule)
    return tuple(sorted(found, key=lambda f: (f.level != "error", f.where, f.message)))


def _lost(policies: Policies, catalog: Catalog, dialect: Dialect) -> Iterator[Finding]:
    for where, name in policies.unknown_names(catalog, dialect):
        yield Finding("error", where, f"{name} is not in this warehouse")


def _groups(policies: Policies, known: frozenset[str]) -> Iterator[Finding]:
    for rule in policies.rules.rules:
        for kind, name in sorted(rule.names):
            if kind == "Group" and known and name not in known:
                yield Finding("warning", rule.where, f'nobody in people.toml is in Group::"{name}"')


def _touches(policies: Policies, rule: Rule, table: TableSchema, tagged: Tagged, dialect: Dialect) -> bool:
    """Whether the rule may speak of the table or of a column of it, by the names in it."""
    named = {uid for uid in rule.names if uid[0] in ("Table", "Column", "Schema", "Tag")}
    if not named:
        return True
    whole = policies.table(table, tagged, dialect)
    reach = whole.under | {whole.uid}
    return bool(named & reach) or bool(_columns(policies, rule, table, tagged, dialect))


def _columns(
    policies: Policies, rule: Rule, table: TableSchema, tagged: Tagged, dialect: Dialect
) -> list[Column]:
    """The table's columns that the rule names by themselves or by a tag of their own."""
    found = []
    for column in table.columns:
        resource = policies.column(table, column.name, tagged, dialect)
        whole = policies.table(table, tagged, dialect)
        own = (resource.under | {resource.uid}) - whole.under - {whole.uid}
        if own & rule.names:
            found.append(column)
    return found


def _conditions(
    rule: Rule, tables: list[TableSchema], catalog: Catalog, dialect: Dialect
) -> Iterator[Finding]:
    for table in tables if rule.obligation.rows else ():
        try:
            parse_condition(rule.obligation.rows, table, catalog, dialect)
        except BadConditionError as error:
            yield Finding("error", rule.where, f"@rows does not do for `{table.ref}`: {error}")


def _units(rule: Rule, tables: list[TableSchema]) -> Iterator[Finding]:
    for table in tables if rule.obligation.min_group else ():
        unit = rule.obligation.unit
        keys = [k for k in table.keys if len(k.columns) == 1 and k.evidence.source == "declared"]
        if unit and table.column(unit) is None:
            yield Finding("error", rule.where, f"`{table.ref}` has no column `{unit}` to count units by")
        elif not unit and not keys:
            yield Finding("error", rule.where, f"`{table.ref}` has no declared key of one column: add @unit")


def _masks(
    policies: Policies, rule: Rule, tables: list[TableSchema], tagged: Tagged, dialect: Dialect
) -> Iterator[Finding]:
    mask = rule.obligation.mask
    for table in tables if mask else ():
        for column in _columns(policies, rule, table, tagged, dialect) or table.columns:
            if mask is not None and fitting(mask, column.kind) != mask:
                said = (
                    f"`{table.ref}.{column.name}` is {column.type_sql}: {mask} does not fit, nothing is shown"
                )
                yield Finding("warning", rule.where, said)


def _bare_tables(rule: Rule) -> Iterator[Finding]:
    """`resource == Table::"x"` permits the table and none of its columns."""
    compact = "".join(rule.text.split())
    if rule.effect == "permit" and "resource==Table::" in compact and 'Action::"discover"' not in compact:
        yield Finding("warning", rule.where, "this permits no column: write `resource in Table::...`")

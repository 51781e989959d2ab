"""Say in plain values what a person sees of a table, and by which policies."""

from dataclasses import dataclass

from gnomon.domain.catalog import TableSchema
from gnomon.policy.access import Access, Denial, TableRule


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person sees of one table.

    Args:
        verdict: `all`, `part` or `nothing`.
        hidden: Columns that do not exist for the person.
        masked: Column and how it is shown.
        rows: Conditions that each row has to meet.
        partly: Columns whose cells are null in some rows.
        policies: Ids of the policies that decided; none where silence refused.
        ask: Groups whose members may read the table, where this person may not.
    """

    table: str
    verdict: str
    hidden: tuple[str, ...] = ()
    masked: tuple[tuple[str, str], ...] = ()
    rows: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    min_group: int = 0
    policies: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    through: tuple[str, ...] = ()


def sight_of(access: Access, table: TableSchema) -> Sight:
    """What the person of `access` sees of a table of the whole warehouse."""
    seen = access.table(table)
    policies = tuple(sorted({*access.policies_of([table.ref]), *access.narrowed_by([table.ref])}))
    if isinstance(seen, Denial):
        return Sight(str(table.ref), "nothing", policies=policies, ask=access.grantors(table))
    through = tuple(str(b.ref) for b in access.bases(table) if access.restricts_through(b))
    if seen is None:
        return Sight(str(table.ref), "part" if through else "all", policies=policies, through=through)
    return _part(access, table, seen, policies, through)


def _part(
    access: Access, table: TableSchema, rule: TableRule, policies: tuple[str, ...], through: tuple[str, ...]
) -> Sight:
    names = {c.name for c in rule.columns}
    return Sight(
        str(table.ref),
        "part" if rule.columns else "nothing",
        hidden=tuple(c.name for c in table.columns if c.name not in names),
        masked=tuple((c.name, str(c.mask)) for c in rule.columns if c.mask is not None),
        rows=tuple(_readable(r.sql(access.dialect)) for r in rule.rows),
        partly=tuple(c.name for c in rule.columns if c.rows is not None),
        min_group=rule.min_group,
        policies=policies,
        through=through,
    )


def _readable(condition: str) -> str:
    return condition.replace('"gnomon_rows".', "").replace('"gnomon_lookup".', "")

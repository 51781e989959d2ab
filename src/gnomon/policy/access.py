"""What one person may see of a warehouse: tables, columns, rows, masks, and who could grant the rest.

Computed from the policies for a person, a purpose and an audience. Whoever holds an `Access` holds the
person's own view: its catalog names nothing else, and `authorize` rewrites every query to it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

from sqlglot import exp

from gnomon.domain.catalog import Catalog, Column, Evidence, Join, TableRef, TableSchema
from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.policy.masks import masked_type
from gnomon.policy.rules.obligations import Mask
from gnomon.policy.views import base_tables


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How one column is seen.

    Args:
        mask: None shows the cell.
        rows: The cell is null where this is not true; None where every visible row shows it.
        narrowed_by: Ids of the policies that say so.
    """

    name: str
    mask: Mask | None = None
    rows: exp.Expr | None = None
    narrowed_by: tuple[str, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether every visible row shows the very cell."""
        return self.mask is None and self.rows is None


@dataclass(frozen=True, slots=True)
class TableRule:
    """How a restricted table is seen.

    Args:
        columns: The columns that exist for the person, in the table's order.
        rows: Conditions that all have to be true of a row.
        min_group: Fewest units that a figure may rest on; 0 for none.
        unit: The column that identifies a unit.
        policies: Ids of the policies that say so.
        narrowed_by: Ids of those that leave out rows, mask cells of shown columns, or ask for groups.
    """

    ref: TableRef
    columns: tuple[ColumnRule, ...]
    rows: tuple[exp.Expr, ...] = ()
    min_group: int = 0
    unit: str = ""
    policies: tuple[str, ...] = ()
    narrowed_by: tuple[str, ...] = ()

    def column(self, name: str) -> ColumnRule | None:
        """The rule of that column, or None if it does not exist for the person."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def text(self) -> str:
        """The whole rule as text, for comparing and hashing."""
        columns = [f"{c.name}:{c.mask}:{c.rows.sql() if c.rows else ''}" for c in self.columns]
        rows = [r.sql() for r in self.rows]
        return repr((str(self.ref), columns, rows, self.min_group, self.unit))


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a table is not to be read: the policies that forbid it, or none where no policy permits it."""

    policies: tuple[str, ...] = ()
    ask: str = ""
    instead: str = ""
    why: str = ""

    @property
    def forbidden(self) -> bool:
        """Whether a policy says no, rather than none saying yes."""
        return bool(self.policies)


TableAccess = TableRule | Denial | None
"""None: all of the table is seen."""


class Access:
    """One person's view of one warehouse.

    Args:
        full: Every table of the warehouse. What the person may see of it is `catalog`.
        judge: Decides about one table; with True, what restricts it for a reader of a view on it.
        discoverable: Whether the person may be told that a table exists.
        grantors: Groups whose members may read a table.
        secret: Keys the `hash` mask; never shown.
        role: The role to take in an engine that has roles; empty for the login's own.
        alike: Whether `judge` says the same of all tables that have a column.
    """

    def __init__(
        self,
        principal: Principal,
        full: Catalog,
        dialect: Dialect,
        judge: Callable[[TableSchema, bool], TableAccess],
        *,
        discoverable: Callable[[TableSchema], bool] = lambda table: False,
        grantors: Callable[[TableSchema], tuple[str, ...]] = lambda table: (),
        policies: Callable[[TableSchema], tuple[str, ...]] = lambda table: (),
        secret: str = "",
        role: str = "",
        alike: bool = False,
    ) -> None:
        self.principal = principal
        self.full = full
        self.dialect = dialect
        self.secret = secret
        self.role = role
        self._judge = judge
        self._discoverable = discoverable
        self._grantors = grantors
        self._policies = policies
        self._alike = alike
        self._everything = False
        self._partly: dict[TableRef, bool] = {}
        self._judged: dict[tuple[TableRef, bool], TableAccess] = {}

    @classmethod
    def to_all(cls, principal: Principal, catalog: Catalog, dialect: Dialect) -> "Access":
        """The view of somebody who may read everything: Gnomon's own index, an operator's evaluation."""
        access = cls(principal, catalog, dialect, lambda table, via_view: None)
        access._everything = True
        return access

    def table(self, schema: TableSchema, *, via_view: bool = False) -> TableAccess:
        """How the person sees a table of `full`."""
        key = (schema.ref, via_view)
        if key not in self._judged:
            self._judged[key] = self._judge(schema, via_view)
        return self._judged[key]

    @cached_property
    def catalog(self) -> Catalog:
        """What exists for the person: permitted tables and columns, types as they are shown."""
        if self.sees_all:
            return self.full
        tables = [seen for table in self.full.tables if (seen := self._seen(table)) is not None]
        shown = {table.ref: table for table in tables}
        joins = (self._told(j) for j in self.full.joins if self._join_shown(j, shown))
        return Catalog(tuple(tables), tuple(joins))

    def policies_of(self, refs: Iterable[TableRef]) -> tuple[str, ...]:
        """Ids of the policies that decided about these tables."""
        named = [t for ref in refs if (t := self.exact(ref)) is not None]
        return tuple(sorted({p for table in named for p in self._policies(table)}))

    def narrowed_by(self, refs: Iterable[TableRef]) -> tuple[str, ...]:
        """Ids of the policies that leave out rows or mask cells of these tables and of those behind views.

        They may be told to the person. So a policy that hides a column is not among them, nor one of a table
        behind a view that the person does not read by itself: its id could tell of what is hidden.
        """
        read = [t for ref in refs if (t := self.exact(ref)) is not None]
        behind = (base for table in read for base in self.bases(table))
        rules = (self.table(table) for table in (*read, *behind))
        return tuple(sorted({p for rule in rules if isinstance(rule, TableRule) for p in rule.narrowed_by}))

    def restricted(self, ref: TableRef) -> bool:
        """Whether the person sees less than all of a table: what was measured on all of it is not told."""
        if ref not in self._partly:
            self._partly[ref] = self._sees_part(ref)
        return self._partly[ref]

    def _sees_part(self, ref: TableRef) -> bool:
        table = self.exact(ref)
        if table is None or self.table(table) is not None or self.opaque(table):
            return True
        return any(self.restricts_through(base) for base in self.bases(table))

    def opaque(self, table: TableSchema) -> bool:
        """Whether it cannot be told what a view reads, while something is kept from the person."""
        return not self.sees_all and any(base.ref == table.ref for base in self.bases(table))

    @cached_property
    def sees_all(self) -> bool:
        """Whether nothing of the warehouse is kept from the person."""
        return self._everything or all(
            self.table(t) is None and self.table(t, via_view=True) is None for t in self._telling()
        )

    def _telling(self) -> Iterable[TableSchema]:
        """Tables whose verdicts, taken together, are those of all: of tables that are judged alike, one."""
        if self._alike:
            tables = (self.full.exact(ref) for ref in self.full.refs)
            one = next((t for t in tables if t is not None and t.columns), None)
            if one is not None:
                return (one,)
        return self.full.tables

    def restricts_through(self, table: TableSchema) -> bool:
        """Whether a reader of a view on the table sees less than all of it."""
        return self.table(table, via_view=True) is not None

    def fingerprint(self, refs: Iterable[TableRef]) -> str:
        """Changes when the person sees more or less of any of these tables than before."""
        parts = []
        for ref in sorted(set(refs)):
            table = self.exact(ref)
            if table is None:
                parts.append(f"{ref}:absent")
                continue
            parts += [self._text(table, False), *(self._text(base, True) for base in self.bases(table))]
        return sha256("\n".join(parts).encode()).hexdigest()

    def grantors(self, table: TableSchema) -> tuple[str, ...]:
        """Groups whose members may read the table."""
        return self._grantors(table)

    def may_know(self, table: TableSchema) -> bool:
        """Whether the person may be told that the table exists."""
        return not isinstance(self.table(table), Denial) or self._discoverable(table)

    def refusal(self, name: str, schema: str = "") -> Refused | None:
        """What to tell somebody who names a table that is not for them; None if it must not be known."""
        table = self.full.find(name, schema)
        if table is None or not self._discoverable(table):
            return None
        denial = self.table(table)
        if not isinstance(denial, Denial):
            return None
        groups = self._grantors(table)
        ask = denial.ask or (f"membership of the group `{groups[0]}`" if groups else "the owner for access")
        instead = denial.instead or self._alternative(table)
        facts = [("table", str(table.ref))]
        facts += [("why", denial.why)] if denial.why else []
        facts += [("groups that may", ", ".join(groups))] if groups else []
        facts += [("read instead", instead)] if instead else []
        hint = f"ask for {ask}" if not denial.ask else f"ask {denial.ask}"
        return Refused(
            f"`{table.ref}` is not for {self.principal.subject}",
            rule=f"policy:{denial.policies[0]}" if denial.policies else "policy:deny-by-default",
            facts=tuple(facts),
            hint=f"{hint}, or read `{instead}` instead" if instead else hint,
        )

    def column_refusal(self, table: TableSchema, column: str) -> Refused | None:
        """The same for a column that is kept from a reader of its table."""
        whole = self.exact(table.ref)
        if whole is None or whole.column(column) is None or table.column(column) is not None:
            return None
        if not self._discoverable(whole):
            return None
        rule = self.table(whole)
        policies = rule.policies if isinstance(rule, TableRule) else ()
        return Refused(
            f"`{table.ref}.{column}` is not for {self.principal.subject}",
            rule=f"policy:{policies[0]}" if policies else "policy:deny-by-default",
            facts=(("column", f"{table.ref}.{column}"),),
            hint="ask the table's owner for access, or leave the column out",
        )

    def exact(self, ref: TableRef) -> TableSchema | None:
        """The table of `full` at that address, compared with case: PostgreSQL tells names apart by it."""
        return self.full.exact(ref)

    def _text(self, table: TableSchema, via_view: bool) -> str:
        seen = self.table(table, via_view=via_view)
        told = seen.text if isinstance(seen, TableRule) else "denied" if isinstance(seen, Denial) else "all"
        return f"{table.ref}:{via_view}:{told}"

    def bases(self, table: TableSchema) -> tuple[TableSchema, ...]:
        """The tables a view reads, through further views; nothing for a table."""
        return base_tables(table, self.full, self.dialect)

    def _seen(self, table: TableSchema) -> TableSchema | None:
        rule = self.table(table)
        if isinstance(rule, Denial):
            return None
        if rule is None and not self.restricted(table.ref):
            return table
        if rule is None:
            # A view whose tables are restricted: its columns stay, what was measured on it does not.
            return replace(table, row_count=None)
        columns = tuple(_shown(table, c) for c in rule.columns)
        clear = {c.name for c in rule.columns if c.clear}
        keys = tuple(k for k in table.keys if set(k.columns) <= clear)
        return replace(table, columns=columns, keys=keys, row_count=None)

    def _told(self, join: Join) -> Join:
        """The join without what was measured on rows that the person does not see."""
        if self.restricted(join.child) or self.restricted(join.parent):
            return replace(join, evidence=Evidence(join.evidence.source))
        return join

    def _join_shown(self, join: Join, shown: dict[TableRef, TableSchema]) -> bool:
        return self._links(shown.get(join.child), join.child_columns) and self._links(
            shown.get(join.parent), join.parent_columns
        )

    def _links(self, table: TableSchema | None, columns: tuple[str, ...]) -> bool:
        if table is None:
            return False
        rule = self.table(self.exact(table.ref) or table)
        if isinstance(rule, TableRule):
            return all((c := rule.column(name)) is not None and c.clear for name in columns)
        return True

    def _alternative(self, table: TableSchema) -> str:
        """The permitted table that has most of the columns of a refused one."""
        wanted = {c.name.casefold() for c in table.columns}
        best, share = "", 0.6
        for other in self.catalog.tables:
            has = {c.name.casefold() for c in other.columns}
            found = len(wanted & has) / len(wanted | has) if wanted | has else 0.0
            if found > share:
                best, share = str(other.ref), found
        return best


def _shown(table: TableSchema, rule: ColumnRule) -> Column:
    column = table.column(rule.name)
    assert column is not None
    kind, type_sql = masked_type(column, rule.mask) if rule.mask else (column.kind, column.type_sql)
    return replace(column, kind=kind, type_sql=type_sql, nullable=column.nullable or not rule.clear)

"""What a person keeps of a conversation: copies of results, read again as `scratch.<name>`.

The warehouse stays read-only, and so does every engine: a kept result is a file of ours, loaded into memory
for a statement that names it. Such a statement is authorized like any other, on a catalog that holds the kept
tables alone. A table is readable only while its person sees its sources as they did when its rows were read.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlglot import exp

from gnomon.agent.checks.written_cells import written_numbers_of
from gnomon.context.catalog.plurals import many
from gnomon.domain.answer import Question
from gnomon.domain.catalog import Catalog, Column, Evidence, Key, TableRef, TableSchema
from gnomon.domain.errors import Failed, GnomonError, Refused, Retry
from gnomon.domain.query import AuthorizedQuery, Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.policy.access import Access
from gnomon.policy.authorize import GROUPED, RESTRICTED, authorize
from gnomon.policy.sql import parse_one_statement
from gnomon.policy.untrusted import named
from gnomon.store.scratch import Before, Kept, Origin, Place, ScratchStore
from gnomon.warehouses.port import Warehouse

SCHEMA = "scratch"
MAX_ROWS = 50_000
_NAME_CHARS = 64
_INHERITED = (RESTRICTED, GROUPED)


@dataclass(frozen=True, slots=True)
class Scratch:
    """One conversation's scratch, for its person alone."""

    store: ScratchStore
    place: Place

    def readable(self, access: Access, before: Before) -> Mapping[str, Kept]:
        """The kept tables by name. Where the person's rights to a source changed, the table is dropped.

        Args:
            access: What the person sees of the warehouse now.
        """
        kept = self.store.tables(self.place)
        changed = {k for k in kept if access.fingerprint(k.origin.sources) != k.origin.access}
        if changed:
            self.store.wipe(changed.__contains__, "the person's rights changed", before)
        return {k.name: k for k in kept if k not in changed}

    def keep(
        self, name: str, query: AuthorizedQuery, result: ResultTable, access: Access, before: Before
    ) -> Kept:
        """Keep a result under a name.

        Raises:
            Refused: The person's rights changed since the query ran.
            Retry: The result cannot be kept, or not under this name.
            Failed: The scratch is full.
            Misconfigured: It cannot be written.
        """
        check_keepable(query, result)
        if access.fingerprint(query.tables) != query.access:
            raise Refused(
                "your rights to this data have changed since the query ran",
                rule="policy:rights-changed",
                hint="run the query again",
            )
        sources = tuple(t for t in query.tables if t.schema != SCHEMA)
        rules = tuple(r for r in _INHERITED if r in query.rules)
        origin = Origin(sources, access.fingerprint(sources), query.policies, rules, query.narrowed_by)
        self.readable(access, before)
        return self.store.keep(self.place, name, origin, result, before)

    def authorize(self, query: Query, access: Access, limits: Limits, before: Before) -> AuthorizedQuery:
        """Authorize a statement on kept tables; the outcome names their sources and policies as well.

        Raises:
            Retry: If a corrected statement would pass.
            Refused: If policy says no.
        """
        kept = self.readable(access, before)
        own = Access.to_all(access.principal, catalog_of(kept.values()), "duckdb")
        allowed = authorize(query, own, limits)
        read = [kept[t.name] for t in allowed.tables]
        tables = tuple(sorted({*allowed.tables, *(s for k in read for s in k.origin.sources)}))
        return replace(
            allowed,
            tables=tables,
            access=access.fingerprint(tables),
            policies=tuple(sorted({p for k in read for p in k.origin.policies})),
            narrowed_by=tuple(sorted({p for k in read for p in k.origin.narrowed_by})),
            rules=(*allowed.rules, *(r for r in _INHERITED if any(r in k.origin.rules for k in read))),
        )

    @contextmanager
    def opened(self, query: AuthorizedQuery, access: Access, before: Before) -> Iterator[Warehouse]:
        """The kept tables that the query names, loaded for the time of the block.

        Raises:
            Failed: One of them is not there any more.
        """
        from gnomon.warehouses.duckdb.rows import open_rows

        kept = self.readable(access, before)
        names = [t.name for t in query.tables if t.schema == SCHEMA]
        gone = [name for name in names if name not in kept]
        if gone:
            raise Failed(f"`{SCHEMA}.{gone[0]}` is not kept any more", hint="read the data anew")
        warehouse = open_rows(SCHEMA, {name: self.store.rows(kept[name]) for name in names})
        try:
            yield warehouse
        finally:
            warehouse.close()

    def told(self, access: Access, before: Before) -> str:
        """What a model is told of the kept tables; empty if there are none."""
        kept = self.readable(access, before)
        if not kept:
            return ""
        lines = [f"- {SCHEMA}.{k.name} ({_columns(k)}): {many(k.row_count, 'row')}" for k in kept.values()]
        rule = "Results kept in this conversation. Read them by themselves, in DuckDB's SQL:"
        return "\n".join(("", "", rule, *lines))


def scratch_for(
    store: ScratchStore | None, question: Question, warehouse_id: str, catalog: Catalog
) -> Scratch | None:
    """The scratch of a question's conversation.

    None where there is none: where others read along, and where the warehouse has a schema of that name, so
    that a name never means two tables.
    """
    taken = any(ref.schema.casefold() == SCHEMA for ref in catalog.refs)
    if store is None or question.audience != "private" or taken:
        return None
    who = question.principal
    return Scratch(store, Place(who.tenant, who.subject, question.conversation_id, warehouse_id))


def names_scratch(sql: str) -> bool:
    """Whether a statement reads kept tables, and nothing else.

    Raises:
        Retry: It reads tables of the warehouse as well.
    """
    if SCHEMA not in sql.casefold():
        return False
    try:
        tree = parse_one_statement(sql, "duckdb")
    except GnomonError:
        # Whoever authorizes the statement says what is wrong with it.
        return False
    tables = list(tree.find_all(exp.Table))
    if not any(map(_is_kept, tables)):
        return False
    given = {cte.alias.casefold() for cte in tree.find_all(exp.CTE)}
    others = [t for t in tables if not _is_kept(t) and _is_of_warehouse(t, given)]
    if others:
        raise Retry(
            f"one statement cannot read both the scratch and `{others[0].name}` of the warehouse",
            facts=(("rule", "scratch:alone"),),
            hint="read all of it from the warehouse, or keep the other side first with keep_result",
        )
    return True


def reads_scratch(query: AuthorizedQuery) -> bool:
    """Whether an authorized query reads kept tables."""
    return any(t.schema == SCHEMA for t in query.tables)


def catalog_of(kept: Iterable[Kept]) -> Catalog:
    """The kept tables as a catalog."""
    return Catalog(tuple(_schema_of(k) for k in kept), ())


def check_keepable(query: AuthorizedQuery, result: ResultTable) -> None:
    """Refuse a result that would be read for more than it is: a part, or numbers that its SQL wrote itself.

    Raises:
        Retry: A corrected query's result can be kept.
    """
    names = [c.name for c in result.columns]
    unclear = [n for n in names if not (n.isidentifier() and len(n) <= _NAME_CHARS)]
    unclear += [n for n in names if [m.casefold() for m in names].count(n.casefold()) > 1]
    if not query.tables:
        raise Retry("the query reads no table: there is nothing to keep", hint="read the data from a table")
    if result.truncated or len(result.rows) > MAX_ROWS:
        raise Retry(
            "the result is cut off or too long to be kept whole",
            facts=(("rows at most", f"{MAX_ROWS:,}"),),
            hint="aggregate it, or narrow it down, and run it again",
        )
    if unclear:
        raise Retry(
            f"the column `{unclear[0][:_NAME_CHARS]}` needs a plain name of its own",
            hint="name every column: select ... as name",
        )
    if written_numbers_of(query):
        raise Retry(
            "the query writes numbers of its own into its result: kept, they would look like data",
            hint="select columns of tables, or what is computed from them",
        )


def _schema_of(kept: Kept) -> TableSchema:
    columns = tuple(Column(c.name, c.kind, c.kind) for c in kept.columns)
    keys = tuple(Key((name,), Evidence("measured", rows=kept.row_count)) for name in kept.unique)
    return TableSchema(TableRef(kept.name, SCHEMA), columns, row_count=kept.row_count, keys=keys)


def _columns(kept: Kept) -> str:
    return ", ".join(f"{named(c.name)} {c.kind}" for c in kept.columns)


def _is_kept(table: exp.Table) -> bool:
    return table.db.casefold() == SCHEMA


def _is_of_warehouse(table: exp.Table, given: set[str]) -> bool:
    """Whether it is neither a common table expression nor a function."""
    named_table = isinstance(table.this, exp.Identifier)
    return named_table and (bool(table.db) or table.name.casefold() not in given)

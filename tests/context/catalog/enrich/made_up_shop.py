"""A made-up warehouse, and the code of one table read against it."""

from collections.abc import Iterable, Sequence

from gnomon.context.catalog.enrich.extract import Extracted, extract
from gnomon.context.catalog.facts import FactKind, KeyClaim, Origin, PipelineCode
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog, Column, Evidence, Key, TableRef, TableSchema

DECLARED = Evidence("declared")


def table(name: str, columns: str, key: str = "", definition: str = "") -> TableSchema:
    """A table from words: `table("raw.visits", "id user_id at", key="id")`."""
    schema, _, bare = name.rpartition(".")
    keys = (Key(tuple(key.split()), DECLARED, primary=True),) if key else ()
    made = tuple(Column(c, "other", "varchar") for c in columns.split())
    return TableSchema(TableRef(bare, schema), made, bool(definition), keys=keys, definition=definition)


SHOP = (
    table("raw.visits", "id user_id visitor_id started_at is_bot page", key="id"),
    table(
        "raw.orders",
        "id user_id store_id status amount_cents currency placed_at deleted_at is_test",
        key="id",
    ),
    table("raw.users", "id email name is_test deleted_at created_at country", key="id"),
    table("raw.lines", "order_id line_no product_id quantity price_cents", key="order_id line_no"),
    table("raw.rates", "currency day usd_rate", key="currency day"),
    table("raw.versions", "id user_id tier updated_at", key="id"),
    table("raw.stores", "id name time_zone", key="id"),
)


def code(table_name: str, sql: str, *, place: str = "", **options: str) -> PipelineCode:
    """A statement in a file of its own."""
    return PipelineCode(table_name, sql, Origin("code", place or f"sql/{table_name}.sql:1", "sql"), **options)


def read(
    *statements: PipelineCode,
    tables: Sequence[TableSchema] = SHOP,
    claims: Iterable[KeyClaim] = (),
    dialect: str = "duckdb",
) -> Extracted:
    """What the statements tell of the shop."""
    catalog = Catalog(tuple(tables))
    return extract(statements, catalog, Names(t.ref for t in tables), dialect, claims=claims)


def told(found: Extracted, table_name: str, kind: FactKind, column: str = "") -> list[str]:
    """The texts of one kind of fact, in order."""
    return [f.text for f in found.facts if (f.table, f.kind, f.column) == (table_name, kind, column)]


def tell(sql: str, kind: FactKind, column: str = "", **options: str) -> list[str]:
    """What the code of `mart.made` tells."""
    return told(read(code("mart.made", sql, **options)), "mart.made", kind, column)


def keys_of(found: Extracted, table_name: str = "mart.made") -> list[tuple[str, ...]]:
    """The keys claimed for a table."""
    return [k.columns for k in found.keys if k.table == table_name]


def bases(sql: str, **options: str) -> dict[str, set[str]]:
    """Column lineage of `mart.made`: each column and the columns it comes from."""
    found: dict[str, set[str]] = {}
    for edge in read(code("mart.made", sql, **options)).lineage:
        if edge.column:
            found.setdefault(edge.column, set()).add(f"{edge.upstream}.{edge.upstream_column}")
    return found

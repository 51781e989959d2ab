"""A mask shows what it says, for every value of every type, and fails on none."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from gnomon.domain.catalog import Catalog, Column
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.policy.dialects import write
from gnomon.policy.masks import HASH_CHARS, fitting, masked, masked_type
from gnomon.policy.policies import Situation, parse_policies
from gnomon.policy.rules.obligations import parse_mask
from gnomon.warehouses.kinds import kind_of
from gnomon.warehouses.sqlite.locks import lock
from policy.differential.diff_running import ENGINES, LIMITS, Database, as_written, database, outcome
from policy.differential.diff_shop import Execute, Fetch, masked_value

MASKS = (
    "null",
    "hash",
    "keep_first(1)",
    "keep_first(40)",
    "keep_last(3)",
    "keep_last(200)",
    "bucket(10)",
    "bucket(0.00001)",
    "bucket(123456789012)",
    "bucket(0.0000000000000000000000000000000000001)",
    "bucket(month)",
    "bucket(quarter)",
    "bucket(year)",
)
_POSTGRES_VALUES = {
    "smallint": "'-32768', '32767'",
    "integer": "'-2147483648', '0'",
    "bigint": "'-9223372036854775808', '9223372036854775807'",
    "numeric": "'1e400', '-1e400', 'NaN', 'Infinity', '-Infinity', '1e-400'",
    "numeric(10,2)": "'-99999999.99'",
    "real": "'NaN', '3e38', '-Infinity'",
    "double precision": "'1.7e308', '-1.7e308', 'NaN', 'Infinity', '5e-324'",
    "text": "'', 'ü€😀x', '   ', 'a''b'",
    "varchar(5)": "'abcde', ''",
    "char(4)": "'a', 'abcd'",
    "uuid": "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
    "boolean": "'true', 'false'",
    "date": "'-infinity', 'infinity', '4713-01-01 BC', '5874897-12-31', '9999-12-31', '0001-01-01'",
    "timestamp": "'-infinity', 'infinity', '4713-01-01 BC', '294276-12-31', '2024-05-17 10:00'",
    "timestamptz": "'-infinity', 'infinity', '4713-01-01 BC', '294276-12-31', '2024-05-17 10:00+02'",
    "time": "'00:00', '24:00'",
    "timetz": "'23:59:59+14'",
    "interval": "'178000000 years'",
    "json": "'{\"a\": 1}'",
    "jsonb": "'[]'",
    "bytea": "'\\x00ff'",
    "inet": "'10.0.0.1/8'",
    "integer[]": "'{1,NULL}'",
    "bit(3)": "'101'",
    "money": "'-1.5'",
    "point": "'(1,2)'",
    "mood": "'sad'",
}
_SQLITE_VALUES = (
    *(None, 0, -7, 1, 9223372036854775807, -9223372036854775808, 1e308, -1e308, 0.5, "", "abc", "ü€😀x"),
    *("2024-05-17", "2024-05-17 10:00:00", "9999-99-99", "x' OR 1=1", b"", b"\x00\xff", "a\x00b", "é" * 50),
)
_SQLITE_TYPES = (
    "INTEGER",
    "REAL",
    "TEXT",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
    "JSON",
    "BLOB",
    "DECIMAL(5,1)",
    "",
)


def _cell(name: str, column: Column, mask: str, dialect: Dialect, key: str = "k'ey") -> str:
    tree = masked(exp.column(exp.to_identifier(name, quoted=True)), column, parse_mask(mask), dialect, key)
    return write(tree, dialect)


def _create_types(execute: Execute, fetch: Fetch, dialect: Dialect) -> None:
    if dialect == "duckdb":
        execute("CREATE TABLE kinds AS SELECT * FROM test_all_types()")
    elif dialect == "postgres":
        execute("CREATE TYPE mood AS ENUM ('sad', 'ok')")
        names = {type_sql: f"c{i}" for i, type_sql in enumerate(_POSTGRES_VALUES)}
        execute(f"CREATE TABLE kinds ({', '.join(f'{n} {t}' for t, n in names.items())})")
        for type_sql, name in names.items():
            for value in (*_POSTGRES_VALUES[type_sql].split(", "), "NULL"):
                execute(f"INSERT INTO kinds ({name}) VALUES ({value})")
    else:
        columns = ", ".join(f"c{i} {t}" for i, t in enumerate(_SQLITE_TYPES))
        execute(f"CREATE TABLE kinds ({columns})")
        for content in _SQLITE_VALUES:
            cells = ", ".join([_sqlite_literal(content)] * len(_SQLITE_TYPES))
            execute(f"INSERT INTO kinds VALUES ({cells})")


def _sqlite_literal(value: Any) -> str:
    if value is None:
        return "NULL"
    content = value.encode() if isinstance(value, str) else value
    if not isinstance(content, bytes):
        return repr(value)
    return f"CAST(x'{content.hex()}' AS TEXT)" if isinstance(value, str) else f"x'{content.hex()}'"


@dataclass(frozen=True, slots=True)
class Kinds:
    """A table with every type of an engine, and its catalog."""

    database: Database
    catalog: Catalog


@pytest.fixture(scope="module", params=ENGINES)
def kinds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinds]:
    folder = tmp_path_factory.mktemp(f"kinds_{request.param}")
    with ExitStack() as stack:
        url = partial(request.getfixturevalue, "postgres_url")
        made = stack.enter_context(
            database(request.param, folder, url, partial(_create_types, dialect=request.param))
        )
        yield Kinds(made, made.introspect())


def _access(kinds: Kinds, mask: str, column: str = "") -> Access:
    text = 'permit (principal, action == Action::"read", resource);\n'
    for each in kinds.catalog.tables[0].columns:
        if column in ("", each.name):
            text += (
                f'@id("m-{each.name}") @mask("{mask}") forbid (principal, action == Action::"read",'
                f' resource == Column::"kinds.{each.name}");\n'
            )
    policies = parse_policies([("masks.cedar", text)], home="local")
    dialect = kinds.database.dialect
    return policies.access(Principal("ana"), kinds.catalog, dialect, Situation(), secret="k'ey")


@pytest.mark.requirement("policy:masks")
@pytest.mark.parametrize("mask", MASKS)
def test_no_mask_fails_on_any_value_of_any_type(kinds: Kinds, mask: str) -> None:
    """The cells are counted, compared and grouped by, so that no engine leaves one out."""
    access = _access(kinds, mask)
    for column in kinds.catalog.tables[0].columns:
        query = authorize(
            Query(
                f'SELECT COUNT("{column.name}"), COUNT(DISTINCT CAST("{column.name}" AS VARCHAR(99)))'
                " FROM kinds",
                kinds.database.dialect,
            ),
            access,
            LIMITS,
        )
        found = outcome(kinds.database, query)
        assert found.error is None, f"{column.name} {column.type_sql}: {found.error}"


@pytest.mark.requirement("policy:masks")
@pytest.mark.parametrize("mask", MASKS)
def test_the_catalog_says_the_kind_that_the_engine_returns(kinds: Kinds, mask: str) -> None:
    dialect = kinds.database.dialect
    if dialect == "sqlite":
        pytest.skip("SQLite has kinds of values, not of columns; see the next test")
    seen = _access(kinds, mask).catalog.tables[0]
    for column in kinds.catalog.tables[0].columns:
        shown = seen.column(column.name)
        assert shown is not None
        kind = _engine_kind(kinds, _cell(column.name, column, mask, dialect))
        assert (shown.kind, column.name) == (kind, column.name)


def _engine_kind(kinds: Kinds, cell: str) -> str:
    function = "typeof" if kinds.database.dialect == "duckdb" else "pg_typeof"
    cast = "" if function == "typeof" else "::text"
    sql = f"SELECT {function}({cell}){cast} FROM kinds LIMIT 1"
    found = kinds.database.execute(as_written(sql, kinds.database.dialect))
    return kind_of(str(found.rows[0][0])) if "mood" not in str(found.rows[0][0]) else "text"


@pytest.mark.requirement("policy:masks")
@pytest.mark.parametrize("mask", ["hash", "keep_first(2)", "bucket(5)", "bucket(month)"])
def test_masked_values_of_sqlite_are_of_the_kind_that_the_catalog_says(mask: str) -> None:
    words = {"text": str, "decimal": float, "date": str}
    column = Column("x", "date" if "month" in mask else "integer", "INTEGER")
    kind, _ = masked_type(column, parse_mask(mask))
    with _sqlite() as connection:
        value = "2024-05-17" if "month" in mask else 12
        sql = f"SELECT {_cell('x', column, mask, 'sqlite')} FROM (SELECT ? AS x)"
        assert isinstance(connection.execute(sql, (value,)).fetchone()[0], words[kind])


def _sqlite() -> Any:
    connection = sqlite3.connect(":memory:")
    lock(connection)
    return closing(connection)


@pytest.mark.requirement("policy:masks")
def test_null_stays_null_and_keeps_its_type() -> None:
    with duckdb.connect() as connection:
        for type_sql in ("INTEGER", "DECIMAL(9,2)", "VARCHAR", "DATE", "TIMESTAMP", "BOOLEAN", "JSON"):
            column = Column("x", kind_of(type_sql), type_sql)
            for mask in MASKS:
                cell = _cell("x", column, mask, "duckdb")
                sql = f"SELECT {cell}, typeof({cell}) FROM (SELECT CAST(NULL AS {type_sql}) AS x)"
                found = connection.execute(sql).fetchone()
                assert found is not None
                assert found[0] is None
                if str(fitting(parse_mask(mask), column.kind)) == "null":
                    assert found[1] == type_sql


_SETTINGS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)


@pytest.mark.requirement("policy:masks")
@pytest.mark.parametrize("mask", ["keep_first(2)", "keep_last(3)", "keep_first(1)", "keep_last(12)"])
@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
@_SETTINGS
@given(value=_TEXTS)
def test_parts_of_texts_are_characters_and_short_texts_show_nothing(
    dialect: Dialect, mask: str, value: str
) -> None:
    assert _shown(value, Column("x", "text", "TEXT"), mask, dialect) == masked_value(value, mask, dialect)


@pytest.mark.requirement("policy:masks")
@pytest.mark.parametrize("mask", ["bucket(10)", "bucket(7)", "bucket(2.5)", "bucket(1000000)"])
@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
@_SETTINGS
@given(value=st.integers(-(2**40), 2**40))
def test_a_bucket_of_numbers_begins_at_or_below_the_number(dialect: Dialect, mask: str, value: int) -> None:
    shown = _shown(value, Column("x", "integer", "BIGINT"), mask, dialect)
    width = parse_mask(mask).amount
    assert shown == masked_value(value, mask, dialect)
    assert shown <= value < shown + width


@pytest.mark.requirement("policy:masks")
@pytest.mark.parametrize("unit", ["month", "quarter", "year"])
@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
@_SETTINGS
@given(value=st.dates())
def test_a_bucket_of_dates_is_its_first_day(dialect: Dialect, unit: str, value: Any) -> None:
    given_as = value.isoformat() if dialect == "sqlite" else value
    shown = _shown(given_as, Column("x", "date", "DATE"), f"bucket({unit})", dialect)
    assert str(shown) == masked_value(value.isoformat(), f"bucket({unit})", dialect)


_DUCK = duckdb.connect()


def _shown(value: Any, column: Column, mask: str, dialect: Dialect, key: str = "k'ey") -> Any:
    cell = _cell("x", column, mask, dialect, key)
    if dialect == "duckdb":
        sql = f"SELECT {cell} FROM (SELECT CAST(? AS {column.type_sql}) AS x)"
        found = _DUCK.execute(sql, [value]).fetchone()
        assert found is not None
        return found[0]
    with _sqlite() as connection:
        return connection.execute(f"SELECT {cell} FROM (SELECT ? AS x)", (value,)).fetchone()[0]


@pytest.mark.requirement("policy:masks")
def test_fingerprints_are_equal_under_one_key_and_differ_under_another(kinds: Kinds) -> None:
    dialect = kinds.database.dialect
    column = Column("x", "text", "VARCHAR(99)")

    def print_of(value: str, key: str) -> str:
        literal = exp.Literal.string(value)
        sql = "SELECT " + write(masked(literal, column, parse_mask("hash"), dialect, key), dialect)
        return str(kinds.database.execute(as_written(sql, dialect)).rows[0][0])

    value = "ana@acme.test"
    assert print_of(value, "one") == print_of(value, "one")
    assert len({print_of(value, key) for key in ("one", "two", "it's", "")}) == 4
    assert len({print_of(each, "one") for each in (value, value.upper(), "", " ")}) == 4
    plain = {
        getattr(hashlib, name)(value.encode()).hexdigest()[:HASH_CHARS] for name in ("md5", "sha1", "sha256")
    }
    assert print_of(value, "one") not in plain
    assert len(print_of(value, "one")) == HASH_CHARS


@pytest.mark.requirement("policy:masks")
def test_a_fingerprint_without_a_key_is_not_given_out(kinds: Kinds) -> None:
    """Whoever guesses a value could compute it."""
    dialect = kinds.database.dialect
    tree = masked(exp.Literal.string("x"), Column("x", "text", "TEXT"), parse_mask("hash"), dialect, "")
    found = kinds.database.execute(as_written("SELECT " + write(tree, dialect), dialect))
    assert tuple(found.rows) == ((None,),)


@pytest.mark.requirement("policy:masks")
@pytest.mark.parametrize(
    ("mask", "kind", "shown"),
    [
        ("bucket(10)", "text", "null"),
        ("bucket(month)", "integer", "null"),
        ("bucket(10)", "date", "null"),
        ("keep_first(2)", "json", "null"),
        ("hash", "other", "null"),
        ("hash", "boolean", "hash"),
        ("keep_last(2)", "date", "keep_last(2)"),
        ("bucket(year)", "timestamp", "bucket(year)"),
    ],
)
def test_a_mask_that_does_not_fit_its_column_shows_nothing(mask: str, kind: Any, shown: str) -> None:
    assert str(fitting(parse_mask(mask), kind)) == shown

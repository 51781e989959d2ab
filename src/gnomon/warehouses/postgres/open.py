"""Connects to a PostgreSQL database, or says in plain words why it cannot."""

import os
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gnomon.domain.errors import Misconfigured
from gnomon.warehouses.names import source_id
from gnomon.warehouses.postgres.adapter import PostgresWarehouse
from gnomon.warehouses.postgres.session import Session

_ROLE = "role"


def open_postgres(url: str) -> PostgresWarehouse:
    """Connect to the database at `url`; `?role=reader` in it acts as that role.

    Raises:
        Misconfigured: If the URL is wrong, nothing answers, or the server does not let us in.
    """
    plain_url, role = _split_role(url)
    try:
        parts = conninfo_to_dict(plain_url)
    except psycopg.ProgrammingError as error:
        raise Misconfigured(
            "the PostgreSQL URL cannot be read", hint="write it as postgresql://user@host:5432/database"
        ) from error
    user = str(parts.get("user") or os.environ.get("PGUSER") or "")
    host = str(parts.get("host") or os.environ.get("PGHOST") or "localhost")
    port = str(parts.get("port") or os.environ.get("PGPORT") or "5432")
    database = str(parts.get("dbname") or os.environ.get("PGDATABASE") or user)
    label = f"{database} on {host}:{port}"
    session = Session(plain_url, label, role)
    return PostgresWarehouse(
        session, warehouse_id=source_id("postgres", host, port, database, user, role), label=label
    )


def _split_role(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Misconfigured(
            "the PostgreSQL URL cannot be read", hint="write it as postgresql://user@host:5432/database"
        ) from error
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    role = next((value for name, value in pairs if name == _ROLE), "")
    # libpq takes `+` for itself, not for a space.
    rest = urlencode([(name, value) for name, value in pairs if name != _ROLE], quote_via=quote)
    return urlunsplit(parts._replace(query=rest)), role

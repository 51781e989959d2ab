"""One connection that can only read, one statement a transaction, always rolled back."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql as pgsql
from psycopg.conninfo import conninfo_to_dict

from gnomon.domain.errors import GnomonError
from gnomon.domain.query import Limits
from gnomon.warehouses.collect import Collected, Row, collect
from gnomon.warehouses.postgres.cells import register
from gnomon.warehouses.postgres.errors import translated, unopened
from gnomon.warehouses.watch import Deadline, Watch

_BATCH_ROWS = 500
_CONNECT_S = 10
_LOCK_MS = 5_000
_IDLE_MS = 60_000
_CANCEL_S = 2.0
_GRACE_S = 0.5
_CURSOR = "gnomon_query"

Described = tuple[tuple[str, int], ...]
"""Column names with the ids of their types."""


class Session:
    """A connection and the rules it lives by; reconnects after the server went away.

    Args:
        url: Where to connect, with the secret if there is one.
        label: The same without the secret.
        role: A role to act as, or nothing to act as the login.
    """

    def __init__(self, url: str, label: str, role: str = "") -> None:
        self._url = url
        self._label = label
        self._role = role
        self._turn = threading.Lock()
        self._connection: psycopg.Connection[Row] | None = self._connect()

    def run(
        self, text: str, limits: Limits, deadline: Deadline, *, stream: bool = True, role: str = ""
    ) -> tuple[Described, Collected]:
        """Run one statement and read its rows within limits.

        Args:
            stream: Read through a server-side cursor, which takes nothing but a SELECT.
            role: The role of the person who asks; the connection's own where there is none.
        """
        with self._turn:
            connection = self._connected()
            try:
                with Watch(deadline, lambda: _cancel(connection)):
                    return self._in_transaction(connection, text, limits, deadline, stream, role)
            except psycopg.Error as error:
                if deadline.cause is not None:
                    raise deadline.error() from error
                raise translated(error, self._label) from error
            finally:
                self._forget(connection)

    def close(self) -> None:
        """Close the connection; a later statement does not open it again."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()

    def _forget(self, connection: psycopg.Connection[Row]) -> None:
        """Undo the statement and whatever of it outlives a transaction: locks, settings, roles.

        A connection that cannot be made as new is dropped.
        """
        try:
            connection.execute(_AS_NEW)
        except psycopg.Error:
            connection.close()
            self._connection = None

    def _in_transaction(
        self,
        connection: psycopg.Connection[Row],
        text: str,
        limits: Limits,
        deadline: Deadline,
        stream: bool,
        role: str,
    ) -> tuple[Described, Collected]:
        # The watch has the first word, so that its message is the one people read.
        milliseconds = int((deadline.left_s + _GRACE_S) * 1000) + 1
        connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
        acting = role or self._role
        if acting:
            connection.execute(pgsql.SQL("SET LOCAL ROLE {}").format(pgsql.Identifier(acting)))
        statement = text.encode()
        if stream:
            with connection.cursor(_CURSOR) as cursor:
                cursor.itersize = _BATCH_ROWS
                cursor.execute(statement)
                return _described(cursor), collect(_batches(cursor), limits)
        # A prepared statement is a single one by protocol.
        plain = connection.execute(statement, prepare=True)
        return _described(plain), collect(_batches(plain), limits)

    def _connected(self) -> psycopg.Connection[Row]:
        if self._connection is None or self._connection.broken:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> psycopg.Connection[Row]:
        try:
            connection = psycopg.connect(
                self._url,
                connect_timeout=_CONNECT_S,
                application_name="gnomon",
                client_encoding="utf8",
                options=_options(self._url),
            )
            connection.read_only = True
            register(connection)
            return connection
        except psycopg.Error as error:
            raise self._no_connection(error) from error

    def _no_connection(self, error: psycopg.Error) -> GnomonError:
        return unopened(error, self._label)


_SETTINGS: tuple[tuple[str, str | int], ...] = (
    ("default_transaction_read_only", "on"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO,YMD"),
    ("IntervalStyle", "postgres"),
    ("lock_timeout", _LOCK_MS),
    ("idle_in_transaction_session_timeout", _IDLE_MS),
    ("cursor_tuple_fraction", 1),
)


_AS_NEW = (
    "ROLLBACK; RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; SELECT pg_catalog.pg_advisory_unlock_all()"
)
"""One round trip. `RESET ALL` goes back to what the connection was opened with, so to `_SETTINGS`."""


def _options(url: str) -> str:
    """The URL's own options, then ours: the last one counts."""
    given = str(conninfo_to_dict(url).get("options") or "")
    return " ".join([given, *(f"-c {name}={value}" for name, value in _SETTINGS)]).strip()


def _cancel(connection: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=_CANCEL_S)


def _described(cursor: psycopg.Cursor[Any]) -> Described:
    return tuple((column.name, column.type_code) for column in cursor.description or ())


def _batches(cursor: psycopg.Cursor[Row]) -> Iterator[list[Row]]:
    while batch := cursor.fetchmany(_BATCH_ROWS):
        yield batch

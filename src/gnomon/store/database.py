"""`state.db` as one thing that several stores share: a connection, a lock, and errors in our words."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gnomon.store.durable import explained
from gnomon.store.schema import explained_sql, transaction


class Database:
    """An open `state.db`. Safe to share between threads; several processes may use the folder.

    Args:
        folder: The state folder.
    """

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self._folder = folder
        self._db = db
        self._lock = threading.RLock()

    def close(self) -> None:
        """Give back the file. Calling it twice is harmless."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Everything inside is written, or nothing is."""
        database = self._folder / "state.db"
        with self._lock, explained(self._folder), explained_sql(database), transaction(self._db):
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, explained_sql(self._folder / "state.db"):
            yield

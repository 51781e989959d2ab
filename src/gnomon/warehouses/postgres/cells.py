"""How PostgreSQL's values become cells: what Python cannot hold, and types of its own, arrive as text."""

from typing import Any

import psycopg
from psycopg.adapt import Buffer
from psycopg.types import datetime as loaders
from psycopg.types.string import TextLoader

_AS_TEXT = ("uuid", "json", "jsonb", "inet", "cidr", "money", "xml")
_RANGES = ("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange")
_MULTIRANGES = tuple(name.replace("range", "multirange") for name in _RANGES)


class _LaxDate(loaders.DateLoader):
    def load(self, data: Buffer) -> Any:
        return _or_text(super().load, data)


class _LaxTimestamp(loaders.TimestampLoader):
    def load(self, data: Buffer) -> Any:
        return _or_text(super().load, data)


class _LaxTimestamptz(loaders.TimestamptzLoader):
    def load(self, data: Buffer) -> Any:
        return _or_text(super().load, data)


class _LaxTime(loaders.TimeLoader):
    def load(self, data: Buffer) -> Any:
        return _or_text(super().load, data)


class _LaxTimetz(loaders.TimetzLoader):
    def load(self, data: Buffer) -> Any:
        return _or_text(super().load, data)


class _LaxInterval(loaders.IntervalLoader):
    def load(self, data: Buffer) -> Any:
        return _or_text(super().load, data)


def _or_text(load: Any, data: Buffer) -> Any:
    """The loaded value, or the text: `infinity` and years beyond 9999 have no Python date."""
    try:
        return load(data)
    except (psycopg.Error, ValueError, OverflowError):
        return bytes(data).decode()


def register(connection: psycopg.Connection[Any]) -> None:
    """Set how the connection loads values."""
    for name in (*_AS_TEXT, *_RANGES, *_MULTIRANGES):
        if connection.adapters.types.get(name) is not None:
            connection.adapters.register_loader(name, TextLoader)
    connection.adapters.register_loader("date", _LaxDate)
    connection.adapters.register_loader("timestamp", _LaxTimestamp)
    connection.adapters.register_loader("timestamptz", _LaxTimestamptz)
    connection.adapters.register_loader("time", _LaxTime)
    connection.adapters.register_loader("timetz", _LaxTimetz)
    connection.adapters.register_loader("interval", _LaxInterval)

"""A query that someone wants to run, and a query that policy has let through."""

from dataclasses import dataclass, field
from typing import Literal

from gnomon.domain.catalog import TableRef
from gnomon.domain.identity import Principal

Dialect = Literal["duckdb", "sqlite", "postgres"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one query may take.

    Args:
        max_rows: Rows returned at most; one more is read to know that there were more.
        max_bytes: Bytes of result held at most, as estimated from the values.
        timeout_s: Seconds of wall time.
    """

    max_rows: int = 10_000
    max_bytes: int = 64 * 1024 * 1024
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if self.max_rows < 1 or self.max_bytes < 1 or self.timeout_s <= 0:
            raise ValueError(f"limits must be positive, got {self}")


@dataclass(frozen=True, slots=True)
class Query:
    """SQL as somebody wrote it; nothing runs it until it is authorized."""

    sql: str
    dialect: Dialect
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class AuthorizedQuery:
    """A single parsed, permitted and rewritten read. Only `policy.authorize` makes one.

    Args:
        sql: The rewritten statement, with the row limit applied, in the engine's dialect.
        original_sql: The statement as asked for, formatted, without the row limit.
        principal: On whose behalf it runs.
        tables: Every table it reads.
        functions: Every function it calls, in lower case.
        rules: Ids of the rules that allowed or rewrote it.
        limits: What it may take.
        policies: Ids of the access policies that decided about its tables.
        narrowed_by: Those among them that leave out rows, mask cells or ask for groups.
        access: Fingerprint of what the principal may see of its tables; another one means other rights.
        role: The role to take in an engine that has roles; empty for the login's own.
        secrets: Texts within `sql` that are never shown or recorded.
    """

    sql: str
    original_sql: str
    dialect: Dialect
    principal: Principal
    tables: tuple[TableRef, ...]
    functions: tuple[str, ...]
    rules: tuple[str, ...]
    limits: Limits
    policies: tuple[str, ...] = ()
    narrowed_by: tuple[str, ...] = ()
    access: str = ""
    role: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def loggable_sql(self) -> str:
        """The statement as the engine gets it, without what must not be recorded."""
        sql = self.sql
        for secret in self.secrets:
            sql = sql.replace(secret, "***")
        return sql

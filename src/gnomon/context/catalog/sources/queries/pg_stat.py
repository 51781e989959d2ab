"""`pg_stat_statements` read from a running PostgreSQL."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from gnomon.context.catalog.facts import Origin, PastQuery, PipelineCode, Problem
from gnomon.context.catalog.sources.port import Source
from gnomon.context.catalog.sources.queries.fields import count_of
from gnomon.context.catalog.sources.queries.statements import LogStatements

Run = Callable[[str], Iterable[Sequence[Any]]]
"""Runs one statement and gives its rows; what fails is raised by the caller's own errors."""

STATEMENT = """
SELECT s.queryid, r.rolname, s.calls, s.query
FROM pg_stat_statements AS s
JOIN pg_database AS d ON d.oid = s.dbid AND d.datname = current_database()
LEFT JOIN pg_roles AS r ON r.oid = s.userid
WHERE s.query IS NOT NULL
ORDER BY s.calls DESC, s.queryid, r.rolname
LIMIT 50000
""".strip()
"""The only statement that is run. Without the role `pg_read_all_stats` others' texts read as a remark."""

_HIDDEN = "<insufficient privilege>"


def pg_stat_statements_source(run: Run, name: str) -> Source:
    """A source of what `pg_stat_statements` has counted in the current database.

    It keeps no dates, and constants are `$1`, `$2` already. It has to be installed and loaded there.
    """
    return PgStatStatements(run, name)


@dataclass(frozen=True, slots=True)
class PgStatStatements:
    """See `pg_stat_statements_source`."""

    run: Run
    name: str

    def fingerprint(self) -> str:
        """Changes whenever a query was counted."""
        digest = blake2b(digest_size=16)
        for row in self.run(STATEMENT):
            digest.update("\0".join(map(str, row)).encode("utf-8", "replace"))
        return digest.hexdigest()

    def read(self) -> Iterator[PastQuery | PipelineCode | Problem]:
        """One query for each text and role, the most called first."""
        statements = LogStatements("postgres")
        hidden = 0
        for number, role, calls, text in self.run(STATEMENT):
            if text == _HIDDEN:
                hidden += 1
                continue
            origin = Origin("usage", f"pg_stat_statements ({number})", self.name)
            yield from statements.sort(
                PastQuery(str(text), origin, "postgres", author=str(role or ""), runs=count_of(calls, 1) or 0)
            )
        if hidden:
            message = (
                f"The texts of {hidden:,} queries are hidden; grant pg_read_all_stats to the reading role."
            )
            yield Problem("pg_stat_statements", message)

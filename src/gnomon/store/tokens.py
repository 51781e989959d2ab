"""API tokens at rest, and keys that count once, in `state.db`.

Of a token's secret only a SHA-256 is kept. That is enough where the secret is 256 random bits: there is no
dictionary to try, so a slow hash would only slow down the rightful.
"""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from gnomon.domain.errors import Retry
from gnomon.store.database import Database
from gnomon.store.durable import make_private_folder
from gnomon.store.schema import connect


@dataclass(frozen=True, slots=True)
class StoredToken:
    """One API token as it is kept. Times are seconds since 1970.

    Args:
        sha256: Of the whole token, hexadecimal.
        person: Whether the people file knew the subject when the token was made.
        created_by: The subject who made it.
    """

    id: str
    sha256: str
    subject: str
    tenant: str
    groups: tuple[str, ...]
    scopes: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]
    person: bool
    created_by: str
    created_at: float
    expires_at: float
    revoked_at: float | None = None
    last_used_at: float | None = None


class TokenStore(Database):
    """The token tables of a state folder, open. Safe to share between threads; `open` makes one."""

    @classmethod
    def open(cls, folder: Path) -> "TokenStore":
        """Open the state folder, making it if need be.

        Raises:
            Misconfigured: The folder is not writable, or `state.db` is damaged or too new.
            Failed: Another process holds it too long.
        """
        make_private_folder(folder)
        return cls(folder, connect(folder / "state.db", None))

    def add(self, token: StoredToken) -> None:
        """Keep a new token."""
        values = (
            token.id,
            token.sha256,
            token.subject,
            token.tenant,
            json.dumps(token.groups),
            json.dumps(token.scopes),
            json.dumps(token.claims),
            token.person,
            token.created_by,
            token.created_at,
            token.expires_at,
        )
        with self._writing():
            self._db.execute(
                "INSERT INTO api_tokens (id, sha256, subject, tenant, groups, scopes, claims, person, "
                "created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def find(self, token_id: str) -> StoredToken | None:
        """The token of that id, revoked and expired ones included."""
        with self._reading():
            row = self._db.execute("SELECT * FROM api_tokens WHERE id = ?", (token_id,)).fetchone()
        return None if row is None else _stored(row)

    def list(self) -> tuple[StoredToken, ...]:
        """All of them, newest first."""
        with self._reading():
            rows = self._db.execute("SELECT * FROM api_tokens ORDER BY created_at DESC, id").fetchall()
        return tuple(map(_stored, rows))

    def revoke(self, token_id: str, at: float) -> StoredToken:
        """End a token for good. Revoking it again changes nothing.

        Raises:
            Retry: There is no such token.
        """
        with self._writing():
            self._db.execute(
                "UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (at, token_id)
            )
        found = self.find(token_id)
        if found is None:
            raise Retry(f"no token has the id `{token_id}`", hint="see the ids with `gnomon token list`")
        return found

    def used(self, token_id: str, at: float) -> None:
        """Note when a token was used last."""
        with self._writing():
            self._db.execute("UPDATE api_tokens SET last_used_at = ? WHERE id = ?", (at, token_id))

    def first_time(self, key: str, until: float, now: float) -> bool:
        """Whether `key` was never given before; it is remembered on disk before this returns.

        Args:
            key: Names what counts once; a hash where it must not be read.
            until: When `key` counts for nothing any more, so that it can be forgotten.
        """
        with self._writing():
            forgotten = self._forget(now)
            # After a clock was set back, what was forgotten cannot be told from what is new.
            if until <= forgotten:
                return False
            return bool(
                self._db.execute(
                    "INSERT INTO seen_once (key, until) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
                    (key, until),
                ).rowcount
            )

    def _forget(self, now: float) -> float:
        """Drop keys that count for nothing any more; the latest end of any key that was ever dropped."""
        latest = self._db.execute("SELECT max(until) FROM seen_once WHERE until <= ?", (now,)).fetchone()[0]
        if latest is not None:
            self._db.execute("DELETE FROM seen_once WHERE until <= ?", (now,))
            self._db.execute("UPDATE seen_once_forgotten SET latest_until = max(latest_until, ?)", (latest,))
        forgotten: float = self._db.execute("SELECT latest_until FROM seen_once_forgotten").fetchone()[0]
        return forgotten


def _stored(row: sqlite3.Row) -> StoredToken:
    return StoredToken(
        id=row["id"],
        sha256=row["sha256"],
        subject=row["subject"],
        tenant=row["tenant"],
        groups=tuple(json.loads(row["groups"])),
        scopes=tuple(json.loads(row["scopes"])),
        claims=tuple((name, value) for name, value in json.loads(row["claims"])),
        person=bool(row["person"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )

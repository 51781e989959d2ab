"""SQLite's exceptions as errors that say who acts next."""

import sqlite3

from gnomon.domain.errors import Failed, GnomonError, Misconfigured, Refused, Retry

_MODEL_MENDS = (
    "no such",
    "syntax error",
    "ambiguous column",
    "wrong number of arguments",
    "misuse of",
    "incomplete input",
    "unrecognized token",
    "one statement at a time",
    "do not have the same number",
    "each query must return",
    "values for",
    "must appear",
    "GROUP BY",
    "ORDER BY",
    "not unique",
    "cannot use",
    "cannot join",
    "RIGHT and FULL",
    "has no column",
    "sub-select returns",
    "row value misused",
)
_OPERATOR_MENDS = (
    "malformed",
    "not a database",
    "unable to open",
    "disk I/O",
    "unsupported file format",
    "readonly",
)
_NOT_ALLOWED = ("not authorized", "authorization denied", "prohibited", "access to ")


def translated(error: sqlite3.Error, label: str) -> GnomonError:
    """The error for what SQLite raised while it ran a statement on the source called `label`."""
    text = str(error)
    if any(part in text for part in _NOT_ALLOWED):
        return Refused(text, rule="engine-lock", hint="read only the tables of the warehouse")
    if any(part in text for part in _OPERATOR_MENDS):
        return Misconfigured(
            f"{label} cannot be read: {text}", hint="check the file with `PRAGMA integrity_check`"
        )
    if "locked" in text or "busy" in text:
        return Failed(f"{label} is locked by a program that writes to it", hint="try again in a moment")
    if any(part in text for part in _MODEL_MENDS):
        return Retry(text)
    return Failed(text)

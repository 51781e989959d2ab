"""PostgreSQL's errors as errors that say who acts next."""

import psycopg
from psycopg import errors as pg

from gnomon.domain.errors import Failed, GnomonError, Misconfigured, Refused, Retry

_MODEL_MENDS = (
    pg.SyntaxErrorOrAccessRuleViolation,
    pg.FeatureNotSupported,
    pg.InvalidCursorDefinition,
    pg.CardinalityViolation,
)
_LIMITS = (pg.QueryCanceled, pg.InsufficientResources, pg.ProgramLimitExceeded, pg.LockNotAvailable)


def translated(error: psycopg.Error, label: str) -> GnomonError:
    """The error for what PostgreSQL raised while it ran a statement on the source called `label`."""
    text = error.diag.message_primary or str(error).strip() or type(error).__name__
    facts = tuple(
        (name, value)
        for name, value in (("detail", error.diag.message_detail), ("code", error.sqlstate))
        if value
    )
    hint = error.diag.message_hint or ""
    if isinstance(error, pg.InsufficientPrivilege):
        return Refused(
            text, rule="engine-privileges", facts=facts, hint="ask the owner of the database for SELECT on it"
        )
    if isinstance(error, pg.ReadOnlySqlTransaction):
        return Refused(text, rule="engine-lock", facts=facts, hint="gnomon only reads")
    if isinstance(error, _LIMITS):
        return Failed(text, facts=facts, hint=hint or "read fewer rows, or filter earlier")
    if isinstance(error, _MODEL_MENDS):
        return Retry(text, facts=facts, hint=hint)
    if is_lost(error):
        return Failed(
            f"the connection to {label} was lost",
            facts=(("engine", text),),
            hint="ask again; gnomon reconnects",
        )
    return Failed(text, facts=facts, hint=hint)


def is_lost(error: psycopg.Error) -> bool:
    """Whether the server went away, rather than answered."""
    gone = (pg.AdminShutdown, pg.CrashShutdown, pg.CannotConnectNow, pg.IdleInTransactionSessionTimeout)
    return isinstance(error, gone) or (
        isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and error.sqlstate is None
    )


def unopened(error: psycopg.Error, label: str) -> Misconfigured:
    """Why a connection could not be made, and what to do. libpq prints no passwords."""
    text = str(error).strip()
    return Misconfigured(_why(text, label), facts=(("engine", text),), hint=_hint(text))


def _why(text: str, label: str) -> str:
    if "password authentication failed" in text or "no password supplied" in text:
        return f"{label} does not accept the password"
    if "database" in text and "does not exist" in text:
        return f"the server has no such database: {label}"
    if "role" in text and "does not exist" in text:
        return f"the server knows no such user: {label}"
    if "refused" in text:
        return f"nothing answers at {label}"
    if "timeout" in text:
        return f"{label} does not answer in time"
    return f"cannot connect to {label}"


def _hint(text: str) -> str:
    if "password" in text:
        return "put the password into the URL, PGPASSWORD or ~/.pgpass"
    if "does not exist" in text:
        return "check the names in the URL"
    return "check host and port, and that the server runs"

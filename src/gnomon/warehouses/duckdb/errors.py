"""DuckDB's exceptions as errors that say who acts next."""

import duckdb

from gnomon.domain.errors import Failed, GnomonError, Misconfigured, Refused, Retry

_MODEL_MENDS = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.SyntaxException,
    duckdb.TypeMismatchException,
    duckdb.NotImplementedException,
)


def translated(error: duckdb.Error, label: str) -> GnomonError:
    """The error for what DuckDB raised while it ran a statement on the source called `label`."""
    text = str(error).strip()
    first = text.splitlines()[0] if text else type(error).__name__
    facts = (("engine", text),) if text != first else ()
    if isinstance(error, _MODEL_MENDS):
        return Retry(first, facts=facts)
    if isinstance(error, duckdb.PermissionException):
        return Refused(first, rule="engine-lock", facts=facts, hint="read only the tables of the warehouse")
    if isinstance(error, duckdb.IOException | duckdb.FatalException):
        return Misconfigured(f"{label} cannot be read: {first}", facts=facts)
    if isinstance(error, duckdb.OutOfMemoryException):
        return Failed(first, facts=facts, hint="read fewer rows or columns, or aggregate earlier")
    return Failed(first, facts=facts)

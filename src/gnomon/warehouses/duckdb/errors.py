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


ENGINE_ERRORS = (duckdb.Error, UnicodeError, OverflowError)
"""What a call into DuckDB raises. DuckDB cuts its messages at a byte, and a character cut in two makes
Python raise a `UnicodeDecodeError` in place of the message."""


def translated(error: Exception, label: str) -> GnomonError:
    """The error for what DuckDB raised while it ran a statement on the source called `label`."""
    if isinstance(error, UnicodeDecodeError):
        return _of_cut_message(error)
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


def _of_cut_message(error: UnicodeDecodeError) -> GnomonError:
    text = error.object.decode("utf-8", "replace").strip()
    first = text.splitlines()[0] if text else "the engine failed without a readable message"
    kind = first.partition(":")[0]
    facts = (("engine", text),) if text != first else ()
    mends = any(kind == f"{each.__name__.removesuffix('Exception')} Error" for each in _MODEL_MENDS)
    return Retry(first, facts=facts) if mends else Failed(first, facts=facts)

"""An answer as plain JSON for people and programs outside: readable, versioned, not meant to be read back.

Numbers stay JSON numbers wherever a reader with double precision gets the very number that was written;
otherwise they are strings (RFC 8259, section 6).
"""

import dataclasses
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from gnomon.domain.answer import Answer
from gnomon.domain.catalog import TableRef
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultTable

SCHEMA_VERSION = 1
_LARGEST_EXACT = 2**53 - 1


def answer_to_public_json(answer: Answer) -> dict[str, Any]:
    """Every field of the answer, with `schema_version` and the final `sql`, as JSON values.

    Tables are `schema.name` text, dates and times ISO 8601, bytes hexadecimal, durations seconds.
    """
    fields = _plain(answer)
    return {"schema_version": SCHEMA_VERSION, "id": answer.id, "sql": answer.sql, **fields}


def _plain(value: Any) -> Any:
    """A domain value as JSON values."""
    if isinstance(value, TableRef):
        return str(value)
    if isinstance(value, Principal):
        # Claims are the identity provider's; whoever reads the answer has no need of them.
        return {"subject": value.subject, "tenant": value.tenant, "groups": sorted(value.groups)}
    if isinstance(value, ResultTable):
        return _plain_result(value)
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | frozenset):
        return [_plain(v) for v in value]
    return plain_cell(value)


def _plain_result(result: ResultTable) -> dict[str, Any]:
    return {
        "columns": [{"name": c.name, "kind": c.kind} for c in result.columns],
        "rows": [[plain_cell(v) for v in row] for row in result.rows],
        "row_count": len(result.rows),
        "truncated": result.truncated,
        "elapsed_s": result.elapsed_s,
    }


def plain_cell(value: Any) -> Any:
    """One cell as a JSON value.

    >>> from decimal import Decimal
    >>> plain_cell(Decimal("19.90")), plain_cell(Decimal("0.1234567890123456789"))
    (19.9, '0.1234567890123456789')
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else _not_finite(value)
    if isinstance(value, Decimal):
        return _plain_decimal(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(k): plain_cell(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain_cell(v) for v in value]
    return str(value)


def _plain_decimal(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return "NaN" if value.is_nan() else _not_finite(float(value))
    if value == value.to_integral_value() and abs(value) <= _LARGEST_EXACT:
        return int(value)
    number = float(value)
    return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"

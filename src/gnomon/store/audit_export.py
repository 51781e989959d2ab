"""Audit records as lines for other programs: JSON Lines, CSV for a spreadsheet, OCSF for a SIEM."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from gnomon.store.audit import AuditRecord
from gnomon.store.audit_ocsf import to_ocsf
from gnomon.store.audit_search import question_of

Format = Literal["jsonl", "csv", "ocsf"]

CSV_COLUMNS = ("n", "at", "tenant", "subject", "kind", "question", "detail", "sha256")
# A spreadsheet takes a cell that begins so for a formula; East Asian settings read the wide forms as well.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def export_lines(records: Iterable[AuditRecord], form: Format) -> Iterator[str]:
    """The records one after another, each with its line feed; nothing in them acts on a terminal."""
    if form == "csv":
        yield from _csv_lines(records)
        return
    public = to_ocsf if form == "ocsf" else record_json
    for record in records:
        yield _json_line(public(record)) + "\n"


def record_json(record: AuditRecord) -> dict[str, Any]:
    """The record as plain values, times in ISO 8601."""
    event = record.event
    return {
        "n": record.n,
        "at": event.at.isoformat(),
        "tenant": event.tenant,
        "subject": event.subject,
        "kind": event.kind,
        "detail": dict(event.detail),
        "sha256": record.sha256,
    }


def _csv_lines(records: Iterable[AuditRecord]) -> Iterator[str]:
    yield _csv_line(CSV_COLUMNS)
    for record in records:
        event = record.event
        yield _csv_line(
            (
                str(record.n),
                event.at.isoformat(),
                event.tenant,
                event.subject,
                event.kind,
                question_of(event),
                _json_line(dict(event.detail)),
                record.sha256,
            )
        )


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    # Every cell is quoted, so that a reader that splits at `;` or tab starts no cell inside one.
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(map(_csv_cell, cells))
    return line.getvalue()


def _csv_cell(text: str) -> str:
    """The text without control characters, and never a formula."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return f"'{shown}" if text.startswith(_FORMULA_STARTS) or shown.startswith(_FORMULA_STARTS) else shown


def _json_line(value: Any) -> str:
    """ASCII alone; DEL is ASCII that JSON does not escape."""
    return json.dumps(value).replace("\x7f", "\\u007f")

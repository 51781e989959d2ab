"""`gnomon audit`: prove the record of what was done, look in it, take it elsewhere."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gnomon.surfaces.cli.options import JsonOption

if TYPE_CHECKING:
    from datetime import datetime

    from gnomon.store.audit import AuditLog, AuditRecord, AuditReport, Receipt
    from gnomon.store.audit_search import Wanted

app = typer.Typer(name="audit", rich_markup_mode=None)

KindOption = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Only this kind; may be given several times.", show_default=False),
]
SubjectOption = Annotated[
    str, typer.Option("--subject", help="Only acts of this person.", show_default=False)
]
SinceOption = Annotated[
    str, typer.Option("--since", help="Not older than this day or time, as in ISO 8601.", show_default=False)
]
UntilOption = Annotated[
    str,
    typer.Option("--until", help="Older than this time, or up to the end of this day.", show_default=False),
]
QuestionOption = Annotated[
    str, typer.Option("--question", help="Only what belongs to the question of this id.", show_default=False)
]
TextOption = Annotated[
    str, typer.Option("--text", help="Only where a detail holds this text.", show_default=False)
]


@app.callback(invoke_without_command=True)
def audit(context: typer.Context) -> None:
    """Prove, search and export the record of what was asked, decided and run. For operators.

    \b
    Examples:
      gnomon audit verify
      gnomon audit search --kind query --since 2026-01-01 --json
      gnomon audit export --format ocsf --output audit.ndjson
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("verify", short_help="Prove that no record was changed.")
def verify(
    expect: Annotated[
        str,
        typer.Option("--expect", help="A receipt N:SHA256 that the log must still hold.", show_default=False),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check every record against the one before it; name the first that does not hold, and exit with 1.

    The head that is printed is a receipt: kept elsewhere, it proves later that nothing was cut off.

    \b
    Examples:
      gnomon audit verify
      gnomon audit verify --expect 1204:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
      gnomon audit verify --json
    """
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, log, expected = Terminal(), _log(), _receipt(expect)
    report = log.verify(expected)
    if as_json:
        terminal.json(_report_json(report, log))
        raise typer.Exit(0 if report.sound else 1)
    if not report.sound:
        raise log.broken(report)
    terminal.foreign(_report_text(report))


@app.command("search", short_help="Find records.")
def search(
    kind: KindOption = None,
    subject: SubjectOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    question: QuestionOption = "",
    text: TextOption = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="List only the newest so many.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List the newest records that match, the newest last. The chain is checked on the way.

    \b
    Examples:
      gnomon audit search --subject ana@acme.test --since 2026-01-01
      gnomon audit search --kind refusal --kind login -n 20
      gnomon audit search --text customers --json | jq .detail.sql
    """
    from collections import deque

    from gnomon.store.audit_export import record_json
    from gnomon.store.audit_search import search as find
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    found = deque(find(_log(), _wanted(kind, subject, since, until, question, text)), maxlen=limit)
    if as_json:
        for record in found:
            terminal.json_line(record_json(record))
    elif found:
        print_listing([_line(record) for record in found], terminal)
    else:
        terminal.say("no record matches")


@app.command("export", short_help="Write records for another program.")
def export(
    form: Annotated[
        Literal["jsonl", "csv", "ocsf"],
        typer.Option("--format", help="JSON Lines, CSV, or events of the Open Cybersecurity Schema."),
    ] = "jsonl",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.", show_default=False)
    ] = None,
    kind: KindOption = None,
    subject: SubjectOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    question: QuestionOption = "",
    text: TextOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Write every record that matches, the oldest first, to stdout or to a file.

    The chain is checked on the way. A file appears only once it is whole.

    \b
    Examples:
      gnomon audit export --format csv --output audit.csv
      gnomon audit export --format ocsf --since 2026-01-01 > audit.ndjson
    """
    from gnomon.store.audit_export import export_lines
    from gnomon.store.audit_search import search as find
    from gnomon.surfaces.cli.terminal import Terminal

    records = find(_log(), _wanted(kind, subject, since, until, question, text))
    lines = export_lines(records, "jsonl" if as_json else form)
    terminal = Terminal()
    if output is None:
        terminal.out.file.writelines(lines)
        return
    with _whole_file(output) as file:
        file.writelines(lines)
    terminal.say(f"wrote {output}")


def _log() -> "AuditLog":
    from gnomon.store.audit import AuditLog
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import read_settings

    settings = read_settings()
    operators_only(settings)
    return AuditLog(settings.state_dir / "audit")


def _wanted(
    kinds: list[str] | None, subject: str, since: str, until: str, question: str, text: str
) -> "Wanted":
    from gnomon.store.audit_kinds import KINDS
    from gnomon.store.audit_search import Wanted

    for kind in kinds or ():
        if kind not in KINDS:
            raise typer.BadParameter(f"`{kind}` is not a kind of record; there are: {', '.join(KINDS)}")
    return Wanted(
        kinds=tuple(kinds or ()),
        subject=subject,
        since=_moment(since, "--since"),
        until=_moment(until, "--until", end_of_day=True),
        question=question,
        text=text,
    )


def _moment(text: str, option: str, *, end_of_day: bool = False) -> "datetime | None":
    """The time; without an offset it is meant in the configured zone, and a day alone begins or ends it."""
    from datetime import datetime, timedelta

    from gnomon.surfaces.cli.session import read_settings

    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if end_of_day and re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text):
            moment += timedelta(days=1)
    except (ValueError, OverflowError) as error:
        example = "2026-01-31 or 2026-01-31T08:00"
        raise typer.BadParameter(f"{option} takes a day or a time such as {example}") from error
    if moment.tzinfo is not None:
        return moment
    zone = read_settings().zone()
    return moment.replace(tzinfo=zone) if zone else moment.astimezone()


def _receipt(text: str) -> "Receipt | None":
    from gnomon.store.audit import Receipt

    if not text:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", text)
    if found is None:
        raise typer.BadParameter("--expect takes N:SHA256, as `gnomon audit verify` prints it")
    return Receipt(int(found[1]), found[2])


def _report_json(report: "AuditReport", log: "AuditLog") -> dict[str, Any]:
    return {
        "sound": report.sound,
        "records": report.records,
        "head": _head(report),
        "broken_record": report.broken_line,
        "reason": report.reason,
        "torn_bytes": report.torn_bytes,
        "file": str(log.path),
    }


def _report_text(report: "AuditReport") -> str:
    if not report.records:
        return "sound: 0 records; nothing was recorded yet"
    torn = f"\n{report.torn_bytes} bytes of an unfinished record at the end" if report.torn_bytes else ""
    return f"sound: {report.records:,} records\nhead: {_head(report)}{torn}"


def _head(report: "AuditReport") -> str:
    return f"{report.records}:{report.head}" if report.records else ""


def _line(record: "AuditRecord") -> dict[str, str]:
    event = record.event
    told = [value if name == "text" else f"{name}={value}" for name, value in event.detail]
    return {
        "n": str(record.n),
        "at": event.at.strftime("%Y-%m-%d %H:%M:%S"),
        "subject": event.subject,
        "kind": event.kind,
        "detail": "  ".join(told),
    }


@contextmanager
def _whole_file(path: Path) -> Iterator[Any]:
    """A file that only its owner reads, written beside its place and put there once it is whole."""
    import os
    import tempfile

    from gnomon.domain.errors import Misconfigured

    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be written",
            facts=(("cause", error.strerror or str(error)),),
            hint="name a file in a folder that you may write to, on a disk with room",
        ) from error

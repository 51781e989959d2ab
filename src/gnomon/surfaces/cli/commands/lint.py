"""`gnomon lint`: what is missing, doubtful or contradictory in what is known about the tables."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.context.catalog.lint.finding import Finding
    from gnomon.surfaces.cli.terminal import Terminal

SeverityName = Literal["error", "warning", "note"]

_SHOWN = 50


def lint(
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", help="Only this rule; may repeat.", metavar="ID", show_default=False),
    ] = None,
    severity: Annotated[
        SeverityName, typer.Option("--severity", help="Leave out what is less grave.")
    ] = "note",
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option("--fail-on", help="Exit with 1 if anything as grave is found."),
    ] = "error",
    sarif: Annotated[
        str | None,
        typer.Option(
            "--sarif",
            help="Write SARIF 2.1.0 to this file, or - for stdout.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", "-n", min=0, help=f"Findings to print; all in JSON, else {_SHOWN}.", show_default=False
        ),
    ] = None,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find what is missing, doubtful or contradictory in what is known about the tables.

    Tables without owner, criticality, freshness or code; columns and tables that are unclear, or alike;
    annotations that are old, broken or contradict each other. The gravest come first, and of these what most
    people use. docs/lint.md says why each rule matters and how to mend what it finds.

    \b
    Examples:
      gnomon lint
      gnomon lint --rule no-owner --rule look-alike --json
      gnomon lint --severity error --sarif lint.sarif
      gnomon lint --fail-on warning

    \b
    Exit codes:
      0 nothing as grave as --fail-on   1 something is   2 wrong usage   3 something is missing
    """
    from gnomon.context.catalog.lint.report import at_least, report_json
    from gnomon.surfaces.cli.errors import Usage
    from gnomon.surfaces.cli.linting import findings_for, known_rules
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    if as_json and sarif == "-":
        raise Usage("`--json` and `--sarif -` both print to stdout", hint="write SARIF to a file")
    terminal, rules = Terminal(), known_rules(rule or ())
    with opened(read_settings(warehouse=warehouse), terminal) as gnomon:
        findings = at_least(severity, findings_for(gnomon, rules))
    if sarif is not None:
        _write_sarif(findings, sarif, terminal)
    if as_json:
        terminal.json(report_json(findings, findings[:limit]))
    elif sarif != "-":
        _print(findings, _SHOWN if limit is None else limit, terminal)
    if fail_on != "never" and at_least(fail_on, findings):
        raise typer.Exit(1)


def _print(findings: "Sequence[Finding]", limit: int, terminal: "Terminal") -> None:
    """Print them, what one table's foundation lacks as one, and how many there are of each rule."""
    from gnomon.context.catalog.lint.report import by_rule, counted, folded
    from gnomon.surfaces.cli.linting import finding_lines

    lines = folded(findings)
    terminal.page(finding_lines(lines[:limit], terminal.face))
    left = len(lines) - limit
    terminal.say(counted(findings) + (f"; {left:,} more: --limit {len(lines)}" if left > 0 else ""))
    if findings:
        terminal.say(f"by rule: {by_rule(findings)}")


def _write_sarif(findings: "Sequence[Finding]", target: str, terminal: "Terminal") -> None:
    import json
    from pathlib import Path

    from gnomon import __version__
    from gnomon.context.catalog.lint.sarif import sarif
    from gnomon.store.durable import explained, write_atomically
    from gnomon.surfaces.cli.errors import Usage

    log = sarif(findings, __version__)
    if target == "-":
        terminal.json(log)
        return
    path = Path(target).absolute()
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else "is in a folder that does not exist"
        raise Usage(f"`--sarif {target}` {what}", hint="name a file in a folder that exists, or - for stdout")
    with explained(path.parent):
        write_atomically(path, json.dumps(log, indent=2).encode())
    terminal.say(f"wrote {target}")

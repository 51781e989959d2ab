"""Errors in the house style: what happened, the facts, what to do next; as JSON where JSON was asked for."""

import platform
import sys
import traceback
from typing import Any

from gnomon import __version__
from gnomon.domain.errors import Failed, GnomonError, Interrupted, Misconfigured, Refused, Retry
from gnomon.surfaces.cli.terminal import Terminal, print_lines

USAGE = 2
ABSTAINED = 4
NEEDS_CLARIFICATION = 5
BUG = 70
INTERRUPTED = 130


class Usage(GnomonError):
    """The command was called in a wrong way."""

    exit_code = USAGE


class Bug(GnomonError):
    """Something that Gnomon did not foresee."""

    exit_code = BUG


_KINDS: dict[type[GnomonError], str] = {
    Usage: "usage",
    Bug: "bug",
    Failed: "failed",
    Refused: "refused",
    Misconfigured: "misconfigured",
    Interrupted: "interrupted",
}


def foreseen(error: BaseException, command: str) -> GnomonError:
    """The error as one of ours; anything else is a bug, with how to report it.

    What a model would correct in its call, a person corrects on their command line: an unknown name, id or
    column, or SQL that cannot be read, is wrong usage whichever command it was given to.
    """
    if isinstance(error, Retry):
        return Usage(error.message, facts=error.facts, hint=error.hint)
    if isinstance(error, GnomonError):
        return error
    return Bug(
        "Gnomon met a problem that it did not foresee; sorry",
        facts=(
            ("problem", f"{type(error).__name__}: {error}"),
            ("command", command),
            ("version", f"gnomon {__version__}, Python {platform.python_version()}, {platform.system()}"),
        ),
        hint="run it again with `--debug` and report what it prints to the maintainers",
    )


def error_json(error: GnomonError) -> dict[str, Any]:
    """The error as JSON values."""
    body: dict[str, Any] = {
        "kind": next((name for kind, name in _KINDS.items() if isinstance(error, kind)), "error"),
        "message": error.message,
        "facts": [{"label": label, "value": value} for label, value in error.facts],
        "hint": error.hint,
        "exit_code": error.exit_code,
    }
    if isinstance(error, Refused):
        body["rule"] = error.rule
    return {"error": body}


def show_error(error: GnomonError, terminal: Terminal, *, as_json: bool, cause: BaseException | None) -> None:
    """Print the error; with a `cause`, its traceback too, to stderr."""
    if cause is not None:
        traceback.print_exception(cause, file=sys.stderr)
    if as_json:
        terminal.json(error_json(error))
    else:
        _show_text(error, terminal)


def _show_text(error: GnomonError, terminal: Terminal) -> None:
    from rich.text import Text

    from gnomon.surfaces.cli.cells import neutralise

    def line(label: str, style: str, text: str) -> Text:
        return Text.assemble((label, style), neutralise(text, keep="\n").replace("\n", "\n  "))

    facts = [*error.facts]
    if isinstance(error, Refused):
        facts.insert(0, ("rule", error.rule))
    width = max((len(label) for label, _ in facts), default=0) + 2
    lines = [line("error: ", "bold red", error.message)]
    lines += [line(f"  {label + ':':<{width}}", "dim", value) for label, value in facts]
    if error.hint:
        lines += [Text(), line("hint: ", "bold cyan", error.hint)]
    print_lines(terminal.err, lines)

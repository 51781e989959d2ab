"""The `gnomon` command: its sub-commands, and the one place where errors become exit codes."""

import gc
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gnomon.surfaces.cli.commands import (
    annotate,
    ask,
    audit,
    brief,
    budget,
    chat,
    describe,
    doctor,
    evaluate,
    history,
    index,
    init,
    knowledge,
    lint,
    memory,
    policy,
    scratch,
    show,
    status,
    tables,
    token,
    version,
    whoami,
    workflow,
)
from gnomon.surfaces.cli.errors import INTERRUPTED, Usage, foreseen, show_error
from gnomon.surfaces.cli.interrupts import interruptible
from gnomon.surfaces.cli.process import run_process
from gnomon.surfaces.cli.terminal import Terminal


class HouseGroup(TyperGroup):
    """Runs a command and shows whatever goes wrong in the house style."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> Any:
        """Run, and leave with the exit code that says what happened."""
        arguments = [*(sys.argv[1:] if args is None else args)]
        arguments, debug = _without_debug(arguments)
        try:
            code = super().main(args=arguments, prog_name="gnomon", standalone_mode=False)
        except (SystemExit, GeneratorExit):
            raise
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BaseException as error:
            code = _report(error, arguments, debug)
        if code:
            # DuckDB complains on stderr about a connection that a traceback's cycle still holds at the end.
            gc.collect()
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the sub-command; Ctrl-C ends it with a word."""
        with interruptible():
            return super().invoke(ctx)


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """`--debug` counts wherever it stands before `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    head = [a for a in arguments[:end] if a != "--debug"]
    return head + arguments[end:], len(head) < end


def _report(error: BaseException, arguments: list[str], debug: bool) -> int:
    # Commands are named in errors, their arguments are not: they may hold a password.
    command = next((a for a in arguments if not a.startswith("-")), "")
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    known = _usage(error, command) or foreseen(error, f"gnomon {command}".strip())
    as_json = "--json" in arguments
    show_error(known, Terminal(), as_json=as_json, cause=error if debug else None)
    return known.exit_code


def _usage(error: BaseException, command: str) -> Usage | None:
    if not hasattr(error, "format_message") or not hasattr(error, "exit_code"):
        return None
    message = str(error.format_message()).strip().rstrip(".")
    groups = {"policy", "token", "audit", "scratch", "brief", "knowledge", "memory", "workflow"}
    known = f"{command} " if command in groups | {c.name for c in app.registered_commands} else ""
    return Usage(message[:1].lower() + message[1:], hint=f"see `gnomon {known}--help`")


app = typer.Typer(
    name="gnomon",
    cls=HouseGroup,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS = (
    ("ask", ask.ask, "Ask a question; print the verified answer."),
    ("chat", chat.chat, "Ask questions that build on each other."),
    ("init", init.init, "Write a commented gnomon.toml."),
    ("doctor", doctor.doctor, "Look whether every part works."),
    ("index", index.index, "Bring the index up to date."),
    ("tables", tables.tables, "List the tables."),
    ("describe", describe.describe, "Show one table."),
    ("status", status.status, "Say whether tables are fresh."),
    ("show", show.show, "Open a stored answer again."),
    ("history", history.history, "List stored answers."),
    ("whoami", whoami.whoami, "Show who questions are asked as."),
    ("budget", budget.budget, "Show what is left of your budgets."),
    ("annotate", annotate.annotate, "Say what a table means, and whose it is."),
    ("lint", lint.lint, "Find what is missing or contradictory about the tables."),
    ("eval", evaluate.evaluate, "Count how often the answers are right."),
    ("version", version.version, "Print the versions."),
)
for _name, _function, _short in COMMANDS:
    app.command(_name, short_help=_short)(_function)
app.add_typer(policy.app, short_help="Say who may see what, and check it.")
app.add_typer(brief.app, short_help="Read and write the page about the whole warehouse.")
app.add_typer(knowledge.app, short_help="Index documents and look things up in them.")
app.add_typer(memory.app, short_help="List, add and review what is remembered.")
app.add_typer(workflow.app, short_help="Run saved instructions with parameters.")
app.add_typer(token.app, short_help="Make, list and end API tokens.")
app.add_typer(audit.app, short_help="Prove, search and export the audit log.")
app.add_typer(scratch.app, short_help="List and wipe results kept for a conversation.")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; works after any command too.")
    ] = False,
) -> None:
    """Ask a warehouse in plain English; get an answer with its evidence.

    \b
    Examples:
      gnomon init --warehouse shop.duckdb
      gnomon ask "how many orders were there last month"
      gnomon ask "revenue by month in 2024" --warehouse ./exports --json

    \b
    Exit codes:
      0 answered   1 error   2 wrong usage   3 something is missing (see gnomon doctor)
      4 no answer could be given   5 a clarification is needed   70 a bug   130 interrupted
    """
    if show_version:
        version.version(as_json=False)
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line."""
    run_process(app)

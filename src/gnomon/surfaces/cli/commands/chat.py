"""`gnomon chat`: questions that follow each other."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import (
    ExplainOption,
    MaxRowsOption,
    ModelOption,
    TimeoutOption,
    VerboseOption,
    WarehouseOption,
)


def chat(
    conversation: Annotated[
        str | None,
        typer.Argument(help="With --resume: the conversation; the latest by default.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an earlier conversation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each answer as one line of JSON.")] = False,
    warehouse: WarehouseOption = None,
    model: ModelOption = None,
    explain: ExplainOption = False,
    verbose: VerboseOption = False,
    max_rows: MaxRowsOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Ask one question after the other; each may build on the last.

    Inside: /help, /sql, /checks, /table, /quit. The end of the input ends the chat.

    \b
    Examples:
      gnomon chat
      gnomon chat --resume
      printf 'orders by month\\nonly 2024\\n' | gnomon chat
    """
    from gnomon.surfaces.cli.asking import Talk
    from gnomon.surfaces.cli.errors import Usage
    from gnomon.surfaces.cli.repl import Repl, conversation_to_use
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal, interactive

    if conversation and not resume:
        raise Usage(f"`{conversation}` is not expected here", hint=f"gnomon chat --resume {conversation}")
    settings = read_settings(warehouse=warehouse, model=model, max_rows=max_rows, timeout_s=timeout)
    terminal = Terminal()
    talk = Talk(terminal, verbose)
    ask_person = talk.ask_person if interactive() and not as_json else None
    with opened(settings, terminal, ask_person=ask_person) as gnomon:
        talked = conversation_to_use(gnomon, conversation, resume=resume)
        try:
            Repl(gnomon, talked, talk, as_json=as_json, explain=explain).run()
        finally:
            gnomon.end_conversation(talked.id)

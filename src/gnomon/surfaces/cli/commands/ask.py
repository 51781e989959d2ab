"""`gnomon ask`: one question, one answer."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import (
    ExplainOption,
    JsonOption,
    MaxRowsOption,
    ModelOption,
    RowsOption,
    TimeoutOption,
    VerboseOption,
    WarehouseOption,
)


def ask(
    question: Annotated[list[str], typer.Argument(help="The question; - reads it from stdin.")],
    warehouse: WarehouseOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
    explain: ExplainOption = False,
    verbose: VerboseOption = False,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Never ask back; take the default and say so.")
    ] = False,
    conversation: Annotated[
        str | None, typer.Option("--conversation", help="Go on with this conversation.", show_default=False)
    ] = None,
    purpose: Annotated[
        str, typer.Option("--purpose", help="What it is for; policies may ask.", show_default=False)
    ] = "",
    shared: Annotated[
        bool, typer.Option("--shared", help="Others read along: answer with what may be shared.")
    ] = False,
    rows: RowsOption = 20,
    max_rows: MaxRowsOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Ask a question; print the answer with its SQL, tables, assumptions and checks.

    \b
    Examples:
      gnomon ask "how many orders were there last month"
      gnomon ask "revenue by month in 2024" --warehouse shop.duckdb --explain
      echo "top 5 customers by revenue" | gnomon ask - --json | jq .headline

    \b
    Exit codes: 0 answered, 4 no answer could be given, 5 a clarification is needed,
      1 error, 2 wrong usage, 3 something is missing, 130 interrupted.
    """
    from gnomon.policy.policies import Situation
    from gnomon.surfaces.cli.asking import EXIT_CODES, Talk, find_conversation, new_conversation, put_question
    from gnomon.surfaces.cli.question import read_question
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.shown import show_answer
    from gnomon.surfaces.cli.terminal import Terminal, interactive

    text = read_question(question)
    settings = read_settings(warehouse=warehouse, model=model, max_rows=max_rows, timeout_s=timeout)
    terminal = Terminal()
    talk = Talk(terminal, verbose)
    person = not no_input and not as_json and interactive()
    with opened(settings, terminal, ask_person=talk.ask_person if person else None) as gnomon:
        talked = find_conversation(gnomon, conversation) if conversation else new_conversation(gnomon)
        situation = Situation(purpose, "shared" if shared else "private")
        answer = put_question(gnomon, text, talked, talk, interactive=person, situation=situation)
    show_answer(answer, terminal, as_json=as_json, explain=explain, rows=rows)
    raise typer.Exit(EXIT_CODES[answer.status])

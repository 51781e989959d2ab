"""`gnomon history`: what was asked before."""

from typing import TYPE_CHECKING, Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption

if TYPE_CHECKING:
    from gnomon.store.state import AnswerSummary


def history(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Answers to list.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List stored answers, newest first.

    \b
    Examples:
      gnomon history -n 5
      gnomon history --json | jq -r '.[0].id'
    """
    import dataclasses

    from gnomon.store.public import plain_cell
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.rights import access_now, reader_of_answers, told_summaries
    from gnomon.surfaces.cli.session import opened_state, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    settings = read_settings()
    principal = reader_of_answers(settings)
    with opened_state(settings) as store:
        listed = store.list_answers(limit, principal=principal)
        access = access_now(settings, principal) if listed else None
        summaries = [*told_summaries(listed, store, principal, access)]
    rows = [{f.name: getattr(s, f.name) for f in dataclasses.fields(s)} for s in summaries]
    terminal = Terminal()
    if as_json:
        terminal.json([{name: plain_cell(value) for name, value in row.items()} for row in rows])
    elif rows:
        print_listing([_line(s) for s in summaries], terminal, ("answer", "conversation"))
    else:
        terminal.say('nothing was asked yet; begin with: gnomon ask "..."')


def _line(summary: "AnswerSummary") -> dict[str, str]:
    return {
        "answer": summary.id,
        "asked": summary.asked_at.strftime("%Y-%m-%d %H:%M"),
        "question": summary.question,
        "result": summary.headline or summary.status,
        "conversation": summary.conversation_id,
    }

"""`gnomon scratch`: the results that conversations keep for a day."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.surfaces.cli.options import JsonOption

if TYPE_CHECKING:
    from gnomon.domain.identity import Principal
    from gnomon.settings import Settings
    from gnomon.store.scratch import Kept, ScratchStore

app = typer.Typer(
    name="scratch",
    help="List and wipe the results that conversations keep for a day.",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EveryoneOption = Annotated[bool, typer.Option("--everyone", help="Those of all people; for operators.")]


@app.command("list", short_help="List kept results, never their rows.")
def list_kept(everyone: EveryoneOption = False, as_json: JsonOption = False) -> None:
    """List your kept results: what they are called, what they came from, when they are wiped.

    \b
    Examples:
      gnomon scratch list
      gnomon scratch list --json | jq -r '.[].table'
    """
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.terminal import Terminal

    settings, who = _who(everyone)
    store = _store(settings)
    found = [k for k in store.every() if everyone or k.place.belongs_to(who)]
    terminal = Terminal()
    if as_json:
        terminal.json([_values(k, store) for k in found])
    elif found:
        print_listing([_line(k, store) for k in found], terminal, ("table", "conversation"))
    else:
        terminal.say("nothing is kept")


@app.command("wipe", short_help="Delete kept results.")
def wipe(
    conversation: Annotated[
        str | None,
        typer.Argument(metavar="CONVERSATION", help="Only what this one keeps.", show_default=False),
    ] = None,
    everyone: EveryoneOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete your kept results now rather than when their time is over.

    \b
    Examples:
      gnomon scratch wipe
      gnomon scratch wipe c3f1c2d4
      gnomon scratch wipe --everyone --json
    """
    from gnomon.surfaces.cli.errors import Usage
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.wiring import recorded_writes

    settings, who = _who(everyone)
    store, before = _store(settings), recorded_writes(settings, who)

    def chosen(kept: "Kept") -> bool:
        theirs = everyone or kept.place.belongs_to(who)
        return theirs and conversation in (None, kept.place.conversation_id)

    wiped = store.wipe(chosen, "asked for", before)
    if conversation is not None and not wiped:
        raise Usage(
            f"no results are kept of a conversation with the id `{conversation}`",
            hint="see the ids with `gnomon scratch list`",
        )
    if everyone and conversation is None:
        store.sweep(before)
    terminal = Terminal()
    if as_json:
        terminal.json([_values(k, store) for k in wiped])
    else:
        terminal.say(f"wiped {len(wiped)} kept result{'' if len(wiped) == 1 else 's'}")


def _who(everyone: bool) -> "tuple[Settings, Principal]":
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.wiring import principal_of, require_operator

    settings = read_settings()
    who = principal_of(settings)
    if everyone:
        require_operator(who)
    return settings, who


def _store(settings: "Settings") -> "ScratchStore":
    from gnomon.wiring import scratch_store

    return scratch_store(settings)


def _values(kept: "Kept", store: "ScratchStore") -> dict[str, Any]:
    return {
        "table": f"scratch.{kept.name}",
        "conversation": kept.place.conversation_id,
        "subject": kept.place.subject,
        "tenant": kept.place.tenant,
        "columns": [c.name for c in kept.columns],
        "rows": kept.row_count,
        "from": [*map(str, kept.origin.sources)],
        "kept_at": kept.kept_at.isoformat(timespec="seconds"),
        "until": store.until(kept).isoformat(timespec="seconds"),
    }


def _line(kept: "Kept", store: "ScratchStore") -> dict[str, str]:
    return {
        "table": f"scratch.{kept.name}",
        "rows": f"{kept.row_count:,}",
        "from": ", ".join(map(str, kept.origin.sources)),
        "conversation": kept.place.conversation_id,
        "of": kept.place.subject,
        "wiped": store.until(kept).strftime("%Y-%m-%d %H:%M UTC"),
    }

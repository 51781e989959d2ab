"""`gnomon brief`: the page about the whole warehouse that is read before every question."""

from typing import TYPE_CHECKING, Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption

if TYPE_CHECKING:
    from rich.text import Text

    from gnomon.domain.version import Version
    from gnomon.settings import Settings
    from gnomon.surfaces.cli.terminal import Terminal

app = typer.Typer(
    name="brief",
    help="Read, write and restore the page about the whole warehouse.",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("show", short_help="Print the page.")
def show(
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", help="An earlier version.", show_default=False)
    ] = None,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the page as it goes before every question you ask: of it, what you may see.

    \b
    Examples:
      gnomon brief show
      gnomon brief show --version 3
      gnomon brief show --json | jq -r .text
    """
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings(warehouse=warehouse)
    if version is not None:
        operators_only(settings)
        _print(_version(settings, version), terminal, as_json)
        return
    with opened(settings, terminal) as gnomon:
        page = gnomon.brief()
        text = gnomon.governed().brief()
        if as_json:
            terminal.json({"text": text, "version": page.number if page else None, "drafted": page is None})
        else:
            terminal.page(_lines(text))
            terminal.say(
                f"version {page.number}, first seen {page.seen_at:%Y-%m-%d}"
                if page
                else "drafted by rule; `gnomon brief draft --write` makes it yours to edit"
            )


@app.command("draft", short_help="Draft a page from the index.")
def draft(
    write: Annotated[
        bool, typer.Option("--write", help="Write it to the page's file, if there is none.")
    ] = False,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft a page from what is known of the tables, for people to complete.

    \b
    Examples:
      gnomon brief draft
      gnomon brief draft --write
    """
    from gnomon.surfaces.cli.briefs import new_page, page_text
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings(warehouse=warehouse)
    operators_only(settings)
    with opened(settings, terminal) as gnomon:
        text = page_text(gnomon.index.brief())
        path = new_page(settings, text) if write else None
        if as_json:
            terminal.json({"text": text, "written_to": str(path) if path else None})
        elif path:
            terminal.say(f"written to {path}; edit it with `gnomon brief edit`")
        else:
            terminal.page(_lines(text))


@app.command("edit", short_help="Edit the page in your editor.")
def edit() -> None:
    """Open the page in $EDITOR. What you save is checked, kept as a new version, and used from then on.

    \b
    Examples:
      gnomon brief edit
      EDITOR=nano gnomon brief edit
    """
    from gnomon.surfaces.cli.briefs import edit_page
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    settings = read_settings()
    operators_only(settings)
    brief = edit_page(settings)
    Terminal().say(f"version {brief.number} is in use" if brief else "nothing changed")


@app.command("history", short_help="List the versions of the page.")
def history(as_json: JsonOption = False) -> None:
    """List every version of the page: who wrote it and when it was first seen.

    \b
    Examples:
      gnomon brief history
      gnomon brief history --json
    """
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.wiring import brief_in_use, brief_store

    terminal, settings = Terminal(), read_settings()
    operators_only(settings)
    brief_in_use(settings)
    found = [
        {
            "version": b.number,
            "author": b.author,
            "written": b.seen_at.isoformat(timespec="seconds"),
            "bytes": len(b.text.encode()),
        }
        for b in brief_store(settings).versions()
    ]
    if as_json:
        terminal.json(found)
    elif found:
        print_listing(found, terminal)
    else:
        terminal.say("there is no page yet; `gnomon brief draft --write` begins one")


@app.command("restore", short_help="Put an earlier version back.")
def restore(version: Annotated[int, typer.Argument(metavar="N", help="Its number in the history.")]) -> None:
    """Put an earlier version back in use, as a new version.

    \b
    Examples:
      gnomon brief restore 3
    """
    from gnomon.surfaces.cli.briefs import write_page
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    settings = read_settings()
    operators_only(settings)
    brief = write_page(settings, _version(settings, version).text)
    Terminal().say(f"version {version} is in use again, as version {brief.number}")


def _version(settings: "Settings", version: int) -> "Version":
    from gnomon.surfaces.cli.errors import Usage
    from gnomon.wiring import brief_in_use, brief_store

    brief_in_use(settings)
    found = next((b for b in brief_store(settings).versions() if b.number == version), None)
    if found is None:
        raise Usage(f"there is no version {version} of the brief", hint="see `gnomon brief history`")
    return found


def _print(brief: "Version", terminal: "Terminal", as_json: bool) -> None:
    if as_json:
        terminal.json({"text": brief.text, "version": brief.number, "drafted": False})
    else:
        terminal.page(_lines(brief.text))


def _lines(text: str) -> "list[Text]":
    from rich.text import Text

    from gnomon.surfaces.cli.cells import neutralise

    return [Text(neutralise(line)) for line in text.splitlines()]

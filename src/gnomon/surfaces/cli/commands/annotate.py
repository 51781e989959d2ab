"""`gnomon annotate`: say what a table means, whose it is, and what to know about it."""

from typing import TYPE_CHECKING, Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption

if TYPE_CHECKING:
    from rich.text import Text

    from gnomon.surfaces.cli.annotating import Wanted
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.wiring import Gnomon

Words = Annotated[str | None, typer.Option(metavar="TEXT", show_default=False)]
TableArgument = Annotated[
    str | None,
    typer.Argument(help="Name of the table, with its schema if need be.", show_default=False),
]


def _one(name: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, help=text, metavar="TEXT", show_default=False)
    return option


FilterOption = Annotated[
    list[str] | None, _one("--always-filter", "SQL condition that every question wants; may repeat.")
]
UseWhenOption = Annotated[
    list[str] | None, _one("--use-when", "When this table is the better one; may repeat.")
]
AlsoCalledOption = Annotated[
    list[str] | None, _one("--also-called", "What else people call its rows; may repeat.")
]


def annotate(
    table: TableArgument = None,
    owner: Annotated[str | None, _one("--owner", "Whom to ask about it.")] = None,
    criticality: Annotated[str | None, _one("--criticality", "low, medium, high or critical.")] = None,
    freshness: Annotated[
        str | None, _one("--freshness", "How fresh it should be: daily, within 24h.")
    ] = None,
    meaning: Annotated[str | None, _one("--meaning", "What one row stands for.")] = None,
    grain: Annotated[str | None, _one("--grain", "What makes a row.")] = None,
    caveat: Annotated[list[str] | None, _one("--caveat", "What to know before counting; may repeat.")] = None,
    always_filter: FilterOption = None,
    use_instead: Annotated[
        list[str] | None, typer.Option("--use-instead", help="A better table; may repeat.", metavar="TABLE")
    ] = None,
    when: Annotated[list[str] | None, _one("--when", "When that table is better, for each of them.")] = None,
    use_when: UseWhenOption = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="What a column holds; may repeat.", metavar="NAME=TEXT"),
    ] = None,
    tag: Annotated[list[str] | None, _one("--tag", "A word to group tables by; may repeat.")] = None,
    also_called: AlsoCalledOption = None,
    said_by: Annotated[str | None, _one("--said-by", "Who says so; you by default.")] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", help="Take away a field, caveats.N or columns.NAME.", metavar="FIELD"),
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Say that what stands there is true today.")
    ] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Print a file for the owner to fill in.")] = False,
    list_all: Annotated[
        bool, typer.Option("--list", help="List annotated tables, by whom and when.")
    ] = False,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a table means; show what is said of it if nothing is given.

    It is written into the folder of annotations: into the file where the table stands, or into a new one. The
    rest of the file stays as it is. It holds for everybody, so that with a token it takes the scope admin.

    \b
    Examples:
      gnomon annotate orders --owner finance@acme.test --criticality high
      gnomon annotate orders --caveat "Test orders are in it." --always-filter "is_test = false"
      gnomon annotate orders_old --use-instead orders --when "you need a day after 2024"
      gnomon annotate customers --also-called client --also-called buyer
      gnomon annotate orders --column amount="Gross, in euro cents" --remove caveats.2
      gnomon annotate orders --draft > orders-to-fill-in.yaml
      gnomon annotate --list --json
    """
    from gnomon.surfaces.cli.annotating import wanted
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    texts = {
        "owner": owner,
        "criticality": criticality and criticality.casefold(),
        "freshness": freshness,
        "meaning": meaning,
        "grain": grain,
    }
    items = {"caveats": caveat, "always_filter": always_filter, "use_when": use_when, "tags": tag}
    items["also_called"] = also_called
    asked = wanted(texts, items, (use_instead, when), column, remove, confirm=confirm)
    _check_use(table, asked, draft=draft, list_all=list_all)
    terminal, settings = Terminal(), read_settings(warehouse=warehouse)
    operators_only(settings)
    with opened(settings, terminal) as gnomon:
        if table is None:
            _list(gnomon, terminal, as_json=as_json)
        elif draft:
            _draft(gnomon, table, terminal, as_json=as_json)
        elif asked:
            _write(gnomon, table, asked, said_by, terminal, as_json=as_json)
        else:
            _show(gnomon, table, terminal, as_json=as_json)


def _check_use(table: str | None, asked: "Wanted", *, draft: bool, list_all: bool) -> None:
    from gnomon.surfaces.cli.errors import Usage

    if list_all == (table is not None):
        raise Usage("name a table, or give `--list`", hint="see `gnomon annotate --help`")
    if (draft or list_all) and asked:
        raise Usage("a draft or a list changes nothing", hint="leave out `--draft` or `--list`, or the rest")


def _write(
    gnomon: "Gnomon", table: str, asked: "Wanted", said_by: str | None, terminal: "Terminal", *, as_json: bool
) -> None:
    from gnomon.surfaces.cli.annotating import check, write
    from gnomon.surfaces.cli.cards import find_card

    cards = gnomon.governed().cards()
    card = find_card(cards, table)
    fitting = check(asked, card, cards, gnomon.warehouse.dialect)
    today = gnomon.settings.now().date()
    ready = write(gnomon, card, fitting, said_by or gnomon.principal.subject, today)
    if as_json:
        _show(gnomon, str(card.ref), terminal, as_json=True)
        return
    if not ready.changes:
        terminal.say(f"{ready.path} says so already")
        return
    verb = "wrote" if ready.created else "changed"
    terminal.page(_plain(f"{verb} {ready.path}"))
    terminal.say("cards take it up when the index is next built: gnomon index")


def _show(gnomon: "Gnomon", table: str, terminal: "Terminal", *, as_json: bool) -> None:
    from gnomon.surfaces.cli.annotating import entry_json, entry_page, said_of
    from gnomon.surfaces.cli.cards import find_card

    governed, folder = gnomon.governed(), gnomon.settings.annotations_dir
    card = find_card(governed.cards(), table)
    entry = said_of(card, gnomon, governed)
    if as_json:
        terminal.json(entry_json(entry, folder) if entry else None)
    elif entry is not None:
        terminal.page(entry_page(entry, folder, terminal.face))
    else:
        terminal.say(f"nobody annotated `{card.ref}` yet; begin with: gnomon annotate {card.ref} --draft")


def _draft(gnomon: "Gnomon", table: str, terminal: "Terminal", *, as_json: bool) -> None:
    from gnomon.context.catalog.sources.annotations.draft import draft
    from gnomon.surfaces.cli.annotating import said_of
    from gnomon.surfaces.cli.cards import find_card
    from gnomon.surfaces.cli.errors import Usage

    governed = gnomon.governed()
    card = find_card(governed.cards(), table)
    there = said_of(card, gnomon, governed)
    if there is not None:
        folder = gnomon.settings.annotations_dir
        raise Usage(
            f"`{card.ref}` is annotated already",
            facts=(("file", str(folder / there.file)),) if there.file else (),
            hint="edit that file, or change single fields with options",
        )
    text = draft(card, gnomon.settings.now().date().isoformat())
    if as_json:
        terminal.json({"table": str(card.ref), "draft": text})
    else:
        terminal.foreign(text.rstrip("\n"))


def _list(gnomon: "Gnomon", terminal: "Terminal", *, as_json: bool) -> None:
    from gnomon.surfaces.cli.annotating import entry_json, every_table, said_in, shown_to
    from gnomon.surfaces.cli.listing import print_listing

    governed, folder = gnomon.governed(), gnomon.settings.annotations_dir
    cards = {card.ref: card for card in governed.cards()}
    names, complete = every_table(gnomon), governed.access.sees_all
    found = said_in(gnomon.settings, gnomon.warehouse.dialect)
    entries = []
    for entry in found.entries:
        ref = names.find(entry.table)
        if ref in cards:
            entries.append(shown_to(entry, cards[ref], governed))
        elif complete:
            entries.append(entry)
    if as_json:
        terminal.json([entry_json(entry, folder) for entry in entries])
    elif entries:
        rows = [_line(entry_json(entry, folder), entry.file) for entry in entries]
        print_listing(rows, terminal, ("table", "file"))
    else:
        terminal.say("nothing is annotated yet; begin with: gnomon annotate TABLE --draft")
    if found.problems and complete:
        terminal.say(f"not all of it can be taken ({len(found.problems):,}): see gnomon lint")


def _line(entry: dict[str, object], file: str) -> dict[str, object]:
    names = ("table", "owner", "said_by", "said_at")
    return {**{name.replace("_", " "): entry[name] or "" for name in names}, "file": file}


def _plain(text: str) -> "list[Text]":
    from rich.text import Text

    from gnomon.surfaces.cli.cells import neutralise

    return [Text(neutralise(text))]

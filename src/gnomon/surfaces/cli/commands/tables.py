"""`gnomon tables`: what the warehouse holds."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption


def tables(
    pattern: Annotated[
        str | None,
        typer.Argument(help="Part of a name, or a pattern with * and ?.", show_default=False),
    ] = None,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tables with their rows, columns and purpose.

    \b
    Examples:
      gnomon tables
      gnomon tables order
      gnomon tables 'stg_*' --json
    """
    from gnomon.surfaces.cli.cards import matching, summary
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    with opened(read_settings(warehouse=warehouse), terminal) as gnomon:
        found = [summary(card) for card in matching(gnomon.governed().cards(), pattern)]
        label = gnomon.warehouse.label
    if as_json:
        terminal.json(found)
    elif found:
        print_listing(found, terminal, ("table",))
        terminal.say(f"{len(found):,} table{'' if len(found) == 1 else 's'} in {label}")
    else:
        terminal.say(f"no table in {label} matches `{pattern}`" if pattern else f"{label} holds no tables")

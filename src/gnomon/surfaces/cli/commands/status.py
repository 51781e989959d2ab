"""`gnomon status`: whether tables are fresh, late or failed."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption


def status(
    tables: Annotated[list[str], typer.Argument(metavar="TABLE...", help="Names, with schema if need be.")],
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say of each table whether it is fresh, and what that stands on: its newest row and its pipelines.

    \b
    Examples:
      gnomon status marts.orders
      gnomon status orders customers --json

    \b
    Exit codes: 0 all are fresh or unknown, 1 one is late or failed.
    """
    from gnomon.surfaces.cli.cards import find_card
    from gnomon.surfaces.cli.freshness import status_json, status_lines
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings(warehouse=warehouse)
    with opened(settings, terminal) as gnomon:
        cards = gnomon.governed().cards()
        found = [gnomon.pipeline_status(find_card(cards, name)) for name in tables]
    if as_json:
        terminal.json([status_json(s) for s in found])
    else:
        terminal.page([line for s in found for line in status_lines(s, terminal.face)])
    if any(s.freshness in ("late", "failed") for s in found):
        raise typer.Exit(1)

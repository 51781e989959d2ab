"""`gnomon describe`: one table."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption


def describe(
    table: Annotated[str, typer.Argument(help="Name of the table, with its schema if need be.")],
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a table: columns with meaning and profile, keys, joins, lineage, use, caveats; all with sources.

    \b
    Examples:
      gnomon describe orders
      gnomon describe sales.orders --json
    """
    from gnomon.surfaces.cli.cards import card_json, card_page, find_card
    from gnomon.surfaces.cli.lineage import DEPTH, lineage_json, lineage_lines
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    with opened(read_settings(warehouse=warehouse), terminal) as gnomon:
        index = gnomon.governed()
        card = find_card(index.cards(), table)
        up, down = (index.lineage(card.ref, up=way, depth=DEPTH) for way in (True, False))
    if as_json:
        terminal.json(card_json(card) | {"made_from": lineage_json(up), "used_by": lineage_json(down)})
    else:
        terminal.page(card_page(card, terminal.face) + lineage_lines(card.ref, up, down, terminal.face))

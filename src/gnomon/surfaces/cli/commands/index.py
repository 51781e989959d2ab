"""`gnomon index`: what is known about the warehouse, brought up to date."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption


def index(
    warehouse: WarehouseOption = None,
    full: Annotated[bool, typer.Option("--full", help="Start over instead of adding changes.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the warehouse's tables, profiles, keys, joins and values into the index.

    Only what changed is read again. It may be stopped at any time; the next run goes on from there.

    \b
    Examples:
      gnomon index
      gnomon index --warehouse shop.duckdb --full
      gnomon index --json
    """
    from gnomon.surfaces.cli.indexing import build, report_json, report_lines
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings(warehouse=warehouse)
    operators_only(settings)
    with opened(settings, terminal, index=False) as gnomon:
        report = build(gnomon, terminal, full=full)
        if as_json:
            terminal.json(report_json(gnomon, report))
        else:
            terminal.page(report_lines(gnomon, report, terminal.face))

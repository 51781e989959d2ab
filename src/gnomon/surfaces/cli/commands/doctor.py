"""`gnomon doctor`: whether every part works."""

import typer

from gnomon.surfaces.cli.options import JsonOption, ModelOption, WarehouseOption


def doctor(warehouse: WarehouseOption = None, model: ModelOption = None, as_json: JsonOption = False) -> None:
    """Look at every part and say how to mend what fails. Exits 3 if something fails.

    \b
    Examples:
      gnomon doctor
      gnomon doctor --warehouse shop.duckdb --json
    """
    from gnomon.surfaces.cli.health import examine, health_json, health_lines
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    probes = list(examine(warehouse, model))
    if as_json:
        terminal.json(health_json(probes))
    else:
        terminal.page(health_lines(probes, terminal.face))
    if any(p.verdict == "fail" for p in probes):
        raise typer.Exit(3)

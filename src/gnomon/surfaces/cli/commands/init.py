"""`gnomon init`: a settings file to begin with."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, ModelOption, WarehouseOption


def init(
    warehouse: WarehouseOption = None,
    model: ModelOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write gnomon.toml into this folder: every option with its type, default and help.

    \b
    Examples:
      gnomon init --warehouse shop.duckdb
      gnomon init -w ./exports --model grounded
      gnomon init -w 'postgresql://reader:${SHOP_PASSWORD}@db.internal/shop'
    """
    from pathlib import Path

    from gnomon.settings import FILE_NAME
    from gnomon.surfaces.cli.settings_file import refuse_passwords, settings_text, write_settings
    from gnomon.surfaces.cli.terminal import Terminal

    values = {key: v for key, v in (("warehouse.url", warehouse), ("model.name", model)) if v}
    refuse_passwords(values)
    path = Path.cwd() / FILE_NAME
    write_settings(path, settings_text(values), force=force)
    terminal = Terminal()
    if as_json:
        terminal.json({"path": str(path), "values": values})
        return
    terminal.out.print(f"wrote {path}", soft_wrap=True)
    terminal.say('next: gnomon doctor, then gnomon ask "..."' if warehouse else "next: set `url` in it")

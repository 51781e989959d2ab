"""dbt: artifacts of every version, and bare project folders, as knowledge about tables (docs/sources-dbt.md).

`manifest` and `project_files` read the two forms into one `nodes.Project`; `items` tells what a project says.
"""

from pathlib import Path

from gnomon.context.catalog.sources.dbt.source import DbtSource
from gnomon.context.catalog.sources.port import Source


def open_dbt(path: Path, name: str) -> Source:
    """The dbt project at a path: a `target` folder, a manifest.json, or a folder with `dbt_project.yml`.

    Nothing is read yet. dbt itself is not needed, and no template or code of the project is run.

    Args:
        name: As configured, for example `dbt:../shop/target`.
    """
    return DbtSource(path, name)


__all__ = ["open_dbt"]

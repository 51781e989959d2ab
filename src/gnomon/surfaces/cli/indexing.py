"""The index built with progress shown, and what came of it."""

import dataclasses
from typing import TYPE_CHECKING, Any

from rich.text import Text

from gnomon.surfaces.cli.cells import neutralise
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.terminal import Terminal, is_person

if TYPE_CHECKING:
    from gnomon.wiring import Gnomon


def build(gnomon: "Gnomon", terminal: Terminal, *, full: bool) -> Any:
    """Build or refresh the index; a bar for each stage where a person looks, nothing elsewhere."""
    from gnomon.context.catalog.build import build_index

    gnomon.close_index()
    if not is_person(terminal.err.file):
        return build_index(gnomon.warehouse, gnomon.embedder, gnomon.index_path, full=full)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=terminal.err) as bars:
        stages: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in stages:
                stages[what] = bars.add_task(neutralise(what), total=total)
            bars.update(stages[what], completed=done, total=total)

        return build_index(gnomon.warehouse, gnomon.embedder, gnomon.index_path, progress=progress, full=full)


def report_json(gnomon: "Gnomon", report: Any) -> dict[str, Any]:
    """What changed, as JSON values."""
    return {"warehouse": gnomon.warehouse.label, "path": str(gnomon.index_path), **_plain(report)}


def report_lines(gnomon: "Gnomon", report: Any, face: Face) -> list[Text]:
    """What changed, one fact a line."""
    lines = [Text(f"index of {neutralise(gnomon.warehouse.label)}", style="bold")]
    for name, value in _plain(report).items():
        shown = (
            ", ".join(value) if isinstance(value, list) else f"{value:,}" if isinstance(value, int) else value
        )
        shown = f"{value:.2f}" if isinstance(value, float) else shown
        lines.append(Text(neutralise(f"  {name.replace('_', ' ')}: {shown if shown != '' else 'none'}")))
    return lines


def _plain(report: Any) -> dict[str, Any]:
    values = {f.name: getattr(report, f.name) for f in dataclasses.fields(report)}
    return {
        name: [str(v) for v in value] if isinstance(value, tuple | list) else value
        for name, value in values.items()
    }

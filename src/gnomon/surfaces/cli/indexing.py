"""The index built with progress shown, and what came of it."""

import dataclasses
from typing import TYPE_CHECKING, Any

from rich.text import Text

from gnomon.context.catalog.plurals import many
from gnomon.surfaces.cli.cells import neutralise, wrap
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.terminal import Terminal, is_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import TaskID

    from gnomon.context.catalog.build import BuildReport
    from gnomon.context.catalog.counts import SourceCount
    from gnomon.wiring import Gnomon


def build(gnomon: "Gnomon", terminal: Terminal, *, full: bool) -> "BuildReport":
    """Build or refresh the index; a bar for each stage where a person looks, nothing elsewhere."""
    if not is_person(terminal.err.file):
        return _build(gnomon, None, full)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.description}", markup=False)
    with Progress(text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=terminal.err) as bars:
        stages: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in stages:
                stages[what] = bars.add_task(neutralise(what), total=total)
            bars.update(stages[what], completed=done, total=total)

        return _build(gnomon, progress, full)


def _build(gnomon: "Gnomon", progress: "Callable[[str, int, int], None] | None", full: bool) -> "BuildReport":
    return gnomon.build_index(progress, full=full)


def report_json(gnomon: "Gnomon", report: "BuildReport") -> dict[str, Any]:
    """What changed, as JSON values."""
    problems = [{"what": what, "problem": problem} for what, problem in report.problems]
    place = {"warehouse": gnomon.warehouse.label, "path": str(gnomon.index_path)}
    return {**place, **dataclasses.asdict(report), "problems": problems}


def report_lines(gnomon: "Gnomon", report: "BuildReport", face: Face) -> list[Text]:
    """What changed, in a few lines; each problem on its own."""
    title = f"Index of {neutralise(gnomon.warehouse.label)}: {many(report.tables, 'table')}"
    if report.unchanged:
        return [Text(f"{title}, up to date", style="bold"), *_sources(report), *_problems(report, face)]
    lines = [Text(f"{title}, built in {report.elapsed_s:.1f} s", style="bold")]
    untouched = report.tables - report.embedded
    lines.append(Text(f"  changed {report.embedded:,}, unchanged {untouched:,}, removed {report.removed:,}"))
    looked, values = many(report.profiled, "table"), many(report.values, "value")
    lines.append(Text(f"  data looked at in {looked}, {values} indexed"))
    if report.trusted:
        lines.append(Text(f"  {many(report.trusted, 'past query', 'past queries')} that people rely on"))
    return [*lines, *_sources(report), *_problems(report, face)]


def _sources(report: "BuildReport") -> list[Text]:
    """What each source told, in a line each; nothing of what it told none of."""
    return [Text(f"  {neutralise(count.source)}: {_told(count)}") for count in report.sources]


def _told(count: "SourceCount") -> str:
    kinds = (
        (count.facts, "fact", "facts"),
        (count.tables, "table", "tables"),
        (count.code, "statement of code", "statements of code"),
        (count.queries, "query", "queries"),
        (count.dashboards, "dashboard", "dashboards"),
        (count.problems, "problem", "problems"),
    )
    return ", ".join(many(*kind) for kind in kinds if kind[0]) or "nothing"


def _problems(report: "BuildReport", face: Face) -> list[Text]:
    lines: list[Text] = []
    for what, problem in report.problems:
        first, *rest = wrap(f"{what}: {problem}", face.width - 4)
        lines += [Text(f"  {face.glyph('warn')} {first}"), *(Text(f"    {line}") for line in rest)]
    return lines

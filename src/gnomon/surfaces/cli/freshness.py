"""Verdicts on freshness as people and programs read them."""

from typing import Any

from rich.text import Text

from gnomon.domain.pipeline import PipelineStatus
from gnomon.surfaces.cli.cells import neutralise, wrap
from gnomon.surfaces.cli.face import Face

_GLYPHS = {"fresh": "pass", "late": "warn", "failed": "fail", "unknown": "not_applicable"}


def status_lines(status: PipelineStatus, face: Face) -> list[Text]:
    """The verdict, then what it stands on."""
    glyph = face.glyph(_GLYPHS[status.freshness])
    lines = [Text(line, style="bold") for line in wrap(f"{glyph} {neutralise(status.summary)}", face.width)]
    for told in status.evidence:
        text = neutralise(f"{told.provenance}: {told.text}")
        lines += [Text(f"  {line}") for line in wrap(text, face.width - 2)]
    return lines


def status_json(status: PipelineStatus) -> dict[str, Any]:
    """The verdict as JSON values."""
    return {
        "table": str(status.table),
        "state": status.freshness,
        "summary": status.summary,
        "evidence": [{"source": s.provenance, "text": s.text} for s in status.evidence],
    }

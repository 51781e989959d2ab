"""Writes the figures of a run into the page that reports them, between two marks."""

from collections.abc import Sequence
from pathlib import Path

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def write_figures(page: Path, condition: str, rows: Sequence[tuple[str, ...]]) -> None:
    """Replace what stands between the marks; the rest of the page stays.

    Args:
        condition: Machine, date and load, in a sentence.
        rows: Cells of a table, its head first.

    Raises:
        ValueError: The page has no such marks.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no `{BEGIN}` and `{END}`")
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    table = "\n".join([head, f"|{' --- |' * len(rows[0])}", *body])
    page.write_text(f"{before}{BEGIN}\n{condition}\n\n{table}\n{END}{after}", encoding="utf-8")

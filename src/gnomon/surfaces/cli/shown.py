"""An answer put on stdout, as a page or as JSON."""

import csv
import json
import sys
from decimal import Decimal
from pathlib import Path

from gnomon.domain.answer import Answer
from gnomon.domain.errors import Failed
from gnomon.domain.identity import Principal
from gnomon.domain.result import Cell
from gnomon.store.public import answer_to_public_json, plain_cell
from gnomon.store.state import StateStore
from gnomon.surfaces.cli.cells import neutralise
from gnomon.surfaces.cli.page import answer_page
from gnomon.surfaces.cli.terminal import Terminal, is_person


def load_shown(
    store: StateStore, key: str, principal: Principal, terminal: Terminal, *, rows_needed: bool
) -> Answer:
    """The stored answer; without its rows, and saying so, where they are gone and not needed.

    Raises:
        Retry: No such answer.
        Failed: Its rows are gone and `rows_needed`.
    """
    try:
        return store.load_answer(key, principal=principal)
    except Failed as error:
        if rows_needed:
            raise
        found = store.load_answer(key, principal=principal, rows=False)
        terminal.say(f"{error.message}; shown without its rows")
        return found


def show_answer(
    answer: Answer, terminal: Terminal, *, as_json: bool = False, explain: bool = False, rows: int = 20
) -> None:
    """Print the whole answer."""
    if as_json:
        terminal.json(answer_to_public_json(answer))
    else:
        terminal.page(answer_page(answer, terminal.face, explain=explain, rows=rows))


def show_answer_line(answer: Answer, terminal: Terminal) -> None:
    """Print the whole answer as one line of JSON."""
    terminal.json_line(answer_to_public_json(answer))


def print_sql(answer: Answer) -> None:
    """Print the final statement alone.

    Raises:
        Failed: No query ran for the answer.
    """
    if not answer.sql:
        raise Failed(f"answer {answer.id} ran no query", hint=f"see `gnomon show {answer.id}`")
    sql = answer.sql.rstrip()
    sys.stdout.write((neutralise(sql, keep="\n") if is_person(sys.stdout) else sql) + "\n")


def print_result(answer: Answer, form: str, terminal: Terminal) -> None:
    """Print the result's rows as `csv` or `json`; a file gets the cells as they are.

    Raises:
        Failed: The answer has no result.
    """
    result = answer.result
    if result is None:
        raise Failed(f"answer {answer.id} has no result", hint=f"see `gnomon show {answer.id}`")
    rows = [[plain_cell(cell) for cell in row] for row in result.rows]
    if form == "json":
        names = unique_names([c.name for c in result.columns])
        terminal.json([dict(zip(names, row, strict=True)) for row in rows])
        return
    safe = neutralise if is_person(sys.stdout) else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([safe(c.name) for c in result.columns])
    # The exact text of a decimal, not its nearest double.
    writer.writerows([safe(_csv_cell(cell)) for cell in row] for row in result.rows)


def unique_names(names: list[str]) -> list[str]:
    """The names, a repeated one numbered, so that no column is lost in an object."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique


def write_page(answer: Answer, path: Path, terminal: Terminal) -> None:
    """Write the answer as one HTML file that needs nothing else; whole or not at all.

    Raises:
        Misconfigured: The file cannot be written.
    """
    from gnomon.store.durable import explained, write_atomically
    from gnomon.surfaces.cli.html import answer_page

    with explained(path.parent):
        write_atomically(path.absolute(), answer_page(answer).encode())
    terminal.say(f"wrote {path}")


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, list | dict | tuple):
        return json.dumps(plain_cell(cell), ensure_ascii=False)
    plain = str(cell) if isinstance(cell, Decimal | int | float) else plain_cell(cell)
    return "" if plain is None else str(plain)

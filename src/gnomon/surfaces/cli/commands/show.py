"""`gnomon show`: a stored answer again."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from gnomon.surfaces.cli.options import ExplainOption, JsonOption, RowsOption


def show(
    answer: Annotated[str, typer.Argument(help="Id of the answer, or how it begins.")] = "last",
    sql: Annotated[bool, typer.Option("--sql", help="Print only the SQL.")] = False,
    result: Annotated[
        Literal["csv", "json"] | None,
        typer.Option("--result", help="Print only the result's rows.", show_default=False),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write the answer as one HTML file.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
    explain: ExplainOption = False,
    rows: RowsOption = 20,
) -> None:
    """Open a stored answer again.

    \b
    Examples:
      gnomon show
      gnomon show a1b2 --explain
      gnomon show a1b2 --sql
      gnomon show a1b2 --result csv > revenue.csv
      gnomon show a1b2 --html revenue.html
    """
    from gnomon.surfaces.cli.rights import reader_of_answers
    from gnomon.surfaces.cli.session import opened_state, read_settings
    from gnomon.surfaces.cli.shown import load_shown, print_result, print_sql, show_answer, write_page
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.wiring import require_rights

    terminal, settings = Terminal(), read_settings()
    principal = reader_of_answers(settings)
    with opened_state(settings) as store:
        found = load_shown(store, answer, principal, terminal, rows_needed=result is not None)
    require_rights(settings, found, principal)
    if html is not None:
        write_page(found, html, terminal)
    elif sql:
        print_sql(found)
    elif result:
        print_result(found, result, terminal)
    else:
        show_answer(found, terminal, as_json=as_json, explain=explain, rows=rows)

"""`gnomon index`: what is known about the warehouse, brought up to date."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption


def index(
    warehouse: WarehouseOption = None,
    full: Annotated[bool, typer.Option("--full", help="Start over instead of adding changes.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with code 1 if anything had to be passed over.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the warehouse, what people and code say of its tables, and the documents, into the index.

    Only what changed is read again. It may be stopped at any time; the next run goes on from there. A broken
    file is reported with its line and passed over; the index is written without it.

    \b
    Examples:
      gnomon index
      gnomon index --warehouse shop.duckdb --full
      gnomon index --strict --json
    """
    from gnomon.surfaces.cli.documents import report_json as documents_json
    from gnomon.surfaces.cli.documents import report_lines as document_lines
    from gnomon.surfaces.cli.documents import shown_progress
    from gnomon.surfaces.cli.indexing import build, report_json, report_lines
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings(warehouse=warehouse)
    operators_only(settings)
    with opened(settings, terminal, index=False) as gnomon:
        report = build(gnomon, terminal, full=full)
        with shown_progress(terminal) as progress:
            documents = gnomon.index_documents(progress, full=full)
        if as_json:
            read = {"documents": documents_json(documents)} if documents else {}
            terminal.json(report_json(gnomon, report) | read)
        else:
            terminal.page(report_lines(gnomon, report, terminal.face))
            terminal.page(document_lines(documents, terminal.face) if documents else [])
        if strict and (report.problems or (documents and documents.problems)):
            raise typer.Exit(1)

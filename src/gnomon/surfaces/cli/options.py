"""Options that several commands share."""

from typing import Annotated

import typer

WarehouseOption = Annotated[
    str | None,
    typer.Option(
        "--warehouse",
        "-w",
        help="File, folder, glob or URL to ask.",
        metavar="PATH_OR_URL",
        show_default=False,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="Model to use, for example grounded or openai:gpt-5.5.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]
MaxRowsOption = Annotated[
    int | None, typer.Option("--max-rows", min=1, help="Rows a query returns at most.", show_default=False)
]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", help="Seconds a query may run.", show_default=False)
]
RowsOption = Annotated[int, typer.Option("--rows", min=1, help="Rows of the table to print.")]
ExplainOption = Annotated[
    bool,
    typer.Option(
        "--explain",
        help="Show how each word was read, what the confidence comes from, steps, and the SQL of checks.",
    ),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Tell every step, query and check on stderr.")
]

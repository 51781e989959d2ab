"""`gnomon eval`: how often the answers are right."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, ModelOption, WarehouseOption


def evaluate(
    questions: Annotated[
        str,
        typer.Argument(help="A .toml or .jsonl file of questions with gold SQL; demo for the demo company."),
    ],
    warehouse: WarehouseOption = None,
    model: ModelOption = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Ask only the first so many.", show_default=False)
    ] = None,
    fail_under: Annotated[
        float, typer.Option("--fail-under", min=0, max=1, help="Exit 1 if the accuracy is below this share.")
    ] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Ask every question of a set; compare each result with the gold SQL's; print each miss.

    \b
    Examples:
      gnomon eval demo
      gnomon eval questions.toml --warehouse shop.duckdb
      gnomon eval questions.jsonl --json --fail-under 0.9
    """
    from gnomon.surfaces.cli.evaluating import load_set, run
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    question_set = load_set(questions, warehouse)
    report = run(question_set, terminal, model=model, limit=limit)
    if as_json:
        terminal.json(report.to_json())
    else:
        terminal.foreign(report.to_text())
    raise typer.Exit(0 if report.overall.accuracy.value >= fail_under else 1)

"""`gnomon workflow`: saved instructions with parameters, run again and again."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption, ModelOption, WarehouseOption

app = typer.Typer(
    name="workflow",
    help="Run saved instructions with parameters, such as a weekly report.",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Its file's name without .toml.")]


@app.command("list", short_help="List the saved workflows.")
def list_workflows(as_json: JsonOption = False) -> None:
    """List the workflows that you may run; one that cannot be read is listed with its reason.

    \b
    Examples:
      gnomon workflow list
      gnomon workflow list --json
    """
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.surfaces.cli.workflows import listed

    terminal, found = Terminal(), listed(read_settings())
    if as_json:
        terminal.json(found)
    elif found:
        print_listing(found, terminal, ("workflow",))
    else:
        terminal.say("no workflows are saved; `gnomon workflow new NAME` begins one")


@app.command("show", short_help="Show a workflow's parameters and steps.")
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show a workflow: what it is for, its parameters, its steps.

    \b
    Examples:
      gnomon workflow show weekly-revenue
    """
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.surfaces.cli.workflows import find_workflow, workflow_json, workflow_page

    terminal, workflow = Terminal(), find_workflow(read_settings(), name)
    if as_json:
        terminal.json(workflow_json(workflow))
    else:
        terminal.page(workflow_page(workflow, terminal.face))


@app.command(
    "run",
    short_help="Run a workflow.",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def run(
    context: typer.Context,
    name: NameArgument,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run.", show_default=False)
    ] = None,
    warehouse: WarehouseOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a workflow's steps in order, as you. Parameters are given as options: --week 2026-46.

    A step that fails is told, and the next one runs. A run that was stopped goes on with --resume.

    \b
    Examples:
      gnomon workflow run weekly-revenue --week 2026-46
      gnomon workflow run compare-schemas --left dev --right marts --json
      gnomon workflow run weekly-revenue --resume w1a2b3c4d

    \b
    Exit codes: 0 every step is fine, 1 a step failed or found a difference.
    """
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.surfaces.cli.workflows import find_workflow, given_parameters, run_json, run_steps

    terminal, settings = Terminal(), read_settings(warehouse=warehouse, model=model)
    workflow = find_workflow(settings, name)
    given = given_parameters(context.args)
    with opened(settings, terminal) as gnomon:
        done = run_steps(gnomon, workflow, given, resume, terminal, quiet=as_json)
    if as_json:
        terminal.json(run_json(done))
    if not done.fine:
        raise typer.Exit(1)


@app.command("new", short_help="Write a first workflow to edit.")
def new(name: NameArgument) -> None:
    """Write a workflow with one step of each kind, to edit.

    \b
    Examples:
      gnomon workflow new weekly-revenue
    """
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.surfaces.cli.workflows import write_first

    settings = read_settings()
    operators_only(settings)
    path = write_first(settings, name)
    Terminal().say(f"written to {path}; edit it, then `gnomon workflow run {name}`")


@app.command("history", short_help="List your runs, and a workflow's versions.")
def history(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Only its runs.", show_default=False)
    ] = None,
    versions: Annotated[bool, typer.Option("--versions", help="Its versions instead; needs NAME.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List your runs with their parameters and how they ended, or the versions of one workflow.

    \b
    Examples:
      gnomon workflow history
      gnomon workflow history weekly-revenue --versions
    """
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.surfaces.cli.workflows import past_runs, past_versions

    terminal, settings = Terminal(), read_settings()
    found = past_versions(settings, name) if versions else past_runs(settings, name)
    if as_json:
        terminal.json(found)
    elif found:
        print_listing(found, terminal, ("run", "workflow"))
    else:
        terminal.say("nothing has been run yet")

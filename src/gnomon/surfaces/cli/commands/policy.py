"""`gnomon policy`: write, check, explain, test and accept the rules of who sees what."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.surfaces.cli.options import JsonOption, WarehouseOption

if TYPE_CHECKING:
    from gnomon.domain.catalog import TableSchema
    from gnomon.domain.identity import Principal
    from gnomon.policy.access import Access
    from gnomon.policy.explain import Sight
    from gnomon.policy.policies import Situation
    from gnomon.wiring import Gnomon

app = typer.Typer(name="policy", rich_markup_mode=None)

AsOption = Annotated[
    str,
    typer.Option("--as", help="Subject of a person in people.toml.", metavar="SUBJECT", show_default=False),
]
GroupOption = Annotated[
    list[str] | None, typer.Option("--group", help="A group the person is in.", show_default=False)
]
ClaimOption = Annotated[
    list[str] | None, typer.Option("--claim", help="A claim, as name=value.", show_default=False)
]
PurposeOption = Annotated[str, typer.Option("--purpose", help="What a question is for.", show_default=False)]
SharedOption = Annotated[bool, typer.Option("--shared", help="As seen where others read along.")]


@app.callback(invoke_without_command=True)
def policy(context: typer.Context) -> None:
    """Say who may see what, in Cedar policies, and prove that they say what you mean.

    \b
    Examples:
      gnomon policy init
      gnomon policy check
      gnomon policy explain orders --group sales-eu --claim region=EU
      gnomon policy test
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("init", short_help="Write a policy folder to begin with.")
def init(as_json: JsonOption = False) -> None:
    """Write access.cedar, tags.toml, people.toml and tests.toml; nothing that is there is replaced.

    \b
    Examples:
      gnomon policy init
      gnomon policy init --json
    """
    from gnomon.identity.local import os_user
    from gnomon.store.durable import explained, write_atomically
    from gnomon.surfaces.cli.errors import Usage
    from gnomon.surfaces.cli.policy_starter import starter
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings()
    operators_only(settings)
    folder = (settings.file.parent if settings.file else settings.cwd) / settings.policy.dir
    texts = starter(os_user(), "main")
    there = [name for name in texts if (folder / name).exists()]
    if there:
        raise Usage(f"{folder / there[0]} is there already", hint="change it, or move it away first")
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_atomically(folder / name, text.encode())
    if as_json:
        terminal.json({"folder": str(folder), "files": [*texts]})
        return
    terminal.out.print(f"wrote {folder}", soft_wrap=True)
    terminal.say("from now on nobody sees what no policy permits; next: gnomon policy check")


@app.command("check", short_help="Look the policies over.")
def check(warehouse: WarehouseOption = None, as_json: JsonOption = False) -> None:
    """Load every policy and hold it against the warehouse: names, conditions, masks, units, groups.

    Leaves with 1 if there is an error, with 0 if there are only warnings.

    \b
    Examples:
      gnomon policy check
      gnomon policy check --json | jq '.findings[] | select(.level == "error")'
    """
    import dataclasses

    from gnomon.context.catalog.plurals import many
    from gnomon.policy.review import review
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    with _governed(warehouse, terminal, for_operators=True) as gnomon:
        policies = gnomon.policies.policies()
        catalog, people = gnomon.index.catalog(), gnomon.people()
        groups = frozenset(g for p in people.people for g in p.groups) if people else frozenset()
        found = review(policies, catalog, gnomon.warehouse.dialect, groups)
    errors = sum(f.level == "error" for f in found)
    if as_json:
        terminal.json(
            {"rules": len(policies.rules.rules), "findings": [dataclasses.asdict(f) for f in found]}
        )
    else:
        for finding in found:
            terminal.foreign(f"{finding.level}: {finding.where}: {finding.message}")
        rules, warnings = many(len(policies.rules.rules), "rule"), many(len(found) - errors, "warning")
        terminal.say(f"{rules}, {many(errors, 'error')}, {warnings}")
    raise typer.Exit(1 if errors else 0)


@app.command("explain", short_help="Show what somebody sees, and why.")
def explain(
    table: Annotated[str, typer.Argument(help="One table; all of them without it.", show_default=False)] = "",
    subject: AsOption = "",
    group: GroupOption = None,
    claim: ClaimOption = None,
    purpose: PurposeOption = "",
    shared: SharedOption = False,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which tables, columns and rows a person sees, what is masked, and which policies say so.

    Without --as and --group it is about you.

    \b
    Examples:
      gnomon policy explain
      gnomon policy explain orders --as ana@acme.test
      gnomon policy explain --group sales-eu --claim region=EU --json
    """
    import dataclasses

    from gnomon.policy.explain import sight_of
    from gnomon.policy.policies import Situation
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.wiring import is_operator

    terminal = Terminal()
    with _governed(warehouse, terminal) as gnomon:
        who = _person(gnomon, subject, group or [], claim or [])
        situation = Situation(purpose, "shared" if shared else "private")
        access = gnomon.access_of(who, situation)
        operator = is_operator(gnomon.principal)
        wanted = _wanted(gnomon, access, table)
        sights = [sight_of(access, t) if operator else _own_sight(access, t) for t in wanted]
    if as_json:
        terminal.json({"person": _named(who), "tables": [dataclasses.asdict(s) for s in sights]})
        return
    terminal.foreign("\n".join([_person_line(who, situation), *(_line(s) for s in sights)]))


@app.command("test", short_help="Run the tests of tests.toml.")
def run_tests(warehouse: WarehouseOption = None, as_json: JsonOption = False) -> None:
    """Put every expectation of tests.toml to the policies; leaves with 1 if one does not hold.

    \b
    Examples:
      gnomon policy test
      gnomon policy test --json | jq '.[] | select(.passed | not)'
    """
    import dataclasses

    from gnomon.policy.expectations import parse_expectations, run_expectations
    from gnomon.surfaces.cli.errors import Usage
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    with _governed(warehouse, terminal, for_operators=True) as gnomon:
        folder = gnomon.settings.policy_dir
        file = folder / "tests.toml" if folder else None
        if file is None or not file.exists():
            raise Usage("there is no tests.toml in the policy folder", hint="run `gnomon policy init`")
        tests = parse_expectations(str(file), file.read_text(encoding="utf-8"))
        home = gnomon.settings.principal_section.tenant
        outcomes = run_expectations(tests, gnomon.index.catalog(), gnomon.access_of, gnomon.person, home)
    failed = [o for o in outcomes if not o.passed]
    if as_json:
        terminal.json([dataclasses.asdict(o) for o in outcomes])
    else:
        for outcome in outcomes:
            mark = terminal.face.glyph("pass" if outcome.passed else "fail")
            terminal.foreign(f"{mark} {outcome.name}" + (f"\n    {outcome.why}" if outcome.why else ""))
        terminal.say(f"{len(outcomes)} tests, {len(failed)} failed")
    raise typer.Exit(1 if failed else 0)


@app.command("accept", short_help="Accept that policy files were removed.")
def accept(as_json: JsonOption = False) -> None:
    """Take the policy folder as it is now. Nothing is allowed while a file is gone that was in force.

    \b
    Examples:
      gnomon policy accept
      gnomon policy accept --json
    """
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.wiring import policy_folder, principal_of, require_operator

    terminal, settings = Terminal(), read_settings()
    require_operator(principal_of(settings))
    gone = policy_folder(settings).accept()
    if as_json:
        terminal.json({"gone": list(gone)})
    else:
        terminal.out.print(f"accepted; no longer in force: {', '.join(gone) or 'none'}", soft_wrap=True)


def _governed(warehouse: str | None, terminal: Any, *, for_operators: bool = False) -> Any:
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import opened, read_settings

    settings = read_settings(warehouse=warehouse)
    if for_operators:
        operators_only(settings)
    return opened(settings, terminal)


def _person(gnomon: "Gnomon", subject: str, groups: list[str], claims: list[str]) -> "Principal":
    """Who is looked at: the person of this process, or somebody else, for an operator."""
    from gnomon.domain.identity import Principal
    from gnomon.surfaces.cli.errors import Usage
    from gnomon.wiring import require_operator

    if not (subject or groups or claims):
        return gnomon.principal
    require_operator(gnomon.principal)
    known = gnomon.person(subject) if subject else None
    if subject and known is None:
        raise Usage(f"`{subject}` is not in people.toml", hint="give their groups with --group")
    odd = next((c for c in claims if "=" not in c), None)
    if odd is not None:
        raise Usage(f"`{odd}` is no claim", hint="write --claim name=value")
    home = gnomon.settings.principal_section.tenant
    base = known or Principal("somebody", home, method="oidc")
    pairs = tuple((c.partition("=")[0], c.partition("=")[2]) for c in claims)
    return Principal(
        base.subject, base.tenant, base.groups | set(groups), (*base.claims, *pairs), base.method
    )


def _wanted(gnomon: "Gnomon", access: "Access", name: str) -> "list[TableSchema]":
    """The tables to tell of. Names of tables that are kept from a person are for operators."""
    from gnomon.agent.tools.lookup import find_table
    from gnomon.domain.catalog import Catalog
    from gnomon.wiring import is_operator

    whole = gnomon.index.catalog()
    if not is_operator(gnomon.principal):
        whole = Catalog(tuple(t for t in whole.tables if access.catalog.find(t.ref.name, t.ref.schema)))
    return [find_table(whole, name)] if name else list(whole.tables)


def _own_sight(access: "Access", table: "TableSchema") -> "Sight":
    """What a person is told of their own sight: no names that they may not know of."""
    from dataclasses import replace

    from gnomon.policy.explain import sight_of

    sight, shown = sight_of(access, table), access.catalog
    known = {str(t.ref) for t in shown.tables}
    seen = shown.find(table.ref.name, table.ref.schema)
    return replace(
        sight,
        hidden=tuple(c for c in sight.hidden if seen is None or access.column_refusal(seen, c) is not None),
        rows=_own_rows(access, table),
        through=tuple(name for name in sight.through if name in known),
    )


def _own_rows(access: "Access", table: "TableSchema") -> tuple[str, ...]:
    """The conditions on their rows; one that looks values up in a table kept from them is not told."""
    from sqlglot import exp

    from gnomon.policy.access import TableRule
    from gnomon.policy.explain import sight_of

    rule, known = access.table(table), {t.ref for t in access.catalog.tables}
    if not isinstance(rule, TableRule):
        return ()
    looked_up = [{t.meta.get("lookup") for t in row.find_all(exp.Table)} for row in rule.rows]
    return tuple(
        text if tables <= known else "a condition on tables that are not for you"
        for text, tables in zip(sight_of(access, table).rows, looked_up, strict=True)
    )


def _named(who: "Principal") -> dict[str, Any]:
    return {"subject": who.subject, "tenant": who.tenant, "groups": sorted(who.groups), "method": who.method}


def _person_line(who: "Principal", situation: "Situation") -> str:
    groups = ", ".join(sorted(who.groups)) or "no group"
    purpose = f", for {situation.purpose}" if situation.purpose else ""
    return f"{who.subject} ({who.method}; {groups}), {situation.audience}{purpose}"


def _line(sight: "Sight") -> str:
    parts = [f"{sight.table}: {sight.verdict}"]
    parts += [f"  rows: {condition}" for condition in sight.rows]
    parts += [f"  hidden: {', '.join(sight.hidden)}"] if sight.hidden else []
    parts += [f"  masked: {', '.join(f'{n} ({m})' for n, m in sight.masked)}"] if sight.masked else []
    parts += [f"  null in some rows: {', '.join(sight.partly)}"] if sight.partly else []
    parts += [f"  only figures over at least {sight.min_group}"] if sight.min_group else []
    parts += [f"  restricted through: {', '.join(sight.through)}"] if sight.through else []
    parts += [f"  groups that may: {', '.join(sight.ask)}"] if sight.ask else []
    return "\n".join([*parts, f"  by: {', '.join(sight.policies) or 'no policy permits it'}"])

"""Workflows found, run and shown for the command line."""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from rich.text import Text

from gnomon.agent.workflows.model import Ask, Compare, Run, Workflow, load_workflow, parse_workflow
from gnomon.agent.workflows.parameters import bind
from gnomon.agent.workflows.run import GOOD, Desk, StepDone, run_workflow
from gnomon.domain.errors import Misconfigured, Refused, Retry
from gnomon.domain.events import AuditEvent
from gnomon.store.durable import explained, write_atomically
from gnomon.store.public import plain_cell
from gnomon.store.workflow_runs import KeptRun, RunStore
from gnomon.surfaces.cli.cells import neutralise, wrap
from gnomon.surfaces.cli.errors import Usage
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.shown import unique_names
from gnomon.surfaces.cli.terminal import Terminal
from gnomon.wiring import principal_of, run_store, workflow_versions

if TYPE_CHECKING:
    from gnomon.domain.answer import Answer
    from gnomon.settings import Settings
    from gnomon.wiring import Gnomon

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FIRST = """\
title = "{name}"
about = "What it is for, in a sentence."
author = ""

# Types: text, integer, number, date, week, month, name (a table or schema), choice (with choices = [...]).
[parameters.month]
type = "month"
default = "last"
about = "The month that is reported"

# A question for the agent. {{month_first}} and {{month_last}} are the first and the last day.
[[steps]]
title = "How many"
ask = "How many orders were there between {{month_first}} and {{month_last}}?"

# A query of your own; it runs with your rights. Values stand as :month_first, names as "{{schema}}".
# [[steps]]
# title = "By day"
# sql = "SELECT order_date, COUNT(*) AS n FROM orders WHERE order_date >= :month_first GROUP BY order_date"

# Two tables that should hold the same.
# [[steps]]
# title = "Development against production"
# compare = {{ left = "dev.orders", right = "marts.orders", key = ["order_id"] }}
"""


@dataclass(frozen=True, slots=True)
class Done:
    """A run that came to its end, or as far as it could.

    Args:
        steps: Those that were run now; the run may have others before them.
        sees_all: Whether nothing is kept from the person.
    """

    run: KeptRun
    steps: tuple[StepDone, ...]
    sees_all: bool = True

    @property
    def fine(self) -> bool:
        """Whether every step, also of the run it went on with, is fine."""
        return all(step["verdict"] in GOOD for step in self.run.steps)


def find_workflow(settings: "Settings", name: str) -> Workflow:
    """The saved workflow of that name.

    Raises:
        Usage: There is none that the person may run; near names of theirs are given.
        Misconfigured: Its file cannot be read.
    """
    known = _runnable(settings)
    if name in known:
        return load_workflow(known[name])
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean `{near[0]}`?" if near else "see `gnomon workflow list`"
    raise Usage(f"no workflow is named `{name}`", facts=(("folder", str(settings.workflows_dir)),), hint=hint)


def _runnable(settings: "Settings") -> dict[str, Path]:
    """The files of the workflows that the person may run, by name: for them there are no others.

    A workflow's steps name tables, and its text may tell what is in them.
    """
    may_run = _ruled(settings)
    found = {path.stem: path for path in sorted(settings.workflows_dir.glob("*.toml"))}
    return {name: path for name, path in found.items() if may_run(name)}


def _ruled(settings: "Settings") -> Callable[[str], bool]:
    """Says of a workflow whether the policies in force let the person run it."""
    from gnomon.policy.authority import Authority
    from gnomon.policy.policies import Situation
    from gnomon.wiring import policy_folder

    who, folder = principal_of(settings), policy_folder(settings)
    authority = Authority(lambda: who, Situation(), folder.policies)
    return lambda name: authority.workflow(name).allowed


def listed(settings: "Settings") -> list[dict[str, Any]]:
    """Every workflow that the person may run, in a line."""
    rows = []
    for path in _runnable(settings).values():
        try:
            found = load_workflow(path)
            parameters = ", ".join(p.name for p in found.parameters)
            row = {"workflow": found.name, "title": found.title, "parameters": parameters}
            rows.append(row | {"steps": len(found.steps), "author": found.author})
        except Misconfigured as problem:
            reason = dict(problem.facts).get("reason", problem.message)
            rows.append({"workflow": path.stem, "title": f"cannot be read: {reason}"})
    return rows


def given_parameters(arguments: Sequence[str]) -> dict[str, str]:
    """`--name value` and `--name=value` pairs.

    Raises:
        Usage: Something stands without a name or without a value, or a name comes twice.
    """
    given: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise Usage(f"`{word}` is no parameter", hint="give parameters as --name value")
        if not equals:
            if not rest:
                raise Usage(f"--{name} has no value", hint=f"give it as --{name} VALUE")
            value = rest.pop(0)
        name = name.replace("-", "_")
        if name in given:
            raise Usage(f"--{name} is given twice", hint="give it once")
        given[name] = value
    return given


def run_steps(
    gnomon: "Gnomon",
    workflow: Workflow,
    given: dict[str, str],
    resume: str | None,
    terminal: Terminal,
    *,
    quiet: bool,
) -> Done:
    """Run what is left of the workflow; each step is shown, and kept, as soon as it is done.

    Raises:
        Refused: Policy does not let the person run it.
        Usage: A parameter does not fit, or there is no such run to go on with.
    """
    _allowed(gnomon, workflow)
    store, who = run_store(gnomon.settings), gnomon.principal
    kept = _resumed(store, gnomon, workflow, resume) if resume else None
    if kept is None:
        number = workflow_versions(gnomon.settings, workflow.name).seen(workflow.text, who.subject).number
        kept = KeptRun(
            f"w{token_hex(4)}",
            workflow.name,
            number,
            workflow.sha256,
            who.tenant,
            who.subject,
            datetime.now(UTC),
            tuple(given.items()),
        )
    try:
        values = bind(workflow.parameters, dict(kept.given), kept.started_at.date())
    except Retry as problem:
        raise Usage(problem.message, hint=problem.hint) from problem
    if not quiet:
        head = f"{neutralise(workflow.title)}  (run {kept.id}, version {kept.version})"
        terminal.page([Text(head, style="bold")])
    steps: list[StepDone] = []
    for step in run_workflow(workflow, values, _desk(gnomon), after=len(kept.steps)):
        steps.append(step)
        kept = kept.with_step(step_json(step), ended=len(kept.steps) + 1 == len(workflow.steps))
        store.save(kept)
        if not quiet:
            terminal.page(step_page(step, terminal.face))
    return Done(kept, tuple(steps), gnomon.governed().access.sees_all)


def step_json(step: StepDone) -> dict[str, Any]:
    """A step as it is kept: what it found, without rows."""
    findings = [{"text": f.text, "sql": f.sql, "fine": f.fine} for f in step.findings]
    return {"title": step.title, "verdict": step.verdict, "answer": step.answer_id, "findings": findings}


def _as_told(kept: dict[str, Any], step: StepDone | None, *, sees_all: bool) -> dict[str, Any]:
    """A step as it is printed: with the rows, if they were read in this run.

    What an earlier run found, it found with the rights that the person had then: their answers tell it still.
    """
    if step is None:
        return kept if sees_all else kept | {"findings": []}
    if step.result is None:
        return kept
    result = step.result
    names = unique_names([c.name for c in result.columns])
    rows = [dict(zip(names, map(plain_cell, row), strict=True)) for row in result.rows]
    return kept | {"rows": rows, "truncated": result.truncated}


def run_json(done: Done) -> dict[str, Any]:
    """A run as JSON values."""
    run = done.run
    earlier: list[StepDone | None] = [None] * (len(run.steps) - len(done.steps))
    steps = zip(run.steps, [*earlier, *done.steps], strict=True)
    return {
        "run": run.id,
        "workflow": run.workflow,
        "version": run.version,
        "sha256": run.sha256,
        "parameters": dict(run.given),
        "fine": done.fine,
        "steps": [_as_told(kept, step, sees_all=done.sees_all) for kept, step in steps],
    }


def step_page(step: StepDone, face: Face) -> list[Text]:
    """A step as lines, with its rows where it has some."""
    from gnomon.surfaces.cli.table import render_table

    glyph = face.glyph("pass" if step.verdict in GOOD else "warn")
    lines = [Text(), Text(f"{glyph} {neutralise(step.title)}: {step.verdict}", style="bold")]
    for finding in step.findings:
        lines += [Text(f"  {line}") for line in wrap(neutralise(finding.text), face.width - 2)]
    if step.result is not None and step.result.rows:
        lines += render_table(step.result, face, max_rows=20)
    if step.answer_id:
        lines.append(Text(f"  evidence: gnomon show {step.answer_id}", style="dim"))
    return lines


def workflow_json(workflow: Workflow) -> dict[str, Any]:
    """A workflow as JSON values."""
    return {
        "workflow": workflow.name,
        "title": workflow.title,
        "about": workflow.about,
        "author": workflow.author,
        "sha256": workflow.sha256,
        "parameters": [
            {
                "name": p.name,
                "type": p.type,
                "about": p.about,
                "default": p.default,
                "choices": list(p.choices),
            }
            for p in workflow.parameters
        ],
        "steps": [{"title": s.title, "does": _does(s)} for s in workflow.steps],
    }


def workflow_page(workflow: Workflow, face: Face) -> list[Text]:
    """A workflow as lines."""
    lines = [Text(neutralise(workflow.title), style="bold")]
    lines += [Text(line) for line in wrap(neutralise(workflow.about), face.width)] if workflow.about else []
    for parameter in workflow.parameters:
        default = "" if parameter.default is None else f", default {parameter.default}"
        told = f"  --{parameter.name} ({parameter.type}{default}) {parameter.about}"
        lines.append(Text(neutralise(told.rstrip())))
    for number, step in enumerate(workflow.steps, 1):
        lines.append(Text(neutralise(f"  {number}. {step.title}: {_does(step)}")))
    return lines


def write_first(settings: "Settings", name: str) -> Path:
    """Write a workflow to begin with.

    Raises:
        Usage: The name cannot be a file's, or is taken.
    """
    if not _NAME.fullmatch(name):
        raise Usage(f"a workflow cannot be named `{name}`", hint="use lower-case letters, digits, - and _")
    path = settings.workflows_dir / f"{name}.toml"
    if path.exists():
        raise Usage(f"there is a workflow `{name}` already", facts=(("file", str(path)),), hint="edit it")
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _FIRST.format(name=name).encode())
    return path


def past_runs(settings: "Settings", name: str | None) -> list[dict[str, Any]]:
    """The person's runs, in a line each.

    Raises:
        Usage: There is neither a run nor a workflow of that name.
    """
    found = [r for r in run_store(settings).of(principal_of(settings)) if name in (None, r.workflow)]
    if name is not None and not found:
        find_workflow(settings, name)
    return [
        {
            "run": r.id,
            "workflow": r.workflow,
            "version": r.version,
            "started": r.started_at.isoformat(timespec="seconds"),
            "parameters": ", ".join(f"{n}={v}" for n, v in parameters_of(settings, r)),
            "ended": _ending(r),
        }
        for r in found
    ]


def parameters_of(settings: "Settings", run: KeptRun) -> list[tuple[str, str]]:
    """The values that a run took, defaults too, if its version is still known; else what was typed."""
    versions = workflow_versions(settings, run.workflow).versions()
    text = next((v.text for v in versions if v.number == run.version), None)
    if text is None:
        return [*run.given]
    try:
        declared = parse_workflow(run.workflow, text, run.workflow).parameters
        values = bind(declared, dict(run.given), run.started_at.date())
    except (Misconfigured, Retry):
        return [*run.given]
    return [(p.name, str(values[p.name])) for p in declared]


def past_versions(settings: "Settings", name: str | None) -> list[dict[str, Any]]:
    """The versions of a workflow that were run, in a line each.

    Raises:
        Usage: There is no workflow of that name that the person may run, and none was run.
    """
    if name is None:
        raise Usage("whose versions?", hint="give the workflow's name too")
    known = Path(name).name == name and _ruled(settings)(name)
    versions = workflow_versions(settings, name).versions() if known else ()
    if not versions:
        find_workflow(settings, name)
    return [
        {"version": v.number, "run first by": v.author, "seen": v.seen_at.isoformat(timespec="seconds")}
        for v in versions
    ]


def _ending(run: KeptRun) -> str:
    if not run.ended:
        return f"stopped after step {len(run.steps)}"
    return "fine" if all(s["verdict"] in GOOD for s in run.steps) else "with findings"


def _allowed(gnomon: "Gnomon", workflow: Workflow) -> None:
    ruling = gnomon.own_authority().workflow(workflow.name)
    who = gnomon.principal
    detail = tuple(ruling.as_detail().items())
    gnomon.audit.append(AuditEvent(datetime.now(UTC), who.subject, who.tenant, "decision", detail))
    if not ruling.allowed:
        by = ruling.policies[0] if ruling.policies else "deny-by-default"
        raise Refused(
            f"you may not run the workflow `{workflow.name}`",
            rule=f"policy:{by}",
            hint="a policy grants it: action run on the workflow",
        )


def _resumed(store: RunStore, gnomon: "Gnomon", workflow: Workflow, run_id: str) -> KeptRun:
    kept = store.get(run_id, gnomon.principal)
    if kept is None or kept.workflow != workflow.name:
        raise Usage(f"you have no run `{run_id}` of `{workflow.name}`", hint="see `gnomon workflow history`")
    if kept.ended:
        raise Usage(f"the run `{run_id}` is done", hint="start a new one without --resume")
    if kept.sha256 != workflow.sha256:
        raise Usage(
            f"the workflow has changed since the run `{run_id}`", hint="start a new one without --resume"
        )
    return replace(kept)


def _does(step: "Ask | Run | Compare") -> str:
    match step:
        case Ask():
            return f"asks: {step.question}"
        case Run():
            return f"runs: {' '.join(step.sql.split())}"
        case Compare():
            return f"compares {step.left} with {step.right}"


def _desk(gnomon: "Gnomon") -> Desk:
    """What steps may do, as the person who runs this process."""
    catalog, dialect = gnomon.governed().catalog(), gnomon.warehouse.dialect
    return Desk(lambda text: _asked(gnomon, text), gnomon.run_as_person, catalog, dialect)


def _asked(gnomon: "Gnomon", text: str) -> "Answer":
    """A question of a workflow, put to the agent in a conversation of its own."""
    from gnomon.surfaces.cli.asking import Talk, new_conversation, put_question

    talk = Talk(Terminal(), quiet=True)
    return put_question(gnomon, text, new_conversation(gnomon), talk, interactive=False)

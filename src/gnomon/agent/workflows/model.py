"""A workflow as its file says it: parameters, and steps that ask, query or compare."""

import hashlib
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.agent.workflows.parameters import TYPES, Parameter, Value, check_parameter
from gnomon.domain.errors import Misconfigured

MAX_BYTES = 256 * 1024
MAX_STEPS = 50
_FIELDS = frozenset({"title", "about", "author", "parameters", "steps"})
_PARAMETER_FIELDS = frozenset({"type", "about", "default", "choices"})
_STEP_FIELDS = frozenset({"title", "ask", "sql", "compare"})
_COMPARE_FIELDS = frozenset({"left", "right", "key", "columns"})


@dataclass(frozen=True, slots=True)
class Ask:
    """A question for the agent; `{name}` stands for a parameter."""

    title: str
    question: str


@dataclass(frozen=True, slots=True)
class Run:
    """A query; `:name` stands for a value, and a quoted `"{name}"` for a name."""

    title: str
    sql: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Two tables that should hold the same; `{name}` stands for a parameter.

    Args:
        key: Columns that pair the rows up; the primary key of the left table by default.
        columns: Columns to compare; all that both have by default.
    """

    title: str
    left: str
    right: str
    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


Step = Ask | Run | Compare


@dataclass(frozen=True, slots=True)
class Workflow:
    """A saved set of instructions.

    Args:
        name: The file's name without its ending.
        text: The file as it stands; a version is a text.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    text: str
    about: str = ""
    author: str = ""
    parameters: tuple[Parameter, ...] = ()

    @property
    def sha256(self) -> str:
        """Identifies what a run was made from."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_workflow(path: Path) -> Workflow:
    """The workflow of a file.

    Raises:
        Misconfigured: It cannot be read, or does not say what a workflow says.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise ValueError(f"it has over {MAX_BYTES:,} bytes")
        return parse_workflow(path.stem, raw.decode("utf-8"), str(path))
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        raise _wrong(str(path), str(problem)) from problem


def parse_workflow(name: str, text: str, place: str) -> Workflow:
    """The workflow of a text.

    Raises:
        Misconfigured: It does not say what a workflow says.
    """
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise _wrong(place, str(problem) or "it is nested too deep") from problem
    _known(found, _FIELDS, place, "a workflow")
    parameters = tuple(_parameter(n, p, place) for n, p in _table(found, "parameters", place).items())
    steps = found.get("steps", [])
    if not isinstance(steps, list) or not 1 <= len(steps) <= MAX_STEPS:
        raise _wrong(place, f"it needs between 1 and {MAX_STEPS} [[steps]]")
    workflow = Workflow(
        name=name,
        title=_text(found, "title", place) or name,
        steps=tuple(_step(i, s, place) for i, s in enumerate(steps, 1)),
        text=text,
        about=_text(found, "about", place),
        author=_text(found, "author", place),
        parameters=parameters,
    )
    _check_names(workflow, place)
    return workflow


def filled(text: str, values: Mapping[str, Value]) -> str:
    """The text with its `{name}`s replaced; names are checked when the workflow is read."""
    return string.Formatter().vformat(text, (), {name: str(value) for name, value in values.items()})


def names_in(text: str) -> set[str]:
    """The names in braces.

    Raises:
        ValueError: A brace is not closed, or holds more than a name.
    """
    fields = [(name, spec, how) for _, name, spec, how in string.Formatter().parse(text) if name is not None]
    for name, spec, how in fields:
        if not name.isidentifier() or spec or how:
            raise ValueError(f"{{{name}}} is not the name of a parameter")
    return {name for name, _, _ in fields}


def _parameter(name: str, said: Any, place: str) -> Parameter:
    if not isinstance(said, dict):
        raise _wrong(place, f"[parameters.{name}] must be a table")
    if not name.isidentifier():
        raise _wrong(place, f"a parameter cannot be named {name!r}: use letters, digits and _")
    _known(said, _PARAMETER_FIELDS, place, f"the parameter `{name}`")
    kind = said.get("type", "text")
    if kind not in TYPES:
        raise _wrong(place, f"the parameter `{name}` has type {kind!r}; types: {', '.join(TYPES)}")
    default = said.get("default")
    parameter = Parameter(
        name,
        kind,
        _text(said, "about", place),
        None if default is None else str(default),
        _texts(said, "choices", place),
    )
    check_parameter(parameter, place)
    return parameter


def _step(number: int, said: Any, place: str) -> Step:
    if not isinstance(said, dict):
        raise _wrong(place, f"step {number} must be a table")
    _known(said, _STEP_FIELDS, place, f"step {number}")
    title = _text(said, "title", place) or f"Step {number}"
    kinds = [k for k in ("ask", "sql", "compare") if k in said]
    if len(kinds) != 1:
        raise _wrong(place, f"step {number} must have one of `ask`, `sql` and `compare`")
    if kinds == ["ask"]:
        return Ask(title, _text(said, "ask", place))
    if kinds == ["sql"]:
        return Run(title, _text(said, "sql", place))
    pair = _table(said, "compare", place)
    _known(pair, _COMPARE_FIELDS, place, f"`compare` of step {number}")
    left, right = _text(pair, "left", place), _text(pair, "right", place)
    if not left or not right:
        raise _wrong(place, f"step {number} compares `left` with `right`; one is missing")
    return Compare(title, left, right, _texts(pair, "key", place), _texts(pair, "columns", place))


def _check_names(workflow: Workflow, place: str) -> None:
    known = {p.name for p in workflow.parameters}
    for p in workflow.parameters:
        known |= {f"{p.name}_first", f"{p.name}_last"} if p.type in ("week", "month") else set()
        known |= {f"{p.name}_name"} if p.type == "month" else set()
    for step in workflow.steps:
        texts = [step.question] if isinstance(step, Ask) else []
        texts += [step.left, step.right] if isinstance(step, Compare) else []
        try:
            unknown = sorted(set().union(*(names_in(t) for t in texts)) - known)
        except ValueError as problem:
            raise _wrong(place, f"`{step.title}`: {problem}") from problem
        if unknown:
            raise _wrong(place, f"`{step.title}` uses {{{unknown[0]}}}, which is no parameter")


def _known(found: Mapping[str, Any], fields: Iterable[str], place: str, what: str) -> None:
    unknown = sorted(set(found) - set(fields))
    if unknown:
        raise _wrong(place, f"{what} has no field `{unknown[0]}`; it has {', '.join(sorted(fields))}")


def _table(found: Mapping[str, Any], name: str, place: str) -> dict[str, Any]:
    value = found.get(name, {})
    if not isinstance(value, dict):
        raise _wrong(place, f"`{name}` must be a table")
    return value


def _text(found: Mapping[str, Any], name: str, place: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise _wrong(place, f"`{name}` must be a text")
    return value.strip()


def _texts(found: Mapping[str, Any], name: str, place: str) -> tuple[str, ...]:
    value = found.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise _wrong(place, f"`{name}` must be a list of texts")
    return tuple(value)


def _wrong(place: str, reason: str) -> Misconfigured:
    return Misconfigured(
        "a workflow cannot be read",
        facts=(("file", place), ("reason", reason)),
        hint="mend the file; docs/workflows.md shows a whole one",
    )

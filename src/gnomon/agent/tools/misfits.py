"""What is wrong with a call's arguments, worded so that a model mends its call and a person can read along.

What is allowed is told from the tool's own JSON Schema; what was given is told short and as data.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gnomon.domain.errors import Retry
from gnomon.policy.untrusted import quoted

MAX_TOLD = 5
"""So many problems are told at once; the model meets the others with its next call."""

GIVEN_CHARS = 40
NAME_CHARS = 40
SAID_CHARS = 200
MESSAGE_CHARS = 900
_DIGITS = 20

Schema = Mapping[str, Any]


def misfit(tool: str, schema: Schema, error: ValidationError) -> Retry:
    """The error that a model reads: which argument, what was given, what is allowed.

    Args:
        tool: The tool's name.
        schema: The JSON Schema of its arguments.

    Returns:
        A message of at most `MESSAGE_CHARS` characters, and the names of all arguments as a hint.
    """
    problems = _innermost(error.errors(include_url=False))
    told = [_problem(problem, schema) for problem in problems[:MAX_TOLD]]
    if len(problems) > len(told):
        told.append(f"and {len(problems) - len(told):,} more")
    message = f"the arguments of {tool} do not fit: {'; '.join(told)}"
    return Retry(_cut(message, MESSAGE_CHARS), hint=_call(tool, schema))


def _innermost(problems: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without what is said of a list or object only because a part of it does not fit."""
    around = {problem["loc"][:depth] for problem in problems for depth in range(len(problem["loc"]))}
    return [p for p in problems if p["loc"] not in around or not p["loc"]]


def _problem(problem: ErrorDetails, schema: Schema) -> str:
    place, own = problem["loc"], problem.get("ctx", {}).get("error")
    if isinstance(own, ValueError):
        said = _cut(str(own), SAID_CHARS)
        return f"`{_path(place)}`: {said}" if place else said
    if problem["type"] == "extra_forbidden":
        return f"`{_path(place)}` is not known; known are {_names(_at(place[:-1], schema))}"
    allowed = _allowed(_at(place, schema), schema)
    if problem["type"] == "missing":
        return f"`{_path(place)}` is missing; it is {allowed}"
    return f"`{_path(place)}` is {_given(problem['input'])}; allowed is {allowed}"


def _call(tool: str, schema: Schema) -> str:
    """How the tool is called: what it needs, and what may be left out."""
    names, needed = [*schema.get("properties", ())], schema.get("required", ())
    free = [name for name in names if name not in needed]
    if not names:
        return f"call {tool} without arguments"
    wanted = f"call {tool} with {_listed(needed)}" if needed else f"call {tool}"
    return f"{wanted}; {_listed(free)} may be left out" if free else wanted


def _path(place: Sequence[int | str]) -> str:
    """Where an argument stands, as `learnings[0].text`; a name that the model made up is cut."""
    path = ""
    for part in place:
        name = (
            f"[{part}]" if isinstance(part, int) else quoted(_cut(part, NAME_CHARS))[1:-1].replace("`", "'")
        )
        path += name if not path or isinstance(part, int) else f".{name}"
    return path


def _at(place: Sequence[int | str], schema: Schema) -> Schema:
    """The part of a schema that an argument is held against; empty where there is none."""
    node = schema
    for part in place:
        node = _resolved(node, schema)
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return _resolved(node, schema)


def _resolved(node: Schema, schema: Schema) -> Schema:
    name = node.get("$ref", "").removeprefix("#/$defs/")
    return schema["$defs"][name] if name else node


def _allowed(node: Schema, schema: Schema) -> str:
    """What a part of a schema allows, in words."""
    if "anyOf" in node:
        return " or ".join(_allowed(_resolved(each, schema), schema) for each in node["anyOf"])
    if "enum" in node:
        return f"one of {_listed(node['enum'])}"
    if "pattern" in node:
        return f"a text that matches `{node['pattern']}`"
    match node.get("type"):
        case "string":
            return f"a text{_of(node, 'minLength', 'maxLength', 'character')}"
        case "array":
            return f"a list{_of(node, 'minItems', 'maxItems', 'entry')}"
        case "object":
            return f"an object with {_names(node)}"
        case "integer" | "number" as kind:
            return f"a {'whole ' if kind == 'integer' else ''}number{_between(node)}"
        case "boolean":
            return "true or false"
        case "null":
            return "null"
    return "another value"


def _of(node: Schema, least: str, most: str, what: str) -> str:
    low, high = node.get(least, 0), node.get(most)
    if high is not None:
        return f" of {low:,} to {_count(high, what)}" if low else f" of at most {_count(high, what)}"
    return f" of at least {_count(low, what)}" if low else ""


def _between(node: Schema) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}"
    if high is not None:
        return f" of at most {high:,}"
    return f" of at least {low:,}" if low is not None else ""


def _given(value: Any) -> str:
    """What was given, short: a text's beginning, a number, or what kind of value it is."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _given_text(value)
    if isinstance(value, int) and abs(value) >= 10**_DIGITS:
        return f"a number of more than {_DIGITS} digits"
    if isinstance(value, int | float):
        return f"{value}"
    if isinstance(value, Mapping):
        return "an object"
    return f"a list of {_count(len(value), 'entry')}" if isinstance(value, list | tuple) else "another value"


def _given_text(text: str) -> str:
    if not text:
        return "empty"
    short = quoted(_cut(text, GIVEN_CHARS))
    return f"the text {short}" if len(text) <= GIVEN_CHARS else f"a text of {len(text):,} characters, {short}"


def _names(node: Schema) -> str:
    return _listed(node.get("properties", ())) or "no names"


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _count(number: int, what: str) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"

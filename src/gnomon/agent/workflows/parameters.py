"""The parameters of a workflow: typed, with defaults, never pasted into SQL as text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal, get_args

from gnomon.domain.errors import Misconfigured, Retry

ParameterType = Literal["text", "integer", "number", "date", "week", "month", "name", "choice"]
"""`name` is a table's or schema's name; `choice` is one of a list."""

TYPES: tuple[ParameterType, ...] = get_args(ParameterType)
Value = str | int | Decimal | date

MAX_TEXT_CHARS = 400
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_WEEK = re.compile(r"(\d{4})-?W?(\d{1,2})", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_NAME = re.compile(r"[^\W\d][\w$]{0,126}(\.[^\W\d][\w$]{0,126}){0,2}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Args:
        default: As a person would type it; None where it must be given.
        choices: What a `choice` may be.
    """

    name: str
    type: ParameterType
    about: str = ""
    default: str | None = None
    choices: tuple[str, ...] = ()


def bind(parameters: tuple[Parameter, ...], given: Mapping[str, str], today: date) -> dict[str, Value]:
    """Every value that steps may use, by name.

    A week or month named `w` also gives `w_first` and `w_last`, its first and last day; a month `w_name`, as
    `October 2026`.

    Args:
        given: As typed.
        today: What `last`, `this`, `today` and `yesterday` are counted from.

    Raises:
        Retry: A parameter is unknown, missing, or not of its type.
    """
    known = {p.name for p in parameters}
    unknown = sorted(set(given) - known)
    if unknown:
        raise Retry(
            f"the workflow has no parameter `{unknown[0]}`",
            hint=f"its parameters: {', '.join(sorted(known)) or 'none'}",
        )
    values: dict[str, Value] = {}
    for parameter in parameters:
        text = given.get(parameter.name, parameter.default)
        if text is None:
            raise Retry(f"the parameter `{parameter.name}` is missing", hint=f"give --{parameter.name}")
        values |= _values(parameter, text.strip(), today)
    return values


def check_parameter(parameter: Parameter, place: str) -> None:
    """Refuse a parameter that no value could fit.

    Raises:
        Misconfigured: Its default is not of its type, or a `choice` has no choices.
    """
    if parameter.type == "choice" and not parameter.choices:
        raise Misconfigured(
            f"the parameter `{parameter.name}` has no choices",
            facts=(("file", place),),
            hint="list them as choices = [...]",
        )
    if parameter.default is not None:
        try:
            _values(parameter, parameter.default, date(2026, 1, 15))
        except Retry as problem:
            raise Misconfigured(
                f"the default of the parameter `{parameter.name}` does not fit",
                facts=(("file", place), ("reason", problem.message)),
                hint=problem.hint,
            ) from problem


def _values(parameter: Parameter, text: str, today: date) -> dict[str, Value]:
    name = parameter.name
    match parameter.type:
        case "week":
            first = _week(name, text, today)
            year, number, _ = first.isocalendar()
            return _span(name, f"{year}-W{number:02}", first, first + timedelta(days=6))
        case "month":
            first = _month(name, text, today)
            following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
            span = _span(name, f"{first:%Y-%m}", first, following - timedelta(days=1))
            return span | {f"{name}_name": f"{_MONTHS[first.month - 1]} {first.year}"}
        case "date":
            return {name: _date(name, text, today)}
        case "integer":
            return {name: int(_number(name, text, whole=True))}
        case "number":
            return {name: _number(name, text, whole=False)}
        case "name":
            if not _NAME.fullmatch(text):
                raise _misfit(name, text, "a table's or schema's name", "marts.orders")
            return {name: text}
        case "choice":
            if text not in parameter.choices:
                raise _misfit(name, text, f"one of {', '.join(parameter.choices)}", parameter.choices[0])
            return {name: text}
        case "text":
            if len(text) > MAX_TEXT_CHARS or not text.isprintable():
                raise _misfit(name, text[:40], f"a line of at most {MAX_TEXT_CHARS} characters", "Vienna")
            return {name: text}


def _span(name: str, label: str, first: date, last: date) -> dict[str, Value]:
    return {name: label, f"{name}_first": first, f"{name}_last": last}


def _week(name: str, text: str, today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    if text in ("this", "last"):
        return monday if text == "this" else monday - timedelta(days=7)
    found = _WEEK.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise _misfit(name, text, "an ISO week, `last` or `this`", "2026-46") from None


def _month(name: str, text: str, today: date) -> date:
    first = today.replace(day=1)
    if text in ("this", "last"):
        return first if text == "this" else (first - timedelta(days=1)).replace(day=1)
    found = _MONTH.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        return date(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise _misfit(name, text, "a month, `last` or `this`", "2026-10") from None


def _date(name: str, text: str, today: date) -> date:
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise _misfit(name, text, "a day, `today` or `yesterday`", "2026-11-09") from None


def _number(name: str, text: str, *, whole: bool) -> Decimal:
    try:
        number = Decimal(text.replace("_", ""))
        if not number.is_finite() or (whole and number != number.to_integral_value()):
            raise InvalidOperation(text)
    except InvalidOperation:
        raise _misfit(name, text, "a whole number" if whole else "a number", "5") from None
    return number


def _misfit(name: str, text: str, wanted: str, example: str) -> Retry:
    return Retry(
        f"`{text}` does not fit the parameter `{name}`", hint=f"give {wanted}, for example {example}"
    )

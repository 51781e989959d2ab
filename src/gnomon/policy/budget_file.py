"""Read the text of `budgets.toml`, and say where it is wrong."""

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NoReturn

from gnomon.domain.errors import Misconfigured
from gnomon.policy.budgets import MEASURES, SOFT_SHARE, WINDOWS, Budget, Measure

_KEYS = [f.name for f in fields(Budget)]
_WHOLE: frozenset[Measure] = frozenset({"questions", "tokens", "scan_bytes"})
_HEADER = re.compile(r"^\s*\[\[\s*[\"']?budget[\"']?\s*\]\]")
_ASSIGNMENT = re.compile(r"""^\s*["']?([^"'=\s]+)["']?\s*=""")


def parse_budgets(text: str, file: str = "budgets.toml") -> tuple[Budget, ...]:
    """The budgets of a text of `[[budget]]` tables, checked.

    Args:
        file: Its name, for errors.

    Raises:
        Misconfigured: The text is not TOML, a key is unknown, a value is wrong, or a budget comes twice.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(
            f"{file} is not valid TOML",
            facts=(("reason", str(error)),),
            hint="correct the file at that place",
        ) from error
    unknown = next((key for key in document if key != "budget"), None)
    tables = document.get("budget", [])
    if unknown is not None or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        line = _line_of_key(text, unknown or "budget")
        _wrong(file, line, f"`{unknown or 'budget'}` is not a list of budgets", "write `[[budget]]`")
    return _distinct([_Table(text, file, n, table).budget() for n, table in enumerate(tables)], text, file)


class _Table:
    """One `[[budget]]` with its place in the file."""

    def __init__(self, text: str, file: str, number: int, values: Mapping[str, Any]) -> None:
        self._lines = _lines_of_table(text, number)
        self._file, self._values = file, values

    def budget(self) -> Budget:
        """The budget that the table gives."""
        for name in self._values:
            if name not in _KEYS:
                near = difflib.get_close_matches(name, _KEYS, 1, 0.5)
                hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(_KEYS)}"
                self._wrong(name, f"`{name}` is not a key of a budget", hint)
        limits = {measure: self._limit(measure) for measure in MEASURES if measure in self._values}
        if not limits:
            self._wrong("", "this budget limits nothing", f"give at least one of {', '.join(MEASURES)}")
        return Budget(
            who=self._who(),
            window=self._window(),
            soft_share=self._soft_share(),
            owner=self._text("owner", ""),
            **limits,
        )

    def _who(self) -> str:
        who = self._text("who")
        kind, _, name = who.partition(":")
        if who not in ("person", "tenant") and not (kind in ("group", "subject") and name.strip()):
            self._wrong("who", f"`{who}` is nobody", "write person, tenant, group:NAME or subject:NAME")
        return who

    def _window(self) -> Any:
        window = self._text("window")
        if window not in WINDOWS:
            self._wrong("window", f"`{window}` is not a window", f"write one of {', '.join(WINDOWS)}")
        return window

    def _limit(self, measure: Measure) -> Any:
        value = self._number(measure)
        if value < 0:
            self._wrong(measure, f"`{measure}` is below 0", "give 0 to allow nothing, or leave it out")
        if measure in _WHOLE and not isinstance(value, int):
            self._wrong(measure, f"`{measure}` is not a whole number", f"write for example {measure} = 200")
        return value

    def _soft_share(self) -> float:
        share = self._number("soft_share") if "soft_share" in self._values else SOFT_SHARE
        if not 0 < share <= 1:
            self._wrong("soft_share", "`soft_share` is not above 0 and at most 1", "write for example 0.8")
        return float(share)

    def _number(self, name: str) -> float:
        value = self._values[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self._wrong(name, f"`{name}` is not a number", "write it without quotes, for example 200")
        return value

    def _text(self, name: str, default: str | None = None) -> str:
        value = self._values.get(name, default)
        if value is None:
            self._wrong("", f"this budget has no `{name}`", f'write for example {name} = "{_EXAMPLES[name]}"')
        if not isinstance(value, str):
            self._wrong(name, f"`{name}` is not a text", f'write for example {name} = "{_EXAMPLES[name]}"')
        return value

    def _wrong(self, name: str, message: str, hint: str) -> NoReturn:
        _wrong(self._file, self._lines.get(name, self._lines.get("", 1)), message, hint)


_EXAMPLES = {"who": "person", "window": "day", "owner": "data-team@acme.test"}


def _distinct(budgets: list[Budget], text: str, file: str) -> tuple[Budget, ...]:
    """The same budgets: two for one holder and window would leave open which of them is meant."""
    first: dict[tuple[str, str], int] = {}
    for number, budget in enumerate(budgets):
        key = (budget.who, budget.window)
        if key in first:
            line, earlier = _lines_of_table(text, number).get("", 1), _lines_of_table(text, first[key])
            _wrong(
                file,
                line,
                f"there are two budgets of `{budget.who}` for the {budget.window}",
                f"put their limits into the one at line {earlier.get('', 1)}",
            )
        first[key] = number
    return tuple(budgets)


def _lines_of_table(text: str, number: int) -> dict[str, int]:
    """The line of each key of the table, counted from 0, and of its header under an empty name."""
    found: dict[str, int] = {}
    at = -1
    for line_number, line in enumerate(text.splitlines(), 1):
        if _HEADER.match(line):
            at += 1
            if at == number:
                found[""] = line_number
        elif at == number and (assignment := _ASSIGNMENT.match(line)):
            found.setdefault(assignment[1], line_number)
    return found


def _line_of_key(text: str, key: str) -> int:
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if key in line), 1)


def _wrong(file: str, line: int, message: str, hint: str) -> NoReturn:
    raise Misconfigured(message, facts=(("where", f"{file}:{line}"),), hint=hint)

"""What a rule's annotations oblige a query to: rows left out, cells masked, small groups withheld."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MaskKind = Literal["keep_first", "keep_last", "bucket", "hash", "null"]

_STRICTNESS: tuple[MaskKind, ...] = ("keep_first", "keep_last", "bucket", "hash", "null")
"""From the mask that shows most to the one that shows nothing."""

_UNITS = ("month", "quarter", "year")
_MASK = re.compile(r"(null|hash)|(keep_first|keep_last|bucket)\(\s*([a-z]+|\d+(?:\.\d+)?)\s*\)")
_NAME = re.compile(r"[A-Za-z_][\w$]*")
ANNOTATIONS = frozenset({"id", "rows", "mask", "min_group", "unit", "ask", "instead", "why"})
"""Annotations with a meaning; any other name is a typing error."""


class BadAnnotationError(ValueError):
    """An annotation that cannot be read; the message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class Mask:
    """How a cell is shown.

    Args:
        kind: `null` shows nothing; `hash` a keyed fingerprint, equal for equal values; `bucket` the interval
            a number or date lies in; `keep_first` and `keep_last` some characters of a text.
        amount: Characters kept, or the width of a number's bucket; 0 where it has no meaning.
        unit: `month`, `quarter` or `year` for buckets of dates.
    """

    kind: MaskKind
    amount: float = 0
    unit: str = ""

    def __str__(self) -> str:
        if self.kind in ("null", "hash"):
            return self.kind
        return f"{self.kind}({self.unit or f'{self.amount:g}'})"


@dataclass(frozen=True, slots=True)
class Obligation:
    """What comes with a rule.

    Args:
        rows: A condition on the table's columns; rows for which it is not true do not exist for the reader.
        mask: How the column is shown.
        min_group: Fewest units a group of a figure may rest on; 0 for none.
        unit: The column that identifies a unit (a person, an account); empty for the table's key.
        ask: Whom to ask for access: a group to join or a person.
        instead: A table to read instead.
        why: One sentence for the person who is refused.
    """

    rows: str = ""
    mask: Mask | None = None
    min_group: int = 0
    unit: str = ""
    ask: str = ""
    instead: str = ""
    why: str = ""

    @property
    def conditional(self) -> bool:
        """Whether a forbid with it lets a query through that keeps to it."""
        return bool(self.rows or self.mask or self.min_group)


def parse_obligation(annotations: Mapping[str, str]) -> Obligation:
    """Read a rule's annotations.

    Raises:
        BadAnnotationError: A name is unknown, or a value makes no sense.
    """
    unknown = sorted(set(annotations) - ANNOTATIONS)
    if unknown:
        known = ", ".join(f"@{name}" for name in sorted(ANNOTATIONS))
        raise BadAnnotationError(f"`@{unknown[0]}` is not an annotation; there are {known}")
    for name, value in annotations.items():
        if not value.strip():
            raise BadAnnotationError(f"`@{name}` has no value")
    found = Obligation(
        rows=annotations.get("rows", ""),
        mask=parse_mask(annotations["mask"]) if "mask" in annotations else None,
        min_group=_whole(annotations["min_group"]) if "min_group" in annotations else 0,
        unit=annotations.get("unit", ""),
        ask=annotations.get("ask", ""),
        instead=annotations.get("instead", ""),
        why=annotations.get("why", ""),
    )
    _check_consistent(found)
    return found


def parse_mask(text: str) -> Mask:
    """Read `null`, `hash`, `keep_first(3)`, `keep_last(4)`, `bucket(10)` or `bucket(month)`.

    Raises:
        BadAnnotationError: It is none of these.

    >>> parse_mask("bucket(month)")
    Mask(kind='bucket', amount=0, unit='month')
    """
    found = _MASK.fullmatch(text.strip())
    if found is None:
        raise BadAnnotationError(
            f'`@mask("{text}")` is not a mask; there are null, hash, keep_first(N), keep_last(N), '
            "bucket(WIDTH) and bucket(month|quarter|year)"
        )
    if found[1]:
        return Mask("null" if found[1] == "null" else "hash")
    return _with_amount(found[2], found[3], text)


def _with_amount(kind: str, given: str, text: str) -> Mask:
    if kind == "bucket" and given in _UNITS:
        return Mask("bucket", unit=given)
    if not given[0].isdigit() or float(given) <= 0 or (kind != "bucket" and not given.isdigit()):
        raise BadAnnotationError(f'`@mask("{text}")`: `{given}` is no width, number of characters or unit')
    if kind == "bucket":
        return Mask("bucket", float(given))
    return Mask("keep_first" if kind == "keep_first" else "keep_last", int(given))


def strictest(masks: "list[Mask]") -> Mask:
    """The mask that shows least; two that cannot be compared show nothing."""
    top = max(masks, key=lambda m: _STRICTNESS.index(m.kind))
    alike = [m for m in masks if m.kind == top.kind]
    if len({bool(m.unit) for m in alike}) > 1:
        return Mask("null")
    if top.kind == "bucket":
        return max(alike, key=lambda m: (_UNITS.index(m.unit) if m.unit else 0, m.amount))
    if top.kind in ("keep_first", "keep_last"):
        other = [m for m in masks if m.kind in ("keep_first", "keep_last") and m.kind != top.kind]
        return Mask("null") if other else min(alike, key=lambda m: m.amount)
    return top


def _whole(text: str) -> int:
    if not text.isdigit() or not 2 <= int(text) <= 1_000_000:
        raise BadAnnotationError(f'`@min_group("{text}")` is no number from 2 to 1000000')
    return int(text)


def _check_consistent(found: Obligation) -> None:
    if found.mask and (found.rows or found.min_group):
        raise BadAnnotationError("`@mask` is about a column, `@rows` and `@min_group` are about a table")
    if found.unit and not found.min_group:
        raise BadAnnotationError("`@unit` says what `@min_group` counts, and there is no `@min_group`")
    if found.unit and not _NAME.fullmatch(found.unit):
        raise BadAnnotationError(f'`@unit("{found.unit}")` is no column name')

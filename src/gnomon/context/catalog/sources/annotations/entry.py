"""Check one entry of a file of annotations: what fits is taken, what does not is a problem with its line."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.annotations.conditions import why_no_condition
from gnomon.context.catalog.sources.annotations.model import (
    CRITICALITIES,
    FIELDS,
    Annotation,
    Caveat,
    Freshness,
    Instead,
    hours_of,
    instead_of_text,
    why_no_name,
)

if TYPE_CHECKING:
    from gnomon.store.yaml_files import LinedYaml, Step

MAX_TEXT = 4_000
"""Characters of one text: a card is read before every question on its table."""

_Item = TypeVar("_Item")


@dataclass(slots=True)
class Entry:
    """One entry while it is read.

    Args:
        found: What the file holds for it.
        at: Where the entry stands in the document.
        dialect: The warehouse's, for conditions.
        problems: What did not fit, so far.
    """

    found: Mapping[object, object]
    document: "LinedYaml"
    file: str
    at: tuple["Step", ...] = ()
    dialect: str = ""
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> Annotation | None:
        """The annotation, without what does not fit; None if it names no table."""
        self._refuse_unknown(self.found, FIELDS, "field")
        table = self._text("table").strip()
        if not table:
            if "table" not in self.found or self.found["table"] in (None, ""):
                self._wrong("`table` is missing: say which table this is about")
            return None
        return Annotation(
            table=table,
            file=self.file,
            position=self.at[-1] if self.at and isinstance(self.at[-1], int) else None,
            owner=self._text("owner"),
            criticality=self._criticality(),
            freshness=self._freshness(),
            meaning=self._text("meaning"),
            grain=self._text("grain"),
            caveats=tuple(self._items("caveats", self._caveat)),
            always_filter=tuple(self._items("always_filter", self._condition)),
            use_instead=tuple(
                better for some in self._items("use_instead", self._instead) for better in some
            ),
            use_when=tuple(self._items("use_when", self._plain)),
            tags=tuple(self._items("tags", self._plain)),
            also_called=tuple(self._items("also_called", self._name)),
            said_by=self._text("said_by"),
            said_at=self._date(self.found.get("said_at"), "said_at"),
            columns=tuple(self._columns()),
            columns_called=tuple(self._columns_called()),
            lines=dict(self._lines()),
        )

    def _wrong(self, message: str, *path: "Step") -> None:
        self.problems.append(Problem(f"{self.file}:{self.document.line(*self.at, *path)}", message))

    def _refuse_unknown(
        self, found: Mapping[object, object], known: Iterable[str], what: str, *path: "Step"
    ) -> None:
        for name in found:
            if not isinstance(name, str) or name not in known:
                self._wrong(f"`{name}` is not a {what}{_meant(name, known)}", *path, str(name))

    def _text(self, name: str) -> str:
        return self._plain(self.found.get(name), name) or ""

    def _plain(self, value: object, *path: "Step") -> str | None:
        """The text on one line; None, with a problem unless it is empty, if it is none."""
        if isinstance(value, str) and len(value) > MAX_TEXT:
            self._wrong(f"`{_named(path)}` is longer than {MAX_TEXT:,} characters", *path)
            return None
        if isinstance(value, str):
            return " ".join(value.split())
        if value is not None:
            self._wrong(f"`{_named(path)}` must be a text, and is {_kind(value)}; put it in quotes", *path)
        return None

    def _date(self, value: object, *path: "Step") -> date | None:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, str):
            try:
                return datetime.fromisoformat(value).date()
            except ValueError:
                pass
        if value is not None:
            self._wrong(f"`{_named(path)}` must be a date such as 2026-05-02", *path)
        return None

    def _items(self, name: str, read: "Callable[..., _Item | None]") -> Iterator[_Item]:
        """The items of a field that holds one or several."""
        return self._each(self.found.get(name), read, name)

    def _each(self, value: object, read: "Callable[..., _Item | None]", *path: "Step") -> Iterator[_Item]:
        if value is None:
            return
        if not isinstance(value, list):
            found = read(value, *path)
            if found:
                yield found
            return
        for i, item in enumerate(value):
            if item is None:
                self._wrong(f"`{_named(path)}` has an empty item", *path, i)
            elif found := read(item, *path, i):
                yield found

    def _criticality(self) -> str:
        said = self._text("criticality").casefold()
        if said and said not in CRITICALITIES:
            self._wrong(f"`criticality` is one of {', '.join(CRITICALITIES)}", "criticality")
            return ""
        return said

    def _freshness(self) -> Freshness:
        value = self.found.get("freshness")
        if not isinstance(value, dict):
            return Freshness(self._text("freshness"))
        self._refuse_unknown(value, ("within", "column"), "part of `freshness`", "freshness")
        within = self._plain(value.get("within"), "freshness", "within") or ""
        if hours_of(within) is None:
            self._wrong("`within` must be a length of time such as 24h or 2 days", "freshness")
            return Freshness()
        return Freshness("", within, self._plain(value.get("column"), "freshness", "column") or "")

    def _caveat(self, value: object, *path: "Step") -> Caveat | None:
        if not isinstance(value, dict):
            text = self._plain(value, *path)
            return Caveat(text) if text else None
        self._refuse_unknown(value, ("text", "until"), "part of a caveat", *path)
        text = self._plain(value.get("text"), *path, "text")
        if not text:
            self._wrong("a caveat needs a `text`", *path)
            return None
        return Caveat(text, self._date(value.get("until"), *path, "until"))

    def _condition(self, value: object, *path: "Step") -> str | None:
        text = self._plain(value, *path)
        if not text:
            return None
        reason = why_no_condition(text, self.dialect)
        if reason:
            self._wrong(f"`{text[:80]}` {reason}; write it as after WHERE, such as `is_test = false`", *path)
        return None if reason else text

    def _name(self, value: object, *path: "Step") -> str | None:
        text = self._plain(value, *path)
        if not text:
            return None
        reason = why_no_name(text)
        if reason:
            self._wrong(f"`{text[:80]}` {reason}", *path)
        return None if reason else text

    def _instead(self, value: object, *path: "Step") -> tuple[Instead, ...] | None:
        if not isinstance(value, dict):
            return instead_of_text(self._plain(value, *path) or "")
        self._refuse_unknown(value, ("table", "when"), "part of `use_instead`", *path)
        table = self._plain(value.get("table"), *path, "table")
        if not table:
            self._wrong("`use_instead` needs a `table`", *path)
            return None
        when = self._plain(value.get("when"), *path, "when") or ""
        return (Instead(table, when.removeprefix("when ")),)

    def _columns(self) -> Iterator[tuple[str, str]]:
        value = self.found.get("columns")
        if value is None:
            return
        if not isinstance(value, dict):
            self._wrong("`columns` must hold names of columns with their meaning below each other", "columns")
            return
        for name, said in value.items():
            if not isinstance(name, str):
                self._wrong(f"`{name}` is {_kind(name)} and no name of a column; put it in quotes", "columns")
                continue
            if isinstance(said, dict):
                self._refuse_unknown(said, ("meaning", "also_called"), "part of a column", "columns", name)
                text = self._plain(said.get("meaning"), "columns", name, "meaning")
            else:
                text = self._plain(said, "columns", name)
            if text:
                yield name, text

    def _columns_called(self) -> Iterator[tuple[str, str]]:
        """Further names of columns; what is no column is a problem already."""
        value = self.found.get("columns")
        for column, said in value.items() if isinstance(value, dict) else ():
            if isinstance(column, str) and isinstance(said, dict):
                called = said.get("also_called")
                for name in self._each(called, self._name, "columns", column, "also_called"):
                    yield column, name

    def _lines(self) -> Iterator[tuple[tuple[str | int, ...], int]]:
        yield (), self.document.line(*self.at)
        for name, value in self.found.items():
            if not isinstance(name, str):
                continue
            yield (name,), self.document.line(*self.at, name)
            parts: Iterable[str | int] = ()
            if isinstance(value, list):
                parts = range(len(value))
            elif name == "columns" and isinstance(value, dict):
                parts = [n for n in value if isinstance(n, str)]
            for part in parts:
                yield (name, part), self.document.line(*self.at, name, part)


def _meant(name: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name).casefold(), [*known], 1, 0.6)
    return f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(known)}"


def _named(path: Iterable["Step"]) -> str:
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in path)


def _kind(value: object) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "true or false"),
        (int, "a number"),
        (float, "a number"),
        (date, "a date"),
        (list, "a list"),
        (dict, "a mapping"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "of another kind")

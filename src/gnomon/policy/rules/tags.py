"""Tags on tables and columns: `tags.toml`, the operator's file of patterns.

    [tables]
    finance = ["ledger.*", "marts.revenue"]

    [columns]
    pii = ["customers.email", "marts.people.*", "*.phone"]

    [implies]
    contact = ["pii"]

The last part of a column pattern is the column. `*` stands for any characters of one part. Case does not
count.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gnomon.domain.catalog import Catalog, TableRef, TableSchema
from gnomon.domain.errors import Misconfigured
from gnomon.policy.rules.cedar import broken

_SECTIONS = ("tables", "columns", "implies")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern of the file and the tag it gives."""

    tag: str
    text: str
    where: str
    table: re.Pattern[str]
    column: re.Pattern[str] | None

    @property
    def exact(self) -> bool:
        """Whether it names one thing, so that naming nothing is a mistake."""
        return "*" not in self.text


@dataclass(frozen=True, slots=True)
class Tagged:
    """A catalog's tags. Only tagged things are listed.

    Args:
        missing: Exact patterns that name nothing here.
    """

    tables: Mapping[TableRef, frozenset[str]]
    columns: Mapping[TableRef, Mapping[str, frozenset[str]]]
    missing: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Tags:
    """The file, read: patterns, and what each tag implies."""

    patterns: tuple[Pattern, ...] = ()
    implies: Mapping[str, tuple[str, ...]] | None = None

    @property
    def names(self) -> frozenset[str]:
        """Every tag that the file speaks of."""
        implied = self.implies or {}
        return frozenset(
            {p.tag for p in self.patterns} | set(implied) | {t for ts in implied.values() for t in ts}
        )

    def with_implied(self, tag: str) -> frozenset[str]:
        """The tag and all it implies."""
        found, waiting = {tag}, [tag]
        while waiting:
            for other in (self.implies or {}).get(waiting.pop(), ()):
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return frozenset(found)

    def on(self, catalog: Catalog) -> Tagged:
        """The tags of a catalog's tables and columns."""
        tables: dict[TableRef, set[str]] = {}
        columns: dict[TableRef, dict[str, set[str]]] = {}
        unused = set(self.patterns)
        for table in catalog.tables if self.patterns else ():
            for pattern in self.patterns:
                if not pattern.table.fullmatch(_address(table, pattern)):
                    continue
                given = self.with_implied(pattern.tag)
                if pattern.column is None:
                    tables.setdefault(table.ref, set()).update(given)
                    unused.discard(pattern)
                for column in _columns(table, pattern):
                    columns.setdefault(table.ref, {}).setdefault(column, set()).update(given)
                    unused.discard(pattern)
        return Tagged(
            {ref: frozenset(names) for ref, names in tables.items()},
            {ref: {c: frozenset(n) for c, n in found.items()} for ref, found in columns.items()},
            tuple(p for p in self.patterns if p in unused and p.exact),
        )


def _address(table: TableSchema, pattern: Pattern) -> str:
    """A pattern that names a schema is held against it; one without fits the table in any schema."""
    parts = pattern.text.count(".") + (pattern.column is None)
    return (f"{table.ref.schema}.{table.ref.name}" if parts > 1 else table.ref.name).casefold()


def _columns(table: TableSchema, pattern: Pattern) -> Iterator[str]:
    if pattern.column is not None:
        yield from (c.name for c in table.columns if pattern.column.fullmatch(c.name.casefold()))


def parse_tags(name: str, text: str) -> Tags:
    """Read a `tags.toml`.

    Args:
        name: The file's name, for errors.

    Raises:
        Misconfigured: It is not TOML, not as described, or tags imply each other in a ring.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise broken(name, f"it is not valid TOML: {error}", "correct the file there") from error
    for section, content in raw.items():
        if section not in _SECTIONS or not isinstance(content, dict):
            raise _odd(name, text, section, f"`{section}` is not a section; there are {', '.join(_SECTIONS)}")
        for key, value in content.items():
            if not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value):
                raise _odd(name, text, key, f"`{key}` is a list of texts")
    tags = Tags(
        tuple(
            _pattern(name, text, section, tag, each)
            for section in ("tables", "columns")
            for tag, patterns in raw.get(section, {}).items()
            for each in patterns
        ),
        {tag: tuple(others) for tag, others in raw.get("implies", {}).items()},
    )
    _refuse_rings(tags, name, text)
    return tags


def _pattern(name: str, text: str, section: str, tag: str, given: str) -> Pattern:
    parts = given.split(".")
    most, least = (3, 2) if section == "columns" else (2, 1)
    if not least <= len(parts) <= most or not all(parts):
        form = "table.column or schema.table.column" if section == "columns" else "table or schema.table"
        raise _odd(name, text, given, f"`{given}` is not of the form {form}")
    where = f"{name}:{_line_of(text, given)}"
    if section == "tables":
        return Pattern(tag, given, where, _compiled(given), None)
    return Pattern(tag, given, where, _compiled(".".join(parts[:-1])), _compiled(parts[-1]))


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("[^.]*".join(re.escape(part) for part in pattern.casefold().split("*")))


def _refuse_rings(tags: Tags, name: str, text: str) -> None:
    for tag, others in (tags.implies or {}).items():
        if any(tag in tags.with_implied(other) for other in others):
            raise _odd(name, text, tag, f"the tag `{tag}` implies itself")


def _odd(name: str, text: str, near: str, message: str) -> Misconfigured:
    return broken(f"{name}:{_line_of(text, near)}", message, "correct the file there")


def _line_of(text: str, part: str) -> int:
    lines = text.splitlines()
    return next((i for i, line in enumerate(lines, 1) if part in line), 1)

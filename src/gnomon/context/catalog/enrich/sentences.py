"""What was read off a statement, as sentences for people and models."""

import re
from collections.abc import Iterator, Sequence

from gnomon.context.catalog.enrich.shapes import Effect, MadeColumn

_MOST_NAMED = 6
_MOST_SENTENCES = 30
_MAX_CHARS = 500


def of_rows(effects: Sequence[Effect]) -> list[tuple[str, int]]:
    """Which rows there are: a sentence for each table and part, with its line within the statement."""
    told = [
        *_filters(effects),
        *((_sentence(e), e.line) for e in effects if e.kind not in ("filter", "time")),
    ]
    return told[:_MOST_SENTENCES]


def made_from(rows: str, columns: Sequence[MadeColumn]) -> str:
    """The tables that a table is made from; empty if none is known."""
    bases = dict.fromkeys(table for column in columns for table, _ in column.bases)
    others = [table for table in bases if table != rows]
    if not rows:
        return f"Made from {listed(others)}." if others else ""
    return f"Made from the rows of {rows}" + (f", with columns of {listed(others)}." if others else ".")


def of_column(column: MadeColumn, rows: str) -> str:
    """How a column comes about; empty for one that is passed on from `rows` under its own name."""
    if column.text:
        text = f"{column.text} ({'; '.join(column.notes)})" if column.notes else column.text
        return text if len(text) <= _MAX_CHARS else f"{text[: _MAX_CHARS - 1]}…"
    if len(column.bases) != 1:
        return ""
    table, base = column.bases[0]
    if table == rows and base.casefold() == column.name.casefold():
        return ""
    return f"{table}.{base} ({'; '.join(column.notes)})" if column.notes else f"{table}.{base}"


def grain(columns: Sequence[str], because: str) -> str:
    """One row of a table, by the columns that identify it.

    >>> grain(["order_id"], "grouped by it")
    'One row per order_id: grouped by it.'
    """
    if not columns:
        return f"One row in all: {because}." if because and because != "one row in all" else "One row in all."
    reason = because.replace("grouped by it", "grouped by them") if len(columns) > 1 else because
    return f"One row per {listed(columns)}" + (f": {reason}." if reason else ".")


def listed(names: Sequence[str], most: int = _MOST_NAMED) -> str:
    """The names as words, the first few if there are many."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return joined(names)


def joined(words: Sequence[str]) -> str:
    """The words with commas, and `and` before the last.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _filters(effects: Sequence[Effect]) -> Iterator[tuple[str, int]]:
    found: dict[tuple[int, str], list[Effect]] = {}
    for effect in effects:
        if effect.kind == "filter":
            found.setdefault((effect.part, effect.table), []).append(effect)
    for (part, table), together in found.items():
        where = " AND ".join(_within_and(e.sql) for e in together)
        plain = [e.left_out for e in together if e.left_out]
        tail = f": {joined(plain)} are left out" if plain else ""
        yield (
            f"{_part(part)}Only {f'rows of {table}' if table else 'rows'} where {where}{tail}.",
            together[0].line,
        )


def _sentence(effect: Effect) -> str:
    of = f" of {effect.table}" if effect.table else ""
    match effect.kind:
        case "exclusion" if effect.left_out:
            text = f"Only rows{of} {effect.sql.removeprefix('rows ')}: {effect.left_out} are left out"
        case "exclusion" | "latest":
            text = f"Only {effect.sql}{f' (rows{of})' if of else ''}"
        case "stacked":
            text = effect.sql
        case "distinct":
            text = f"Keeps {effect.sql}"
        case _:
            text = f"Holds {effect.sql}"
    return f"{_part(effect.part)}{text}."


def _within_and(sql: str) -> str:
    return f"({sql})" if re.search(r"\bor\b", sql, re.IGNORECASE) else sql


def _part(number: int) -> str:
    return f"Part {number}: " if number else ""

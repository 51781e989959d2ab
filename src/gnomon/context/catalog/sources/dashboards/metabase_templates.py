"""Metabase's template tags in native SQL, filled in so that the text is a query.

`[[ ... ]]`, the parts that only count when somebody fills a filter in, are left out. `{{name}}` becomes the
tag's default, or a value of its type; a field filter (`dimension`) becomes a condition that is always true; a
temporal unit its column; `{{#12-orders}}` and `{{snippet: name}}` the text they name.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gnomon.context.catalog.sources.dashboards.compose import MAX_SQL_CHARACTERS, Unsupported
from gnomon.context.catalog.sources.exports import Record, items, label, record, records, words

Lookup = Callable[[str], str]
"""Gives the SQL that a name stands for, or raises `Unsupported`."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a template may refer to: other questions by number or id, and snippets by name."""

    card: Lookup
    snippet: Lookup


def fill(sql: str, tags: object, names: Names) -> str:
    """The text with every tag filled in.

    Args:
        tags: `template-tags`: a mapping by name, or a list of tags with `name`.

    Raises:
        Unsupported: A tag is not closed, or names what the export does not hold, or the text grows too long.
    """
    if len(sql) > MAX_SQL_CHARACTERS:
        raise Unsupported(f"has a query of over {MAX_SQL_CHARACTERS:,} characters")
    known = _by_name(tags)
    parts: list[str] = []
    length = 0
    in_text = False
    for text, tag in _pieces(_without_optional(sql)):
        in_text ^= text.count("'") % 2 == 1
        filled = _filled(tag, record(known.get(tag)), names, in_text) if tag else ""
        parts += [text, filled]
        length += len(text) + len(filled)
        if length > MAX_SQL_CHARACTERS:
            raise Unsupported(f"becomes a query of over {MAX_SQL_CHARACTERS:,} characters")
    return "".join(parts).strip()


def _by_name(tags: object) -> Record:
    if isinstance(tags, list):
        return {label(tag.get("name")): tag for tag in records(tags)}
    return record(tags)


def _without_optional(sql: str) -> str:
    kept: list[str] = []
    position = 0
    while (start := sql.find("[[", position)) >= 0:
        end = sql.find("]]", start)
        if end < 0:
            break
        kept.append(sql[position:start])
        position = end + 2
    return "".join([*kept, sql[position:]])


def _pieces(sql: str) -> Iterator[tuple[str, str]]:
    """Text and the tag that follows it; the last tag is empty."""
    position = 0
    while (start := sql.find("{{", position)) >= 0:
        end = sql.find("}}", start)
        if end < 0:
            raise Unsupported("has a template tag that is not closed")
        yield sql[position:start], sql[start + 2 : end].strip()
        position = end + 2
    yield sql[position:], ""


def _filled(name: str, tag: Record, names: Names, in_text: bool) -> str:
    kind = label(tag.get("type"))
    if name.startswith("#"):
        return f"({names.card(label(tag.get('card-id')) or name[1:].split('-', 1)[0])})"
    if name.casefold().startswith("snippet:"):
        return names.snippet(label(tag.get("snippet-name")) or name.split(":", 1)[1].strip())
    if kind == "dimension":
        return "1 = 1"
    if kind == "temporal-unit":
        return _column_of(tag)
    default = tag.get("default")
    value = words(next(iter(items(default)), "") if isinstance(default, list) else default)
    if in_text:
        return value.replace("'", "''")
    if kind == "number":
        return value if _is_number(value) else "0"
    return "'" + value.replace("'", "''") + "'"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _column_of(tag: Record) -> str:
    """The column of a tag's `dimension`: a field by its names is the last of them."""
    for part in reversed(items(tag.get("dimension"))):
        name = label(part[-1]) if isinstance(part, list) and part else ""
        if name:
            return '"' + name.replace('"', '""') + '"'
    raise Unsupported("groups by a column that the export does not name")

"""`catalog.json`: the comments and owners that dbt read from the warehouse.

Format: https://docs.getdbt.com/reference/artifacts/catalog-json
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.dbt.fields import clean, mapping, text
from gnomon.context.catalog.sources.dbt.json_stream import MAX_FILE_BYTES, BrokenJson, JsonFile, said_of
from gnomon.context.catalog.sources.dbt.nodes import Project, TableComments


def read_comments(
    path: Path, place: str, project: Project, limit_bytes: int = MAX_FILE_BYTES
) -> Iterator[Problem]:
    """Put what the file says of each relation into the project; what is wrong with the file is yielded."""
    file = JsonFile(path, whole=frozenset({"metadata"}), limit_bytes=limit_bytes)
    try:
        for entry in file.entries():
            if entry.section in ("nodes", "sources") and isinstance(entry.value, Mapping):
                _add(clean(entry.key), entry.value, project)
    except BrokenJson as broken:
        yield Problem(f"{place}:{broken.line}", said_of(broken, "dbt docs generate"))
    except OSError as problem:
        yield Problem(place, f"the file cannot be read: {problem.strerror or problem}")
    if file.bad_utf8_line:
        yield Problem(f"{place}:{file.bad_utf8_line}", "bytes that are not UTF-8 were replaced")


def _add(key: str, entry: Mapping[str, Any], project: Project) -> None:
    parts = (text(entry, "metadata", name) for name in ("database", "schema", "name"))
    columns = tuple(
        (text({"name": name}, "name"), comment)
        for name, column in mapping(entry, "columns").items()
        if (comment := text(mapping(column), "comment"))
    )
    table = ".".join(part for part in parts if part)
    if table:
        comment, owner = text(entry, "metadata", "comment"), text(entry, "metadata", "owner", limit=200)
        project.comments[key] = TableComments(table, comment, owner, columns)


def distinct_owners(project: Project) -> bool:
    """Whether owners of tables differ; a role that owns every table says nothing of any of them."""
    return len({each.owner for each in project.comments.values() if each.owner}) > 1

"""Write what an owner says into the file where their table stands, or into a new one.

Everything in the file that is not changed stays as it is, comments and layout too. The new text is read back
before it is written: unless it reads as exactly what was wanted, the file is left alone.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.sources.annotations.change import Change, apply
from gnomon.context.catalog.sources.annotations.edit import CannotEdit, edit, scalar
from gnomon.context.catalog.sources.annotations.model import Annotation
from gnomon.context.catalog.sources.annotations.reader import MAX_BYTES, Annotations, read_text
from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Misconfigured
from gnomon.store.durable import explained, write_atomically

_BOM = "\ufeff"
_NAME_CHARACTERS = 200

Plan = Callable[[dict[str, Any]], Sequence[Change]]
"""The changes that are wanted, given the entry's data as they are."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file's new content, checked and not yet written.

    Args:
        path: The file.
        changes: What is changed in it; empty if the file is right as it is.
        created: Whether the file is new.
    """

    path: Path
    content: bytes
    changes: tuple[Change, ...]
    created: bool

    def write(self) -> None:
        """Put the new content in place, whole or not at all.

        Raises:
            Misconfigured: The folder or file cannot be written.
        """
        with explained(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            target = self.path.resolve()
            mode = target.stat().st_mode if target.exists() else None
            write_atomically(target, self.content)
            # A temporary file is for its maker alone; an annotation is for everyone who reads the folder.
            target.chmod(mode & 0o777 if mode is not None else 0o666 & ~_umask())


def entry_of(found: Annotations, ref: TableRef, tables: Names) -> Annotation | None:
    """The first entry that speaks of the table, or None."""
    return next((e for e in found.entries if tables.find(e.table) == ref), None)


def prepare(folder: Path, entry: Annotation | None, ref: TableRef, plan: Plan, dialect: str = "") -> Prepared:
    """Make the new text of the entry's file, or of a new file for the table if there is no entry.

    Raises:
        Misconfigured: The file cannot be read, is written in a way that is not changed by program, or would
            hold something that does not fit an annotation.
    """
    path = folder / entry.file if entry else _new_file(folder, ref)
    old = _text(path) if entry else f"table: {scalar(str(ref))}\n"
    at: tuple[str | int, ...] = ()
    if entry is not None and entry.position is not None:
        at = ("tables", entry.position)
    before = _load(old, path)
    changes = tuple(plan(_part(before, at)))
    new = _edited(old, at, changes, path)
    _check(new, before, at, changes, path)
    _refuse_misfits(old, new, path.relative_to(folder).as_posix(), dialect)
    content = (_BOM if _has_bom(path) else "") + new
    return Prepared(path, content.encode(), changes if new != old or not entry else (), entry is None)


def _edited(text: str, at: tuple[str | int, ...], changes: Sequence[Change], path: Path) -> str:
    import yaml

    for change in changes:
        try:
            text = edit(text, at, change)
        except (CannotEdit, yaml.YAMLError) as error:
            raise _by_hand(path) from error
    return text


def _check(new: str, before: Any, at: tuple[str | int, ...], changes: Sequence[Change], path: Path) -> None:
    wanted = _part(before, at)
    for change in changes:
        wanted = apply(wanted, change)
    if at:
        tables = list(before["tables"])
        tables[int(at[1])] = wanted
        wanted = {**before, "tables": tables}
    try:
        read = _load(new, path)
    except Misconfigured as error:
        raise _by_hand(path) from error
    if not _same(read, wanted):
        raise _by_hand(path)


def _same(one: Any, two: Any) -> bool:
    """Whether two values are equal and of the same types: to Python, True equals 1."""
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(_same(one[k], two[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(_same, one, two))
    return bool(one == two)


def _refuse_misfits(old: str, new: str, file: str, dialect: str) -> None:
    known = {p.message for p in read_text(old.encode(), file, dialect).problems}
    wrong = [p for p in read_text(new.encode(), file, dialect).problems if p.message not in known]
    if wrong:
        raise Misconfigured(
            "that does not fit an annotation",
            facts=tuple(("reason", p.message) for p in wrong),
            hint="docs/annotations.md shows what each field holds; nothing was written",
        )


def _load(text: str, path: Path) -> Any:
    from gnomon.store.yaml_files import YamlError, load_yaml

    try:
        return load_yaml(text, path.name, max_bytes=MAX_BYTES)
    except YamlError as error:
        raise Misconfigured(
            f"{path} cannot be changed",
            facts=(("reason", f"the file {error.message}"), ("line", str(error.line or "unknown"))),
            hint="mend the file first; nothing was written",
        ) from error


def _part(document: Any, at: tuple[str | int, ...]) -> dict[str, Any]:
    part = document
    for step in at:
        part = part[step]
    data: dict[str, Any] = part
    return data


def _text(path: Path) -> str:
    with explained(path):
        return path.read_bytes().decode("utf-8-sig")


def _has_bom(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(_BOM.encode())


def _new_file(folder: Path, ref: TableRef) -> Path:
    """`schema.table.yaml`, with what is awkward in names of files as `_`.

    Raises:
        Misconfigured: The file is there, and holds nothing on this table.
    """
    name = re.sub(r"[^\w.-]", "_", str(ref))[:_NAME_CHARACTERS]
    path = folder / f"{'_' if name.startswith('.') else ''}{name}.yaml"
    if os.path.lexists(path):
        raise Misconfigured(
            f"{path} is there already, and holds no annotation of `{ref}` that can be read",
            hint="mend that file, or move it away",
        )
    return path


def _by_hand(path: Path) -> Misconfigured:
    return Misconfigured(
        f"{path} is written in a way that Gnomon does not change",
        hint="change it by hand (docs/annotations.md shows the fields); nothing was written",
    )


def _umask() -> int:
    # The system tells the mask only by setting another one.
    mask = os.umask(0)
    os.umask(mask)
    return mask

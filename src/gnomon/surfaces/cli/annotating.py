"""What `gnomon annotate` was asked for, checked against the table, carried out and shown."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.sources.annotations.change import (
    Append,
    Change,
    Drop,
    Put,
    apply,
    put_column,
    removal,
    use_instead,
)
from gnomon.context.catalog.sources.annotations.conditions import columns_of, why_no_condition
from gnomon.context.catalog.sources.annotations.model import (
    CRITICALITIES,
    FIELDS,
    LISTS,
    Annotation,
    Freshness,
    why_no_name,
)
from gnomon.context.catalog.sources.annotations.reader import Annotations, read_annotations
from gnomon.context.catalog.sources.annotations.writer import Prepared, entry_of, prepare
from gnomon.domain.catalog import TableCard
from gnomon.surfaces.cli.cards import find_card
from gnomon.surfaces.cli.cells import neutralise, wrap
from gnomon.surfaces.cli.errors import Usage
from gnomon.surfaces.cli.face import Face

if TYPE_CHECKING:
    from gnomon.context.catalog.governed import GovernedIndex
    from gnomon.settings import Settings
    from gnomon.wiring import Gnomon

_LOCK = "annotate.lock"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be said of one table.

    Args:
        texts: Field and new text, for fields that hold one.
        items: Field and item to add, for fields that hold several.
        better: A better table and when it is better; always if the second is empty.
        columns: Column and meaning.
        remove: Parts to take away: a field, `caveats.N` or `columns.NAME`.
        confirm: What stands there is true today: nothing but who says so and when is changed.
    """

    texts: tuple[tuple[str, str], ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    better: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()
    confirm: bool = False

    def __bool__(self) -> bool:
        return bool(self.texts or self.items or self.better or self.columns or self.remove or self.confirm)


def wanted(
    texts: Mapping[str, str | None],
    items: Mapping[str, Sequence[str] | None],
    better: tuple[Sequence[str] | None, Sequence[str] | None],
    columns: Sequence[str] | None,
    remove: Sequence[str] | None,
    *,
    confirm: bool,
) -> Wanted:
    """The options of the command as one value.

    Raises:
        Usage: An option is empty or has not its form.
    """
    return Wanted(
        tuple((name, _said(text, name)) for name, text in texts.items() if text is not None),
        tuple((name, _said(text, name)) for name, some in items.items() for text in some or ()),
        tuple(_better(*better)),
        tuple(map(_named_column, columns or ())),
        tuple(remove or ()),
        confirm,
    )


def check(asked: Wanted, card: TableCard, cards: Sequence[TableCard], dialect: str) -> Wanted:
    """What is wanted, with columns and tables spelt as the warehouse does.

    Raises:
        Usage: A column or table does not exist, a criticality or further name is none, or a condition is not
            SQL.
    """
    for name, text in asked.texts:
        if name == "criticality" and text not in CRITICALITIES:
            raise Usage(f"`{text}` is no criticality", hint=f"it is one of {', '.join(CRITICALITIES)}")
    for name, text in asked.items:
        if name == "always_filter":
            _check_condition(text, card, dialect)
        if name == "also_called" and (reason := why_no_name(text)):
            raise Usage(f"`{text}` {reason}", hint="name it as people do, for example --also-called client")
    better = tuple((_other(table, card, cards), when) for table, when in asked.better)
    columns = tuple((_column(name, card), text) for name, text in asked.columns)
    return Wanted(asked.texts, asked.items, better, columns, asked.remove, asked.confirm)


def write(gnomon: "Gnomon", card: TableCard, asked: Wanted, said_by: str, said_at: date) -> Prepared:
    """Record and write what is wanted.

    Raises:
        Usage: A part that should be taken away is not there.
        Misconfigured: The file cannot be changed.
    """
    from gnomon.wiring import recorded_writes

    settings, dialect, governed = gnomon.settings, gnomon.warehouse.dialect, gnomon.governed()
    names = every_table(gnomon)

    with _alone(settings):
        entry = entry_of(said_in(settings, dialect), card.ref, names)
        if entry is None and (asked.remove or asked.confirm):
            raise Usage(
                f"`{card.ref}` is not annotated yet", hint=f"see `gnomon annotate {card.ref} --draft`"
            )
        parts = {part: _place_of(part, entry, card, governed) for part in asked.remove} if entry else {}

        def plan(data: dict[str, Any]) -> list[Change]:
            return [*_changes(data, asked, parts, said_by, said_at)]

        ready = prepare(settings.annotations_dir, entry, card.ref, plan, dialect)
        if not ready.changes:
            return ready
        changed = ", ".join(dict.fromkeys(map(_part, ready.changes)))
        detail = {"act": "annotate", "table": str(card.ref), "place": ready.path.name, "parts": changed}
        recorded_writes(settings, gnomon.principal)(detail)
        ready.write()
    return ready


def said_in(settings: "Settings", dialect: str) -> Annotations:
    """What the folder of annotations holds; nothing where there is none."""
    folder = settings.annotations_dir
    return read_annotations(folder, dialect) if folder.is_dir() else Annotations()


def every_table(gnomon: "Gnomon") -> Names:
    """All tables by name: which one an entry means does not depend on who reads it."""
    return Names(gnomon.index.catalog().refs)


def said_of(card: TableCard, gnomon: "Gnomon", governed: "GovernedIndex") -> Annotation | None:
    """What owners say of a table, as the person may read it; None if nothing."""
    found = said_in(gnomon.settings, gnomon.warehouse.dialect)
    entry = entry_of(found, card.ref, every_table(gnomon))
    return shown_to(entry, card, governed) if entry else None


def shown_to(entry: Annotation, card: TableCard, governed: "GovernedIndex") -> Annotation:
    """The entry without what names something hidden from the person; its items are counted anew."""
    if governed.access.sees_all:
        return entry
    kept = {name: _shown_items(entry, name, card, governed) for name in LISTS}
    items: dict[str, Any] = {n: tuple(getattr(entry, n)[i] for i in numbers) for n, numbers in kept.items()}
    lines = {path: line for path, line in entry.lines.items() if path[:1] not in {(n,) for n in LISTS}}
    for name, numbers in kept.items():
        paths = (((name, new), (name, old)) for new, old in enumerate(numbers))
        lines |= {new: entry.lines[old] for new, old in paths if old in entry.lines}

    def told(text: str) -> str:
        return governed.discreet(text, card.ref)

    columns = ((name, told(meaning)) for name, meaning in entry.columns if card.column(name))
    return replace(
        entry,
        file=told(entry.file),
        owner=told(entry.owner),
        criticality=told(entry.criticality),
        freshness=entry.freshness if told(str(entry.freshness)) else Freshness(),
        meaning=told(entry.meaning),
        grain=told(entry.grain),
        columns=tuple((name, meaning) for name, meaning in columns if meaning),
        columns_called=tuple((c, n) for c, n in entry.columns_called if card.column(c) and told(n)),
        lines=lines,
        **items,
    )


def _shown_items(entry: Annotation, name: str, card: TableCard, governed: "GovernedIndex") -> list[int]:
    """Where the items of a field stand that the person may read."""
    items = enumerate(getattr(entry, name))
    return [i for i, item in items if not governed.conceals(str(item), card.ref)]


def _place_of(part: str, entry: Annotation, card: TableCard, governed: "GovernedIndex") -> str:
    """A part to take away, counted as in the file and not as it is shown; empty if it is hidden."""
    name, _, item = part.partition(".")
    if governed.access.sees_all or not item:
        return part
    if name == "columns":
        return part if card.column(item) is not None else ""
    if name not in LISTS or not item.isdecimal():
        return part
    shown = _shown_items(entry, name, card, governed)
    return f"{name}.{shown[int(item) - 1] + 1}" if 1 <= int(item) <= len(shown) else ""


def entry_json(entry: Annotation, folder: Path) -> dict[str, Any]:
    """An entry as JSON values, with its file and line."""
    return {
        "table": entry.table,
        "place": f"{folder}/{place}" if (place := entry.place()) else "",
        "owner": entry.owner,
        "criticality": entry.criticality,
        "freshness": str(entry.freshness),
        "meaning": entry.meaning,
        "grain": entry.grain,
        "caveats": [{"text": c.text, "until": c.until and c.until.isoformat()} for c in entry.caveats],
        "always_filter": [*entry.always_filter],
        "use_instead": [{"table": i.table, "when": i.when} for i in entry.use_instead],
        "use_when": [*entry.use_when],
        "tags": [*entry.tags],
        "also_called": [*entry.also_called],
        "columns": dict(entry.columns),
        "columns_called": _by_column(entry.columns_called),
        "said_by": entry.said_by,
        "said_at": entry.said_at and entry.said_at.isoformat(),
    }


def entry_page(entry: Annotation, folder: Path, face: Face) -> list[Text]:
    """An entry as lines."""
    place = entry.place()
    where = f"  ({folder.name}/{place})" if place else ""
    lines = [Text(neutralise(f"{entry.table}{where}"), style="bold")]
    rows = [*_rows(entry)]
    width = max((len(name) for name, _ in rows), default=0) + 2
    for name, text in rows:
        first, *rest = wrap(text, face.width - width)
        lines.append(Text.assemble((f"{name + ':':<{width}}", "dim"), first))
        lines += [Text(" " * width + line) for line in rest]
    return lines


def _by_column(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for column, name in pairs:
        found.setdefault(column, []).append(name)
    return found


def _rows(entry: Annotation) -> Iterator[tuple[str, str]]:
    for name in ("owner", "criticality", "freshness", "meaning", "grain"):
        if text := str(getattr(entry, name)):
            yield name, text
    for name in LISTS:
        for i, item in enumerate(getattr(entry, name), 1):
            yield f"{name}.{i}", str(item)
    for column, meaning in entry.columns:
        yield f"columns.{neutralise(column)}", meaning
    for column, called in _by_column(entry.columns_called).items():
        yield f"columns.{neutralise(column)}", f"also called {', '.join(called)}"
    who = " on ".join(part for part in (entry.said_by, str(entry.said_at or "")) if part)
    if who:
        yield "said by", who


def _changes(
    data: dict[str, Any], asked: Wanted, parts: Mapping[str, str], said_by: str, said_at: date
) -> Iterator[Change]:
    """The changes one after the other, each drawn up on the data as the ones before leave them."""
    current = data
    for drop in _drops(data, parts):
        current = apply(current, drop)
        yield drop
    steps: list[Callable[[dict[str, Any]], Iterable[Change]]] = [
        *(lambda d, n=name, t=text: [Put((n,), t)] for name, text in asked.texts),
        *(lambda d, n=name, t=text: _append_once(d, n, t) for name, text in asked.items),
        *(lambda d, t=table, w=when: use_instead(d, t, w) for table, when in asked.better),
        *(lambda d, c=name, t=text: [put_column(d, c, t)] for name, text in asked.columns),
        lambda d: [Put(("said_by",), said_by)],
        lambda d: [Put(("said_at",), said_at)],
    ]
    for step in steps:
        for change in step(current):
            current = apply(current, change)
            yield change


def _drops(data: Mapping[str, Any], parts: Mapping[str, str]) -> list[Drop]:
    """What to take away, items of a list from its end on, so that each is still where it was counted.

    Args:
        parts: Each part as the person names it, and as it stands in the file.
    """
    found: dict[Drop, None] = {}
    for name, part in parts.items():
        try:
            found[removal(data, part)] = None
        except KeyError:
            raise Usage(f"there is no `{name}` to remove", hint=_removable(data, name)) from None
    return sorted(found, key=lambda drop: [-s if isinstance(s, int) else 0 for s in drop.path[1:]])


def _removable(data: Mapping[str, Any], name: str) -> str:
    there = [field for field in FIELDS if data.get(field) is not None and field != "table"]
    near = difflib.get_close_matches(name, there, 1, 0.5)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"the annotation holds {', '.join(there)}; an item is `caveats.2`, a column `columns.NAME`"


def _append_once(data: Mapping[str, Any], name: str, text: str) -> list[Change]:
    there = data.get(name)
    items = there if isinstance(there, list) else [there]
    return [] if text in items else [Append(name, text)]


def _part(change: Change) -> str:
    return change.field if isinstance(change, Append) else ".".join(map(str, change.path))


def _said(text: str, name: str) -> str:
    """The text on one line.

    Raises:
        Usage: It is empty, or holds characters that nobody sees.
    """
    line = " ".join(text.split())
    if not line:
        raise Usage(
            f"nothing is said with `--{name.replace('_', '-')}`", hint=f"`--remove {name}` takes it away"
        )
    if not line.isprintable():
        raise Usage(f"`--{name.replace('_', '-')}` holds characters that nobody sees", hint="leave them out")
    return line


def _better(tables: Sequence[str] | None, whens: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    tables, whens = tables or (), whens or ()
    if whens and len(whens) != len(tables):
        raise Usage("`--when` belongs to a `--use-instead`", hint="give one for each, in the same order")
    for i, table in enumerate(tables):
        yield _said(table, "use_instead"), _said(whens[i], "when").removeprefix("when ") if whens else ""


def _named_column(given: str) -> tuple[str, str]:
    name, equals, text = given.partition("=")
    if not equals or not name.strip():
        raise Usage(f"`--column {given}` names no meaning", hint="write `--column NAME=MEANING`")
    return name.strip(), _said(text, f"columns.{name.strip()}")


def _column(name: str, card: TableCard) -> str:
    found = card.column(name)
    if found is None:
        near = difflib.get_close_matches(name.casefold(), [c.name.casefold() for c in card.columns], 1, 0.6)
        known = card.column(near[0]) if near else None
        hint = f"did you mean `{known.name}`?" if known else f"see `gnomon describe {card.ref}`"
        raise Usage(f"`{card.ref}` has no column `{name}`", hint=hint)
    return found.name


def _check_condition(text: str, card: TableCard, dialect: str) -> None:
    reason = why_no_condition(text, dialect)
    if reason:
        hint = "write it as after WHERE, for example --always-filter 'is_test = false'"
        raise Usage(f"`{text}` {reason}", hint=hint)
    for name in columns_of(text, dialect):
        _column(name, card)


def _other(table: str, card: TableCard, cards: Sequence[TableCard]) -> str:
    found = find_card(cards, table)
    if found.ref == card.ref:
        raise Usage(f"`{table}` is the table itself", hint="name the better one")
    return str(found.ref)


@contextmanager
def _alone(settings: "Settings") -> Iterator[None]:
    """Nobody else's `gnomon annotate` changes the folder for the time of the block."""
    from gnomon.store.durable import exclusive, explained, make_private_folder

    make_private_folder(settings.state_dir)
    with explained(settings.state_dir), (settings.state_dir / _LOCK).open("ab") as lock:
        handle = lock.fileno()
        with exclusive(handle):
            yield

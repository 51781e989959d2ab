"""Draft the one card of a table from its schema, its profile, its comments and its owner's note.

Drafting is deterministic: the same inputs give the same card, so that only changed tables are embedded again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gnomon.context.catalog.caveats import (
    Known,
    freshness_column,
    look_alikes,
    own_caveats,
    stale_caveats,
    use_instead,
)
from gnomon.context.catalog.notes import Note
from gnomon.context.catalog.texts import words_of
from gnomon.domain.catalog import (
    NUMERIC_KINDS,
    TEMPORAL_KINDS,
    CardColumn,
    Catalog,
    Column,
    Join,
    Statement,
    TableCard,
    TableRef,
    TableSchema,
)


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A table with what the survey found; `problem` says why there is no profile."""

    known: Known
    problem: str = ""

    @property
    def ref(self) -> TableRef:
        """The table's address."""
        return self.known.schema.ref


def draft_cards(
    tables: Sequence[Surveyed], joins: Sequence[Join], notes: Mapping[TableRef, Note]
) -> tuple[TableCard, ...]:
    """One card a table, in the order of `tables`."""
    known = [t.known for t in tables]
    stale, alike = stale_caveats(known), look_alikes(known)
    names = {str(t.ref).casefold(): str(t.ref) for t in tables}
    linked: dict[TableRef, list[Join]] = {t.ref: [] for t in tables}
    for join in joins:
        for ref in {join.child, join.parent}:
            linked.setdefault(ref, []).append(join)
    return tuple(
        _draft(
            t,
            tuple(linked[t.ref]),
            notes.get(t.ref),
            names,
            [*([stale[t.ref]] if t.ref in stale else []), *alike.get(t.ref, [])],
        )
        for t in tables
    )


def notes_by_table(notes: Iterable[Note], catalog: Catalog) -> dict[TableRef, Note]:
    """Each note beside the table it speaks of; notes of unknown tables are left out."""
    return {ref: note for note in notes if (ref := resolve(note.table, catalog)) is not None}


def resolve(name: str, catalog: Catalog) -> TableRef | None:
    """The table that a note names, as `name` or `schema.name`."""
    found = catalog.find(name)
    if found is None and "." in name:
        schema, _, bare = name.partition(".")
        found = catalog.find(bare, schema)
    return found.ref if found else None


def _draft(
    table: Surveyed,
    joins: tuple[Join, ...],
    note: Note | None,
    names: Mapping[str, str],
    shared_caveats: Sequence[Statement],
) -> TableCard:
    schema, said = table.known.schema, note or Note(str(table.ref))
    meanings = {name.casefold(): meaning for name, meaning in said.columns}
    caveats = [Statement(text, said.source) for text in said.caveats]
    if table.problem:
        caveats.append(Statement(f"The table could not be read: {table.problem}", "profile"))
    return TableCard(
        ref=table.ref,
        columns=tuple(
            CardColumn(c, table.known.column_profile(c.name), meanings.get(c.name.casefold()) or c.comment)
            for c in schema.columns
        ),
        row_count=schema.row_count,
        is_view=schema.is_view,
        purpose=said.meaning or schema.comment or drafted_purpose(schema, joins),
        keys=schema.keys,
        joins=joins,
        owner=said.owner,
        always_filter=said.always_filter,
        freshness_column=freshness_column(table.known),
        caveats=(*caveats, *own_caveats(table.known), *shared_caveats),
        use_instead=said.use_instead or use_instead(schema, names),
    )


def drafted_purpose(schema: TableSchema, joins: Sequence[Join]) -> str:
    """What names alone say: subject, grain, links, measures, dates."""
    parts = [f"{words_of(schema.ref.name).capitalize()}{_grain(schema)}."]
    parents = sorted({words_of(j.parent.name) for j in joins if j.child == schema.ref != j.parent})
    children = sorted({words_of(j.child.name) for j in joins if j.parent == schema.ref != j.child})
    if parents:
        parts.append(f"Belongs to {', '.join(parents[:6])}.")
    if children:
        parts.append(f"Has {', '.join(children[:6])}.")
    if measures := _measures(schema, joins):
        parts.append(f"Holds {', '.join(measures[:6])}.")
    if dates := [words_of(c.name) for c in schema.columns if c.kind in TEMPORAL_KINDS]:
        parts.append(f"Dated by {', '.join(dates[:3])}.")
    return " ".join(parts)


def _grain(schema: TableSchema) -> str:
    keys = sorted(schema.keys, key=lambda k: (not k.primary, len(k.columns)))
    return f", one row per {' and '.join(keys[0].columns)}" if keys else ""


def _measures(schema: TableSchema, joins: Sequence[Join]) -> list[str]:
    linking = {c for j in joins if j.child == schema.ref for c in j.child_columns}
    linking |= {c for key in schema.keys for c in key.columns}
    return [words_of(c.name) for c in schema.columns if c.kind in NUMERIC_KINDS and _is_measure(c, linking)]


def _is_measure(column: Column, linking: set[str]) -> bool:
    return column.name not in linking and not column.name.lower().endswith(("id", "_no", "_number", "year"))

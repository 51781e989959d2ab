"""Draft the one card of a table from its schema, its profile, its comments and what sources say of it.

Drafting is deterministic: the same inputs give the same card, so that only changed tables are embedded again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gnomon.context.catalog.alike import alike_tables
from gnomon.context.catalog.caveats import (
    Known,
    freshness_column,
    newest_day,
    own_caveats,
    stale_caveats,
    use_instead,
)
from gnomon.context.catalog.facts import Fact
from gnomon.context.catalog.said import NOTHING_SAID, Said
from gnomon.context.catalog.texts import words_of
from gnomon.domain.catalog import (
    NUMERIC_KINDS,
    TEMPORAL_KINDS,
    CardColumn,
    CardStatement,
    Column,
    Join,
    Statement,
    StatementKind,
    TableCard,
    TableRef,
    TableSchema,
)

COMMENT = "comment"
"""The provenance of what the engine itself keeps beside a table or column."""

MAX_STATEMENTS = 12
"""A card is read before every question on its table: beyond this it would crowd out other cards."""

MAX_NAMES = 20
"""Further names of one table or column that a card keeps."""

_OVER_COMMENTS = frozenset({"annotation", "documentation"})
_STATEMENT_KINDS: tuple[StatementKind, ...] = (
    *("use_when", "grain", "scope", "freshness", "derivation", "downstream"),
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
    tables: Sequence[Surveyed], joins: Sequence[Join], said: Mapping[TableRef, Said]
) -> tuple[TableCard, ...]:
    """One card a table, in the order of `tables`. `drafts.Drafts` makes the same of a few among many."""
    stale = stale_caveats({t.ref: day for t in tables if (day := newest_day(t.known)) is not None})
    alike = alike_tables([t.known.schema for t in tables])
    names = names_by_folded(t.ref for t in tables)
    linked = joins_by_table(joins)
    return tuple(
        draft_card(
            t,
            tuple(linked.get(t.ref, ())),
            said.get(t.ref, NOTHING_SAID),
            use_instead(t.known.schema, names),
            [*([stale[t.ref]] if t.ref in stale else []), *alike.get(i, [])],
        )
        for i, t in enumerate(tables)
    )


def names_by_folded(refs: Iterable[TableRef]) -> dict[str, str]:
    """The tables' names as the engine spells them, by how a comment may."""
    return {str(ref).casefold(): str(ref) for ref in refs}


def joins_by_table(joins: Iterable[Join]) -> dict[TableRef, list[Join]]:
    """The joins of each table, on either side."""
    linked: dict[TableRef, list[Join]] = defaultdict(list)
    for join in joins:
        linked[join.child].append(join)
        if join.parent != join.child:
            linked[join.parent].append(join)
    return linked


def draft_card(
    table: Surveyed,
    joins: tuple[Join, ...],
    said: Said,
    instead: str,
    shared_caveats: Sequence[Statement],
) -> TableCard:
    """The card of one table: nothing goes into it but what is given here.

    Args:
        instead: The better table that the table's comment names; empty for none.
        shared_caveats: What only the other tables make a caveat: being stale, looking alike.
    """
    schema, of_columns = table.known.schema, said.by_column()
    said = of_columns[""]
    purpose, purpose_from = _purpose(schema, joins, said)
    owner, criticality, expected = said.first("owner"), said.first("criticality"), _expected(said)
    caveats = [Statement(f.text, str(f.origin)) for f in said.every("caveat")]
    if table.problem:
        caveats.append(Statement(f"The table could not be read: {table.problem}", "profile"))
    return TableCard(
        ref=table.ref,
        columns=tuple(
            _column(table.known, c, of_columns.get(c.name.casefold(), NOTHING_SAID)) for c in schema.columns
        ),
        row_count=schema.row_count,
        is_view=schema.is_view,
        purpose=purpose,
        keys=schema.keys,
        joins=joins,
        owner=_text(owner),
        always_filter=tuple(f.text for f in said.every("always_filter") if f.origin.layer == "annotation"),
        freshness_column=freshness_column(table.known),
        caveats=(*caveats, *own_caveats(table.known), *shared_caveats),
        use_instead=_text(said.first("use_instead")) or instead,
        purpose_from=purpose_from,
        criticality=_text(criticality),
        freshness=_text(expected),
        produced_by=_text(said.first("produced_by")),
        tags=tuple(f.text for f in said.every("tag")),
        statements=tuple(_statements(said))[:MAX_STATEMENTS],
        usage=said.usage,
        owner_from=_from(owner),
        criticality_from=_from(criticality),
        freshness_from=_from(expected),
        also_called=_called(said.every("also_called")),
    )


def _purpose(schema: TableSchema, joins: Sequence[Join], said: Said) -> tuple[str, str]:
    """What a row stands for, and who says so: owners and documentation, then the comment, then the rest."""
    meaning = said.first("meaning")
    if meaning is not None and (meaning.origin.layer in _OVER_COMMENTS or not schema.comment):
        return meaning.text, str(meaning.origin)
    if schema.comment:
        return schema.comment, COMMENT
    return drafted_purpose(schema, joins), ""


def _column(known: Known, column: Column, said: Said) -> CardColumn:
    called = _called(said.every_of_column(column.name, "also_called"))
    explained = _explained(known, column, said)
    return replace(explained, also_called=called) if called else explained


def _called(facts: Sequence[Fact]) -> tuple[Statement, ...]:
    return tuple(Statement(f.text, str(f.origin)) for f in facts[:MAX_NAMES])


def _explained(known: Known, column: Column, said: Said) -> CardColumn:
    profile = known.column_profile(column.name)
    meaning = said.of_column(column.name, "column_meaning")
    if meaning is not None and (meaning.origin.layer in _OVER_COMMENTS or not column.comment):
        return CardColumn(column, profile, meaning.text, str(meaning.origin))
    if column.comment:
        return CardColumn(column, profile, column.comment, COMMENT)
    derived = said.of_column(column.name, "derivation")
    return CardColumn(column, profile, _text(derived), _from(derived))


def _expected(said: Said) -> Fact | None:
    """How fresh a person says the table should be; what code does is a statement of its own."""
    found = said.first("freshness")
    return found if found is not None and found.origin.layer in _OVER_COMMENTS else None


def _statements(said: Said) -> Iterator[CardStatement]:
    """What the layers tell besides the fields of the card, by kind, the most authoritative first."""
    expected = _expected(said)
    for kind in _STATEMENT_KINDS:
        for fact in said.every(kind):
            if fact is not expected:
                yield CardStatement(kind, fact.text, str(fact.origin))
    for fact in said.every("always_filter"):
        if fact.origin.layer != "annotation":
            yield CardStatement("scope", f"Filter by {fact.text}.", str(fact.origin))


def _text(fact: Fact | None) -> str:
    return fact.text if fact is not None else ""


def _from(fact: Fact | None) -> str:
    return str(fact.origin) if fact is not None else ""


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

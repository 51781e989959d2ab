"""Cards, profiles and catalogs as compact JSON text.

Values are written as arrays in field order: a card of 20 columns decodes in a tenth of a millisecond, which
no schema-driven library does. A change of any field's order or number needs a new `file.FORMAT`.
"""

import json
from collections.abc import Sequence
from typing import Any

from gnomon.domain.catalog import (
    CardColumn,
    CardStatement,
    Catalog,
    Column,
    ColumnProfile,
    Evidence,
    Join,
    Key,
    Statement,
    TableCard,
    TableProfile,
    TableRef,
    TableSchema,
    TableUsage,
)

Json = Any

DASHBOARDS = "$[#-1][2]"
"""SQLite's path to the titles of dashboards within a card's text, which are read of all cards at once."""


def card_to_json(card: TableCard) -> str:
    """`card` as text; `card_from_json` gives an equal card back."""
    return _dump(
        [
            _ref(card.ref),
            [_card_column(c) for c in card.columns],
            card.row_count,
            card.is_view,
            card.purpose,
            [_key(k) for k in card.keys],
            [_join(j) for j in card.joins],
            card.owner,
            card.always_filter,
            card.freshness_column,
            _statements(card.caveats),
            card.use_instead,
            card.purpose_from,
            card.criticality,
            card.freshness,
            card.produced_by,
            card.tags,
            [[s.kind, s.text, s.provenance] for s in card.statements],
            card.owner_from,
            card.criticality_from,
            card.freshness_from,
            _statements(card.also_called),
            card.usage and usage_to_json(card.usage),
        ]
    )


def card_from_json(text: str) -> TableCard:
    """The card that `card_to_json` wrote."""
    ref, columns, rows, is_view, purpose, keys, joins, owner, always, fresh, caveats, instead, *more = (
        json.loads(text)
    )
    purpose_from, criticality, freshness, produced_by, tags, statements, *sources, usage = more
    owner_from, criticality_from, freshness_from, also_called = sources
    return TableCard(
        TableRef(*ref),
        tuple(map(_to_card_column, columns)),
        rows,
        is_view,
        purpose,
        tuple(map(_to_key, keys)),
        tuple(map(_to_join, joins)),
        owner,
        tuple(always),
        fresh,
        _to_statements(caveats),
        instead,
        purpose_from,
        criticality,
        freshness,
        produced_by,
        tuple(tags),
        tuple(CardStatement(*s) for s in statements),
        usage_from_json(usage) if usage else None,
        owner_from,
        criticality_from,
        freshness_from,
        _to_statements(also_called),
    )


def profile_to_json(profile: TableProfile) -> str:
    """`profile` as text; `profile_from_json` gives an equal profile back."""
    columns = [_column_profile(c) for c in profile.columns]
    return _dump([_ref(profile.ref), columns, profile.complete])


def profile_from_json(text: str) -> TableProfile:
    """The profile that `profile_to_json` wrote."""
    ref, columns, complete = json.loads(text)
    return TableProfile(TableRef(*ref), tuple(map(_to_column_profile, columns)), complete)


def catalog_to_json(catalog: Catalog) -> str:
    """`catalog` as text; `catalog_from_json` gives an equal catalog back."""
    return _dump([[_schema(t) for t in catalog.tables], [_join(j) for j in catalog.joins]])


def catalog_from_json(text: str) -> Catalog:
    """The catalog that `catalog_to_json` wrote."""
    tables, joins = json.loads(text)
    return Catalog(tuple(map(_to_schema, tables)), tuple(map(_to_join, joins)))


def schema_to_json(schema: TableSchema) -> str:
    """`schema` as text; equal schemas give equal texts, and `schema_from_json` gives an equal schema back."""
    return _dump(_schema(schema))


def schema_from_json(text: str) -> TableSchema:
    """The schema that `schema_to_json` wrote."""
    return _to_schema(json.loads(text))


def join_to_json(join: Join) -> str:
    """`join` as text; `join_from_json` gives an equal join back."""
    return _dump(_join(join))


def join_from_json(text: str) -> Join:
    """The join that `join_to_json` wrote."""
    return _to_join(json.loads(text))


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _ref(ref: TableRef) -> Json:
    return [ref.name, ref.schema]


def _column(column: Column) -> Json:
    return [column.name, column.kind, column.type_sql, column.nullable, column.comment]


def _card_column(c: CardColumn) -> Json:
    look = c.profile and _column_profile(c.profile)
    return [_column(c.column), look, c.meaning, c.meaning_from, _statements(c.also_called)]


def _to_card_column(value: Json) -> CardColumn:
    column, profile, meaning, meaning_from, also_called = value
    look = _to_column_profile(profile) if profile else None
    return CardColumn(Column(*column), look, meaning, meaning_from, _to_statements(also_called))


def _statements(statements: Sequence[Statement]) -> Json:
    return [[s.text, s.provenance] for s in statements]


def _to_statements(value: Json) -> tuple[Statement, ...]:
    return tuple(Statement(*s) for s in value)


def usage_to_json(u: TableUsage) -> Json:
    """`u` as JSON values; `usage_from_json` gives an equal value back."""
    return [u.queries, u.users, u.dashboards, u.last_used, u.joins, u.filters]


def usage_from_json(value: Json) -> TableUsage:
    """The usage that `usage_to_json` wrote."""
    queries, users, dashboards, last_used, joins, filters = value
    return TableUsage(queries, users, tuple(dashboards), last_used, tuple(joins), tuple(filters))


def _column_profile(p: ColumnProfile) -> Json:
    return [p.column, p.rows, p.nulls, p.distinct, p.low, p.high, p.top, p.exact]


def _to_column_profile(value: Json) -> ColumnProfile:
    column, rows, nulls, distinct, low, high, top, exact = value
    return ColumnProfile(column, rows, nulls, distinct, low, high, tuple((v, n) for v, n in top), exact)


def _evidence(evidence: Evidence) -> Json:
    return [evidence.source, evidence.share, evidence.rows]


def _key(key: Key) -> Json:
    return [key.columns, _evidence(key.evidence), key.primary]


def _to_key(value: Json) -> Key:
    columns, evidence, primary = value
    return Key(tuple(columns), Evidence(*evidence), primary)


def _join(j: Join) -> Json:
    return [_ref(j.child), j.child_columns, _ref(j.parent), j.parent_columns, _evidence(j.evidence)]


def _to_join(value: Json) -> Join:
    child, child_columns, parent, parent_columns, evidence = value
    return Join(
        TableRef(*child), tuple(child_columns), TableRef(*parent), tuple(parent_columns), Evidence(*evidence)
    )


def _schema(schema: TableSchema) -> Json:
    return [
        _ref(schema.ref),
        [_column(c) for c in schema.columns],
        schema.is_view,
        schema.row_count,
        schema.comment,
        [_key(k) for k in schema.keys],
        schema.definition,
    ]


def _to_schema(value: Json) -> TableSchema:
    ref, columns, is_view, rows, comment, keys, definition = value
    return TableSchema(
        TableRef(*ref),
        tuple(Column(*c) for c in columns),
        is_view,
        rows,
        comment,
        tuple(map(_to_key, keys)),
        definition,
    )

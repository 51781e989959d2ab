"""What a statement told as a few bytes and back: arrays in field order, each origin once, compressed.

A night decodes the head of every unchanged statement, and of a few what they told, so this is written out by
hand: reading the fields by their annotations, as `store.codec` does, takes three times as long. A change of
the fields needs no version of its own: what other rules wrote is dropped, and their version is a hash of this
package's source.
"""

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from gnomon.context.catalog.enrich.shapes import (
    Effect,
    EffectKind,
    MadeColumn,
    Making,
    RowKey,
    StatementFacts,
)
from gnomon.context.catalog.facts import LAYERS, Fact, FactKind, LineageEdge, Origin, Problem

MAX_TEXT = 16 * 1024 * 1024
"""Characters of one statement's facts; more of them are not kept, and no row unpacks to more."""

Json = Any
_FAST = 1
_KINDS, _MAKINGS, _EFFECTS = (frozenset(get_args(of)) for of in (FactKind, Making, EffectKind))
_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, zlib.error)
"""What unpacking bytes raises that nobody packed."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is asked of every statement each night; see `StatementFacts`."""

    table: str
    origin: Origin
    making: Making
    digest: str
    schema_digest: str
    asked: tuple[str, ...]
    whole: bool
    reads: tuple[str, ...]
    rows_of: str
    grouped_by: tuple[str, ...] | None
    keys: tuple[RowKey, ...]
    problems: tuple[Problem, ...]
    converts: bool
    made: str
    """The names of the columns that it makes, one a line: as one text they take a fraction of the room."""


def head_to_text(told: StatementFacts) -> str:
    """The head of a statement as JSON."""
    return json.dumps(
        [
            [told.table, _written(told.origin), told.making, told.digest, told.schema_digest],
            [told.asked, told.whole, told.reads, told.rows_of, told.grouped_by, told.converts],
            "\n".join(name.replace("\n", " ") for name in told.column_names),
            [[k.table, k.columns, k.needs, k.because] for k in told.keys],
            [[p.place, p.message] for p in told.problems],
        ],
        separators=(",", ":"),
    )


def head_from_text(text: str) -> Head | None:
    """The head that `head_to_text` wrote; None if the text is damaged."""
    try:
        about, rows, made, keys, problems = json.loads(text)
        table, origin, making, digest, schema_digest = about
        asked, whole, reads, rows_of, grouped_by, converts = rows
        return Head(
            table,
            _origin(*origin),
            _known(making, _MAKINGS),
            digest,
            schema_digest,
            tuple(asked),
            whole,
            tuple(reads),
            rows_of,
            None if grouped_by is None else tuple(grouped_by),
            tuple(_key(*each) for each in keys),
            tuple(Problem(place, message) for place, message in problems),
            converts,
            made,
        )
    except _BROKEN:
        return None


def packed(told: StatementFacts) -> bytes | None:
    """As compressed JSON; None if it is too long."""
    text = json.dumps(_encoded(told), separators=(",", ":"))
    return zlib.compress(text.encode("ascii"), _FAST) if len(text) <= MAX_TEXT else None


def unpacked(data: bytes) -> StatementFacts | None:
    """The value that `packed` packed; None if the bytes are damaged: then the statement is read again."""
    try:
        return _decoded(json.loads(zlib.decompressobj().decompress(data, MAX_TEXT)))
    except _BROKEN:
        return None


def _encoded(told: StatementFacts) -> Json:
    origins: dict[Origin, int] = {}

    def at(origin: Origin) -> int:
        return origins.setdefault(origin, len(origins))

    def own(table: str) -> str | None:
        return None if table == told.table else table

    return [
        [told.table, at(told.origin), told.making, told.digest, told.schema_digest, told.asked, told.whole],
        [told.reads, told.rows_of, told.grouped_by],
        [[k.table, k.columns, k.needs, k.because] for k in told.keys],
        [[e.kind, e.table, e.sql, e.left_out, e.line, e.part] for e in told.effects],
        [[c.name, c.bases, c.text, c.notes] for c in told.columns],
        [[own(f.table), f.kind, f.text, at(f.origin), f.column] for f in told.facts],
        [[own(e.table), e.upstream, at(e.origin), e.column, e.upstream_column] for e in told.lineage],
        [[p.place, p.message] for p in told.problems],
        [_written(o) for o in origins],
    ]


def _written(o: Origin) -> Json:
    return [o.layer, o.place, o.source, o.said_by, o.said_at and o.said_at.isoformat()]


def _decoded(value: Json) -> StatementFacts:
    about, rows, keys, effects, columns, facts, lineage, problems, written = value
    origins = [_origin(*each) for each in written]
    table, origin, making, digest, schema_digest, asked, whole = about
    reads, rows_of, grouped_by = rows
    # Tables and columns stand in it again and again, and in memory once.
    once: Callable[[str, str], str] = {table: table}.setdefault
    return StatementFacts(
        table,
        origins[origin],
        _known(making, _MAKINGS),
        digest,
        schema_digest,
        tuple(asked),
        whole,
        tuple(once(r, r) for r in reads),
        once(rows_of, rows_of),
        None if grouped_by is None else tuple(grouped_by),
        tuple(_key(*each) for each in keys),
        tuple(Effect(_known(kind, _EFFECTS), *rest) for kind, *rest in effects),
        tuple(
            MadeColumn(
                once(name, name), tuple((once(t, t), once(c, c)) for t, c in bases), text, tuple(notes)
            )
            for name, bases, text, notes in columns
        ),
        tuple(
            Fact(table if of is None else of, _known(kind, _KINDS), text, origins[at], once(column, column))
            for of, kind, text, at, column in facts
        ),
        tuple(
            LineageEdge(
                table if of is None else of, once(up, up), origins[at], once(column, column), once(base, base)
            )
            for of, up, at, column, base in lineage
        ),
        tuple(Problem(place, message) for place, message in problems),
    )


def _origin(layer: str, place: str, source: str, said_by: str, said_at: str | None) -> Origin:
    when = datetime.fromisoformat(said_at) if said_at else None
    return Origin(_known(layer, LAYERS), place, source, said_by, when)


def _key(table: str, columns: Json, needs: Json, because: str) -> RowKey:
    pairs = None if columns is None else tuple((base, out) for base, out in columns)
    return RowKey(table, pairs, tuple((t, tuple(c)) for t, c in needs), because)


def _known(word: Any, known: Sequence[str] | frozenset[str]) -> Any:
    """The word, if it is one that the annotation allows.

    Raises:
        ValueError: It is none.
    """
    if word not in known:
        raise ValueError(f"{word!r} is not one of {', '.join(known)}")
    return word

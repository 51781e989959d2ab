"""Table cards as people read them."""

import dataclasses
import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from rich.text import Text

from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.plurals import many
from gnomon.domain.catalog import CardColumn, ColumnProfile, Evidence, Join, TableCard, TableRef, TableUsage
from gnomon.surfaces.cli.cells import neutralise, wrap
from gnomon.surfaces.cli.errors import Usage
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.listing import listing_lines

_TOP_VALUES = 3


def matching(cards: Iterable[TableCard], pattern: str | None) -> list[TableCard]:
    """The cards whose name holds the pattern, or fits it if it has * or ?; compared without case."""
    wanted = (pattern or "").casefold()
    fits = wanted if "*" in wanted or "?" in wanted else f"*{wanted}*"
    found = [c for c in cards if any(fnmatchcase(n.casefold(), fits) for n in (str(c.ref), c.ref.name))]
    return sorted(found, key=lambda c: c.ref)


def summary(card: TableCard) -> dict[str, Any]:
    """One line about a table."""
    return {
        "table": str(card.ref),
        "rows": card.row_count,
        "columns": len(card.columns),
        "kind": "view" if card.is_view else "table",
        "purpose": card.purpose,
    }


def find_card(cards: Sequence[TableCard], name: str) -> TableCard:
    """The card of the table of that name, compared without case.

    Raises:
        Usage: There is none, or several schemas have one; near names are given.
    """
    wanted = name.casefold()
    found = [c for c in cards if str(c.ref).casefold() == wanted]
    found = found or [c for c in cards if c.ref.name.casefold() == wanted]
    meant = None if found else Names(c.ref for c in cards).find(name)
    found = found or [c for c in cards if c.ref == meant]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(str(c.ref) for c in found)
        raise Usage(
            f"several tables are named `{name}`", facts=(("tables", names),), hint="give the schema too"
        )
    by_fold = {n.casefold(): str(c.ref) for c in cards for n in (str(c.ref), c.ref.name)}
    near = dict.fromkeys(by_fold[n] for n in difflib.get_close_matches(wanted, by_fold, 3, 0.6))
    hint = f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else "see `gnomon tables`"
    raise Usage(f"no table is named `{name}`", hint=hint)


def card_json(card: TableCard) -> dict[str, Any]:
    """The whole card as JSON values; tables as text."""
    plain: dict[str, Any] = _plain(card)
    return plain


def card_page(card: TableCard, face: Face) -> list[Text]:
    """The whole card as lines."""
    lines = [Text(f"{neutralise(str(card.ref))}  ({_size(card)})", style="bold")]
    for text in (card.purpose, card.use_instead and f"Use instead: {card.use_instead}"):
        lines += [Text(line) for line in wrap(text, face.width)] if text else []
    rows = [_column_row(column) for column in card.columns]
    rows = [{k: v for k, v in row.items() if any(r[k] for r in rows)} for row in rows]
    lines += [Text(), *listing_lines(rows, face)]
    for title, items in _sections(card):
        if items:
            lines += [Text(), Text(title, style="bold underline")]
            lines += [line for item in items for line in _hanging(item, face)]
    return lines


def _hanging(item: str, face: Face) -> list[Text]:
    """An item as one paragraph, whatever lines it was written in; its first line stands out."""
    first, *rest = wrap(" ".join(item.split()), face.width - 4)
    return [Text(f"  {first}"), *(Text(f"    {line}") for line in rest)]


def _size(card: TableCard) -> str:
    rows = "rows not counted" if card.row_count is None else many(card.row_count, "row")
    return f"{'view, ' if card.is_view else ''}{rows}, {many(len(card.columns), 'column')}"


def _column_row(column: CardColumn) -> dict[str, Any]:
    profile = column.profile
    return {
        "column": column.name,
        "type": column.column.type_sql,
        "nulls": _share(profile) if profile else "",
        "distinct": f"{'' if profile.exact else '~'}{profile.distinct:,}" if profile else "",
        "values": _values(profile) if profile else "",
    }


def _share(profile: ColumnProfile) -> str:
    return f"{profile.null_share:.1%}" if profile.nulls else "0%"


def _values(profile: ColumnProfile) -> str:
    if profile.low is not None and profile.high is not None and profile.distinct > _TOP_VALUES:
        return f"{profile.low} to {profile.high}"
    return ", ".join(value for value, _ in profile.top[:_TOP_VALUES])


def _sections(card: TableCard) -> list[tuple[str, list[str]]]:
    keys = [
        f"{', '.join(k.columns)} ({'primary, ' if k.primary else ''}{_evidence(k.evidence)})"
        for k in card.keys
    ]
    frequent = [
        f"{c.name}: " + ", ".join(f"{value} ({rows:,})" for value, rows in c.profile.top[:_TOP_VALUES])
        for c in card.columns
        if c.profile and c.profile.top and c.profile.distinct < c.profile.rows
    ]
    facts = [
        f"{label}: {value}{_source(source)}"
        for label, value, source in (
            ("owner", card.owner, card.owner_from),
            ("criticality", card.criticality, card.criticality_from),
            ("expected to be fresh", card.freshness, card.freshness_from),
            ("fresh by", card.freshness_column, ""),
            ("made by", card.produced_by, ""),
            ("tags", ", ".join(card.tags), ""),
            *(("also called", s.text, s.provenance) for s in card.also_called),
            ("what it holds is from", card.purpose_from, ""),
        )
        if value
    ]
    meanings = [f"{c.name}: {c.meaning}{_source(c.meaning_from)}" for c in card.columns if c.meaning]
    meanings += [
        f"{c.name}: also called {s.text}{_source(s.provenance)}" for c in card.columns for s in c.also_called
    ]
    told = [f"{s.kind.replace('_', ' ')}: {s.text}{_source(s.provenance)}" for s in card.statements]
    return [
        ("Meaning", meanings),
        ("Keys", keys),
        ("Joins", [_join(j) for j in card.joins]),
        ("Frequent values", frequent),
        ("Always filtered by", [*card.always_filter]),
        ("Facts", facts),
        ("Known from code and people", told),
        ("Use", _use(card.usage)),
        ("Caveats", [f"{s.text} (source: {s.provenance})" for s in card.caveats]),
    ]


def _source(provenance: str) -> str:
    return f" (source: {provenance})" if provenance and provenance != "comment" else ""


def _use(usage: TableUsage | None) -> list[str]:
    if usage is None or not usage.queries:
        return []
    last = f", last on {usage.last_used}" if usage.last_used else ""
    return [
        f"{many(usage.queries, 'query', 'queries')} by {many(usage.users, 'person', 'people')}{last}",
        *(f"dashboard: {title}" for title in usage.dashboards),
        *(f"often joined by {condition}" for condition in usage.joins),
        *(f"often filtered by {condition}" for condition in usage.filters),
    ]


def _join(join: Join) -> str:
    pairs = zip(join.child_columns, join.parent_columns, strict=True)
    on = " and ".join(f"{join.child}.{child} = {join.parent}.{parent}" for child, parent in pairs)
    return f"{on} ({_evidence(join.evidence)})"


def _evidence(evidence: Evidence) -> str:
    if evidence.source != "measured":
        return evidence.source
    return f"measured: {evidence.share:.1%} of {many(evidence.rows, 'row')}"


def _plain(value: Any) -> Any:
    if isinstance(value, TableRef):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return [_plain(v) for v in value] if isinstance(value, tuple) else value

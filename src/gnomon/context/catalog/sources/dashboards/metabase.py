"""Metabase: questions, models, metrics, dashboards and table metadata, from exports or REST answers.

Read: the folder or archive of a serialization export (YAML; documents are told by `serdes/meta`), and JSON
that the REST API gives: `/api/card`, `/api/dashboard`, `/api/dashboard/:id`, `/api/database/:id/metadata` and
`/api/segment`, alone or in a list. Archived things are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gnomon.context.catalog.facts import Dashboard, Item, PastQuery, Problem
from gnomon.context.catalog.sources.dashboards.compose import Unsupported, tables_of
from gnomon.context.catalog.sources.dashboards.metabase_export import Export, Thing
from gnomon.context.catalog.sources.dashboards.metabase_facts import metadata_items, model_items
from gnomon.context.catalog.sources.exports import (
    Origins,
    Record,
    count,
    is_document,
    items,
    label,
    moment,
    person,
    read_documents,
    record,
    records,
    words,
)
from gnomon.store.archives import fingerprint


def open_metabase(path: Path, name: str) -> "MetabaseExport":
    """A source that reads the export at `path`: an archive, a folder, or one JSON file."""
    return MetabaseExport(path, name)


@dataclass(frozen=True, slots=True)
class MetabaseExport:
    """An export of Metabase."""

    path: Path
    name: str

    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        return fingerprint(self.path, is_document)

    def read(self) -> Iterator[Item]:
        """See `Source.read`. Table metadata first, then questions, then dashboards."""
        export, origins = Export(), Origins(self.name)
        for document in read_documents(self.path, is_document):
            if isinstance(document, Problem):
                yield document
            else:
                yield from export.add(document)
        yield from metadata_items(export, origins)
        boards = [_Board(thing, export) for thing in export.things("dashboard")]
        for card in export.things("card"):
            yield from _card_items(card, export, boards, origins)
        for board in boards:
            yield board.item(export, origins)


class _Board:
    """A dashboard, and the ids of the questions on it."""

    def __init__(self, thing: Thing, export: Export) -> None:
        self.thing = thing
        self.title = label(thing.value.get("name"))
        placed = items(thing.value.get("dashcards")) or items(thing.value.get("ordered_cards"))
        ids: list[str] = []
        for part in records(list(placed)):
            shown = [part, *records(part.get("series"))]
            ids += [label(s.get("card_id")) or label(record(s.get("card")).get("id")) for s in shown]
        self.cards = tuple(dict.fromkeys(i for i in ids if i))

    def item(self, export: Export, origins: Origins) -> Dashboard:
        value = self.thing.value
        read: dict[str, None] = {}
        for card in (export.card(i) for i in self.cards):
            read |= dict.fromkeys(_tables(card, export) if card else ())
        return Dashboard(
            title=self.title,
            origin=origins.at(self.thing.place("name"), "usage"),
            owner=_author(value),
            views=count(value.get("view_count")),
            last_viewed=moment(value.get("last_viewed_at") or value.get("last_used_at")),
            tables=tuple(read),
        )


def _tables(card: Thing, export: Export) -> tuple[str, ...]:
    try:
        return tables_of(export.sql(card), export.dialect(card))
    except Unsupported:
        # Why a question cannot be read is reported with the question itself.
        return ()


def _card_items(card: Thing, export: Export, boards: list[_Board], origins: Origins) -> Iterator[Item]:
    value = card.value
    title, place = label(value.get("name")), card.place("name")
    if not record(value.get("dataset_query")):
        return
    yield from model_items(card, export, origins)
    try:
        sql = export.sql(card)
    except Unsupported as reason:
        yield Problem(place, f"The question `{title}` {reason}; its query is left out.")
        return
    board = next((b for b in boards if card.id in b.cards), None)
    yield PastQuery(
        sql=sql,
        origin=origins.at(place, "usage"),
        dialect=export.dialect(card),
        title=title,
        author=_author(value),
        last_run=moment(value.get("last_query_start") or value.get("last_used_at")),
        dashboard=board.title if board else "",
        views=count(value.get("view_count")),
        last_viewed=moment(value.get("last_used_at")),
        reviewed=_is_verified(value),
    )


def _author(value: Record) -> str:
    """The creator: a user with a name or e-mail; a bare number says nothing outside its Metabase."""
    creator = value.get("creator") or value.get("creator_id")
    return "" if isinstance(creator, int) else person(creator)


def _is_verified(value: Record) -> bool:
    """A moderator marked it verified, and nobody took that back since."""
    if words(value.get("moderated_status")) == "verified":
        return True
    reviews = records(value.get("moderation_reviews"))
    newest = [review for review in reviews if review.get("most_recent") is not False]
    return bool(newest) and words(newest[0].get("status")) == "verified"

"""Tables of real companies and public databases as cards, with questions and the tables that answer them.

Each reader knows the format of one set of development data, and no table in it. Where nobody asked questions
of a set, the first sentence of a description, held out of the card, stands for one.
"""

import csv
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.context.catalog.cards import drafted_purpose
from gnomon.domain.catalog import CardColumn, Column, TableCard, TableRef, TableSchema, TypeKind

MAX_COLUMNS = 400
LONG_ENOUGH = 40
"""Characters of a sentence that stands for a question: less says no more than the table's name."""

_KINDS: tuple[tuple[str, TypeKind], ...] = (
    ("timestamp", "timestamp"),
    ("datetime", "timestamp"),
    ("date", "date"),
    ("int", "integer"),
    ("decimal", "decimal"),
    ("numeric", "decimal"),
    ("number", "decimal"),
    ("real", "decimal"),
    ("double", "decimal"),
    ("float", "decimal"),
    ("bool", "boolean"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the tables that its answer reads."""

    text: str
    tables: frozenset[TableRef]


@dataclass(frozen=True, slots=True)
class CardSet:
    """Cards with questions.

    Args:
        signals: Factors from what the tables' own metadata says; no use of them is known.
    """

    name: str
    cards: tuple[TableCard, ...]
    questions: tuple[Asked, ...]
    signals: Mapping[TableRef, float]


def read_sets(data: Path, names: Sequence[str] = ()) -> Iterator[CardSet]:
    """The sets whose folder is there, one after the other."""
    for name, reader in READERS.items():
        if (not names or name in names) and (data / name).is_dir():
            yield reader(data)


def first_half(text: str) -> bool:
    """Whether a question is one of those that settings are tuned on; half of all are, whatever is added."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def _retrieval(data: Path) -> CardSet:
    """200 tables, and questions that people wrote; columns and labels are where the metadata has them."""
    known = {ref: (meta, columns) for ref, meta, columns in _metadata(data / "mozilla")}
    cards, signals = [], {}
    for table in json.loads((data / "retrieval" / "tables.json").read_text(encoding="utf-8")):
        schema, _, name = table["id"].partition(".")
        ref = TableRef(name, schema)
        meta, columns = known.get(ref, ({}, ()))
        cards.append(_card(ref, columns, _said(table["friendly"], table["desc"])))
        signals[ref] = _signal(meta)
    refs = {str(c.ref): c.ref for c in cards}
    lines = (data / "retrieval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [Asked(q["question"], frozenset([refs[q["table"]]])) for q in map(json.loads, lines)]
    return CardSet("retrieval", tuple(cards), tuple(asked), signals)


def _mozilla(data: Path) -> CardSet:
    """Metadata files; of every third described table the first sentence is the question."""
    cards, asked, signals = [], [], {}
    for ref, meta, columns in _metadata(data / "mozilla"):
        described = meta.get("description")
        text = " ".join(described.split()) if isinstance(described, str) else ""
        question, rest = _held_out(text, ref, 3)
        cards.append(_card(ref, columns, _said(str(meta.get("friendly_name") or ""), rest)))
        signals[ref] = _signal(meta)
        if question:
            asked.append(Asked(question, frozenset([ref])))
    return CardSet("mozilla", tuple(cards), tuple(asked), signals)


def _fivetran(data: Path) -> CardSet:
    """dbt manifests; of every second described model or source the first sentence is the question."""
    cards: dict[TableRef, TableCard] = {}
    asked = []
    for path in sorted((data / "fivetran").glob("*/dbt_artifacts/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for node in (*manifest["nodes"].values(), *manifest["sources"].values()):
            ref = TableRef(node.get("identifier") or node["name"], node["schema"])
            if ref in cards or not node.get("columns"):
                continue
            columns = [
                CardColumn(Column(c["name"], "text", ""), None, c.get("description") or "")
                for c in node["columns"].values()
            ]
            question, rest = _held_out(" ".join((node.get("description") or "").split()), ref, 2)
            cards[ref] = _card(ref, columns, rest)
            if question:
                asked.append(Asked(question, frozenset([ref])))
    return CardSet("fivetran", tuple(cards.values()), tuple(asked), {})


def _spider(data: Path) -> CardSet:
    """Every database at once; each twelfth question, with the tables of its gold SQL."""
    tables: dict[str, dict[str, TableRef]] = {}
    cards = []
    for path in sorted((data / "spider" / "databases").rglob("*.sqlite")):
        for card in _lite_cards(path):
            cards.append(card)
            tables.setdefault(path.stem, {})[card.ref.name.casefold()] = card.ref
    with (data / "spider" / "train_queries.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if _lot(r["question"], 12)]
    asked = [Asked(r["question"], _read_by(r["sql"], tables.get(r["database"], {}))) for r in rows]
    return CardSet("spider", tuple(cards), tuple(q for q in asked if q.tables), {})


def _beaver(data: Path) -> CardSet:
    """The schemas of one enterprise, with questions and the tables that their gold SQL reads."""
    folder = data / "beaver"
    cards = {}
    for key, table in json.loads((folder / "dev_tables.json").read_text(encoding="utf-8")).items():
        named = zip(table["column_names_original"], table["column_types"], strict=True)
        columns = [CardColumn(Column(name, _kind(kind), kind)) for name, kind in named]
        cards[key] = _card(TableRef(table["table_name_original"], table["db_id"]), columns, "")
    asked = []
    for path in sorted(folder.glob("dev_?w.json")):
        for question in json.loads(path.read_text(encoding="utf-8")):
            gold = frozenset(cards[key].ref for key in question["gold_tables"] if key in cards)
            if gold:
                asked.append(Asked(question["question"], gold))
    return CardSet("beaver", tuple(cards.values()), tuple(asked), {})


READERS: Mapping[str, Callable[[Path], CardSet]] = {
    "retrieval": _retrieval,
    "mozilla": _mozilla,
    "fivetran": _fivetran,
    "spider": _spider,
    "beaver": _beaver,
}


def _card(ref: TableRef, columns: Sequence[CardColumn], purpose: str) -> TableCard:
    """A card as the index drafts it: where nobody says what a table is for, its names do."""
    if not purpose:
        schema = TableSchema(ref, tuple(c.column for c in columns))
        return TableCard(ref, tuple(columns), purpose=drafted_purpose(schema, ()))
    return TableCard(ref, tuple(columns), purpose=purpose, purpose_from="documentation")


def _said(friendly: str, description: str) -> str:
    return ". ".join(part.strip().rstrip(".") for part in (friendly, description) if part.strip())


def _held_out(text: str, ref: TableRef, one_in: int) -> tuple[str, str]:
    """The sentence that stands for a question, and what is left for the card; no sentence for most tables."""
    found = re.match(r"(.{25,300}?[.!?:])(?:\s+|$)(.*)", text)
    first, rest = found.groups() if found else (text[:300], text[300:])
    return (first, rest) if len(first) >= LONG_ENOUGH and _lot(str(ref), one_in) else ("", text)


def _lot(text: str, one_in: int) -> bool:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % one_in == 0


def _metadata(root: Path) -> Iterator[tuple[TableRef, Mapping[str, Any], Sequence[CardColumn]]]:
    """Each `metadata.yaml` below the folder, with the columns of the `schema.yaml` beside it."""
    seen = set()
    for path in sorted(root.rglob("metadata.yaml")):
        ref = TableRef(path.parent.name, path.parent.parent.name)
        meta = _yaml(path)
        if ref not in seen and "friendly_name" in meta:
            seen.add(ref)
            yield ref, meta, _fields(_yaml(path.with_name("schema.yaml")).get("fields"))[:MAX_COLUMNS]


def _yaml(path: Path) -> Mapping[str, Any]:
    """A file's mapping; empty where it is missing, a template, or no mapping."""
    import yaml

    if not path.is_file():
        return {}
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _fields(fields: Any, prefix: str = "") -> list[CardColumn]:
    found = []
    for field in fields or ():
        name = f"{prefix}{field.get('name', '')}"
        kind = str(field.get("type", ""))
        meaning = " ".join(str(field.get("description") or "").split())
        found.append(CardColumn(Column(name, _kind(kind), kind), None, meaning))
        found += _fields(field.get("fields"), f"{name}.")
    return found


def _kind(declared: str) -> TypeKind:
    return next((kind for word, kind in _KINDS if word in declared.casefold()), "text")


def _signal(meta: Mapping[str, Any]) -> float:
    """What metadata tells of trust: deprecated and legacy tables less, reviewed and shared ones more."""
    labels = meta.get("labels")
    labels = labels if isinstance(labels, dict) else {}
    factor = 0.8 if meta.get("deprecated") else 1.0
    factor *= 0.95 if labels.get("legacy") else 1.0
    factor *= 1.06 if "gold" in str(meta.get("level", labels.get("level", ""))) else 1.0
    return factor * (1.02 if len(meta.get("owners") or ()) > 1 else 1.0)


def _lite_cards(path: Path) -> Iterator[TableCard]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        names = connection.execute("select name from sqlite_master where type = 'table' order by name")
        for (name,) in names.fetchall():
            if not name.startswith("sqlite_"):
                found = connection.execute("select name, type from pragma_table_info(?)", (name,))
                columns = [CardColumn(Column(c, _kind(kind), kind)) for c, kind in found]
                yield _card(TableRef(name, path.stem), columns, "")


def _read_by(sql: str, tables: Mapping[str, TableRef]) -> frozenset[TableRef]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(sql, read="sqlite")
    except SqlglotError:
        return frozenset()
    return frozenset(
        tables[t.name.casefold()] for t in parsed.find_all(exp.Table) if t.name.casefold() in tables
    )

"""Real tables with and without what dashboards and dbt say of them: how often the right table is found.

Superset's example dashboards: a chart's title stands for a question, and the chart's data set for the table
that answers it. The titles are asked in two halves; while one half is asked, no query of its charts is read,
else a title would find itself. Titles of dashboards stay. Titles of fewer than three words (`Bar`, `Girls`)
are left out: they name a kind of chart or nothing.

Fivetran's dbt projects: the first sentence of a description stands for a question, and is taken out of every
statement that repeats it. Nobody asked it: it shares its author's words with what is left of the
documentation, so it can show that this helps to find a table, not how much it helps people.
"""

import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ablation_layers import Kept, Layer
from card_sets import Asked, first_half, read_sets

from gnomon.context.catalog.cards import Surveyed, draft_cards
from gnomon.context.catalog.caveats import Known
from gnomon.context.catalog.facts import Fact, Item, PastQuery
from gnomon.context.catalog.gather import gather
from gnomon.context.catalog.layers import Layers
from gnomon.context.catalog.said import NOTHING_SAID
from gnomon.context.catalog.signals import boost
from gnomon.context.catalog.sources.dashboards import open_superset
from gnomon.context.catalog.sources.dbt import open_dbt
from gnomon.context.catalog.sources.port import Source
from gnomon.context.catalog.texts import card_texts, card_vectors
from gnomon.context.catalog.trusted import TrustedIndex, trusted_to_json
from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema, TypeKind
from gnomon.models.port import Embedder
from gnomon.search.partition import Entry, Partition

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DEPTH = 50
TITLE_WORDS = 3

SETS: tuple[tuple[str, frozenset[Layer]], ...] = (
    ("schema only", frozenset()),
    ("schema and descriptions", frozenset({"annotations"})),
    ("schema and code", frozenset({"code"})),
    ("schema and dashboards", frozenset({"usage"})),
    ("all that is there", frozenset({"annotations", "code", "usage"})),
)

_KINDS: tuple[tuple[str, TypeKind], ...] = (
    ("TIME", "timestamp"),
    ("DATE", "date"),
    ("INT", "integer"),
    ("DOUBLE", "float"),
    ("FLOAT", "float"),
    ("NUM", "decimal"),
    ("DECIMAL", "decimal"),
    ("BOOL", "boolean"),
)


@dataclass(frozen=True, slots=True)
class RealSet:
    """Tables, the sources that speak of them, and questions with the tables that answer them.

    Args:
        folds: Questions that are asked together; while they are, the sources do not tell them.
    """

    name: str
    catalog: Catalog
    sources: tuple[Source, ...]
    folds: tuple[tuple[Asked, ...], ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A source without the queries of charts, and without the sentences, that stand for questions."""

    source: Source
    texts: frozenset[str]

    @property
    def name(self) -> str:
        """The source's own."""
        return self.source.name

    def fingerprint(self) -> str:
        """The source's own."""
        return self.source.fingerprint()

    def read(self) -> Iterator[Item]:
        """What is left."""
        for item in self.source.read():
            if isinstance(item, PastQuery) and item.title in self.texts:
                continue
            if not isinstance(item, Fact):
                yield item
            elif text := self._without(item.text):
                yield replace(item, text=text)

    def _without(self, text: str) -> str:
        flat = " ".join(text.split())
        held = next((t for t in self.texts if t in flat), "")
        return flat.replace(held, "").strip() if held else text


@dataclass(frozen=True, slots=True)
class Recall:
    """Means over questions.

    Args:
        shown: Share of questions beside which a past query is shown.
        right: Of those, the share whose first past query reads a right table.
    """

    questions: int
    at_1: float
    at_5: float
    mrr: float
    shown: float
    right: float


def superset(data: Path) -> RealSet:
    """Every data set with columns, and the charts with titles that say something."""
    datasets = [d for p in _files(data / "superset", "dataset") if (d := _yaml(p)).get("table_name")]
    tables = {str(d["table_name"]): d for d in datasets}
    by_uuid = {d["uuid"]: TableRef(str(d["table_name"])) for d in datasets}
    charts = [_yaml(p) for p in sorted((data / "superset").glob("*/charts/*.yaml"))]
    asked = {
        title: Asked(title, frozenset([by_uuid[c["dataset_uuid"]]]))
        for c in charts
        if c.get("dataset_uuid") in by_uuid and len((title := str(c["slice_name"])).split()) >= TITLE_WORDS
    }
    schemas = tuple(
        TableSchema(TableRef(name), tuple(_column(c) for c in d["columns"] if not c.get("expression")))
        for name, d in tables.items()
    )
    folders = (data / "superset").glob("*/")
    sources = tuple(open_superset(f, f"superset:{f.name}") for f in sorted(folders) if f.name != "_shared")
    halves = (tuple(q for q in asked.values() if first_half(q.text) is which) for which in (True, False))
    return RealSet("superset", Catalog(schemas), sources, tuple(halves))


def fivetran(data: Path) -> RealSet:
    """Every model and source of the projects that has columns."""
    (found,) = read_sets(data, ["fivetran"])
    schemas = tuple(
        TableSchema(c.ref, tuple(Column(k.name, "text", "") for k in c.columns)) for c in found.cards
    )
    targets = sorted((data / "fivetran").glob("*/dbt_artifacts"))
    sources = tuple(open_dbt(t, f"dbt:{t.parent.name}") for t in targets)
    return RealSet("fivetran", Catalog(schemas), sources, (found.questions,))


def measured(real: RealSet, layers: Collection[Layer], embedder: Embedder) -> Recall:
    """Each fold of the questions, asked where all but these is known."""
    scores = [s for fold in real.folds for s in _asked(real, fold, layers, embedder)]
    shown = [right for *_, right in scores if right is not None]
    at_1, at_5, mrr = (sum(s[i] for s in scores) / len(scores) for i in range(3))
    right = sum(shown) / len(shown) if shown else 0.0
    return Recall(len(scores), at_1, at_5, mrr, len(shown) / len(scores), right)


def read_all() -> Iterator[RealSet]:
    """The sets whose data is there; `GNOMON_DATA` names the folder."""
    data = Path(os.environ.get("GNOMON_DATA") or "/nowhere")
    for read in (superset, fivetran):
        if (data / read.__name__).is_dir():
            yield read(data)


def _asked(
    real: RealSet, questions: Sequence[Asked], layers: Collection[Layer], embedder: Embedder
) -> Iterator[tuple[float, float, float, bool | None]]:
    held = frozenset(q.text for q in questions)
    sources = [Kept(HeldOut(s, held), layers) for s in real.sources]
    found = gather(sources, real.catalog, "duckdb", NOW, lambda *_: None)
    examples = _examples(found, embedder)
    vectors = embedder.embed([q.text for q in questions])
    with ExitStack() as stack:
        partition, boosts = _partition(stack, real.catalog, found, embedder)
        for question, vector in zip(questions, vectors, strict=True):
            hits = [h.id for h in partition.search(question.text, vector, DEPTH, boosts=boosts)]
            ranks = [hits.index(str(t)) + 1 for t in question.tables if str(t) in hits]
            rank = min(ranks, default=0)
            near = examples.near(vector, 1)
            right = bool(question.tables & set(near[0].query.tables)) if near else None
            yield float(rank == 1), float(0 < rank <= 5), 1 / rank if rank else 0.0, right


def _partition(
    stack: ExitStack, catalog: Catalog, found: Layers, embedder: Embedder
) -> tuple[Partition, dict[str, float]]:
    surveyed = [Surveyed(Known(t, None)) for t in catalog.tables]
    cards = draft_cards(surveyed, (), found.said)
    path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "p.db"
    partition = Partition.open(path, embedder.model_id, embedder.dimensions)
    stack.callback(partition.close)
    texts = [card_texts(card) for card in cards]
    rows = zip(cards, texts, card_vectors(texts, embedder), strict=True)
    partition.upsert(Entry(str(c.ref), t.words, "", v) for c, t, v in rows)
    partition.seal()
    return partition, {str(c.ref): boost(c, found.said.get(c.ref, NOTHING_SAID).popularity) for c in cards}


def _examples(found: Layers, embedder: Embedder) -> TrustedIndex:
    texts = [q.question for q in found.trusted]
    vectors = embedder.embed(texts) if texts else ()
    rows = [
        (trusted_to_json(q), v.astype("float16").tobytes())
        for q, v in zip(found.trusted, vectors, strict=True)
    ]
    return TrustedIndex(rows, embedder.dimensions)


def _files(root: Path, kind: str) -> list[Path]:
    return sorted([*root.glob(f"*/{kind}.yaml"), *root.glob(f"*/{kind}s/*.yaml")])


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    found = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found if isinstance(found, dict) else {}


def _column(column: dict[str, Any]) -> Column:
    declared = str(column.get("type") or "")
    kind = next((kind for word, kind in _KINDS if word in declared.upper()), "text")
    return Column(str(column["column_name"]), kind, declared)

"""Made-up tables that look alike, where nothing but one layer of context tells which of two is meant.

Each pair has one name, the same columns and types, and lies in two schemas that say nothing. The layer speaks
of one of the two; everything is built in both arrangements, so that a choice by name or by order is right in
exactly one of them.
"""

import json
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ablation_layers import ALL, INDEXED, Layer, build_without

from gnomon.agent.agent import Agent
from gnomon.agent.recollect import Recollection
from gnomon.agent.tools.registry import default_tools
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.sources.registry import open_sources
from gnomon.context.knowledge.retriever import KnowledgeBase
from gnomon.context.knowledge.sources.connect import open_knowledge_sources
from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.changes import Actor, add
from gnomon.context.memory.wish import Wish, drawn_up
from gnomon.domain.answer import Answer, Question
from gnomon.domain.catalog import TableRef
from gnomon.domain.context import Context
from gnomon.domain.events import AnswerReady
from gnomon.domain.identity import Principal
from gnomon.models.grounded import GroundedModel
from gnomon.models.port import CANNOT_ANSWER, Embedder, Model, ModelRequest, ModelResponse
from gnomon.models.scripted import ScriptedModel
from gnomon.policy.authority import owners_authority
from gnomon.store.memories import MemoryStore
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse

Turn = Literal["rank", "answer"]

SCHEMAS = ("amber", "birch")
ROWS = {"amber": 30, "birch": 40}
"""The counts of rows differ, so that an answer says which table it read."""

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
READER = Principal("reader@pairs.test")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tables of one name.

    Args:
        columns: SQL of one row of a table, over a number `i`; `{schema}` is the table's own.
        layer: The one that tells the two apart.
        question: What is asked; the right table answers it.
        told: What stands in a model's context with the layer; `{right}` and `{wrong}` are the tables.
        turns: What depends on the layer besides: which of the two the index ranks first, and from which one
            the `grounded` model answers. That model reads names, values, memories, `use instead` and the
            order of tables; prose that it does not read turns the ranking at most.
    """

    name: str
    columns: str
    layer: Layer
    question: str
    told: str
    turns: tuple[Turn, ...] = ("rank", "answer")


PAIRS = (
    Pair(
        "bookings",
        "i AS booking_id, 'Room ' || (i % 7) AS room, DATE '2026-01-01' + (i % 28)::INTEGER AS arrives_on",
        "annotations",
        "How many bookings are there?",
        "use instead: {right}",
        ("answer",),
    ),
    Pair(
        "visits",
        "i AS visit_id, i % 9 AS minutes, DATE '2026-01-01' + (i % 28)::INTEGER AS visited_on",
        "annotations",
        "How many people walked into the showrooms?",
        "People who walked into a showroom, counted at the door",
        ("rank",),
    ),
    Pair(
        "signups",
        "i AS signup_id, CASE '{schema}' WHEN '{right}' THEN 2 * i ELSE 2 * i + 1 END AS entry_id,"
        " DATE '2026-02-01' + (i % 28)::INTEGER AS signed_on",
        "code",
        "How many webinar signups are there?",
        "Only rows of intake.entries where source = 'webinar'",
    ),
    Pair(
        "invoices",
        "i AS invoice_id, 10 + i % 5 AS amount, DATE '2026-03-01' + (i % 28)::INTEGER AS issued_on",
        "usage",
        "How many invoices are there?",
        "behind the dashboards «Billing»",
    ),
    Pair(
        "parcels",
        "i AS parcel_id, i % 4 AS kilos, DATE '2026-04-01' + (i % 28)::INTEGER AS sent_on",
        "comments",
        "How many parcels are there?",
        "Deprecated: use {right}",
    ),
    Pair(
        "leads",
        "i AS lead_id, i % 3 AS stage, DATE '2026-05-01' + (i % 28)::INTEGER AS opened_on",
        "memory",
        "How many leads are there?",
        "Leads are those of the new system",
        ("answer",),
    ),
    Pair(
        "deliveries",
        "i AS delivery_id, CASE WHEN '{schema}' = '{right}' AND i % 20 = 0 THEN 'Tromso'"
        " ELSE 'Town ' || (i % 12) END AS city, DATE '2026-06-01' + (i % 28)::INTEGER AS delivered_on",
        "values",
        "What is the delivery id in Tromso?",
        "«Tromso» is a value of {right}.city",
        ("answer",),
    ),
    Pair(
        "claims",
        "i AS claim_id, i % 6 AS weeks, DATE '2026-07-01' + (i % 28)::INTEGER AS filed_on",
        "knowledge",
        "Which claims does the finance report count?",
        "The finance report counts the claims of {right}",
        (),
    ),
    Pair(
        "permits",
        "i AS permit_id, i % 8 AS fee, DATE '2026-08-01' + (i % 28)::INTEGER AS granted_on",
        "brief",
        "How many permits are in force?",
        "Permits in force stand in {right}",
        (),
    ),
)

ENTRIES = """
CREATE SCHEMA intake;
CREATE TABLE intake.entries AS SELECT i AS entry_id, ['webinar', 'newsletter'][1 + i % 2] AS source
FROM range(0, 100) r(i);
"""
_PIPELINE = """
CREATE TABLE {schema}.signups AS
SELECT row_number() OVER () AS signup_id, e.entry_id, e.entered_on AS signed_on
FROM intake.entries AS e
WHERE e.source = '{source}';
"""


@dataclass
class World:
    """The pairs in one arrangement: a warehouse, the files that speak of it, and indexes of some layers.

    Args:
        folder: Empty; everything is written into it.
        right: The schema whose tables are the right ones.
    """

    folder: Path
    right: str
    embedder: Embedder
    _indexes: dict[frozenset[Layer], CatalogIndex] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        _write_warehouse(self.folder / "pairs.duckdb", self.right)
        _write_sources(self.folder, self.right, self.wrong)
        self.warehouse: Warehouse = open_warehouse(str(self.folder / "pairs.duckdb"))
        self._stack.callback(self.warehouse.close)
        tenant = READER.tenant
        self.knowledge = KnowledgeBase.open(self.folder / "knowledge", self.embedder, tenant)
        self._stack.callback(self.knowledge.close)
        self.knowledge.index(open_knowledge_sources(("markdown:documents",), self.folder))
        store = MemoryStore.open(self.folder / "state")
        self._stack.callback(store.close)
        self.memories = MemoryBook(store, self.embedder, self.warehouse.warehouse_id)
        self._remember()

    @property
    def wrong(self) -> str:
        """The other schema."""
        return next(s for s in SCHEMAS if s != self.right)

    def table(self, pair: Pair, schema: str = "") -> TableRef:
        """A table of the pair: the right one, or that of a schema."""
        return TableRef(pair.name, schema or self.right)

    def index(self, layers: Collection[Layer] = ALL) -> CatalogIndex:
        """The index of those layers."""
        held = INDEXED & frozenset(layers)
        if held not in self._indexes:
            whole = self.folder / "index.db"
            path = whole if held == INDEXED else self.folder / f"{'-'.join(sorted(held)) or 'none'}.db"
            entries = ("annotations:annotations", "sql:pipelines", "queries:log.jsonl")
            sources = open_sources(entries, self.folder, self.warehouse.dialect)
            like = whole if path != whole and whole.exists() else None
            build_without(path, held, self.warehouse, self.embedder, sources, NOW, like)
            self._indexes[held] = CatalogIndex.open(path)
            self._stack.callback(self._indexes[held].close)
        return self._indexes[held]

    def agent(self, layers: Collection[Layer] = ALL, model: Model | None = None) -> Agent:
        """An agent that knows of those layers."""
        knowledge = self.knowledge if "knowledge" in layers else None
        memories = self.memories if "memory" in layers else None
        page = (self.folder / "brief.md").read_text(encoding="utf-8") if "brief" in layers else ""
        return Agent(
            model or GroundedModel(),
            self.warehouse,
            self.index(layers),
            self.embedder,
            recollection=Recollection(knowledge, memories),
            tools=default_tools(knowledge, memories),
            brief=lambda: page,
        )

    def answer(self, pair: Pair, layers: Collection[Layer] = ALL) -> Answer:
        """What the `grounded` model answers to the pair's question."""
        return answered(self.agent(layers), _question(pair.question))

    def seen(self, pair: Pair, layers: Collection[Layer] = ALL) -> tuple[Context, str]:
        """What a model is shown for the pair's question: as values and as text."""
        return seen(self.agent(layers), _question(pair.question))

    def first(self, pair: Pair, layers: Collection[Layer] = ALL) -> str:
        """The schema of the pair's table that a model is shown first."""
        context, _ = self.seen(pair, layers)
        return next(c.ref.schema for c in context.cards if c.ref.name == pair.name)

    def retrieved(self, pair: Pair, layers: Collection[Layer] = ALL) -> str:
        """The schema of the pair's table that the index ranks first."""
        vector = self.embedder.embed([pair.question])[0]
        found = self.index(layers).retrieve(pair.question, vector, 2 * len(PAIRS) + 1)
        return next((c.ref.schema for c in found if c.ref.name == pair.name), "")

    def taken(self, pair: Pair, layers: Collection[Layer] = ALL) -> str:
        """The schema of the pair's table that the `grounded` model answered from; empty for no answer."""
        answer = self.answer(pair, layers)
        if answer.status != "answered":
            return ""
        return next((t.schema for t in answer.tables if t.name == pair.name), "")

    def is_told(self, pair: Pair, layers: Collection[Layer] = ALL) -> bool:
        """Whether what tells the pair apart stands in the context of its question."""
        right, wrong = self.table(pair), self.table(pair, self.wrong)
        return pair.told.format(right=right, wrong=wrong) in self.seen(pair, layers)[1]

    def close(self) -> None:
        """Give back files and connections."""
        self._stack.close()

    def _remember(self) -> None:
        """What a person corrected: which of the two tables leads are."""
        access = owners_authority(_question("x")).access(self.warehouse.introspect(), "duckdb")
        wish = Wish("Leads are those of the new system", means=(("leads", f"{self.right}.leads"),))
        memory = drawn_up(wish, access, self.memories.warehouse, NOW)
        add(self.memories.store, memory, Actor(READER.subject), lambda detail: None, yes=True)


def answered(agent: Agent, question: Question) -> Answer:
    """The answer to one question, outside of any conversation."""
    return next(e.answer for e in agent.ask(question) if isinstance(e, AnswerReady))


def seen(agent: Agent, question: Question) -> tuple[Context, str]:
    """The context that the agent gives its model for a question: as values and as text."""
    listener = ScriptedModel(_decline)
    agent.model = listener
    answered(agent, question)
    request = listener.requests[0]
    return request.context, request.context_text


def _decline(request: ModelRequest) -> ModelResponse:
    return ModelResponse(f"{CANNOT_ANSWER} I only listen.")


def _question(text: str) -> Question:
    return Question("q1", text, READER, NOW, "c1")


def _write_warehouse(path: Path, right: str) -> None:
    import duckdb

    wrong = next(s for s in SCHEMAS if s != right)
    with duckdb.connect(str(path)) as connection:
        connection.execute(ENTRIES)
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
            for pair in PAIRS:
                row = pair.columns.format(schema=schema, right=right)
                rows = f"SELECT {row} FROM range(0, {ROWS[schema]}) r(i)"
                connection.execute(f"CREATE TABLE {schema}.{pair.name} AS {rows}")
        connection.execute(f"COMMENT ON TABLE {wrong}.parcels IS 'Deprecated: use {right}.parcels.'")


def _write_sources(folder: Path, right: str, wrong: str) -> None:
    """What owners, code, users, documents and the page say, each of its own pair alone."""
    _write(
        folder / "annotations" / "bookings.yaml", f"table: {wrong}.bookings\nuse_instead: {right}.bookings\n"
    )
    door = "People who walked into a showroom, counted at the door."
    _write(folder / "annotations" / "door.yaml", f"table: {right}.visits\nmeaning: {door}\n")
    page = "Pages of the web site that somebody looked at."
    _write(folder / "annotations" / "page.yaml", f"table: {wrong}.visits\nmeaning: {page}\n")
    for schema, source in ((right, "webinar"), (wrong, "newsletter")):
        _write(folder / "pipelines" / schema / "signups.sql", _PIPELINE.format(schema=schema, source=source))
    _write(folder / "log.jsonl", "".join(f"{json.dumps(line)}\n" for line in _log(right)))
    _write(
        folder / "documents" / "finance.md",
        f"# Finance report\n\nThe finance report counts the claims of {right}.claims and no others.\n",
    )
    _write(folder / "brief.md", f"# The pairs\n\nPermits in force stand in {right}.permits.\n")


def _log(right: str) -> Iterable[dict[str, object]]:
    """A dashboard that analysts look at every day, over the right invoices."""
    for day, author in enumerate(("ana", "bo", "cem"), start=1):
        yield {
            "sql": f"SELECT issued_on, count(*) AS n FROM {right}.invoices GROUP BY issued_on",
            "title": "Invoices a day",
            "dashboard": "Billing",
            "author": f"{author}@pairs.test",
            "role": "analyst",
            "runs": 200,
            "succeeded": True,
            "last_run_at": f"2026-10-{27 + day}T08:00:00",
        }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

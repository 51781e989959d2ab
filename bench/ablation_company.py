"""The demo company with some layers of context: its questions, its tables that look alike, and what is shown.

What is told in a context counts for a hosted model, which reads prose; `grounded` reads names, keys, joins,
values, memories, `use instead` and the order of tables, and no prose.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import demo_company
from ablation_layers import ALL, INDEXED, Layer, build_without
from ablation_pairs import answered, seen
from bench_memory import CASES

from gnomon.agent.agent import Agent, unwritten
from gnomon.agent.recollect import Recollection
from gnomon.agent.tools.registry import default_tools
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.usage import trust
from gnomon.context.knowledge.sources.connect import open_knowledge_sources
from gnomon.context.memory.changes import Actor, add
from gnomon.context.memory.wish import Wish, drawn_up
from gnomon.domain.answer import Answer, Question
from gnomon.domain.catalog import Catalog, TableRef
from gnomon.domain.context import TrustedQuery
from gnomon.flywheel.evaluate import run_eval
from gnomon.flywheel.questions import EvalQuestion, load_questions
from gnomon.flywheel.report import EvalReport
from gnomon.wiring import Gnomon

NOW = datetime(2026, 10, 31, 18, tzinfo=UTC)
"""The company's own today."""

RIVALS = tuple(
    frozenset(names.split())
    for names in (
        "marts.daily_active_users marts.daily_active_visitors",
        "marts.orders raw.shop_orders staging.stg_orders marts.daily_store_sales",
        "marts.customers raw.shop_customers staging.stg_customers marts.customer_history",
        "marts.customer_history raw.crm_customer_changes",
        "marts.refunds raw.pay_refunds",
        "marts.payments raw.pay_payments",
        "marts.order_items raw.shop_order_items",
        "marts.products raw.shop_products",
        "marts.stores raw.pos_stores",
        "marts.memberships raw.club_memberships",
    )
)
"""Tables that are mistaken for each other."""


@dataclass(frozen=True, slots=True)
class Told:
    """A question, and what a reader has to know to answer it, in the words of each layer that says it."""

    question: str
    any_of: tuple[str, ...]


FACTS = (
    Told("What was the net revenue in fiscal year 2025?", ("on 1 February",)),
    Told("How many active users did we have?", ("ogged-in users", "logged in to the web shop")),
    Told(
        "How did our stores sell last week?", ("topped loading", "no longer loaded", "not been loaded since")
    ),
    Told("What was our revenue last month?", ("less discounts less refunds", "less discounts, less refunds")),
    Told("How many members do we have?", ("without trials", "trial is no member", "`is_trial` is true")),
    Told("Which month lost most revenue to refunds?", ("lowers the revenue of the day of the",)),
    Told("What was the average order value?", ("orders that were not cancelled",)),
    Told("Which tier did a customer have last year?", ("Slowly changing history", "a date in the past")),
    Told("What does the management look at?", ("Executive overview",)),
    Told("Whom do I ask about orders?", ("Ines Costa",)),
    Told("How is net revenue of an order computed?", ("less discounts", "gross_amount - o.discount_amount")),
    Told("Are robots among the daily active users?", ("and robots", "`is_bot` is true", "NOT is_bot")),
    Told("How many tents did we sell in Denver?", ("«tents» is a value of", "«Denver» is a value of")),
    Told("What was paid by gift card?", ("two payments when a gift card", "has two when a gift card")),
    Told("On which day falls an order late in the evening?", ("usiness day",)),
    Told(
        "Do all orders have a customer?", ("asked to be removed and have no row", "no row in marts.customers")
    ),
    Told("What were the sales in 2025?", ("Sales means net revenue of orders",)),
    Told("How many active customers are there?", ("the last 365 days", "365 days up to", "within 365 days")),
)


@dataclass(frozen=True, slots=True)
class Found:
    """How the index ranks the tables of gold SQL: means over questions."""

    recall_at_1: float
    recall_at_5: float
    mrr: float


@dataclass(frozen=True, slots=True)
class Examples:
    """Past queries shown beside questions.

    Args:
        asked: Questions with gold SQL.
        shown: Those beside which a past query is shown.
        queries: Queries shown in all.
        right: Share of them that read tables of the gold and no others.
        first_right: The same of the first one shown beside a question.
        rival: Share that read a table which is mistaken for one of the gold.
    """

    asked: int
    shown: int
    queries: int
    right: float
    first_right: float
    rival: float


@dataclass
class Company:
    """The demo company, open, with an index for each set of layers that is asked for."""

    gnomon: Gnomon
    folder: Path
    _stack: ExitStack

    def __post_init__(self) -> None:
        self._indexes: dict[frozenset[Layer], CatalogIndex] = {}
        knowledge = self.gnomon.knowledge
        assert knowledge is not None
        documents = self.gnomon.settings.context.documents
        knowledge.index(open_knowledge_sources(documents, self.gnomon.settings.base_dir))
        self.index()
        _remember(self.gnomon, self.index())

    @property
    def catalog(self) -> Catalog:
        """The tables."""
        return self.index().catalog()

    def index(self, layers: Collection[Layer] = ALL) -> CatalogIndex:
        """The index of those layers."""
        held = INDEXED & frozenset(layers)
        if held not in self._indexes:
            self._indexes[held] = self._built("-".join(sorted(held)) or "none", held)
        return self._indexes[held]

    def all_history(self) -> CatalogIndex:
        """The index in which every past query is an example, whatever speaks against it."""
        shipped = trust.RETRIEVAL_THRESHOLD
        trust.RETRIEVAL_THRESHOLD = 0.0
        try:
            return self._built("history", INDEXED)
        finally:
            trust.RETRIEVAL_THRESHOLD = shipped

    def agent(self, layers: Collection[Layer]) -> Agent:
        """An agent that knows of those layers."""
        knowledge = self.gnomon.knowledge if "knowledge" in layers else None
        memories = self.gnomon.memories if "memory" in layers else None
        agent = self.gnomon.agent
        agent.index = self.index(layers)
        agent.recollection = Recollection(knowledge, memories)
        agent.tools = default_tools(knowledge, memories)
        agent.brief = agent.brief if "brief" in layers else unwritten
        return agent

    def ask(self, agent: Agent, text: str) -> Answer:
        """The answer to one question, on the company's own day."""
        return answered(agent, self._question(text))

    def evaluated(self, questions: Sequence[EvalQuestion], layers: Collection[Layer]) -> EvalReport:
        """The questions asked and judged."""
        agent = self.agent(layers)
        return run_eval(questions, lambda text: self.ask(agent, text), self.gnomon.run_as_person)

    def told(self, layers: Collection[Layer]) -> tuple[Told, ...]:
        """Those of `FACTS` that stand in the context of their question."""
        agent = self.agent(layers)
        texts = (seen(agent, self._question(f.question))[1] for f in FACTS)
        return tuple(f for f, text in zip(FACTS, texts, strict=True) if any(t in text for t in f.any_of))

    def found(self, questions: Sequence[EvalQuestion], layers: Collection[Layer]) -> Found:
        """How the tables of gold SQL are ranked."""
        index = self.index(layers)
        ranked = [(self.gold(q), self._ranks(q, index)) for q in questions]
        first = [min((ranks[t] for t in gold if t in ranks), default=0) for gold, ranks in ranked]
        return Found(
            recall_at_1=_mean(_recall(gold, ranks, 1) for gold, ranks in ranked),
            recall_at_5=_mean(_recall(gold, ranks, 5) for gold, ranks in ranked),
            mrr=_mean(1 / rank if rank else 0.0 for rank in first),
        )

    def ahead(self, alike: Sequence[EvalQuestion], layers: Collection[Layer]) -> frozenset[str]:
        """Ids of the questions in whose ranking the tables of the gold stand before their rivals."""
        index = self.index(layers)
        return frozenset(q.id for q in alike if _is_ahead(self.gold(q), self._ranks(q, index)))

    def examples(self, questions: Sequence[EvalQuestion], index: CatalogIndex, k: int = 3) -> Examples:
        """Past queries shown beside questions."""
        vectors = self.gnomon.embedder.embed([q.text for q in questions])
        shown = [
            (self.gold(q), found)
            for q, v in zip(questions, vectors, strict=True)
            if (found := index.trusted(v, k))
        ]
        pairs = [(gold, query) for gold, found in shown for query in found]
        return Examples(
            asked=len(questions),
            shown=len(shown),
            queries=len(pairs),
            right=_mean(_reads_only(query, gold) for gold, query in pairs),
            first_right=_mean(_reads_only(found[0], gold) for gold, found in shown),
            rival=_mean(bool(rivals_of(gold) & set(query.tables)) for gold, query in pairs),
        )

    def gold(self, question: EvalQuestion) -> frozenset[TableRef]:
        """The tables that the question's preferred gold SQL reads."""
        return tables_of(question.gold[0], self.catalog)

    def _question(self, text: str) -> Question:
        return Question("q1", text, self.gnomon.principal, NOW, "c1")

    def _ranks(self, question: EvalQuestion, index: CatalogIndex) -> dict[TableRef, int]:
        vector = self.gnomon.embedder.embed([question.text])[0]
        found = index.retrieve(question.text, vector, len(self.catalog.tables))
        return {c.ref: rank for rank, c in enumerate(found, start=1)}

    def _built(self, name: str, layers: Collection[Layer]) -> CatalogIndex:
        path, whole = self.folder / f"{name}.db", self.gnomon.index_path
        build_without(
            path,
            layers,
            self.gnomon.warehouse,
            self.gnomon.embedder,
            self.gnomon.sources(),
            NOW,
            whole if whole.exists() else None,
        )
        index = CatalogIndex.open(path)
        self._stack.callback(index.close)
        return index


@contextmanager
def opened() -> Iterator[Company]:
    """The demo company with its annotations, pipelines, query log, documents and page."""
    path, demo = demo_company.warehouse(), demo_company.DEMO
    context = {
        "context.annotations": str(demo / "annotations"),
        "context.sources": [f"sql:{demo / 'pipelines'}", f"queries:{path.with_name('query_log.jsonl')}"],
        "context.documents": [f"markdown:{demo / 'documents'}"],
        "context.brief": str(demo / "brief.md"),
    }
    with demo_company.opened(path, **context) as gnomon, closing(ExitStack()) as stack:
        yield Company(gnomon, gnomon.settings.state_dir, stack)


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions.

    Args:
        own: The demo company's eval.
        alike: Whose answer stands in one of two tables that look alike.
        words: In words that only a correction explains.
    """

    own: tuple[EvalQuestion, ...]
    alike: tuple[EvalQuestion, ...]
    words: tuple[EvalQuestion, ...]

    @property
    def with_gold(self) -> tuple[EvalQuestion, ...]:
        """Those of the first two kinds that gold SQL answers."""
        return tuple(q for q in (*self.own, *self.alike) if q.gold and q.expect == "answer")


def questions() -> Asked:
    """Every question that is asked of the demo company."""
    alike = load_questions(demo_company.QUESTIONS.with_name("look_alikes.toml"))
    words = (EvalQuestion(f"word-{i}", c.question, "words", (c.gold,)) for i, c in enumerate(CASES, start=1))
    return Asked(load_questions(demo_company.QUESTIONS), alike, tuple(words))


def tables_of(sql: str, catalog: Catalog) -> frozenset[TableRef]:
    """The tables of the catalog that a statement reads."""
    import sqlglot
    from sqlglot import exp

    named = {(t.db, t.name) for t in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Table)}
    return frozenset(t.ref for t in catalog.tables if (t.ref.schema, t.ref.name) in named)


def rivals_of(tables: Collection[TableRef]) -> set[TableRef]:
    """The tables that one of these is mistaken for, without these."""
    names = {str(t) for t in tables}
    rivals = {name for group in RIVALS if group & names for name in group} - names
    return {TableRef(name.partition(".")[2], name.partition(".")[0]) for name in rivals}


def _recall(gold: frozenset[TableRef], ranks: Mapping[TableRef, int], k: int) -> float:
    return sum(ranks.get(t, k + 1) <= k for t in gold) / len(gold)


def _is_ahead(gold: frozenset[TableRef], ranks: Mapping[TableRef, int]) -> bool:
    """Whether each table of the gold that has rivals ranks before all of these."""
    last = len(ranks) + 1
    rival = min((ranks.get(t, last) for t in rivals_of(gold)), default=last + 1)
    return max(ranks.get(t, last) for t in gold if rivals_of({t})) < rival


def _reads_only(query: TrustedQuery, gold: frozenset[TableRef]) -> bool:
    return bool(query.tables) and set(query.tables) <= gold


def _mean(values: Iterator[Any]) -> float:
    found = [float(v) for v in values]
    return sum(found) / len(found) if found else 0.0


def _remember(gnomon: Gnomon, index: CatalogIndex) -> None:
    """The corrections of `bench_memory`, as their author would write them."""
    book = gnomon.memories
    access = gnomon.own_authority().access(index.catalog(), gnomon.warehouse.dialect)
    for case in CASES:
        memory = drawn_up(Wish(case.correction, means=(case.means,)), access, book.warehouse, NOW)
        add(book.store, memory, Actor(gnomon.principal.subject), lambda detail: None, yes=True)

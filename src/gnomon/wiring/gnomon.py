"""Everything one warehouse needs, put together on first use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.agent.agent import Agent, nobody
from gnomon.agent.bounds import Bounds
from gnomon.agent.metering import Meter, unmetered
from gnomon.agent.recollect import Recollection
from gnomon.agent.rights import require_still_seen
from gnomon.agent.tools.base import told_safely
from gnomon.agent.tools.registry import default_tools
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.drift import retire_drifted
from gnomon.domain.answer import Answer, Clarification, Question
from gnomon.domain.catalog import TableCard
from gnomon.domain.errors import Failed, Misconfigured, Refused, Retry
from gnomon.domain.events import AuditEvent
from gnomon.domain.identity import Principal
from gnomon.domain.pipeline import PipelineStatus
from gnomon.domain.query import Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.identity.runs import RunIdentity, Workloads
from gnomon.models.port import Embedder, Model
from gnomon.policy.access import Access
from gnomon.policy.authority import Authority
from gnomon.policy.authorize import authorize
from gnomon.policy.policies import Situation
from gnomon.settings import Settings
from gnomon.store.audit import AuditLog
from gnomon.store.mask_key import mask_key
from gnomon.store.memories import MemoryStore
from gnomon.store.policy_files import PolicyFolder
from gnomon.store.state import StateStore
from gnomon.store.usage import UsageLedger, read_budgets
from gnomon.warehouses.port import Progress, Warehouse
from gnomon.wiring.enrichment import refiner
from gnomon.wiring.kept import brief_in_use, open_knowledge, recorded_writes, scratch_store, sweep_scratch
from gnomon.wiring.orchestrators import orchestrators
from gnomon.wiring.people import policy_folder, principal_of, role_of

if TYPE_CHECKING:
    from gnomon.context.catalog.build import BuildReport
    from gnomon.context.catalog.sources.port import Source
    from gnomon.context.knowledge.indexing import KnowledgeReport
    from gnomon.context.knowledge.retriever import KnowledgeBase
    from gnomon.context.runtime.port import Orchestrator
    from gnomon.domain.version import Version
    from gnomon.identity.people import People


@dataclass
class Gnomon:
    """Everything one warehouse needs, opened on first use."""

    settings: Settings
    warehouse: Warehouse
    ask_person: Callable[[Clarification], str | None] = nobody
    _model: Model | None = field(default=None, init=False)
    _embedder: Embedder | None = field(default=None, init=False)
    _index: CatalogIndex | None = field(default=None, init=False)
    _state: StateStore | None = field(default=None, init=False)
    _ledger: UsageLedger | None = field(default=None, init=False)
    _memories: MemoryStore | None = field(default=None, init=False)
    _knowledge: "KnowledgeBase | None" = field(default=None, init=False)

    @property
    def model(self) -> Model:
        """The configured model."""
        if self._model is None:
            from gnomon.models.connect import open_model

            self._model = open_model(self.settings.model.name, **self.settings.model_options())
        return self._model

    @cached_property
    def second_reader(self) -> Model | None:
        """Who reads a question besides the model that answers; None where the settings want nobody."""
        if not self.settings.answers.second_reading:
            return None
        from gnomon.models.connect import open_model

        return open_model("grounded")

    @property
    def embedder(self) -> Embedder:
        """The embedding default."""
        if self._embedder is None:
            from gnomon.models.minilm.embedder import MiniLmEmbedder

            self._embedder = MiniLmEmbedder()
        return self._embedder

    @property
    def index_path(self) -> Path:
        """Where this warehouse's index is kept."""
        return self.settings.index_path(self.warehouse.warehouse_id)

    @property
    def index(self) -> CatalogIndex:
        """The index as last built."""
        if self._index is None:
            self._index = CatalogIndex.open(self.index_path)
        return self._index

    @property
    def state(self) -> StateStore:
        """Conversations, answers and results."""
        if self._state is None:
            self._state = StateStore.open(self.settings.state_dir)
        return self._state

    @property
    def knowledge(self) -> "KnowledgeBase | None":
        """What the company has written down; None where no documents are named."""
        if self._knowledge is None and self.settings.context.documents:
            self._knowledge = open_knowledge(self.settings, self.embedder)
        return self._knowledge

    @property
    def memories(self) -> MemoryBook:
        """What is remembered of corrections about this warehouse."""
        if self._memories is None:
            self._memories = MemoryStore.open(self.settings.state_dir)
        return MemoryBook(self._memories, self.embedder, self.warehouse.warehouse_id, lambda q: q.channel)

    @property
    def agent(self) -> Agent:
        """The agent over this warehouse, acting with the limits of the settings."""
        from gnomon.models.calibration import UNCALIBRATED
        from gnomon.models.connect import calibration_of

        limits, answers = self.settings.limits, self.settings.answers
        calibration = calibration_of(self.model.model_id)
        counted = calibration is not UNCALIBRATED
        return Agent(
            model=self.model,
            warehouse=self.warehouse,
            index=self.index,
            embedder=self.embedder,
            bounds=Bounds(
                max_turns=limits.max_turns,
                max_total_s=limits.max_total_s,
                max_cost_usd=limits.max_cost_usd,
            ),
            limits=Limits(limits.max_rows, limits.max_bytes, limits.timeout_s),
            min_confidence=answers.min_confidence if counted else answers.min_confidence_hosted,
            calibration=calibration,
            ask_person=self.ask_person,
            record=self.audit.append,
            authority_of=self.authority_of,
            meter=self.meter,
            shared_personal=self.settings.policy.shared_personal,
            scratch=scratch_store(self.settings),
            context_tokens=self.settings.context.tokens,
            brief=self._page,
            orchestrators=self.orchestrators,
            recollection=Recollection(self.knowledge, self.memories),
            tools=default_tools(self.knowledge, self.memories),
            second_reader=self.second_reader,
        )

    def _page(self) -> str:
        brief = self.brief()
        return brief.text if brief else ""

    @cached_property
    def audit(self) -> AuditLog:
        """The record of decisions and acts."""
        return AuditLog(self.settings.state_dir / "audit")

    @cached_property
    def principal(self) -> Principal:
        """Who runs this process: whom its token proves, else the user of this machine."""
        return principal_of(self.settings)

    @cached_property
    def policies(self) -> PolicyFolder:
        """The policies in force."""
        return policy_folder(self.settings)

    def authority_of(self, question: Question) -> Authority:
        """What the agent may do for the person of a question, under an identity of its own for this run."""
        run = RunIdentity(self.workloads, question)
        return self._authority(
            question.principal, run.principal, Situation(question.purpose, question.audience)
        )

    def own_authority(self) -> Authority:
        """What the person who runs this process may do themselves."""
        return self._authority(self.principal, lambda: self.principal, Situation())

    def governed(self) -> GovernedIndex:
        """The index as the person who runs this process may see it."""
        access = self.own_authority().access(self.index.catalog(), self.warehouse.dialect)
        return GovernedIndex(self.index, access, self.run_as_person, self._page())

    def run_as_person(self, sql: str) -> ResultTable:
        """Authorize, record and run a statement as the person who runs this process."""
        access = self.own_authority().access(self.index.catalog(), self.warehouse.dialect)
        query = authorize(Query(sql, self.warehouse.dialect), access, self.settings.query_limits())
        who = self.principal
        pairs = (("sql", query.loggable_sql), ("policies", ", ".join(query.policies) or "none"))
        self.audit.append(AuditEvent(datetime.now(UTC), who.subject, who.tenant, "query", pairs))
        try:
            return self.warehouse.execute(query)
        except (Retry, Failed, Refused) as error:
            raise told_safely(error, query) from error

    def access_of(self, person: Principal, situation: Situation) -> Access:
        """What somebody sees of the warehouse, for an operator who looks."""
        authority = self._authority(person, lambda: person, situation)
        return authority.access(self.index.catalog(), self.warehouse.dialect)

    def end_conversation(self, conversation_id: str) -> None:
        """Wipe what the person who runs this process kept of a conversation."""
        who = self.principal
        scratch_store(self.settings).wipe(
            lambda k: k.place.belongs_to(who) and k.place.conversation_id == conversation_id,
            "the conversation ended",
            recorded_writes(self.settings, who),
        )

    def people(self) -> "People | None":
        """The operator's list of people, where there is one."""
        if self.settings.people_path is None:
            return None
        from gnomon.identity.people import load_people

        return load_people(self.settings.people_path)

    def person(self, subject: str) -> Principal | None:
        """The person of that subject in the operator's list."""
        people = self.people()
        found = people.get(self.settings.principal_section.tenant, subject) if people else None
        return found.principal("oidc") if found else None

    @cached_property
    def workloads(self) -> Workloads:
        """Identities of agents, loops and jobs."""
        return Workloads(self.settings.state_dir / "identity", self.settings.identity.trust_domain)

    @cached_property
    def meter(self) -> Meter:
        """Counts use against budgets, where there are any."""
        budgets = read_budgets(self.settings.budgets_path)
        if not budgets:
            return unmetered()
        ledger = self._ledger = UsageLedger.open(self.settings.state_dir)
        return Meter(
            lambda who: ledger.reserve(who, datetime.now(UTC), budgets),
            lambda who, spending: ledger.add(who, datetime.now(UTC), budgets, spending),
        )

    def _authority(self, person: Principal, who: Callable[[], Principal], situation: Situation) -> Authority:
        secret = mask_key(self.settings.state_dir, person.tenant) if self.settings.policy_dir else ""
        return Authority(who, situation, self.policies.policies, secret, role_of(self.settings, person))

    def sources(self) -> "tuple[Source, ...]":
        """Where more is known about the tables: the owners' annotations, and what the settings name."""
        from gnomon.context.catalog.sources.registry import open_sources

        folder, entries = self.settings.annotations_dir, self.settings.context.sources
        own = (f"annotations:{self.settings.context.annotations}",) if folder.is_dir() else ()
        return open_sources((*own, *entries), self.settings.base_dir, self.warehouse.dialect)

    @cached_property
    def orchestrators(self) -> "tuple[Orchestrator, ...]":
        """Whatever knows of the runs that fill the tables."""
        return orchestrators(self.settings)

    def pipeline_status(self, card: TableCard) -> PipelineStatus:
        """Whether a table is fresh, as the person who runs this process sees it."""
        from gnomon.context.runtime.judge import status_of

        access = self.own_authority().access(self.index.catalog(), self.warehouse.dialect)
        return status_of(card, access, self.orchestrators, self.run_as_person, self.settings.now())

    def brief(self) -> "Version | None":
        """The page about the warehouse that people wrote; None while there is only the draft."""
        return brief_in_use(self.settings)

    def index_is_fresh(self) -> bool:
        """Whether an index exists, is readable, and was built from the data as they are now."""
        try:
            index = self.index
        except Misconfigured:
            return False
        same_embedder = index.embedder_id == self.embedder.model_id
        if index.found_by_values != (self.settings.policy_dir is None):
            return False
        return same_embedder and index.fingerprint == self.warehouse.fingerprint()

    def ensure_index(self, progress: Progress | None = None, *, full: bool = False) -> None:
        """Build or refresh the index unless it is fresh; `full` starts over."""
        if not full and self.index_is_fresh():
            return
        self.build_index(progress, full=full)

    def build_index(self, progress: Progress | None = None, *, full: bool = False) -> "BuildReport":
        """Bring the index up to date with the warehouse and its sources; drop expired results."""
        from gnomon.context.catalog.build import build_index

        sources = self.sources()
        # Opening the state first makes its folder, for nobody else to read, before the index goes into it.
        state = self.state
        self.close_index()
        report = build_index(
            self.warehouse,
            self.embedder,
            self.index_path,
            progress=progress,
            sources=sources,
            refine=refiner(self.settings, self.index_path, self.warehouse.dialect),
            full=full,
            found_by_values=self.settings.policy_dir is None,
        )
        state.expire()
        self._retire_drifted()
        return report

    def index_documents(
        self, progress: Progress | None = None, *, full: bool = False
    ) -> "KnowledgeReport | None":
        """Bring the index of the documents up to date; None where no documents are named."""
        from gnomon.context.knowledge.sources.connect import open_knowledge_sources

        sources = open_knowledge_sources(self.settings.context.documents, self.settings.base_dir)
        if not sources:
            return None
        if self._knowledge is not None:
            self._knowledge.close()
        self._knowledge = open_knowledge(self.settings, self.embedder, full=full)
        return self._knowledge.index(sources, progress)

    def _retire_drifted(self) -> None:
        """Retire memories whose tables are no longer as they were when something was learned of them."""
        book = self.memories
        retire_drifted(
            book.store, book.warehouse, self.index.catalog(), datetime.now(UTC), self._record_memory
        )

    def _record_memory(self, tenant: str) -> Callable[[Mapping[str, str]], None]:
        def record(detail: Mapping[str, str]) -> None:
            event = AuditEvent(datetime.now(UTC), "gnomon", tenant, "memory", tuple(detail.items()))
            self.audit.append(event)

        return record

    def close_index(self) -> None:
        """Let go of the index file, so that it can be rebuilt."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def close(self) -> None:
        """Give back files and connections."""
        self.close_index()
        self.warehouse.close()
        if self._knowledge is not None:
            self._knowledge.close()
        if self._memories is not None:
            self._memories.close()
        if self._state is not None:
            self._state.close()
        if self._ledger is not None:
            self._ledger.close()


def open_gnomon(settings: Settings, *, ask_person: Callable[[Clarification], str | None] = nobody) -> Gnomon:
    """Open the configured warehouse.

    Raises:
        Misconfigured: No warehouse is configured, or it cannot be opened.
    """
    from gnomon.warehouses.connect import open_warehouse

    sweep_scratch(settings)
    return Gnomon(settings, open_warehouse(warehouse_address(settings)), ask_person)


def warehouse_address(settings: Settings) -> str:
    """The warehouse's URL with its password in place. Never print or keep it.

    Raises:
        Misconfigured: No warehouse is configured, or its password cannot be had.
    """
    url = settings.warehouse_url()
    if not settings.warehouse.password:
        return url
    from gnomon.identity.secrets import resolve, with_password

    return with_password(url, resolve(settings.warehouse.password)).reveal()


def require_rights(settings: Settings, answer: Answer, principal: Principal) -> None:
    """Refuse to open a stored answer whose data its reader does not see any more as they did.

    Raises:
        Refused: The reader's rights changed.
        Misconfigured: The policies, or the index that they are held against, cannot be read.
    """
    # What is in force may not be what this process was started with.
    policy_folder(settings).policies()
    if settings.policy_dir is None and principal.method == "local":
        return
    gnomon = open_gnomon(settings)
    try:
        access = gnomon.own_authority().access(gnomon.index.catalog(), gnomon.warehouse.dialect)
        require_still_seen(answer, access)
    except Refused as refusal:
        pairs = (("rule", refusal.rule), ("answer", answer.id))
        event = AuditEvent(datetime.now(UTC), principal.subject, principal.tenant, "refusal", pairs)
        gnomon.audit.append(event)
        raise
    finally:
        gnomon.close()

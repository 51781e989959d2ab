"""The one place that names concrete classes and puts them together."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.agent.agent import Agent, nobody
from gnomon.agent.bounds import Bounds
from gnomon.agent.metering import Meter, unmetered
from gnomon.agent.rights import require_still_seen
from gnomon.agent.tools.base import told_safely
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.answer import Answer, Clarification, Question
from gnomon.domain.errors import Failed, Misconfigured, Refused, Retry
from gnomon.domain.events import AuditEvent
from gnomon.domain.identity import Principal
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
from gnomon.store.policy_files import PolicyFolder
from gnomon.store.scratch import Before, ScratchStore
from gnomon.store.state import StateStore
from gnomon.store.usage import UsageLedger, read_budgets
from gnomon.warehouses.port import Progress, Warehouse

if TYPE_CHECKING:
    from gnomon.context.catalog.build import BuildReport
    from gnomon.identity.authenticate import IdentityConfig
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

    @property
    def model(self) -> Model:
        """The configured model."""
        if self._model is None:
            from gnomon.models.connect import open_model

            self._model = open_model(self.settings.model.name, **self.settings.model_options())
        return self._model

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
    def agent(self) -> Agent:
        """The agent over this warehouse, acting with the limits of the settings."""
        limits = self.settings.limits
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
            min_confidence=self.settings.answers.min_confidence,
            ask_person=self.ask_person,
            record=self.audit.append,
            authority_of=self.authority_of,
            meter=self.meter,
            shared_personal=self.settings.policy.shared_personal,
            scratch=scratch_store(self.settings),
        )

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
        return GovernedIndex(self.index, access, self.run_as_person)

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
        """Bring the index up to date with the warehouse and the owners' notes; drop expired results."""
        from gnomon.context.catalog.build import build_index
        from gnomon.context.catalog.notes import load_notes

        notes = load_notes(self.settings.notes_dir)
        # Opening the state first makes its folder, for nobody else to read, before the index goes into it.
        state = self.state
        self.close_index()
        report = build_index(
            self.warehouse,
            self.embedder,
            self.index_path,
            progress=progress,
            notes=notes,
            full=full,
            found_by_values=self.settings.policy_dir is None,
        )
        state.expire()
        return report

    def close_index(self) -> None:
        """Let go of the index file, so that it can be rebuilt."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def close(self) -> None:
        """Give back files and connections."""
        self.close_index()
        self.warehouse.close()
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


def scratch_store(settings: Settings) -> ScratchStore:
    """Where people keep results of their conversations for a day."""
    return ScratchStore(settings.state_dir / "scratch")


def recorded_writes(settings: Settings, who: Principal) -> Before:
    """Records writes and wipes in somebody's name, before they happen."""
    audit = AuditLog(settings.state_dir / "audit")

    def before(detail: Mapping[str, str]) -> None:
        pairs = tuple(detail.items())
        audit.append(AuditEvent(datetime.now(UTC), who.subject, who.tenant, "write", pairs))

    return before


def sweep_scratch(settings: Settings) -> None:
    """Wipe what expired of the scratch, and what a crash left there."""
    sweeper = Principal("gnomon", settings.principal_section.tenant)
    scratch_store(settings).sweep(recorded_writes(settings, sweeper))


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


def identity_config(settings: Settings) -> "IdentityConfig":
    """What the settings say about identity. With policies, only the people file names the local person."""
    from gnomon.identity.authenticate import IdentityConfig
    from gnomon.identity.oidc import OidcRules

    said, person = settings.identity, settings.principal_section
    governed = settings.policy_dir is not None
    rules = OidcRules(
        said.issuer,
        said.audience,
        said.subject_claim,
        said.groups_claim,
        said.tenant_claim,
        person.tenant,
        said.kept_claims,
        said.clock_skew_s,
    )
    return IdentityConfig(
        state_dir=settings.state_dir,
        people_path=settings.people_path,
        oidc=rules if said.issuer else None,
        slack_signing_secret=said.slack_signing_secret,
        subject="" if governed else person.subject,
        tenant=person.tenant,
        groups=frozenset() if governed else frozenset(person.groups),
        clock_skew_s=said.clock_skew_s,
        trust_domain=said.trust_domain,
    )


def principal_of(settings: Settings) -> Principal:
    """Who runs this process, proven and recorded.

    Raises:
        Refused: A token is given and proves nobody.
        Misconfigured: What is needed to prove somebody is missing.
    """
    from gnomon.identity.authenticate import authenticate

    audit = AuditLog(settings.state_dir / "audit")
    return authenticate(identity_config(settings), os.environ, audit.append)


def policy_folder(settings: Settings) -> PolicyFolder:
    """The deployment's policies."""
    audit, home = AuditLog(settings.state_dir / "audit"), settings.principal_section.tenant
    return PolicyFolder(settings.policy_dir, settings.state_dir, home, audit.append)


def is_operator(principal: Principal) -> bool:
    """Whether they may look at, and change, what others may do: at the machine, or by the scope `admin`."""
    return principal.method == "local" or "admin" in (principal.scopes or ())


def require_operator(principal: Principal) -> None:
    """Refuse whoever may not look at, or change, what others may do.

    Raises:
        Refused: They work with a token that has not the scope `admin`.
    """
    if not is_operator(principal):
        raise Refused(
            "this is for operators",
            rule="identity:scope",
            facts=(("you are", f"{principal.subject} by {principal.method}"),),
            hint="run it on the machine itself, or with a token that has the scope `admin`",
        )


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


def role_of(settings: Settings, person: Principal) -> str:
    """The role a person takes in an engine that has roles; empty for the login's own."""
    if settings.people_path is None:
        return ""
    from gnomon.identity.people import load_people

    return load_people(settings.people_path).postgres_role(person)

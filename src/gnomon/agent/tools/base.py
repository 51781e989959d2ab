"""What a tool is: a typed call with a declared effect, whose outcome is distilled before a model sees it."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from gnomon.agent.case_state import CaseState
from gnomon.agent.preview import byte_size
from gnomon.agent.scratch import Scratch, catalog_of, names_scratch, reads_scratch
from gnomon.agent.tools.misfits import misfit
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.runtime.port import Orchestrator
from gnomon.domain.answer import Clarification
from gnomon.domain.catalog import Catalog
from gnomon.domain.errors import Failed, GnomonError, Refused, Retry
from gnomon.domain.events import Event
from gnomon.domain.query import AuthorizedQuery, Limits, Query
from gnomon.domain.result import Plan, ResultTable
from gnomon.models.port import Effect, Embedder, ToolSpec
from gnomon.policy.access import Access
from gnomon.policy.authority import Authority
from gnomon.policy.authorize import GROUPED, RESTRICTED, authorize
from gnomon.warehouses.port import Cancellation, Warehouse

MIN_TIMEOUT_S = 0.1
UNTOLD = "the engine could not run the statement; what it says of a table of figures is not told"

Outcome = Mapping[str, Any]
"""What a tool lets the model see: JSON-able values."""


class Arguments(BaseModel):
    """Base of every tool's arguments: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(slots=True)
class Environment:
    """What tools may reach: the warehouse and its index as the asking person sees them.

    Args:
        authority: What the person may do, asked anew for each act.
        whole_index: The index of everything; tools read `index`.
        record: Writes a decision or act before it happens; raises if it cannot.
        remaining_s: Seconds that the question has left.
        scanned: Counts bytes that queries read.
        scratch: What the person keeps of the conversation; None where nothing may be kept.
        orchestrators: Systems that run what fills the tables.
        brief: The page about the warehouse that people wrote; empty for the draft.
    """

    authority: Authority
    warehouse: Warehouse
    whole_index: CatalogIndex
    embedder: Embedder
    limits: Limits
    cancellation: Cancellation
    ask_person: Callable[[Clarification], str | None]
    record: Callable[[str, Mapping[str, str]], None]
    remaining_s: Callable[[], float]
    scanned: Callable[[int], None]
    scratch: Scratch | None = None
    brief: str = ""
    orchestrators: tuple[Orchestrator, ...] = ()
    _governed: GovernedIndex | None = field(default=None, init=False, repr=False)

    @property
    def access(self) -> Access:
        """What the person sees of the warehouse now."""
        return self.authority.access(self.whole_index.catalog(), self.warehouse.dialect)

    @property
    def catalog(self) -> Catalog:
        """The tables and columns that exist for the person."""
        return self.access.catalog

    @property
    def index(self) -> GovernedIndex:
        """The index as the person may see it."""
        access = self.access
        if self._governed is None or self._governed.access is not access:
            self._governed = GovernedIndex(self.whole_index, access, self.look_up, self.brief)
        return self._governed

    def authorize(self, sql: str, purpose: str) -> AuthorizedQuery:
        """Put a statement to the policy as the asking person; it may take no longer than the question has."""
        timeout_s = max(MIN_TIMEOUT_S, min(self.limits.timeout_s, self.remaining_s()))
        limits = replace(self.limits, timeout_s=timeout_s)
        if self.scratch is not None and names_scratch(sql):
            query = Query(sql, "duckdb", purpose)
            return self.scratch.authorize(query, self.access, limits, self.before_write)
        return authorize(Query(sql, self.warehouse.dialect, purpose), self.access, limits)

    def run(self, query: AuthorizedQuery) -> ResultTable:
        """Record, then run, an authorized query."""
        self.record_query("query", query)
        return self._run(query)

    def _run(self, query: AuthorizedQuery) -> ResultTable:
        try:
            with self._engine(query) as engine:
                result = engine.execute(query, cancellation=self.cancellation)
            self.scanned(byte_size(result))
            return result
        except (Retry, Failed, Refused) as error:
            raise told_safely(error, query) from error

    def plan(self, query: AuthorizedQuery) -> Plan:
        """Have the engine plan an authorized query, without running it."""
        try:
            with self._engine(query) as engine:
                return engine.explain(query)
        except (Retry, Failed, Refused) as error:
            raise told_safely(error, query) from error

    def catalog_of(self, query: AuthorizedQuery) -> Catalog:
        """The catalog that a query was authorized on."""
        if self.scratch is None or not reads_scratch(query):
            return self.catalog
        return catalog_of(self.scratch.readable(self.access, self.before_write).values())

    def before_write(self, detail: Mapping[str, str]) -> None:
        """Keep the record of a write or a wipe before it happens."""
        self.record("write", detail)

    def _engine(self, query: AuthorizedQuery) -> AbstractContextManager[Warehouse]:
        """What runs the query: the warehouse, or what the person kept."""
        if self.scratch is None or not reads_scratch(query):
            return nullcontext(self.warehouse)
        return self.scratch.opened(query, self.access, self.before_write)

    def may_tell_plan(self, query: AuthorizedQuery) -> bool:
        """Whether a plan tells only of what the person sees: a view's plan names the tables behind it."""
        access = self.access
        read = [t for ref in query.tables if (t := access.exact(ref)) is not None]
        bases = (base.ref for table in read for base in access.bases(table))
        shown = access.catalog
        return RESTRICTED not in query.rules and all(shown.exact(ref) is not None for ref in bases)

    def look_up(self, sql: str) -> ResultTable:
        """Run a small statement of ours as the person.

        Its texts may be values of the index, of rows that nobody asked for: the record leaves them out.
        """
        query = self.authorize(sql, "look up values")
        self.record_query("query", query, texts=False)
        return self._run(query)

    def record_query(self, kind: str, query: AuthorizedQuery, *, texts: bool = True) -> None:
        """Keep what is about to run, on what tables, and by which policies.

        Args:
            texts: Whether the texts that the statement holds are kept.
        """
        sql = query.loggable_sql if texts else _without_texts(query)
        detail = {"sql": sql, "tables": ", ".join(map(str, query.tables))}
        self.record(kind, detail | {"policies": ", ".join(query.policies) or "none"})


def _without_texts(query: AuthorizedQuery) -> str:
    from sqlglot import exp, parse_one

    tree = parse_one(query.loggable_sql, read=query.dialect)
    for literal in [node for node in tree.find_all(exp.Literal) if node.is_string]:
        literal.replace(exp.Literal.string("***"))
    return tree.sql(query.dialect)


def told_safely(error: GnomonError, query: AuthorizedQuery) -> GnomonError:
    """An engine's error about a rewritten statement, without the parts that quote it.

    The engine quotes what it ran: conditions on rows that the person need not know, and the key of a mask. Of
    a table that is read as figures alone it quotes single cells, so nothing that it says is told.
    """
    if RESTRICTED not in query.rules:
        return error
    message = UNTOLD if GROUPED in query.rules else error.message
    for secret in query.secrets:
        message = message.replace(secret, "***")
    if isinstance(error, Refused):
        return Refused(message, rule=error.rule, hint=error.hint)
    return type(error)(message, hint=error.hint)


class Tool(Protocol):
    """One capability, told to a model in one spec.

    `capability` is the pair of verb and object that this tool alone covers; two tools with the same pair,
    or with look-alike descriptions, are refused at start-up.
    """

    @property
    def name(self) -> str:
        """What the model calls it."""
        ...

    @property
    def description(self) -> str:
        """When to use it, in one sentence."""
        ...

    @property
    def effect(self) -> Effect:
        """The most it can do."""
        ...

    @property
    def capability(self) -> tuple[str, str]:
        """Verb and object."""
        ...

    @property
    def arguments(self) -> type[Arguments]:
        """The type its calls are checked against."""
        ...

    def run(
        self, arguments: Any, case: CaseState, environment: Environment
    ) -> Outcome | Generator[Event, None, Outcome]:
        """Do it, record what became known in the case, and return what the model may see.

        A tool with something to tell on the way is a generator of events.
        """
        ...


def spec(tool: Tool) -> ToolSpec:
    """The tool as a model sees it."""
    return ToolSpec(tool.name, tool.description, _schema(tool.arguments), tool.effect)


@cache
def _schema(arguments: type[Arguments]) -> Mapping[str, Any]:
    """The JSON Schema of a tool's arguments; drawing it up takes milliseconds and it never changes."""
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    return MappingProxyType(schema)


def parse_arguments(tool: Tool, raw: Mapping[str, Any]) -> Arguments:
    """Check a call's arguments.

    Raises:
        Retry: They do not fit; worded so that the model can mend its call (`misfits`).
    """
    try:
        return tool.arguments.model_validate(dict(raw))
    except ValidationError as error:
        raise misfit(tool.name, _schema(tool.arguments), error) from None

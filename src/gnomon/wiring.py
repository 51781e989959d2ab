"""The one place that names concrete classes and puts them together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.agent.agent import Agent, nobody
from gnomon.agent.bounds import Bounds
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.answer import Clarification
from gnomon.domain.errors import Misconfigured
from gnomon.domain.query import Limits
from gnomon.models.port import Embedder, Model
from gnomon.settings import Settings
from gnomon.store.audit import AuditLog
from gnomon.store.state import StateStore
from gnomon.warehouses.port import Progress, Warehouse

if TYPE_CHECKING:
    from gnomon.context.catalog.build import BuildReport


@dataclass(slots=True)
class Gnomon:
    """Everything one warehouse needs, opened on first use."""

    settings: Settings
    warehouse: Warehouse
    ask_person: Callable[[Clarification], str | None] = nobody
    _model: Model | None = field(default=None, init=False)
    _embedder: Embedder | None = field(default=None, init=False)
    _index: CatalogIndex | None = field(default=None, init=False)
    _state: StateStore | None = field(default=None, init=False)

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
        limits, audit = self.settings.limits, AuditLog(self.settings.state_dir / "audit")
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
            record=audit.append,
        )

    def index_is_fresh(self) -> bool:
        """Whether an index exists, is readable, and was built from the data as they are now."""
        try:
            index = self.index
        except Misconfigured:
            return False
        same_embedder = index.embedder_id == self.embedder.model_id
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
            self.warehouse, self.embedder, self.index_path, progress=progress, notes=notes, full=full
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


def open_gnomon(settings: Settings, *, ask_person: Callable[[Clarification], str | None] = nobody) -> Gnomon:
    """Open the configured warehouse.

    Raises:
        Misconfigured: No warehouse is configured, or it cannot be opened.
    """
    from gnomon.warehouses.connect import open_warehouse

    return Gnomon(settings, open_warehouse(settings.warehouse_url()), ask_person)

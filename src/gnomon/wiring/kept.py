"""What is kept beside the warehouse: scratch results, and versions of texts that people edit."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gnomon.domain.errors import Misconfigured
from gnomon.domain.events import AuditEvent
from gnomon.domain.identity import Principal
from gnomon.models.port import Embedder
from gnomon.settings import Settings
from gnomon.store.audit import AuditLog
from gnomon.store.scratch import Before, ScratchStore
from gnomon.store.versions import VersionStore
from gnomon.store.workflow_runs import RunStore

if TYPE_CHECKING:
    from gnomon.context.knowledge.retriever import KnowledgeBase
    from gnomon.domain.version import Version


def scratch_store(settings: Settings) -> ScratchStore:
    """Where people keep results of their conversations for a day."""
    return ScratchStore(settings.state_dir / "scratch")


def brief_store(settings: Settings) -> VersionStore:
    """Every version of the page about the warehouse."""
    return VersionStore(settings.state_dir / "briefs")


def brief_in_use(settings: Settings) -> "Version | None":
    """The page that people wrote, kept as a version of its own when it is first seen; None without one.

    Raises:
        Misconfigured: It is too long, or cannot be read.
    """
    path = settings.brief_path
    if not path.is_file():
        return None
    from gnomon.context.catalog.brief import checked_page

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Misconfigured(
            "the brief cannot be read",
            facts=(("page", str(path)), ("reason", str(problem))),
            hint="check its permissions and encoding, or put a version back with `gnomon brief restore`",
        ) from problem
    return brief_store(settings).seen(checked_page(text, str(path)), "edited in the file")


def workflow_versions(settings: Settings, name: str) -> VersionStore:
    """Every version of a workflow that was run."""
    return VersionStore(settings.state_dir / "workflows" / "versions" / name)


def run_store(settings: Settings) -> RunStore:
    """Runs of workflows."""
    return RunStore(settings.state_dir / "workflows" / "runs")


def open_knowledge(settings: Settings, embedder: Embedder, *, full: bool = False) -> "KnowledgeBase":
    """The index of the deployment's documents.

    Raises:
        Misconfigured: It cannot be opened, or another embedder's vectors are in it and `full` is False.
    """
    from gnomon.context.knowledge.retriever import KnowledgeBase
    from gnomon.store.durable import make_private_folder

    make_private_folder(settings.state_dir)
    tenant = settings.principal_section.tenant
    return KnowledgeBase.open(settings.state_dir / "knowledge", embedder, tenant, full=full)


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

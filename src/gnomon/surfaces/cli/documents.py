"""The documents opened for a command, and how they are printed."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from gnomon.context.catalog.plurals import many
from gnomon.domain.document import DocumentCard, Passage
from gnomon.domain.events import AuditEvent
from gnomon.surfaces.cli.cells import neutralise, wrap
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.terminal import Terminal, is_person

if TYPE_CHECKING:
    from gnomon.context.knowledge.indexing import KnowledgeReport, Progress
    from gnomon.context.knowledge.retriever import KnowledgeBase, Reader
    from gnomon.models.port import Embedder
    from gnomon.policy.authority import Authority
    from gnomon.settings import Settings

PROBLEMS_SHOWN = 20
TOOL = "search_knowledge"


@contextmanager
def opened_knowledge(
    settings: "Settings", *, full: bool = False
) -> "Iterator[tuple[KnowledgeBase, Embedder]]":
    """The documents of this deployment and what embeds questions, for the time of the block."""
    from gnomon.models.minilm.embedder import MiniLmEmbedder
    from gnomon.wiring import open_knowledge

    embedder = MiniLmEmbedder()
    base = open_knowledge(settings, embedder, full=full)
    try:
        yield base, embedder
    finally:
        base.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Asking:
    """The person who runs the command, as one who reads documents."""

    settings: "Settings"
    authority: "Authority"

    @classmethod
    def of(cls, settings: "Settings") -> "Asking":
        """Whom the environment proves, if they may look things up in documents at all.

        Raises:
            Refused: Their credential proves nobody, or the policies do not let them use the tool.
        """
        from gnomon.policy.authority import Authority, refused_tool
        from gnomon.policy.policies import Situation
        from gnomon.wiring import policy_folder, principal_of

        who, folder = principal_of(settings), policy_folder(settings)
        authority = Authority(lambda: who, Situation(), folder.policies)
        ruling = authority.tool(TOOL, "read")
        if not ruling.allowed:
            raise refused_tool(ruling, TOOL, "read")
        return cls(settings, authority)

    def reader(self) -> "Reader":
        """The person, by the policies of this moment."""
        from gnomon.context.knowledge.retriever import reader_under

        return reader_under(self.authority)

    def record(self, passages: tuple[Passage, ...]) -> None:
        """Keep which documents are about to be shown; nothing is shown if it cannot be kept."""
        from gnomon.agent.tools.search_knowledge import read_decision
        from gnomon.store.audit import AuditLog

        who = self.authority.who()
        detail = tuple(read_decision(passages, self.authority).items())
        audit = AuditLog(self.settings.state_dir / "audit")
        audit.append(AuditEvent(datetime.now(UTC), who.subject, who.tenant, "decision", detail))


@contextmanager
def shown_progress(terminal: Terminal) -> "Iterator[Progress | None]":
    """What is read and how far, where a person looks; nothing elsewhere."""
    if not is_person(terminal.err.file):
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f} documents", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=terminal.err) as bars:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(neutralise(what), total=None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield progress


def report_json(report: "KnowledgeReport") -> dict[str, Any]:
    """What a run did, as JSON values."""
    sources = [{"source": name, "documents": count} for name, count in report.sources]
    return dataclasses.asdict(report) | {"sources": sources}


def report_lines(report: "KnowledgeReport", face: Face) -> list[Text]:
    """What a run did, in a few lines; each problem on its own."""
    told = f"{many(report.documents, 'document')} in {many(report.chunks, 'passage')}"
    head = f"{told}, {report.elapsed_s:.1f} s"
    lines = [Text(head, style="bold")]
    lines.append(
        Text(
            f"  changed {report.changed:,}, removed {report.removed:,}, passages embedded {report.embedded:,}"
        )
    )
    lines += [Text(f"  {neutralise(name)}: {many(count, 'document')}") for name, count in report.sources]
    for problem in report.problems[:PROBLEMS_SHOWN]:
        said = wrap(f"{problem.place}: {problem.message}", face.width - 4)
        lines += [Text(f"  {face.glyph('warn')} {said[0]}"), *(Text(f"    {rest}") for rest in said[1:])]
    more = len(report.problems) - PROBLEMS_SHOWN
    return [*lines, Text(f"  and {many(more, 'more problem')}; see --json")] if more > 0 else lines


def card_json(card: DocumentCard) -> dict[str, Any]:
    """A document's card as JSON values."""
    return {**dataclasses.asdict(card), "written": card.written.isoformat() if card.written else None}


def passage_json(passage: Passage) -> dict[str, Any]:
    """A passage as JSON values."""
    return {
        "document": card_json(passage.card),
        "position": passage.position,
        "headings": list(passage.headings),
        "text": passage.text,
        "likeness": round(passage.likeness, 4),
    }


def card_line(card: DocumentCard) -> dict[str, str]:
    """A document as a line of a listing."""
    written = card.written.isoformat() if card.written else ""
    return {"document": card.id, "title": card.title, "author": card.author, "written": written}


def found_lines(passages: Sequence[Passage], face: Face) -> list[Text]:
    """Passages that were found, each behind where it is from."""
    from gnomon.context.knowledge.retriever import origin_of

    lines: list[Text] = []
    for passage in passages:
        lines += [Text(line, style="bold") for line in wrap(origin_of(passage), face.width)]
        lines += [Text(f"  {line}") for line in wrap(passage.text, face.width - 2)]
        lines.append(Text())
    return lines[:-1]


def document_lines(passages: Sequence[Passage], face: Face) -> list[Text]:
    """A whole document."""
    from gnomon.context.knowledge.retriever import origin_of

    first = dataclasses.replace(passages[0], headings=())
    lines = [Text(line, style="bold") for line in wrap(origin_of(first), face.width)]
    under: tuple[str, ...] = ()
    for passage in passages:
        lines.append(Text())
        if passage.headings != under:
            under = passage.headings
            lines += [Text(line, style="underline") for line in wrap(" > ".join(under), face.width)]
        lines += [Text(line) for line in wrap(passage.text, face.width)]
    return lines

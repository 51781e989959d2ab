"""A process that keeps one result after the other and says so on stdout, until it is killed."""

import sys
from pathlib import Path

from gnomon.domain.catalog import TableRef
from gnomon.domain.events import AuditEvent
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.store.audit import AuditLog
from gnomon.store.scratch import Origin, Place, ScratchStore

ORIGIN = Origin((TableRef("orders"),), "f1", ("p1",), ("policy:restricted",))


def table(text: str, rows: int = 2_000) -> ResultTable:
    """Rows that say which table they are of."""
    columns = (ResultColumn("word", "text"), ResultColumn("n", "integer"))
    return ResultTable(columns, tuple((text, i) for i in range(rows)))


def place(conversation: str, subject: str = "ana") -> Place:
    return Place("local", subject, conversation, "w1")


def main(folder: Path, name: str, count: int) -> None:
    """Keep `count` tables, each in a conversation of its own, each recorded first."""
    store, audit = ScratchStore(folder / "scratch"), AuditLog(folder / "audit")
    now = store.now
    for number in range(count):
        conversation = f"{name}-{number}"

        def before(detail: dict[str, str]) -> None:
            audit.append(AuditEvent(now(), "ana", "local", "write", tuple(detail.items())))

        store.keep(place(conversation), "kept", ORIGIN, table(conversation), before)
        sys.stdout.write(f"{conversation}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

"""A process that indexes and is killed amid it: after so many batches, or never for 0."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from context.knowledge.shelf import Shelf, WordEmbedder
from gnomon.context.knowledge import indexing
from gnomon.context.knowledge.retriever import KnowledgeBase


class DyingEmbedder(WordEmbedder):
    """Ends the process when it is asked for the n-th time."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    def embed(self, texts: Any) -> Any:
        self.calls -= 1
        if self.calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts)


def main(folder: Path, calls: int) -> None:
    shelf = Shelf()
    for n in range(40):
        shelf.put(f"d{n:02}", "\n\n".join(f"part {part} of {n} " + "filler " * 150 for part in range(3)))
    indexing.BATCH_PIECES = 10
    report = KnowledgeBase.open(folder, DyingEmbedder(calls)).index([shelf])
    sys.stdout.write(f"{report.documents} {report.chunks}\n")


main(Path(sys.argv[1]), int(sys.argv[2]))

"""The contexts of a question set, asked through the whole product: what `grounded` is shown.

Each question is put to the agent as anybody would ask it, on an index of the database as the product builds
it. A model that only remembers stands in for `grounded`, so that contexts do not depend on the code that
learns from them.
"""

import random
import tempfile
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from grounded_steps import BENCH, PACKAGE
from real_data import MAX_ROWS, in_words

from gnomon.domain.answer import Question
from gnomon.domain.context import Context
from gnomon.domain.events import AnswerReady
from gnomon.flywheel.questions import EvalQuestion
from gnomon.models.port import CANNOT_ANSWER, ModelRequest, ModelResponse
from gnomon.wiring.gnomon import Gnomon

PARTS = (
    "agent",
    "context",
    "domain",
    "identity",
    "policy",
    "search",
    "settings",
    "store",
    "warehouses",
    "wiring",
)
CODE = (
    *(PACKAGE / part for part in PARTS),
    PACKAGE / "models" / "port.py",
    PACKAGE / "models" / "minilm",
    BENCH / "grounded_contexts.py",
)
SEED = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A database and the questions asked of it.

    Args:
        url: Where it is opened in this run.
    """

    set_name: str
    database: str
    url: str
    questions: tuple[EvalQuestion, ...]

    @property
    def name(self) -> str:
        """Set and database."""
        return f"{self.set_name}/{self.database}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A question and the context of its first request; None where no model was asked."""

    question: EvalQuestion
    context: Context | None


@dataclass(frozen=True, slots=True)
class Contexts:
    """What came of a database; `problem` is set if it could not be opened or indexed."""

    database: str
    seen: tuple[Seen, ...]
    problem: str = ""


def some_of(questions: Sequence[EvalQuestion], database: str, at_most: int) -> tuple[EvalQuestion, ...]:
    """Random questions of one database in the set's order; 0 takes all."""
    if not 0 < at_most < len(questions):
        return tuple(questions)
    drawn = random.Random(f"{SEED} {database}").sample(range(len(questions)), at_most)
    return tuple(questions[i] for i in sorted(drawn))


def read_contexts(place: Place) -> Contexts:
    """Index the database in a folder of its own and ask everything of it."""
    from gnomon.settings import Settings
    from gnomon.wiring import open_gnomon

    with tempfile.TemporaryDirectory(prefix="gnomon-train-") as state:
        overrides = {"warehouse.url": place.url, "state.dir": state, "limits.max_rows": MAX_ROWS}
        try:
            with closing(open_gnomon(Settings.load(Path(state), overrides))) as gnomon:
                gnomon.ensure_index()
                return Contexts(place.database, tuple(Seen(q, _context(gnomon, q)) for q in place.questions))
        except Exception as error:
            # A set may hold a database that cannot be read; it must not take the others with it.
            return Contexts(place.database, tuple(Seen(q, None) for q in place.questions), in_words(error))


def _context(gnomon: Gnomon, asked: EvalQuestion) -> Context | None:
    """The context of the first request.

    Raises:
        KeyboardInterrupt: A person stopped it: the agent makes an answer of that, and the run has to end.
    """
    memory = _Remembering()
    question = Question(
        uuid.uuid4().hex, asked.text, gnomon.principal, gnomon.settings.now(), uuid.uuid4().hex
    )
    for event in replace(gnomon.agent, model=memory).ask(question):
        if isinstance(event, AnswerReady) and event.answer.status == "interrupted":
            raise KeyboardInterrupt
    return memory.first


@dataclass(slots=True)
class _Remembering:
    """A model that keeps the context of its first request and answers nothing."""

    first: Context | None = None

    @property
    def model_id(self) -> str:
        return "remembering"

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        self.first = self.first or request.context
        return ModelResponse(f"{CANNOT_ANSWER} it only remembers.", confidence=0.0)

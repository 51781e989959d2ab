"""A question set asked through the whole of Gnomon."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.domain.answer import Answer
from gnomon.domain.result import ResultTable
from gnomon.flywheel.evaluate import run_eval
from gnomon.flywheel.questions import EvalQuestion, load_questions
from gnomon.flywheel.report import EvalReport
from gnomon.surfaces.cli.asking import Talk, new_conversation, put_question
from gnomon.surfaces.cli.errors import Usage
from gnomon.surfaces.cli.question import check_question
from gnomon.surfaces.cli.session import opened, read_settings
from gnomon.surfaces.cli.terminal import Terminal, is_person

if TYPE_CHECKING:
    from gnomon.wiring import Gnomon

DEMO = "demo"
_DEMO_QUESTIONS = Path("demo/eval/questions.toml")
_DEMO_WAREHOUSES = Path("demo/warehouse")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Questions, and the warehouse they are asked of; None for the configured one."""

    questions: tuple[EvalQuestion, ...]
    warehouse: str | None


def load_set(name: str, warehouse: str | None) -> Chosen:
    """The questions of a file, or of the demo company.

    Raises:
        Usage: The demo company is not in this folder, or its warehouse is not built.
        Misconfigured: The file is absent or not a question set.
    """
    if name != DEMO:
        return Chosen(load_questions(Path(name)), warehouse)
    files = sorted(_DEMO_WAREHOUSES.glob("*.duckdb"))
    if _DEMO_QUESTIONS.is_file() and not (warehouse or files):
        raise Usage(
            "the demo company has no warehouse yet",
            facts=(("looked for", str((_DEMO_WAREHOUSES / "*.duckdb").absolute())),),
            hint="run `make demo`, which builds it in a few seconds, or name one with --warehouse",
        )
    if not _DEMO_QUESTIONS.is_file():
        raise Usage(
            "the demo company is not here",
            facts=(("looked for", str(_DEMO_QUESTIONS.absolute())),),
            hint="run it in a checkout of the project, or give the path of a question set",
        )
    return Chosen(load_questions(_DEMO_QUESTIONS), warehouse or str(files[0]))


def run(chosen: Chosen, terminal: Terminal, *, model: str | None, limit: int | None) -> EvalReport:
    """Ask and judge, with a progress bar where a person looks."""
    settings = read_settings(warehouse=chosen.warehouse, model=model)
    questions = chosen.questions[:limit]
    with opened(settings, terminal) as gnomon:
        ask, gold = _asker(gnomon, terminal), _gold_runner(gnomon)
        if not is_person(terminal.err.file):
            return run_eval(questions, ask, gold)
        from rich.progress import Progress

        with Progress(console=terminal.err, transient=True) as bar:
            task = bar.add_task("questions", total=len(questions))
            return run_eval(questions, ask, gold, lambda done, total: bar.update(task, completed=done))


def _asker(gnomon: "Gnomon", terminal: Terminal) -> Callable[[str], Answer]:
    talk = Talk(terminal, quiet=True)

    def ask(text: str) -> Answer:
        return put_question(
            gnomon, check_question(text), new_conversation(gnomon), talk, interactive=False, keep=False
        )

    return ask


def _gold_runner(gnomon: "Gnomon") -> Callable[[str], ResultTable]:
    return gnomon.run_as_person

"""Ask the questions of several databases in worker processes and keep each outcome as it comes."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass

from grounded_kept import Kept
from real_data import Done, Job, work

from gnomon.flywheel.outcome import Outcome

TICK_S = 30.0
Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Asking:
    """A job of a set, without the questions whose outcomes are kept already."""

    set_name: str
    job: Job
    kept: Kept

    @property
    def name(self) -> str:
        """Set and database."""
        return f"{self.set_name}/{self.job.database}"


def ask_all(askings: Sequence[Asking], workers: int, tell: Tell) -> list[tuple[Asking, Done]]:
    """Ask, the largest job first so that the last worker does not wait long; a job as it ends.

    Args:
        workers: Processes; 1 asks in this one.
        tell: Given a line of progress after each database, and every half minute in between.
    """
    ordered = sorted(askings, key=lambda a: -len(a.job.questions))
    for asking in ordered:
        asking.kept.mend()
    progress = Progress(ordered, tell)
    results = _in_turn(ordered) if workers <= 1 else _in_pool(ordered, workers, progress)
    done = []
    for asking, result in results:
        done.append((asking, result))
        trouble = f": not usable, {result.problem}" if result.problem else ""
        progress.tell_now(f"{asking.name}{trouble}")
    return done


def ask_one_database(asking: Asking) -> Done:
    """Ask a job's questions; each outcome is kept before the next question is asked."""
    return work(asking.job, lambda outcome: keep_finished(asking, outcome))


def keep_finished(asking: Asking, outcome: Outcome) -> None:
    """Keep an outcome, unless a person stopped the question before its time was over.

    Raises:
        KeyboardInterrupt: A person did: the agent makes an answer of it, and the run has to end.
    """
    if outcome.status == "interrupted" and outcome.elapsed_s < asking.job.timeout_s:
        raise KeyboardInterrupt
    asking.kept.add(outcome)


def _in_turn(askings: Sequence[Asking]) -> Iterator[tuple[Asking, Done]]:
    for asking in askings:
        yield asking, ask_one_database(asking)


def _in_pool(askings: Sequence[Asking], workers: int, progress: "Progress") -> Iterator[tuple[Asking, Done]]:
    if not askings:
        return
    # Spawned, not forked: engines and the embedder hold threads and locks that a fork would copy half-way.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(askings)), mp_context=context) as pool:
        running: dict[Future[Done], Asking] = {pool.submit(ask_one_database, a): a for a in askings}
        try:
            while running:
                ended, _ = wait(running, timeout=TICK_S, return_when=FIRST_COMPLETED)
                if not ended:
                    progress.tell_now("working")
                for future in ended:
                    yield running.pop(future), future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class Progress:
    """Says how many questions are asked and how long the rest may take."""

    def __init__(self, askings: Sequence[Asking], tell: Tell) -> None:
        self._askings, self._tell = askings, tell
        self._total = sum(len(a.job.questions) for a in askings)
        self._before = {a.name: a.kept.count() for a in askings}
        self._began_s = time.monotonic()

    def tell_now(self, what: str) -> None:
        """A line: questions asked in this run, time gone, time to go."""
        asked = sum(a.kept.count() - self._before[a.name] for a in self._askings)
        gone_s = time.monotonic() - self._began_s
        rest = f", about {gone_s / asked * (self._total - asked) / 60:.0f} min to go" if asked else ""
        self._tell(f"[{asked:,} of {self._total:,}; {gone_s / 60:.1f} min{rest}] {what}")


def to_stderr(line: str) -> None:
    """Progress is talk, not data."""
    print(line, file=sys.stderr, flush=True)

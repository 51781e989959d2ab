"""Ask a random sample of a public question set through the whole of Gnomon and compare with the gold SQL.

    python bench/real_data.py --data DIR --set spider --databases 20 --questions 200 --seed 1

DIR is the set's folder, or one that holds it. The sample is stated before it runs: databases are drawn first,
then questions among theirs. Every outcome goes to a file as a JSON line, so that misses can be read.
"""

import argparse
import json
import multiprocessing
import random
import sqlite3
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gnomon.domain.answer import Answer, Question
from gnomon.domain.errors import Failed, GnomonError, Misconfigured
from gnomon.domain.events import AnswerReady
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.flywheel.evaluate import evaluate_one
from gnomon.flywheel.outcome import Outcome
from gnomon.flywheel.questions import EvalQuestion
from gnomon.flywheel.report import EvalReport, outcome_to_json, tally_lines
from gnomon.flywheel.sets import READERS, QuestionSet, read_set

FOLDERS = {"nsql": "duckdb-nsql"}
MAX_ROWS = 200_000
TESTS = Path(__file__).resolve().parent.parent / "tests"


@dataclass(frozen=True, slots=True)
class Job:
    """One database and the questions asked of it.

    Args:
        settings: What differs from the defaults of Gnomon, by the settings' names.
    """

    database: str
    url: str
    questions: tuple[EvalQuestion, ...]
    model: str
    timeout_s: float
    evidence: bool
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job; `problem` is set if the database could not be opened or indexed."""

    database: str
    outcomes: tuple[Outcome, ...]
    index_s: float
    problem: str = ""


def main() -> int:
    """Draw, ask, compare, print."""
    options = read_options()
    folder = folder_of(options.set, options.data)
    found = read_set(options.set, folder if folder.is_dir() else options.data)
    pool = [q for q in found.questions if options.db in (None, q.database)]
    if not pool:
        sys.exit(f"error: the set has no question of the database {options.db}")
    sample = draw(pool, options.databases, options.questions, options.seed)
    print(
        f"{options.set}: {len(sample)} questions of {len({q.database for q in sample})} databases, seed "
        f"{options.seed}, out of {len(found.questions)} questions of "
        f"{len({q.database for q in found.questions})} databases; model {options.model}",
        flush=True,
    )
    started = time.perf_counter()
    with open_server(found.databases, options.postgres) as server:
        jobs = plan(found, sample, options, server)
        done = list(run(jobs, options.workers, options.out))
    summarise(done, time.perf_counter() - started, options.out)
    return 0


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the set's folder, or one that holds it")
    parser.add_argument("--set", choices=sorted(READERS), required=True, help="its format")
    parser.add_argument("--databases", type=int, default=10, help="databases to draw; 0 for all")
    parser.add_argument("--questions", type=int, default=100, help="questions to draw; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--db", help="only this database")
    parser.add_argument("--model", default="grounded")
    parser.add_argument("--workers", type=int, default=2, help="processes; 1 runs in this one")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds a question may take")
    parser.add_argument("--evidence", action="store_true", help="put the set's evidence behind the question")
    parser.add_argument("--postgres", default="", help="URL of a server for .sql scripts; started if absent")
    parser.add_argument("--out", type=Path, default=Path("real_data.jsonl"), help="where outcomes go")
    return parser.parse_args()


def folder_of(name: str, data: Path) -> Path:
    """Where a set lies in the folder of all sets."""
    return data / FOLDERS.get(name, name)


def draw(pool: Sequence[EvalQuestion], databases: int, questions: int, seed: int) -> tuple[EvalQuestion, ...]:
    """A random sample: databases first, then questions among theirs, in the set's order; 0 takes all."""
    rng = random.Random(seed)
    names = sorted({q.database for q in pool})
    if 0 < databases < len(names):
        names = rng.sample(names, databases)
    among = [q for q in pool if q.database in names]
    if 0 < questions < len(among):
        among = [among[i] for i in sorted(rng.sample(range(len(among)), questions))]
    return tuple(among)


def plan(
    found: QuestionSet, sample: Sequence[EvalQuestion], options: argparse.Namespace, server: str
) -> list[Job]:
    """One job a database, the largest first so that the last worker does not wait long."""
    groups: dict[str, list[EvalQuestion]] = defaultdict(list)
    for question in sample:
        groups[question.database].append(question)
    return [
        Job(
            database=name,
            url=url_of(name, path, server),
            questions=tuple(groups[name]),
            model=options.model,
            timeout_s=options.timeout,
            evidence=options.evidence,
        )
        for name in sorted(groups, key=lambda n: -len(groups[n]))
        for path in [found.databases[name]]
    ]


def run(jobs: Sequence[Job], workers: int, out: Path) -> Iterator[Done]:
    """Run the jobs, print a line and write the outcomes of each as it ends."""
    with out.open("w", encoding="utf-8") as file:
        for done in finished(jobs, workers):
            for outcome in done.outcomes:
                file.write(json.dumps(outcome_to_json(outcome), ensure_ascii=False) + "\n")
            file.flush()
            print(database_line(done), flush=True)
            yield done


def finished(jobs: Sequence[Job], workers: int) -> Iterator[Done]:
    """Jobs as they end."""
    if workers <= 1:
        yield from map(work, jobs)
        return
    # Spawned, not forked: engines and the embedder hold threads and locks that a fork would copy half-way.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
        for future in as_completed([pool.submit(work, job) for job in jobs]):
            yield future.result()


def nowhere(outcome: Outcome) -> None:
    """Keep no outcome before the end of its job."""


def work(job: Job, keep: Callable[[Outcome], None] = nowhere) -> Done:
    """Run the golds, then open the database through the wiring, index it and ask.

    Args:
        keep: Called with each outcome as it comes.
    """
    from gnomon.settings import Settings
    from gnomon.wiring import open_gnomon

    golds = {sql: run_native(job.url, sql) for q in job.questions for sql in q.gold}
    with tempfile.TemporaryDirectory(prefix="gnomon-bench-") as state:
        overrides = {
            "warehouse.url": job.url,
            "model.name": job.model,
            "state.dir": state,
            "limits.max_rows": MAX_ROWS,
            "limits.max_total_s": job.timeout_s,
            **job.settings,
        }
        started = time.perf_counter()
        try:
            with closing(open_gnomon(Settings.load(Path(state), overrides))) as gnomon:
                gnomon.ensure_index()
                index_s = time.perf_counter() - started
                outcomes = tuple(ask_each(gnomon, golds, job, keep))
        except Exception as error:
            failed = tuple(Outcome(q, "error", why=in_words(error)) for q in job.questions)
            return Done(job.database, failed, 0.0, in_words(error))
    return Done(job.database, outcomes, index_s)


def ask_each(
    gnomon: Any, golds: dict[str, ResultTable | Failed], job: Job, keep: Callable[[Outcome], None]
) -> Iterator[Outcome]:
    """Ask the questions of a job in turn."""
    for question in job.questions:
        outcome = ask_one(gnomon, question, golds, job)
        keep(outcome)
        yield outcome


def ask_one(gnomon: Any, question: EvalQuestion, golds: dict[str, ResultTable | Failed], job: Job) -> Outcome:
    """Ask one question with nobody there to answer back, under the time limit."""

    def ask(text: str) -> Answer:
        if job.evidence and question.evidence:
            text = f"{text} ({question.evidence})"
        return put(gnomon, text, job.timeout_s)

    def run_gold(sql: str) -> ResultTable:
        gold = golds[sql]
        if isinstance(gold, Failed):
            raise gold
        return gold

    return evaluate_one(question, ask, run_gold)


def put(gnomon: Any, text: str, timeout_s: float) -> Answer:
    """The answer to one question; cancelled when the time is over."""
    from gnomon.warehouses.port import Cancellation

    cancellation = Cancellation()
    question = Question(uuid.uuid4().hex, text, gnomon.principal, gnomon.settings.now(), uuid.uuid4().hex)
    timer = threading.Timer(timeout_s, cancellation.cancel)
    timer.daemon = True
    timer.start()
    try:
        for event in gnomon.agent.ask(question, None, cancellation=cancellation):
            if isinstance(event, AnswerReady):
                return event.answer
    except GnomonError:
        raise
    except Exception as error:
        # One question that crashes us is counted as an error; it must not take the other figures with it.
        raise Failed(in_words(error)) from error
    finally:
        timer.cancel()
    raise Failed("the agent ended without an answer")


def in_words(error: Exception) -> str:
    """What happened; a crash is named as one."""
    return error.message if isinstance(error, GnomonError) else f"crash: {type(error).__name__}: {error}"


def run_native(url: str, sql: str, budget_s: float = 30.0) -> ResultTable | Failed:
    """The gold's rows by the engine's own client: what the set's authors ran, without our policy."""
    try:
        names, rows = _native(url, sql, budget_s)
    except Exception as error:
        return Failed(f"{type(error).__name__}: {error}")
    columns = tuple(ResultColumn(name, "other") for name in names)
    return ResultTable(columns, tuple(tuple(r) for r in rows[:MAX_ROWS]), truncated=len(rows) > MAX_ROWS)


def _native(url: str, sql: str, budget_s: float) -> tuple[list[str], list[Any]]:
    if url.startswith("postgresql:"):
        import psycopg

        with psycopg.connect(url, options=f"-c statement_timeout={int(budget_s * 1000)}") as connection:
            found = connection.execute(sql.encode())
            return [d.name for d in found.description or ()], found.fetchall()
    if url.endswith(".duckdb"):
        import duckdb

        with duckdb.connect(url, read_only=True) as connection:
            ran = connection.execute(sql)
            return [d[0] for d in ran.description], ran.fetchmany(MAX_ROWS + 1)
    deadline = time.monotonic() + budget_s
    with closing(sqlite3.connect(f"{Path(url).as_uri()}?mode=ro", uri=True)) as lite:
        lite.text_factory = lambda raw: raw.decode("utf-8", "replace")
        lite.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
        cursor = lite.execute(sql)
        return [d[0] for d in cursor.description], cursor.fetchmany(MAX_ROWS + 1)


@contextmanager
def open_server(databases: Mapping[str, Path], url: str) -> Iterator[str]:
    """A PostgreSQL server where databases are scripts: the given one, else one started for this run.

    Raises:
        Misconfigured: If one is needed and none can be started here.
    """
    if url or not any(path.suffix == ".sql" for path in databases.values()):
        with nullcontext(url) as given:
            yield given
        return
    sys.path.insert(0, str(TESTS))
    from postgres_server import Unavailable, running_server  # type: ignore[import-not-found]

    with ExitStack() as stack:
        try:
            started = stack.enter_context(running_server())
        except Unavailable as error:
            raise Misconfigured(
                f"no PostgreSQL server can be started here: {error}", hint="give one with --postgres URL"
            ) from error
        yield started


def url_of(name: str, path: Path, server: str) -> str:
    """Where a database is opened: its file, or the server into which its script is loaded."""
    return load_script(server, name, path) if path.suffix == ".sql" else str(path.absolute())


def load_script(server: str, name: str, script: Path) -> str:
    """Load an SQL script into a fresh database of the server; return the database's URL."""
    import psycopg
    from psycopg import conninfo, sql

    database = f"gnomon_bench_{name}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    parts = conninfo.conninfo_to_dict(server)
    with psycopg.connect(conninfo.make_conninfo(server, dbname=database), autocommit=True) as connection:
        connection.execute(script.read_bytes())
    login = f"{parts.get('user', '')}:{parts.get('password', '')}".rstrip(":")
    return f"postgresql://{login}@{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{database}"


def database_line(done: Done) -> str:
    """One database's figures in a line."""
    if done.problem:
        return f"{done.database:<34} not usable: {done.problem}"
    figures = EvalReport(done.outcomes).overall
    counts = dict(figures.verdicts)
    cells = " ".join(
        f"{v} {counts.get(v, 0):>3}" for v in ("right", "wrong", "abstained", "clarified", "error")
    )
    return f"{done.database:<34} index {done.index_s:5.1f} s  {cells}  median {figures.median_s:.2f} s"


def summarise(done: Sequence[Done], elapsed_s: float, out: Path) -> None:
    """The overall figures."""
    report = EvalReport(tuple(o for d in done for o in d.outcomes))
    counts = ", ".join(f"{verdict} {n}" for verdict, n in report.overall.verdicts)
    print("", *tally_lines(report.overall), f"verdicts   {counts}", sep="\n")
    print(f"whole run  {elapsed_s:.0f} s; every outcome: {out}")


if __name__ == "__main__":
    sys.exit(main())

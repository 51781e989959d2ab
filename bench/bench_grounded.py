"""Ask the development question sets through the whole of Gnomon: how good `grounded` is, and how sure.

    GNOMON_DATA=DIR make bench-grounded
    python bench/bench_grounded.py --data DIR --set spider --part tuning --questions 200 --seed 1
    python bench/bench_grounded.py --data DIR --set spider --fold 1

DIR holds the sets' folders; a set that is not there is left out and the report says so. A database belongs
to the tuning or the reporting part by its name (`grounded_split.py`). Every outcome is kept as it comes: a
run that was stopped goes on with the same command. Progress goes to stderr, the report to stdout.
"""

import argparse
import json
import os
import platform
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grounded_asking import Asking, ask_all, to_stderr
from grounded_curve import draw as draw_curves
from grounded_folds import FOLDS, fold_of
from grounded_kept import Kept, code_fingerprint, default_folder, kept_in, model_fingerprint
from grounded_report import GOAL, Measured, to_markdown
from grounded_split import part_of
from page import BEGIN, END
from real_data import Job, draw, folder_of, open_server, url_of

from gnomon.domain.errors import Misconfigured
from gnomon.flywheel.calibration import risk_coverage
from gnomon.flywheel.outcome import Outcome
from gnomon.flywheel.questions import EvalQuestion
from gnomon.flywheel.sets import QuestionSet, read_set
from gnomon.models.grounded.calibrated import CALIBRATION

SETS = ("spider", "bird", "classics", "defog", "nsql")
PICTURE = "grounded-risk-coverage.svg"
STOPPED, NO_DATA = 130, 3


@dataclass(frozen=True, slots=True)
class Chosen:
    """A set and the questions of it that are asked."""

    found: QuestionSet
    questions: tuple[EvalQuestion, ...]

    def by_database(self) -> dict[str, list[EvalQuestion]]:
        """The questions of each database."""
        groups: dict[str, list[EvalQuestion]] = defaultdict(list)
        for question in self.questions:
            groups[question.database].append(question)
        return groups

    def __str__(self) -> str:
        chosen = f"{len(self.questions):,} of {len(self.found.questions):,} questions"
        databases = (
            f"{len(self.by_database())} of {len({q.database for q in self.found.questions})} databases"
        )
        return f"{self.found.name} {chosen} on {databases}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one database's outcomes are kept, and its questions."""

    set_name: str
    database: str
    path: Path
    kept: Kept
    questions: tuple[EvalQuestion, ...]

    @property
    def is_script(self) -> bool:
        """Whether a server has to run it first."""
        return self.path.suffix == ".sql"

    def unasked(self) -> "Place":
        """The same with only those questions that have no kept outcome."""
        found = self.kept.read(self.questions)
        return replace(self, questions=tuple(q for q in self.questions if q.id not in found))


@dataclass(frozen=True, slots=True)
class Asked:
    """What this run asked.

    Args:
        outcomes: By set and question, also of databases that were not usable, which are not kept.
        left_out: What could not be asked: no names of databases or files, for it goes to the page.
    """

    outcomes: Mapping[tuple[str, str], Outcome]
    left_out: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Choose, ask what is not kept yet, report."""
    try:
        return measure(read_options(arguments))
    except KeyboardInterrupt:
        to_stderr("stopped; what was answered is kept, and the same command goes on from there")
        return STOPPED


def measure(options: argparse.Namespace) -> int:
    """What `main` does, unless a person stops it."""
    to_stderr("reading the sets")
    chosen, missing = choose(options)
    if not chosen:
        facts = "\n".join(f"  {name}: {why}" for name, why in missing.items())
        to_stderr(f"error: no question to ask\n{facts}\n\nhint: set GNOMON_DATA or give --data FOLDER")
        return NO_DATA
    model = model_fingerprint(options.model)
    places = places_of(chosen, options.cache, model)
    asked = ask_pending(places, options)
    by_set, codes = collect(places, asked)
    said = condition(chosen, options, model)
    said += remarks([*missing, *asked.left_out], codes, changed=model != model_fingerprint(options.model))
    write(Measured(by_set, CALIBRATION.answered_from), " ".join(said), model, options)
    return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = Path(os.environ.get("GNOMON_DATA") or ".")
    parser.add_argument("--data", type=Path, default=data, help="folder of the sets; GNOMON_DATA by default")
    parser.add_argument("--set", choices=SETS, action="append", help="only this set; may be repeated")
    parser.add_argument("--part", choices=("tuning", "reporting", "all"), default="all")
    parser.add_argument(
        "--fold", type=int, choices=range(FOLDS), help="only databases that `without-FOLD.npz` has not seen"
    )
    parser.add_argument("--databases", type=int, default=0, help="databases to draw of each set; 0 for all")
    parser.add_argument("--questions", type=int, default=0, help="questions to draw of each set; 0 for all")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--workers", type=int, default=2, help="processes; 1 asks in this one")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds a question may take")
    parser.add_argument("--model", default="grounded")
    parser.add_argument("--postgres", default="", help="URL of a server for .sql scripts; started if absent")
    parser.add_argument("--cache", type=Path, default=default_folder(), help="where outcomes are kept")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="put the report into this page, at its marks"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to this file")
    return parser.parse_args(arguments)


def choose(options: argparse.Namespace) -> tuple[list[Chosen], dict[str, str]]:
    """What to ask of each set, and which sets are left out, with the reason."""
    chosen, missing = [], {}
    for name in options.set or SETS:
        try:
            found = read_set(name, folder_of(name, options.data))
        except Misconfigured as error:
            missing[name] = error.message
            continue
        pool = [q for q in found.questions if is_asked(q.database, options)]
        chosen.append(Chosen(found, draw(pool, options.databases, options.questions, options.seed)))
    return [c for c in chosen if c.questions], missing


def is_asked(database: str, options: argparse.Namespace) -> bool:
    """Whether the part and the fold that were asked for hold the database."""
    in_part = options.part in ("all", part_of(database))
    return in_part and options.fold in (None, fold_of(database))


def places_of(chosen: Sequence[Chosen], cache: Path, model: str) -> list[Place]:
    """Every database that is asked of."""
    code = code_fingerprint()
    return [
        Place(
            set_name=choice.found.name,
            database=database,
            path=choice.found.databases[database],
            kept=kept_in(cache, choice.found.name, database, model, code),
            questions=tuple(questions),
        )
        for choice in chosen
        for database, questions in choice.by_database().items()
    ]


def ask_pending(places: Sequence[Place], options: argparse.Namespace) -> Asked:
    """Ask what has no kept outcome."""
    rest = [p for place in places if (p := place.unasked()).questions]
    with ExitStack() as servers:
        left_out: list[str] = []
        try:
            scripts = {p.database: p.path for p in rest}
            server = servers.enter_context(open_server(scripts, options.postgres))
        except Misconfigured as error:
            server = ""
            to_stderr(error.message)
            left_out += sorted({f"{p.set_name} (no server)" for p in rest if p.is_script})
            rest = [p for p in rest if not p.is_script]
        to_stderr(
            f"{sum(len(p.questions) for p in places):,} questions on {len(places)} databases; "
            f"{sum(len(p.questions) for p in rest):,} to ask; outcomes are kept in {options.cache}"
        )
        done = ask_all([asking(p, options, server) for p in rest], options.workers, to_stderr)
    unusable = Counter(a.set_name for a, d in done if d.problem)
    left_out += [f"{n} databases of {name} that do not open" for name, n in unusable.items()]
    return Asked({(a.set_name, o.question.id): o for a, d in done for o in d.outcomes}, tuple(left_out))


def asking(place: Place, options: argparse.Namespace, server: str) -> Asking:
    """The questions of a place as a job in which no answer is withheld."""
    job = Job(
        database=place.database,
        url=url_of(place.database, place.path, server),
        questions=place.questions,
        model=options.model,
        timeout_s=options.timeout,
        evidence=False,
        settings={"answers.min_confidence": 0.0},
    )
    return Asking(place.set_name, job, place.kept)


def collect(places: Sequence[Place], asked: Asked) -> tuple[dict[str, list[Outcome]], set[str]]:
    """Every outcome by set in the set's order, and the states of the code that they were asked with."""
    by_set: dict[str, list[Outcome]] = defaultdict(list)
    codes = set()
    for place in places:
        found = place.kept.read(place.questions)
        codes |= {code for _, code in found.values()}
        for question in place.questions:
            if question.id in found:
                by_set[place.set_name].append(found[question.id][0])
            elif (place.set_name, question.id) in asked.outcomes:
                by_set[place.set_name].append(asked.outcomes[place.set_name, question.id])
    return dict(by_set), codes


def condition(chosen: Sequence[Chosen], options: argparse.Namespace, model: str) -> list[str]:
    """What was asked of what, in sentences."""
    asked, parts = "; ".join(map(str, chosen)), f"{options.part} part{'s' * (options.part == 'all')}"
    parts += f", fold {options.fold}" if options.fold is not None else ""
    return [
        f"{datetime.now(UTC).date().isoformat()}, {platform.system()} {platform.machine()}, {os.cpu_count()} "
        f"cores, {options.workers} workers, Python {platform.python_version()}; model `{options.model}`, "
        f"fingerprint `{model}`.",
        f"Asked: {asked}; {parts}, seed {options.seed}.",
        f"Threshold: {CALIBRATION.answered_from:g}.",
    ]


def remarks(left_out: Sequence[str], codes: set[str], *, changed: bool) -> list[str]:
    """What a reader of the figures has to know besides, in sentences.

    Args:
        codes: The states of the code around the model that outcomes come from.
        changed: Whether the model is another one now than when the run began.
    """
    said = [f"Left out: {', '.join(left_out)}."] if left_out else []
    if len(codes) > 1:
        said.append(f"The outcomes come from {len(codes)} states of the code around the model.")
    if changed:
        said.append("The model's files changed during the run, so that these figures are of no one model.")
    return said


def write(measured: Measured, about: str, model: str, options: argparse.Namespace) -> None:
    """Print the report, and write what the options name."""
    print(f"{about}\n\n{to_markdown(measured)}")
    if options.json:
        figures: dict[str, Any] = {"about": about, "model": model}
        options.json.write_text(json.dumps(figures | measured.to_json(), indent=1) + "\n", encoding="utf-8")
    if options.page:
        curves = {name: risk_coverage(outcomes) for name, outcomes in measured.told().items()}
        (options.page.parent / PICTURE).write_text(draw_curves(curves, GOAL), encoding="utf-8")
        put_between_marks(options.page, f"{about}\n\n{to_markdown(measured, PICTURE)}")


def put_between_marks(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page; the rest stays.

    Raises:
        ValueError: The page has no such marks.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no `{BEGIN}` and `{END}`")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

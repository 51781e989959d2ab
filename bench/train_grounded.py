"""Learn the weights of `grounded`'s composer from the development question sets.

    GNOMON_DATA=DIR make train-grounded
    python bench/train_grounded.py --data DIR --set spider --workers 2
    python bench/train_grounded.py --data DIR --databases 3 --questions-per-database 5 --out /tmp/weights.npz

DIR holds the sets' folders. The steps are contexts, examples, roles, candidates, rankers and calibrations;
what a step made is kept below --work, so that the same command goes on where it was stopped, and makes anew
only what depends on code that changed (`grounded_steps.py`). Contexts depend on most of the product; those
in the folder of --contexts are taken whatever code made them. Progress goes to stderr, the report to stdout.

The weights that are written learned from all databases. The report's figures do not come from them: they are
cross-fitted, each database judged with weights that have not learned from it. Those weights are written too,
as --work/without-K.npz for each fold K, to ask the product about databases that are new to it; fold 0 is the
reporting part of `make bench-grounded`.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grounded_candidates as candidates_code
import grounded_contexts as contexts_code
import grounded_examples as examples_code
import grounded_ranker as ranker_code
import grounded_roles as roles_code
from grounded_candidates import Candidates, Judged, Proposing, candidates_of
from grounded_contexts import Place, read_contexts, some_of
from grounded_examples import GROUNDED, Lessons, coverage_of, read_lessons
from grounded_folds import FOLDS, fold_of
from grounded_isotonic import Calibration
from grounded_learned import Figures, to_text
from grounded_ranker import (
    Pick,
    Rankers,
    calibrations,
    confidences,
    cross_fitted,
    learn_rankers,
    learn_second,
    looked_at,
)
from grounded_roles import Roles, Training, learn
from grounded_steps import Step, Tell, code_digest, fill, step
from grounded_weights import Learned, Ranked, write_weights
from real_data import draw, folder_of, open_server, url_of

from gnomon.domain.errors import Misconfigured
from gnomon.flywheel.sets import READERS, QuestionSet, read_set

OUT = GROUNDED / "composer" / "weights.npz"
STOPPED, NO_DATA = 130, 3
ALL = "of all"
CODE = (
    *contexts_code.CODE, *examples_code.CODE, *roles_code.CODE, *candidates_code.CODE, *ranker_code.CODE,
    *ranker_code.CALIBRATION_CODE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """A set, and what of it is learned from.

    Args:
        state: Tells one state of the questions and databases from another.
    """

    found: QuestionSet
    databases: tuple[str, ...]
    state: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, write, report."""
    options = read_options(arguments)
    try:
        return run(options, partial(print, file=sys.stderr, flush=True))
    except Misconfigured as error:
        print(f"error: {error.message}\n\nhint: set GNOMON_DATA or give --data FOLDER", file=sys.stderr)
        return NO_DATA
    except KeyboardInterrupt:
        print("stopped; what was made is kept, and the same command goes on from there", file=sys.stderr)
        return STOPPED


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = Path(os.environ.get("GNOMON_DATA") or ".")
    parser.add_argument("--data", type=Path, default=data, help="folder of the sets; GNOMON_DATA by default")
    parser.add_argument(
        "--set", choices=sorted(READERS), action="append", help="spider by default; may be repeated"
    )
    parser.add_argument("--work", type=Path, default=default_work(), help="where the steps' outputs are kept")
    parser.add_argument(
        "--contexts", type=Path, metavar="FOLDER", help="contexts to take whatever code they were made with"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="where the weights go")
    parser.add_argument("--workers", type=int, default=2, help="processes; 1 learns in this one")
    parser.add_argument("--databases", type=int, default=0, help="databases to draw of each set; 0 for all")
    parser.add_argument("--questions-per-database", type=int, default=0, help="to draw; 0 for all")
    parser.add_argument("--postgres", default="", help="URL of a server for .sql scripts; started if absent")
    return parser.parse_args(arguments)


def default_work() -> Path:
    """The cache of the person who runs it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "gnomon-train-grounded"


def run(options: argparse.Namespace, tell: Tell) -> int:
    """All steps in turn."""
    before = code_digest(CODE)
    tell("reading the sets")
    chosen = [choose(name, options) for name in options.set or ["spider"]]
    scripts = {d: c.found.databases[d] for c in chosen for d in c.databases}
    with open_server(scripts, options.postgres) as server:
        places = [p for c in chosen for p in places_of(c, options.questions_per_database, server)]
        training = Course(places, options.work, options.workers, tell)
        training.read(contexts_step(chosen, options))
        training.propose()
    learned = training.learn()
    for fold in range(FOLDS):
        write_weights(options.work / f"without-{fold}.npz", learned.weights(fold))
    write_weights(options.out, learned.weights(None))
    print(to_text(learned.figures()))
    tell(f"weights: {options.out}, {options.out.stat().st_size / 1e6:.1f} MB")
    if before != code_digest(CODE):
        tell("the code changed during the run: run it again to have weights of one state of it")
    return 0


def choose(name: str, options: argparse.Namespace) -> Chosen:
    """The databases of a set, with what their outputs depend on.

    Raises:
        Misconfigured: The set is not there.
    """
    folder = folder_of(name, options.data)
    found = read_set(name, folder if folder.is_dir() else options.data)
    drawn = draw(found.questions, options.databases, 0, contexts_code.SEED)
    databases = tuple(sorted({q.database for q in drawn}))
    files = [found.databases[d].stat() for d in databases]
    asked = [(q.database, q.text, q.gold, q.ordered) for q in drawn]
    return Chosen(found, databases, repr((name, asked, [(f.st_size, f.st_mtime_ns) for f in files])))


def places_of(chosen: Chosen, at_most: int, server: str) -> Iterator[Place]:
    """The databases with their questions, those with most questions first."""
    asked = {d: [q for q in chosen.found.questions if q.database == d] for d in chosen.databases}
    for database in sorted(asked, key=lambda d: (-len(asked[d]), d)):
        url = url_of(database, chosen.found.databases[database], server)
        yield Place(chosen.found.name, database, url, some_of(asked[database], database, at_most))


def contexts_step(chosen: Sequence[Chosen], options: argparse.Namespace) -> Step:
    """Where contexts are kept: by questions, databases and code, the last unless a folder is named."""
    given = (options.questions_per_database, *(c.state for c in chosen))
    if options.contexts:
        return step(options.contexts, "contexts", (), str(options.contexts.absolute()), *given)
    return step(options.work, "contexts", contexts_code.CODE, *given)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rankers, the picks that they are judged by, and the curves that come of these."""

    rankers: Rankers
    picks: Sequence[Pick]
    curves: dict[int | None, Calibration]

    def ranked(self, held_out: int | None) -> Ranked:
        """The ranker that learned without a fold; None for the one that learned of all."""
        trees = self.rankers.of_all if held_out is None else self.rankers.without[held_out]
        return Ranked(trees, self.curves[held_out])


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was learned, and the picks that it is judged by."""

    lessons: Sequence[Lessons]
    roles: dict[int | None, Roles]
    candidates: Sequence[Candidates]
    first: Ranking
    second: Ranking

    def weights(self, held_out: int | None) -> Learned:
        """What was learned without a fold; None for what was learned of all."""
        return Learned(
            self.roles[held_out].weights, self.first.ranked(held_out), self.second.ranked(held_out)
        )

    def figures(self) -> Figures:
        """What the report is counted from."""
        return Figures(
            coverage=coverage_of(self.lessons),
            roles=[self.roles[fold] for fold in range(FOLDS)],
            picks=self.first.picks,
            confidences=list(confidences(self.first.picks, self.first.curves)),
            after_running=self.second.picks,
            left_out=sum(c.left_out for c in self.candidates),
            crashes=Counter(crash for c in self.candidates for crash in c.crashes),
        )


class Course:
    """The steps, each filled from the ones before it."""

    def __init__(self, places: Sequence[Place], work: Path, workers: int, tell: Tell) -> None:
        self._places = {p.name: p for p in places}
        self._work, self._workers, self._tell = work, workers, tell

    def read(self, contexts: Step) -> None:
        """Contexts and examples."""
        self._contexts = contexts
        self._fill(self._contexts, read_contexts, self._places)
        self._examples = step(self._work, "examples", examples_code.CODE, self._contexts.key)
        self._fill(self._examples, partial(read_lessons, self._contexts), {n: n for n in self._places})

    def propose(self) -> None:
        """Roles of each fold and of all; the candidates of each database by the roles that never saw it."""
        self._roles = step(self._work, "roles", roles_code.CODE, self._examples.key)
        names = tuple(sorted(self._places))
        trainings = {fold_name(fold): Training(self._examples, names, fold) for fold in (*range(FOLDS), None)}
        self._fill(self._roles, learn, trainings)
        self._candidates = step(self._work, "candidates", candidates_code.CODE, self._roles.key)
        jobs = {
            name: Proposing(place, self._contexts, self._roles, fold_name(fold_of(place.database)))
            for name, place in self._places.items()
        }
        self._fill(self._candidates, candidates_of, jobs)

    def learn(self) -> Outcome:
        """The rankers and the calibration."""
        candidates = [self._candidates.load(name) for name in sorted(self._places)]
        judged = [j for c in candidates for j in c.judged]
        first = self._rank("ranker", learn_rankers, judged)
        second = self._rank("second-ranker", learn_second, looked_at(judged, first.rankers))
        roles = {fold: self._roles.load(fold_name(fold)) for fold in (*range(FOLDS), None)}
        return Outcome(self._lessons(), roles, candidates, first, second)

    def _rank(self, name: str, learn_from: Any, judged: list[Judged]) -> Ranking:
        """Rankers of questions, and how far their picks can be relied on."""
        ranker = step(self._work, name, ranker_code.CODE, self._candidates.key)
        self._fill(ranker, learn_from, {ALL: judged}, workers=1)
        picks = cross_fitted(judged, ranker.load(ALL))
        calibration = step(self._work, f"{name}-calibration", ranker_code.CALIBRATION_CODE, ranker.key)
        self._fill(calibration, calibrations, {ALL: picks}, workers=1)
        return Ranking(ranker.load(ALL), picks, calibration.load(ALL))

    def _lessons(self) -> list[Lessons]:
        """Without their examples, which are large."""
        found = []
        for name in sorted(self._places):
            lessons: Lessons = self._examples.load(name)
            lessons.examples.clear()
            if lessons.problem:
                self._tell(f"{name} could not be asked: {lessons.problem}")
            found.append(lessons)
        return found

    def _fill(self, target: Step, make: Any, jobs: dict[str, Any], workers: int | None = None) -> None:
        fill(target, make, jobs, workers or self._workers, self._tell)


def fold_name(fold: int | None) -> str:
    """The name of the output that has not learned from the fold."""
    return ALL if fold is None else f"without {fold}"


if __name__ == "__main__":
    sys.exit(main())

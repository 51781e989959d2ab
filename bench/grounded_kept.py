"""Outcomes of `make bench-grounded`, kept as they come, so that a run which was stopped goes on.

A file a database, `FOLDER/SET/FINGERPRINT/DATABASE.jsonl`, a line an outcome. The fingerprint is that of the
model, so another model begins anew. The code around the model (retrieval, tools, checks) has one too, which
stands in each line: the report says if its outcomes come from several states of that code. Names are made
safe for a file system. The files hold questions of the sets and belong outside of the repository.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.flywheel.outcome import Outcome
from gnomon.flywheel.questions import EvalQuestion

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "gnomon"
MODEL = ("models/grounded", "models/minilm")
APART = (*MODEL, "surfaces")
"""What the code around the model is not: the model itself, and what only shows answers."""

FIELDS = ("verdict", "answered", "why", "status", "text", "sql", "confidence", "elapsed_s", "model_s")


@dataclass(frozen=True, slots=True)
class Kept:
    """The kept outcomes of one database.

    Args:
        code: Fingerprint of the code around the model, written into each line.
    """

    path: Path
    code: str

    def read(self, questions: Iterable[EvalQuestion]) -> dict[str, tuple[Outcome, str]]:
        """The outcome of each question that has one, by the question's id, with the code it was asked with.

        Lines that do not parse are dropped, and so are those of a question that reads otherwise by now.
        """
        known = {q.id: q for q in questions}
        found = {}
        for line in self._lines():
            question = known.get(str(line.get("id")))
            if question is not None and line.get("asked") == _asked(question):
                found[question.id] = (Outcome(question, **{f: line[f] for f in FIELDS}), str(line["code"]))
        return found

    def count(self) -> int:
        """How many lines there are, whatever they hold: cheap, for progress."""
        return self.path.read_bytes().count(b"\n") if self.path.exists() else 0

    def mend(self) -> None:
        """Cut off a last line that was not written to its end, so that the next one does not join it."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)

    def add(self, outcome: Outcome) -> None:
        """Append one outcome; it is on its way to the disk when this returns."""
        line: dict[str, Any] = {"id": outcome.question.id, "asked": _asked(outcome.question)}
        line |= {"code": self.code, "question": outcome.question.text, "gold": outcome.question.gold[:1]}
        line |= {f: getattr(outcome, f) for f in FIELDS}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _lines(self) -> Iterable[dict[str, Any]]:
        if not self.path.exists():
            return
        for text in self.path.read_bytes().split(b"\n"):
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and all(f in line for f in (*FIELDS, "code")):
                yield line


def kept_in(folder: Path, name: str, database: str, model: str, code: str) -> Kept:
    """Where the outcomes of a set's database are kept.

    Args:
        model: Fingerprint of the model.
        code: Fingerprint of the code around it.
    """
    safe = re.sub(r"[^\w-]", "_", database)
    return Kept(folder / name / model / f"{safe}-{_digest([database.encode()])}.jsonl", code)


def default_folder() -> Path:
    """The cache of the person who runs it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "gnomon-bench-grounded"


def model_fingerprint(name: str) -> str:
    """Of the embedded models' sources and weights, and of which model is asked."""
    return f"{re.sub(r'[^A-Za-z0-9-]', '_', name)}-{fingerprint(PACKAGE / part for part in MODEL)}"


def code_fingerprint() -> str:
    """Of everything else that has a hand in an answer."""
    apart = tuple(PACKAGE / part for part in APART)
    return _of_files(p for p in _files(PACKAGE) if not any(p.is_relative_to(a) for a in apart))


def fingerprint(folders: Iterable[Path]) -> str:
    """Of the names and contents of all files in the folders, compiled modules left out."""
    return _of_files(path for folder in folders for path in _files(folder))


def _files(folder: Path) -> Sequence[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _of_files(paths: Iterable[Path]) -> str:
    return _digest(part for p in paths for part in (p.name.encode(), p.read_bytes()))


def _asked(question: EvalQuestion) -> str:
    """What makes a question the one that was asked: its words and what counts as right."""
    stated = json.dumps([question.text, question.gold, question.ordered, question.expect, question.mentions])
    return _digest([stated.encode()])


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:12]

"""Question sets: a question, the SQL that answers it, and what counts as right."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from gnomon.domain.errors import Misconfigured

Expectation = Literal["answer", "abstain", "clarify", "explain"]
"""`answer`: the gold SQL's result. `abstain`: the data cannot tell. `clarify`: the question is ambiguous;
asking back is right, and so is an answer that states its reading and equals one of the golds. `explain`:
context alone answers, with every one of `mentions` in the text."""


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """A question with what is expected of the answer.

    Args:
        gold: SQL statements whose results are right answers, the preferred one first.
        ordered: Whether the order of the rows is part of the answer.
        mentions: Words the text has to contain, compared without case (`explain` only).
        database: The database it is asked of, for sets that span several.
        source_sql: The gold as its set writes it, where `gold` expands it.
        evidence: What the set tells beside the question, for example the meaning of a code.
    """

    id: str
    text: str
    category: str = "general"
    gold: tuple[str, ...] = ()
    ordered: bool = False
    expect: Expectation = "answer"
    mentions: tuple[str, ...] = ()
    database: str = ""
    source_sql: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        if self.expect == "answer" and not self.gold:
            raise ValueError(f"question {self.id!r} expects an answer and has no gold SQL")
        if self.expect == "explain" and not self.mentions:
            raise ValueError(f"question {self.id!r} expects an explanation and names no words for it")


def load_questions(path: Path) -> tuple[EvalQuestion, ...]:
    """Read a question set.

    TOML holds `[[question]]` tables, JSON Lines one object a line, both with the fields `id`, `question`,
    `category`, `gold` (a string or a list), `ordered`, `expect`, `mentions`; only `question` is needed
    besides `gold`.

    Raises:
        Misconfigured: If the file is absent, does not parse, or a question is incomplete or repeats an id.
    """
    rows = _read_rows(path)
    questions = tuple(_question(row, f"{path}, question {i}", i) for i, row in enumerate(rows, 1))
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise Misconfigured(
                f"question id `{question.id}` stands twice in {path}", hint="give each question its own id"
            )
        seen.add(question.id)
    return questions


def _read_rows(path: Path) -> list[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            f"cannot read the question set {path}: {error.strerror}",
            hint="give the path of a .toml or .jsonl file",
        ) from error
    try:
        if path.suffix == ".toml":
            return list(tomllib.loads(text).get("question", []))
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise Misconfigured(
            f"the question set {path} does not parse: {error}", hint="TOML and JSON Lines are understood"
        ) from error


def _question(row: Mapping[str, Any], where: str, number: int) -> EvalQuestion:
    try:
        expect = row.get("expect", "answer")
        if expect not in get_args(Expectation):
            raise ValueError(f"`expect` is {expect!r}, not one of {', '.join(get_args(Expectation))}")
        return EvalQuestion(
            id=str(row.get("id", f"q{number:03}")),
            text=str(row["question"]),
            category=str(row.get("category", "general")),
            gold=_texts(row.get("gold", ())),
            ordered=bool(row.get("ordered", False)),
            expect=cast(Expectation, expect),
            mentions=_texts(row.get("mentions", ())),
            database=str(row.get("database", "")),
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise Misconfigured(
            f"{where} is not usable: {error}", hint="each question needs `question` and `gold` or `expect`"
        ) from error


def _texts(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else tuple(value)
    return tuple(t.strip() for t in texts)

"""Read public question sets from a folder. Knows their file formats, never their contents.

- `spider`: `*_queries.csv` or `*.json` with db_id or database, question, query or sql
- `bird`: `questions.json` with db_id, question, evidence, SQL
- `defog`: `questions/*.csv` with db_name, question, query; `{a, b}` stands for any choice of those columns
- `nsql`: `dev.json` with db_id, question, query, over DuckDB files
- `classics`: one JSON file a database: queries with variables, and sentences that fill them in

Databases are the `.sqlite` and `.duckdb` files below the folder, and `.sql` scripts for PostgreSQL, by stem.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from gnomon.domain.errors import Misconfigured
from gnomon.domain.query import Dialect
from gnomon.flywheel.questions import EvalQuestion

MAX_EXPANSIONS = 64


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions, and where each database they are asked of lies.

    Args:
        databases: Name to the warehouse file; a `.sql` file is a script to load into PostgreSQL.
    """

    name: str
    questions: tuple[EvalQuestion, ...]
    databases: Mapping[str, Path]


def read_set(name: str, folder: Path) -> QuestionSet:
    """The set of that format in `folder`; questions whose database is not there are left out.

    Raises:
        Misconfigured: If the format is unknown, or the folder lacks its files.
    """
    if name not in READERS:
        raise Misconfigured(f"no reader for the set `{name}`", hint=f"known formats: {', '.join(READERS)}")
    databases = _databases(folder)
    questions = tuple(
        replace(q, ordered=is_ordered(q.gold[0], DIALECTS[name])) if q.gold else q
        for q in READERS[name](folder)
        if q.database in databases and (not q.gold or is_read(q.gold[0]))
    )
    if not questions:
        raise Misconfigured(
            f"{folder} holds no question of a database that is there",
            hint="give the folder that holds the question files and the databases",
        )
    return QuestionSet(name, questions, databases)


def is_read(sql: str) -> bool:
    """Whether the statement reads rows; sets also hold golds that alter or explain."""
    words = sql.lstrip("( \n\t").split(None, 1)
    return bool(words) and words[0].upper() in ("SELECT", "WITH", "FROM")


def is_ordered(sql: str, dialect: Dialect) -> bool:
    """Whether the statement's outermost query sorts its rows; False where it does not parse."""
    try:
        tree = sqlglot.parse_one(sql, read=dialect)
    except SqlglotError:
        return False
    return isinstance(tree, exp.Query) and tree.args.get("order") is not None


def _databases(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for suffix in ("sqlite", "duckdb", "sql"):
        for path in sorted(folder.rglob(f"*.{suffix}")):
            found.setdefault(path.stem, path)
    return found


def _read_spider(folder: Path) -> Iterator[EvalQuestion]:
    rows: list[Mapping[str, Any]] = []
    for path in sorted(folder.glob("*_queries.csv")):
        rows += _csv(path)
    usable = _usable(folder / "usable_rows.json", "row")
    if not rows:
        for path in sorted(folder.glob("*.json")):
            rows += [r for r in _json(path) if isinstance(r, dict) and "question" in r]
    for number, row in enumerate(rows):
        if usable is None or number in usable:
            yield _plain(row, f"spider-{number}", row.get("hardness", "spider"))


def _read_bird(folder: Path) -> Iterator[EvalQuestion]:
    usable = _usable(folder / "usable_ids.json", "question_id")
    for row in _json(folder / "questions.json"):
        number = row.get("question_id")
        if usable is not None and number not in usable:
            continue
        evidence = str(row.get("evidence") or "").strip()
        question = _plain(row, f"bird-{number}", row.get("difficulty", "bird"))
        yield replace(question, evidence=evidence)


def _read_nsql(folder: Path) -> Iterator[EvalQuestion]:
    for number, row in enumerate(_json(folder / "dev.json")):
        if str(row.get("setup_sql", "")).strip(" ;\n"):
            continue
        yield _plain(row, f"nsql-{number}", row.get("category", "nsql"))


def _read_defog(folder: Path) -> Iterator[EvalQuestion]:
    for path in sorted((folder / "questions").glob("*postgres*.csv")):
        for number, row in enumerate(_csv(path)):
            gold = expand_choices(row["query"])
            category = row.get("query_category") or "defog"
            yield EvalQuestion(
                id=f"defog-{path.stem}-{number}",
                text=row["question"],
                category=category,
                gold=gold,
                database=row["db_name"],
                source_sql=row["query"],
            )
    unanswerable = folder / "questions" / "idk.csv"
    if unanswerable.exists():
        for number, row in enumerate(_csv(unanswerable)):
            yield EvalQuestion(
                f"defog-idk-{number}",
                row["question"],
                "unanswerable",
                expect="abstain",
                database=row["db_name"],
            )


def _read_classics(folder: Path) -> Iterator[EvalQuestion]:
    for path in sorted(folder.glob("*.json")):
        for number, row in enumerate(_json(path)):
            for index, sentence in enumerate(row["sentences"]):
                sql, text = row["sql"][0], sentence["text"]
                for name, value in _bindings(row, sentence).items():
                    sql, text = sql.replace(name, value), text.replace(name, value)
                yield EvalQuestion(
                    id=f"{path.stem}-{number}-{index}",
                    text=text,
                    category=path.stem,
                    gold=(sql,),
                    database=path.stem,
                )


def _bindings(row: Mapping[str, Any], sentence: Mapping[str, Any]) -> dict[str, str]:
    """Variables and their values, longest name first so that `x10` is not taken for `x1`."""
    values = {v["name"]: str(v["example"]) for v in row.get("variables", ())}
    values |= {name: str(value) for name, value in sentence["variables"].items()}
    return dict(sorted(values.items(), key=lambda item: -len(item[0])))


READERS: dict[str, Callable[[Path], Iterator[EvalQuestion]]] = {
    "spider": _read_spider,
    "bird": _read_bird,
    "defog": _read_defog,
    "nsql": _read_nsql,
    "classics": _read_classics,
}
DIALECTS: dict[str, Dialect] = {
    "spider": "sqlite",
    "bird": "sqlite",
    "defog": "postgres",
    "nsql": "duckdb",
    "classics": "sqlite",
}


def expand_choices(sql: str) -> tuple[str, ...]:
    """Every statement a defog gold stands for.

    Statements are separated by semicolons. `{a, b}` stands for any non-empty choice of its columns, and an
    empty `{}` repeats the choice made.

    >>> expand_choices("SELECT {a, b}, count(*) FROM t GROUP BY {}")[:2]
    ('SELECT a, count(*) FROM t GROUP BY a', 'SELECT b, count(*) FROM t GROUP BY b')
    """
    statements = [s.strip() for s in sql.split(";") if s.strip()]
    return tuple(expanded for s in statements for expanded in _expand(s))[:MAX_EXPANSIONS]


def _expand(sql: str) -> Iterator[str]:
    start = sql.find("{")
    end = sql.find("}", start)
    if start < 0 or end < 0:
        yield sql
        return
    names = [n.strip() for n in sql[start + 1 : end].split(",") if n.strip()]
    for size in range(1, len(names) + 1):
        for choice in combinations(names, size):
            text = ", ".join(choice)
            yield sql[:start] + text + sql[end + 1 :].replace("{}", text)


def _plain(row: Mapping[str, Any], question_id: str, category: Any) -> EvalQuestion:
    gold = row.get("query") or row.get("SQL") or row.get("sql") or ""
    return EvalQuestion(
        id=question_id,
        text=str(row["question"]),
        category=str(category),
        gold=(str(gold),),
        database=str(row.get("db_id") or row.get("database") or ""),
    )


def _usable(path: Path, key: str) -> set[int] | None:
    """Numbers of the rows whose gold runs and returns rows; None if the set does not say."""
    return {r[key] for r in _json(path) if r["status"] == "ok"} if path.exists() else None


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"cannot read {path}: {error}", hint="give the folder that holds the set"
        ) from error

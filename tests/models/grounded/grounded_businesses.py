"""Five invented businesses: a real database and a real index each, and questions put to them."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import sqlglot

from gnomon.agent.assemble import Assembler
from gnomon.agent.preview import preview
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.answer import Question
from gnomon.domain.context import Context
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.models.grounded import GroundedModel
from gnomon.models.grounded.calibrated import CALIBRATION
from gnomon.models.grounded.model import COMPARED
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.models.port import (
    CANNOT_ANSWER,
    AssistantMessage,
    ModelRequest,
    ModelResponse,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
)
from gnomon.store.results import result_ref
from gnomon.warehouses.connect import open_warehouse

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
"""The clock of every question: a Wednesday."""

ANSWERED_FROM = CALIBRATION.score(CALIBRATION.answered_from)
"""Below this confidence the agent keeps an answer to itself."""

ENGINES = {
    "library": "duckdb",
    "clinic": "sqlite",
    "shipping": "duckdb",
    "school": "duckdb",
    "nursery": "duckdb",
}
SCHEMAS = Path(__file__).parent / "schemas"
GOLDEN = Path(__file__).parent / "golden"
TOOLS = tuple(ToolSpec(name, name, {"type": "object"}, "ask") for name in ("run_sql", "ask_user"))


@dataclass(frozen=True)
class Business:
    """A database, its index, and a way to ask about it."""

    name: str
    path: Path
    engine: str
    assembler: Assembler

    def context(self, question: str, *, earlier: tuple[str, ...] = (), now: datetime = NOW) -> Context:
        """What the agent would show the model for the question."""
        asked = Question("q", question, Principal("ana"), now, "c")
        text, vector = self.assembler.embed(asked, None)
        context, _ = self.assembler.assemble(asked, None, text, vector)
        values = [v for old in earlier for v in self.assembler.index.match_values(old)]
        return replace(context, earlier=earlier, values=tuple(dict.fromkeys((*context.values, *values))))

    def respond(
        self, question: str, *, earlier: tuple[str, ...] = (), now: datetime = NOW, interactive: bool = False
    ) -> ModelResponse:
        """What the model does with the question, once it has seen the rows of readings that it compares.

        Where one of these is taken, its call is that of the response.
        """
        context = self.context(question, earlier=earlier, now=now)
        asked = Question("q", question, Principal("ana"), now, "c", interactive=interactive)
        request = ModelRequest(asked, "", context, "", (UserMessage(question),), TOOLS)
        return self.settled(request)

    def settled(self, request: ModelRequest) -> ModelResponse:
        """What the model does with a request, once it has seen what it compares."""
        looked = self.looked(request)
        after = GroundedModel().respond(looked, lambda _: None)
        compared = [m.tool_calls for m in looked.messages if isinstance(m, AssistantMessage)]
        taken = compared and not after.tool_calls and not after.text.startswith(CANNOT_ANSWER)
        return replace(after, tool_calls=compared[-1][-1:]) if taken else after

    def looked(self, request: ModelRequest) -> ModelRequest:
        """The request with the rows of the readings that the model compares, if it compares any."""
        first = GroundedModel().respond(request, lambda _: None)
        calls = first.tool_calls
        if not calls or not calls[0].id.startswith(COMPARED):
            return request
        told = (AssistantMessage(first.text, calls), *(self.told(call) for call in calls))
        return replace(request, messages=(*request.messages, *told))

    def told(self, call: ToolCall) -> ToolMessage:
        """What `run_sql` tells of a statement."""
        try:
            names, rows = self._named_rows(str(call.arguments["sql"]))
        except (duckdb.Error, sqlite3.Error) as error:
            return ToolMessage(call.id, call.name, {"error": str(error)}, failed=True)
        columns = tuple(ResultColumn(name, "other") for name in names)
        table = ResultTable(columns, tuple(map(tuple, rows)))
        return ToolMessage(call.id, call.name, preview(result_ref("r1", table), table))

    def say(
        self, question: str, *, earlier: tuple[str, ...] = (), now: datetime = NOW, interactive: bool = False
    ) -> str:
        """The SQL on one line; `ask: ...`, `cannot: ...` or `says: ...` where there is none."""
        response = self.respond(question, earlier=earlier, now=now, interactive=interactive)
        if response.tool_calls:
            call = response.tool_calls[0]
            if call.name == "ask_user":
                return f"ask: {' | '.join(call.arguments['options'])}"
            if response.confidence < ANSWERED_FROM:
                return f"cannot: {response.confidence:.2f}"
            return one_line(str(call.arguments["sql"]), self.engine)
        if response.text.startswith(CANNOT_ANSWER):
            return f"cannot: {', '.join(response.unplaced)}".strip()
        return f"says: {response.text}"

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """The rows that the database gives."""
        return self._named_rows(sql)[1]

    def _named_rows(self, sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
        if self.engine == "sqlite":
            with closing(sqlite3.connect(self.path)) as connection:
                found = connection.execute(sql)
                return [d[0] for d in found.description], found.fetchall()
        with duckdb.connect(str(self.path), read_only=True) as engine:
            ran = engine.execute(sql)
            return [d[0] for d in ran.description], ran.fetchall()


def one_line(sql: str, dialect: str) -> str:
    """The statement without what does not change its meaning: quotes, case of keywords, line ends."""
    tree = sqlglot.parse_one(sql, read=dialect)
    for name in tree.find_all(sqlglot.exp.Identifier):
        name.set("quoted", False)
    return tree.sql(dialect=dialect)


def create(script: str, engine: str, path: Path) -> None:
    """A database file made by a script that both engines read."""
    if engine == "sqlite":
        connection = sqlite3.connect(path)
        connection.executescript(script)
        connection.close()
    else:
        with duckdb.connect(str(path)) as database:
            database.execute(script)


def script(tables: str, rows: Mapping[str, Sequence[Sequence[object]]]) -> str:
    """Statements that make tables and fill them with plain values."""
    lines = [
        f"INSERT INTO {table} VALUES ({', '.join('NULL' if v is None else repr(v) for v in row)});"
        for table, held in rows.items()
        for row in held
    ]
    return tables + "\n".join(lines)


def set_up(folder: Path, name: str, engine: str, script: str, embedder: MiniLmEmbedder) -> Business:
    """The database of a script, indexed as the product indexes it."""
    path, index_path = folder / f"{name}.{engine}", folder / f"{name}-{engine}.db"
    create(script, engine, path)
    warehouse = open_warehouse(str(path))
    build_index(warehouse, embedder, index_path)
    warehouse.close()
    dialect: Dialect = "sqlite" if engine == "sqlite" else "duckdb"
    return Business(name, path, engine, Assembler(CatalogIndex.open(index_path), embedder, dialect))


@dataclass(frozen=True)
class Example:
    """A question of a golden file, the answered ones before it if it follows up, and what is expected."""

    business: str
    question: str
    earlier: tuple[str, ...]
    expected: str


def examples(business: str) -> Iterator[Example]:
    """The examples of a golden file in order."""
    earlier: tuple[str, ...] = ()
    question = ""
    for line in (GOLDEN / f"{business}.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith("    "):
            question = line
            continue
        follows = question.startswith("> ")
        example = Example(business, question.removeprefix("> "), earlier if follows else (), line.strip())
        if example.expected.startswith("SELECT"):
            earlier = (*example.earlier, example.question)
        yield example


def rows_of(business: Business, text: str) -> list[tuple[object, ...]]:
    """The rows of the answer to a question that has to be answered."""
    said = business.say(text)
    assert said.startswith("SELECT"), said
    return business.run(said)

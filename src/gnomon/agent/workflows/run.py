"""Run a workflow step by step, as the person who runs it; each figure comes with the query it is from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gnomon.agent.tools.lookup import find_column, find_table
from gnomon.agent.workflows.model import Ask, Compare, Run, Step, Workflow, filled
from gnomon.agent.workflows.parameters import Value
from gnomon.agent.workflows.statement import bound, counts, differing, missing
from gnomon.domain.answer import Answer
from gnomon.domain.catalog import Catalog, TableSchema
from gnomon.domain.errors import Failed, Refused, Retry
from gnomon.domain.query import Dialect
from gnomon.domain.result import Cell, ResultTable
from gnomon.domain.wording import say

Verdict = Literal["answered", "abstained", "same", "differs", "ran", "failed"]
GOOD: frozenset[Verdict] = frozenset({"answered", "same", "ran"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a step found.

    Args:
        sql: The query whose cells the text says; empty for what the schemas say.
    """

    text: str
    sql: str = ""
    fine: bool = True


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step that was run.

    Args:
        answer_id: Of the stored answer, for a step that asks.
        result: The rows, for a step that queries.
    """

    title: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    answer_id: str = ""
    result: ResultTable | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What steps may do, all of it as the person who runs the workflow.

    Args:
        ask: Puts a question to the agent; the answer is stored.
        query: Authorizes, records and runs a statement.
        catalog: The tables and columns that exist for the person.
    """

    ask: Callable[[str], Answer]
    query: Callable[[str], ResultTable]
    catalog: Catalog
    dialect: Dialect


def run_workflow(
    workflow: Workflow, values: Mapping[str, Value], desk: Desk, *, after: int = 0
) -> Iterator[StepDone]:
    """Run the steps in order. A step that fails is told and the next one runs: a report shows what it can.

    Args:
        after: Steps that an earlier run of the same text has done.
    """
    for step in workflow.steps[after:]:
        try:
            yield _run(step, values, desk)
        except (Retry, Failed, Refused) as error:
            text = f"{error.message}. {error.hint}".strip() if error.hint else error.message
            yield StepDone(step.title, "failed", (Finding(text, fine=False),))


def _run(step: Step, values: Mapping[str, Value], desk: Desk) -> StepDone:
    match step:
        case Ask():
            return _asked(step.title, desk.ask(filled(step.question, values)))
        case Run():
            sql = bound(step.sql, values, desk.dialect)
            result = desk.query(sql)
            return StepDone(step.title, "ran", (Finding(_size(result), sql),), result=result)
        case Compare():
            return _compared(step, values, desk)


def _asked(title: str, answer: Answer) -> StepDone:
    answered = answer.status == "answered"
    finding = Finding(answer.text, answer.sql, fine=answered)
    return StepDone(title, "answered" if answered else "abstained", (finding,), answer.id, answer.result)


def _size(result: ResultTable) -> str:
    return f"{len(result.rows):,} row{'' if len(result.rows) == 1 else 's'}"


def _compared(step: Compare, values: Mapping[str, Value], desk: Desk) -> StepDone:
    left = find_table(desk.catalog, filled(step.left, values))
    right = find_table(desk.catalog, filled(step.right, values))
    findings = [*_schemas(left, right), *_rows(left, right, desk)]
    key = step.key or _key(left)
    for name in key:
        find_column(left, name), find_column(right, name)
    if key:
        findings += _missing(left, right, key, desk)
        findings += _differing(left, right, key, step.columns, desk)
    else:
        hint = "no key is known, so rows are not compared one by one; give `key`"
        findings.append(Finding(hint, fine=False))
    same = all(f.fine for f in findings)
    return StepDone(step.title, "same" if same else "differs", tuple(findings))


def _schemas(left: TableSchema, right: TableSchema) -> Iterator[Finding]:
    for one, other in ((left, right), (right, left)):
        only = [f"`{c.name}`" for c in one.columns if other.column(c.name) is None]
        if only:
            yield Finding(f"only `{one.ref}` has {', '.join(only)}", fine=False)
    for column in left.columns:
        twin = right.column(column.name)
        if twin is not None and twin.type_sql.casefold() != column.type_sql.casefold():
            text = (
                f"`{column.name}` is {column.type_sql} in `{left.ref}` and {twin.type_sql} in `{right.ref}`"
            )
            yield Finding(text, fine=twin.kind == column.kind)


def _rows(left: TableSchema, right: TableSchema, desk: Desk) -> Iterator[Finding]:
    sql = counts(left, right, desk.dialect)
    one, other = desk.query(sql).rows[0]
    text = f"{_count(one)} in `{left.ref}`, {say(other)} in `{right.ref}`"
    yield Finding(text, sql, fine=one == other)


def _count(rows: Cell) -> str:
    return f"{say(rows)} row{'' if rows == 1 else 's'}"


def _missing(left: TableSchema, right: TableSchema, key: tuple[str, ...], desk: Desk) -> Iterator[Finding]:
    for here, there in ((left, right), (right, left)):
        sql = missing(here, there, key, desk.dialect)
        ((number,),) = desk.query(sql).rows
        have = "has no row of its key" if number == 1 else "have no row of their key"
        text = f"{_count(number)} of `{here.ref}` {have} in `{there.ref}`"
        yield Finding(text, sql, fine=not number)


def _differing(
    left: TableSchema, right: TableSchema, key: tuple[str, ...], wanted: tuple[str, ...], desk: Desk
) -> Iterator[Finding]:
    folded = {k.casefold() for k in key}
    columns = wanted or tuple(
        c.name for c in left.columns if c.name.casefold() not in folded and right.column(c.name) is not None
    )
    if not columns:
        return
    for name in columns:
        find_column(left, name), find_column(right, name)
    sql = differing(left, right, key, columns, desk.dialect)
    (row,) = desk.query(sql).rows
    found = [(name, number) for name, number in zip(columns, row, strict=True) if number]
    for name, number in found:
        yield Finding(f"`{name}` differs in {_count(number)} of one key", sql, fine=False)
    if not found:
        yield Finding(f"equal in every row of one key: {', '.join(f'`{c}`' for c in columns)}", sql)


def _key(table: TableSchema) -> tuple[str, ...]:
    ranked = sorted(table.keys, key=lambda k: (not k.primary, len(k.columns)))
    return ranked[0].columns if ranked else ()

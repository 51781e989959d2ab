"""Everything that one statement tells about the table it makes, read without looking at any other one."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from sqlglot import exp

from gnomon.context.catalog.enrich import sentences
from gnomon.context.catalog.enrich.effects import RowReader, rows_of
from gnomon.context.catalog.enrich.keys import grouping, row_keys
from gnomon.context.catalog.enrich.packing import Head
from gnomon.context.catalog.enrich.parsing import MAX_SECONDS, Deadline, Parsed, parse
from gnomon.context.catalog.enrich.relations import Output, Relation, Resolver, chased
from gnomon.context.catalog.enrich.shapes import Effect, MadeColumn, RowKey, StatementFacts
from gnomon.context.catalog.enrich.sidelines import limits_behind
from gnomon.context.catalog.enrich.targets import made_columns, merged_by
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.enrich.wording import Writer, notes_on
from gnomon.context.catalog.facts import Fact, FactKind, LineageEdge, Origin, PipelineCode, Problem

MAX_EDGES = 20_000
MAX_DERIVATIONS = 250
"""Columns of one table that get a sentence about how they come about."""

_LINE = re.compile(r"^(.*):(\d+)$", re.DOTALL)


def statement_hash(code: PipelineCode, dialect: str) -> str:
    """Changes if the code, its dialect or its place change.

    Args:
        dialect: The warehouse's, for code that names none.
    """
    parts = (
        code.table,
        code.sql,
        code.dialect or dialect,
        code.materialized,
        str(code.origin),
        code.origin.source,
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def extract_one(
    code: PipelineCode, warehouse: Warehouse, dialect: str, *, max_seconds: float = MAX_SECONDS
) -> StatementFacts:
    """What one statement tells; a statement that cannot be read tells a problem.

    Args:
        dialect: sqlglot's name of the warehouse's dialect, for code that names none.
        max_seconds: Processor time that reading it may take.
    """
    watched, digest = warehouse.watched(), statement_hash(code, dialect)
    try:
        read = _read(code, watched, code.dialect or dialect, Deadline(max_seconds))
    except TimeoutError:
        read = _nothing(code, watched, "takes too long to read; split the statement to have it read")
        # Another machine may read it in time.
        digest = ""
    asked = watched.asked
    return replace(read, digest=digest, schema_digest=warehouse.digest(asked), asked=asked)


def is_current(one: StatementFacts | Head, code: PipelineCode, warehouse: Warehouse, dialect: str) -> bool:
    """Whether reading `code` again would tell the same: neither it nor the tables it names have changed."""
    unchanged = one.digest == statement_hash(code, dialect)
    return unchanged and one.schema_digest == warehouse.digest(one.asked)


def _read(code: PipelineCode, warehouse: Warehouse, dialect: str, deadline: Deadline) -> StatementFacts:
    """The facts, without the hashes that they are kept by.

    Raises:
        TimeoutError: It takes too long.
    """
    try:
        parsed = parse(code.sql, dialect, deadline)
        if isinstance(parsed, Parsed):
            return _Reader(code, warehouse, dialect, deadline).read(parsed)
        reason = parsed
    except RecursionError:
        reason = "is nested too deeply to be read; flatten the statement to have it read"
    return _nothing(code, warehouse, reason)


def _nothing(code: PipelineCode, warehouse: Warehouse, reason: str) -> StatementFacts:
    problem = Problem(code.origin.place, f"the code of `{code.table}` {reason}")
    return StatementFacts(warehouse.name(code.table), code.origin, "declaration", problems=(problem,))


class _Reader:
    """Reads one parsed statement."""

    def __init__(self, code: PipelineCode, warehouse: Warehouse, dialect: str, deadline: Deadline) -> None:
        self._code = code
        self._warehouse = warehouse
        self._table = warehouse.name(code.table)
        self._writer = Writer(dialect)
        self._deadline = deadline

    def read(self, parsed: Parsed) -> StatementFacts:
        """The statement's facts.

        Raises:
            TimeoutError: It takes longer than the deadline allows.
        """
        resolver = Resolver(self._warehouse, self._deadline)
        relation = resolver.resolve(parsed.query)
        reads = self._reads(resolver, relation)
        shared = StatementFacts(
            self._table,
            self._code.origin,
            parsed.making,
            whole=parsed.whole and self._code.materialized != "incremental",
            facts=tuple(self._general(parsed)),
        )
        return shared if parsed.query is None else self._with_query(shared, parsed, resolver, relation, reads)

    def _with_query(
        self,
        shared: StatementFacts,
        parsed: Parsed,
        resolver: Resolver,
        relation: Relation,
        reads: tuple[str, ...],
    ) -> StatementFacts:
        reader = RowReader(self._writer, self._warehouse, self._table)
        effects = self._effects(reader, relation, resolver.made)
        outputs, problems = self._columns(parsed, relation)
        columns = tuple(self._made(name, output, reader, frozenset(effects)) for name, output in outputs)
        rows = rows_of(relation) if rows_of(relation) != self._table else ""
        groups = grouping(relation)
        keys = () if parsed.making == "merge" else row_keys(relation, resolver.made)
        facts = (*shared.facts, *self._of_effects(effects), *self._derivations(rows, columns))
        return replace(
            shared,
            reads=reads,
            rows_of=rows,
            grouped_by=tuple(self._group_word(groups[0], item) for item in groups[1]) if groups else None,
            keys=_named_keys(keys, outputs),
            effects=tuple(effects),
            columns=columns,
            facts=tuple(dict.fromkeys(facts)),
            lineage=tuple(islice(self._edges(reads, columns), MAX_EDGES)),
            problems=problems,
        )

    def _reads(self, resolver: Resolver, relation: Relation) -> tuple[str, ...]:
        first = rows_of(relation)
        others = [name for name in resolver.reads if name not in (first, self._table)]
        return (first, *others) if first and first != self._table else tuple(others)

    def _effects(self, reader: RowReader, relation: Relation, inner: Sequence[Relation]) -> list[Effect]:
        for further in inner:
            self._deadline.check()
            reader.effects(further)
        return reader.effects(relation)

    def _columns(
        self, parsed: Parsed, relation: Relation
    ) -> tuple[list[tuple[str, Output]], tuple[Problem, ...]]:
        """The made table's columns with the outputs that fill them."""
        made = made_columns(parsed, relation, self._warehouse.columns(self._table))
        if made is not None:
            return made, ()
        text = f"the code of `{self._table}` fills more or fewer columns than it has: no column lineage"
        return [], (Problem(self._code.origin.place, text),)

    def _made(self, name: str, output: Output, reader: RowReader, told: frozenset[Effect]) -> MadeColumn:
        self._deadline.check()
        final = (chased(output.of, output.name) if output.of and output.through else None) or output
        bases = tuple(sorted(b for b in output.bases if b[0] != self._table))
        limits = limits_behind(output, reader, self._writer, told)
        return MadeColumn(name, bases, self._writer.column(final), (*notes_on(final), *limits))

    def _edges(self, reads: tuple[str, ...], columns: tuple[MadeColumn, ...]) -> Iterator[LineageEdge]:
        for upstream in reads:
            yield LineageEdge(self._table, upstream, self._code.origin)
        for column in columns:
            for table, base in column.bases:
                yield LineageEdge(self._table, table, self._code.origin, column.name, base)

    def _general(self, parsed: Parsed) -> Iterator[Fact]:
        if parsed.making != "declaration":
            yield self._fact("produced_by", self._code.origin.place)
        if parsed.comment:
            yield self._fact("meaning", parsed.comment)
        if self._code.materialized == "incremental" or parsed.making == "merge":
            how = (
                "rows are merged into what is there"
                if parsed.making == "merge"
                else "each run adds to what is there"
            )
            yield self._fact("freshness", f"Loaded incrementally: {how}.")
        if columns := merged_by(parsed.node):
            yield self._fact(
                "grain", f"Merged by {', '.join(columns)}: a new row takes the place of the one it equals."
            )

    def _of_effects(self, effects: list[Effect]) -> Iterator[Fact]:
        for effect in effects:
            if effect.kind == "time":
                yield self._fact("freshness", effect.sql, line=effect.line)
        yield from (self._fact("scope", text, line=line) for text, line in sentences.of_rows(effects))

    def _derivations(self, rows: str, columns: tuple[MadeColumn, ...]) -> Iterator[Fact]:
        if text := sentences.made_from(rows, columns):
            yield self._fact("derivation", text)
        told = ((column.name, text) for column in columns if (text := sentences.of_column(column, rows)))
        for name, text in islice(told, MAX_DERIVATIONS):
            yield self._fact("derivation", text, name)

    def _group_word(self, relation: Relation, item: exp.Expr) -> str:
        return item.alias if isinstance(item, exp.Alias) else self._writer.condition(item, relation, 80)

    def _fact(self, kind: FactKind, text: str, column: str = "", line: int = 0) -> Fact:
        return Fact(self._table, kind, text, at_line(self._code.origin, line), column)


def at_line(origin: Origin, line: int) -> Origin:
    """The place of a clause, given its line within the statement, where the statement's own line is known."""
    found = _LINE.match(origin.place)
    if found is None or line < 2:
        return origin
    place = f"{found[1]}:{int(found[2]) + line - 1}"
    return Origin(origin.layer, place, origin.source, origin.said_by, origin.said_at)


def _named_keys(keys: tuple[RowKey, ...], outputs: list[tuple[str, Output]]) -> tuple[RowKey, ...]:
    """Keys under the made table's column names, which an INSERT gives by position."""
    names: dict[str, str] = {}
    for name, output in outputs:
        names.setdefault(output.name.casefold(), name)
    return tuple(
        replace(key, columns=tuple((base, names.get(out.casefold(), out)) for base, out in key.columns))
        if key.columns is not None
        else key
        for key in keys
    )

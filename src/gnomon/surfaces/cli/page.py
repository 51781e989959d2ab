"""An answer as a page of lines: the sentence first, then what a reader needs to trust it."""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.text import Text

from gnomon.context.catalog.plurals import many
from gnomon.domain.answer import Answer, Assumption, Check, Cost
from gnomon.surfaces.cli.cells import neutralise, wrap
from gnomon.surfaces.cli.chart import render_chart
from gnomon.surfaces.cli.digits import large
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.reading import confidence_lines, offered_lines, reading_lines
from gnomon.surfaces.cli.table import MAX_ROWS, render_table

VERDICT_STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red", "not_applicable": "dim"}
_INDENT = "  "


def answer_page(
    answer: Answer, face: Face, *, explain: bool = False, rows: int = MAX_ROWS, sql: bool = True
) -> list[Text]:
    """The whole answer, sections divided by empty lines; no line needs colour to be understood."""
    sections = [
        _sentence(answer, face),
        _headline(answer, face),
        _result(answer, face, rows),
        _chart(answer, face),
        _notices(answer, face),
        _unplaced(answer, face),
        _sql(answer, face) if sql else [],
        _tables(answer, face),
        _assumptions(answer.assumptions, face),
        checks_section(answer.checks, face, explain=explain),
        _explanation(answer, face) if explain else [],
        _footer(answer, face),
    ]
    return list(_divided(section for section in sections if section))


def _notices(answer: Answer, face: Face) -> list[Text]:
    return [line for notice in answer.remarks for line in _hanging("! ", notice, face, "yellow")]


def checks_section(checks: tuple[Check, ...], face: Face, *, explain: bool = False) -> list[Text]:
    """One line a check; those that do not apply share a line unless everything is wanted."""
    if not checks:
        return []
    lines = [_heading("Checks")]
    width = max(len(c.name) for c in checks)
    for check in checks:
        if check.verdict != "not_applicable" or explain:
            lines.extend(_check(check, width, face, explain))
    idle = [c.name for c in checks if c.verdict == "not_applicable"]
    if idle and not explain:
        mark = face.glyph("not_applicable")
        lines.extend(_hanging(f"{_INDENT}{mark} ", f"not applicable: {', '.join(idle)}", face, "dim"))
    return lines


def sql_lines(sql: str, face: Face) -> list[Text]:
    """A statement, line by line as it ran, highlighted where colour reaches the reader."""
    safe = neutralise(sql, keep="\n").strip("\n")
    whole = _highlighted(safe) if face.colour else Text(safe)
    lines = []
    for line in whole.split("\n"):
        lines.append(Text(_INDENT).append_text(line))
    return lines


def _highlighted(sql: str) -> Text:
    from rich.syntax import Syntax

    text = Syntax(sql, "sql", theme="ansi_dark", background_color="default").highlight(sql)
    text.rstrip()
    return text


def _divided(sections: Iterable[list[Text]]) -> Iterator[Text]:
    for position, section in enumerate(sections):
        if position:
            yield Text()
        yield from section


def _heading(text: str) -> Text:
    return Text(text, style="bold underline")


def _prose(text: str, face: Face, style: str = "") -> list[Text]:
    return [Text(line, style=style) for line in wrap(text, face.width)]


def _hanging(start: str, text: str, face: Face, style: str = "") -> list[Text]:
    """Prose behind `start`, its further lines indented as far."""
    indent = cell_len(start)
    lines = wrap(text, face.width - indent)
    return [Text((start if i == 0 else " " * indent) + line, style=style) for i, line in enumerate(lines)]


def _sentence(answer: Answer, face: Face) -> list[Text]:
    starts = {"abstained": "No answer: ", "failed": "Failed: ", "interrupted": "Stopped: "}
    lines = _prose(starts.get(answer.status, "") + answer.text, face, "bold")
    if answer.clarification and answer.status == "needs_clarification":
        for number, option in enumerate(answer.clarification.options, 1):
            lines.extend(_hanging(f"{_INDENT}{number}. ", option, face))
    return lines


def _headline(answer: Answer, face: Face) -> list[Text]:
    headline = neutralise(answer.headline)
    if not headline:
        return []
    digits = large(headline, face)
    if digits:
        return [Text(_INDENT + line, style="bold cyan") for line in digits]
    # Without room for a large figure it only repeats the sentence.
    return [] if headline in answer.text else [Text(_INDENT + headline, style="bold")]


def _result(answer: Answer, face: Face, rows: int) -> list[Text]:
    result = answer.result
    if result is None or (len(result.rows) == 1 and len(result.columns) == 1 and answer.headline):
        return []
    more = f"all of them: gnomon show {answer.id} --result csv"
    return render_table(result, face, max_rows=rows, more=more)


def _chart(answer: Answer, face: Face) -> list[Text]:
    if answer.chart is None or answer.result is None:
        return []
    return render_chart(answer.chart, answer.result, face)


def _unplaced(answer: Answer, face: Face) -> list[Text]:
    if not answer.unplaced:
        return []
    return _hanging("Not understood: ", ", ".join(f"`{word}`" for word in answer.unplaced), face, "yellow")


def _sql(answer: Answer, face: Face) -> list[Text]:
    return [_heading("SQL"), *sql_lines(answer.sql, face)] if answer.sql else []


def _tables(answer: Answer, face: Face) -> list[Text]:
    if not answer.tables:
        return []
    return _hanging("Tables: ", ", ".join(str(t) for t in answer.tables), face)


def _assumptions(assumptions: tuple[Assumption, ...], face: Face) -> list[Text]:
    if not assumptions:
        return []
    lines = [_heading("Assumptions")]
    for assumption in assumptions:
        lines.extend(_hanging(f"{_INDENT}{face.glyph('dot')} ", assumption.text, face))
        if assumption.alternative:
            lines.extend(_hanging(f"{_INDENT}  ", assumption.alternative, face, "dim"))
    return lines


def _check(check: Check, width: int, face: Face, explain: bool) -> Iterator[Text]:
    mark = face.glyph(check.verdict)
    start = f"{_INDENT}{mark:<{len(face.glyph('pass'))}} {check.name:<{width}}  "
    lines = _hanging(start, check.summary, face)
    lines[0].stylize(VERDICT_STYLES[check.verdict], 0, len(_INDENT) + len(mark))
    yield from lines
    if check.sql and explain:
        for line in sql_lines(check.sql, face):
            yield Text(" " * 4).append_text(line)


def _explanation(answer: Answer, face: Face) -> list[Text]:
    lines = list(_how_it_was_read(answer, face))
    if answer.steps:
        lines.append(_heading("Steps"))
        for step in answer.steps:
            lines.extend(_hanging(f"{_INDENT}{step.at_s:7.2f} s  ", step.text, face))
    for number, query in enumerate(answer.queries[:-1], 1):
        lines.append(_heading(f"Query {number}"))
        lines.extend(_hanging(_INDENT, f"{query.purpose} ({many(query.result.row_count, 'row')})", face))
        lines.extend(sql_lines(query.sql, face))
    return lines


def _how_it_was_read(answer: Answer, face: Face) -> Iterator[Text]:
    """The reading word by word where the model tells it, else its reasoning; then what came of it."""
    words, asked = reading_lines(answer, face), answer.clarification
    if words:
        yield from (_heading("Reading"), *words)
    if answer.reasoning and not answer.reading:
        yield from (_heading("Reasoning"), *_hanging(_INDENT, answer.reasoning, face))
    if asked:
        yield from (_heading("Readings offered"), *offered_lines(asked, face))
    if answer.confidence_parts:
        yield from (_heading("Confidence"), *confidence_lines(answer.confidence_parts, face))


def _footer(answer: Answer, face: Face) -> list[Text]:
    parts = [f"confidence {answer.confidence:.2f}"] if answer.status == "answered" else []
    parts += [*_cost(answer.cost), neutralise(answer.model_id)]
    summary = f" {face.glyph('dot')} ".join(part for part in parts if part)
    reopen = f"answer {neutralise(answer.id)} {face.glyph('dot')} reopen it with: gnomon show {answer.id}"
    return [*_prose(summary, face, "dim"), *_prose(reopen, face, "dim")]


def _cost(cost: Cost) -> list[str]:
    price = "price unknown" if cost.cost_usd is None else f"${cost.cost_usd:.4f}" if cost.cost_usd else "free"
    turns = f"{cost.turns} turn{'' if cost.turns == 1 else 's'}"
    return [f"{cost.total_s:.2f} s", f"warehouse {cost.warehouse_s:.2f} s", turns, price]

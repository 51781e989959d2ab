"""Every number that the answer states stands in a result, in the question, or in the filters that ran."""

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, quoted
from gnomon.agent.checks.written_cells import written_numbers_of
from gnomon.agent.checks.written_numbers import (
    WrittenDate,
    WrittenNumber,
    blank,
    written_dates,
    written_numbers,
    written_times,
)
from gnomon.domain.result import Cell, ResultTable

_HEDGE = re.compile(
    r"\b(about|around|roughly|approximately|approx\.?|nearly|almost|over|under|more than|less than|some)"
    r"\s*[$€£¥]?$|~\s?[$€£¥]?$"
)
_DROP = re.compile(
    r"\b(drop|decreas|declin|fell|fall|down|loss|lost|lower|below|negative|minus|less|shrank|shrunk|behind|short|deficit|owe|reduc|refund)",
    re.I,
)
_LIST_MARKER = re.compile(r"(?m)^\s*(\d{1,3})[.)]\s")
_MORE = re.compile(r"^\s*(more|others?|further|rows?|remaining)\b")
_SHOWN = re.compile(r"\b(first|top|showing|next|other|remaining|bottom|last)\s$")
_RELATIVE = re.compile(
    r"\b(this|last|next|previous|current|currently|past|today|yesterday|ago|so far|ytd|now|recent|latest)\b",
    re.I,
)
_NUMBER_IN_TEXT = re.compile(r"\d+(?:\.\d+)?")
_PLAIN_NUMBER = re.compile(r"[\d.,]+")
_LEADING_NUMBER = re.compile(r"\W*\d")
_NUMBERED_NAME = re.compile(r"([^\W\d_]+)\W*(\d+(?:\.\d+)?)")
_CODE = re.compile(r"`[^`\n]+`")


@dataclass(slots=True)
class _Known:
    """What a number may be: cells and literals, dates, clock times, and how many rows there are."""

    numbers: set[Decimal] = field(default_factory=set)
    ratios: set[Decimal] = field(default_factory=set)
    dates: set[date] = field(default_factory=set)
    times: set[time] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    names: set[tuple[str, str]] = field(default_factory=set)
    rows: int = 0


def numbers_trace(case: Case) -> Finding:
    """Compare each number of the text with the cells, in the forms in which people round and abbreviate."""
    known = _known(case)
    text = _without_names(case, known)
    dates, rest = written_dates(text)
    times, rest = written_times(rest)
    rest = _without_markers(rest, known.rows)
    numbers = list(written_numbers(rest))
    total = len(dates) + len(times) + len(numbers)
    if not total and text == case.input.text:
        raise NotApplicableError("the answer states no number")
    lost = [d.text for d in dates if not _date_known(d, known)]
    lost += [t for t in times if not _time_known(t, known)]
    lost += [n.text for n in numbers if not _number_known(n, known)]
    if not lost:
        return passed("every number in the answer stands in the result, the question or the filters")
    return Finding(
        "fail",
        f"{len(lost)} of {total} numbers stand in no result cell: {quoted(lost)}",
        f"State only values of the result. Have the SQL compute {quoted(lost)}, or leave it out.",
    )


def _known(case: Case) -> _Known:
    known = _Known()
    for query, result in ((case.input.query, case.input.result), *case.input.earlier):
        _add_result(known, result, written_numbers_of(query))
    _add_question(known, case)
    _add_filters(known, case)
    for card in case.input.context.cards:
        for column in card.columns:
            if column.column.kind in ("date", "timestamp") and column.profile:
                _add_dates(known, f"{column.profile.low} {column.profile.high}")
    return known


def _add_result(known: _Known, result: ResultTable, written: frozenset[Decimal]) -> None:
    if not result.truncated:
        known.numbers.add(Decimal(len(result.rows)))
    known.rows = max(known.rows, len(result.rows))
    for column in result.columns:
        _add_text(known, column.name)
    for row in result.rows:
        for cell in row:
            if not (written and _is_written(cell, written)):
                _add_cell(known, cell)


def _is_written(cell: Cell, written: frozenset[Decimal]) -> bool:
    return (
        isinstance(cell, (int, float, Decimal))
        and not isinstance(cell, bool)
        and Decimal(str(cell)) in written
    )


def _add_cell(known: _Known, cell: Cell) -> None:
    if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        _add_number(known, str(cell))
        if not isinstance(cell, int) and math.isfinite(cell) and -10 <= cell <= 10:
            known.ratios.add(Decimal(str(cell)))
    elif isinstance(cell, datetime):
        known.dates.add(cell.date())
        known.times.add(cell.time())
    elif isinstance(cell, date):
        known.dates.add(cell)
    elif isinstance(cell, time):
        known.times.add(cell)
    elif isinstance(cell, timedelta):
        seconds = Decimal(str(cell.total_seconds()))
        known.numbers.update((seconds, seconds / 60, seconds / 3600, seconds / 86400))
    elif isinstance(cell, str):
        _add_words(known, cell)
    elif isinstance(cell, dict):
        for name, inner in cell.items():
            _add_text(known, str(name))
            _add_cell(known, inner)
    elif isinstance(cell, (list, tuple)):
        for inner in cell:
            _add_cell(known, inner)


def _add_number(known: _Known, text: str) -> None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return
    if number.is_finite():
        known.numbers.add(number)


def _add_words(known: _Known, cell: str) -> None:
    """A text cell: `30 days` is a measure, the digits of `Lamp 3000` are a name and follow its word only."""
    if not _LEADING_NUMBER.match(cell) and any(c.isdigit() for c in cell):
        known.texts.add(cell.strip())
        rest = _add_dates(known, cell)
        known.names.update((word.casefold(), digits) for word, digits in _NUMBERED_NAME.findall(rest))
    else:
        _add_text(known, cell)


def _add_text(known: _Known, text: str) -> None:
    if any(c.isdigit() for c in text):
        known.texts.add(text.strip())
        rest = _add_dates(known, text)
        for number in written_numbers(rest):
            known.numbers.add(number.value * number.scale)
        for digits in _NUMBER_IN_TEXT.findall(rest):
            _add_number(known, digits)


def _add_dates(known: _Known, text: str) -> str:
    dates, rest = written_dates(text.replace("T", " "))
    for written in dates:
        for year, month, day in written.readings:
            if year is not None:
                known.dates.add(date(year, month, day or 1))
    for clock in _clocks(rest):
        known.times.add(clock)
    return written_times(rest)[1]


def _clocks(text: str) -> list[time]:
    return [t for written in written_times(text)[0] if (t := _clock(written))]


def _clock(written: str) -> time | None:
    hour, minute, second = ([int(d) for d in re.findall(r"\d+", written)[:3]] + [0, 0])[:3]
    if written.lower().endswith("pm") and hour < 12:
        hour += 12
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def _add_question(known: _Known, case: Case) -> None:
    question = case.input.question
    rest = _add_dates(known, question.text)
    for number in written_numbers(rest):
        known.numbers.add(number.value * number.scale)
    today = case.input.context.now.date()
    known.dates.add(today)
    if _RELATIVE.search(question.text):
        known.dates.update((today - timedelta(days=1), today + timedelta(days=1)))
        known.dates.update(date(today.year + step, today.month, 1) for step in (-1, 1))


def _add_filters(known: _Known, case: Case) -> None:
    try:
        scopes = [select for _, select in case.statement.selects()]
    except NotApplicableError:
        return
    for select in scopes:
        for part in ("where", "having", "limit", "offset", "qualify"):
            node = select.args.get(part)
            for literal in node.find_all(exp.Literal) if node else ():
                _add_text(known, literal.name)
        for join in select.args.get("joins") or ():
            for literal in join.find_all(exp.Literal):
                _add_text(known, literal.name)
    # The last day inside an exclusive bound is how people say that bound.
    known.dates.update({d - timedelta(days=1) for d in known.dates if d > date.min})


def _without_names(case: Case, known: _Known) -> str:
    """The text without cell texts and quoted names that hold digits: they are names there, not measures."""
    text = _CODE.sub(lambda m: " " * len(m.group()), case.input.text)
    for name in sorted(known.texts, key=len, reverse=True):
        if not _PLAIN_NUMBER.fullmatch(name) and name.casefold() in text.casefold():
            pattern = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w%]|[.,]\d)", re.I)
            for match in list(pattern.finditer(text)):
                text = blank(text, *match.span())
    return text


def _without_markers(text: str, rows: int) -> str:
    for match in list(_LIST_MARKER.finditer(text)):
        if int(match.group(1)) <= rows:
            text = blank(text, *match.span(1))
    return text


def _date_known(written: WrittenDate, known: _Known) -> bool:
    return any(
        (year is None or year == d.year) and month == d.month and (day is None or day == d.day)
        for year, month, day in written.readings
        for d in known.dates
    ) or _parts_known(written, known)


def _parts_known(written: WrittenDate, known: _Known) -> bool:
    """A date whose parts stand in cells of their own, as `EXTRACT` gives them."""
    for reading in written.readings:
        parts = [p for p in (reading[0], reading[2]) if p is not None]
        month_free = any(c.isalpha() for c in written.text) or Decimal(reading[1]) in known.numbers
        years = {d.year for d in known.dates}
        if parts and month_free and all(Decimal(p) in known.numbers or p in years for p in parts):
            return True
    return False


def _time_known(text: str, known: _Known) -> bool:
    clock = _clock(text)
    return clock is not None and any((t.hour, t.minute) == (clock.hour, clock.minute) for t in known.times)


def _number_known(written: WrittenNumber, known: _Known) -> bool:
    if written.form == "ordinal":
        return 0 < written.value <= max(known.rows, 1) or written.value in known.numbers
    if _is_year(written) and int(written.value) in {d.year for d in known.dates}:
        return True
    word = re.search(r"([^\W\d_]+)\W*$", written.before)
    if _counts_shown_rows(written, known) or (word and (word.group(1), written.text) in known.names):
        return True
    shares = {number * 100 for number in known.ratios} if written.form == "percent" else set()
    return any(_shows(written, number) for number in known.numbers | shares)


def _counts_shown_rows(written: WrittenNumber, known: _Known) -> bool:
    """`the first 10 rows`, `49 more`: how much of the result the text shows."""
    fits = written.value == written.value.to_integral_value() and 0 < written.value < known.rows
    return fits and bool(_MORE.match(written.after) or _SHOWN.search(written.before))


def _is_year(written: WrittenNumber) -> bool:
    return written.text.isdigit() and len(written.text) == 4 and 1800 <= written.value <= 2200


def _shows(written: WrittenNumber, number: Decimal) -> bool:
    """Whether the written number is a presentation of the value: rounded or abbreviated."""
    scaled = number / written.scale
    if _rounds_to(scaled, written):
        return True
    if scaled < 0 and _rounds_to(-scaled, written):
        return bool(
            _DROP.search(written.before) or _DROP.search(written.after) or written.before.endswith("(")
        )
    return bool(_HEDGE.search(written.before)) and _significant(scaled, written)


def _rounds_to(number: Decimal, written: WrittenNumber) -> bool:
    if number == written.value:
        return True
    whole = written.scale == 1 and written.form == "number" and number == number.to_integral_value()
    half = Decimal(5).scaleb(-written.decimals - 1)
    return not whole and abs(number - written.value) <= half * Decimal("1.000001")


def _significant(number: Decimal, written: WrittenNumber) -> bool:
    """Whether the written number is the cell rounded to at least two significant digits."""
    digits = len(str(int(abs(written.value))).rstrip("0"))
    if abs(written.value) < 100:
        return False
    size = len(str(int(abs(written.value))))
    unit = Decimal(10) ** (size - max(digits, 2))
    return abs(number - written.value) < unit

"""Personal data in a result: found by value, by column name or by tag, and masked for shared surfaces.

A finding says why, so that a person can judge it. Order numbers, amounts and dates are not personal data;
a number that passes a check by chance is no finding unless its column says so too.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from gnomon.domain.answer import Answer, CheckEvidence
from gnomon.domain.catalog import TEMPORAL_KINDS
from gnomon.domain.result import Cell, ResultColumn, ResultTable
from gnomon.domain.wording import say
from gnomon.policy.personal_columns import holds_numbering, holds_versions, kind_by_name
from gnomon.policy.personal_values import PersonalKind, find_spans, is_card, national_checks

How = Literal["value", "name", "tag"]

CELLS_LOOKED_AT = 400
"""Of each column, spread over its length: the time of a look does not grow with the result."""

CHARS_LOOKED_AT = 1_000
WHOLE_SHARE = 0.5
"""From this share of cells on a column is personal as a whole."""

_LIKE_A_VERSION: frozenset[PersonalKind] = frozenset({"ip"})
"""What a version number looks like."""

_SURE_SHARE = 0.9
_FEW = 3
_SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class PersonalFinding:
    """Personal data of one kind in one column.

    Args:
        column: The column's name; where names repeat, every column of that name is meant.
        cells: In how many of the cells that were looked at.
        share: The same as a share of those that are not null, in (0, 1].
        how: Whether the values, the column's name, or a tag of the operator gave it away.
    """

    column: str
    kind: PersonalKind
    cells: int
    share: float
    how: How

    @property
    def whole(self) -> bool:
        """Whether every cell of the column is personal, not just values here and there."""
        return self.how != "value" or self.share >= WHOLE_SHARE


def find_personal(result: ResultTable, *, tagged: Mapping[str, str] = {}) -> tuple[PersonalFinding, ...]:
    """What personal data the result holds, column by column; the time taken is bounded.

    Args:
        tagged: Column name and the kind it is tagged with; a word that is no kind counts as `other`.
    """
    tags = {name.casefold(): tag for name, tag in tagged.items()}
    found: list[PersonalFinding] = []
    for index, column in enumerate(result.columns):
        cells = _sample(result, index)
        tag = tags.get(column.name.casefold())
        if tag is not None:
            kind = cast(PersonalKind, tag) if tag in get_args(PersonalKind) else "other"
            found.append(PersonalFinding(column.name, kind, len(cells), 1.0, "tag"))
        elif cells:
            found += _looked_at(column, cells)
    return tuple(dict.fromkeys(found))


def mask_personal(result: ResultTable, findings: Iterable[PersonalFinding]) -> ResultTable:
    """The result with personal columns masked in every cell, and single values in every other text."""
    whole = {f.column.casefold(): f.kind for f in findings if f.whole}
    kinds = [whole.get(c.name.casefold()) for c in result.columns]
    columns = tuple(
        c if kind is None else replace(c, kind="text") for c, kind in zip(result.columns, kinds, strict=True)
    )
    skipped = [_LIKE_A_VERSION if holds_versions(c.name) else frozenset() for c in result.columns]
    rows = tuple(
        tuple(_masked_cell(*cell) for cell in zip(row, kinds, skipped, strict=True)) for row in result.rows
    )
    return replace(result, columns=columns, rows=rows)


def mask_text(text: str, values: Mapping[str, PersonalKind] = {}) -> str:
    """The text with each personal value replaced by its kind, as in `[mail]`.

    Args:
        values: Further values that are personal because their column is (`personal_values`).
    """
    for value in sorted(values, key=len, reverse=True):
        if value in text:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", f"[{values[value]}]", text)
    return _without(text, frozenset())


def personal_values(result: ResultTable, findings: Iterable[PersonalFinding]) -> Mapping[str, PersonalKind]:
    """The cells of personal columns, as an answer's text may say them, with their kinds."""
    whole = {f.column.casefold(): f.kind for f in findings if f.whole}
    values: dict[str, PersonalKind] = {}
    for index, column in enumerate(result.columns):
        kind = whole.get(column.name.casefold())
        if kind is not None:
            said = (
                form for cell in result.values(index) if cell is not None for form in (str(cell), say(cell))
            )
            values |= {form: kind for form in said if len(form) >= _SHORTEST_NAME}
    return values


def mask_answer(answer: Answer, *, tagged: Mapping[str, str] = {}) -> Answer:
    """The answer as a shared surface may show it: result, texts and literals of the SQL are masked."""
    findings = find_personal(answer.result, tagged=tagged) if answer.result else ()
    values = personal_values(answer.result, findings) if answer.result else {}

    def safe(text: str) -> str:
        return mask_text(text, values)

    return replace(
        answer,
        question=replace(answer.question, text=safe(answer.question.text)),
        text=safe(answer.text),
        headline=safe(answer.headline),
        result=mask_personal(answer.result, findings) if answer.result else None,
        queries=tuple(replace(q, sql=safe(q.sql), purpose=safe(q.purpose)) for q in answer.queries),
        assumptions=tuple(
            replace(a, text=safe(a.text), alternative=safe(a.alternative)) for a in answer.assumptions
        ),
        checks=tuple(
            replace(
                c,
                summary=safe(c.summary),
                action=safe(c.action),
                sql=safe(c.sql),
                evidence=c.evidence and _masked_evidence(c.evidence),
            )
            for c in answer.checks
        ),
        reasoning=safe(answer.reasoning),
        steps=tuple(replace(s, text=safe(s.text)) for s in answer.steps),
        chart=answer.chart and replace(answer.chart, title=safe(answer.chart.title)),
        clarification=answer.clarification
        and replace(
            answer.clarification,
            question=safe(answer.clarification.question),
            options=tuple(map(safe, answer.clarification.options)),
            default=safe(answer.clarification.default),
            chosen=safe(answer.clarification.chosen),
        ),
        unplaced=tuple(map(safe, answer.unplaced)),
        reading=tuple(replace(r, words=safe(r.words), role=safe(r.role)) for r in answer.reading),
        notices=tuple(map(safe, answer.notices)),
    )


def _masked_evidence(evidence: CheckEvidence) -> CheckEvidence:
    result = evidence.result
    return replace(evidence, result=result and mask_personal(result, find_personal(result)))


def _sample(result: ResultTable, index: int) -> list[Cell]:
    step = max(1, -(-len(result.rows) // CELLS_LOOKED_AT))
    return [row[index] for row in result.rows[::step] if row[index] is not None]


def _looked_at(column: ResultColumn, cells: Sequence[Cell]) -> Iterable[PersonalFinding]:
    if column.kind in TEMPORAL_KINDS or column.kind in ("boolean", "time"):
        return
    texts = [_text(cell) for cell in cells]
    counts = _by_value(texts, column.name)
    for kind, count in counts.items():
        yield PersonalFinding(column.name, kind, count, count / len(cells), "value")
    named = kind_by_name(column, texts)
    if named is not None and named not in counts:
        yield PersonalFinding(column.name, named, len(cells), 1.0, "name")


def _text(cell: Cell) -> str:
    return "" if isinstance(cell, bytes | bool | float) else str(cell)[:CHARS_LOOKED_AT]


def _by_value(texts: Sequence[str], name: str) -> Counter[PersonalKind]:
    """In how many cells each kind was found."""
    counts: Counter[PersonalKind] = Counter()
    bare = [text for text in texts if text.isascii() and text.isdigit()]
    for text in texts:
        # A cell that is all digits is a number first; what it may be is decided by its column below.
        counts.update(set() if text.isdigit() else {span.kind for span in find_spans(text)})
    if holds_versions(name):
        del counts["ip"]
    cards = sum(map(is_card, bare))
    if cards and cards >= len(texts) * _SURE_SHARE and (len(set(bare)) >= _FEW or not holds_numbering(name)):
        counts["card"] += cards
    elif not counts:
        counts.update({"national_id": count} if (count := _nationals(texts)) else {})
    return counts


def _nationals(texts: Sequence[str]) -> int:
    """How many cells hold one country's numbers, if nearly all of several different ones do; else 0."""
    distinct = set(texts)
    if len(distinct) < _FEW or not all(any(c.isdigit() for c in text) for text in list(distinct)[:_FEW]):
        return 0
    for valid in national_checks():
        count = sum(1 for text in texts if 8 <= len(text) <= 21 and valid(text))
        if count >= len(texts) * _SURE_SHARE:
            return count
    return 0


def _without(text: str, skipped: frozenset[PersonalKind]) -> str:
    pieces, end = [], 0
    for span in find_spans(text):
        if span.kind not in skipped:
            pieces += [text[end : span.start], f"[{span.kind}]"]
            end = span.end
    return "".join([*pieces, text[end:]])


def _masked_cell(cell: Cell, kind: PersonalKind | None, skipped: frozenset[PersonalKind]) -> Cell:
    if kind is not None:
        return None if cell is None else f"[{kind}]"
    if isinstance(cell, str):
        # Digits alone are a number; were they personal, their column would be masked as a whole.
        return cell if cell.isdigit() else _without(cell, skipped)
    if isinstance(cell, list | tuple):
        return [_masked_cell(item, None, skipped) for item in cell]
    if isinstance(cell, dict):
        return {key: _masked_cell(item, None, skipped) for key, item in cell.items()}
    return cell

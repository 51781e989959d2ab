"""The result has the rows that the question asks for: one for a single figure, one a group otherwise."""

import re
from collections import Counter
from typing import Literal

from gnomon.agent.checks.analysis import aggregates, group_keys, trace
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, quoted, worst
from gnomon.context.catalog.plurals import many

_SINGLE = re.compile(
    r"^\s*(?:how many|how much|(?:(?:what(?:'s| is| was) )?the )?"
    r"(?:total|overall|average|mean|sum|number|count|minimum|maximum))\b",
    re.I,
)
_SEVERAL = re.compile(
    r"\b(per|each|every|by|group|grouped|breakdown|split|list|which|compare|top|bottom|daily|weekly|monthly|quarterly"
    r"|yearly|annually|respectively|trend|over time|and|versus|vs|for all|across|among)\b",
    re.I,
)


def grain(case: Case) -> Finding:
    """Look for several rows where one figure was asked for, and for groups that look alike."""
    rows = case.input.result.rows
    select = case.statement.select
    question = case.input.question.text
    single = bool(_SINGLE.search(question)) and not _SEVERAL.search(question)
    grouped = select is not None and bool(group_keys(select))
    if not rows or not (single or grouped):
        raise NotApplicableError("the question claims no particular number of rows")
    findings = []
    if single and len(rows) > 1:
        summary = f"the question asks for one figure and the result has {many(len(rows), 'row')}"
        # Single rows in place of a figure are no answer; figures of groups may be what was meant.
        computed = grouped or (select is not None and bool(aggregates(select)))
        verdict: Literal["warn", "fail"] = "warn" if computed or select is None else "fail"
        findings.append(Finding(verdict, summary, "Aggregate to one row, or say why there are several."))
    if grouped:
        findings += _alike(case)
    kind = "one row for one figure" if single else f"{len(rows):,} groups, no two with the same labels"
    return worst(findings, passed(f"the result has {kind}"))


def _alike(case: Case) -> list[Finding]:
    """Groups whose shown labels are equal, or equal but for case and spaces."""
    labels = _label_columns(case)
    if not labels:
        return []
    names = quoted([case.input.result.columns[i].name for i in labels])
    shown = Counter(tuple(row[i] for i in labels) for row in case.input.result.rows)
    twice = [label for label, count in shown.items() if count > 1]
    if twice:
        example = " / ".join(str(cell) for cell in twice[0])
        summary = f"{len(twice):,} labels in {names} stand in several rows, for example `{example}`"
        return [Finding("warn", summary, "Show the column that tells the groups apart.")]
    folded: dict[tuple[str, ...], tuple[object, ...]] = {}
    for label in shown:
        key = tuple(" ".join(str(cell).casefold().split()) for cell in label)
        if key in folded:
            pair = " and ".join(f"`{' / '.join(map(str, each))}`" for each in (folded[key], label))
            return [Finding("warn", f"groups in {names} differ only in case or spaces: {pair}")]
        folded[key] = label
    return []


def _label_columns(case: Case) -> list[int]:
    select = case.statement.select
    if select is None or len(select.selects) != len(case.input.result.columns):
        return []
    counted = {id(a) for a in aggregates(select)}
    keys = group_keys(select)
    return [
        i
        for i, projection in enumerate(select.selects)
        if not any(id(node) in counted for node in projection.walk())
        and (projection.unalias() in keys or trace(case.statement, case.statement.root, projection))
    ]

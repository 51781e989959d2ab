"""Findings in numbers, and as JSON values."""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from gnomon.context.catalog.lint.finding import SEVERITIES, Finding, Severity, annotate
from gnomon.context.catalog.lint.foundation import FOUNDATION


def at_least(severity: Severity, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of that severity or a graver one."""
    wanted = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return tuple(f for f in findings if f.severity in wanted)


def counted(findings: Sequence[Finding]) -> str:
    """How many there are, in words: `1 error, 2 warnings`; `nothing to mend` for none."""
    counts = Counter(f.severity for f in findings)
    parts = [f"{counts[s]:,} {s}{'' if counts[s] == 1 else 's'}" for s in SEVERITIES if counts[s]]
    return ", ".join(parts) or "nothing to mend"


def by_rule(findings: Sequence[Finding]) -> str:
    """How many there are of each rule, the most frequent first: `no-owner 12, look-alike 3`."""
    counts = Counter(f.rule for f in findings).most_common()
    return ", ".join(f"{rule} {count:,}" for rule, count in counts)


def folded(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with one in place of all that say what a table's foundation lacks.

    A table that nobody wrote about lacks all of it, and one command says all of it. The folded finding stands
    where the first of them stood, with its severity.
    """
    lacking: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.rule in FOUNDATION:
            lacking[finding.table].append(finding)
    return tuple(
        _together(lacking[f.table]) if f.rule in FOUNDATION else f
        for f in findings
        if f.rule not in FOUNDATION or lacking[f.table][0] is f
    )


def _together(findings: Sequence[Finding]) -> Finding:
    if len(findings) == 1:
        return findings[0]
    rules = [rule for rule in FOUNDATION if any(f.rule == rule for f in findings)]
    *first, last = (f"no {FOUNDATION[rule].lacks}" for rule in rules)
    mend = annotate(findings[0].table, *(FOUNDATION[rule].option for rule in rules))
    message = f"{', '.join(first)} and {last} is known"
    return dataclasses.replace(findings[0], rule=", ".join(rules), message=message, mend=mend)


def report_json(findings: Sequence[Finding], shown: Sequence[Finding]) -> dict[str, Any]:
    """Counts of all findings, by severity and by rule, and those to be shown as values."""
    by_severity, rules = Counter(f.severity for f in findings), Counter(f.rule for f in findings)
    return {
        "counts": {severity: by_severity[severity] for severity in SEVERITIES},
        "rules": dict(rules.most_common()),
        "findings": [dataclasses.asdict(f) for f in shown],
    }

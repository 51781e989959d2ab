"""Findings in numbers, and as JSON values."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

from gnomon.context.catalog.lint.finding import SEVERITIES, Finding, Severity


def at_least(severity: Severity, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of that severity or a graver one."""
    wanted = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return tuple(f for f in findings if f.severity in wanted)


def counted(findings: Sequence[Finding]) -> str:
    """How many there are, in words: `1 error, 2 warnings`; `nothing to mend` for none."""
    counts = Counter(f.severity for f in findings)
    parts = [f"{counts[s]:,} {s}{'' if counts[s] == 1 else 's'}" for s in SEVERITIES if counts[s]]
    return ", ".join(parts) or "nothing to mend"


def report_json(findings: Sequence[Finding], shown: Sequence[Finding]) -> dict[str, Any]:
    """Counts of all findings, by severity and by rule, and those to be shown as values."""
    by_severity, by_rule = Counter(f.severity for f in findings), Counter(f.rule for f in findings)
    return {
        "counts": {severity: by_severity[severity] for severity in SEVERITIES},
        "rules": dict(by_rule.most_common()),
        "findings": [dataclasses.asdict(f) for f in shown],
    }

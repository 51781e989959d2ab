"""Findings as SARIF 2.1.0, which code hosts and editors show beside the lines.

Source: OASIS Standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", errata 01; sections
are named where they decide something.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from gnomon.context.catalog.lint.finding import Finding, Rule
from gnomon.context.catalog.lint.rules import RULES

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

ROOT = "%SRCROOT%"
"""Files are named relative to the folder of gnomon.toml. A log need not say where that is (3.4.4); by
this name code hosts take it for the repository."""

_FILE_AND_LINE = re.compile(r"(?P<file>[^\s:][^:]*\.\w+)(?::(?P<line>[1-9]\d*))?")
_INDEX = {rule.id: i for i, rule in enumerate(RULES)}


def sarif(findings: Sequence[Finding], version: str) -> dict[str, Any]:
    """A log with one run, as JSON values.

    Args:
        version: Gnomon's.
    """
    driver = {"name": "gnomon lint", "version": version, "rules": [_rule(rule) for rule in RULES]}
    run = {
        "tool": {"driver": driver},
        "results": [_result(f, print_) for f, print_ in zip(findings, _fingerprints(findings), strict=True)],
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": f"{rule.title}. {rule.why}"},
        "help": {"text": f"{rule.why} {rule.mend}"},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding, fingerprint: str) -> dict[str, Any]:
    named = f"`{finding.table}`: " if finding.table else ""
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": finding.severity,
        "message": {"text": f"{named}{finding.message}. To mend it: {finding.mend}."},
        "locations": [_location(finding)],
        "partialFingerprints": {"gnomonFinding/v1": fingerprint},
        "properties": {"users": finding.users, "queries": finding.queries},
    }


def _location(finding: Finding) -> dict[str, Any]:
    """The file and line if there are any, and the table or column as a logical location (3.28)."""
    location: dict[str, Any] = {}
    place = _FILE_AND_LINE.fullmatch(finding.place)
    if place is not None:
        physical: dict[str, Any] = {"artifactLocation": {"uri": quote(place["file"]), "uriBaseId": ROOT}}
        if place["line"]:
            physical["region"] = {"startLine": int(place["line"])}
        location["physicalLocation"] = physical
    whole = ".".join(part for part in (finding.table, finding.column) if part)
    if whole:
        kind = "column" if finding.column else "table"
        named = {"name": finding.column or finding.table, "fullyQualifiedName": whole, "kind": kind}
        location["logicalLocations"] = [named]
    elif not location:
        location["logicalLocations"] = [
            {"fullyQualifiedName": finding.place or "warehouse", "kind": "source"}
        ]
    return location


def _fingerprints(findings: Sequence[Finding]) -> list[str]:
    """One for each, the same on another day and line, so that a code host knows a finding again (3.27.17)."""
    seen: Counter[tuple[str, ...]] = Counter()
    prints = []
    for finding in findings:
        # Messages count days; only those without a table have nothing else that tells them apart.
        what = (finding.rule, finding.table, finding.column, "" if finding.table else finding.message)
        seen[what] += 1
        text = "\x1f".join((*what, str(seen[what])))
        prints.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    return prints

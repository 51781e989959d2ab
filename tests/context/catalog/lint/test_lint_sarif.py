"""Findings as SARIF 2.1.0, held against what the standard's schema demands of the parts that are used."""

import json
import re
from typing import Any

import pytest

from gnomon.context.catalog.lint.finding import Finding
from gnomon.context.catalog.lint.report import at_least, counted, report_json
from gnomon.context.catalog.lint.rules import RULES
from gnomon.context.catalog.lint.sarif import sarif

FINDINGS = (
    Finding("no-owner", "error", "s.t", "no owner is known", "name one", users=3, queries=9),
    Finding("past-caveat", "warning", "s.t", "it is over", "take it away", place="my notes/größe #1.yaml:7"),
    Finding("past-caveat", "warning", "s.t", "it is over too", "take it away", place="a.yaml:9"),
    Finding("unclear-column", "note", "t", "nobody can tell", "say it", column="x"),
    Finding("broken-annotation", "error", "", "is not UTF-8", "mend it", place="annotations/a.yaml"),
    Finding("unread-source", "warning", "", "is away", "mend it", place="dbt:target"),
)

SHAPES: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema", "properties"}),
    "run": ({"tool"}, {"results", "originalUriBaseIds", "columnKind", "artifacts"}),
    "tool": ({"driver"}, {"extensions"}),
    "driver": ({"name"}, {"version", "semanticVersion", "informationUri", "rules", "fullName"}),
    "rule": (
        {"id"},
        {
            "name",
            "shortDescription",
            "fullDescription",
            "help",
            "helpUri",
            "defaultConfiguration",
            "properties",
        },
    ),
    "result": (
        {"message"},
        {"ruleId", "ruleIndex", "level", "locations", "partialFingerprints", "properties", "rank", "kind"},
    ),
    "location": (set(), {"id", "physicalLocation", "logicalLocations", "message"}),
    "physical": ({"artifactLocation"}, {"region", "contextRegion"}),
    "artifact": (set(), {"uri", "uriBaseId", "index"}),
    "logical": (set(), {"name", "fullyQualifiedName", "kind", "index", "parentIndex"}),
}
"""Members that an object must have, and further ones that it may have: the schema allows no others."""

URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+")


def fits(value: dict[str, Any], shape: str) -> None:
    required, allowed = SHAPES[shape]
    assert required <= set(value) <= required | allowed, (shape, value)


@pytest.mark.requirement("lint:sarif")
def test_the_log_has_the_members_that_the_schema_demands_and_no_others() -> None:
    log = json.loads(json.dumps(sarif(FINDINGS, "1.2.3")))
    fits(log, "log")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    fits(run, "run")
    fits(run["tool"], "tool")
    fits(run["tool"]["driver"], "driver")
    for rule in run["tool"]["driver"]["rules"]:
        fits(rule, "rule")
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
        assert all(rule[k]["text"] for k in ("shortDescription", "fullDescription", "help"))
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == [r.id for r in RULES]


@pytest.mark.requirement("lint:sarif")
def test_each_result_names_its_rule_level_message_and_place() -> None:
    run = sarif(FINDINGS, "1.2.3")["runs"][0]
    assert len(run["results"]) == len(FINDINGS)
    for result, finding in zip(run["results"], FINDINGS, strict=True):
        fits(result, "result")
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert result["level"] == finding.severity
        assert finding.message in result["message"]["text"]
        (location,) = result["locations"]
        fits(location, "location")
        assert location, "a location says at least one of file and logical place"
        for logical in location.get("logicalLocations", ()):
            fits(logical, "logical")
            assert logical["fullyQualifiedName"]
        if "physicalLocation" in location:
            fits(location["physicalLocation"], "physical")
            artifact = location["physicalLocation"]["artifactLocation"]
            fits(artifact, "artifact")
            assert URI_REFERENCE.fullmatch(artifact["uri"])
            assert location["physicalLocation"].get("region", {"startLine": 1})["startLine"] >= 1


@pytest.mark.requirement("lint:sarif")
def test_a_place_in_a_file_is_physical_and_any_other_is_logical() -> None:
    places = [r["locations"][0] for r in sarif(FINDINGS, "1")["runs"][0]["results"]]
    assert places[0] == {"logicalLocations": [{"name": "s.t", "fullyQualifiedName": "s.t", "kind": "table"}]}
    physical = places[1]["physicalLocation"]
    assert physical["artifactLocation"] == {
        "uri": "my%20notes/gr%C3%B6%C3%9Fe%20%231.yaml",
        "uriBaseId": "%SRCROOT%",
    }
    assert physical["region"] == {"startLine": 7}
    assert places[3]["logicalLocations"] == [{"name": "x", "fullyQualifiedName": "t.x", "kind": "column"}]
    assert "region" not in places[4]["physicalLocation"]
    assert places[5] == {"logicalLocations": [{"fullyQualifiedName": "dbt:target", "kind": "source"}]}


@pytest.mark.requirement("lint:sarif")
def test_a_finding_keeps_its_fingerprint_on_another_line_and_no_two_share_one() -> None:
    from dataclasses import replace

    def prints(findings: tuple[Finding, ...]) -> list[str]:
        results = sarif(findings, "1")["runs"][0]["results"]
        return [r["partialFingerprints"]["gnomonFinding/v1"] for r in results]

    moved = tuple(replace(f, place=f.place.replace(":7", ":8"), users=77) for f in FINDINGS)
    assert prints(moved) == prints(FINDINGS)
    assert len(set(prints(FINDINGS))) == len(FINDINGS)


@pytest.mark.requirement("lint:sarif")
def test_no_findings_are_an_empty_list_of_results() -> None:
    assert sarif((), "1")["runs"][0]["results"] == []


@pytest.mark.requirement("lint:ranked")
def test_findings_are_counted_and_kept_from_a_severity_on() -> None:
    assert counted(FINDINGS) == "2 errors, 3 warnings, 1 note"
    assert counted(()) == "nothing to mend"
    assert [f.severity for f in at_least("error", FINDINGS)] == ["error", "error"]
    assert len(at_least("warning", FINDINGS)) == 5
    report = report_json(FINDINGS, FINDINGS[:1])
    assert report["counts"] == {"error": 2, "warning": 3, "note": 1}
    assert report["rules"]["past-caveat"] == 2
    assert [f["table"] for f in report["findings"]] == ["s.t"]

"""`gnomon lint`: findings on a terminal, as JSON and SARIF, and exit codes for a build."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("indexed")


@pytest.fixture
def broken(folder: Path) -> Path:
    """Annotations with an error in a known line."""
    file = folder / "annotations" / "orders.yaml"
    file.parent.mkdir()
    file.write_text("table: orders\nowner: Ana\ncolumns:\n  amonut: Gross\n")
    return file


@pytest.mark.requirement("ODA-22", "lint:command")
def test_tables_without_a_foundation_are_told_with_how_to_mend_it(run: Run) -> None:
    done = run("lint")
    assert done.exit_code == 0
    told = " ".join(done.stdout.split())
    assert (
        "orders: no owner, no criticality and no freshness expectation is known "
        "[no-owner, no-criticality, no-freshness]" in told
    )
    command = "gnomon annotate orders --owner WHO --criticality LEVEL --freshness 'daily by 06:00 UTC'"
    assert told.count(command) == 1
    assert "6 warnings" in done.stderr
    assert "by rule: no-criticality 2, no-freshness 2, no-owner 2, no-code 2" in " ".join(done.stderr.split())
    rules = [f["rule"] for f in json.loads(run("lint", "--json").stdout)["findings"]]
    assert rules.count("no-owner") == 2


def test_what_a_table_lacks_alone_is_told_as_it_is(run: Run) -> None:
    run("annotate", "orders", "--owner", "Ana", "--criticality", "low")
    run("index")
    told = " ".join(run("lint", "--rule", "no-freshness", "--rule", "no-owner").stdout.split())
    assert "orders: nobody says how fresh it should be [no-freshness]" in told
    assert "customers: no owner and no freshness expectation is known [no-owner, no-freshness]" in told


@pytest.mark.requirement("ODA-22", "lint:command")
def test_what_lint_proposes_mends_what_it_found(run: Run) -> None:
    def found() -> list[str]:
        report = json.loads(run("lint", "--json").stdout)
        return [f["rule"] for f in report["findings"] if f["table"] == "orders" and f["rule"] != "no-code"]

    assert sorted(found()) == ["no-criticality", "no-freshness", "no-owner"]
    run("annotate", "orders", "--owner", "Ana", "--criticality", "low", "--freshness", "when it suits")
    run("index")
    assert found() == []


@pytest.mark.requirement("lint:exit-codes")
@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 1),
        (("--fail-on", "error"), 1),
        (("--fail-on", "never"), 0),
        (("--rule", "no-owner"), 0),
        (("--rule", "no-owner", "--fail-on", "warning"), 1),
        (("--rule", "look-alike", "--fail-on", "note"), 0),
        (("--severity", "error", "--fail-on", "note"), 1),
        (("--limit", "0"), 1),
        (("--json",), 1),
        (("--sarif", "-"), 1),
        (("--rule", "no-ownr"), 2),
        (("--severity", "grave"), 2),
        (("--json", "--sarif", "-"), 2),
    ],
)
def test_the_exit_code_says_whether_something_is_as_grave_as_asked(
    args: tuple[str, ...], code: int, run: Run, broken: Path
) -> None:
    assert run("lint", *args).exit_code == code


@pytest.mark.requirement("lint:exit-codes")
def test_the_help_says_what_the_exit_codes_mean(run: Run) -> None:
    assert "0 nothing as grave as --fail-on   1 something is" in run("lint", "--help").stdout
    assert "did you mean `no-owner`?" in run("lint", "--rule", "no-ownr").stderr


@pytest.mark.requirement("lint:command")
def test_json_holds_all_findings_and_their_counts(run: Run, broken: Path) -> None:
    report = json.loads(run("lint", "--json").stdout)
    assert sum(report["counts"].values()) == len(report["findings"]) == sum(report["rules"].values())
    first = report["findings"][0]
    assert (first["rule"], first["table"], first["column"]) == ("unknown-column", "orders", "amonut")
    assert first["place"] == "annotations/orders.yaml:4"
    limited = json.loads(run("lint", "--json", "--limit", "1", "--severity", "error").stdout)
    assert [f["rule"] for f in limited["findings"]] == ["unknown-column"]


@pytest.mark.requirement("lint:command")
def test_what_the_limit_leaves_out_is_counted(run: Run, broken: Path) -> None:
    done = run("lint", "--limit", "1")
    assert "[unknown-column]" in done.stdout
    assert "at: annotations/orders.yaml:4" in done.stdout
    assert "[no-owner]" not in done.stdout
    assert "more: --limit" in done.stderr


@pytest.mark.requirement("lint:sarif")
def test_sarif_goes_to_a_file_or_to_stdout(run: Run, folder: Path, broken: Path) -> None:
    run("lint", "--sarif", "lint.sarif")
    log = json.loads((folder / "lint.sarif").read_text())
    result = log["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("annotations/orders.yaml", 4)
    assert json.loads(run("lint", "--sarif", "-").stdout) == log


@pytest.mark.requirement("lint:problems")
def test_a_broken_annotation_is_told_once_and_as_the_file_is_now(
    run: Run, folder: Path, broken: Path
) -> None:
    run("index")
    report = json.loads(run("lint", "--json").stdout)
    assert [f["rule"] for f in report["findings"] if "orders.yaml" in f["place"]] == ["unknown-column"]
    broken.write_text("table: orders\nownr: Ana\n")
    report = json.loads(run("lint", "--json", "--severity", "error").stdout)
    assert [(f["rule"], f["place"]) for f in report["findings"]] == [
        ("broken-annotation", "annotations/orders.yaml:2")
    ]

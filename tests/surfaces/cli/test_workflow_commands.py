"""`gnomon workflow` and `gnomon brief`, as a person types them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]

REPORT = """
title = "Orders report"
[parameters.city]
default = "Graz"
[[steps]]
title = "All"
ask = "how many orders are there"
[[steps]]
title = "By city"
sql = "SELECT COUNT(*) AS n FROM customers WHERE city = :city"
"""


@pytest.fixture
def ready(folder: Path, shop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GNOMON_WAREHOUSE", str(shop))
    (folder / "workflows").mkdir()
    (folder / "workflows" / "report.toml").write_text(REPORT)
    return folder


@pytest.mark.requirement("X-03")
def test_a_workflow_runs_with_its_parameters_and_every_step_has_evidence(ready: Path, run: Run) -> None:
    done = run("workflow", "run", "report", "--city", "Linz", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["workflow"], found["version"], found["parameters"]) == ("report", 1, {"city": "Linz"})
    asked, queried = found["steps"]
    assert (asked["verdict"], queried["verdict"]) == ("answered", "ran")
    assert "'Linz'" in queried["findings"][0]["sql"]
    assert run("show", asked["answer"]).exit_code == 0
    listed = json.loads(run("workflow", "history", "--json").stdout)
    assert [(r["run"], r["ended"]) for r in listed] == [(found["run"], "fine")]


@pytest.mark.requirement("X-03")
def test_a_changed_workflow_is_a_new_version(ready: Path, run: Run) -> None:
    assert json.loads(run("workflow", "run", "report", "--json").stdout)["version"] == 1
    path = ready / "workflows" / "report.toml"
    path.write_text(REPORT.replace("Orders report", "Orders, again"))
    assert json.loads(run("workflow", "run", "report", "--json").stdout)["version"] == 2
    versions = json.loads(run("workflow", "history", "report", "--versions", "--json").stdout)
    assert [v["version"] for v in versions] == [1, 2]


@pytest.mark.requirement("X-03")
def test_the_history_tells_the_values_that_a_run_took_by_default(ready: Path, run: Run) -> None:
    path = ready / "workflows" / "report.toml"
    path.write_text(
        REPORT.replace("[[steps]]", '[parameters.month]\ntype = "month"\ndefault = "2026-1"\n[[steps]]', 1)
    )
    run("workflow", "run", "report")
    path.write_text(REPORT.replace("Graz", "Linz"))
    run("workflow", "run", "report")
    run("workflow", "run", "report", "--city", "Vienna")
    listed = json.loads(run("workflow", "history", "--json").stdout)
    assert [r["parameters"] for r in listed] == ["city=Vienna", "city=Linz", "city=Graz, month=2026-01"]


@pytest.mark.requirement("X-03")
def test_a_step_with_a_finding_ends_with_code_1(ready: Path, run: Run) -> None:
    (ready / "workflows" / "compare.toml").write_text(
        '[[steps]]\ncompare = { left = "orders", right = "customers", key = ["customer_id"] }\n'
    )
    done = run("workflow", "run", "compare")
    assert done.exit_code == 1
    assert "differs" in done.output


@pytest.mark.requirement("X-03")
def test_a_stopped_run_goes_on_where_it_was(ready: Path, run: Run, tmp_path: Path) -> None:
    first = json.loads(run("workflow", "run", "report", "--json").stdout)
    (kept,) = (tmp_path / "state" / "workflows" / "runs").glob("*.json")
    stopped = json.loads(kept.read_text())
    kept.write_text(json.dumps(stopped | {"steps": stopped["steps"][:1], "ended": False}))
    again = json.loads(run("workflow", "run", "report", "--resume", first["run"], "--json").stdout)
    assert again["steps"][0]["answer"] == first["steps"][0]["answer"]
    assert [s["verdict"] for s in again["steps"]] == ["answered", "ran"]
    assert run("workflow", "run", "report", "--resume", first["run"]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "reprot"), "did you mean `report`"),
        (("run", "report", "--town", "Linz"), "no parameter `town`"),
        (("run", "report", "--city"), "--city has no value"),
        (("run", "report", "Linz"), "`Linz` is no parameter"),
        (("run", "report", "--city=a", "--city=b"), "--city is given twice"),
        (("run", "report", "--resume", "w0"), "you have no run `w0`"),
        (("new", "Report!"), "cannot be named"),
        (("new", "report"), "already"),
    ],
)
@pytest.mark.requirement("X-03")
def test_a_mistake_is_a_clear_usage_error(
    ready: Path, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    failed = run("workflow", *arguments)
    assert failed.exit_code == 2
    assert said in failed.output.replace("\n", " ")


@pytest.mark.requirement("X-03")
def test_a_first_workflow_is_written_listed_and_shown(ready: Path, run: Run) -> None:
    assert run("workflow", "new", "monthly").exit_code == 0
    assert "--month (month, default last)" in run("workflow", "show", "monthly").stdout
    (ready / "workflows" / "broken.toml").write_text("steps = 5")
    listed = json.loads(run("workflow", "list", "--json").stdout)
    assert [w["workflow"] for w in listed] == ["broken", "monthly", "report"]
    assert "cannot be read" in listed[0]["title"]


@pytest.mark.requirement("cards:brief")
def test_a_brief_is_drafted_written_edited_and_restored(
    ready: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "customers (table" in run("brief", "draft").stdout
    assert run("brief", "draft", "--write").exit_code == 0
    assert run("brief", "draft", "--write").exit_code == 2
    monkeypatch.setenv("EDITOR", "sed -i 's/2 tables/Revenue is net. 2 tables/'")
    assert "version 2" in run("brief", "edit").output
    assert "Revenue is net." in json.loads(run("brief", "show", "--json").stdout)["text"]
    assert run("brief", "restore", "1").exit_code == 0
    assert "Revenue is net." not in (ready / "brief.md").read_text()
    assert [v["version"] for v in json.loads(run("brief", "history", "--json").stdout)] == [1, 2, 3]


@pytest.mark.requirement("cards:brief")
def test_a_brief_that_is_too_long_is_refused_and_the_one_in_use_stays(
    ready: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("brief", "draft", "--write")
    before = (ready / "brief.md").read_text()
    (ready / "long.py").write_text("import pathlib, sys\npathlib.Path(sys.argv[1]).write_text('x' * 5000)\n")
    monkeypatch.setenv("EDITOR", f"'{__import__('sys').executable}' long.py")
    failed = run("brief", "edit")
    assert failed.exit_code != 0
    assert "too long" in failed.output
    assert (ready / "brief.md").read_text() == before


@pytest.mark.requirement("cards:brief")
def test_the_page_goes_before_every_question(ready: Path, run: Run) -> None:
    (ready / "brief.md").write_text("Revenue is net of refunds.\n")
    assert run("brief", "show").stdout.strip() == "Revenue is net of refunds."

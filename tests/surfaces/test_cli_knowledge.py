"""`gnomon knowledge`: indexing, searching, listing and opening documents, as the person who asks."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gnomon.store.audit import AuditLog
from gnomon.surfaces.cli.commands import knowledge
from gnomon.surfaces.cli.main import HouseGroup

pytestmark = pytest.mark.requirement("knowledge:cli")
Run = Callable[..., Result]

FRONT = "---\nauthor: Ana\ndate: 2026-03-01\nreaders: user:ana@acme.test\n---\n"
PLAN = f"{FRONT}# Merger\n\nBorealis closes in June.\n"
REFUNDS = "# Refunds\n\nMoney is paid back within thirty days.\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A handbook of two documents, one of them Ana's alone, and settings that name it."""
    work = tmp_path / "work"
    (work / "handbook").mkdir(parents=True)
    (work / "handbook" / "plan.md").write_text(PLAN)
    (work / "handbook" / "refunds.md").write_text(REFUNDS)
    (work / "gnomon.toml").write_text('[context]\ndocuments = ["markdown:handbook"]\n')
    monkeypatch.chdir(work)
    monkeypatch.setenv("GNOMON_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("GNOMON_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "ana@acme.test")
    monkeypatch.setenv("COLUMNS", "100")
    return work


@pytest.fixture
def run(folder: Path) -> Run:
    """Run `gnomon knowledge` with these arguments."""
    app = typer.Typer(cls=HouseGroup, rich_markup_mode=None)
    app.add_typer(knowledge.app)

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(app, ["knowledge", *args])

    return invoke


def be(subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", subject)


def test_documents_are_indexed_found_listed_and_opened(run: Run) -> None:
    done = run("index")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("2 documents in 2 passages")
    again = json.loads(run("index", "--json").stdout)
    assert (again["documents"], again["embedded"], again["problems"]) == (2, 0, [])
    found = run("search", "when is money paid back")
    assert found.stdout.startswith("Refunds (markdown:handbook:refunds.md)")
    (first,) = json.loads(run("search", "merger with borealis", "-n", "1", "--json").stdout)
    assert first["document"]["id"] == "markdown:handbook:plan.md"
    assert first["document"]["written"] == "2026-03-01"
    listed = json.loads(run("list", "--json").stdout)
    assert [d["title"] for d in listed] == ["Merger", "Refunds"]
    assert "Merger" in run("list").stdout
    shown = run("show", "markdown:handbook:plan.md").stdout
    assert shown.startswith("Merger (by Ana, 2026-03-01, markdown:handbook:plan.md)")
    assert "Borealis closes in June." in shown


def test_nothing_is_listed_where_nothing_is_relevant(run: Run) -> None:
    run("index")
    done = run("search", "lattice of quantum chromodynamics")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing relevant was found" in done.stderr
    assert json.loads(run("search", "lattice of quantum chromodynamics", "--json").stdout) == []
    assert [d["document"]["title"] for d in json.loads(run("search", "june", "--json").stdout)] == ["Merger"]


def test_the_sources_are_told_with_how_many_documents_they_hold(run: Run) -> None:
    assert "  markdown:handbook: 2 documents\n" in run("index").stdout
    told = json.loads(run("index", "--json").stdout)["sources"]
    assert told == [{"source": "markdown:handbook", "documents": 2}]


def test_ids_are_never_cut(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{'long-' * 14}name.md"
    (folder / "handbook" / name).write_text(REFUNDS)
    run("index")
    monkeypatch.setenv("COLUMNS", "80")
    assert f"markdown:handbook:{name}\n" in run("list").stdout


def test_what_somebody_may_not_read_is_as_if_it_were_not_there(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("index")
    be("eve@acme.test", monkeypatch)
    assert [d["title"] for d in json.loads(run("list", "--json").stdout)] == ["Refunds"]
    found = json.loads(run("search", "money that borealis pays back", "--json").stdout)
    assert {p["document"]["title"] for p in found} == {"Refunds"}
    theirs, nobodys = (run("show", f"markdown:handbook:{name}.md") for name in ("plan", "nothing"))
    assert theirs.exit_code == nobodys.exit_code == 2
    assert theirs.stderr.replace("plan", "nothing") == nobodys.stderr


def test_what_is_shown_is_recorded_before(run: Run) -> None:
    run("index")
    run("show", "markdown:handbook:plan.md")
    events = AuditLog(Path(os.environ["GNOMON_HOME"]) / "audit").events()
    details = [dict(e.detail) for e in events if e.kind == "decision"]
    assert [d["resource"] for d in details] == ["Document::markdown:handbook:plan.md"]


def test_problems_are_told_and_strict_fails(run: Run, folder: Path) -> None:
    (folder / "handbook" / "bad.md").write_text("---\nreaders: oops\n---\ntext")
    done = run("index")
    assert done.exit_code == 0
    assert "markdown:handbook: bad.md" in done.stdout
    strict = run("index", "--strict")
    assert strict.exit_code == 1
    assert "1 problem with documents" in strict.stderr
    assert "nobody may read the document" in strict.stdout


def test_a_source_that_is_gone_is_a_problem_and_keeps_what_was_known(run: Run, folder: Path) -> None:
    run("index")
    (folder / "handbook").rename(folder / "moved")
    done = run("index")
    assert done.stdout.startswith("2 documents")
    assert "there is no folder, archive or file" in done.stdout
    assert run("index", "--full").stdout.startswith("0 documents")


def test_settings_that_name_no_source_are_explained(run: Run, folder: Path) -> None:
    (folder / "gnomon.toml").write_text('[context]\ndocuments = ["wiki:handbook"]\n')
    wrong = run("index")
    assert wrong.exit_code == 3
    assert "error: `wiki:handbook` is no source of documents" in wrong.stderr
    (folder / "gnomon.toml").write_text("")
    assert "no documents are configured" in run("index").stderr


@pytest.mark.parametrize("granted", [False, True])
def test_where_policies_say_nothing_of_documents_nobody_reads_any(
    granted: bool, run: Run, folder: Path
) -> None:
    tools = '@id("tools") permit (principal, action == Action::"use", resource);\n'
    read = '@id("docs") permit (principal, action == Action::"read", resource is Document);\n'
    (folder / "policies").mkdir()
    (folder / "policies" / "p.cedar").write_text(tools + (read if granted else ""))
    run("index")
    titles = [d["title"] for d in json.loads(run("list", "--json").stdout)]
    assert titles == (["Refunds"] if granted else [])


def test_who_may_not_use_the_tool_may_not_search_here_either(run: Run, folder: Path) -> None:
    (folder / "policies").mkdir()
    (folder / "policies" / "p.cedar").write_text('permit (principal, action == Action::"read", resource);')
    run("index")
    for command in (("search", "refunds"), ("list",), ("show", "markdown:handbook:refunds.md")):
        assert "`search_knowledge` may not be used here" in run(*command).stderr


def test_hostile_text_does_not_act_on_the_terminal(run: Run, folder: Path) -> None:
    (folder / "handbook" / "evil.md").write_text(
        "# Evil \x1b]0;title\x07\n\nred \x1b[31m text about zebras\u202e"
    )
    run("index")
    for done in (
        run("search", "red text about zebras"),
        run("show", "markdown:handbook:evil.md"),
        run("list"),
    ):
        assert done.exit_code == 0
        assert not {"\x1b", "\x07", "\u202e"} & {*done.stdout}


@pytest.mark.parametrize("command", ["index", "search", "list", "show"])
def test_every_command_has_help_with_an_example(command: str, run: Run) -> None:
    done = run(command, "--help")
    assert f"gnomon knowledge {command}" in done.stdout
    assert "--json" in done.stdout

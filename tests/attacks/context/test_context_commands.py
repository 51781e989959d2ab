"""What the commands on context tell a person with a token, who sees a part of the warehouse.

Owners' annotations, file names, workflows, the page, pipelines' jobs and memories name what ana must not
know. Whatever she types, no hidden name and no canary comes out, and a hidden table reads like one that is
not there.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from attacks.governance.governance_world import POLICIES, fill_duckdb, leaks
from gnomon.identity.local import os_user
from gnomon.surfaces.cli.main import app

Run = Callable[..., Result]
PEOPLE = '[[people]]\nsubject = "olga@acme.test"\nlocal_user = "{user}"\ngroups = ["owners"]\n'
SETTINGS = """
[warehouse]
url = "shop.duckdb"
[context]
sources = ["sql:queries"]
[pipelines]
dbt_target = "target"
"""
MORE = """
@id("weekly") permit (principal in Group::"sales", action == Action::"run", resource == Workflow::"weekly");
"""
ANNOTATIONS = """
tables:
  - table: regions
    owner: keeper of zq_vault CANARY-owner
    freshness: daily after zq_bribes CANARY-fresh
    meaning: Regions. Their codes are in ZqVault CANARY-meaning. Few.
    caveats:
      - Never join zq_vault CANARY-caveat.
      - Some regions are old.
      - {text: Until the zq bribes CANARY-until end., until: 2026-01-01}
      - {text: Until spring., until: 2026-01-02}
    use_instead: [{table: zq_vault, when: you need CANARY-when}, {table: customers, when: you need people}]
    use_when: Unlike zq_bribes CANARY-use-when.
    tags: [zq_vault, places]
    said_by: Ines
    said_at: 2024-01-02
    columns: {title: The zq-vault CANARY-column., region: Its code.}
  - table: customers
    meaning: People who buy.
    columns: {zq_card: CANARY-card, name: Whole name.}
    always_filter: zq_card <> 'CANARY-filter'
  - table: zq_vault
    meaning: CANARY-vault
"""
WEEKLY = 'title = "Weekly"\n[[steps]]\ntitle = "All"\nsql = "SELECT COUNT(*) AS n FROM orders"\n'
SECRET = 'title = "CANARY-workflow"\n[[steps]]\nsql = "SELECT * FROM zq_vault"\n'
PAGE = "Start from orders.\nBribes are in zq_bribes CANARY-page. Ask finance.\n"
RUNS = {
    "metadata": {"generated_at": "2026-11-20T00:00:00Z"},
    "results": [{"unique_id": f"model.shop.{n}", "status": "error"} for n in ("regions", "zq_vault")],
}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment with all of that in files, its index built."""
    folder = tmp_path_factory.mktemp("context-commands")
    fill_duckdb(0, folder)
    shutil.copytree(POLICIES, folder / "policies")
    texts = {
        "gnomon.toml": SETTINGS,
        "policies/weekly.cedar": MORE,
        "policies/people.toml": PEOPLE.format(user=os_user()),
        "annotations/zq_vault.yaml": ANNOTATIONS,
        "queries/zq_vault.sql": "SELECT title FROM regions JOIN zq_vault ON zq_id = 1",
        "workflows/weekly.toml": WEEKLY,
        "workflows/zq_vault_report.toml": SECRET,
        "brief.md": PAGE,
        "target/run_results.json": json.dumps(RUNS),
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "policies" / "people.toml").chmod(0o600)
    _gnomon(folder, "index")
    for name, scopes in (("ana", ()), ("mira", ("--scope", "admin"))):
        made = _gnomon(folder, "token", "create", f"{name}@acme.test", *_AS_ANA, *scopes, "--json")
        (folder / f"{name}.json").write_text(made)
    return folder


_AS_ANA = (
    *("--group", "sales", "--claim", "region=EU", "--scope", "read", "--scope", "compute", "--scope", "ask"),
    *("--scope", "history"),
)


def _gnomon(folder: Path, *args: str) -> str:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GNOMON_")}
    command = [sys.executable, "-m", "gnomon", *args]
    return subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def place(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The deployment as the working directory; what holds for everybody is put back afterwards."""
    monkeypatch.chdir(prepared)
    for name in [n for n in os.environ if n.startswith("GNOMON_")]:
        monkeypatch.delenv(name)
    kept = _texts(prepared)
    yield prepared
    for name in _texts(prepared).keys() - kept.keys():
        Path(name).unlink()
    for name, content in kept.items():
        Path(name).write_bytes(content)


@pytest.fixture
def olga(place: Path) -> Run:
    """Run `gnomon` as the operator at the machine."""
    return lambda *args, **environ: CliRunner().invoke(app, list(args), env={"COLUMNS": "200", **environ})


@pytest.fixture
def ana(olga: Run, place: Path) -> Run:
    """Run `gnomon` as ana, with a token for reading."""
    return _with_token(olga, place / "ana.json")


@pytest.fixture
def mira(olga: Run, place: Path) -> Run:
    """Run `gnomon` as mira, an operator who sees what ana sees."""
    return _with_token(olga, place / "mira.json")


def _with_token(olga: Run, path: Path) -> Run:
    token = str(json.loads(path.read_text())["token"])
    return lambda *args: olga(*args, GNOMON_TOKEN=token)


READS = (
    *(("tables",), ("tables", "--json"), ("brief", "show"), ("brief", "show", "--json")),
    *(("describe", t, *j) for t in ("regions", "customers", "orders", "codes") for j in ((), ("--json",))),
    *(
        ("lint",),
        ("lint", "--json"),
        ("lint", "--sarif", "-"),
        ("status", "regions"),
        ("status", "regions", "--json"),
    ),
    *(
        ("workflow", "list"),
        ("workflow", "list", "--json"),
        ("workflow", "history"),
        ("workflow", "show", "weekly"),
    ),
    *(
        ("memory", "list"),
        ("knowledge", "list"),
        ("knowledge", "search", "vault"),
        ("doctor",),
        ("policy", "explain"),
    ),
    *(
        ("brief", "draft"),
        ("brief", "history"),
        ("brief", "show", "--version", "1"),
        ("index",),
        ("audit", "search"),
    ),
    *(("ask", q, "--json", "--no-input") for q in ("how many regions are there", "which table holds codes")),
    *(("workflow", "run", "weekly"), ("workflow", "run", "weekly", "--json")),
    *(("workflow", "history", n, "--versions") for n in ("weekly", "../../briefs", "..")),
)
ANNOTATE = (
    *(
        ("annotate", t, *j)
        for t in ("regions", "customers", "orders")
        for j in ((), ("--json",), ("--draft",))
    ),
    *(("annotate", "--list"), ("annotate", "--list", "--json")),
)
"""For operators; one of them may see a part of the warehouse."""

NAMED = (
    *(("describe", "{}"), ("status", "{}"), ("annotate", "{}"), ("annotate", "{}", "--draft")),
    *(("annotate", "regions", "--use-instead", "{}"), ("annotate", "regions", "--always-filter", "{} = 1")),
    *(
        ("workflow", "show", "{}_report"),
        ("workflow", "run", "{}_report"),
        ("workflow", "history", "{}_report"),
    ),
    *(("workflow", "history", "{}_report", "--versions"), ("ask", "how many rows has {}", "--no-input")),
    *(("memory", "add", "Mind it", "--table", "{}"), ("memory", "add", "Mind it", "--means", "it={}")),
)


@pytest.mark.requirement("attacks:context-commands")
def test_no_command_tells_what_is_hidden(
    ana: Run, mira: Run, record_context: Callable[[str, Counter[str]], None]
) -> None:
    found = {" ".join(act): _shown(ana(*act)) for act in READS}
    found |= {" ".join(act): _shown(mira(*act)) for act in ANNOTATE}
    escaped = {act: told for act, text in found.items() if (told := leaks(text, act))}
    record_context("commands", Counter("escaped" if act in escaped else "harmless" for act in found))
    assert escaped == {}


@pytest.mark.requirement("attacks:context-commands")
@pytest.mark.parametrize("act", NAMED)
def test_a_hidden_table_reads_like_one_that_is_not_there(ana: Run, mira: Run, act: tuple[str, ...]) -> None:
    """What they type comes back; beside that nothing tells the two apart."""
    run = mira if act[0] == "annotate" else ana
    there, away = (run(*(part.format(name) for part in act)) for name in ("zq_vault", "qz_vualt"))
    assert there.exit_code == away.exit_code
    assert _timeless(_shown(there).replace("zq_vault", "X")) == _timeless(
        _shown(away).replace("qz_vualt", "X")
    )


@pytest.mark.requirement("attacks:context-commands")
def test_what_owners_say_is_told_without_what_names_something_hidden(ana: Run, mira: Run, olga: Run) -> None:
    said = json.loads(mira("annotate", "regions", "--json").stdout)
    assert said["meaning"] == "Regions. Few."
    assert [c["text"] for c in said["caveats"]] == ["Some regions are old.", "Until spring."]
    assert said["use_instead"] == [{"table": "customers", "when": "you need people"}]
    assert (said["tags"], said["columns"], said["place"]) == (["places"], {"region": "Its code."}, "")
    findings = json.loads(ana("lint", "--rule", "past-caveat", "--json").stdout)["findings"]
    assert [f["message"] for f in findings] == ["caveat 2 held until 2026-01-02, and is still told"]
    whole = json.loads(olga("annotate", "regions", "--json").stdout)
    assert len(whole["caveats"]) == 4
    assert "CANARY-owner" in whole["owner"]


@pytest.mark.requirement("attacks:context-deputy")
@pytest.mark.parametrize(
    "act",
    [
        ("annotate", "orders", "--always-filter", "order_id < 3"),
        ("annotate", "regions", "--remove", "caveats.1"),
        ("annotate", "regions", "--confirm"),
        ("workflow", "new", "mine"),
        ("brief", "edit"),
        ("brief", "restore", "1"),
        ("brief", "draft", "--write"),
        ("memory", "add", "Revenue is gross", "--scope", "global"),
        ("knowledge", "index"),
        ("index", "--full"),
    ],
)
def test_a_token_without_the_scope_for_it_writes_nothing_that_holds_for_others(
    ana: Run, place: Path, act: tuple[str, ...]
) -> None:
    """What an owner says is above all else that a model reads of a table."""
    kept = _texts(place)
    done = ana(*act)
    assert (done.exit_code != 0, _texts(place)) == (True, kept), done.output


@pytest.mark.requirement("attacks:context-deputy")
def test_an_operator_who_sees_a_part_takes_away_the_very_item_that_they_were_shown(
    mira: Run, place: Path
) -> None:
    """The second caveat that they read is the fourth of the file."""
    assert [c["text"] for c in json.loads(mira("annotate", "regions", "--json").stdout)["caveats"]] == [
        "Some regions are old.",
        "Until spring.",
    ]
    assert mira("annotate", "regions", "--remove", "caveats.3").exit_code == 2
    assert mira("annotate", "customers", "--remove", "columns.zq_card").exit_code == 2
    done = mira("annotate", "regions", "--remove", "caveats.2")
    assert done.exit_code == 0, done.output
    text = (place / "annotations" / "zq_vault.yaml").read_text()
    assert "Until spring." not in text
    assert text.count("CANARY") == ANNOTATIONS.count("CANARY")


@pytest.mark.requirement("attacks:context-deputy")
def test_what_an_earlier_run_found_is_not_told_to_whoever_sees_less_now(ana: Run, place: Path) -> None:
    """A run that was stopped goes on; its first step was run while more was theirs."""
    (place / "workflows" / "weekly.toml").write_text(WEEKLY + WEEKLY.partition("\n")[2])
    first = json.loads(ana("workflow", "run", "weekly", "--json").stdout)
    (kept,) = place.rglob(f"workflows/runs/{first['run']}.json")
    run = json.loads(kept.read_text())
    run["steps"][0]["findings"][0]["text"] = "CANARY-figure"
    kept.write_text(json.dumps(run | {"steps": run["steps"][:1], "ended": False}))
    done = ana("workflow", "run", "weekly", "--resume", first["run"], "--json")
    assert [s["verdict"] for s in json.loads(done.stdout)["steps"]] == ["ran", "ran"]
    assert "CANARY" not in done.stdout


def _shown(done: Result) -> str:
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return f"{done.stdout}\n{done.stderr}"


def _timeless(text: str) -> str:
    """Without what differs from run to run: times, costs and ids."""
    import re

    return re.sub(r"\d+\.\d+ s|\b[amqw][0-9a-f]{8}\b|\d{4}-\d\d-\d\d[T ][\d:.+]+", "~", text)


def _texts(place: Path) -> dict[str, bytes]:
    """What holds for everybody: annotations, workflows, the page."""
    folders = ("annotations", "workflows")
    files = [p for f in folders for p in (place / f).rglob("*") if p.is_file()]
    return {str(p): p.read_bytes() for p in (*files, place / "brief.md")}

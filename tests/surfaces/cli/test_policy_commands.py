"""`gnomon policy`, and every other command under policies: as an operator, and as ana with her token."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from attacks.governance.governance_world import POLICIES, fill_duckdb, leaks
from gnomon.identity.local import os_user
from gnomon.store.state import StateStore
from gnomon.surfaces.cli.main import app

PEOPLE = """
[[people]]
subject = "olga@acme.test"
local_user = "{user}"
groups = ["owners"]
"""
Run = Callable[..., Result]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment with policies, its index built: fresh in copies too, since the shop is linked to."""
    folder = tmp_path_factory.mktemp("deployment")
    shop = fill_duckdb(0, tmp_path_factory.mktemp("shop"))
    (folder / "shop.duckdb").symlink_to(shop)
    (folder / "gnomon.toml").write_text('[warehouse]\nurl = "shop.duckdb"\n')
    shutil.copytree(POLICIES, folder / "policies")
    (folder / "policies" / "people.toml").write_text(PEOPLE.format(user=os_user()))
    (folder / "policies" / "people.toml").chmod(0o600)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GNOMON_")}
    command = [sys.executable, "-m", "gnomon", "index"]
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
    return folder


@pytest.fixture
def place(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the working directory."""
    work = tmp_path / "work"
    shutil.copytree(prepared, work, symlinks=True)
    monkeypatch.chdir(work)
    for name in [n for n in os.environ if n.startswith("GNOMON_")]:
        monkeypatch.delenv(name)
    return work


@pytest.fixture
def olga(place: Path) -> Run:
    """Run `gnomon` as the operator at the machine; keyword arguments are the environment."""

    def invoke(*args: str, **environ: str) -> Result:
        return CliRunner().invoke(app, list(args), env={"COLUMNS": "300", **environ})

    return invoke


@pytest.fixture
def token(olga: Run) -> str:
    """A token of ana's that may ask and open stored answers."""
    return _token(olga, "read", "compute", "ask", "history")


@pytest.fixture
def ana(olga: Run, token: str) -> Run:
    """Run `gnomon` as ana."""
    return lambda *args, **environ: olga(*args, GNOMON_TOKEN=token, **environ)


def _token(olga: Run, *scopes: str, claims: tuple[str, ...] = ("region=EU",)) -> str:
    given = [part for scope in scopes for part in ("--scope", scope)]
    given += [part for claim in claims for part in ("--claim", claim)]
    done = olga("token", "create", "ana@acme.test", "--group", "sales", *given, "--json")
    assert done.exit_code == 0, done.stderr
    return str(json.loads(done.stdout)["token"])


def _narrow(place: Path) -> None:
    path = place / "policies" / "access.cedar"
    path.write_text(path.read_text().replace('"region = :region"', '"region = :region AND order_id < 50"'))


def _asked(run: Run, text: str = "How many orders were placed?") -> dict[str, object]:
    done = run("ask", text, "--json", "--no-input")
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.requirement("policy:commands")
def test_a_first_folder_is_written_and_passes_its_own_check(olga: Run, place: Path) -> None:
    shutil.rmtree(place / "policies")
    shutil.rmtree(place / ".gnomon")
    assert olga("policy", "init").exit_code == 0
    done = olga("policy", "check")
    assert done.exit_code == 0, done.stdout
    assert olga("policy", "init").exit_code == 2
    assert _asked(olga, "how many orders")["status"] == "answered"


@pytest.mark.requirement("policy:commands")
def test_check_finds_what_names_nothing_and_says_where(olga: Run, place: Path) -> None:
    more = 'forbid (principal, action == Action::"read", resource in Table::"salarys");'
    (place / "policies" / "more.cedar").write_text(f"\n\n{more}\n")
    done = olga("policy", "check", "--json")
    assert done.exit_code == 1
    first = json.loads(done.stdout)["findings"][0]
    assert (first["level"], first["where"]) == ("error", "more.cedar:3")
    assert "salarys" in first["message"]


@pytest.mark.requirement("policy:commands")
def test_nothing_is_answered_while_a_forbid_names_what_is_not_there(olga: Run, ana: Run, place: Path) -> None:
    more = 'forbid (principal, action == Action::"read", resource in Table::"salarys");'
    (place / "policies" / "more.cedar").write_text(more)
    for run in (olga, ana):
        done = run("ask", "How many orders were placed?", "--no-input")
        assert done.exit_code == 3
        assert "more.cedar:1" in done.stderr


@pytest.mark.requirement("policy:commands")
def test_explain_tells_an_operator_what_somebody_sees_and_why(olga: Run) -> None:
    done = olga("policy", "explain", "orders", "--group", "sales", "--claim", "region=EU", "--json")
    (orders,) = json.loads(done.stdout)["tables"]
    assert orders["verdict"] == "part"
    assert orders["rows"] == ["\"region\" = 'EU'"]
    assert orders["policies"] == ["own-region", "sales-read"]
    whole = olga("policy", "explain", "--group", "sales", "--json").stdout
    assert {"zq_vault", "zq_bribes"} <= {t["table"] for t in json.loads(whole)["tables"]}


@pytest.mark.requirement("policy:commands")
def test_explain_tells_a_person_their_own_sight_without_hidden_names(ana: Run) -> None:
    done = ana("policy", "explain", "--json")
    told = json.loads(done.stdout)
    assert told["person"]["subject"] == "ana@acme.test"
    assert leaks(done.stdout + done.stderr, "") == []
    seen = {t["table"]: t for t in told["tables"]}
    assert seen["orders"]["rows"] == ["\"region\" = 'EU'"]
    assert seen["customers"]["hidden"] == []


@pytest.mark.requirement("policy:commands")
def test_a_condition_that_looks_up_a_hidden_table_is_not_told(ana: Run, place: Path) -> None:
    more = (
        '@rows("customer_id IN (SELECT zq_id FROM zq_vault)")'
        'forbid (principal in Group::"sales", action == Action::"read", resource in Table::"old_orders");'
    )
    (place / "policies" / "more.cedar").write_text(more)
    done = ana("policy", "explain", "old_orders", "--json")
    assert leaks(done.stdout, "") == []
    assert json.loads(done.stdout)["tables"][0]["rows"] == ["a condition on tables that are not for you"]


@pytest.mark.requirement("policy:commands")
@pytest.mark.parametrize(
    "command",
    [
        ("policy", "init"),
        ("policy", "check"),
        ("policy", "test"),
        ("policy", "accept"),
        ("policy", "explain", "--group", "owners"),
        ("policy", "explain", "--as", "olga@acme.test"),
        ("policy", "explain", "--claim", "region=US"),
        ("token", "create", "olga@acme.test"),
        ("token", "list"),
        ("audit", "verify"),
        ("audit", "search"),
        ("audit", "export"),
        ("index",),
        ("index", "--full"),
    ],
    ids=" ".join,
)
def test_what_is_for_operators_refuses_a_persons_token(command: tuple[str, ...], ana: Run, olga: Run) -> None:
    done = ana(*command)
    assert done.exit_code == 1, done.stdout
    assert "identity:" in done.stderr
    assert leaks(done.stdout + done.stderr, "") == []


@pytest.mark.requirement("policy:commands")
def test_a_token_with_the_scope_admin_is_an_operators(olga: Run) -> None:
    token = _token(olga, "admin", "read")
    assert olga("audit", "verify", GNOMON_TOKEN=token).exit_code == 0
    assert olga("policy", "check", GNOMON_TOKEN=token).exit_code == 0


@pytest.mark.requirement("governance:corpus")
@pytest.mark.parametrize(
    "command",
    [
        ("tables", "--json"),
        ("tables", "zq*"),
        *(
            ("describe", t, "--json")
            for t in ("orders", "customers", "regions", "codes", "old_orders", "payees")
        ),
        ("describe", "zq_vault"),
        ("describe", "bribes"),
        ("policy", "explain"),
        ("policy", "explain", "zq_vaul"),
        ("doctor",),
        ("ask", "list the codes", "--json", "--no-input"),
        ("ask", "pay by employee", "--no-input", "--explain", "--verbose", "--debug"),
        ("ask", "orders", "--json", "--no-input", "--shared"),
    ],
    ids=" ".join,
)
def test_no_command_tells_a_person_what_is_kept_from_them(command: tuple[str, ...], ana: Run) -> None:
    done = ana(*command)
    assert leaks(done.stdout + done.stderr, " ".join(command)) == []
    assert done.exception is None or isinstance(done.exception, SystemExit)


@pytest.mark.requirement("governance:stored-results")
@pytest.mark.parametrize(
    "command",
    [("show",), ("show", "--json"), ("show", "--sql"), ("show", "--result", "csv"), ("show", "--explain")],
    ids=" ".join,
)
def test_a_stored_answer_is_refused_once_rights_are_narrower(
    command: tuple[str, ...], ana: Run, place: Path
) -> None:
    told = _asked(ana, "total amount of orders")
    assert ana(*command).exit_code == 0
    _narrow(place)
    done = ana(*command)
    assert done.exit_code == 1
    assert "policy:rights-changed" in done.stdout + done.stderr
    assert str(told["headline"]) not in done.stdout + done.stderr


@pytest.mark.requirement("governance:stored-results")
def test_the_history_shows_no_figure_of_an_answer_once_rights_are_narrower(ana: Run, place: Path) -> None:
    headline = str(_asked(ana, "total amount of orders")["headline"])
    assert json.loads(ana("history", "--json").stdout)[0]["headline"] == headline
    assert headline in ana("history").stdout
    _narrow(place)
    assert json.loads(ana("history", "--json").stdout)[0]["headline"] == ""
    assert headline not in ana("history").stdout


@pytest.mark.requirement("governance:stored-results")
def test_a_resumed_chat_shows_no_answer_once_rights_are_narrower(ana: Run, token: str, place: Path) -> None:
    headline = str(_asked(ana, "total amount of orders")["headline"])
    _narrow(place)
    (place / "lines.txt").write_text("/table\n/sql\n/checks\n")
    with (place / "lines.txt").open() as lines:
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", "chat", "--resume"],
            env={**os.environ, "GNOMON_TOKEN": token},
            stdin=lines,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == ""
    assert done.stderr.count("policy:rights-changed") == 3
    assert headline not in done.stdout + done.stderr


@pytest.mark.requirement("governance:stored-results")
def test_an_answer_without_a_query_is_not_reopened_by_somebody_who_sees_a_part(ana: Run, olga: Run) -> None:
    """It speaks of cards and values, and nothing says of which."""
    for run, code in ((ana, 1), (olga, 0)):
        answer = _asked(run, "What is the meaning of life?")
        assert answer["queries"] == []
        assert run("show", str(answer["id"])).exit_code == code


@pytest.mark.requirement("governance:stored-results")
def test_answers_and_conversations_of_others_do_not_exist(ana: Run, olga: Run) -> None:
    theirs = _asked(olga)
    conversation = str(theirs["question"]["conversation_id"])  # type: ignore[index]
    assert ana("show", str(theirs["id"])).exit_code == 2
    assert str(theirs["id"]) not in ana("history").stdout
    assert str(theirs["id"]) not in ana("show", str(theirs["id"])[:-1]).stderr
    assert ana("ask", "and by region?", "--conversation", conversation, "--no-input").exit_code == 2
    assert ana("chat", conversation, "--resume").exit_code == 2


@pytest.mark.requirement("governance:stored-results")
def test_one_subject_with_two_tokens_of_different_rights_shares_no_answer(olga: Run) -> None:
    """Stored answers belong to a subject; what a credential may see decides all the same."""
    europe, america = (_token(olga, "read", "ask", "history", claims=(f"region={r}",)) for r in ("EU", "US"))
    answer = json.loads(olga("ask", "total amount of orders", "--json", GNOMON_TOKEN=europe).stdout)
    assert olga("show", answer["id"], GNOMON_TOKEN=europe).exit_code == 0
    assert olga("show", answer["id"], GNOMON_TOKEN=america).exit_code == 1
    listed = json.loads(olga("history", "--json", GNOMON_TOKEN=america).stdout)
    assert [a["headline"] for a in listed] == [""]


@pytest.mark.requirement("governance:stored-results")
@pytest.mark.parametrize(
    "command",
    [("show",), ("history",), ("chat", "--resume"), ("ask", "and?", "--conversation", "c1")],
    ids=" ".join,
)
def test_a_token_without_the_scope_history_opens_nothing_stored(command: tuple[str, ...], olga: Run) -> None:
    token = _token(olga, "read", "compute", "ask")
    assert olga("ask", "How many orders?", "--no-input", GNOMON_TOKEN=token).exit_code == 0
    done = olga(*command, GNOMON_TOKEN=token)
    assert done.exit_code == 1
    assert "identity:scope" in done.stderr


@pytest.mark.requirement("governance:stored-results")
def test_a_token_without_the_scope_read_asks_nothing(olga: Run) -> None:
    token = _token(olga, "history")
    for command in (("ask", "How many orders?", "--no-input"), ("tables",), ("describe", "orders")):
        done = olga(*command, GNOMON_TOKEN=token)
        assert done.exit_code in (1, 4)
        assert "orders" not in done.stdout.replace("How many orders?", "")


@pytest.mark.requirement("policy:fail-closed")
@pytest.mark.parametrize(
    "command", [("ask", "How many orders?", "--no-input"), ("show",), ("history",), ("tables",)]
)
def test_nothing_is_told_after_the_policy_folder_is_gone(
    command: tuple[str, ...], ana: Run, olga: Run, place: Path
) -> None:
    """The settings' subject counts where there are no policies: nobody becomes ana by taking them away."""
    assert _asked(ana, "total amount of orders")["status"] == "answered"
    (place / "policies").rename(place / "away")
    for run in (olga, ana):
        for environ in ({}, {"GNOMON_PRINCIPAL_SUBJECT": "ana@acme.test"}):
            done = run(*command, **environ)
            assert done.exit_code == 3, done.stdout
            assert done.stdout == ""


@pytest.mark.requirement("policy:fail-closed")
@pytest.mark.parametrize(
    "environ",
    [
        {"GNOMON_POLICY_DIR": "own"},
        {"GNOMON_POLICY_DIR": "nowhere"},
        {"GNOMON_PRINCIPAL_TENANT": "elsewhere"},
        {"GNOMON_STATE_DIR": "own-state"},
        {"GNOMON_PRINCIPAL_GROUPS": "owners"},
        {"GNOMON_PRINCIPAL_SUBJECT": "olga@acme.test"},
        {"GNOMON_PRINCIPAL_SUBJECT": "olga@acme.test", "GNOMON_PRINCIPAL_GROUPS": "owners"},
        {"GNOMON_WAREHOUSE": "copy.duckdb"},
    ],
    ids=str,
)
def test_no_single_variable_shows_a_person_more(environ: dict[str, str], ana: Run, place: Path) -> None:
    own = place / "own"
    shutil.copytree(place / "policies", own)
    (own / "access.cedar").write_text("permit (principal, action, resource);\n")
    (own / "tags.toml").write_text("[tables]\n")
    shutil.copy(place / "shop.duckdb", place / "copy.duckdb")
    assert ana("tables").exit_code == 0
    for command in (("tables", "--json"), ("describe", "zq_vault")):
        done = ana(*command, **environ)
        assert leaks(done.stdout + done.stderr, " ".join(command)) == []


@pytest.mark.requirement("policy:fail-closed")
def test_a_folder_below_is_under_the_same_policies(
    ana: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = place / "below" / "deeper"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    done = ana("tables", "--json")
    assert done.exit_code == 0
    assert leaks(done.stdout, "") == []


@pytest.mark.requirement("policy:fail-closed")
def test_elsewhere_a_token_proves_nobody(ana: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    done = ana("tables", "-w", str(tmp_path / "work" / "shop.duckdb"), GNOMON_HOME=str(tmp_path / "home"))
    assert done.exit_code == 1
    assert done.stdout == ""


@pytest.mark.requirement("governance:stored-results")
def test_files_of_the_state_are_for_their_owner_alone(ana: Run, place: Path) -> None:
    assert _asked(ana, "how many orders")["status"] == "answered"
    StateStore.open(place / ".gnomon").close()
    for path in (place / ".gnomon", *(p for p in (place / ".gnomon").iterdir() if p.is_dir())):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.requirement("governance:untold-warning")
def test_an_answer_says_that_a_warning_about_its_table_is_not_told(ana: Run, olga: Run, place: Path) -> None:
    (place / "annotations").mkdir()
    warning = "The older half of the orders lies in zq_vault."
    (place / "annotations" / "orders.yaml").write_text(f"table: orders\ncaveats:\n  - {warning}\n")
    assert olga("index").exit_code == 0
    assert warning in olga("describe", "orders").stdout
    untold = "Something that is said of `orders` as a warning is not told here"
    shown = ana("describe", "orders").stdout
    assert untold in shown
    answer = _asked(ana, "total amount of orders")
    assert answer["status"] == "answered"
    assert [n.split(",")[0] for n in answer["notices"] if "warning" in n] == [untold]  # type: ignore[attr-defined]
    assert leaks(shown + json.dumps(answer), "") == []

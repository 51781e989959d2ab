"""`gnomon memory`: adding, listing, changing and reviewing what is remembered."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gnomon.domain.answer import Answer, Question, Turn
from gnomon.domain.identity import Principal
from gnomon.store.audit import AuditLog
from gnomon.store.state import StateStore
from gnomon.surfaces.cli.commands import memory
from gnomon.surfaces.cli.main import HouseGroup

Run = Callable[..., Result]
ADD = ("memory", "add", "Revenue means net of refunds")


def command_line() -> typer.Typer:
    app = typer.Typer(name="gnomon", cls=HouseGroup, rich_markup_mode=None)
    app.add_typer(memory.app)
    app.callback()(lambda: None)
    return app


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop as the warehouse, with a state folder of its own, as ana."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    with closing(sqlite3.connect(work / "shop.sqlite")) as db:
        db.executescript(
            "CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name TEXT);"
            "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, amount DECIMAL(10, 2),"
            " net_amount DECIMAL(10, 2));"
            "INSERT INTO orders VALUES (1, 10, 8), (2, 20, 16);"
        )
    monkeypatch.setenv("GNOMON_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("GNOMON_WAREHOUSE", str(work / "shop.sqlite"))
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "ana@acme.test")
    for name in ("GNOMON_MODEL", "GNOMON_TOKEN", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "state"


@pytest.fixture
def run(state: Path) -> Run:
    app = command_line()
    return lambda *args: CliRunner().invoke(app, list(args))


def ok(done: Result) -> Any:
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def added(run: Run, *more: str) -> dict[str, Any]:
    values: dict[str, Any] = ok(run(*ADD, *more, "--json"))
    return values


def audited() -> list[dict[str, str]]:
    events = AuditLog(Path(os.environ["GNOMON_HOME"]) / "audit").events()
    return [dict(e.detail) for e in events if e.kind == "memory"]


@pytest.mark.requirement("memory:cli")
def test_what_is_added_is_listed_shown_and_recorded(run: Run) -> None:
    query = ("--question", "What is the revenue?", "--sql", "select sum(net_amount) from orders")
    made = added(run, "--means", "revenue=orders.net_amount", "--reason", "why", "--expires", "90d", *query)
    assert (made["state"], made["scope"], made["for"], made["tables"]) == (
        *("active", "user", "ana@acme.test", ["orders"]),
    )
    assert made["means"] == [{"words": "revenue", "target": "orders.net_amount"}]
    listed = ok(run("memory", "list", "--json"))
    assert [m["id"] for m in listed] == [made["id"]]
    assert "Revenue means net of refunds" in run("memory", "list").stdout
    shown = ok(run("memory", "show", made["id"], "--json"))
    assert [(v["change"], v["by"]) for v in shown["versions"]] == [("add", "ana@acme.test")]
    assert "version 1: add by ana@acme.test" in run("memory", "show", made["id"]).stdout
    assert [(a["act"], a["memory"]) for a in audited()] == [("add", made["id"])]


@pytest.mark.requirement("memory:cli")
def test_data_goes_to_stdout_and_talk_to_stderr(run: Run) -> None:
    done = run(*ADD)
    assert done.stdout.startswith("m")
    assert done.stdout.count("\n") == 1
    assert "it holds from the next question on" in done.stderr


@pytest.mark.requirement("memory:cli")
@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--table", "ordrs"), 2, "did you mean `orders`?"),
        (("--means", "revenue=orders.net_amout"), 2, "did you mean `net_amount`"),
        (("--means", "revenue"), 2, "is not WORDS=TARGET"),
        (("--means", "=orders"), 2, "is not WORDS=TARGET"),
        (("--scope", "team"), 2, "take one of: user, channel, global"),
        (("--scope", "channel"), 2, "no channel"),
        (("--expires", "soon"), 2, "is not a time"),
        (("--answer", "a9999"), 2, "no answer is stored yet"),
        (("--question", "How many?", "--sql", "delete from orders"), 1, "error:"),
    ],
)
def test_what_does_not_hold_is_told_and_nothing_is_kept(
    run: Run, more: tuple[str, ...], code: int, said: str
) -> None:
    done = run(*ADD, *more)
    assert done.exit_code == code, done.stderr
    assert said in done.stderr
    assert ok(run("memory", "list", "--json")) == []


@pytest.mark.requirement("memory:cli")
def test_the_answer_it_came_from_is_the_person_s_own(run: Run, state: Path) -> None:
    store = StateStore.open(state)
    for subject, answer_id in (("ana@acme.test", "a1234abc"), ("bo@acme.test", "a9876abc")):
        question = Question("q", "How?", Principal(subject), datetime.now(UTC), f"c-{subject}")
        store.save_turn(Turn(question, Answer(answer_id, question, "answered", "So.")))
    store.close()
    assert added(run, "--answer", "a1234")["answer"] == "a1234abc"
    assert run(*ADD, "--answer", "a9876abc").exit_code != 0


@pytest.mark.requirement("memory:duplicates")
def test_likenesses_are_told(run: Run) -> None:
    first = added(run)
    done = run("memory", "add", "Revenue means gross sales", "--keep-both")
    assert f"it contradicts {first['id']}" in done.stderr
    again = ok(run("memory", "add", "revenue is net of refunds", "--keep-both", "--json"))
    assert ("duplicate", first["id"]) in [(a["relation"], a["other"]["id"]) for a in again["alike"]]


@pytest.mark.requirement("memory:contradictions")
def test_of_two_that_contradict_a_person_says_which_one_holds(run: Run) -> None:
    first = added(run)
    other = ("memory", "add", "Revenue means gross sales")
    refused = run(*other)
    assert refused.exit_code == 2
    assert f"{first['id']}: «{first['text']}»" in refused.stderr
    assert f"--replace {first['id']}" in refused.stderr
    assert [m["id"] for m in ok(run("memory", "list", "--json"))] == [first["id"]]
    new = ok(run(*other, "--replace", first["id"], "--json"))
    assert new["replaced"] == [first["id"]]
    assert [m["id"] for m in ok(run("memory", "list", "--json"))] == [new["id"]]
    shown = ok(run("memory", "show", first["id"], "--json"))
    assert (shown["state"], shown["retired_because"]) == ("retired", f"{new['id']} took its place")
    assert run("memory", "edit", first["id"], "--reason", "after all").exit_code == 2
    assert run("memory", "edit", first["id"], "--reason", "after all", "--keep-both").exit_code == 0
    (pair,) = ok(run("memory", "review", "--json"))["contradictions"]
    assert {pair["one"]["id"], pair["other"]["id"]} == {first["id"], new["id"]}


@pytest.mark.requirement("memory:contradictions")
def test_one_for_everybody_contradicts_freely_and_replaces_nothing_before_it_holds(run: Run) -> None:
    mine = added(run)
    added_for_all = ok(run("memory", "add", "Revenue means gross sales", "--scope", "global", "--json"))
    assert [a["relation"] for a in added_for_all["alike"]] == ["contradiction"]
    ended = ok(
        run(
            "memory",
            "add",
            "Revenue means taxes",
            "--scope",
            "global",
            "--replace",
            mine["id"],
            "--keep-both",
            "--json",
        )
    )
    assert ended["replaced"] == []


@pytest.mark.requirement("memory:cli")
def test_ids_and_commands_are_never_cut(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    first = added(run, "--reason", "finance says so " * 10)
    other = ok(
        run("memory", "add", "Revenue means gross sales of a whole " + "long " * 20, "--keep-both", "--json")
    )
    shown = run("memory", "review").stdout
    assert any(f"gnomon memory retire {m['id']}\n" in shown for m in (first, other))
    listed = run("memory", "list").stdout
    assert first["id"] in listed
    assert other["id"] in listed


@pytest.mark.requirement("memory:cli")
def test_it_is_edited_retired_and_brought_back(run: Run) -> None:
    made = added(run, "--table", "orders", "--expires", "8w")
    edited = ok(run("memory", "edit", made["id"], "--text", "Revenue means gross", "--json"))
    assert (edited["text"], edited["tables"], edited["expires_at"]) == (
        *("Revenue means gross", ["orders"], made["expires_at"]),
    )
    ended = run("memory", "retire", made["id"], "--reason", "it was wrong")
    assert ended.stderr == f"retired {made['id']}: it was wrong\n"
    assert ok(run("memory", "list", "--json")) == []
    (retired,) = ok(run("memory", "list", "--status", "retired", "--json"))
    assert retired["retired_because"] == "it was wrong"
    assert run("memory", "retire", made["id"]).exit_code == 2
    assert ok(run("memory", "edit", made["id"], "--reason", "after all", "--json"))["state"] == "active"
    shown = ok(run("memory", "show", made["id"], "--json"))
    assert [v["change"] for v in shown["versions"]] == ["add", "edit", "retire", "edit"]


@pytest.mark.requirement("memory:cli")
def test_an_unknown_id_is_told_with_the_nearest(run: Run) -> None:
    made = added(run)
    done = run("memory", "show", made["id"][:-1] + "x")
    assert done.exit_code == 2
    assert made["id"] in done.stderr


@pytest.mark.requirement("memory:reviewer")
def test_for_everybody_another_operator_confirms(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(*ADD, "--scope", "global")
    memory_id = done.stdout.strip()
    assert f"gnomon memory review --confirm {memory_id}" in done.stderr
    own = run("memory", "review", "--confirm", memory_id)
    assert (own.exit_code, "memory:needs-reviewer" in own.stderr) == (1, True)
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "olga@acme.test")
    waiting = ok(run("memory", "review", "--json"))
    assert [m["id"] for m in waiting["proposed"]] == [memory_id]
    assert memory_id in run("memory", "review").stdout
    confirmed = ok(run("memory", "review", "--confirm", memory_id, "--json"))
    assert [(m["state"], m["reviewed_by"]) for m in confirmed["confirmed"]] == [("active", "olga@acme.test")]
    assert "nothing wants a decision" in run("memory", "review").stderr


@pytest.mark.requirement("memory:scopes")
def test_nobody_sees_or_changes_what_somebody_else_keeps_for_themselves(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = added(run)
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "bo@acme.test")
    assert ok(run("memory", "list", "--json")) == []
    for command in ("show", "edit", "retire"):
        done = run("memory", command, made["id"])
        assert (done.exit_code, made["id"] in done.stderr.replace(f"`{made['id']}`", "")) == (2, False)
    assert run("memory", "review", "--confirm", made["id"]).exit_code == 2


@pytest.mark.requirement("memory:policy")
def test_who_may_not_remember_adds_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "people.toml").write_text(
        f'[[people]]\nsubject = "ana@acme.test"\nlocal_user = "{local_user()}"\ngroups = []\n'
    )
    (policies / "access.cedar").write_text(
        '@id("read") permit (principal, action == Action::"read", resource) when { resource is Table };\n'
        '@id("use") permit (principal, action == Action::"use", resource)\n'
        'unless { resource.effect == "remember" };'
    )
    monkeypatch.setenv("GNOMON_POLICY_DIR", str(policies))
    done = run(*ADD)
    assert done.exit_code == 1, done.stderr
    assert "propose_memory" in done.stderr


def local_user() -> str:
    import getpass

    return getpass.getuser()


@pytest.mark.requirement("memory:drift")
def test_a_list_retires_what_its_tables_outgrew(run: Run, state: Path) -> None:
    made = added(run, "--means", "revenue=orders.net_amount")
    with closing(sqlite3.connect(os.environ["GNOMON_WAREHOUSE"])) as db:
        db.execute("ALTER TABLE orders DROP COLUMN net_amount")
        db.commit()
    assert ok(run("memory", "list", "--json")) == []
    (retired,) = ok(run("memory", "list", "-s", "retired", "--json"))
    assert (retired["id"], retired["retired_because"]) == (made["id"], "the columns of orders changed")
    assert audited()[-1]["by"] == "gnomon"
    done = run("memory", "edit", made["id"])
    assert "has no column `net_amount`" in done.stderr
    back = ok(run("memory", "edit", made["id"], "--means", "revenue=orders.amount", "--json"))
    assert back["state"] == "active"


@pytest.mark.requirement("memory:review")
def test_pruning_says_what_it_retired_and_why(run: Run) -> None:
    made = added(run, "--table", "customers")
    with closing(sqlite3.connect(os.environ["GNOMON_WAREHOUSE"])) as db:
        db.execute("DROP TABLE customers")
        db.commit()
    assert run("memory", "review", "--prune").exit_code == 0
    (retired,) = ok(run("memory", "list", "-s", "retired", "--json"))
    told = (retired["id"], retired["retired_because"])
    assert told == (made["id"], "the table customers is not there any more")


@pytest.mark.requirement("cli:help")
@pytest.mark.parametrize("command", ["list", "show", "add", "edit", "retire", "review"])
def test_each_memory_command_has_help_with_an_example_of_itself(run: Run, command: str) -> None:
    shown = run("memory", command, "--help").stdout
    assert f"  gnomon memory {command}" in shown
    assert "--json" in shown

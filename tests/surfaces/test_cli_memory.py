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
    assert {m["id"] for m in ok(run("memory", "list", "--json"))} == {first["id"], new["id"]}


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


def contradictions(run: Run) -> list[set[str]]:
    """The pairs that a review lists."""
    found = ok(run("memory", "review", "--json"))["contradictions"]
    return [{pair["one"]["id"], pair["other"]["id"]} for pair in found]


@pytest.fixture
def pair(run: Run) -> tuple[str, str]:
    """Two of ana's that contradict each other, both kept."""
    first = added(run)["id"]
    return first, ok(run("memory", "add", "Revenue means gross sales", "--keep-both", "--json"))["id"]


@pytest.mark.requirement("memory:kept-both")
def test_what_is_kept_side_by_side_is_not_listed_again_and_told_with_who_and_when(
    run: Run, pair: tuple[str, str]
) -> None:
    first, second = pair
    assert contradictions(run) == []
    assert "nothing wants a decision" in run("memory", "review").stderr
    beside = {m["id"]: m["kept_beside"] for m in ok(run("memory", "list", "--json"))}
    at = beside[first][0]["at"]
    assert beside == {
        first: [{"memory": second, "by": "ana@acme.test", "at": at}],
        second: [{"memory": first, "by": "ana@acme.test", "at": at}],
    }
    assert datetime.fromisoformat(at).tzinfo is not None
    assert ok(run("memory", "show", first, "--json"))["kept_beside"] == beside[first]
    assert f"kept beside: {second}, by ana@acme.test, {at}" in run("memory", "show", first).stdout
    assert (audited()[-1]["act"], audited()[-1]["beside"]) == ("add", first)


@pytest.mark.requirement("memory:kept-both")
@pytest.mark.parametrize("changed", [0, 1])
def test_an_edit_of_either_asks_again(run: Run, pair: tuple[str, str], changed: int) -> None:
    edit = ("memory", "edit", pair[changed], "--reason", "the handbook says so")
    refused = run(*edit)
    assert (refused.exit_code, pair[1 - changed] in refused.stderr) == (2, True)
    assert contradictions(run) == [], "nothing changed"
    kept = ok(run(*edit, "--keep-both", "--json"))
    assert [b["memory"] for b in kept["kept_beside"]] == [pair[1 - changed]]
    assert contradictions(run) == []


@pytest.mark.requirement("memory:kept-both")
def test_a_listed_pair_is_kept_without_changing_a_word(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory for everybody contradicts one's own freely: both are listed until somebody decides."""
    mine = added(run)["id"]
    ours = ok(run("memory", "add", "Revenue means gross sales", "--scope", "global", "--json"))["id"]
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "olga@acme.test")
    confirmed = ok(run("memory", "review", "--confirm", ours, "--json"))["confirmed"]
    assert [m["kept_beside"] for m in confirmed] == [[]]
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "ana@acme.test")
    assert contradictions(run) == [{mine, ours}]
    assert "gnomon memory edit ID --keep-both" in run("memory", "review").stderr
    assert run("memory", "edit", mine, "--keep-both").exit_code == 0
    assert contradictions(run) == []
    assert [v["change"] for v in ok(run("memory", "show", mine, "--json"))["versions"]] == ["add"]
    assert (audited()[-1]["act"], audited()[-1]["beside"]) == ("keep", ours)
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "bo@acme.test")
    (seen,) = ok(run("memory", "list", "--json"))
    assert (seen["id"], seen["kept_beside"]) == (ours, []), "what ana keeps for herself is not told"


@pytest.mark.requirement("memory:kept-both")
def test_keeping_both_of_nothing_changes_nothing(run: Run) -> None:
    made = added(run)["id"]
    done = run("memory", "edit", made, "--keep-both")
    assert (done.exit_code, f"nothing of `{made}` changes" in done.stderr) == (2, True)


@pytest.fixture
def proposals(run: Run, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """One for everybody that holds, and a proposal of ana's that contradicts it; olga goes on."""
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "ana@acme.test")
    holds = ok(run(*ADD, "--scope", "global", "--json"))["id"]
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "olga@acme.test")
    assert run("memory", "review", "--confirm", holds).exit_code == 0
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "ana@acme.test")
    other = ("memory", "add", "Revenue means gross sales", "--scope", "global")
    assert run(*other).exit_code == 2
    added_ = run(*other, "--keep-both")
    assert "whoever confirms it decides about what it contradicts" in added_.stderr
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "olga@acme.test")
    return holds, added_.stdout.strip()


def states(run: Run) -> dict[str, str]:
    every = [part for each in ("proposed", "active", "retired", "rejected") for part in ("-s", each)]
    return {m["id"]: m["state"] for m in ok(run("memory", "list", *every, "--json"))}


@pytest.mark.requirement("memory:confirm-decides")
def test_a_confirmation_that_does_not_decide_is_refused_and_changes_nothing(
    run: Run, proposals: tuple[str, str]
) -> None:
    holds, waits = proposals
    before, records = states(run), len(audited())
    assert contradictions(run) == [{holds, waits}], "the author's wish decides nothing"
    refused = run("memory", "review", "--confirm", waits)
    assert refused.exit_code == 2
    assert "«Revenue means gross sales» contradicts what is remembered already" in refused.stderr
    assert f"{holds}: «Revenue means net of refunds»: they define" in " ".join(refused.stderr.split())
    assert f"`--replace {holds}` retires the old, `--keep-both` keeps all" in refused.stderr
    assert (states(run), len(audited())) == (before, records)


@pytest.mark.requirement("memory:confirm-decides")
def test_a_confirmation_replaces_what_it_is_told_to(run: Run, proposals: tuple[str, str]) -> None:
    holds, waits = proposals
    done = ok(run("memory", "review", "--confirm", waits, "--replace", holds, "--json"))
    assert [m["id"] for m in done["confirmed"]] == [waits]
    assert [(m["id"], m["retired_because"]) for m in done["retired"]] == [(holds, f"{waits} took its place")]
    assert states(run) == {holds: "retired", waits: "active"}
    assert [(a["act"], a["memory"]) for a in audited()[-2:]] == [("confirm", waits), ("retire", holds)]


@pytest.mark.requirement("memory:confirm-decides", "memory:kept-both")
def test_a_confirmation_keeps_both_in_the_name_of_who_confirms(run: Run, proposals: tuple[str, str]) -> None:
    holds, waits = proposals
    done = run("memory", "review", "--confirm", waits, "--keep-both")
    assert f"kept {waits} beside {holds}" in done.stderr
    assert states(run) == {holds: "active", waits: "active"}
    shown = ok(run("memory", "show", holds, "--json"))
    assert [(b["memory"], b["by"]) for b in shown["kept_beside"]] == [(waits, "olga@acme.test")]
    assert contradictions(run) == []


@pytest.mark.requirement("memory:confirm-decides")
def test_of_several_decisions_in_one_call_all_are_made_or_none(
    run: Run, proposals: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, waits = proposals
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "ana@acme.test")
    more = [
        ok(run("memory", "add", text, "--scope", "global", "--json"))["id"]
        for text in ("Weeks begin on Monday", "Bonds are sold in lots of 5", "Bonds are sold in lots of 9")
    ]
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "olga@acme.test")
    weeks, lots, other_lots = more
    before = states(run)
    for call in (
        ("--confirm", weeks, "--reject", lots, "--confirm", waits),
        ("--confirm", lots, "--confirm", other_lots),
    ):
        assert run("memory", "review", *call).exit_code == 2
        assert states(run) == before
    assert (
        run("memory", "review", "--confirm", weeks, "--reject", lots, "--confirm", other_lots).exit_code == 0
    )
    assert [states(run)[each] for each in more] == ["active", "rejected", "active"]


@pytest.mark.requirement("memory:confirm-decides")
def test_who_may_not_confirm_is_not_told_what_it_contradicts(
    run: Run, proposals: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "ana@acme.test")
    done = run("memory", "review", "--confirm", proposals[1], "--keep-both")
    assert (done.exit_code, "memory:needs-reviewer" in done.stderr) == (1, True)


@pytest.mark.requirement("memory:cli")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--keep-both",), "`--keep-both` goes with `--confirm`"),
        (("--replace", "m1"), "`--replace` goes with one `--confirm`"),
        (("--confirm", "m1", "--confirm", "m2", "--replace", "m3"), "`--replace` goes with one `--confirm`"),
        (("--confirm", "m1", "--reject", "m1"), "`m1` is named twice"),
        (("--confirm", "m1", "--replace", "m1"), "`m1` is named twice"),
    ],
)
def test_a_review_that_says_two_things_of_one_memory_is_refused(
    run: Run, options: tuple[str, ...], said: str
) -> None:
    done = run("memory", "review", *options)
    assert (done.exit_code, said in done.stderr) == (2, True)


@pytest.mark.requirement("memory:contradictions")
def test_a_memory_does_not_take_its_own_place(run: Run) -> None:
    made = added(run)["id"]
    done = run("memory", "edit", made, "--text", "Revenue means gross", "--replace", made)
    assert (done.exit_code, "cannot take its own place" in done.stderr) == (2, True)
    assert [m["text"] for m in ok(run("memory", "list", "--json"))] == ["Revenue means net of refunds"]


@pytest.mark.requirement("memory:cli")
def test_ids_and_commands_are_never_cut(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    first = added(run, "--reason", "finance says so " * 10)
    other = ok(
        run("memory", "add", "Revenue means gross sales of a " + "long " * 20, "--scope", "global", "--json")
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

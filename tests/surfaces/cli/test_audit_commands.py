"""`gnomon audit` and `gnomon budget`."""

import csv
import io
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gnomon.domain.events import AuditEvent
from gnomon.domain.identity import Principal
from gnomon.policy.budgets import Spending
from gnomon.store.audit import AuditLog
from gnomon.store.usage import UsageLedger
from gnomon.surfaces.cli.commands import audit, budget
from gnomon.surfaces.cli.main import HouseGroup

Run = Callable[..., Result]

house = typer.Typer(name="gnomon", cls=HouseGroup, rich_markup_mode=None)
house.add_typer(audit.app)
house.command("budget")(budget.budget)


@pytest.fixture
def call(folder: Path) -> Run:
    """Run these commands alone in `folder`."""
    return lambda *args: CliRunner().invoke(house, list(args))


@pytest.fixture
def log(folder: Path) -> AuditLog:
    log = AuditLog(Path(os.environ["GNOMON_HOME"]) / "audit")
    for number, (kind, subject) in enumerate((("question", "ana"), ("query", "ana"), ("login", "bo")), 1):
        detail = (("question", "q1"), ("text", f"=1+{number}\x1b[31m"))
        log.append(AuditEvent(datetime(2026, 1, number, 12, tzinfo=UTC), subject, "acme", kind, detail))
    return log


def head(log: AuditLog) -> str:
    report = log.verify()
    return f"{report.records}:{report.head}"


@pytest.mark.requirement("audit:search-export")
def test_a_sound_log_is_said_to_be_sound_with_a_receipt(log: AuditLog, call: Run) -> None:
    done = call("audit", "verify")
    assert (done.exit_code, done.stdout) == (0, f"sound: 3 records\nhead: {head(log)}\n")
    assert call("audit", "verify", "--expect", head(log)).exit_code == 0
    assert json.loads(call("audit", "verify", "--json").stdout)["head"] == head(log)


@pytest.mark.requirement("audit:search-export")
def test_a_broken_log_exits_with_1_and_names_the_first_broken_record(log: AuditLog, call: Run) -> None:
    log.path.write_bytes(log.path.read_bytes().replace(b"1+2", b"1+9"))
    done = call("audit", "verify")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "record 2 (line 2)" in done.stderr
    assert "its hash differs" in done.stderr
    told = json.loads(call("audit", "verify", "--json").stdout)
    assert (told["sound"], told["broken_record"], told["records"]) == (False, 2, 1)
    assert call("audit", "verify", "--json").exit_code == 1
    for command in ("search", "export"):
        assert call("audit", command).exit_code == 1


@pytest.mark.requirement("audit:search-export")
def test_records_cut_from_the_end_are_found_with_a_receipt(log: AuditLog, call: Run) -> None:
    receipt = head(log)
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:2]))
    assert call("audit", "verify").exit_code == 0
    done = call("audit", "verify", "--expect", receipt)
    assert done.exit_code == 1
    assert "the log ends at record 2; record 3 was acknowledged" in done.stderr


@pytest.mark.requirement("audit:search-export")
@pytest.mark.parametrize("receipt", ["7", "0:" + "a" * 64, "1:" + "A" * 64, "x:y", "1:abc"])
def test_what_is_no_receipt_is_wrong_usage(log: AuditLog, call: Run, receipt: str) -> None:
    done = call("audit", "verify", "--expect", receipt)
    assert done.exit_code == 2
    assert "N:SHA256" in done.stderr


@pytest.mark.requirement("audit:search-export")
def test_an_empty_log_is_sound_and_holds_no_receipt(call: Run) -> None:
    assert call("audit", "verify").stdout == "sound: 0 records; nothing was recorded yet\n"
    assert call("audit", "verify", "--expect", "1:" + "a" * 64).exit_code == 1
    assert call("audit", "search").stdout == ""
    assert call("audit", "export").stdout == ""


@pytest.mark.requirement("audit:search-export")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], [1, 2, 3]),
        (["-n", "2"], [2, 3]),
        (["--kind", "query"], [2]),
        (["--kind", "query", "--kind", "login"], [2, 3]),
        (["--subject", "bo"], [3]),
        (["--since", "2026-01-02"], [2, 3]),
        (["--until", "2026-01-02"], [1, 2]),
        (["--until", "2026-01-02T12:00:00+00:00"], [1]),
        (["--since", "2026-01-02T13:00:00+02:00"], [2, 3]),
        (["--question", "q1", "--text", "1+3"], [3]),
        (["--question", "q2"], []),
    ],
)
def test_search_finds_what_each_filter_asks_for(
    log: AuditLog, call: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], found: list[int]
) -> None:
    monkeypatch.setenv("GNOMON_ANSWERS_TIMEZONE", "UTC")
    done = call("audit", "search", "--json", *arguments)
    assert [json.loads(line)["n"] for line in done.stdout.splitlines()] == found


@pytest.mark.requirement("audit:search-export")
def test_a_day_is_meant_in_the_configured_zone(
    log: AuditLog, call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNOMON_ANSWERS_TIMEZONE", "Pacific/Kiritimati")
    done = call("audit", "search", "--json", "--until", "2026-01-02")
    assert [json.loads(line)["n"] for line in done.stdout.splitlines()] == [1]


@pytest.mark.requirement("audit:search-export")
def test_the_table_shows_the_newest_last_and_no_control_sequence(log: AuditLog, call: Run) -> None:
    shown = call("audit", "search").stdout
    assert [line.split(" ")[0] for line in shown.splitlines()[2:]] == ["1", "2", "3"]
    assert "2026-01-03 12:00:00" in shown
    assert "\x1b" not in shown


@pytest.mark.requirement("audit:search-export")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--kind", "gossip"], "`gossip` is not a kind of record"),
        (["--since", "yesterday"], "--since takes a day or a time"),
        (["--until", "9999-12-31"], "--until takes a day or a time"),
    ],
)
def test_a_filter_that_is_none_is_wrong_usage(
    log: AuditLog, call: Run, arguments: list[str], says: str
) -> None:
    for command in ("search", "export"):
        done = call("audit", command, *arguments)
        assert done.exit_code == 2
        assert says in done.stderr


@pytest.mark.requirement("audit:search-export")
def test_an_export_goes_to_stdout_or_to_a_file_of_the_same_content(
    log: AuditLog, call: Run, folder: Path
) -> None:
    for form in ("jsonl", "csv", "ocsf"):
        shown = call("audit", "export", "--format", form, "--kind", "query").stdout
        done = call("audit", "export", "--format", form, "--kind", "query", "-o", f"out.{form}")
        assert (done.exit_code, done.stdout) == (0, "")
        assert (folder / f"out.{form}").read_text() == shown
        assert stat.S_IMODE((folder / f"out.{form}").stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO((folder / "out.csv").read_text(), newline="")))
    assert [row["n"] for row in rows] == ["2"]
    assert json.loads((folder / "out.ocsf").read_text())["class_uid"] == 6005
    assert json.loads(call("audit", "export", "--json", "--kind", "query").stdout)["kind"] == "query"


@pytest.mark.requirement("audit:search-export")
def test_an_export_that_fails_leaves_no_file_and_the_old_one_as_it_was(
    log: AuditLog, call: Run, folder: Path
) -> None:
    (folder / "out").write_text("old")
    log.path.write_bytes(log.path.read_bytes().replace(b'"bo"', b'"xo"'))
    assert call("audit", "export", "-o", "out").exit_code == 1
    assert [(p.name, p.read_text()) for p in folder.iterdir()] == [("out", "old")]
    done = call("audit", "export", "-o", "nowhere/out")
    assert done.exit_code == 3
    assert "nowhere/out cannot be written" in done.stderr


@pytest.mark.requirement("cli:help")
@pytest.mark.parametrize(
    "command", [["audit"], ["audit", "verify"], ["audit", "search"], ["audit", "export"], ["budget"]]
)
def test_each_command_has_help_with_an_example_of_itself(call: Run, command: list[str]) -> None:
    done = call(*command, "--help")
    assert done.exit_code == 0
    assert f"  gnomon {' '.join(command)}" in done.stdout
    assert command == ["audit"] or "--json" in done.stdout


@pytest.mark.requirement("cli:help")
def test_audit_alone_shows_what_there_is(call: Run) -> None:
    done = call("audit")
    assert done.exit_code == 0
    assert all(f"\n  {name} " in done.stdout for name in ("verify", "search", "export"))


BUDGETS = """
[[budget]]
who = "person"
window = "day"
questions = 10
tokens = 1000

[[budget]]
who = "tenant"
window = "month"
cost_usd = 1.0
"""


@pytest.fixture
def spent(folder: Path) -> None:
    (folder / "budgets.toml").write_text(BUDGETS)
    ledger = UsageLedger.open(Path(os.environ["GNOMON_HOME"]))
    now = datetime.now(UTC)
    amounts = Spending(questions=9, tokens=10, cost_usd=1.25)
    ledger.add(Principal("ana@acme.test"), now, (), amounts)
    ledger.close()


@pytest.mark.requirement("budgets:judge")
@pytest.mark.usefixtures("spent")
def test_budgets_are_shown_as_bars_the_fullest_first(call: Run) -> None:
    lines = call("budget").stdout.splitlines()
    assert lines[0] == "1.25 of 1.00 USD this month by everybody"
    assert "125%  used up until " in lines[1]
    assert lines[2] == "9 of 10 questions today"
    assert " 90%  nearly used up, free " in lines[3]
    assert lines[4] == "10 of 1,000 tokens today"
    assert max(map(len, lines)) <= 80
    assert lines[1].count("█") == 26 > lines[3].count("█") > lines[5].count("█") == 0


@pytest.mark.requirement("budgets:judge")
@pytest.mark.usefixtures("spent")
def test_budgets_in_json_hold_every_field(call: Run) -> None:
    first, *_ = json.loads(call("budget", "--json").stdout)
    assert (first["who"], first["window"], first["measure"]) == ("tenant", "month", "cost_usd")
    assert (first["limit"], first["used"], first["state"]) == (1.0, 1.25, "hard")
    assert datetime.fromisoformat(first["resets_at"]).day == 1


@pytest.mark.requirement("budgets:judge")
def test_without_budgets_nothing_limits_and_a_wrong_file_is_named(call: Run, folder: Path) -> None:
    done = call("budget")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing limits you" in done.stderr
    assert json.loads(call("budget", "--json").stdout) == []
    (folder / "budgets.toml").write_text('[[budget]]\nwho = "person"\nwindow = "day"\nquestion = 5\n')
    wrong = call("budget")
    assert wrong.exit_code == 3
    assert "budgets.toml:4" in wrong.stderr
    assert "did you mean `questions`?" in wrong.stderr

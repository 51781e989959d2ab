"""`gnomon annotate`: what owners say, written back into their files."""

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gnomon.context.catalog.sources.annotations.reader import read_text
from gnomon.identity.local import os_user
from gnomon.store.audit import AuditLog
from gnomon.surfaces.cli.main import app

Run = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("indexed")


@pytest.fixture
def notes(folder: Path) -> Path:
    """The folder of annotations; it is not there yet."""
    return folder / "annotations"


def writes() -> list[Mapping[str, str]]:
    """What the audit log says of annotations."""
    events = AuditLog(Path(os.environ["GNOMON_HOME"]) / "audit").events()
    return [dict(e.detail) for e in events if e.kind == "write"]


@pytest.mark.requirement("annotations:command", "annotations:who-and-when")
def test_what_is_said_is_written_with_who_and_when(
    run: Run, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(
        *(
            "annotate",
            "ORDERS",
            "--owner",
            "finance@acme.test",
            "--criticality",
            "High",
            "--freshness",
            "daily",
        ),
        *("--meaning", "One row per order that was paid.", "--grain", "one row per order"),
        *("--caveat", "No test orders.", "--caveat", "Amounts are gross."),
        *("--always-filter", "status <> 'void'", "--use-when", "You need orders.", "--tag", "gold"),
        *("--use-instead", "customers", "--when", "you need people", "--column", "AMOUNT=Gross, in euros"),
    )
    assert done.exit_code == 0, done.output
    assert str(notes / "orders.yaml") in done.stdout
    shown = json.loads(run("annotate", "orders", "--json").stdout)
    assert shown.pop("said_at")
    assert shown == {
        "table": "orders",
        "place": f"{notes}/orders.yaml:1",
        "owner": "finance@acme.test",
        "criticality": "high",
        "freshness": "daily",
        "meaning": "One row per order that was paid.",
        "grain": "one row per order",
        "caveats": [{"text": t, "until": None} for t in ("No test orders.", "Amounts are gross.")],
        "always_filter": ["status <> 'void'"],
        "use_instead": [{"table": "customers", "when": "you need people"}],
        "use_when": ["You need orders."],
        "tags": ["gold"],
        "also_called": [],
        "columns": {"amount": "Gross, in euros"},
        "columns_called": {},
        "said_by": "ana@acme.test",
    }


@pytest.mark.requirement("cards:sources")
def test_a_described_table_says_who_says_whose_it_is_and_how_it_should_be(run: Run, notes: Path) -> None:
    notes.mkdir()
    (notes / "team.yaml").write_text(
        "table: orders\nsaid_by: Ines\nsaid_at: 2026-03-04\nowner: finance\nfreshness: daily\n"
        "criticality: high\n"
    )
    run("index")
    said = " by Ines on 2026-03-04"
    shown = run("describe", "orders").stdout
    for line in (
        f"  owner: finance (source: team.yaml:4{said})",
        f"  criticality: high (source: team.yaml:6{said})",
        f"  expected to be fresh: daily (source: team.yaml:5{said})",
    ):
        assert line in shown
    card = json.loads(run("describe", "orders", "--json").stdout)
    assert (card["owner"], card["owner_from"]) == ("finance", f"team.yaml:4{said}")
    assert (card["criticality_from"], card["freshness_from"]) == (f"team.yaml:6{said}", f"team.yaml:5{said}")


@pytest.mark.requirement("annotations:command")
def test_a_second_word_changes_the_file_and_keeps_the_rest(run: Run, notes: Path) -> None:
    notes.mkdir()
    file = notes / "team.yaml"
    file.write_text(
        "# ours\ntables:\n  - table: orders  # ours too\n    owner: Bo\n    caveats: [one, two]\n"
    )
    done = run("annotate", "orders", "--owner", "Ana", "--remove", "caveats.1", "--said-by", "Cem", "--json")
    assert json.loads(done.stdout)["said_by"] == "Cem"
    said_at = json.loads(done.stdout)["said_at"]
    assert file.read_text() == (
        "# ours\ntables:\n  - table: orders  # ours too\n    owner: Ana\n    caveats: [two]\n"
        f"    said_by: Cem\n    said_at: {said_at}\n"
    )
    assert [*notes.iterdir()] == [file]


@pytest.mark.requirement("annotations:command")
def test_the_write_is_recorded_and_saying_the_same_again_is_none(run: Run, notes: Path) -> None:
    for _ in range(2):
        assert run("annotate", "orders", "--tag", "gold", "--owner", "Ana").exit_code == 0
    assert writes() == [
        {
            "act": "annotate",
            "table": "orders",
            "place": "orders.yaml",
            "parts": "owner, tags, said_by, said_at",
        }
    ]


@pytest.mark.requirement("annotations:command")
def test_a_confirmation_dates_what_stands_there(run: Run, notes: Path) -> None:
    notes.mkdir()
    (notes / "o.yaml").write_text("table: orders\nowner: Bo\nsaid_at: 2019-01-01\n")
    done = run("annotate", "orders", "--confirm", "--json")
    shown = json.loads(done.stdout)
    assert (shown["owner"], shown["said_by"]) == ("Bo", "ana@acme.test")
    assert shown["said_at"] > "2025"


REFUSED = [
    (("orderz", "--owner", "x"), "no table is named `orderz`", "did you mean `orders`?"),
    (("orders", "--column", "amonut=x"), "`orders` has no column `amonut`", "did you mean `amount`?"),
    (("orders", "--column", "amount"), "names no meaning", "--column NAME=MEANING"),
    (("orders", "--use-instead", "customer"), "no table is named `customer`", "did you mean `customers`?"),
    (("orders", "--use-instead", "orders"), "is the table itself", "name the better one"),
    (("orders", "--when", "x"), "`--when` belongs to a `--use-instead`", "one for each"),
    (("orders", "--criticality", "urgent"), "`urgent` is no criticality", "low, medium, high, critical"),
    (("orders", "--always-filter", "amount + 1"), "not true or false", "as after WHERE"),
    (("orders", "--always-filter", "amonut > 1"), "no column `amonut`", "did you mean `amount`?"),
    (("orders", "--owner", " "), "nothing is said with `--owner`", "`--remove owner` takes it away"),
    (("orders", "--owner", "a\u202eb"), "characters that nobody sees", "leave them out"),
    (("orders", "--remove", "owner"), "is not annotated yet", "--draft"),
    (("orders", "--list"), "name a table, or give `--list`", "--help"),
    ((), "name a table, or give `--list`", "--help"),
    (("orders", "--draft", "--owner", "x"), "changes nothing", "leave out"),
]


@pytest.mark.requirement("annotations:command")
@pytest.mark.parametrize(("args", "message", "hint"), REFUSED)
def test_what_cannot_be_said_is_refused_with_a_way_out_and_nothing_is_written(
    args: tuple[str, ...], message: str, hint: str, run: Run, notes: Path
) -> None:
    done = run("annotate", *args)
    assert done.exit_code == 2
    assert message in done.stderr
    assert hint in done.stderr
    assert not notes.exists()
    assert writes() == []


@pytest.mark.requirement("annotations:command")
def test_what_is_not_there_cannot_be_removed(run: Run, notes: Path) -> None:
    run("annotate", "orders", "--owner", "x")
    done = run("annotate", "orders", "--remove", "ownr")
    assert (done.exit_code, "did you mean `owner`?" in done.stderr) == (2, True)


@pytest.mark.requirement("annotations:command")
def test_a_broken_file_is_an_operators_matter_and_stays_as_it_is(run: Run, notes: Path) -> None:
    notes.mkdir()
    (notes / "orders.yaml").write_text("table: [")
    done = run("annotate", "orders", "--owner", "x", "--json")
    assert done.exit_code == 3
    assert json.loads(done.stdout)["error"]["kind"] == "misconfigured"
    assert (notes / "orders.yaml").read_text() == "table: ["


@pytest.mark.requirement("annotations:draft")
def test_a_draft_is_printed_for_the_owner_to_fill_in(run: Run, notes: Path) -> None:
    done = run("annotate", "orders", "--draft")
    assert done.exit_code == 0
    assert "#  amount:  # DECIMAL(10, 2), 1.5 to 600" in done.stdout
    found = read_text(done.stdout.encode(), "draft.yaml")
    assert found.problems == ()
    assert found.entries[0].table == "orders"
    assert json.loads(run("annotate", "orders", "--draft", "--json").stdout)["draft"] == done.stdout
    assert not notes.exists()


@pytest.mark.requirement("annotations:command")
def test_annotated_tables_are_listed_with_who_and_when(run: Run, notes: Path) -> None:
    assert "nothing is annotated yet" in run("annotate", "--list").stderr
    assert json.loads(run("annotate", "--list", "--json").stdout) == []
    assert "nobody annotated `orders` yet" in run("annotate", "orders").stderr
    assert json.loads(run("annotate", "orders", "--json").stdout) is None
    run("annotate", "orders", "--owner", "finance")
    (notes / "bad.yaml").write_text("table: nowhere\nownr: x\n")
    listed = run("annotate", "--list")
    assert "orders.yaml" in listed.stdout
    assert "ana@acme.test" in listed.stdout
    assert "gnomon lint" in listed.stderr
    assert [e["table"] for e in json.loads(run("annotate", "--list", "--json").stdout)] == [
        "nowhere",
        "orders",
    ]


@pytest.mark.requirement("annotations:command")
def test_what_is_said_is_shown(run: Run, notes: Path) -> None:
    run("annotate", "orders", "--owner", "finance", "--caveat", "Mind this.", "--column", "amount=Gross")
    done = run("annotate", "orders")
    assert done.stdout.splitlines()[0] == "orders  (annotations/orders.yaml:1)"
    assert [line.split() for line in done.stdout.splitlines()[1:4]] == [
        ["owner:", "finance"],
        ["caveats.1:", "Mind", "this."],
        ["columns.amount:", "Gross"],
    ]


@pytest.mark.requirement("annotations:command")
def test_two_who_write_at_once_lose_nothing(indexed: Path, notes: Path) -> None:
    def say(text: str) -> None:
        # The command's streams are the process's, so that threads call what is behind it.
        from gnomon.settings import Settings
        from gnomon.surfaces.cli.annotating import Wanted, write
        from gnomon.wiring import open_gnomon

        gnomon = open_gnomon(Settings.load())
        try:
            card = next(c for c in gnomon.governed().cards() if c.ref.name == "orders")
            write(gnomon, card, Wanted(items=(("caveats", text),)), "Ana", gnomon.settings.now().date())
        finally:
            gnomon.close()

    threads = [threading.Thread(target=say, args=(f"caveat {i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_text((notes / "orders.yaml").read_bytes(), "orders.yaml")
    assert sorted(c.text for c in found.entries[0].caveats) == [f"caveat {i}" for i in range(6)]


@pytest.mark.requirement("annotations:governed")
def test_a_table_that_does_not_exist_for_somebody_cannot_be_annotated_by_them(
    run: Run, folder: Path, notes: Path
) -> None:
    notes.mkdir()
    text = "tables:\n  - table: customers\n    owner: Bo\n"
    text += "  - table: orders\n    columns: {amount: a, order_id: b}\n"
    (notes / "all.yaml").write_text(text)
    policies = folder / "policies"
    policies.mkdir()
    (policies / "access.cedar").write_text(
        '@id("orders") permit (principal, action == Action::"read", resource in Table::"orders");\n'
        '@id("amounts") forbid (principal, action == Action::"read", resource == Column::"orders.amount");\n'
    )
    people = f'[[people]]\nsubject = "ana@acme.test"\nlocal_user = "{os_user()}"\n'
    (policies / "people.toml").write_text(people)
    (policies / "people.toml").chmod(0o600)
    refused = run("annotate", "customers", "--owner", "Ana")
    assert (refused.exit_code, "no table is named `customers`" in refused.stderr) == (2, True)
    assert run("annotate", "orders", "--column", "amount=mine").exit_code == 2
    listed = json.loads(run("annotate", "--list", "--json").stdout)
    assert [(e["table"], e["columns"]) for e in listed] == [("orders", {"order_id": "b"})]
    assert (notes / "all.yaml").read_text() == text
    linted = CliRunner().invoke(app, ["lint", "--json"]).stdout
    assert "customers" not in linted
    assert "amount" not in linted


@pytest.mark.requirement("synonyms:annotations", "annotations:command")
def test_further_names_are_written_shown_and_taken_away(run: Run, notes: Path) -> None:
    notes.mkdir(parents=True, exist_ok=True)
    text = "table: customers\ncolumns:\n  name: {meaning: Full name, also_called: [person]}\n"
    (notes / "customers.yaml").write_text(text)
    assert run("annotate", "customers", "--also-called", "client", "--also-called", "buyer").exit_code == 0
    shown = json.loads(run("annotate", "customers", "--json").stdout)
    assert shown["also_called"] == ["client", "buyer"]
    assert shown["columns_called"] == {"name": ["person"]}
    page = run("annotate", "customers").stdout
    assert "also_called.2:" in page
    assert "also called person" in page
    assert run("annotate", "customers", "--also-called", "client").exit_code == 0
    assert run("annotate", "customers", "--remove", "also_called.1").exit_code == 0
    assert json.loads(run("annotate", "customers", "--json").stdout)["also_called"] == ["buyer"]
    assert "name: {meaning: Full name, also_called: [person]}" in (notes / "customers.yaml").read_text()
    refused = run("annotate", "customers", "--also-called", "1 = yes")
    assert (refused.exit_code, "holds signs" in refused.stderr) == (2, True)

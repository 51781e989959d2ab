"""kill -9 at any moment: no acknowledged record is lost, and no query ran that has no record."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gnomon.store.audit import AuditLog, Receipt

pytestmark = pytest.mark.requirement("audit:kill")

VICTIMS = Path(__file__).with_name("audit_victims.py")
KILLS = 220


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is left after the killing."""

    log: AuditLog
    receipts: tuple[Receipt, ...]
    witnessed: tuple[str, ...]

    def without_record(self) -> set[str]:
        """Statements that an engine started and the log does not know."""
        return set(self.witnessed) - {dict(event.detail)["id"] for event in self.log.events()}


def killed(folder: Path, kills: int, order: str) -> Aftermath:
    command = [sys.executable, str(VICTIMS), str(folder), str(kills), "11", order]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=240).stdout)
    pairs = (line.split() for line in told["receipts"])
    return Aftermath(
        AuditLog(folder / "audit"),
        tuple(Receipt(int(n), sha256) for n, sha256 in pairs),
        tuple((folder / "witness").read_text().splitlines()),
    )


def test_nothing_acknowledged_is_lost_and_no_query_ran_without_a_record(tmp_path: Path) -> None:
    left = killed(tmp_path, KILLS, "record-first")
    stored = {record.n: record.sha256 for record in left.log.records()}
    assert left.log.verify().sound
    assert [r for r in left.receipts if stored.get(r.n) != r.sha256] == []
    assert left.without_record() == set()
    assert len(left.receipts) > KILLS
    assert len(left.witnessed) > KILLS


def test_the_same_look_finds_queries_that_run_before_their_record(tmp_path: Path) -> None:
    assert killed(tmp_path, 30, "query-first").without_record() != set()

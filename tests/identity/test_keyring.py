"""Keys that rotate while they are used, by several processes, also when one is killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.identity.keyring import LONGEST_LIFE_S, ROTATE_EVERY_S, KeyRing
from gnomon.identity.workload import Issuer, Verifier
from identity.identity_server import SetClock
from identity.refusing import rule_of

pytestmark = pytest.mark.requirement("identity:workload")

ANA = Principal("ana", "acme")
KILLS = 25


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "identity"


@pytest.fixture
def ring(folder: Path, clock: SetClock) -> KeyRing:
    return KeyRing(folder, clock)


def mint(ring: KeyRing) -> str:
    issuer = Issuer(ring, "acme.test", ring.clock)
    return issuer.mint(ANA, agent="a", run_id="r", purpose="p", effects=["read"], audience="x")


def rule(ring: KeyRing, token: str) -> str:
    return rule_of(lambda: Verifier(ring, "acme.test", ring.clock).verify(token, audience="x"))


def keys(folder: Path) -> list[Path]:
    return sorted(folder.glob("key-*.json"))


def test_the_first_use_makes_a_key_for_this_user_alone(ring: KeyRing, folder: Path) -> None:
    assert ring.signing() == ring.signing()
    assert [path.stat().st_mode & 0o777 for path in keys(folder)] == [0o600]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_private_half_is_not_shown(ring: KeyRing, folder: Path) -> None:
    shown = repr(ring.signing()) + repr(ring)
    assert json.loads(keys(folder)[0].read_text())["jwk"]["d"] not in shown


def test_rotation_has_no_gap(ring: KeyRing, folder: Path, clock: SetClock) -> None:
    """Tokens of the key before verify until the last of them ended, new ones from the first moment."""
    elsewhere = KeyRing(folder, clock)
    old = mint(ring)
    assert rule(elsewhere, old) == ""
    ring.rotate()
    new = mint(elsewhere)
    assert elsewhere.signing().number == 2
    assert [rule(each, token) for each in (ring, elsewhere) for token in (old, new)] == [""] * 4


def test_a_rotated_away_key_verifies_nothing_and_is_deleted_with_the_next_rotation(
    ring: KeyRing, folder: Path, clock: SetClock
) -> None:
    first = ring.signing().key_id
    ring.rotate()
    clock.forward(LONGEST_LIFE_S)
    assert ring.verifying(first) is not None
    clock.forward(121)
    assert ring.verifying(first) is None
    assert len(keys(folder)) == 2
    ring.rotate()
    assert [first in path.name for path in keys(folder)] == [False, False]


def test_a_token_of_a_key_that_was_taken_away_is_refused_at_once(ring: KeyRing, folder: Path) -> None:
    """What an operator does with a key that leaked: delete its file. No cache keeps it."""
    token, verifier = mint(ring), Verifier(ring, "acme.test", ring.clock)
    verifier.verify(token, audience="x")
    keys(folder)[0].unlink()
    assert rule_of(lambda: verifier.verify(token, audience="x")) == "identity:unknown-key"
    assert rule(ring, mint(ring)) == ""


def test_keys_are_replaced_by_themselves(ring: KeyRing, clock: SetClock) -> None:
    clock_start, first = clock.now, ring.signing()
    clock.now = clock_start + ROTATE_EVERY_S - 1
    assert ring.signing() == first
    clock.now += 1
    assert ring.signing().number == 2


def test_the_newest_key_signs_also_after_the_clock_was_set_back(ring: KeyRing, clock: SetClock) -> None:
    ring.signing()
    clock.forward(-5 * ROTATE_EVERY_S)
    assert ring.rotate().number == 2
    assert ring.signing().number == 2
    assert rule(ring, mint(ring)) == ""


@pytest.mark.parametrize("key_id", ["", "wrong", "../../x", "/etc/passwd", "*"])
def test_a_key_id_is_never_a_path(ring: KeyRing, key_id: str) -> None:
    ring.signing()
    assert ring.verifying(key_id) is None


DAMAGED = [b"", b"{", b"[]", b"{}", b'{"created_at": 1, "jwk": {"kty": "oct", "k": "AAAA"}}', b"\xff"]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_key_is_named_with_what_to_do(ring: KeyRing, folder: Path, content: bytes) -> None:
    ring.signing()
    name = folder / f"key-00000002-{'0' * 16}.json"
    name.write_bytes(content)
    name.chmod(0o600)
    with pytest.raises(Misconfigured, match="is not a signing key") as error:
        ring.signing()
    assert "move it" in error.value.hint


def test_a_key_that_others_can_read_is_not_used(folder: Path, ring: KeyRing, clock: SetClock) -> None:
    ring.signing()
    keys(folder)[0].chmod(0o640)
    with pytest.raises(Misconfigured, match="signs for every agent"):
        KeyRing(folder, clock).signing()


def test_a_folder_that_is_a_file_is_an_operator_s_to_mend(tmp_path: Path, clock: SetClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured):
        KeyRing(tmp_path / "file", clock).signing()


ROTATOR = """
import sys, time
from pathlib import Path
from gnomon.identity.keyring import KeyRing
ring = KeyRing(Path(sys.argv[1]), time.time)
for _ in range(int(sys.argv[2])):
    key = ring.rotate()
    sys.stdout.write(f"{key.number}\\n")
    sys.stdout.flush()
"""


def rotator(folder: Path, times: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", ROTATOR, str(folder), str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_several_processes_rotate_one_ring_without_losing_a_key(folder: Path) -> None:
    started = [rotator(folder, 20) for _ in range(3)]
    numbers = [int(line) for process in started for line in process.communicate(timeout=60)[0].split()]
    ring = KeyRing(folder, time.time)
    assert [process.returncode for process in started] == [0, 0, 0]
    assert ring.signing().number == len(keys(folder)) == 60
    # Each process sees its own key or a newer one of another process.
    assert len(numbers) == 60


def test_a_process_killed_while_rotating_leaves_whole_keys(folder: Path) -> None:
    chance = random.Random(7)
    for _ in range(KILLS):
        process = rotator(folder, 1000)
        assert process.stdout is not None
        acknowledged = [process.stdout.readline() for _ in range(chance.randint(1, 8))]
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        ring = KeyRing(folder, time.time)
        assert ring.signing().number >= int(acknowledged[-1])
        assert rule(ring, mint(ring)) == ""
    KeyRing(folder, time.time).rotate()
    assert list(folder.glob("*.tmp")) == []

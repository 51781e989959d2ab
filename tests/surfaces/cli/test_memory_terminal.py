"""A person at a terminal is asked which of two contradicting memories holds."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from gnomon.domain.memory import Memory
from gnomon.store.memories import MemoryStore
from pseudo_terminal import on_a_terminal

NET, GROSS = "Revenue means net of refunds", "Revenue means gross sales"
PROMPT = "Enter for the default: "


def asked(folder: Path, *args: str, reply: str = "") -> str:
    """What `gnomon` prints at a terminal, where a person replies to its question."""
    typed = (reply,) if reply else ()
    return on_a_terminal(folder, *args, typed=typed, prompt=PROMPT, NO_COLOR="1")


def kept(state: Path) -> dict[str, Memory]:
    """What is remembered, by its text."""
    store = MemoryStore.open(state)
    found = {m.text: m for m in store.load("local", store.ids("local"))}
    store.close()
    return found


def pairs(state: Path) -> list[frozenset[str]]:
    store = MemoryStore.open(state)
    (warehouse,) = {m.warehouse for m in store.load("local", store.ids("local"))}
    found = [k.pair for k in store.kept_both("local", warehouse)]
    store.close()
    return found


@pytest.fixture
def waiting(indexed: Path, run: Callable[..., Result]) -> str:
    """One of ana's that holds, and a proposal of hers that contradicts it; gives the proposal's id."""
    assert run("memory", "add", NET).exit_code == 0
    holds = kept(indexed)[NET]
    store = MemoryStore.open(indexed)
    proposal = replace(holds, id="mwaiting1", text=GROSS, status="proposed", reviewed_by="")
    store.add(proposal, holds.author, holds.created_at)
    store.close()
    return proposal.id


@pytest.mark.requirement("memory:confirm-decides")
@pytest.mark.parametrize("reply", ["\n", "3\n"])
def test_a_person_who_does_not_decide_changes_nothing(
    indexed: Path, folder: Path, waiting: str, reply: str
) -> None:
    shown = asked(folder, "memory", "review", "--confirm", waiting, reply=reply)
    assert f"«{GROSS}» contradicts what is remembered already:" in shown
    assert f"  {kept(indexed)[NET].id} «{NET}»: they define" in shown
    assert "  1. Replace the old\r\n" in shown
    assert "  2. Keep both\r\n" in shown
    assert "  3. Change nothing  (default)\r\n" in shown
    assert "nothing is changed" in shown
    assert kept(indexed)[GROSS].status == "proposed"


@pytest.mark.requirement("memory:confirm-decides", "memory:kept-both")
def test_what_the_person_keeps_side_by_side_is_kept(indexed: Path, folder: Path, waiting: str) -> None:
    shown = asked(folder, "memory", "review", "--confirm", waiting, reply="2\n")
    net = kept(indexed)[NET]
    assert f"kept {waiting} beside {net.id}" in shown
    assert (kept(indexed)[GROSS].status, net.status) == ("active", "active")
    assert pairs(indexed) == [frozenset((waiting, net.id))]


@pytest.mark.requirement("memory:contradictions")
def test_adding_asks_as_well_and_json_never_does(
    indexed: Path, folder: Path, run: Callable[..., Result]
) -> None:
    assert run("memory", "add", NET).exit_code == 0
    shown = asked(folder, "memory", "add", GROSS, "--json")
    assert ("Keep both" in shown, '"kind": "usage"' in shown) == (False, True)
    asked(folder, "memory", "add", GROSS, reply="1\n")
    assert (kept(indexed)[NET].status, kept(indexed)[GROSS].status) == ("retired", "active")

"""A chat in which results are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.desk import Desk
from agent.scratch.scratch_chat import BY_STATUS, Chat, keep


@pytest.fixture
def chat(desk: Desk, tmp_path: Path) -> Chat:
    return Chat(desk, tmp_path / "scratch")


@pytest.fixture
def kept(chat: Chat) -> Chat:
    """A chat that keeps the orders by status."""
    chat.ask(BY_STATUS, keep("by_status"))
    assert chat.last["kept"] == "scratch.by_status"
    return chat


@pytest.fixture
def untouched(desk: Desk) -> Iterator[None]:
    """Nothing that a test does changes the warehouse's file or its tables."""
    before = desk.warehouse.fingerprint(), desk.warehouse.introspect()
    yield
    assert (desk.warehouse.fingerprint(), desk.warehouse.introspect()) == before

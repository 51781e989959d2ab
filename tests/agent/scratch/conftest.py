"""A chat in which results are kept."""

from collections.abc import Iterator
from hashlib import sha256
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
def warehouse_hash(desk: Desk) -> Iterator[None]:
    """The warehouse's file is the same afterwards."""
    path = Path(duckdb_file(desk))
    before = sha256(path.read_bytes()).hexdigest()
    yield
    assert sha256(path.read_bytes()).hexdigest() == before


def duckdb_file(desk: Desk) -> str:
    return str(desk.warehouse._watched[0])

"""Versions of a text that people edit."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.store.versions import VersionStore

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.requirement("context:versions")
def test_each_new_text_is_a_version_and_the_same_text_is_none(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    assert store.latest() is None
    first = store.seen("one", "ana", NOW)
    assert store.seen("one", "bob", NOW) == first
    second = store.seen("two", "bob", NOW)
    third = store.seen("one", "ana", NOW)
    assert [v.number for v in (first, second, third)] == [1, 2, 3]
    assert [v.text for v in store.versions()] == ["one", "two", "one"]
    assert store.latest() == third


@pytest.mark.requirement("context:versions")
def test_versions_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    VersionStore(tmp_path / "versions").seen("one", "ana", NOW)
    assert (tmp_path / "versions").stat().st_mode & 0o077 == 0


@pytest.mark.requirement("context:versions")
def test_a_damaged_version_is_named(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    store.seen("one", "ana", NOW)
    (tmp_path / "000001.json").write_bytes(b"{half")
    with pytest.raises(Misconfigured, match="earlier version") as refused:
        store.seen("two", "ana", NOW)
    assert ("file", str(tmp_path / "000001.json")) in refused.value.facts

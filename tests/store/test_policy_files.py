"""The policy folder while somebody works on it: whatever goes wrong, nothing more is allowed than before."""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.domain.events import AuditEvent
from gnomon.store.policy_files import LEDGER, MAX_BYTES, PolicyFolder

PERMIT = "permit (principal, action, resource);\n"
FORBID = 'forbid (principal, action == Action::"read", resource in Table::"salaries");\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "policies"
    made.mkdir()
    (made / "permits.cedar").write_text(PERMIT)
    (made / "forbids.cedar").write_text(FORBID)
    (made / "tags.toml").write_text('[tables]\nbooks = ["ledger"]\n')
    return made


@pytest.fixture
def records() -> list[AuditEvent]:
    return []


@pytest.fixture
def opened(folder: Path, tmp_path: Path, records: list[AuditEvent]) -> PolicyFolder:
    """A process that has served for a while."""
    served = PolicyFolder(folder, tmp_path / "state", "local", records.append)
    assert len(served.policies().rules.rules) == 2
    return served


def anew(served: PolicyFolder, **more: object) -> PolicyFolder:
    """The same folder in a process that starts now."""
    given = {
        "folder": served.folder,
        "state_dir": served.state_dir,
        "home": served.home,
        "record": served.record,
    }
    return PolicyFolder(**{**given, **more})  # type: ignore[arg-type]


def refused(served: PolicyFolder) -> str:
    """Nothing is allowed, here and in a process that starts now; the message of the former."""
    with pytest.raises(Misconfigured):
        anew(served).policies()
    with pytest.raises(Misconfigured) as caught:
        served.policies()
    assert caught.value.hint
    return caught.value.message


Harm = Callable[[Path], object]


def _dangling(folder: Path) -> None:
    (folder / "forbids.cedar").unlink()
    (folder / "forbids.cedar").symlink_to(folder / "nowhere")


def _loop(folder: Path) -> None:
    (folder / "forbids.cedar").unlink()
    (folder / "forbids.cedar").symlink_to("forbids.cedar")


def _as_folder(folder: Path) -> None:
    (folder / "forbids.cedar").unlink()
    (folder / "forbids.cedar").mkdir()


def _as_pipe(folder: Path) -> None:
    (folder / "forbids.cedar").unlink()
    os.mkfifo(folder / "forbids.cedar")


def _moved_below(folder: Path) -> None:
    (folder / "hr").mkdir()
    (folder / "forbids.cedar").rename(folder / "hr" / "forbids.cedar")


def _folder_as_file(folder: Path) -> None:
    folder.rename(folder.with_name("away"))
    folder.write_text(PERMIT)


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


HARMS: dict[str, Harm] = {
    "a file removed": lambda f: (f / "forbids.cedar").unlink(),
    "a file renamed": lambda f: (f / "forbids.cedar").rename(f / "forbids.cedar.bak"),
    "a file hidden": lambda f: (f / "forbids.cedar").rename(f / ".forbids.cedar"),
    "a file named in capitals": lambda f: (f / "forbids.cedar").rename(f / "forbids.CEDAR"),
    "a file moved into a folder": _moved_below,
    "a file emptied": lambda f: (f / "forbids.cedar").write_text(""),
    "a file of blanks": lambda f: (f / "forbids.cedar").write_text(" \n\n"),
    "a file cut in the middle": lambda f: (f / "forbids.cedar").write_text(FORBID[:40]),
    "tags removed": lambda f: (f / "tags.toml").unlink(),
    "tags emptied": lambda f: (f / "tags.toml").write_bytes(b""),
    "tags cut": lambda f: (f / "tags.toml").write_text('[tables]\nbooks = ["led'),
    "bytes that are no text": lambda f: (f / "forbids.cedar").write_bytes(b"forbid \xff\xfe;"),
    "UTF-16": lambda f: (f / "forbids.cedar").write_text(FORBID, encoding="utf-16"),
    "a null character": lambda f: (f / "forbids.cedar").write_bytes(FORBID.encode() + b"\0"),
    "a huge file": lambda f: (f / "more.cedar").write_bytes(b"\n" * (MAX_BYTES + 1)),
    "a huge file without blocks": lambda f: os.truncate(f / "forbids.cedar", 1 << 40),
    "a link to nothing": _dangling,
    "a link to itself": _loop,
    "a folder in a file's place": _as_folder,
    "a pipe in a file's place": _as_pipe,
    "a file in the folder's place": _folder_as_file,
    "the folder removed": lambda f: f.rename(f.with_name("away")),
    "all files removed": _emptied,
    "a typing error": lambda f: (f / "forbids.cedar").write_text(FORBID.replace("Table", "Tabel")),
    "an unknown annotation": lambda f: (f / "forbids.cedar").write_text('@rwos("1 = 0") ' + FORBID),
    "two policies of one id": lambda f: (f / "more.cedar").write_text(
        '@id("a") ' + PERMIT + '@id("a") ' + FORBID
    ),
}


@pytest.mark.requirement("policy:fail-closed")
@pytest.mark.parametrize("harm", HARMS)
def test_nothing_is_allowed_after(harm: str, opened: PolicyFolder, folder: Path) -> None:
    HARMS[harm](folder)
    refused(opened)


@pytest.mark.requirement("policy:fail-closed")
def test_a_mended_folder_counts_again_at_once(opened: PolicyFolder, folder: Path) -> None:
    (folder / "forbids.cedar").rename(folder / "aside")
    refused(opened)
    (folder / "aside").rename(folder / "forbids.cedar")
    assert len(opened.policies().rules.rules) == 2


@pytest.mark.requirement("policy:fail-closed")
def test_a_removed_file_counts_as_gone_once_an_operator_accepts_it(
    opened: PolicyFolder, folder: Path
) -> None:
    (folder / "forbids.cedar").unlink()
    assert refused(opened) == "the policy file `forbids.cedar` is gone, so nothing is allowed"
    assert opened.accept() == ("forbids.cedar",)
    assert len(opened.policies().rules.rules) == 1
    assert len(anew(opened).policies().rules.rules) == 1


@pytest.mark.requirement("policy:fail-closed")
def test_a_change_counts_at_once_even_if_size_time_and_place_stay(opened: PolicyFolder, folder: Path) -> None:
    """A program may set the time of the last write as it likes."""
    path = folder / "forbids.cedar"
    old = time.time() - 86_400
    os.utime(path, (old, old))
    assert "salaries" in opened.policies().rules.rules[0].text
    with path.open("r+") as file:
        file.write(FORBID.replace("salaries", "payments"))
    os.utime(path, (old, old))
    assert "payments" in opened.policies().rules.rules[0].text


@pytest.mark.requirement("policy:fail-closed")
@pytest.mark.parametrize("days", [-400, 400])
def test_files_of_another_time_are_read_like_any(opened: PolicyFolder, folder: Path, days: int) -> None:
    """The clock jumped, or the files came from elsewhere."""
    moment = time.time() + days * 86_400
    for path in folder.iterdir():
        os.utime(path, (moment, moment))
    assert len(opened.policies().rules.rules) == 2
    (folder / "permits.cedar").write_text(PERMIT + FORBID.replace("salaries", "ledger"))
    os.utime(folder / "permits.cedar", (moment, moment))
    assert len(opened.policies().rules.rules) == 3


@pytest.mark.requirement("policy:fail-closed")
def test_another_folder_than_the_one_in_force_allows_nothing(opened: PolicyFolder, tmp_path: Path) -> None:
    """A setting, an environment variable or a working directory leads somewhere else."""
    own = tmp_path / "own"
    own.mkdir()
    for name in ("permits.cedar", "forbids.cedar"):
        (own / name).write_text(PERMIT)
    (own / "tags.toml").write_text("[tables]\n")
    elsewhere = anew(opened, folder=own)
    with pytest.raises(Misconfigured, match="the policy folder is not the one that was in force"):
        elsewhere.policies()
    with pytest.raises(Misconfigured, match="is gone"):
        anew(opened, folder=None).policies()
    assert elsewhere.accept() == ()
    assert len(elsewhere.policies().rules.rules) == 2
    with pytest.raises(Misconfigured):
        anew(opened).policies()


@pytest.mark.requirement("policy:fail-closed")
def test_another_home_tenant_than_the_one_in_force_allows_nothing(opened: PolicyFolder) -> None:
    """Policies name groups of the home tenant plainly: with another one, forbids would miss their people."""
    with pytest.raises(Misconfigured, match="the home tenant is not the one that was in force"):
        anew(opened, home="elsewhere").policies()


@pytest.mark.requirement("policy:fail-closed")
def test_folder_and_state_may_move_together(opened: PolicyFolder, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("policies", "state"):
        (tmp_path / name).rename(moved / name)
    assert anew(opened, folder=moved / "policies", state_dir=moved / "state").policies()


@pytest.mark.requirement("policy:fail-closed")
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"1", b'{"files": null, "version": ""}', b'{"files": 1}', b"\xff\xfe"],
)
def test_a_damaged_record_of_what_was_in_force_allows_nothing(opened: PolicyFolder, content: bytes) -> None:
    """It can no longer be told which files are gone."""
    (opened.state_dir / LEDGER).write_bytes(content)
    served = anew(opened)
    with pytest.raises(Misconfigured, match="the record of the policies in force cannot be read"):
        served.policies()
    assert served.accept() == ()
    assert served.policies()


@pytest.mark.requirement("policy:fail-closed")
def test_a_change_that_cannot_be_recorded_does_not_count(opened: PolicyFolder, folder: Path) -> None:
    def full(event: AuditEvent) -> None:
        raise Misconfigured("no room left")

    (folder / "more.cedar").write_text(FORBID.replace("salaries", "ledger"))
    served = anew(opened, record=full)
    for _ in range(2):
        with pytest.raises(Misconfigured, match="no room left"):
            served.policies()


@pytest.mark.requirement("policy:fail-closed")
def test_a_change_is_recorded_once_however_many_see_it(
    opened: PolicyFolder, folder: Path, records: list[AuditEvent]
) -> None:
    (folder / "more.cedar").write_text(FORBID.replace("salaries", "ledger"))
    processes = [anew(opened) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        versions = {p.version for p in pool.map(lambda served: served.policies(), processes)}
    assert len(versions) == 1
    first, second = records
    assert dict(second.detail)["from"] == dict(first.detail)["to"]
    assert dict(second.detail)["to"] in versions


@pytest.mark.requirement("policy:fail-closed")
def test_readers_during_a_rewrite_see_the_old_or_the_new_policies(opened: PolicyFolder, folder: Path) -> None:
    """A file put in place whole, as editors and deployments do, is never seen half."""
    seen = set()
    for round_ in range(20):
        new = folder / ".new"
        new.write_text(FORBID.replace("salaries", f"table_{round_}"))
        new.replace(folder / "forbids.cedar")
        seen.add(opened.policies().version)
        assert len(opened.policies().rules.rules) == 2
    assert len(seen) == 20


@pytest.mark.requirement("policy:fail-closed")
def test_a_mark_of_byte_order_is_no_part_of_a_policy(opened: PolicyFolder, folder: Path) -> None:
    (folder / "forbids.cedar").write_text(FORBID, encoding="utf-8-sig")
    (folder / "tags.toml").write_text('[tables]\nbooks = ["ledger"]\n', encoding="utf-8-sig")
    assert len(opened.policies().rules.rules) == 2


@pytest.mark.requirement("policy:fail-closed")
def test_the_record_of_an_older_version_is_understood(opened: PolicyFolder) -> None:
    path = opened.state_dir / LEDGER
    names = json.loads(path.read_text())["files"]
    path.write_text(json.dumps({"version": "old", "files": dict.fromkeys(names, "")}))
    assert anew(opened).policies()
    assert json.loads(path.read_text())["folder"] == os.path.join("..", "policies")

"""The policy folder as it is now, and the record of what it was.

Every look compares the files with those that were read last. A changed folder is read whole, checked whole,
and recorded in the audit log before it counts. A file that was there and is gone or empty stops everything: a
forbid that is not there any more would allow what it forbade. So does another folder than the one last in
force, or another home tenant, whoever set it and by whatever setting: an operator accepts it first.
"""

import json
import os
import stat
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gnomon.domain.errors import Misconfigured
from gnomon.domain.events import AuditEvent
from gnomon.policy.policies import Policies, owner_only, parse_policies
from gnomon.store.durable import exclusive, explained, make_private_folder, write_atomically

LEDGER = "policies.json"
MAX_BYTES = 8 * 1024 * 1024
"""All files together; what is larger was not written by a person."""

_SETTLED_NS = 2_000_000_000
_READ = (".cedar",)
_READ_NAMES = frozenset({"tags.toml", "people.toml", "budgets.toml"})
"""People and budgets are read elsewhere; here it counts that they are still there."""

Stamp = tuple[tuple[str, int, int, int, int], ...]
"""Name, time of the last write, time of the last change, size and place of each file."""


@dataclass(frozen=True, slots=True)
class _InForce:
    """What was in force last. `folder` and `home` are None where nobody wrote them down."""

    version: str = ""
    files: frozenset[str] = frozenset()
    folder: str | None = None
    home: str | None = None


@dataclass(slots=True)
class PolicyFolder:
    """The policies of a deployment.

    Args:
        folder: Where they lie; None where an operator wrote none.
        state_dir: Keeps what was last in force.
        home: The deployment's own tenant.
        record: Takes the audit event of a change; the change counts only if it returns.
        changed_by: Who is running this, for the record.
    """

    folder: Path | None
    state_dir: Path
    home: str
    record: Callable[[AuditEvent], object]
    changed_by: str = "gnomon"
    _kept: tuple[Stamp, Policies] | None = field(default=None, init=False, repr=False)

    def policies(self) -> Policies:
        """The policies in force.

        Raises:
            Misconfigured: A file cannot be taken, or is gone: nothing is allowed until an operator acts.
        """
        if self.folder is None:
            self._refuse_lost(())
            return owner_only(self.home)
        stamp = self._stamp()
        if self._kept is not None and self._kept[0] == stamp:
            return self._kept[1]
        texts = self._texts()
        self._refuse_lost(texts)
        policies = parse_policies(texts.items(), home=self.home)
        self._enter(policies, texts)
        # The time of the last change: a program may set that of the last write as it likes.
        newest_ns = max((ctime_ns for _, _, ctime_ns, _, _ in stamp), default=0)
        # A file written this moment may be written again within the same tick of its time stamp.
        settled = datetime.now(UTC).timestamp() * 1e9 - newest_ns > _SETTLED_NS
        self._kept = (stamp, policies) if settled else None
        return policies

    def accept(self) -> tuple[str, ...]:
        """Take the folder as it is now, gone files included; return the names that are gone.

        Raises:
            Misconfigured: What is there cannot be taken.
        """
        texts = {} if self.folder is None else self._texts()
        policies = parse_policies(texts.items(), home=self.home) if texts else owner_only(self.home)
        before = self._before().files
        self._enter(policies, texts)
        return tuple(sorted(before - set(texts)))

    def _stamp(self) -> Stamp:
        assert self.folder is not None
        try:
            with os.scandir(self.folder) as entries:
                found = [(e.name, e.stat()) for e in entries if _is_read(e.name.casefold())]
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        odd = next((n for n, s in found if not stat.S_ISREG(s.st_mode) or not _is_read(n)), None)
        if odd is not None:
            raise _unreadable(self.folder, f"`{odd}` is not a file, or not named in small letters")
        if sum(s.st_size for _, s in found) > MAX_BYTES:
            raise _unreadable(self.folder, f"its files are larger than {MAX_BYTES:,} bytes")
        return tuple(sorted((n, s.st_mtime_ns, s.st_ctime_ns, s.st_size, s.st_ino) for n, s in found))

    def _texts(self) -> dict[str, str]:
        assert self.folder is not None
        names = [name for name, *_ in self._stamp()]
        try:
            texts = {name: (self.folder / name).read_text(encoding="utf-8-sig") for name in names}
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.folder, error) from error
        blank = next((name for name, text in texts.items() if not text.strip()), None)
        if blank is not None:
            raise Misconfigured(
                f"the policy file `{blank}` is empty, so nothing is allowed",
                facts=(("folder", str(self.folder)),),
                hint="restore it; a file that is not wanted any more is removed, with `gnomon policy accept`",
            )
        return texts

    def _in_force(self) -> _InForce:
        """What was in force last.

        Raises:
            Misconfigured: The record of it is damaged.
        """
        path = self.state_dir / LEDGER
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            return _InForce(
                str(read["version"]), frozenset(map(str, read["files"])), read.get("folder"), read.get("home")
            )
        except (FileNotFoundError, NotADirectoryError):
            # Where the state folder cannot be one, whoever writes to it first says so.
            return _InForce()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Misconfigured(
                "the record of the policies in force cannot be read, so nothing is allowed",
                facts=(("file", str(path)), ("cause", str(error))),
                hint="run `gnomon policy accept` once the policy folder is as it should be",
            ) from error

    def _refuse_lost(self, names: Collection[str]) -> None:
        """Refuse what would take something away from the policies last in force without anybody's word."""
        before = self._in_force()
        gone = sorted(before.files - set(names))
        if gone:
            raise Misconfigured(
                f"the policy file `{gone[0]}` is gone, so nothing is allowed",
                facts=(("folder", str(self.folder or "none")), ("gone", ", ".join(gone))),
                hint="restore it, or run `gnomon policy accept` if it was removed on purpose",
            )
        now = (("policy folder", before.folder, self._place()), ("home tenant", before.home, self.home))
        for what, was, here in now if before.files else ():
            if was is not None and was != here:
                raise Misconfigured(
                    f"the {what} is not the one that was in force, so nothing is allowed",
                    facts=(("in force", was), ("now", here)),
                    hint="set it back, or run `gnomon policy accept` if it was changed on purpose",
                )

    def _place(self) -> str:
        """The folder as seen from the state's, so that both may move together."""
        return "" if self.folder is None else _seen_from(self.state_dir.resolve(), self.folder.resolve())

    def _enter(self, policies: Policies, texts: Mapping[str, str]) -> None:
        """Record a change, then remember it; two processes that see it at once record it once."""
        make_private_folder(self.state_dir)
        with explained(self.state_dir):
            handle = os.open(self.state_dir / f"{LEDGER}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                with exclusive(handle):
                    self._enter_locked(policies, texts)
            finally:
                os.close(handle)

    def _enter_locked(self, policies: Policies, texts: Mapping[str, str]) -> None:
        entry = _InForce(policies.version, frozenset(texts), self._place(), self.home)
        before = self._before()
        if before == entry:
            return
        pairs = (
            ("from", before.version or "none"),
            ("to", policies.version),
            ("files", ", ".join(sorted(texts)) or "none"),
        )
        self.record(AuditEvent(datetime.now(UTC), self.changed_by, self.home, "policy", pairs))
        content = {
            "version": entry.version,
            "files": sorted(entry.files),
            "folder": entry.folder,
            "home": entry.home,
        }
        write_atomically(self.state_dir / LEDGER, json.dumps(content).encode())

    def _before(self) -> _InForce:
        """What was in force; nothing where the record is damaged, since it is written anew."""
        try:
            return self._in_force()
        except Misconfigured:
            return _InForce()


def _seen_from(state_dir: Path, folder: Path) -> str:
    try:
        return os.path.relpath(folder, state_dir)
    except ValueError:
        # On another drive nothing is relative.
        return str(folder)


def _is_read(name: str) -> bool:
    return not name.startswith(".") and (name.endswith(_READ) or name in _READ_NAMES)


def _unreadable(folder: Path, error: object) -> Misconfigured:
    return Misconfigured(
        f"the policies in {folder} cannot be read, so nothing is allowed",
        facts=(("cause", str(error)),),
        hint="check the folder, its permissions, and that every file is UTF-8 text",
    )

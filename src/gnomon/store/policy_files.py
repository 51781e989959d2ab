"""The policy folder as it is now, and the record of what it was.

Every look compares the files with those that were read last. A changed folder is read whole, checked whole,
and recorded in the audit log before it counts. A file that was there and is gone stops everything: a forbid
that is not there any more would allow what it forbade.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gnomon.domain.errors import Misconfigured
from gnomon.domain.events import AuditEvent
from gnomon.policy.policies import Policies, owner_only, parse_policies
from gnomon.store.durable import exclusive, explained, make_private_folder, write_atomically

LEDGER = "policies.json"
_SETTLED_NS = 2_000_000_000
_READ = (".cedar",)
_READ_NAMES = frozenset({"tags.toml", "people.toml", "budgets.toml"})
"""People and budgets are read elsewhere; here it counts that they are still there."""

Stamp = tuple[tuple[str, int, int, int], ...]


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
            self._refuse_lost({})
            return owner_only(self.home)
        stamp = self._stamp()
        if self._kept is not None and self._kept[0] == stamp:
            return self._kept[1]
        texts = self._texts()
        self._refuse_lost(texts)
        policies = parse_policies(texts.items(), home=self.home)
        self._enter(policies, texts)
        newest_ns = max((mtime_ns for _, mtime_ns, _, _ in stamp), default=0)
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
        gone = tuple(sorted(set(self._known()) - set(texts)))
        self._enter(policies, texts)
        return gone

    def _stamp(self) -> Stamp:
        assert self.folder is not None
        try:
            with os.scandir(self.folder) as entries:
                found = [(e.name, e.stat()) for e in entries if _is_read(e.name)]
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        return tuple(sorted((name, s.st_mtime_ns, s.st_size, s.st_ino) for name, s in found))

    def _texts(self) -> dict[str, str]:
        assert self.folder is not None
        try:
            return {
                path.name: path.read_text(encoding="utf-8")
                for path in sorted(self.folder.iterdir())
                if _is_read(path.name)
            }
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.folder, error) from error

    def _known(self) -> Mapping[str, str]:
        """Names that were in force last."""
        try:
            read: dict[str, str] = json.loads((self.state_dir / LEDGER).read_text())["files"]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError) as error:
            raise Misconfigured(
                "the record of the policies in force cannot be read, so nothing is allowed",
                facts=(("file", str(self.state_dir / LEDGER)), ("cause", str(error))),
                hint="run `gnomon policy accept` once the policy folder is as it should be",
            ) from error
        return read

    def _refuse_lost(self, texts: Mapping[str, str]) -> None:
        gone = sorted(set(self._known()) - set(texts))
        if gone:
            raise Misconfigured(
                f"the policy file `{gone[0]}` is gone, so nothing is allowed",
                facts=(("folder", str(self.folder or "none")), ("gone", ", ".join(gone))),
                hint="restore it, or run `gnomon policy accept` if it was removed on purpose",
            )

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
        path = self.state_dir / LEDGER
        before = _version_of(path)
        if before == policies.version:
            return
        pairs = (
            ("from", before or "none"),
            ("to", policies.version),
            ("files", ", ".join(sorted(texts)) or "none"),
        )
        self.record(AuditEvent(datetime.now(UTC), self.changed_by, self.home, "policy", pairs))
        content = {"version": policies.version, "files": dict.fromkeys(sorted(texts), "")}
        write_atomically(path, json.dumps(content).encode())


def _version_of(path: Path) -> str:
    try:
        return str(json.loads(path.read_text()).get("version", ""))
    except (OSError, ValueError):
        return ""


def _is_read(name: str) -> bool:
    return not name.startswith(".") and (name.endswith(_READ) or name in _READ_NAMES)


def _unreadable(folder: Path, error: Exception) -> Misconfigured:
    return Misconfigured(
        f"the policies in {folder} cannot be read, so nothing is allowed",
        facts=(("cause", str(error)),),
        hint="check the folder, its permissions, and that every file is UTF-8 text",
    )

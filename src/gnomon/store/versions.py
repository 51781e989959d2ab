"""Every version of a text that people edit, a small file each; none is ever changed."""

import json
from datetime import UTC, datetime
from pathlib import Path

from gnomon.domain.errors import Misconfigured
from gnomon.domain.version import Version
from gnomon.store.durable import explained, make_private_folder, write_atomically


class VersionStore:
    """The versions in a folder. A version that is written is whole, or is not there.

    Args:
        folder: Made when the first version is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def versions(self) -> tuple[Version, ...]:
        """Every version, the oldest first."""
        return tuple(self._read(path) for path in self._paths())

    def latest(self) -> Version | None:
        """The newest version, or None."""
        paths = self._paths()
        return self._read(paths[-1]) if paths else None

    def seen(self, text: str, author: str, now: datetime | None = None) -> Version:
        """The version of that text: the newest if it reads the same, else a new one.

        Args:
            author: Who wrote it, as far as is known.
            now: Aware; the present by default.

        Raises:
            Misconfigured: The folder cannot be read or written.
        """
        latest = self.latest()
        if latest is not None and latest.text == text:
            return latest
        version = Version(latest.number + 1 if latest else 1, text, author, now or datetime.now(UTC))
        make_private_folder(self._folder)
        content = {"text": text, "author": author, "seen_at": version.seen_at.isoformat()}
        write_atomically(self._folder / f"{version.number:06}.json", json.dumps(content, indent=1).encode())
        return version

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"))

    def _read(self, path: Path) -> Version:
        try:
            with explained(path.parent):
                found = json.loads(path.read_bytes())
            when = datetime.fromisoformat(found["seen_at"])
            return Version(int(path.stem), found["text"], found["author"], when)
        except (ValueError, KeyError, TypeError) as problem:
            raise Misconfigured(
                "an earlier version cannot be read",
                facts=(("file", str(path)), ("reason", str(problem))),
                hint="restore the file, or move it away; the other versions stay",
            ) from problem

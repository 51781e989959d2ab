"""The keys that sign our workloads' tokens: a file each, readable by this user alone, replaced without a gap.

Files are only added and removed, never changed, and each is written whole, so the list of names says exactly
what the ring holds. Every use looks at that list: a key that another process added or removed counts at once.
A new key signs as soon as it is there; the one before verifies until the last token it signed has ended.
"""

import itertools
import json
import os
import re
import secrets
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.domain.errors import Misconfigured
from gnomon.identity.claims import Clock
from gnomon.identity.jws import PublicKey, public_key
from gnomon.store.durable import exclusive, explained, make_private_folder, sync_folder, write_atomically

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

LONGEST_LIFE_S = 900.0
"""Longest life of a token that a ring's key signs."""

ROTATE_EVERY_S = 86_400.0
_GRACE_S = 120.0
_NAME = re.compile(r"key-(\d{8})-([0-9a-f]{16})\.json")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key with its private half.

    Args:
        number: Place in the order of keys; the highest signs. An order, since clocks can be set back.
        created_at: Seconds since 1970.
    """

    number: int
    key_id: str
    created_at: float
    public: PublicKey
    private: "ECKey" = field(repr=False, compare=False)


@dataclass(slots=True)
class KeyRing:
    """The keys in one folder. Several processes and threads may use and rotate them at once."""

    folder: Path
    clock: Clock
    rotate_every_s: float = ROTATE_EVERY_S
    _names: tuple[str, ...] = field(default=(), init=False)
    _keys: tuple[SigningKey, ...] = field(default=(), init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def signing(self) -> SigningKey:
        """The key to sign with; made where there is none, replaced where it has served its time.

        Raises:
            Misconfigured: The folder cannot be used, or a key in it is damaged or open to others.
        """
        keys = self._current()
        if keys and self.clock() - keys[-1].created_at < self.rotate_every_s:
            return keys[-1]
        with self._changing():
            keys = self._current()
            # Another process may have made one while this one waited.
            if not keys or self.clock() - keys[-1].created_at >= self.rotate_every_s:
                self._add(keys)
            return self._current()[-1]

    def verifying(self, key_id: str) -> PublicKey | None:
        """The key of that id, as long as tokens that it signed may live."""
        keys, now = self._current(), self.clock()
        for key, successor in itertools.zip_longest(keys, keys[1:]):
            if key.key_id == key_id:
                return key.public if successor is None or not _over(successor, now) else None
        return None

    def rotate(self) -> SigningKey:
        """Sign with a new key from now on, and delete keys whose tokens have all ended.

        Raises:
            Misconfigured: The folder cannot be used.
        """
        with self._changing():
            self._add(self._current())
            return self._current()[-1]

    def _current(self) -> tuple[SigningKey, ...]:
        """The keys in order, read again if the list of their files changed."""
        names = self._listed()
        with self._lock:
            if names != self._names:
                known = {_name(key): key for key in self._keys}
                read = [known.get(name) or _read(self.folder / name) for name in names]
                self._keys = tuple(key for key in read if key is not None)
                self._names = names if len(self._keys) == len(names) else ()
            return self._keys

    def _listed(self) -> tuple[str, ...]:
        with explained(self.folder):
            try:
                return tuple(sorted(filter(_NAME.fullmatch, os.listdir(self.folder))))
            except FileNotFoundError:
                return ()

    def _add(self, keys: tuple[SigningKey, ...]) -> None:
        from joserfc.jwk import ECKey

        number, key_id = (keys[-1].number + 1 if keys else 1), secrets.token_hex(8)
        jwk = ECKey.generate_key("P-256").as_dict(private=True)
        content = json.dumps(
            {"created_at": self.clock(), "jwk": {k: jwk[k] for k in ("kty", "crv", "x", "y", "d")}}
        )
        write_atomically(self.folder / f"key-{number:08}-{key_id}.json", content.encode())
        for key, successor in itertools.pairwise(keys):
            if _over(successor, self.clock()):
                (self.folder / _name(key)).unlink(missing_ok=True)
        # What a killed process left half-written; nobody else writes while this one holds the lock.
        for path in self.folder.glob("key-*.tmp"):
            path.unlink(missing_ok=True)
        sync_folder(self.folder)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One process and thread at a time."""
        make_private_folder(self.folder)
        with explained(self.folder):
            handle = os.open(self.folder / "keys.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                with exclusive(handle):
                    yield
            finally:
                os.close(handle)


def _over(successor: SigningKey, now: float) -> bool:
    """Whether every token has ended that was signed before the successor came."""
    return now - successor.created_at > LONGEST_LIFE_S + _GRACE_S


def _name(key: SigningKey) -> str:
    return f"key-{key.number:08}-{key.key_id}.json"


def _read(path: Path) -> SigningKey | None:
    """The key in a file; None if it was deleted since the folder was listed."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    try:
        with path.open("rb") as file:
            _check_private(path, os.fstat(file.fileno()).st_mode)
            stored: dict[str, Any] = json.loads(file.read())
        jwk: dict[str, Any] = stored["jwk"]
        number, key_id = _NAME.fullmatch(path.name).groups()  # type: ignore[union-attr]
        public = public_key({**{k: jwk[k] for k in ("kty", "crv", "x", "y")}, "kid": key_id})
        if public is None:
            raise ValueError("not a key for ES256")
        return SigningKey(int(number), key_id, float(stored["created_at"]), public, ECKey.import_key(jwk))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
        raise Misconfigured(
            f"{path} is not a signing key",
            hint="move it to another folder: gnomon makes a new key, and agents get new tokens by themselves",
        ) from error


def _check_private(path: Path, mode: int) -> None:
    if sys.platform != "win32" and mode & 0o077:
        raise Misconfigured(
            f"others on this machine may use {path}, which signs for every agent",
            facts=(("mode", f"{stat.S_IMODE(mode):04o}"),),
            hint="move it to another folder, since others may have read it; gnomon makes a new key",
        )

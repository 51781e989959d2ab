"""The key of the `hash` mask: made once, kept beside the state, different for each tenant."""

import hmac
import os
import secrets
from pathlib import Path

from gnomon.domain.errors import Misconfigured
from gnomon.store.durable import exclusive, explained, make_private_folder, write_atomically

_FILE = "mask.key"
_BYTES = 32


def mask_key(state_dir: Path, tenant: str) -> str:
    """The tenant's key in hexadecimal. Whoever has it can test a guess against a fingerprint.

    Raises:
        Misconfigured: The file is damaged, or cannot be made.
    """
    master = _read_or_make(state_dir)
    return hmac.digest(master, f"mask:{tenant}".encode(), "sha256").hex()


def _read_or_make(state_dir: Path) -> bytes:
    make_private_folder(state_dir)
    path = state_dir / _FILE
    with explained(state_dir):
        handle = os.open(state_dir / f"{_FILE}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with exclusive(handle):
                if not path.exists():
                    write_atomically(path, secrets.token_bytes(_BYTES))
                content = path.read_bytes()
        finally:
            os.close(handle)
    if len(content) != _BYTES:
        raise Misconfigured(
            f"{path} is damaged",
            hint="restore it from a copy; with a new one, fingerprints differ from those of before",
        )
    return content

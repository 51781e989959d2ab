"""Resolve the dependencies and write `uv.lock` without the addresses of any package index.

uv reads a lock whose wheels are named by path as if they came from a folder, which is enough for
`uv export` to print every pinned version with its hashes. The installer then asks whatever index
the machine is configured for (docs/adr/0003-host-free-lock.md).

Usage: python .ci/lock.py PATH_TO_UV
"""

import re
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "uv.lock"


def without_addresses(lock: str) -> str:
    """Return the lock text with each registry replaced by a folder name and each URL by a file name."""
    lock = re.sub(r'registry = "[a-z]+://[^"]+"', 'registry = "wheels"', lock)
    return re.sub(r'url = "[a-z]+://[^"]*/([^"/]+)"', r'path = "\1"', lock)


def main(uv: str) -> None:
    """Re-resolve from scratch: a lock without addresses cannot be updated in place."""
    kept = LOCK.read_text() if LOCK.exists() else None
    LOCK.unlink(missing_ok=True)
    try:
        subprocess.run([uv, "lock", "--quiet"], check=True, cwd=LOCK.parent)
        LOCK.write_text(without_addresses(LOCK.read_text()))
    except subprocess.CalledProcessError:
        if kept is not None:
            LOCK.write_text(kept)
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])

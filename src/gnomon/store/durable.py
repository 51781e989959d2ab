"""Write files so that a crash leaves the old state or the new one, and say why a write failed."""

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gnomon.domain.errors import Misconfigured

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}


def no_room(path: Path) -> Misconfigured:
    """The error for a disk, quota or size limit that is used up."""
    return Misconfigured(
        f"no room left to write in {path}",
        hint="free space on that disk, or move the state folder to another one; nothing was half-written",
    )


def not_writable(path: Path, cause: object) -> Misconfigured:
    """The error for a folder that does not take our files."""
    return Misconfigured(
        f"cannot write in {path}",
        facts=(("cause", str(cause)),),
        hint="give this user the right to write there, or set another state folder",
    )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an operating system's error into one that says what an operator does.

    Raises:
        Misconfigured: No room, no right, or a path that is not a folder.
    """
    try:
        yield
    except OSError as e:
        if e.errno in _NO_ROOM:
            raise no_room(path) from e
        if e.errno in _NO_RIGHT:
            raise not_writable(path, e.strerror) from e
        raise Misconfigured(
            f"cannot use {path}",
            facts=(("cause", str(e)),),
            hint="set another state folder: beside gnomon.toml, or in GNOMON_HOME",
        ) from e


def make_private_folder(path: Path) -> None:
    """Create the folder, readable by this user alone: it holds rows of the warehouse.

    Raises:
        Misconfigured: It cannot be made.
    """
    with explained(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the target, force to disk, rename; on failure nothing remains.

    Raises:
        OSError: The write failed.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Force a folder's list of names to disk, where the system knows how."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def exclusive(handle: int) -> Iterator[None]:
    """Hold the file open on `handle` for this process alone; others wait. The system frees it at exit."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        return
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)

"""Result rows on disk, one compressed file a result, named by the hash of its content.

The content is the codec's JSON of column names and rows, so every cell comes back as it was. Reading checks
the hash: changed or damaged rows are never shown.
"""

import hashlib
import json
import zlib
from pathlib import Path

from gnomon.domain.errors import Failed
from gnomon.domain.result import Cell, ResultColumn, ResultRef, ResultTable
from gnomon.store.codec import from_json, to_json
from gnomon.store.durable import sync_folder, write_atomically

Rows = tuple[tuple[Cell, ...], ...]
_SUFFIX = ".json.z"
_FAST = 3


def result_ref(result_id: str, table: ResultTable) -> ResultRef:
    """A reference to the result, with its hash, without storing it.

    Args:
        result_id: Unique within the conversation, for example `r1`.
    """
    digest = hashlib.sha256(content_of(table)).hexdigest()
    return ResultRef(result_id, table.columns, len(table.rows), table.truncated, digest)


def content_of(table: ResultTable) -> bytes:
    """The bytes that are hashed and stored: a JSON array of the column names and the rows."""
    names = json.dumps([c.name for c in table.columns], separators=(",", ":"))
    return f"[{names},{to_json(table.rows, Rows)}]".encode("ascii")


def write_rows(folder: Path, content: bytes) -> str:
    """Store content under its hash and return the hash; a damaged file of that name is replaced.

    Raises:
        OSError: The file cannot be written.
    """
    digest = hashlib.sha256(content).hexdigest()
    path = path_of(folder, digest)
    packed = zlib.compress(content, _FAST)
    if path.exists() and path.read_bytes() == packed:
        # The process that wrote it may have died before it forced the name to disk.
        sync_folder(folder)
    else:
        write_atomically(path, packed)
    return digest


def read_rows(folder: Path, sha256: str, columns: tuple[ResultColumn, ...]) -> Rows:
    """The stored rows, after their hash was checked.

    Raises:
        Failed: The file is missing, damaged or changed, or holds other columns.
    """
    path = path_of(folder, sha256)
    try:
        content = zlib.decompress(path.read_bytes())
    except FileNotFoundError as e:
        raise _unreadable(path, "the file is missing") from e
    except (OSError, zlib.error) as e:
        raise _unreadable(path, f"the file is damaged ({e})") from e
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _unreadable(path, "the content was changed: its hash differs")
    names, rows = from_json(content, tuple[tuple[str, ...], Rows])
    if names != tuple(c.name for c in columns):
        raise _unreadable(path, "it holds other columns than the answer says")
    stored: Rows = rows
    return stored


def path_of(folder: Path, sha256: str) -> Path:
    """Where the rows of that hash lie."""
    return folder / f"{sha256}{_SUFFIX}"


def hash_of(path: Path) -> str:
    """The hash in a result file's name."""
    return path.name.removesuffix(_SUFFIX)


def _unreadable(path: Path, why: str) -> Failed:
    return Failed(
        "the stored rows of this result cannot be shown",
        facts=(("file", str(path)), ("cause", why)),
        hint="ask the question again: the answer will be computed anew",
    )

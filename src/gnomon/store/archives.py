"""The files of a folder or an archive that others made, read safely and the same way.

`open_files` takes a folder, a `.zip`, a `.tar` (plain, gzip, bzip2 or xz) or one file, and yields what is in
it file by file. Nothing is written to disk, and only plain files under plain names are opened. Sizes that an
archive declares are not believed: bytes are counted while they are unpacked.
"""

import bz2
import gzip
import hashlib
import itertools
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

from gnomon.domain.errors import Misconfigured

CHUNK_BYTES = 65_536
HASHED_BYTES = 8_000_000
"""Up to this size a file's fingerprint is that of its content; above it, of its size and time of change."""

MAX_NAME_CHARACTERS = 1_000
MAX_TAR_HEADER_BYTES = 262_144
"""A tar header may carry names of any length, which the reader would take into memory at once."""

ZIP_SUFFIXES = (".zip",)
TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
NESTED_SUFFIXES = (*ZIP_SUFFIXES, *TAR_SUFFIXES, ".gz", ".bz2", ".xz", ".7z", ".rar", ".jar", ".zst")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one folder or archive is read.

    Args:
        members: Most files, wanted or not.
        member_bytes: Most bytes of one file, unpacked. A larger one is passed over.
        total_bytes: Most bytes of one archive, unpacked. Reading ends there.
        ratio: Most bytes unpacked for each packed byte, once `ratio_from_bytes` are unpacked. Deflate reaches
            1,032, text rarely 50.
    """

    members: int = 100_000
    member_bytes: int = 64_000_000
    total_bytes: int = 4_000_000_000
    ratio: int = 200
    ratio_from_bytes: int = 4_000_000


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a folder or archive, whole. `name` is its path within, with `/` and without `.` and `..`."""

    name: str
    content: bytes = field(repr=False)

    def text(self) -> str:
        """Its text: UTF-8 with or without a byte order mark, or UTF-16 with one.

        Raises:
            UnicodeDecodeError: It is neither.
        """
        if self.content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return self.content.decode("utf-16")
        return self.content.decode("utf-8-sig")


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was not read: a member, or (under the archive's own name) the rest of an archive.

    `name` is shortened, with control characters replaced; `reason` follows it in a sentence.
    """

    name: str
    reason: str


Entry = StoredFile | Skipped
Wanted = Callable[[str], bool]


def everything(name: str) -> bool:
    """Every name is wanted."""
    return True


def open_files(path: Path, wanted: Wanted = everything, *, limits: Limits = LIMITS) -> Iterator[Entry]:
    """The files of a folder, of an archive (told by its suffix), or the one file, that are wanted.

    A folder's files come in the order of their names, an archive's in its own. Names with a part that begins
    with a dot, or `__MACOSX`, are passed over without a word. In a folder, links to files within it are
    followed, all others are not.

    Files whose name `wanted` refuses are not read and not reported.

    Raises:
        Misconfigured: There is nothing at `path`, or it cannot be opened.
    """
    if path.is_dir():
        return _read_folder(path, wanted, limits)
    if not path.is_file():
        raise Misconfigured(
            f"there is no folder, archive or file at {path}",
            hint="give the path of an export as it was downloaded, or of the folder it was unpacked in",
        )
    if is_archive(path):
        return open_archive(path, wanted, limits=limits)
    return iter([_read_plain(path, path.name, limits)])


def open_archive(path: Path, wanted: Wanted = everything, *, limits: Limits = LIMITS) -> Iterator[Entry]:
    """The wanted files of a zip or tar archive, in its own order; archives within are not opened.

    Raises:
        Misconfigured: The file cannot be opened, or its suffix is not that of an archive.
    """
    if not is_archive(path):
        raise Misconfigured(
            f"{path} is not named as an archive",
            hint=f"give a {' or '.join(ZIP_SUFFIXES + TAR_SUFFIXES)} file",
        )
    read = _read_zip if path.name.casefold().endswith(ZIP_SUFFIXES) else _read_tar
    return _read_opened(path, lambda file: read(file, path.name, wanted, limits))


def _read_opened(path: Path, read: Callable[[BinaryIO], Iterator[Entry]]) -> Iterator[Entry]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise Misconfigured(
            f"cannot open {path}: {error.strerror}", hint="make it readable for the user who runs this"
        ) from error
    with file:
        yield from read(file)


def is_archive(path: Path) -> bool:
    """Whether the name says that it is an archive that `open_archive` reads."""
    return path.name.casefold().endswith(ZIP_SUFFIXES + TAR_SUFFIXES)


def fingerprint(path: Path, wanted: Wanted = everything) -> str:
    """A hash that changes when a wanted file of the folder changes, appears or goes, or the one file changes.

    Files up to 8 MB count by content, larger ones by size and time of change.

    Raises:
        Misconfigured: There is nothing at `path`.
    """
    digest = hashlib.sha256()
    if path.is_dir():
        for name, file in _walk(path):
            if wanted(name):
                digest.update(f"{name}\0{_file_mark(file)}\n".encode(errors="surrogateescape"))
    elif path.is_file():
        digest.update(_file_mark(path).encode())
    else:
        raise Misconfigured(f"there is no folder or file at {path}", hint="correct the path of the source")
    return digest.hexdigest()


def _file_mark(path: Path) -> str:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return "not a file"
        if about.st_size > HASHED_BYTES:
            return f"{about.st_size} {about.st_mtime_ns}"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"


class _PassedOver(Exception):
    """One member is not read."""


class _Ended(Exception):
    """Nothing more of the archive is read."""


def _shown(name: str) -> str:
    """A name fit for a message: bounded, and without characters that move a cursor."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name[:200])


def _plain_name(name: str) -> str:
    """`name` with `/` between its parts and without `.` parts; raises `_PassedOver` if it is not plain."""
    if len(name) > MAX_NAME_CHARACTERS or any(not c.isprintable() for c in name):
        raise _PassedOver("has a name that is too long or holds control characters")
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or parts[0].endswith(":") or ".." in parts:
        raise _PassedOver("has a name that leads out of the archive")
    plain = "/".join(part for part in parts if part not in ("", "."))
    if not plain:
        raise _PassedOver("has no name")
    return plain


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


@dataclass(slots=True)
class _Budget:
    """What is left of an archive's limits, and the names that were read."""

    limits: Limits
    members: int = 0
    total_bytes: int = 0
    names: set[str] = field(default_factory=set)

    def member(self) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise _Ended(f"holds over {self.limits.members:,} members; the rest is not read")

    def spend(self, count: int) -> None:
        self.total_bytes += count
        if self.total_bytes > self.limits.total_bytes:
            raise _Ended(f"unpacks to over {self.limits.total_bytes:,} bytes; the rest is not read")

    def take(self, name: str) -> None:
        if name in self.names:
            raise _PassedOver("is in the archive twice; the first is read")
        self.names.add(name)

    def check_member(self, unpacked: int) -> None:
        if unpacked > self.limits.member_bytes:
            raise _PassedOver(f"is longer than {self.limits.member_bytes:,} bytes")

    def is_bomb(self, unpacked: int, packed: int) -> bool:
        return unpacked > self.limits.ratio_from_bytes and unpacked > self.limits.ratio * packed


def _read_member(file: IO[bytes], budget: _Budget, packed_bytes: int | None = None) -> bytes:
    """The content of a member; `packed_bytes` is given where members are packed one by one."""
    chunks: list[bytes] = []
    unpacked = 0
    while chunk := file.read(CHUNK_BYTES):
        chunks.append(chunk)
        unpacked += len(chunk)
        budget.check_member(unpacked)
        if packed_bytes is not None:
            budget.spend(len(chunk))
            if budget.is_bomb(unpacked, packed_bytes):
                raise _PassedOver(f"unpacks to over {budget.limits.ratio} times its packed size")
    return b"".join(chunks)


def _wanted_name(name: str, wanted: Wanted, budget: _Budget) -> str:
    """The plain name of a member that is to be read, or empty if nobody wants it."""
    plain = _plain_name(name)
    if _is_hidden(plain):
        return ""
    if plain.casefold().endswith(NESTED_SUFFIXES):
        raise _PassedOver(
            "is an archive within an archive and is not opened; unpack the outer one to read it"
        )
    if not wanted(plain):
        return ""
    budget.take(plain)
    return plain


_UNREADABLE_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    struct.error,
)
_ZIP_ENTRY_BYTES = 46
_ZIP_HEADER_BYTES = 30


def _read_zip(file: BinaryIO, place: str, wanted: Wanted, limits: Limits) -> Iterator[Entry]:
    budget = _Budget(limits)
    try:
        _check_directory(file, limits)
        with zipfile.ZipFile(file) as archive:
            overlapping = _overlapping(archive)
            for info in archive.infolist():
                budget.member()
                if not info.is_dir():
                    yield from _read_zip_member(
                        archive, info, wanted, budget, info.header_offset in overlapping
                    )
    except _Ended as ended:
        yield Skipped(place, str(ended))
    except _UNREADABLE_ZIP as error:
        yield Skipped(place, f"is not a zip archive that can be read: {error}")


def _read_zip_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, wanted: Wanted, budget: _Budget, overlaps: bool
) -> Iterator[Entry]:
    try:
        name = _wanted_name(info.filename, wanted, budget)
        if not name:
            return
        _check_zip_member(info, overlaps)
        with archive.open(info) as member:
            yield StoredFile(name, _read_member(member, budget, info.compress_size))
    except _PassedOver as reason:
        yield Skipped(_shown(info.filename), str(reason))
    except _UNREADABLE_ZIP as error:
        yield Skipped(_shown(info.filename), f"cannot be unpacked: {error}")


def _check_zip_member(info: zipfile.ZipInfo, overlaps: bool) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise _PassedOver("is a link or device and not a file")
    if info.flag_bits & 0x1:
        raise _PassedOver("is encrypted; export it again without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python unpacks the other methods in steps without a bound.
        raise _PassedOver("is compressed in a way other than deflate; pack it again")
    if overlaps:
        raise _PassedOver("shares its bytes with another member, as a zip bomb does")


def _overlapping(archive: zipfile.ZipFile) -> set[int]:
    """Offsets of members that reach into the next one.

    Source: Fifield, "A better zip bomb", WOOT 2019: it gains its size from bytes that count many times.
    """
    members = sorted(archive.infolist(), key=lambda info: info.header_offset)
    return {
        info.header_offset
        for info, following in itertools.pairwise(members)
        if info.header_offset + _ZIP_HEADER_BYTES + info.compress_size > following.header_offset
    }


def _check_directory(file: BinaryIO, limits: Limits) -> None:
    """Refuse a list of members that would fill the memory, before it is parsed.

    Layout: APPNOTE.TXT 6.3.10, 4.3.14 to 4.3.16: an end record of 22 bytes; before it, with Zip64, 56 and 20.
    """
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - (56 + 20 + 22 + 65_535)))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(tail):
        raise zipfile.BadZipFile("it has no list of members, so it is cut off or something else")
    size = int(struct.unpack_from("<L", tail, end + 12)[0])
    if (
        end >= 76
        and tail[end - 20 : end - 16] == b"PK\x06\x07"
        and tail[end - 76 : end - 72] == b"PK\x06\x06"
    ):
        size = int(struct.unpack_from("<Q", tail, end - 76 + 40)[0])
    if size > limits.members * (_ZIP_ENTRY_BYTES + 256):
        raise _Ended(f"has a list of members of {size:,} bytes, which {limits.members:,} members do not need")


_UNREADABLE_TAR = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, MemoryError)


class _Forward:
    """Unpacked bytes, read forward only, in small pieces, counted against the limits of the archive."""

    def __init__(self, packed: BinaryIO, unpacked: IO[bytes], budget: _Budget) -> None:
        self._packed = packed
        self._unpacked = unpacked
        self._budget = budget
        self._position = 0
        self.last = b""

    def tell(self) -> int:
        return self._position

    def read(self, count: int) -> bytes:
        if not 0 <= count <= MAX_TAR_HEADER_BYTES:
            raise _Ended("has a header of a size that no file needs; the rest is not read")
        data = self.last = self._unpacked.read(count)
        self._position += len(data)
        self._budget.spend(len(data))
        if self._budget.is_bomb(self._position, self._packed.tell()):
            raise _Ended(f"unpacks to over {self._budget.limits.ratio} times its size; the rest is not read")
        return data

    def seek(self, position: int) -> int:
        if position < self._position:
            raise tarfile.ReadError("its headers lead backwards")
        while self._position < position:
            if not self.read(min(CHUNK_BYTES, position - self._position)):
                raise tarfile.ReadError("it ends in the middle of a file")
        return self._position


def _read_tar(file: BinaryIO, place: str, wanted: Wanted, limits: Limits) -> Iterator[Entry]:
    budget = _Budget(limits)
    try:
        forward = _Forward(file, _unpacked(file, place), budget)
        with tarfile.open(fileobj=cast(IO[bytes], forward), mode="r:", errors="surrogateescape") as archive:
            while (info := archive.next()) is not None:
                budget.member()
                yield from _read_tar_member(archive, info, wanted, budget)
                # The reader keeps every member it met, which it never needs when it only goes forward.
                archive.members = []  # type: ignore[attr-defined]
        if len(forward.last) < tarfile.BLOCKSIZE or forward.last.strip(b"\0"):
            yield Skipped(
                place, "ends without its end mark, so it is cut off or damaged; what came before is read"
            )
    except _Ended as ended:
        yield Skipped(place, str(ended))
    except RecursionError:
        yield Skipped(place, "has headers of headers without end; the rest is not read")
    except _UNREADABLE_TAR as error:
        yield Skipped(place, f"cannot be read to its end: {error}")


def _unpacked(file: BinaryIO, place: str) -> IO[bytes]:
    name = place.casefold()
    if name.endswith("gz"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if name.endswith("bz2"):
        return bz2.BZ2File(file)
    return lzma.LZMAFile(file) if name.endswith("xz") else file


def _read_tar_member(
    archive: tarfile.TarFile, info: tarfile.TarInfo, wanted: Wanted, budget: _Budget
) -> Iterator[Entry]:
    if info.isdir():
        return
    try:
        name = _wanted_name(info.name, wanted, budget)
        if not name:
            return
        if not info.isreg() or info.issparse():
            raise _PassedOver("is a link or device and not a file")
        budget.check_member(info.size)
        member = archive.extractfile(info)
        if member is not None:
            yield StoredFile(name, _read_member(member, budget))
    except _PassedOver as reason:
        yield Skipped(_shown(info.name), str(reason))


def folder_files(
    folder: Path, wanted: Wanted = everything, *, limits: Limits = LIMITS
) -> Iterator[tuple[str, Path] | Skipped]:
    """Name and path of every wanted file of a folder, unopened, for those who read large files in pieces."""
    root = folder.resolve()
    for count, (name, path) in enumerate(_walk(folder), start=1):
        if count > limits.members:
            yield Skipped(folder.name, f"holds over {limits.members:,} files; the rest is not read")
            return
        if wanted(name) and path.is_symlink() and not path.resolve().is_relative_to(root):
            yield Skipped(_shown(name), "is a link that leads out of the folder")
        elif wanted(name):
            yield name, path


def _read_folder(folder: Path, wanted: Wanted, limits: Limits) -> Iterator[Entry]:
    for found in folder_files(folder, wanted, limits=limits):
        yield found if isinstance(found, Skipped) else _read_plain(found[1], found[0], limits)


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name within the folder and path of every file that is not hidden; links to folders are not followed."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not _is_hidden(f))
        for file in sorted(files):
            if not _is_hidden(file):
                path = Path(parent, file)
                yield path.relative_to(folder).as_posix(), path


def _read_plain(path: Path, name: str, limits: Limits) -> Entry:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return Skipped(_shown(name), "is not a plain file")
        with path.open("rb") as file:
            content = file.read(limits.member_bytes + 1)
    except OSError as error:
        return Skipped(_shown(name), f"cannot be read: {error.strerror}")
    if len(content) > limits.member_bytes:
        return Skipped(_shown(name), f"is longer than {limits.member_bytes:,} bytes")
    return StoredFile(name, content)

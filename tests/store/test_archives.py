"""Archives and folders of others: what is fine is read, what is hostile is named and passed over."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.store.archives import Limits, Skipped, StoredFile, fingerprint, open_archive, open_files

BIG = b"0" * 30_000_000


def files(path: Path, **settings: Limits) -> tuple[dict[str, bytes], dict[str, str]]:
    """What was read, and what was passed over with its reason."""
    entries = list(open_files(path, **settings))
    read = {e.name: e.content for e in entries if isinstance(e, StoredFile)}
    return read, {e.name: e.reason for e in entries if isinstance(e, Skipped)}


def write_zip(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, mode: str, members: dict[str, bytes], *extra: tarfile.TarInfo) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return path


@pytest.mark.requirement("sources:archives")
def test_folder_zip_and_tar_are_read_the_same_way(tmp_path: Path) -> None:
    content = {"charts/a.yaml": b"a: 1\n", "metadata.yaml": b"version: 1.0.0\n", "empty.txt": b""}
    folder = tmp_path / "folder"
    for name, text in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("hidden")
    assert files(folder) == (content, {})
    assert files(write_zip(tmp_path / "x.zip", **content)) == (content, {})
    for suffix, mode in (
        ("tar", "w"),
        ("tar.gz", "w:gz"),
        ("tgz", "w:gz"),
        ("tar.bz2", "w:bz2"),
        ("txz", "w:xz"),
    ):
        members = {f"./{name}": text for name, text in content.items()}
        assert files(write_tar(tmp_path / f"x.{suffix}", mode, members)) == (content, {}), suffix


@pytest.mark.requirement("sources:archives")
def test_only_wanted_files_are_unpacked(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "x.zip", **{"a.yaml": b"1", "data.parquet": BIG})
    entries = list(open_archive(archive, lambda name: name.endswith(".yaml")))
    assert entries == [StoredFile("a.yaml", b"1")]


@pytest.mark.requirement("sources:archives")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../up.txt", "leads out"),
        ("a/../../up.txt", "leads out"),
        ("/etc/passwd", "leads out"),
        ("C:\\windows\\x", "leads out"),
        ("..\\up.txt", "leads out"),
        ("a\x1b[2Jb.txt", "control characters"),
        ("x" * 1_001, "too long"),
        ("inner.zip", "an archive within an archive"),
        ("inner.tar.gz", "an archive within an archive"),
    ],
)
def test_bad_names_are_passed_over_and_the_rest_is_read(tmp_path: Path, name: str, reason: str) -> None:
    for archive in (
        write_zip(tmp_path / "x.zip", **{name: b"bad", "good.txt": b"good"}),
        write_tar(tmp_path / "x.tar", "w", {name: b"bad", "good.txt": b"good"}),
    ):
        read, skipped = files(archive)
        assert read == {"good.txt": b"good"}
        assert [reason in why for why in skipped.values()] == [True]
        assert all(shown.isprintable() and len(shown) <= 200 for shown in skipped)


@pytest.mark.requirement("sources:archives")
def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    zipped = tmp_path / "x.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(secret))
    infos = []
    for name, kind in (("soft", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("device", tarfile.CHRTYPE)):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, str(secret)
        infos.append(info)
    tarred = write_tar(tmp_path / "x.tar", "w", {"good.txt": b"good"}, *infos)
    assert files(zipped) == ({}, {"link": "is a link or device and not a file"})
    read, skipped = files(tarred)
    assert (read, sorted(skipped)) == ({"good.txt": b"good"}, ["device", "hard", "soft"])


@pytest.mark.requirement("sources:archives")
def test_links_out_of_a_folder_are_not_followed_and_links_within_are(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").symlink_to("a.txt")
    (folder / "c.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "all").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    read, skipped = files(folder)
    assert read == {"a.txt": b"a", "b.txt": b"a"}
    assert skipped == {"c.txt": "is a link that leads out of the folder", "pipe": "is not a plain file"}


@pytest.mark.requirement("sources:archive-bomb")
def test_a_zip_member_that_unpacks_to_far_more_than_it_takes_is_passed_over(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "x.zip", **{"bomb.csv": BIG, "good.txt": b"good"})
    read, skipped = files(archive)
    assert read == {"good.txt": b"good"}
    assert skipped == {"bomb.csv": "unpacks to over 200 times its packed size"}


@pytest.mark.requirement("sources:archive-bomb")
def test_declared_sizes_are_not_believed(tmp_path: Path) -> None:
    """The list of members says one byte; the data says thirty million."""
    archive = write_zip(tmp_path / "x.zip", **{"bomb.csv": BIG})
    content = bytearray(archive.read_bytes())
    entry = content.rfind(b"PK\x01\x02")
    struct.pack_into("<L", content, entry + 24, 1)
    archive.write_bytes(content)
    read, skipped = files(archive)
    assert all(len(c) <= 1 for c in read.values())
    assert list(skipped) in ([], ["bomb.csv"])
    assert read or skipped


@pytest.mark.requirement("sources:archive-bomb")
def test_members_that_share_their_bytes_are_passed_over(tmp_path: Path) -> None:
    """Fifield's construction: many entries of the list point at the same data."""
    archive = write_zip(tmp_path / "x.zip", **{"a.txt": b"first " * 50, "b.txt": b"second"})
    content = bytearray(archive.read_bytes())
    second = content.rfind(b"PK\x01\x02")
    struct.pack_into("<L", content, second + 42, 0)
    archive.write_bytes(content)
    read, skipped = files(archive)
    assert len(read) <= 1
    assert "shares its bytes with another member, as a zip bomb does" in skipped.values()


@pytest.mark.requirement("sources:archive-bomb")
def test_a_list_of_members_that_would_fill_the_memory_is_refused_unread(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "x.zip", **{"a.txt": b"a"})
    content = bytearray(archive.read_bytes())
    struct.pack_into("<L", content, content.rfind(b"PK\x05\x06") + 12, 0xFFFFFFF0)
    archive.write_bytes(content)
    read, skipped = files(archive)
    assert (read, "a list of members of 4,294,967,280 bytes" in skipped["x.zip"]) == ({}, True)


@pytest.mark.requirement("sources:archive-bomb")
def test_limits_of_members_and_bytes_end_the_reading(tmp_path: Path) -> None:
    content = {f"{n}.txt": os.urandom(1_000) for n in range(10)}
    for archive in (
        write_zip(tmp_path / "x.zip", **content),
        write_tar(tmp_path / "x.tar.gz", "w:gz", content),
    ):
        read, skipped = files(archive, limits=Limits(members=3))
        assert (len(read), "over 3 members" in skipped[archive.name]) == (3, True)
        read, skipped = files(archive, limits=Limits(total_bytes=5_000))
        assert (len(read) < 6, "over 5,000 bytes" in skipped[archive.name]) == (True, True)
        read, skipped = files(archive, limits=Limits(member_bytes=999))
        assert (read, len(skipped)) == ({}, 10)


@pytest.mark.requirement("sources:archive-bomb")
def test_a_tar_that_unpacks_without_end_is_left_where_that_shows(tmp_path: Path) -> None:
    bomb = write_tar(tmp_path / "x.tar.gz", "w:gz", {"good.txt": b"good", "bomb.csv": BIG})
    read, skipped = files(bomb)
    assert read == {"good.txt": b"good"}
    assert "unpacks to over 200 times its size" in skipped["x.tar.gz"]


@pytest.mark.requirement("sources:archive-bomb")
@pytest.mark.parametrize("kind", [b"x", b"L"], ids=["pax", "gnu"])
def test_tar_headers_cannot_fill_the_memory_or_the_stack(tmp_path: Path, kind: bytes) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = kind, 3_000_000_000
    huge = tmp_path / "huge.tar.gz"
    with gzip.open(huge, "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT) + b"0" * 2_000_000)
    assert "a header of a size that no file needs" in files(huge)[1]["huge.tar.gz"]
    header.size = 1
    nested = tmp_path / "nested.tar"
    nested.write_bytes((header.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")) * 5_000)
    assert files(nested)[0] == {}
    assert list(files(nested)[1]) == ["nested.tar"]


@pytest.mark.requirement("sources:archives")
def test_encrypted_and_oddly_packed_members_are_passed_over_with_the_reason(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "x.zip", **{"locked.txt": b"locked", "good.txt": b"good"})
    content = bytearray(archive.read_bytes())
    content[content.find(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_LZMA) as opened:
        opened.writestr("odd.txt", b"odd")
    read, skipped = files(archive)
    assert read == {"good.txt": b"good"}
    assert "is encrypted" in skipped["locked.txt"]
    assert "other than deflate" in skipped["odd.txt"]


@pytest.mark.requirement("sources:archives")
@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_broken_archives_are_reported_and_what_came_before_is_read(tmp_path: Path, suffix: str) -> None:
    noise = tmp_path / f"noise.{suffix}"
    noise.write_bytes(os.urandom(3_000))
    assert files(noise)[0] == {}
    assert list(files(noise)[1]) == [noise.name]
    content = {f"{n}.txt": os.urandom(5_000) for n in range(20)}
    whole = tmp_path / f"whole.{suffix}"
    if suffix == "zip":
        write_zip(whole, **content)
    else:
        write_tar(whole, f"w:{suffix[4:]}" if "." in suffix else "w", content)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole.read_bytes()[:60_000])
    read, skipped = files(cut)
    assert read.items() <= content.items()
    assert list(skipped) == [cut.name]


@pytest.mark.requirement("sources:archives")
def test_a_flipped_bit_costs_one_member(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "x.zip", **{"a.txt": os.urandom(900), "b.txt": b"good"})
    content = bytearray(archive.read_bytes())
    content[500] ^= 1
    archive.write_bytes(content)
    read, skipped = files(archive)
    assert (read, list(skipped)) == ({"b.txt": b"good"}, ["a.txt"])


@pytest.mark.requirement("sources:archives")
def test_a_place_that_is_not_there_is_an_operators_mistake(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no folder, archive or file"):
        open_files(tmp_path / "nothing")
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(Misconfigured, match="not named as an archive"):
        open_archive(tmp_path / "a.txt")
    assert list(open_files(tmp_path / "a.txt")) == [StoredFile("a.txt", b"a")]


@pytest.mark.requirement("sources:archives")
def test_text_is_utf8_or_utf16_with_a_mark() -> None:
    assert StoredFile("a", "é".encode("utf-8-sig")).text() == "é"
    assert StoredFile("a", "é".encode("utf-16")).text() == "é"
    with pytest.raises(UnicodeDecodeError):
        StoredFile("a", b"caf\xe9").text()


@pytest.mark.requirement("sources:fingerprint")
def test_a_fingerprint_changes_with_wanted_files_and_with_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.yaml").write_text("a: 1")

    def now() -> str:
        return fingerprint(folder, lambda name: name.endswith(".yaml"))

    first = now()
    (folder / "notes.txt").write_text("unwanted")
    os.utime(folder / "a.yaml", ns=(1, 1))
    assert now() == first
    (folder / "a.yaml").write_text("a: 2")
    second = now()
    (folder / "b.yaml").write_text("b: 1")
    assert len({first, second, now()}) == 3
    with pytest.raises(Misconfigured):
        fingerprint(tmp_path / "nothing")


@pytest.mark.requirement("sources:fingerprint")
def test_large_files_are_told_by_size_and_time(tmp_path: Path) -> None:
    large = tmp_path / "large.jsonl"
    large.write_bytes(b"x" * 8_000_001)
    os.utime(large, ns=(1, 1))
    first = fingerprint(large)
    os.utime(large, ns=(1, 2))
    assert fingerprint(large) != first

"""Archives: their content, and what hostile ones may not do."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument, UnreadableDocument, UnsupportedFormat
from carrel.ingest.archives.embedded_files import MOST_DEPTH, MOST_FILES
from carrel.ingest.registry import default_registry
from samples.archives import write_tar, write_zip
from samples.documents import write_pdf


def read(path: Path) -> list[Section]:
    return list(default_registry().reader_for(path, path.name).read(path))


def refusal(path: Path, kind: type[UnreadableDocument] = UnreadableDocument) -> str:
    with pytest.raises(kind) as raised:
        read(path)
    return str(raised.value)


def test_files_keep_their_pages_and_headings_under_their_names(tmp_path: Path) -> None:
    report = write_pdf(tmp_path / "report.pdf", ["first", "second"]).read_bytes()
    path = write_zip(
        tmp_path / "a.zip",
        {"2024/report.pdf": report, "notes.md": b"# Plan\n\nwe go\n", "empty/": b""},
    )
    assert read(path) == [
        Section("first", 1, "2024/report.pdf"),
        Section("second", 2, "2024/report.pdf"),
        Section("Plan\nwe go\n", None, "notes.md: Plan"),
    ]


@pytest.mark.parametrize(
    ("ending", "packed"),
    [("tar", ""), ("tar.gz", "gz"), ("tgz", "gz"), ("tar.bz2", "bz2"), ("txz", "xz")],
)
def test_tar_archives_are_read_however_they_are_packed(
    tmp_path: Path, ending: str, packed: str
) -> None:
    path = tmp_path / f"a.{ending}"
    write_tar(path, {"b.txt": b"two", "a.txt": b"one"}, packed)  # type: ignore[arg-type]
    assert read(path) == [Section("two", None, "b.txt"), Section("one", None, "a.txt")]


@pytest.mark.parametrize(
    ("noted", "given", "named"),
    [("notes.md", "0a1b.gz", "notes.md"), ("", "log.txt.gz", "log.txt"), ("", "x.gz", "x.txt")],
)
def test_a_single_packed_file_has_the_name_that_was_noted(
    tmp_path: Path, noted: str, given: str, named: str
) -> None:
    path = tmp_path / given
    with path.open("wb") as stream, gzip.GzipFile(noted, "wb", fileobj=stream) as packed:
        packed.write(b"# Plan\n")
    (section,) = read(path)
    assert section.heading is not None
    assert section.heading.startswith(named)


def test_archives_in_archives_are_read(tmp_path: Path) -> None:
    inner = write_tar(tmp_path / "inner.tgz", {"deep.txt": b"found"}, "gz").read_bytes()
    path = write_zip(tmp_path / "a.zip", {"inner.tgz": inner})
    assert read(path) == [Section("found", None, "inner.tgz: deep.txt")]


def test_what_cannot_be_read_does_not_keep_out_the_rest(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "a.zip",
        {
            "program.exe": b"MZ\0\0",
            "broken.pdf": b"%PDF-1.4 nothing",
            "__MACOSX/._good.txt": b"left out",
            ".DS_Store": b"left out",
            "good.txt": b"read",
        },
    )
    assert read(path) == [Section("read", None, "good.txt")]
    path = write_zip(tmp_path / "b.zip", {"broken.pdf": b"%PDF-1.4 nothing"})
    assert refusal(path).startswith("nothing in it can be read: broken.pdf: it is damaged")


@pytest.mark.parametrize("name", ["../../outside.txt", "/outside.txt", "C:\\outside.txt"])
def test_no_name_leads_out_of_the_archive(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "inside" / "deep"
    folder.mkdir(parents=True)
    for path in (
        write_zip(folder / "a.zip", {name: b"text"}),
        write_tar(folder / "a.tar", {name: b"text"}),
    ):
        assert [section.text for section in read(path)] == ["text"]
        path.unlink()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(secret))
        archive.writestr("good.txt", "read")
    assert [section.text for section in read(path)] == ["read"]
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("link.txt")
            member.type, member.linkname = kind, str(secret)
            archive.addfile(member)
        member = tarfile.TarInfo("good.txt")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"read"))
    assert [section.text for section in read(path)] == ["read"]


def test_archives_nested_too_deeply_are_left_out(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "a.zip", {"deep.txt": b"too deep"}).read_bytes()
    for _ in range(MOST_DEPTH + 1):
        data = write_zip(tmp_path / "a.zip", {"a.zip": data}).read_bytes()
    assert "nested too deeply" in refusal(tmp_path / "a.zip")


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.txt": b"x" for n in range(MOST_FILES + 1)})
    assert "more than 1,000 files" in refusal(path)


@pytest.mark.parametrize("packed", ["zip", "gz", "bz2", "xz"])
def test_a_bomb_is_refused_at_the_limit(
    tmp_path: Path, packed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carrel.ingest.archives.embedded_files.MOST_UNPACKED_BYTES", 5_000_000)
    files = {"bomb.txt": bytes(6_000_000)}
    path = tmp_path / f"a.{packed}"
    if packed == "zip":
        write_zip(path, files)
    else:
        write_tar(path, files, packed)  # type: ignore[arg-type]
    assert path.stat().st_size < 50_000
    assert "unpack to more than" in refusal(path)


def test_a_password_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": b"secret"})
    data = bytearray(path.read_bytes())
    # The flag in the file's own header and in the directory, as an encrypting program sets it.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "password protected" in refusal(path, EncryptedDocument)


def test_a_packed_file_that_is_no_archive_is_damaged_or_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(gzip.compress(b"text"))
    assert "it holds a gzip archive" in refusal(path, UnsupportedFormat)
    path = write_tar(tmp_path / "a.tgz", {"a.txt": b"x" * 100_000}, "gz")
    path.write_bytes(path.read_bytes()[:60])
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(("ending", "compress"), [("bz2", bz2.compress), ("xz", lzma.compress)])
def test_one_compressed_file_is_read_like_that_file(
    tmp_path: Path, ending: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"note.md.{ending}"
    path.write_bytes(compress(b"# Ladder\n\nIt is in hall four.\n"))
    assert read(path) == [
        Section("Ladder\nIt is in hall four.\n", None, "note.md: Ladder"),
    ]
    path.write_bytes(path.read_bytes()[:-12])
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("合同文件/测试.txt", "gbk"), ("契約書.txt", "cp932"), ("Договор аренды.txt", "cp866")],
)
def test_names_without_a_mark_are_in_the_encoding_of_their_system(
    tmp_path: Path, name: str, encoding: str
) -> None:
    raw = name.encode(encoding)
    placeholder = "x" * len(raw)
    data = write_zip(tmp_path / "a.zip", {placeholder: b"text"}).read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(placeholder.encode(), raw))
    assert read(tmp_path / "a.zip") == [Section("text", None, name)]
    tar = tarfile.TarInfo(name)
    with tarfile.open(
        tmp_path / "a.tar", "w", format=tarfile.USTAR_FORMAT, encoding=encoding
    ) as archive:
        tar.size = 4
        archive.addfile(tar, io.BytesIO(b"text"))
    assert read(tmp_path / "a.tar") == [Section("text", None, name)]


@pytest.mark.parametrize("odd", [b"two\nlines.txt", b"\xff\xfea.txt"], ids=["break", "mark"])
def test_an_odd_name_does_not_move_the_names_of_the_others(tmp_path: Path, odd: bytes) -> None:
    placeholder = "Q" * len(odd)
    path = write_zip(tmp_path / "a.zip", {placeholder: b"odd", "b.txt": b"bee", "c.txt": b"sea"})
    path.write_bytes(path.read_bytes().replace(placeholder.encode(), odd))
    found = {each.text: each.heading for each in read(path)}
    assert found.keys() == {"odd", "bee", "sea"}
    assert (found["bee"], found["sea"]) == ("b.txt", "c.txt")


def test_members_of_one_name_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        for text in ("one", "two", "three"):
            archive.writestr("notes.txt", text)
    found = [(each.heading, each.text) for each in read(path)]
    assert found == [("notes.txt", "one"), ("notes (2).txt", "two"), ("notes (3).txt", "three")]


def test_attachments_of_one_name_are_numbered(tmp_path: Path) -> None:
    parts = "".join(
        "--part\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Disposition: attachment; filename*=utf-8''%E6%97%A5%E8%A8%98.txt\n\n{text}\n"
        for text in ("one", "two")
    )
    path = tmp_path / "a.eml"
    path.write_text(
        "From: a@example.org\nSubject: Diary\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/mixed; boundary=part\n\n{parts}--part--\n"
    )
    assert [each.heading for each in read(path)][1:] == ["日記.txt", "日記 (2).txt"]


@pytest.mark.parametrize("packed", ["", "gz"])
def test_tar_members_of_one_name_are_numbered(tmp_path: Path, packed: str) -> None:
    path = tmp_path / ("a.tgz" if packed else "a.tar")
    with tarfile.open(path, f"w:{packed}") as archive:  # type: ignore[call-overload]
        for text in (b"# One", b"# Two"):
            member = tarfile.TarInfo("a/notes.md")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    headings = [each.heading or "" for each in read(path)]
    assert [each.split(":")[0] for each in headings] == ["a/notes.md", "a/notes (2).md"]

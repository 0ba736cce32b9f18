from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.archives import embedded_files
from carrel.ingest.archives.embedded_files import ContainerReader, Contents
from carrel.ingest.detection.content import Content
from carrel.ingest.registry import Format, default_registry


class BoxReader(ContainerReader):
    """Reads what the test puts into it: lines ``name=text``, a file each."""

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        for line in path.read_text(encoding="utf-8").splitlines():
            name, sign, text = line.partition("=")
            if sign:
                yield from contents.read(name, io.BytesIO(text.replace("¶", "\n").encode()))


class EndlessBoxReader(ContainerReader):
    """Reads a box that holds a box like itself."""

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        yield from contents.read("note.txt", b"text")
        yield from contents.read("inner.endless", path.read_bytes())


def read(tmp_path: Path, text: str, name: str = "a.box") -> list[Section]:
    registry = default_registry()
    registry.add(Format((".box",), Content.TEXT, BoxReader(registry)))
    registry.add(Format((".endless",), Content.TEXT, EndlessBoxReader(registry)))
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return list(registry.reader_for(path, name).read(path))


def test_contained_files_are_read_by_their_names(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt=one\nfolder/b.md=# Two¶text\n") == [
        Section("one", heading="a.txt"),
        Section("Two\ntext\n", heading="folder/b.md: Two"),
    ]


def test_boxes_in_boxes_are_read_to_a_depth(tmp_path: Path) -> None:
    assert read(tmp_path, "b.box=c.txt=deep\n") == [Section("deep", heading="b.box: c.txt")]
    sections = read(tmp_path, "x", "a.endless")
    assert [section.text for section in sections] == ["text"] * (embedded_files.MOST_DEPTH + 1)


def test_a_file_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, "a.exe=x\nb.pdf=no\nc.txt=\nd.txt=good\n") == [
        Section("good", heading="d.txt")
    ]


def test_the_first_reason_is_reported_where_nothing_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match=r"^nothing in it can be read: b\.pdf: its name"):
        read(tmp_path, "b.pdf=no\nc.exe=x\n")
    with pytest.raises(EmptyDocument, match="no text"):
        read(tmp_path, b"\n".decode() or "\n", "a.txt")


def test_more_files_than_the_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_files, "MOST_FILES", 3)
    assert len(read(tmp_path, "a.txt=x\n" * 3)) == 3
    with pytest.raises(UnreadableDocument, match="more than 3 files"):
        read(tmp_path, "a.txt=x\n" * 4)
    with pytest.raises(UnreadableDocument, match="more than 3 files"):
        read(tmp_path, "a.box=b.txt=x¶c.txt=y\nd.txt=z\n")


def test_more_bytes_than_the_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_files, "MOST_UNPACKED_BYTES", 10)
    assert len(read(tmp_path, "a.txt=12345\nb.txt=12345\n")) == 2
    with pytest.raises(UnreadableDocument, match="unpack to more than"):
        read(tmp_path, "a.txt=12345\nb.txt=123456\n")


def test_no_file_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    registry = default_registry()
    contents = Contents(registry)
    sections = contents.read("a.txt", b"text")
    assert next(sections) == Section("text", heading="a.txt")
    assert list(folder.iterdir()) != []
    sections.close()  # type: ignore[attr-defined]
    assert list(folder.iterdir()) == []


def test_parts_that_are_no_files_keep_to_the_same_limits() -> None:
    def endless(contents: Contents) -> Iterator[Section]:
        yield Section("text", heading="Title")
        yield from contents.read_part("inner", endless)

    def failing(contents: Contents) -> Iterator[Section]:
        yield from contents.read("a.txt", b"before")
        raise KeyError("a part is missing")

    contents = Contents(default_registry())
    sections = list(contents.read_part("part", endless))
    assert len(sections) == embedded_files.MOST_DEPTH
    assert sections[1] == Section("text", heading="part: inner: Title")
    assert list(contents.read_part("part", failing)) == [Section("before", heading="part: a.txt")]
    assert str(contents.nothing_read()).startswith("nothing in it can be read: part: it is damaged")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("report\u202efdp.txt", "report fdp.txt"),
        ("a\0b\x1b[31m.txt", "a b [31m.txt"),
        ("../../etc/passwd.txt", "../../etc/passwd.txt"),
        ("bad\udcff.txt", "bad .txt"),
    ],
)
def test_names_of_contained_files_are_shown_without_hidden_characters(
    name: str, shown: str
) -> None:
    sections = list(Contents(default_registry()).read(name, b"text"))
    assert sections == [Section("text", heading=shown)]

"""What is left out of a file is reported with its last section."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.ingest.registry import default_registry
from carrel.ingest.remarks import MOST_REMARKS, Remarks
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from samples.archives import write_zip
from samples.documents import write_scanned_pdf


def read(path: Path, **options: str) -> list[Section]:
    return list(default_registry(**options).reader_for(path, path.name).read(path))


def test_the_last_section_with_text_has_the_remarks() -> None:
    remarks = Remarks()

    def sections() -> Iterator[Section]:
        yield Section("one")
        remarks.add("a.pdf: it is damaged")
        yield Section("two")
        yield Section(" \n")
        remarks.add("b.exe: it cannot be read")

    first, last = remarks.carried_by(sections())
    assert (first.text, first.remarks) == ("one", ())
    assert last.text == "two"
    assert last.remarks == ("a.pdf: it is damaged", "b.exe: it cannot be read")


def test_what_was_read_before_a_failure_is_yielded() -> None:
    def failing() -> Iterator[Section]:
        yield Section("one")
        raise KeyError("a part is missing")

    sections = Remarks().carried_by(failing())
    assert next(sections).text == "one"
    with pytest.raises(KeyError):
        next(sections)


def test_remarks_without_end_are_cut() -> None:
    remarks = Remarks()
    for number in range(MOST_REMARKS * 3):
        remarks.add(f"{number}.pdf", "twice")
    [section] = remarks.carried_by(iter([Section("one")]))
    assert len(section.remarks) == MOST_REMARKS


def test_members_that_are_left_out_are_named_with_their_place(tmp_path: Path) -> None:
    inner = write_zip(
        tmp_path / "inner.zip", {"deep.pdf": b"%PDF-1.4 nothing", "ok.txt": b"text"}
    ).read_bytes()
    files = {"bäd☃.pdf": b"%PDF-1.4 nothing", "inner.zip": inner, "tool.exe": b"MZ", "a.txt": b"x"}
    path = write_zip(tmp_path / "a.zip", files)
    readers = SandboxedReaders(ReadingLimits(seconds=60, bytes=2 << 30))
    for sections in (read(path), list(readers.reader_for(path, path.name).read(path))):
        assert [each.text for each in sections] == ["text", "x"]
        assert sections[0].remarks == ()
        assert sections[-1].remarks == (
            "bäd☃.pdf: it is damaged: its page structure cannot be read",
            "inner.zip: deep.pdf: it is damaged: its page structure cannot be read",
            "tool.exe: files ending in .exe cannot be read",
        )
    readers.close()


def test_scanned_pages_that_are_not_recognised_are_named(tmp_path: Path) -> None:
    scanned = write_scanned_pdf(tmp_path / "scan.pdf").read_bytes()
    path = write_zip(tmp_path / "a.zip", {"scan.pdf": scanned, "a.txt": b"text"})
    [section] = read(path, ocr="never")
    [remark] = section.remarks
    assert remark.startswith("scan.pdf: no page has text: it looks like a scan")

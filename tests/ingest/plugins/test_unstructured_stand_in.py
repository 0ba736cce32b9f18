"""The place for unstructured, with a package that plays it, in the reading process."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from carrel.core.documents import Section
from carrel.core.errors import (
    EmptyDocument,
    EncryptedDocument,
    InvalidSetting,
    UnreadableDocument,
    UnsupportedFormat,
)
from carrel.ingest.plugins.unstructured_package import SUFFIXES
from carrel.ingest.registry import chosen_registry, default_registry
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from samples.archives import write_zip
from samples.documents import write_encrypted_pdf, write_pdf, write_text
from samples.messages import message, write_eml

PACKAGES = Path(__file__).resolve().parents[2] / "stand_ins" / "packages"
LIMITS = ReadingLimits(seconds=4, bytes=2 << 30)
Read = Callable[..., list[Section]]


@pytest.fixture(scope="module")
def readers() -> Iterator[Callable[[str], SandboxedReaders]]:
    """Readers of a value of the setting, in processes that find the stand-in."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(PACKAGES))
        made = {
            reader: SandboxedReaders(LIMITS, {"reader": reader, "ocr": "never"}, folder=PACKAGES)
            for reader in ("carrel", "unstructured")
        }
    yield made.__getitem__
    for each in made.values():
        each.close()


@pytest.fixture
def read(readers: Callable[[str], SandboxedReaders], tmp_path: Path) -> Read:
    """Read a file of these lines, unstructured first."""

    def sections_of(
        *lines: str, name: str = "a.txt", reader: str = "unstructured"
    ) -> list[Section]:
        path = write_text(tmp_path / "stored", "\n".join(lines))
        return list(readers(reader).reader_for(path, name).read(path))

    return sections_of


def texts(sections: list[Section]) -> list[str]:
    return [each.text for each in sections]


def remarks(sections: list[Section]) -> list[str]:
    return [remark for each in sections for remark in each.remarks]


@pytest.mark.parametrize("name", ["a.adoc", "a.zzz", "README"])
def test_what_carrel_has_no_reader_for_is_read_by_it(read: Read, name: str) -> None:
    for reader in ("carrel", "unstructured"):
        assert texts(read("# Mill", "It was sold.", name=name, reader=reader)) == [
            "Mill\nIt was sold."
        ]


def test_the_setting_says_which_is_first(read: Read) -> None:
    lines = ("# Mill", "It was sold.")
    assert texts(read(*lines, reader="carrel")) == ["# Mill\nIt was sold."]
    (section,) = read(*lines)
    assert (section.text, section.heading) == ("Mill\nIt was sold.", "Mill")


def test_headings_pages_and_sheets_become_those_of_sections(read: Read) -> None:
    sections = read(
        "# One", "## Two", "first", "guess Ostra", "## A sentence.", "page 2", "break", "second",
        "page 3", "sheet Costs", "third",
    )  # fmt: skip
    assert sections == [
        Section("One\nTwo\nfirst\nOstra\nA sentence.", None, "Two"),
        Section("second", 2, "Two"),
        Section("third", 3, "Costs"),
    ]
    assert {each.page_count for each in sections} == {3}


def test_lines_of_a_slide_are_no_headings(read: Read) -> None:
    kind = "type application/vnd.openxmlformats-officedocument.presentationml.presentation"
    (section,) = read(kind, "page 1", "# Title", "## Point", "## Another")
    assert (section.text, section.heading) == ("Title\nPoint\nAnother", "Title")


def test_rows_of_tables_have_the_heads_of_their_columns(read: Read) -> None:
    table = (
        "<table><tr><td>Region</td><td>2021</td><td>2022</td></tr>"
        "<tr><td>North</td><td>41</td><td></td></tr>"
        "<tr><td>South</td><td></td><td>7</td></tr></table>"
    )
    assert texts(read("before", table, "after")) == [
        "before\nRegion | 2021 | 2022\nRegion: North; 2021: 41\nRegion: South; 2022: 7\nafter"
    ]


def test_merged_cells_are_repeated_and_where_their_spans_are_lost_no_head_is_claimed(
    read: Read,
) -> None:
    spans = (
        '<table><tr><td rowspan="2">Region</td><td colspan="2">2022</td></tr>'
        "<tr><td>Q1</td><td>Q2</td></tr><tr><td>North</td><td>4</td><td></td></tr></table>"
    )
    lost = spans.replace(' rowspan="2"', "").replace(' colspan="2"', "")
    assert texts(read(spans)) == ["Region | 2022 Q1 | 2022 Q2\nRegion: North; 2022 Q1: 4"]
    assert texts(read(lost)) == ["Region | 2022\nQ1 | Q2\nNorth | 4 | "]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("unsupported", "unstructured has no reader for its content"),
        ("missing pdf", "unstructured[pdf] is not installed"),
        ("fail secret", "unstructured failed with KeyError"),
        ("eat", "it needs more memory than there is"),
        ("break", "it holds no text"),
        ("crash", "it is probably damaged: its reader broke down over it"),
        ("exit", "it is probably damaged: its reader broke down over it"),
        ("hang", "it could not be read in 4 seconds (max_reading_seconds): it may be damaged"),
    ],
)
def test_what_it_cannot_read_is_read_by_carrel_and_says_so(
    read: Read, command: str, reason: str
) -> None:
    lines = [command] if command == "break" else ["one", command]
    sections = read(*lines)
    assert texts(sections) == ["\n".join(lines)]
    assert remarks(sections) == [f"reading by unstructured ({reason}): Carrel read it"]
    assert texts(read("next")) == ["next"]


def test_what_it_cannot_read_and_carrel_neither_fails_with_its_reason(read: Read) -> None:
    with pytest.raises(UnsupportedFormat, match=r"^unstructured has no reader for its content$"):
        read("unsupported", name="a.zzz")
    with pytest.raises(UnsupportedFormat, match=r"^unstructured\[rtf\] is not installed$"):
        read("missing rtf", name="a.zzz")
    with pytest.raises(UnreadableDocument, match="broke down"):
        read("crash", name="a.zzz")
    with pytest.raises(EmptyDocument):
        read("break", name="a.zzz")


def test_where_both_fail_the_reason_is_that_of_carrel(
    readers: Callable[[str], SandboxedReaders], tmp_path: Path
) -> None:
    path = write_encrypted_pdf(tmp_path / "a.pdf", ["text"])
    with pytest.raises(EncryptedDocument):
        list(readers("unstructured").reader_for(path, "a.pdf").read(path))


def test_a_pdf_that_it_cannot_read_keeps_its_pages(
    readers: Callable[[str], SandboxedReaders], tmp_path: Path
) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["one", "two"])
    sections = list(readers("unstructured").reader_for(path, "a.pdf").read(path))
    assert sections == [Section("one", 1), Section("two", 2)]
    assert remarks(sections) == [
        "reading by unstructured (unstructured failed with UnicodeDecodeError): Carrel read it"
    ]


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (bytes(range(256)) * 4, "a.zzz", "it holds binary data"),
        (b"\x7fELF" + bytes(600), "tool", "files without an ending cannot be read: it holds a pro"),
        (b"PK\x05\x06" + bytes(18), "a.bak", "it holds a zip archive"),
        (b"", "a.zzz", "it is empty"),
        (b"text", "a.fb2", "save it as .epub"),
        (bytes(range(256)) * 4, "a.txt", "it holds binary data"),
    ],
)
def test_it_gets_no_file_that_is_no_document(
    readers: Callable[[str], SandboxedReaders],
    tmp_path: Path,
    content: bytes,
    name: str,
    reason: str,
) -> None:
    path = tmp_path / "stored"
    path.write_bytes(content)
    with pytest.raises(UnreadableDocument, match=reason):
        list(readers("unstructured").reader_for(path, name).read(path))


def test_it_opens_no_connection_and_the_log_says_that_it_tried(read: Read) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, capture_logs() as lines:
        assert texts(read(f"connect {server.getsockname()[1]}")) == ["connections: 0"]
    said = [each["said"] for each in lines if each["event"] == "reading.said"]
    assert "reading.connection_refused" in said


def test_it_sends_nothing_advertises_nothing_and_downloads_no_model(read: Read) -> None:
    assert texts(read("about", "classify")) == [
        "file.txt fast [''] sent: False\nen sentencizer",
    ]


def test_what_it_prints_and_logs_is_no_answer(read: Read) -> None:
    with capture_logs() as lines:
        assert texts(read("one", "print secret words", "two")) == ["one\ntwo"]
    assert "secret" not in repr(lines)


def test_mail_and_archives_are_opened_by_carrel_and_their_files_read_in_order(
    readers: Callable[[str], SandboxedReaders], tmp_path: Path
) -> None:
    files = {
        "a.adoc": b"# Mill\nIt was sold.",
        "b.txt": b"# Bridge\nIt is old.",
        "signature.asc": b"-----BEGIN PGP SIGNATURE-----",
        "smime.p7s": b"0\x82\x05" + bytes(300),
    }
    archive = write_zip(tmp_path / "a.zip", files)
    mail = write_eml(tmp_path / "a.eml", message("# Good day", attachments=files))
    for path in (archive, mail):
        for reader, bridge in (("carrel", "# Bridge"), ("unstructured", "Bridge")):
            sections = list(readers(reader).reader_for(path, path.name).read(path))
            assert texts(sections)[-2:] == ["Mill\nIt was sold.", f"{bridge}\nIt is old."]
            assert [each.partition(":")[0] for each in remarks(sections)] == [
                "signature.asc",
                "smime.p7s",
            ]


def test_folders_bring_the_endings_that_are_documents(
    readers: Callable[[str], SandboxedReaders],
) -> None:
    registry = readers("carrel")
    own = default_registry().suffixes()
    assert not SUFFIXES & set(own)
    assert registry.suffixes() == sorted({*own, *SUFFIXES})
    assert registry.supports("Notes.ADOC")
    assert not any(map(registry.supports, ("a.exe", "a.zzz", "README", "smime.p7s")))


def test_without_the_package_the_setting_names_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "unstructured", None)
    command = r"not installed: pip install 'carrel\[unstructured\]'$"
    with pytest.raises(InvalidSetting, match=command):
        chosen_registry(reader="unstructured")
    registry = chosen_registry()
    assert registry.suffixes() == default_registry().suffixes()
    with pytest.raises(UnsupportedFormat, match="Carrel reads"):
        registry.reader_for(write_text(tmp_path / "a", "text"), "a.adoc")

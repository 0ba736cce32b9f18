from __future__ import annotations

import threading
from pathlib import Path

import pytest

from carrel.core.errors import EncryptedDocument, UnreadableDocument
from carrel.ingest.pdf.pdf import PdfReader
from samples.documents import write_encrypted_pdf, write_pdf


def test_each_page_with_text_is_a_section_and_keeps_its_number(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["First page\nsecond line", "", "Third page"])
    sections = list(PdfReader().read(path))
    assert [(section.page, section.text) for section in sections] == [
        (1, "First page\nsecond line"),
        (3, "Third page"),
    ]


def test_words_cut_at_line_ends_are_whole(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["This is an experi-\nmental boat, well\nmade."])
    (section,) = PdfReader().read(path)
    assert "experimental boat" in section.text


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    path = write_encrypted_pdf(tmp_path / "a.pdf", ["Secret"])
    with pytest.raises(EncryptedDocument, match="password protected"):
        list(PdfReader().read(path))


def test_a_file_cut_in_half_is_damaged(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["Text"] * 5)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableDocument, match="damaged"):
        list(PdfReader().read(path))


def test_pages_before_a_damaged_one_are_read_first(tmp_path: Path) -> None:
    """Which shows that pages are read one at a time."""
    path = write_pdf(tmp_path / "a.pdf", ["One", "Two", "Three"])
    before, mark, after = path.read_bytes().rpartition(b"/Type /Page\n")
    path.write_bytes(before + mark.replace(b"/Page", b"/Pagx") + after)
    sections = PdfReader().read(path)
    assert [next(sections).text, next(sections).text] == ["One", "Two"]
    with pytest.raises(UnreadableDocument, match="page 3 cannot be read"):
        next(sections)


def test_threads_may_read_at_the_same_time_each_with_its_own_reader(tmp_path: Path) -> None:
    paths = [
        write_pdf(tmp_path / f"{number}.pdf", [f"File {number} page {page}" for page in range(40)])
        for number in range(4)
    ]
    expected = [[section.text for section in PdfReader().read(path)] for path in paths]
    found: dict[int, list[str]] = {}
    start = threading.Barrier(len(paths))

    def work(number: int) -> None:
        start.wait()
        found[number] = [section.text for section in PdfReader().read(paths[number])]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(paths))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(len(paths))] == expected


def test_a_reading_may_move_between_threads(tmp_path: Path) -> None:
    """The ingestion takes each batch in whatever thread is free."""
    sections = PdfReader().read(write_pdf(tmp_path / "a.pdf", ["One", "Two", "Three"]))
    texts: list[str] = []
    for _ in range(3):
        thread = threading.Thread(target=lambda: texts.append(next(sections).text))
        thread.start()
        thread.join()
    assert texts == ["One", "Two", "Three"]

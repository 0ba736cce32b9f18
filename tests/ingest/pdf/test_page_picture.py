"""A page is rendered, with the quote highlighted."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from carrel.core.documents import PagePicture, PageView
from carrel.core.errors import EncryptedDocument, PlaceNotFound, UnreadableDocument
from carrel.ingest.pdf.page_picture import MARK, MOST_PIXELS, find_quote, picture_of_page
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from samples.documents import write_encrypted_pdf, write_pdf

LINES = "Finances\nTotal revenue was 18.4 million\neuros in 2023.\nCosts rose."


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "report.pdf", ["The first page.", LINES])


def opened(picture: PagePicture) -> Image.Image:
    return Image.open(io.BytesIO(picture.content)).convert("RGB")


def marked_rows(picture: PagePicture) -> tuple[float, float] | None:
    """Return from where to where there are marks, as shares of the height."""
    image = opened(picture)
    rows = [
        y
        for y in range(image.height)
        if MARK in {image.getpixel((x, y)) for x in range(0, image.width, 2)}
    ]
    return (rows[0] / image.height, rows[-1] / image.height) if rows else None


def test_a_quote_is_marked_over_the_end_of_its_line(report: Path) -> None:
    quote = "Total revenue was 18.4 million euros in 2023."
    picture = picture_of_page(report, PageView(2, 600, quote))
    assert (picture.marked, picture.pages, opened(picture).width) == (True, 2, 600)
    rows = marked_rows(picture)
    assert rows is not None
    # The second and third line of the page, 14 points high each, the first 50 points from the top.
    assert 0.06 < rows[0] < 0.08
    assert 0.085 < rows[1] < 0.1


def test_without_the_quote_the_picture_has_no_mark(report: Path) -> None:
    for quote in ("", "Nothing of the kind."):
        picture = picture_of_page(report, PageView(2, 600, quote))
        assert not picture.marked
        assert marked_rows(picture) is None


def test_marks_follow_a_page_that_is_turned(report: Path, tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(report)
    document[1].set_rotation(180)
    document.save(tmp_path / "turned.pdf")
    document.close()
    picture = picture_of_page(tmp_path / "turned.pdf", PageView(2, 600, "Finances"))
    rows = marked_rows(picture)
    assert rows is not None
    assert rows[0] > 0.9


def test_no_picture_is_larger_than_its_limit(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 14_000)
    document.save(tmp_path / "long.pdf")
    document.close()
    image = opened(picture_of_page(tmp_path / "long.pdf", PageView(1, 2400)))
    assert image.width * image.height < MOST_PIXELS * 1.01


@pytest.mark.parametrize("page", [0, 3])
def test_a_page_that_is_not_there_is_an_error(report: Path, page: int) -> None:
    with pytest.raises(PlaceNotFound, match=f"no page {page}: the document has 2"):
        picture_of_page(report, PageView(page))


def test_locked_and_broken_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(EncryptedDocument):
        picture_of_page(write_encrypted_pdf(tmp_path / "locked.pdf", ["a"]), PageView(1))
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and nothing more")
    with pytest.raises(UnreadableDocument):
        picture_of_page(broken, PageView(1))


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        ("An experi\x02\nmental way", "An experimental way", ["An experi\x02\nmental way"]),
        ("the eﬃcient ﬁle", "efficient file", ["eﬃcient ﬁle"]),
        ("Straße  und\r\nWeg", "STRASSE und Weg", ["Straße  und\r\nWeg"]),
        ("2021 Sales 34.2", "Sales | of everything else", []),
        ("Net sales 35.4 Costs Profit", "Net sales | Profit", ["Net sales", "Profit"]),
        ("Town Cars\nUlm 5\nBonn 17", "Town: Bonn; Cars: 17", ["Bonn 17"]),
        ("Town Ulm Bonn Cars 510 1700", "Town: Bonn; Cars: 1700", ["Bonn", "1700"]),
        ("aaa bbb", "ccc", []),
        ("aaa bbb", " - ", []),
        ("", "aaa", []),
    ],
)
def test_a_quote_is_found_in_other_spellings(text: str, quote: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in find_quote(text, quote)] == found


def test_pages_are_drawn_in_the_confined_process(report: Path) -> None:
    painter = SandboxedReaders(ReadingLimits(seconds=60, bytes=2 * 2**30))
    try:
        picture = painter.paint(report, PageView(2, 300, "Finances"))
        assert (picture.marked, picture.pages, opened(picture).width) == (True, 2, 300)
        with pytest.raises(PlaceNotFound, match="no page 9"):
            painter.paint(report, PageView(9))
        # The same process continues.
        assert not painter.paint(report, PageView(1, 300, "Finances")).marked
        [section, _] = list(painter.reader_for(report, "report.pdf").read(report))
        assert section.text == "The first page."
    finally:
        painter.close()

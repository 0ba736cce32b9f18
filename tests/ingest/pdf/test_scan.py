from __future__ import annotations

import threading
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.images.tesseract import Tesseract
from carrel.ingest.pdf.pdf import PDFIUM_LOCK, PdfReader
from carrel.ingest.pdf.scan import MOST_RENDERED_PIXELS, is_scan, picture_of
from samples.documents import write_pdf, write_scanned_pdf
from samples.images import picture_of_text, write_scan

TEXT = "The quick brown fox\njumps over 13 lazy dogs."
WITHOUT = TextRecognizer("tesseract", tesseract=Tesseract(program="no-such-program"))


def test_scanned_pages_are_among_those_with_text(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "a.pdf", [("", TEXT), ("Printed", ""), ("", ""), ("", "Last")])
    assert list(PdfReader().read(path)) == [
        Section(TEXT, page=1),
        Section("Printed", page=2),
        Section("Last", page=4),
    ]


def test_a_lone_page_number_over_a_scan_is_no_text_layer(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "a.pdf", [("7", TEXT)])
    (section,) = PdfReader().read(path)
    assert section.text == f"7\n\n{TEXT}"


def test_words_cut_at_line_ends_are_whole(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "a.pdf", [("", "This is an experi-\nmental boat.")])
    assert [each.text for each in PdfReader().read(path)] == ["This is an experimental boat."]


@pytest.mark.parametrize(
    ("recognizer", "advice"),
    [
        (WITHOUT, "install tesseract-ocr to have it read"),
        (TextRecognizer("never"), "set --ocr=auto to have it read"),
    ],
)
def test_a_scan_that_is_not_recognised_says_what_to_do(
    tmp_path: Path, recognizer: TextRecognizer, advice: str
) -> None:
    path = write_scan(tmp_path / "a.pdf", [("", TEXT)])
    with pytest.raises(EmptyDocument) as caught:
        list(PdfReader(recognizer).read(path))
    assert str(caught.value) == f"no page has text: it looks like a scan; {advice}"


def test_without_tesseract_the_pages_with_text_are_read(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "a.pdf", [("", TEXT), ("Printed", ""), ("7", TEXT)])
    assert list(PdfReader(WITHOUT).read(path)) == [
        Section("Printed", page=2),
        Section("7", page=3),
    ]


def test_shapes_that_are_no_letters_are_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="no page has text, and none was recognised"):
        list(PdfReader().read(write_scanned_pdf(tmp_path / "a.pdf")))


def test_a_blank_page_is_no_scan(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match=r"^no page has text$"):
        list(PdfReader(WITHOUT).read(write_pdf(tmp_path / "a.pdf", ["", ""])))


def test_pdfium_is_free_while_text_is_recognised(tmp_path: Path) -> None:
    free: list[bool] = []

    def try_lock() -> None:
        free.append(PDFIUM_LOCK.acquire(timeout=10))
        if free[-1]:
            PDFIUM_LOCK.release()

    class Watcher(TextRecognizer):
        def text_of(self, picture: Image.Image) -> str:
            thread = threading.Thread(target=try_lock)
            thread.start()
            thread.join()
            return "recognised"

    path = write_scan(tmp_path / "a.pdf", [("", TEXT)])
    assert list(PdfReader(Watcher()).read(path)) == [Section("recognised", page=1)]
    assert free == [True]


def test_a_page_of_any_size_makes_a_picture_of_bounded_size(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(14_400, 14_400))
    canvas.rect(100, 100, 14_000, 14_000, fill=1)
    canvas.showPage()
    canvas.save()
    with PDFIUM_LOCK, pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
        page = document[0]
        assert is_scan(page, "")
        picture = picture_of(page)
    assert picture.mode == "L"
    assert MOST_RENDERED_PIXELS * 0.99 < picture.width * picture.height <= MOST_RENDERED_PIXELS
    assert picture.getpixel((picture.width // 2, picture.height // 2)) == 0


def test_pictures_of_absurd_size_are_not_unpacked(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    picture = ImageReader(Image.new("RGB", (1000, 1000), "white"))
    for number in range(4):
        canvas.drawImage(picture, 100, 100 * number, 90, 90)
    canvas.showPage()
    canvas.save()
    data = (tmp_path / "a.pdf").read_bytes()
    larger = data.replace(b"/Width 1000", b"/Width 9999").replace(b"/Height 1000", b"/Height 9999")
    assert larger.count(b"9999") >= 2
    (tmp_path / "a.pdf").write_bytes(larger)
    with pytest.raises(UnreadableDocument, match="more pixels than any real scan"):
        list(PdfReader().read(tmp_path / "a.pdf"))


def test_letters_that_are_outlines_are_read(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    mask = picture_of_text("OUTLINES", letters=20, margin=10).convert("L")
    for x in range(mask.width):
        for y in range(mask.height):
            if mask.getpixel((x, y)) < 128:
                canvas.rect(100 + x, 500 - y, 1, 1, stroke=0, fill=1)
    canvas.showPage()
    canvas.save()
    assert list(PdfReader().read(tmp_path / "a.pdf")) == [Section("OUTLINES", page=1)]

"""Pages whose fonts do not say which letters they show."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from carrel.core.errors import EmptyDocument
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.images.tesseract import Tesseract
from carrel.ingest.pdf.pdf import PdfReader
from samples.documents import write_pdf
from samples.pdfs import FIRST_FREE, drawn_font, write_page, write_without_map

WITHOUT = PdfReader(TextRecognizer("tesseract", tesseract=Tesseract(program="no-such-program")))
SENTENCES = [
    "The deposit is forty crowns and is paid back in autumn.",
    "Die Kaution von vierzig Kronen wird im Herbst erstattet.",
    "La garantie est rendue avant la fin du mois de mai.",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_codes_are_never_stored_as_text(tmp_path: Path, text: str) -> None:
    path = write_without_map(tmp_path / "a.pdf", text)
    with pytest.raises(EmptyDocument, match="fonts do not say which letters they show; install"):
        list(WITHOUT.read(path))


def test_the_page_is_recognised(tmp_path: Path) -> None:
    path = write_without_map(tmp_path / "a.pdf", SENTENCES[0])
    (section,) = PdfReader().read(path)
    assert section.text == SENTENCES[0]


def test_other_pages_are_read_and_the_page_is_named(tmp_path: Path) -> None:
    pages = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    write_without_map(pages[0], SENTENCES[0])
    write_pdf(pages[1], ["A page of letters"])
    with pypdfium2.PdfDocument.new() as whole:
        for page in pages:
            with pypdfium2.PdfDocument(page) as part:
                whole.import_pages(part)
        whole.save(tmp_path / "whole.pdf")
    (section,) = WITHOUT.read(tmp_path / "whole.pdf")
    assert (section.text, section.page) == ("A page of letters", 2)
    (remark,) = section.remarks
    assert remark.startswith("the text of 1 page: its fonts do not say which letters they show;")


def test_letters_for_private_use_are_no_text(tmp_path: Path) -> None:
    font = drawn_font({65 + each: chr(0xE000 + each) for each in range(26)}, FIRST_FREE)
    content = b"BT /F1 12 Tf 40 700 Td (ABCDEFGHIJKLMNOPQRSTUVWXYZ) Tj ET"
    path = write_page(tmp_path / "a.pdf", content, b"/F1 5 0 R", font)
    with pytest.raises(EmptyDocument, match="fonts do not say"):
        list(WITHOUT.read(path))


@pytest.mark.parametrize(
    "text",
    [
        "THE ANNUAL REPORT OF THE BOARD IN CAPITALS",
        "1,234.50  99.00  12,400  7.5%  2021  2022  310",
        "ACGTACGTTTGACCAGTNNACGT GATTACA CCGGTTAA",
        "rhythm fly by my dry gym HTTP XML PDF SQL TCP",
    ],
)
def test_mapped_letters_are_kept_however_rare(tmp_path: Path, text: str) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(40, 700, text)
    canvas.save()
    (section,) = WITHOUT.read(tmp_path / "a.pdf")
    assert section.text.split() == text.split()

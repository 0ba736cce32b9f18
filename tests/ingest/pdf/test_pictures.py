"""Pictures with text on PDF pages that have a text layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from carrel.core.documents import Section
from carrel.ingest.images import picture_texts
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.images.tesseract import Tesseract
from carrel.ingest.pdf.pdf import PdfReader
from samples.images import picture_of_text

SIGN = picture_of_text("Gate closes at nine\nand opens at six")
READ = "Text in image:\nGate closes at nine\nand opens at six"
NONE = (TextRecognizer("never"), TextRecognizer(picture_seconds=0))


class Counting(Tesseract):
    """Says the same of every picture, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def obstacle(self) -> str | None:
        return None

    def text_of(self, picture: Image.Image) -> str:
        self.count += 1
        return f"words of picture {self.count}"


def counted(reads: Callable[[PdfReader], list[Section]]) -> tuple[int, list[Section]]:
    program = Counting()
    sections = reads(PdfReader(TextRecognizer("tesseract", tesseract=program)))
    return program.count, sections


def draw(canvas: Canvas, picture: Image.Image, y: float = 400, width: float = 200) -> None:
    canvas.drawImage(ImageReader(picture), 60, y, width, width * picture.height / picture.width)


def paragraph(canvas: Canvas, top: float, name: str) -> None:
    for number in range(3):
        canvas.drawString(60, top - 16 * number, f"Line {number} of the paragraph {name} in print.")


def test_the_text_of_a_picture_is_where_the_picture_is(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    paragraph(canvas, 760, "above")
    draw(canvas, SIGN, y=560)
    paragraph(canvas, 520, "below")
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    above, found, below = section.text.split("\n\n")
    assert above.splitlines()[-1] == "Line 2 of the paragraph above in print."
    assert found == READ
    assert below.splitlines()[0] == "Line 0 of the paragraph below in print."


def test_the_picture_of_a_column_stays_in_it(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for x, name in ((40, "left"), (320, "right")):
        for number in range(12):
            if name == "right" or not 4 <= number < 8:
                canvas.drawString(x, 760 - 20 * number, f"{name} {number} " + "word " * 6)
    draw(canvas, SIGN, y=610, width=150)
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    at = [section.text.index(each) for each in ("left 3", READ, "left 8", "right 0")]
    assert at == sorted(at)


def test_a_scan_under_its_recognised_text_is_not_read_again(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    draw(canvas, SIGN, y=300, width=500)
    text = canvas.beginText(70, 450)
    text.setTextRenderMode(3)
    for number in range(8):
        text.textLine(f"Line {number} of an invisible layer of words.")
    canvas.drawText(text)
    canvas.save()
    count, (section,) = counted(lambda reader: list(reader.read(tmp_path / "a.pdf")))
    assert count == 0
    assert section.text.count("invisible") == 8


def test_words_that_are_drawn_over_a_picture_are_not_doubled(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(60, 760, "Printed")
    draw(canvas, SIGN, y=400, width=400)
    text = canvas.beginText(100, 500)
    text.setTextRenderMode(3)
    text.textLine("Gate closes at nine")
    canvas.drawText(text)
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    assert section.text.count("Gate closes at nine") == 1
    assert "Text in image: and opens at six" in section.text


def test_a_stamp_does_not_hide_the_scan(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    draw(canvas, SIGN, y=300, width=500)
    canvas.drawString(250, 20, "EXHIBIT 000417")
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    assert READ in section.text and "EXHIBIT 000417" in section.text


def test_logos_are_left_alone_and_a_repeated_picture_is_read_once(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for number in range(4):
        canvas.drawString(60, 760, f"Printed on page {number}")
        draw(canvas, SIGN, y=500)
        draw(canvas, SIGN.resize((300, 120)), y=100, width=60)
        draw(canvas, SIGN.resize((60, 30)), y=200, width=300)
        canvas.showPage()
    canvas.save()
    count, sections = counted(lambda reader: list(reader.read(tmp_path / "a.pdf")))
    assert count == 1
    assert [each.text.count("words of picture") for each in sections] == [1, 0, 0, 0]


def test_a_picture_inside_forms_is_read(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.beginForm("inner")
    canvas.drawImage(ImageReader(SIGN), 0, 0, 100, 40)
    canvas.endForm()
    paragraph(canvas, 760, "above")
    canvas.translate(60, 500)
    canvas.scale(3, 3)
    canvas.doForm("inner")
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    assert section.text.endswith(f"in print.\n\n{READ}")


@pytest.mark.parametrize("recognizer", NONE)
def test_pictures_may_be_left_out(tmp_path: Path, recognizer: TextRecognizer) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(60, 760, "Printed")
    draw(canvas, SIGN)
    canvas.save()
    (section,) = PdfReader(recognizer).read(tmp_path / "a.pdf")
    assert (section.text, section.remarks) == ("Printed", ())


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("MOST_PICTURES", 2, "no more than 2 are read"),
        ("MOST_WAITED", 0, "recognising all takes longer than 30 seconds"),
    ],
)
def test_what_is_left_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, reason: str
) -> None:
    monkeypatch.setattr(picture_texts, limit, value)
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(60, 760, "Printed")
    for number in range(3):
        draw(canvas, picture_of_text(f"A sign of number {number}"), y=500 - 100 * number)
    canvas.save()
    count, (section,) = counted(lambda reader: list(reader.read(tmp_path / "a.pdf")))
    assert count == value
    left = 3 - value
    pictures = "picture" if left == 1 else "pictures"
    assert section.remarks == (f"the text of {left} {pictures}: {reason}",)


def test_a_missing_program_is_named_once(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(60, 760, "Printed")
    for number in range(2):
        draw(canvas, picture_of_text(f"A sign of number {number}"), y=500 - 100 * number)
    canvas.save()
    missing = TextRecognizer("auto", "rus", tesseract=Tesseract(program="no-such-program"))
    (section,) = PdfReader(missing).read(tmp_path / "a.pdf")
    assert section.text == "Printed"
    assert section.remarks == ("the text of 2 pictures: install tesseract-ocr to have it read",)

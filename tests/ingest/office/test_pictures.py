"""Pictures with text in Word documents and presentations."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pptx
from docx.shared import Inches
from PIL import Image
from pptx.util import Inches as SlideInches

from carrel.core.documents import Section
from carrel.ingest.registry import default_registry
from samples.images import picture_of_text

SIGN = "Gate closes at nine\nand opens at six"
READ = f"Text in image:\n{SIGN}"


def file_of(picture: Image.Image, name: str = "PNG") -> io.BytesIO:
    stream = io.BytesIO()
    picture.save(stream, name)
    stream.seek(0)
    return stream


def read(path: Path, ocr: str = "auto") -> list[Section]:
    return list(default_registry(ocr).reader_for(path, path.name).read(path))


def test_a_picture_in_a_word_document_is_read_behind_its_paragraph(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Before the sign.")
    document.add_picture(file_of(picture_of_text(SIGN)), width=Inches(3))
    document.add_paragraph("After the sign.")
    document.add_picture(file_of(picture_of_text(SIGN)), width=Inches(1))
    document.add_picture(file_of(Image.new("RGB", (60, 30), "red")))
    document.sections[0].header.paragraphs[0].add_run().add_picture(
        file_of(picture_of_text("The company"))
    )
    document.save(str(tmp_path / "a.docx"))
    text = "\n".join(each.text for each in read(tmp_path / "a.docx"))
    assert f"Before the sign.\n{READ}\nAfter the sign." in text
    assert text.count("Gate") == 1
    assert "company" not in text
    assert "Gate" not in "\n".join(each.text for each in read(tmp_path / "a.docx", "never"))


def test_a_picture_on_a_slide_is_read_at_its_place(tmp_path: Path) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Signs"
    size = SlideInches(4), SlideInches(1)
    slide.shapes.add_textbox(SlideInches(1), SlideInches(5), *size).text_frame.text = "Below it"
    slide.shapes.add_picture(file_of(picture_of_text(SIGN), "JPEG"), SlideInches(1), SlideInches(3))
    slide.shapes.add_textbox(SlideInches(1), SlideInches(2), *size).text_frame.text = "Above it"
    presentation.save(str(tmp_path / "a.pptx"))
    text = "\n".join(each.text for each in read(tmp_path / "a.pptx"))
    at = [text.index(each) for each in ("Signs", "Above it", READ, "Below it")]
    assert at == sorted(at)


def test_a_damaged_picture_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Printed")
    data = bytearray(file_of(picture_of_text(SIGN)).getvalue())
    data[60:2000] = bytes(1940)
    document.add_picture(io.BytesIO(data), width=Inches(3))
    document.save(str(tmp_path / "a.docx"))
    section = read(tmp_path / "a.docx")[-1]
    assert "Printed" in section.text
    (remark,) = section.remarks
    assert remark.startswith("the text of 1 picture: it is damaged or cut short")

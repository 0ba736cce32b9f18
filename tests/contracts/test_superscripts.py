"""Raised digits are no digits of the number before them, in every format that has them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
import xlsxwriter
from pptx import Presentation
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from carrel.ingest.registry import default_registry
from samples.tables import NAMESPACES

# Text, raised text and text again.
Parts = tuple[str, str, str]


def write_html(path: Path, parts: Parts) -> None:
    path.write_text('<meta charset="utf-8"><p>{}<sup>{}</sup>{}</p>'.format(*parts), "utf-8")


def write_docx(path: Path, parts: Parts) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph(parts[0])
    paragraph.add_run(parts[1]).font.superscript = True
    paragraph.add_run(parts[2])
    document.save(str(path))


def write_pptx(path: Path, parts: Parts) -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    paragraph = slide.shapes.title.text_frame.paragraphs[0]
    for part in parts:
        paragraph.add_run().text = part
    paragraph.runs[1].font._rPr.set("baseline", "30000")
    presentation.save(str(path))


def write_xlsx(path: Path, parts: Parts) -> None:
    with xlsxwriter.Workbook(str(path)) as workbook:
        script = workbook.add_format({"font_script": 1})
        workbook.add_worksheet().write_rich_string(0, 0, parts[0], script, parts[1], parts[2])


def write_odt(path: Path, parts: Parts) -> None:
    style = (
        '<style:style style:name="T1" style:family="text">'
        '<style:text-properties style:text-position="super 58%"/></style:style>'
    )
    text = '<text:p>{}<text:span text:style-name="T1">{}</text:span>{}</text:p>'.format(*parts)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            f"<office:document-content {NAMESPACES}"
            ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0">'
            f"<office:automatic-styles>{style}</office:automatic-styles>"
            f"<office:body><office:text>{text}</office:text></office:body>"
            "</office:document-content>",
        )


def write_pdf(path: Path, parts: Parts) -> None:
    style = getSampleStyleSheet()["BodyText"]
    text = "{}<super>{}</super>{}".format(*parts)
    SimpleDocTemplate(str(path)).build([Paragraph(text, style)])


WRITERS: dict[str, Callable[[Path, Parts], None]] = {
    ".html": write_html,
    ".docx": write_docx,
    ".pptx": write_pptx,
    ".xlsx": write_xlsx,
    ".odt": write_odt,
    ".pdf": write_pdf,
}


@pytest.mark.parametrize("suffix", sorted(WRITERS))
@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("The plant has 10", "6", " cells."), "The plant has 10^6 cells."),
        (("Sales were 240", "1", " units."), "Sales were 240[1] units."),
        (("Ein Dach von 5 m", "2", " wurde erneuert."), "Ein Dach von 5 m^2 wurde erneuert."),
        (("La 1", "re", " fois."), "La 1re fois."),
    ],
)
def test_raised_digits_are_apart(suffix: str, parts: Parts, text: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, parts)
    (section,) = default_registry().reader_for(path, path.name).read(path)
    assert section.text == text

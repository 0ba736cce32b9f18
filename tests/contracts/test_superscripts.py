"""Raised digits are no digits of the number before them, in every format that has them."""

from __future__ import annotations

import struct
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
from samples.old_documents import ole_container
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
    text = '<text:p>{}<text:span text:style-name="T1">{}</text:span>{}</text:p>'.format(*parts)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", open_document("text", text))


def open_document(kind: str, body: str) -> str:
    style = (
        '<style:style style:name="T1" style:family="text">'
        '<style:text-properties style:text-position="super 58%"/></style:style>'
    )
    return (
        f"<office:document-content {NAMESPACES}"
        ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
        ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0">'
        f"<office:automatic-styles>{style}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )


def write_cell(path: Path, parts: Parts) -> None:
    """Write a cell of a spreadsheet, or of a table in a text."""
    text = '<text:p>{}<text:span text:style-name="T1">{}</text:span>{}</text:p>'.format(*parts)
    kind = "spreadsheet" if path.suffix == ".ods" else "text"
    table = (
        '<table:table table:name="S"><table:table-row><table:table-cell>'
        f"{text}</table:table-cell></table:table-row></table:table>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", open_document(kind, table))


def write_odp(path: Path, parts: Parts) -> None:
    text = '<text:p>{}<text:span text:style-name="T1">{}</text:span>{}</text:p>'.format(*parts)
    slide = f"<draw:page><draw:frame><draw:text-box>{text}</draw:text-box></draw:frame></draw:page>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.presentation")
        archive.writestr("content.xml", open_document("presentation", slide))


def write_xls(path: Path, parts: Parts) -> None:
    """Write a cell with a text in two fonts (MS-XLS, 2.4.122 and 2.4.232)."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def font(escapement: int) -> bytes:
        head = struct.pack("<HHHHHBBBB", 200, 0, 0, 400, escapement, 0, 0, 0, 0)
        return record(0x31, head + b"\x05\x00Arial")

    # There is no font of the number 4.
    fonts = b"".join(font(int(number == 4)) for number in range(5))
    beginning = struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 0)
    head = record(0x809, beginning) + fonts + record(0xE0, struct.pack("<HHH14x", 0, 0, 0))
    text, begin = "".join(parts), len(parts[0])
    runs = struct.pack("<HHHHH", 2, begin, 5, begin + len(parts[1]), 0)
    cell = struct.pack("<HHHHB", 0, 0, 0, len(text), 1) + text.encode("utf-16-le") + runs
    place = len(head) + 4 + 9 + 4
    head += record(0x85, struct.pack("<IHBB", place, 0, 1, 0) + b"S") + record(0x0A, b"")
    beginning = struct.pack("<HHHHII", 0x600, 0x10, 0, 1997, 0, 0)
    sheet = record(0x809, beginning) + record(0xD6, cell) + record(0x0A, b"")
    path.write_bytes(ole_container("Workbook", head + sheet))


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
    ".table.odt": write_cell,
    ".ods": write_cell,
    ".odp": write_odp,
    ".xls": write_xls,
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

from __future__ import annotations

import zipfile
from pathlib import Path

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.office.word import WordReader
from samples.damaged_files import zip_of
from samples.documents import write_docx

NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def read(path: Path) -> list[Section]:
    return list(WordReader().read(path))


def read_body(path: Path, xml: str) -> str:
    """Return the text of a document whose body holds the given XML."""
    document = docx.Document()
    body = document.element.body
    for position, element in enumerate(parse_xml(f"<w:body {NAMESPACE}>{xml}</w:body>")):
        body.insert(position, element)
    document.save(str(path))
    return "\n".join(section.text for section in read(path))


def test_paragraphs_tables_and_headings_come_in_document_order(tmp_path: Path) -> None:
    path = write_docx(
        tmp_path / "a.docx",
        ["Intro", ("Sales", 1), "Before", [["Year", "Sum"], ["2020", "3"]], "After", ("End", 2)],
    )
    assert read(path) == [
        Section("Intro"),
        Section("Sales\nBefore\nYear | Sum\nYear: 2020; Sum: 3\nAfter", heading="Sales"),
        Section("End", heading="End"),
    ]


def test_a_style_that_builds_on_a_heading_is_a_heading(tmp_path: Path) -> None:
    document = docx.Document()
    style = document.styles.add_style("Chapter of ours", WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Boats", style=style)
    document.add_paragraph("They float.")
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx") == [Section("Boats\nThey float.", heading="Boats")]


def test_tabs_breaks_and_links_are_text(tmp_path: Path) -> None:
    xml = (
        "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>"
        "<w:hyperlink><w:r><w:t> link</w:t></w:r></w:hyperlink></w:p>"
    )
    assert read_body(tmp_path / "a.docx", xml) == "a\tb\nc link"


def test_tab_stops_of_a_paragraph_are_not_text(tmp_path: Path) -> None:
    xml = (
        '<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="9"/></w:tabs></w:pPr>'
        "<w:r><w:t>plain</w:t></w:r></w:p>"
    )
    assert read_body(tmp_path / "a.docx", xml) == "plain"


def test_insertions_are_read_and_deletions_are_not(tmp_path: Path) -> None:
    xml = (
        "<w:p><w:r><w:t>kept </w:t></w:r><w:ins><w:r><w:t>new</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p>"
    )
    assert read_body(tmp_path / "a.docx", xml) == "kept new"


def test_content_controls_and_text_boxes_are_read_once(tmp_path: Path) -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent>"
    compatibility = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    xml = (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>controlled</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        f'<w:p><w:r><w:t>around</w:t><mc:AlternateContent xmlns:mc="{compatibility}">'
        f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    assert read_body(tmp_path / "a.docx", xml) == "controlled\naround\nboxed"


def test_a_table_inside_a_cell_is_read_once_with_the_cell(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "left"
    table.cell(0, 1).add_table(rows=1, cols=1).cell(0, 0).text = "inner"
    document.save(str(tmp_path / "a.docx"))
    assert [section.text for section in read(tmp_path / "a.docx")] == ["left | inner"]


def test_merged_cells_are_read_once(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(rows=1, cols=3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(0, 2).text = "narrow"
    document.save(str(tmp_path / "a.docx"))
    assert [section.text for section in read(tmp_path / "a.docx")] == ["wide | narrow"]


def test_footnotes_follow_in_a_section_of_their_own(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Sales", level=1)
    document.add_paragraph("Boats sold.")
    xml = (
        f"<w:footnotes {NAMESPACE}>"
        '<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
        '<w:footnote w:id="1"><w:p><w:r><w:t>Without rafts.</w:t></w:r></w:p></w:footnote>'
        "</w:footnotes>"
    )
    part = Part(
        PackURI("/word/footnotes.xml"),
        CONTENT_TYPE.WML_FOOTNOTES,
        xml.encode(),
        document.part.package,
    )
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx") == [
        Section("Sales\nBoats sold.", heading="Sales"),
        Section("Without rafts."),
    ]


def test_an_entity_that_names_another_file_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("private words")
    path = write_docx(tmp_path / "a.docx", ["visible MARK"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    declaration = f'<!DOCTYPE w [<!ENTITY file SYSTEM "{secret.as_uri()}">]>'.encode()
    xml = parts["word/document.xml"].replace(b"?>", b"?>" + declaration, 1)
    parts["word/document.xml"] = xml.replace(b"MARK", b"&file;")
    path.write_bytes(zip_of(parts))
    assert "private words" not in "".join(section.text for section in read(path))


def test_entities_that_multiply_are_refused(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["MARK"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    entities = ['<!ENTITY e0 "' + "ha" * 500 + '">']
    for level in range(1, 9):
        entities.append(f'<!ENTITY e{level} "{f"&e{level - 1};" * 20}">')
    declaration = f"<!DOCTYPE w [{''.join(entities)}]>".encode()
    xml = parts["word/document.xml"].replace(b"?>", b"?>" + declaration, 1)
    parts["word/document.xml"] = xml.replace(b"MARK", b"&e8;")
    path.write_bytes(zip_of(parts))
    with pytest.raises(UnreadableDocument, match="XML"):
        read(path)

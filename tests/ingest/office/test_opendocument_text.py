from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument, UnreadableDocument
from carrel.ingest.office.opendocument_text import OpenDocumentTextReader
from samples.damaged_files import zip_of
from samples.open_documents import MANIFEST, table_xml, write_odt, write_open_document


def read(path: Path) -> list[Section]:
    return list(OpenDocumentTextReader().read(path))


def read_body(path: Path, body: str, styles: str = "", declaration: str = "") -> str:
    """Return the text of a document whose body holds the given XML."""
    write_open_document(path, "text", body, styles, declaration)
    return "\n".join(section.text for section in read(path))


def test_paragraphs_tables_and_headings_come_in_document_order(tmp_path: Path) -> None:
    path = write_odt(
        tmp_path / "a.odt",
        ["Intro", ("Sales", 1), "Before", [["Year", "Sum"], ["2020", "3"]], "After", ("End", 2)],
    )
    assert read(path) == [
        Section("Intro"),
        Section("Sales\nBefore\nYear | Sum\nYear: 2020; Sum: 3\nAfter", heading="Sales"),
        Section("End", heading="End"),
    ]


def test_a_title_and_a_style_that_builds_on_one_are_headings(tmp_path: Path) -> None:
    styles = '<style:style style:name="P7" style:parent-style-name="Title"/>'
    body = '<text:p text:style-name="P7">Boats</text:p><text:p>They float.</text:p>'
    path = write_open_document(tmp_path / "a.odt", "text", body, styles)
    assert read(path) == [Section("Boats\nThey float.", heading="Boats")]


def test_tabs_breaks_spaces_and_links_are_text(tmp_path: Path) -> None:
    body = (
        "<text:p>a<text:tab/>b<text:line-break/>c"
        '<text:s text:c="3"/>d<text:a> <text:span>li</text:span>nk</text:a> end</text:p>'
    )
    assert read_body(tmp_path / "a.odt", body) == "a\tb\nc   d link end"


def test_what_was_deleted_is_left_out_and_what_was_remarked_follows(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>old</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        "<text:p>kept<office:annotation><text:p>remark</text:p></office:annotation> text</text:p>"
        "<text:table-of-content><text:index-body><text:p>Chapter 7</text:p></text:index-body>"
        "</text:table-of-content>"
    )
    assert read_body(tmp_path / "a.odt", body) == "kept text\nComment: remark"


def test_notes_and_text_boxes_follow_their_paragraph(tmp_path: Path) -> None:
    body = (
        "<text:p>Boats<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>Without rafts.</text:p></text:note-body></text:note> sold<draw:frame>"
        "<draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>.</text:p>"
        "<text:p>Next</text:p>"
    )
    assert read_body(tmp_path / "a.odt", body) == "Boats sold.\nWithout rafts.\nboxed\nNext"


def test_lists_and_sections_are_read_however_they_nest(tmp_path: Path) -> None:
    item = "<text:list><text:list-item><text:p>{}</text:p>{}</text:list-item></text:list>"
    body = (
        f"<text:section><text:section><text:h>Inner</text:h>"
        f"{item.format('one', item.format('two', ''))}</text:section></text:section>"
    )
    path = write_open_document(tmp_path / "a.odt", "text", body)
    assert read(path) == [Section("Inner\none\ntwo", heading="Inner")]


def test_a_table_inside_a_cell_is_read_once_with_the_cell(tmp_path: Path) -> None:
    inner = table_xml([["inner"], ["more"]])
    body = (
        "<table:table><table:table-header-rows><table:table-row><table:table-cell>"
        f"<text:p>left</text:p></table:table-cell><table:table-cell>{inner}</table:table-cell>"
        "<table:covered-table-cell/></table:table-row></table:table-header-rows></table:table>"
    )
    assert read_body(tmp_path / "a.odt", body) == "left | inner more"


def test_a_huge_number_of_spaces_makes_few(tmp_path: Path) -> None:
    text = read_body(tmp_path / "a.odt", '<text:p>a<text:s text:c="2000000000"/>b</text:p>')
    assert text == f"a{' ' * 100}b"


def test_an_encrypted_document_asks_for_a_copy_without_password(tmp_path: Path) -> None:
    manifest = MANIFEST.replace(
        'media-type="text/xml"/>',
        'media-type="text/xml"><manifest:encryption-data/></manifest:file-entry>',
    )
    path = tmp_path / "a.odt"
    path.write_bytes(
        zip_of({"content.xml": b"\x8f\x02\xd1", "META-INF/manifest.xml": manifest.encode()})
    )
    with pytest.raises(EncryptedDocument, match="password protected"):
        read(path)


def test_an_entity_that_names_another_file_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("private words")
    declaration = f'<!DOCTYPE w [<!ENTITY file SYSTEM "{secret.as_uri()}">]>'
    body = "<text:p>visible &file; text</text:p>"
    text = read_body(tmp_path / "a.odt", body, declaration=declaration)
    assert text == "visible  text"


@pytest.mark.parametrize("body", ["<text:p>&e8;</text:p>", '<text:p text:style-name="&e8;"/>'])
def test_entities_that_multiply_are_refused(tmp_path: Path, body: str) -> None:
    entities = ['<!ENTITY e0 "' + "ha" * 500 + '">']
    for level in range(1, 9):
        entities.append(f'<!ENTITY e{level} "{f"&e{level - 1};" * 20}">')
    declaration = f"<!DOCTYPE w [{''.join(entities)}]>"
    with pytest.raises(UnreadableDocument, match="XML"):
        read_body(tmp_path / "a.odt", body, declaration=declaration)


def test_elements_without_end_are_refused(tmp_path: Path) -> None:
    depth = 100_000
    body = "<text:p>" + "<text:span>" * depth + "x" + "</text:span>" * depth + "</text:p>"
    with pytest.raises(UnreadableDocument):
        read_body(tmp_path / "a.odt", body)


def test_memory_does_not_grow_with_the_document(tmp_path: Path) -> None:
    def peak(paragraphs: int) -> int:
        path = write_odt(tmp_path / "a.odt", ["some words of text"] * paragraphs)
        tracemalloc.start()
        try:
            for _ in OpenDocumentTextReader().read(path):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(80_000) < 1.5 * peak(20_000)

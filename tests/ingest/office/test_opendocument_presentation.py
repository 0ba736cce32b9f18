from __future__ import annotations

import re
from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.office.opendocument_presentation import OpenDocumentPresentationReader
from samples.damaged_files import zip_of
from samples.open_documents import table_xml, write_odp, write_open_document
from samples.open_xml import parts_of


def read(path: Path) -> list[Section]:
    return list(OpenDocumentPresentationReader().read(path))


def test_slides_are_pages_with_their_title_and_notes(tmp_path: Path) -> None:
    path = write_odp(
        tmp_path / "a.odp",
        [("Boats", "They float.\nMostly.", "Smile"), ("", "", ""), ("B", "c", "")],
    )
    assert read(path) == [
        Section("Boats\nThey float.\nMostly.\nNotes:\nSmile", page=1, heading="Boats"),
        Section("B\nc", page=3, heading="B"),
    ]


def test_groups_tables_and_drawn_shapes_are_read_and_footers_are_not(tmp_path: Path) -> None:
    body = (
        "<draw:page><draw:g><draw:g><draw:custom-shape><text:p>deep</text:p></draw:custom-shape>"
        f"</draw:g></draw:g><draw:frame>{table_xml([['a', 'b'], ['c', '']])}</draw:frame>"
        '<draw:frame presentation:class="page-number"><draw:text-box><text:p>7</text:p>'
        "</draw:text-box></draw:frame></draw:page>"
    )
    path = write_open_document(tmp_path / "a.odp", "presentation", body)
    assert read(path) == [Section("deep\na | b\nc", page=1)]


def test_drawn_lists_are_read_line_by_line(tmp_path: Path) -> None:
    item = "<text:list-item><text:p>{}</text:p></text:list-item>"
    body = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Two'
        "<text:line-break/>lines</text:p></draw:text-box></draw:frame><draw:frame><draw:text-box>"
        f"<text:list>{item.format('one')}{item.format('two')}</text:list></draw:text-box>"
        "</draw:frame></draw:page>"
    )
    path = write_open_document(tmp_path / "a.odp", "presentation", body)
    assert read(path) == [Section("Two\nlines\none\ntwo", page=1, heading="Two lines")]


def test_what_masters_and_footers_show_is_read_once(tmp_path: Path) -> None:
    shape = "<draw:frame{}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    used = 'draw:master-page-name="M" presentation:use-footer-name="f1"'
    slides = "".join(f"<draw:page {used}>{shape.format('', name)}</draw:page>" for name in "AB")
    footer = '<presentation:footer-decl presentation:name="f1">Für alle</presentation:footer-decl>'
    path = write_open_document(tmp_path / "a.odp", "presentation", footer + slides)
    fixed = (
        shape.format("", "Müller GmbH")
        + shape.format(' presentation:class="title"', "Click to edit")
        + shape.format(' presentation:class="page-number"', "7")
    )
    content = parts_of(path)["content.xml"].decode()
    namespaces = re.search(r"<office:document-content ([^>]*)>", content)
    assert namespaces is not None
    styles = (
        f"<office:document-styles {namespaces[1]}><office:master-styles>"
        f'<style:master-page style:name="M">{fixed}</style:master-page>'
        "</office:master-styles></office:document-styles>"
    )
    path.write_bytes(zip_of(parts_of(path) | {"styles.xml": styles.encode()}))
    texts = [section.text for section in OpenDocumentPresentationReader().read(path)]
    label = "On slides like this:"
    assert texts == [f"A\n{label} Müller GmbH\n{label} Für alle", "B"]

"""What OpenDocument files show besides the words of paragraphs."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.protocols.reading import Reader
from carrel.ingest.registry import default_registry
from samples.damaged_files import zip_of
from samples.open_documents import write_ods, write_open_document
from samples.open_xml import parts_of

NAMES = "urn:oasis:names:tc:opendocument:xmlns"
NAMESPACES = (
    f'xmlns:office="{NAMES}:office:1.0" xmlns:style="{NAMES}:style:1.0" '
    f'xmlns:text="{NAMES}:text:1.0" xmlns:chart="{NAMES}:chart:1.0" '
    f'xmlns:table="{NAMES}:table:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
LINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
COMMENT = (
    '<office:annotation xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Zoë</dc:creator>'
    "<text:p>too low</text:p></office:annotation>"
)


def read(path: Path) -> list[Section]:
    reader: Reader = default_registry().reader_for(path, path.name)
    return list(reader.read(path))


def text_of(path: Path) -> str:
    return "\n".join(section.text for section in read(path))


def add_parts(path: Path, parts: dict[str, str]) -> Path:
    path.write_bytes(zip_of(parts_of(path) | {name: text.encode() for name, text in parts.items()}))
    return path


def test_comments_follow_their_paragraph_and_table(tmp_path: Path) -> None:
    cell = f"<table:table-cell><text:p>300{COMMENT}</text:p></table:table-cell>"
    body = (
        f"<text:p>The rent{COMMENT} is due.</text:p>"
        f"<table:table><table:table-row>{cell}{cell}</table:table-row></table:table>"
    )
    assert text_of(write_open_document(tmp_path / "a.odt", "text", body)) == (
        "The rent is due.\nComment (Zoë): too low\n"
        "300 | 300\nComment (Zoë): too low\nComment (Zoë): too low"
    )


def test_comments_of_a_sheet_name_their_cells(tmp_path: Path) -> None:
    row = (
        '<table:table-row><table:table-cell table:number-columns-repeated="27"/>'
        f"<table:table-cell>{COMMENT}<text:p>7</text:p></table:table-cell></table:table-row>"
    )
    body = f'<table:table table:name="S"><table:table-row/>{row}</table:table>'
    path = write_open_document(tmp_path / "a.ods", "spreadsheet", body)
    assert text_of(path) == "7\nComment on AB2 (Zoë): too low"


def test_comments_of_slides_are_read(tmp_path: Path) -> None:
    body = (
        f"<draw:page>{COMMENT}<draw:frame><draw:text-box><text:p>Budget</text:p></draw:text-box>"
        "</draw:frame></draw:page>"
    )
    path = write_open_document(tmp_path / "a.odp", "presentation", body)
    assert text_of(path) == "Comment (Zoë): too low\nBudget"


def test_alternative_texts_and_readings_are_read(tmp_path: Path) -> None:
    body = (
        "<text:p>Figure<draw:frame><draw:image/><svg:title>M</svg:title>"
        "<svg:desc>Map of the pier</svg:desc></draw:frame></text:p>"
        "<text:p>Plan<draw:frame><draw:image/><svg:title>Dachplan</svg:title></draw:frame></text:p>"
        "<text:p><text:ruby><text:ruby-base>東京</text:ruby-base>"
        "<text:ruby-text>とうきょう</text:ruby-text></text:ruby>へ</text:p>"
    )
    assert text_of(write_open_document(tmp_path / "a.odt", "text", body)) == (
        "Figure\nImage: Map of the pier\nPlan\nImage: Dachplan\n東京(とうきょう)へ"
    )


def test_formulas_and_charts_are_read_from_their_parts(tmp_path: Path) -> None:
    body = (
        f'<text:p>Here <draw:frame><draw:object {LINK} xlink:href="./Object 1"/></draw:frame>'
        " holds.</text:p>"
        f'<text:p>Chart<draw:frame><draw:object {LINK} xlink:href="./Object 2"/></draw:frame>'
        f'</text:p><text:p>Gone<draw:object {LINK} xlink:href="./Object 3"/></text:p>'
    )
    math = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mi>E</mi><mo>=</mo>'
        "<mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow><annotation>E = m c^2</annotation>"
        "</semantics></math>"
    )
    rows = "".join(
        f"<table:table-row><table:table-cell><text:p>{name}</text:p></table:table-cell>"
        f"<table:table-cell><text:p>{value}</text:p></table:table-cell>"
        f"<table:table-cell><text:p>{last}</text:p></table:table-cell></table:table-row>"
        for name, value, last in (("", "a", "b"), ("Rye", "", 340), ("Hafer", 275, ""))
    )
    chart = (
        f"<office:document-content {NAMESPACES}><office:body><office:chart><chart:chart>"
        f"<chart:title><text:p>Harvest</text:p></chart:title><table:table>{rows}</table:table>"
        "</chart:chart></office:chart></office:body></office:document-content>"
    )
    path = write_open_document(tmp_path / "a.odt", "text", body)
    add_parts(path, {"Object 1/content.xml": math, "Object 2/content.xml": chart})
    assert text_of(path) == (
        "Here E=mc^2 holds.\nChart\nHarvest\n| a | b\nRye |  | 340\nHafer | 275\nGone"
    )


def test_text_boxes_of_a_sheet_follow_its_rows(tmp_path: Path) -> None:
    box = (
        "<draw:frame><draw:text-box><text:p>Without the north</text:p></draw:text-box></draw:frame>"
    )
    body = (
        f"<table:table table:name='S'><table:shapes>{box}</table:shapes><table:table-row>"
        f"<table:table-cell><text:p>7</text:p>{box}</table:table-cell></table:table-row>"
        "</table:table>"
    )
    path = write_open_document(tmp_path / "a.ods", "spreadsheet", body)
    assert text_of(path) == "7\nWithout the north\nWithout the north"


STYLES = (
    f"<office:document-styles {NAMESPACES}><office:master-styles><style:master-page>"
    "<style:header><text:p>Contract <text:span>KX-4471</text:span></text:p></style:header>"
    "<style:footer><text:p>Page <text:page-number>1</text:page-number></text:p></style:footer>"
    '<style:header-left style:display="false"><text:p>not shown</text:p></style:header-left>'
    "</style:master-page><style:master-page><style:header><text:p>Contract KX-4471</text:p>"
    "</style:header><style:footer><text:p>Versión 3.2, page <text:page-number>1"
    "</text:page-number></text:p></style:footer></style:master-page></office:master-styles>"
    "</office:document-styles>"
)


@pytest.mark.parametrize("ending", ["odt", "ods"])
def test_headers_and_footers_come_last_and_once(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "odt":
        write_open_document(path, "text", "<text:p>The goods arrive.</text:p>")
    else:
        write_ods(path, {"S": [["The goods arrive."]]})
    add_parts(path, {"styles.xml": STYLES})
    first, last = read(path)
    assert first.text == "The goods arrive."
    assert last.text == "Header: Contract KX-4471\nFooter: Versión 3.2, page"

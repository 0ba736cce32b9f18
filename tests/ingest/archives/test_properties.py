from __future__ import annotations

import datetime
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from carrel.core.errors import EmptyDocument
from carrel.ingest.registry import default_registry
from samples.damaged_files import zip_of
from samples.open_documents import write_odp, write_ods, write_odt
from samples.open_xml import parts_of

CREATED = datetime.datetime(2024, 5, 14, 9, 30)
META = (
    '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>Brückenplan</dc:title>'
    "<meta:initial-creator>Zoë</meta:initial-creator><meta:keyword>bridge</meta:keyword>"
    "<meta:keyword>吊り橋</meta:keyword><meta:creation-date>2024-05-14T09:30:00</meta:creation-date>"
    "</office:meta></office:document-meta>"
)


def read(path: Path) -> list[str]:
    reader = default_registry().reader_for(path, path.name)
    return [section.text for section in reader.read(path)]


@pytest.mark.parametrize("ending", ["docx", "pptx", "xlsx"])
def test_office_files_begin_with_their_properties(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "docx":
        made = docx.Document()
        made.add_paragraph("Bolts")
        properties = made.core_properties
    elif ending == "pptx":
        made = pptx.Presentation()
        made.slides.add_slide(made.slide_layouts[5]).shapes.title.text = "Bolts"
        properties = made.core_properties
    else:
        made = openpyxl.Workbook()
        made.active["A1"] = "Bolts"
        properties = made.properties
    properties.title, properties.keywords = "Brückenplan", "bridge, 吊り橋"
    properties.created = CREATED
    setattr(properties, "creator" if ending == "xlsx" else "author", "Zoë")
    made.save(str(path))
    first, second = read(path)
    expected = ["Title: Brückenplan", "Author: Zoë", "Keywords: bridge, 吊り橋"]
    assert first.split("\n")[:4] == [*expected, "Created: 2024-05-14"]
    assert second == "Bolts"


@pytest.mark.parametrize("ending", ["odt", "ods", "odp"])
def test_open_documents_begin_with_their_properties(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "odt":
        write_odt(path, ["Bolts"])
    elif ending == "ods":
        write_ods(path, {"S": [["Bolts"]]})
    else:
        write_odp(path, [("Bolts", "", "")])
    path.write_bytes(zip_of(parts_of(path) | {"meta.xml": META.encode()}))
    assert read(path) == [
        "Title: Brückenplan\nAuthor: Zoë\nKeywords: bridge, 吊り橋\nCreated: 2024-05-14",
        "Bolts",
    ]


def test_what_only_the_program_wrote_is_no_property(tmp_path: Path) -> None:
    path = write_odt(tmp_path / "a.odt", ["Bolts"])
    meta = META.replace("Brückenplan", "").replace("bridge", "").replace("吊り橋", "")
    path.write_bytes(zip_of(parts_of(path) | {"meta.xml": meta.encode()}))
    assert read(path) == ["Bolts"]


@pytest.mark.parametrize("meta", [META, META[:200]])
def test_properties_make_no_document_and_damaged_ones_no_failure(tmp_path: Path, meta: str) -> None:
    path = write_odt(tmp_path / "a.odt", [""])
    path.write_bytes(zip_of(parts_of(path) | {"meta.xml": meta.encode()}))
    with pytest.raises(EmptyDocument):
        read(path)

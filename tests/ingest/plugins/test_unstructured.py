"""The package unstructured itself, in the reading process, where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from carrel.core.documents import Section
from carrel.ingest.plugins.unstructured_package import SUFFIXES, is_installed
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from samples.documents import write_docx, write_html, write_pptx, write_text, write_xlsx

pytestmark = pytest.mark.skipif(
    not is_installed(), reason="unstructured is not installed: pip install '.[unstructured]'"
)
MODEL_OF_ENGLISH = "en_core_web_sm"


@pytest.fixture(scope="module")
def readers() -> Iterator[SandboxedReaders]:
    made = SandboxedReaders(ReadingLimits(120, 2 << 30), {"reader": "unstructured"})
    yield made
    made.close()


def read(readers: SandboxedReaders, path: Path) -> list[Section]:
    """Read a file, with neither a remark nor an attempt to connect, nor a new package."""
    had_model = importlib.util.find_spec(MODEL_OF_ENGLISH)
    with capture_logs() as lines:
        sections = list(readers.reader_for(path, path.name).read(path))
    assert not [remark for each in sections for remark in each.remarks]
    assert not [each for each in lines if "connection" in str(each.get("said"))]
    assert not [each for each in lines if each.get("by") == "unstructured"]
    assert importlib.util.find_spec(MODEL_OF_ENGLISH) == had_model
    return sections


def test_word(readers: SandboxedReaders, tmp_path: Path) -> None:
    table = [["Region", "2021", "2022"], ["North", "41", ""], ["South", "", "7"]]
    path = write_docx(tmp_path / "a.docx", [("Sales", 1), "They rose in the north.", table])
    (section,) = read(readers, path)
    assert section.heading == "Sales"
    assert section.text == (
        "Sales\nThey rose in the north.\nRegion | 2021 | 2022\n"
        "Region: North; 2021: 41\nRegion: South; 2022: 7"
    )


def test_presentations(readers: SandboxedReaders, tmp_path: Path) -> None:
    path = write_pptx(tmp_path / "a.pptx", [("Alpha", "one\ntwo", "noted"), ("Beta", "x", "")])
    sections = read(readers, path)
    assert [(each.page, each.heading) for each in sections] == [
        (1, None),
        (1, "Alpha"),
        (2, "Beta"),
    ]
    assert [each.text for each in sections] == ["noted", "Alpha\none\ntwo", "Beta\nx"]


def test_workbooks(readers: SandboxedReaders, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"First": [["Year", "Ore"], [2020, 1.5], [2021, 2.5]]})
    assert read(readers, path) == [
        Section("Year | Ore\nYear: 2020; Ore: 1.5\nYear: 2021; Ore: 2.5", 1, "First")
    ]


def test_pages_of_the_web(readers: SandboxedReaders, tmp_path: Path) -> None:
    body = "<h1>Mill</h1><p>It was sold in March.</p><h2>Price</h2><p>Nobody knows it.</p>"
    assert read(readers, write_html(tmp_path / "a.html", body)) == [
        Section("Mill\nIt was sold in March.", None, "Mill"),
        Section("Price\nNobody knows it.", None, "Price"),
    ]


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_each_ending_that_carrel_has_no_reader_for(
    readers: SandboxedReaders, tmp_path: Path, suffix: str
) -> None:
    content = "Annual report\n\nThe mill at Ostra was sold in March.\n"
    if suffix == ".tab":
        content = "place\tmonth\nOstra\tMarch\n"
    elif suffix in (".xhtml", ".rss", ".atom", ".kml", ".gpx", ".dita"):
        content = f'<?xml version="1.0"?>\n<page><p>{" ".join(content.split())}</p></page>'
    sections = read(readers, write_text(tmp_path / f"a{suffix}", content))
    words = " ".join(each.text for each in sections)
    assert "Ostra" in words and "March" in words

from __future__ import annotations

from pathlib import Path

import pptx
from pptx.util import Inches

from carrel.core.documents import Section
from carrel.ingest.office.presentation import PresentationReader
from samples.documents import write_pptx


def test_each_slide_is_a_section_with_title_and_notes(tmp_path: Path) -> None:
    path = write_pptx(
        tmp_path / "a.pptx",
        [("Results", "up\nagain", "Say thanks"), ("", "", ""), ("End", "bye", "")],
    )
    assert list(PresentationReader().read(path)) == [
        Section("Results\nup\nagain\nNotes:\nSay thanks", page=1, heading="Results"),
        Section("End\nbye", page=3, heading="End"),
    ]


def test_tables_and_groups_are_read(tmp_path: Path) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    box = (Inches(1), Inches(1), Inches(4), Inches(1))
    table = slide.shapes.add_table(2, 2, *box).table
    for row, cells in enumerate((("Year", "Sum"), ("2020", "3"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(*box).text_frame.text = "grouped"
    presentation.save(str(tmp_path / "a.pptx"))
    (section,) = PresentationReader().read(tmp_path / "a.pptx")
    assert section.text == "Year | Sum\nYear: 2020; Sum: 3\ngrouped"
    assert section.heading is None


def test_a_line_break_inside_a_title_is_a_space_in_the_heading(tmp_path: Path) -> None:
    path = write_pptx(tmp_path / "a.pptx", [("Annual\vreport", "text", "")])
    (section,) = PresentationReader().read(path)
    assert section.heading == "Annual report"
    assert section.text.startswith("Annual\nreport\n")

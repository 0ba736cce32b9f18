from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from carrel.ingest.pdf.pdf import PdfReader

ROWS = [
    ["Country", "Year", "Revenue", "Staff"],
    ["Germany", "2021", "1,234.5", "310"],
    ["South Korea", "2022", "99.0", "12,400"],
]
LINES = [
    " | ".join(ROWS[0]),
    *("; ".join(map(": ".join, zip(ROWS[0], row, strict=True))) for row in ROWS[1:]),
]
RULED = [("GRID", (0, 0), (-1, -1), 0.5, (0, 0, 0))]
EDGES, TOPS = [80, 180, 280, 380, 480], [700, 680, 660, 640]


def text_of(path: Path) -> str:
    (section,) = PdfReader().read(path)
    return section.text


def write_table(path: Path, rows: Sequence[Sequence[str]], widths: list[int] | None = None) -> Path:
    """Write a ruled table between two sentences."""
    style = getSampleStyleSheet()["BodyText"]
    before, after = (Paragraph(f"A sentence {where} it.", style) for where in ("before", "after"))
    table = Table(rows, style=RULED, colWidths=widths)
    SimpleDocTemplate(str(path)).build([before, table, after])
    return path


def write_columns(path: Path, bars: bool = False, rules: bool = True) -> Path:
    """Write a table column by column; its rules are lines, or thin filled bars for each cell."""
    canvas = Canvas(str(path))
    if bars:
        for left, right in pairwise(EDGES):
            for top, bottom in pairwise(TOPS):
                canvas.rect(left, top, right - left, 0.5, stroke=0, fill=1)
                canvas.rect(left, bottom, right - left, 0.5, stroke=0, fill=1)
                canvas.rect(left, bottom, 0.5, top - bottom, stroke=0, fill=1)
                canvas.rect(right, bottom, 0.5, top - bottom, stroke=0, fill=1)
    elif rules:
        canvas.grid(EDGES, TOPS)
    for column, left in enumerate(EDGES[:-1]):
        for row, top in enumerate(TOPS[:-1]):
            canvas.drawString(left + 4, top - 14, ROWS[row][column])
    canvas.showPage()
    canvas.save()
    return path


def test_a_ruled_table_reads_row_by_row_where_it_is(tmp_path: Path) -> None:
    text = text_of(write_table(tmp_path / "a.pdf", ROWS))
    assert text.split("\n") == ["A sentence before it.", *LINES, "A sentence after it."]


@pytest.mark.parametrize("bars", [False, True])
def test_a_table_that_was_drawn_by_columns_reads_row_by_row(tmp_path: Path, bars: bool) -> None:
    assert text_of(write_columns(tmp_path / "a.pdf", bars)).split("\n") == LINES


def test_cells_that_are_too_narrow_stay_apart(tmp_path: Path) -> None:
    text = text_of(write_table(tmp_path / "a.pdf", ROWS, [60, 24, 40, 40]))
    assert text.split("\n")[1:4] == LINES


def test_the_lines_of_a_cell_are_together(tmp_path: Path) -> None:
    rows = [["Country", "Note"], ["Germany\nand Austria", "three lines\nof text\nhere"], ["x", "y"]]
    text = text_of(write_table(tmp_path / "a.pdf", rows))
    assert text.split("\n")[1:4] == [
        "Country | Note",
        "Country: Germany and Austria; Note: three lines of text here",
        "Country: x; Note: y",
    ]


def test_without_rules_the_order_of_the_file_is_kept(tmp_path: Path) -> None:
    text = text_of(write_columns(tmp_path / "a.pdf", rules=False))
    assert text.split("\n")[:4] == ["Country", "Germany", "South Korea", "Year"]


def test_rows_that_are_not_ruled_off_are_not_run_together(tmp_path: Path) -> None:
    columns = ["\n".join(row[column] for row in ROWS) for column in range(4)]
    text = text_of(write_table(tmp_path / "a.pdf", [["a", "b", "c", "d"], columns]))
    assert "Germany\nSouth Korea" in text
    assert " | " not in text


def test_words_cut_at_line_ends_are_whole_beside_a_table(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.grid(EDGES, TOPS)
    canvas.drawString(84, 686, "left")
    canvas.drawString(184, 686, "right")
    text = canvas.beginText(80, 600)
    text.textLines("This is an experi-\nmental boat, well\nmade.")
    canvas.drawText(text)
    canvas.showPage()
    canvas.save()
    assert text_of(tmp_path / "a.pdf") == (
        "left | right\nThis is an experimental boat, well\nmade."
    )

"""Tables on turned pages, over several pages, and with merged cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, SimpleDocTemplate, Table

from carrel.ingest.pdf.pdf import PdfReader

GRID = [("GRID", (0, 0), (-1, -1), 0.5, (0, 0, 0))]
WIDTHS = [120, 80, 80]
FIRST = [["Town", "Cars", "Buses"], ["Ulm", "41", "7"], ["Bonn", "38", "9"]]
SECOND = [["Jena", "52", ""], ["Kiel", "60", "11"]]
LINES = ["Town: Jena; Cars: 52", "Town: Kiel; Cars: 60; Buses: 11"]
HEADS = "Town | Cars | Buses"


def pages(path: Path) -> list[list[str]]:
    return [section.text.split("\n") for section in PdfReader().read(path)]


def write_tables(path: Path, *tables: Sequence[Sequence[str]], widths: list[int] = WIDTHS) -> Path:
    """Write a ruled table to each page."""
    story: list[object] = []
    for number, rows in enumerate(tables):
        story += [Table(rows, style=GRID, colWidths=widths if number else WIDTHS), PageBreak()]
    SimpleDocTemplate(str(path)).build(story)
    return path


def test_rows_on_the_next_page_have_the_heads_of_the_table(tmp_path: Path) -> None:
    path = write_tables(tmp_path / "a.pdf", FIRST, SECOND)
    assert pages(path)[1] == LINES


def test_heads_that_are_repeated_on_the_next_page_are_heads_there(tmp_path: Path) -> None:
    path = write_tables(tmp_path / "a.pdf", FIRST, [FIRST[0], *SECOND])
    assert pages(path)[1] == [HEADS, *LINES]


def test_a_table_with_other_columns_on_the_next_page_is_another_one(tmp_path: Path) -> None:
    path = write_tables(tmp_path / "a.pdf", FIRST, SECOND, widths=[60, 140, 80])
    assert pages(path)[1] == ["Jena | 52", "Kiel | 60 | 11"]


@pytest.mark.parametrize("ruled", [True, False])
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_table_on_a_turned_page_reads_as_on_an_upright_one(
    tmp_path: Path, turned: int, ruled: bool
) -> None:
    path = tmp_path / "a.pdf"
    _write_turned(path, turned, ruled, rotate=True)
    last = [] if ruled else ["Town: Lindau; Cars: 2; Buses: 1"]
    assert pages(path) == [[HEADS, *LINES, *last]]


@pytest.mark.parametrize("turned", [90, 270])
def test_a_table_drawn_sideways_on_an_upright_page_is_read(tmp_path: Path, turned: int) -> None:
    path = tmp_path / "a.pdf"
    _write_turned(path, turned, ruled=True, rotate=False)
    assert pages(path) == [[HEADS, *LINES]]


def test_rows_whose_first_rule_is_missing_are_not_merged(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.grid([50, 150, 250], [700, 680])
    canvas.rect(50, 620, 200, 60)
    canvas.line(150, 620, 150, 680)
    # Only the amounts are underlined.
    for y in (660, 640):
        canvas.line(150, y, 250, y)
    rows = [("Item", "Sum"), ("Cash", "31"), ("Loans", "52"), ("Taxes", "7")]
    for number, (item, amount) in enumerate(rows):
        canvas.drawString(54, 686 - 20 * number, item)
        canvas.drawString(154, 686 - 20 * number, amount)
    canvas.save()
    assert pages(tmp_path / "a.pdf") == [
        ["Item | Sum", "Item: Cash; Sum: 31", "Item: Loans; Sum: 52", "Item: Taxes; Sum: 7"]
    ]


def test_a_word_drawn_letter_by_letter_across_merged_columns_is_whole(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.grid([50, 100, 150, 200], [700, 680])
    canvas.rect(50, 660, 150, 20)
    canvas.line(100, 660, 100, 680)
    for number, text in enumerate(("Land", "Wien", "Graz")):
        canvas.drawString(54 + 50 * number, 686, text)
    canvas.drawString(54, 666, "Teil")
    x = 130.0
    for letter in "Europa":
        canvas.drawString(x, 666, letter)
        x += canvas.stringWidth(letter)
    canvas.save()
    assert "Europa" in pages(tmp_path / "a.pdf")[0][1]


def _write_turned(path: Path, turned: int, ruled: bool, rotate: bool) -> None:
    """Draw a table so that it reads upright after the page is turned clockwise."""
    width, height = A4
    canvas = Canvas(str(path), pagesize=A4)
    if rotate:
        canvas.setPageRotation(turned)
        if turned % 180:
            # The page is as wide as it will be high.
            width, height = height, width
    x, y = {0: (0, 0), 90: (width, 0), 180: (width, height), 270: (0, height)}[turned]
    canvas.translate(x, y)
    canvas.rotate(turned)
    if ruled:
        canvas.grid([50, 150, 250, 350], [500, 480, 460, 440])
    for number, row in enumerate([FIRST[0], *SECOND, *([] if ruled else [["Lindau", "2", "1"]])]):
        for column, text in enumerate(row):
            canvas.drawString(54 + 100 * column, 486 - 20 * number, text)
    canvas.save()

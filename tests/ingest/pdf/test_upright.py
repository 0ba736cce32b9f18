"""Rotated pages, and text that is drawn sideways."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from carrel.ingest.pdf.pdf import PdfReader

WIDTH, HEIGHT = 595, 842
# Where the origin goes, so that the page reads upright when it is displayed.
ORIGIN = {0: (0, 0), 90: (WIDTH, 0), 180: (WIDTH, HEIGHT), 270: (0, HEIGHT)}
ROWS = [("Month", "Cars", "Buses"), ("May", "41", "7"), ("June", "38", "9"), ("July", "52", "4")]


def write(path: Path, turn: int, rotated: bool, ruled: bool = False) -> Path:
    """Write two lines and a table turned by so many degrees, on a page rotated back or not."""
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    if rotated:
        canvas.setPageRotation(turn)
    canvas.translate(*ORIGIN[turn])
    canvas.rotate(turn)
    canvas.drawString(60, 500, "Traffic at the south gate")
    canvas.drawString(60, 480, "Counted by hand in the year 2024.")
    for number, row in enumerate(ROWS):
        for x, text in zip((64, 164, 264), row, strict=True):
            canvas.drawString(x, 426 - 20 * number, text)
    if ruled:
        canvas.grid([60, 160, 260, 360], [440, 420, 400, 380, 360])
    canvas.save()
    return path


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("rotated", [True, False])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_text_and_tables_read_as_on_an_upright_page(
    tmp_path: Path, turn: int, rotated: bool, ruled: bool
) -> None:
    (section,) = PdfReader().read(write(tmp_path / "a.pdf", turn, rotated, ruled))
    assert section.text.split("\n") == [
        "Traffic at the south gate",
        "Counted by hand in the year 2024.",
        " | ".join(ROWS[0]),
        *("; ".join(map(": ".join, zip(ROWS[0], row, strict=True))) for row in ROWS[1:]),
    ]


def test_a_few_sideways_words_do_not_turn_the_page(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(72, 700, "The text of the page is written from left to right.")
    canvas.translate(30, 400)
    canvas.rotate(90)
    canvas.drawString(0, 0, "Draft")
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    assert section.text.startswith("The text of the page is written from left to right.")
    assert "Draft" in section.text

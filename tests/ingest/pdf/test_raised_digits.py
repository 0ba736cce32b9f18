"""Raised digits among the words of a page, in whatever order and direction they are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from carrel.ingest.pdf.pdf import PdfReader

Piece = tuple[str, float]
FULL, SMALL, RISE = 12.0, 7.0, 5.0


def write(path: Path, lines: list[str], turned: int = 0) -> Path:
    """Draw lines with ``^`` before and after raised text, each piece by itself."""
    canvas = Canvas(str(path))
    canvas.translate(*{0: (0, 0), 90: (595, 0), 180: (595, 842), 270: (0, 842)}[turned])
    canvas.rotate(turned)
    for number, line in enumerate(lines):
        x = 60.0
        for place, piece in enumerate(line.split("^")):
            size = SMALL if place % 2 else FULL
            canvas.setFont("Helvetica", size)
            canvas.drawString(x, 500 - 20 * number + (RISE if place % 2 else 0), piece)
            x += canvas.stringWidth(piece, "Helvetica", size)
    canvas.save()
    return path


def text_of(path: Path) -> str:
    (section,) = PdfReader().read(path)
    return section.text


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_digits_are_apart_from_their_base(tmp_path: Path, turned: int) -> None:
    lines = ["The plant made 10^6^ bolts", "on 12 m^2^ a day, and sold 240^1^ a week", "of them."]
    assert text_of(write(tmp_path / "a.pdf", lines, turned)).split("\n") == [
        "The plant made 10^6 bolts",
        "on 12 m^2 a day, and sold 240[1] a week",
        "of them.",
    ]


def test_hyphens_at_line_ends_before_do_not_shift_them(tmp_path: Path) -> None:
    lines = ["An experi-", "mental boat of 10^6^ parts", "and 240^1^ oars"]
    assert text_of(write(tmp_path / "a.pdf", lines)).split("\n") == [
        "An experimental boat of 10^6 parts",
        "and 240[1] oars",
    ]


def test_digits_in_the_cells_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path))
    canvas.grid([60, 160, 260], [700, 680, 660, 640])
    rows = [("Town", "Cars", ""), ("Ulm", "240", "1"), ("Bonn", "310", "2")]
    for number, (town, cars, mark) in enumerate(rows):
        canvas.setFont("Helvetica", FULL)
        canvas.drawString(64, 686 - 20 * number, town)
        canvas.drawString(164, 686 - 20 * number, cars)
        end = 164 + canvas.stringWidth(cars, "Helvetica", FULL)
        canvas.setFont("Helvetica", SMALL)
        canvas.drawString(end, 686 + RISE - 20 * number, mark)
    canvas.save()
    assert text_of(path).split("\n") == [
        "Town | Cars",
        "Town: Ulm; Cars: 240[1]",
        "Town: Bonn; Cars: 310[2]",
    ]

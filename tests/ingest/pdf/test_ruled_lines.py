from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from carrel.ingest.pdf.pdf import PDFIUM_LOCK
from carrel.ingest.pdf.tables.ruled_lines import Grid, grids

Draw = Callable[[Canvas], object]


def grids_of(path: Path, draw: Draw) -> list[Grid]:
    canvas = Canvas(str(path))
    draw(canvas)
    canvas.showPage()
    canvas.save()
    with PDFIUM_LOCK, pypdfium2.PdfDocument(path) as document:
        return grids(document[0])


def moved(canvas: Canvas) -> None:
    canvas.translate(100, 200)
    canvas.scale(2, 2)
    canvas.grid([0, 50, 100], [0, 20, 40])


def test_the_rules_are_where_the_page_shows_them(tmp_path: Path) -> None:
    (grid,) = grids_of(tmp_path / "a.pdf", moved)
    assert grid.columns == pytest.approx((100, 200, 300))
    assert grid.rows == pytest.approx((200, 240, 280))
    assert grid.cell(150, 270) == (1, 1)
    assert grid.cell(250, 210) == (2, 2)
    assert grid.cell(150, 290) is None
    assert grid.cell(90, 270) is None


def two_tables(canvas: Canvas) -> None:
    canvas.grid([100, 200, 300], [600, 620, 640])
    canvas.grid([100, 200, 300], [400, 420, 440, 460])


def test_tables_that_do_not_touch_are_two(tmp_path: Path) -> None:
    assert sorted(len(each.rows) for each in grids_of(tmp_path / "a.pdf", two_tables)) == [3, 4]


@pytest.mark.parametrize(
    "draw",
    [
        lambda canvas: None,
        lambda canvas: canvas.rect(100, 100, 300, 400),
        lambda canvas: canvas.grid([100, 200], [100, 120, 140]),
        lambda canvas: canvas.grid([100, 200, 300], [100, 120]),
        lambda canvas: canvas.grid(range(0, 500, 3), range(0, 800, 3)),
        lambda canvas: canvas.grid([100, 200, 300], list(range(7000))),
    ],
    ids=["blank", "frame", "one column", "one row", "squared paper", "very many points"],
)
def test_what_is_no_table_has_no_grid(tmp_path: Path, draw: Draw) -> None:
    assert grids_of(tmp_path / "a.pdf", draw) == []

"""Columns, side boxes, heads and feet, in whatever order they are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from carrel.ingest.pdf.fragments import Fragment
from carrel.ingest.pdf.pdf import PdfReader
from carrel.ingest.pdf.reading_order import _right_to_left, in_reading_order

Piece = tuple[float, float, str]
PAGE = (0.0, 0.0, 595.0, 842.0)
WORDS = "of the harbour tells us about boats and their crews"


def lines_of(tmp_path: Path, pieces: Iterable[Piece], size: int = 9) -> list[str]:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont("Helvetica", size)
    for x, y, text in pieces:
        canvas.drawString(x, y, text)
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    return section.text.split("\n")


def column(x: float, name: str, count: int = 12, top: float = 740) -> list[Piece]:
    return [(x, top - 12 * number, f"{name}{number} {WORDS[:38]}") for number in range(count)]


def texts(*columns: list[Piece]) -> list[str]:
    return [text for each in columns for _, _, text in each]


@pytest.mark.parametrize("edges", [(50, 310), (50, 225, 400)], ids=["two", "three"])
@pytest.mark.parametrize("line_by_line", [True, False])
def test_columns_are_read_one_after_the_other(
    tmp_path: Path, edges: tuple[int, ...], line_by_line: bool
) -> None:
    columns = [column(x, name) for x, name in zip(edges, "ABC", strict=False)]
    drawn = chain(*(zip(*columns, strict=True) if line_by_line else columns))
    assert lines_of(tmp_path, drawn, 8) == texts(*columns)


def test_a_line_across_the_columns_divides_them(tmp_path: Path) -> None:
    upper = [column(x, name, 5) for x, name in ((50, "A"), (310, "B"))]
    lower = [column(x, name, 5, 640) for x, name in ((50, "C"), (310, "D"))]
    title = (50.0, 664.0, f"A heading {WORDS} {WORDS} across")
    drawn = [*chain(*zip(*upper, strict=True)), title, *chain(*zip(*lower, strict=True))]
    assert lines_of(tmp_path, drawn) == [*texts(*upper), title[2], *texts(*lower)]


def test_a_side_box_is_apart_from_the_text_beside_it(tmp_path: Path) -> None:
    main = column(50, "Main", 10)
    box = [(330.0, y, f"Box {text[4:29]}") for _, y, text in main[3:7]]
    drawn = sorted([*main, *box], key=lambda piece: (-piece[1], piece[0]))
    assert lines_of(tmp_path, drawn) == texts(main, box)


def test_right_columns_come_first_in_scripts_from_right_to_left() -> None:
    right = [_fragment(310, 700 - 14 * number, "שורה בטור הימני של הדף") for number in range(5)]
    left = [_fragment(50, 700 - 14 * number, "שורה בטור השמאלי של הדף") for number in range(5)]
    drawn = list(chain(*zip(left, right, strict=True)))
    assert _right_to_left(drawn)
    assert in_reading_order(drawn, PAGE) == ([], [*right, *left])


def _fragment(x: float, y: float, text: str) -> Fragment:
    return Fragment(text, x, y, x + 200, y + 11, 11)


def test_heads_and_feet_do_not_divide_a_sentence(tmp_path: Path) -> None:
    pieces = [
        (50.0, 700.0, "The sentence begins on this line and"),
        (50.0, 812.0, "Annual Report 2021"),
        (290.0, 30.0, "17"),
        (50.0, 688.0, "ends on the next one."),
    ]
    assert lines_of(tmp_path, pieces) == [
        "Annual Report 2021",
        "The sentence begins on this line and",
        "ends on the next one.",
        "17",
    ]


def test_words_divided_at_the_ends_of_column_lines_are_whole(tmp_path: Path) -> None:
    left = [(50.0, 740.0 - 12 * number, f"A{number} {WORDS[:38]} experi-") for number in range(6)]
    left = [
        (x, y, text if not number else f"mental {text}") for number, (x, y, text) in enumerate(left)
    ]
    right = column(330, "B", 6)
    text = " ".join(lines_of(tmp_path, chain(*zip(left, right, strict=True)), 8))
    assert text.count("experimental") == 5


def test_a_table_that_is_drawn_row_by_row_stays_in_rows(tmp_path: Path) -> None:
    rows = [
        ("Name", "Port", "Captain"),
        ("Argo", "Iolkos", "Jason"),
        ("Pequod", "Nantucket", "Ahab"),
    ]
    pieces = [
        (x, 700.0 - 16 * number, text)
        for number, row in enumerate(rows)
        for x, text in zip((50.0, 200.0, 350.0), row, strict=True)
    ]
    assert lines_of(tmp_path, pieces) == [" ".join(row) for row in rows]


def test_text_beside_the_page_is_not_read(tmp_path: Path) -> None:
    pieces = [
        (50.0, 700.0, "Printed on the page"),
        (700.0, 700.0, "beside"),
        (50.0, 900.0, "above"),
    ]
    assert lines_of(tmp_path, pieces) == ["Printed on the page"]

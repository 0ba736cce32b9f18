"""Tables without any rule, and pages that only look like them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from carrel.ingest.pdf.pdf import PdfReader

EDGES = (60, 160, 300, 420)
ROWS = [
    ("Year", "Region", "Boats", "Price"),
    ("2019", "North", "3", "1,250.00"),
    ("2020", "South sea", "14", "(0.50)"),
    ("2021", "East", "–", "12.5%"),
    ("2022", "Gulf", "7", "99.00"),
]
LINES = [
    " | ".join(ROWS[0]),
    *("; ".join(map(": ".join, zip(ROWS[0], row, strict=True))) for row in ROWS[1:]),
]
BARE_LINES = [" | ".join(row) for row in ROWS]
PROSE = "In 2019 the quick brown fox saw 12 boats sail to islands"

Piece = tuple[float, float, str]


def text_of(tmp_path: Path, pieces: Iterable[Piece]) -> str:
    """Return the text of a page with these pieces, each drawn by itself, in their order."""
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for x, y, text in pieces:
        canvas.drawString(x, y, text)
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    return section.text


def table(rows: list[tuple[str, ...]] = ROWS, top: float = 700) -> list[Piece]:
    return [
        (edge, top - 16 * number, text)
        for number, row in enumerate(rows)
        for edge, text in zip(EDGES, row, strict=True)
        if text
    ]


@pytest.mark.parametrize("order", ["rows", "columns"])
def test_a_table_reads_row_by_row_in_whatever_order_it_is_drawn(tmp_path: Path, order: str) -> None:
    cells = table() if order == "rows" else sorted(table(), key=lambda cell: cell[0])
    before, after = (60, 740, f"{PROSE}."), (60, 600, "All prices are in thousands.")
    assert text_of(tmp_path, [before, *cells, after]).split("\n") == [
        f"{PROSE}.",
        *LINES,
        "All prices are in thousands.",
    ]


def test_names_of_columns_in_two_lines_stay_before_the_table(tmp_path: Path) -> None:
    above = [(300, 716, "Boats"), (60, 740, PROSE)]
    rows = [("Year", "Region", "in use", "Price"), *ROWS[1:]]
    assert text_of(tmp_path, [*above, *table(rows)]).split("\n") == [
        "Boats",
        PROSE,
        "Year Region in use Price",
        *BARE_LINES[1:],
    ]


def test_signs_of_currencies_belong_to_their_numbers(tmp_path: Path) -> None:
    rows = [("Sales", "$", "280,522"), ("Costs", "$", "265,981"), ("Tax", "", "2,374")]
    cells = table([(*row, "") for row in rows])
    assert text_of(tmp_path, cells).split("\n") == [
        "Sales | $ 280,522",
        "Costs | $ 265,981",
        "Tax | 2,374",
    ]


def columns(left: list[str], right: list[str]) -> list[Piece]:
    """Return two columns of lines beside each other, the left one drawn first."""
    return [
        (x, 700 - 14 * number, line)
        for x, lines in ((50, left), (320, right))
        for number, line in enumerate(lines)
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [f"{number} {PROSE[:38]}" for number in range(12)],
        [f"boats {number}, {number * 3}" for number in range(12)],
        [f"Name{number} . . . . . . . . {number}" for number in range(12)],
        ["short", "lines of", "a poem", "without", "any count"],
    ],
    ids=["prose", "index", "leaders", "poem"],
)
def test_two_columns_of_text_are_read_one_after_the_other(tmp_path: Path, lines: list[str]) -> None:
    left, right = [f"{line} a" for line in lines], [f"{line} b" for line in lines]
    assert text_of(tmp_path, columns(left, right)).split("\n") == [*left, *right]


def test_points_of_a_list_and_numbers_of_lines_are_no_columns(tmp_path: Path) -> None:
    points = [f"{number}." for number in range(1, 8)]
    assert " | " not in text_of(tmp_path, columns(points, ["Boats"] * 7))
    numbered = [
        (x, 700 - 14 * number, text)
        for number in range(12)
        for x, text in ((50, str(number)), (80, PROSE))
    ]
    assert " | " not in text_of(tmp_path, numbered)


def test_a_text_that_runs_beside_a_table_stays_in_one_piece(tmp_path: Path) -> None:
    cells = [
        (x, 700 - 14 * number, text)
        for number in range(8)
        for x, text in ((50, "Boats"), (110, str(number)), (160, f"{number}.50"))
    ]
    prose = [(320, 700 - 14 * number, PROSE[number:][:40].strip()) for number in range(8)]
    read = text_of(tmp_path, [*cells, *prose])
    assert " | " not in read
    assert read.endswith("\n".join(text for _, _, text in prose))

"""Letters and words that are drawn one by one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from carrel.ingest.pdf.pdf import PdfReader
from samples.pdfs import FIRST_FREE, drawn_font, write_page

SIZE = 12


def text_of(tmp_path: Path, pieces: Iterable[tuple[float, float, str]]) -> str:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont("Helvetica", SIZE)
    for x, y, text in pieces:
        canvas.drawString(x, y, text)
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    return section.text


def letters(text: str, gap: float) -> list[tuple[float, float, str]]:
    """Return each letter of a text as a piece, with a gap behind it; blanks are not drawn."""
    x, pieces = 72.0, []
    for each in text:
        if each != " ":
            pieces.append((x, 700.0, each))
        x += Canvas("x").stringWidth(each, "Helvetica", SIZE) + gap
    return pieces


@pytest.mark.parametrize(
    "rows",
    [
        [("Cedar", "9"), ("Dogwood", "5"), ("Elm", "7")],
        [("A", "B"), ("x", "y"), ("1", "2")],
        [("Größe", "M"), ("Länge", "L"), ("Höhe", "S")],
    ],
    ids=["numbers", "letters", "German"],
)
def test_cells_of_one_character_are_apart(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    pieces = [
        (x, 700.0 - 18 * number, text)
        for number, row in enumerate(rows)
        for x, text in zip((72.0, 160.0), row, strict=True)
    ]
    read = text_of(tmp_path, pieces).replace(" | ", " ")
    assert read.split("\n") == [" ".join(row) for row in rows]


def test_words_of_one_letter_are_apart(tmp_path: Path) -> None:
    assert text_of(tmp_path, letters("a b c o x", 0)) == "a b c o x"


def test_letters_that_touch_are_a_word(tmp_path: Path) -> None:
    assert text_of(tmp_path, letters("Boat ahoy", 0)) == "Boat ahoy"


def test_letters_of_a_spaced_word_are_not_words(tmp_path: Path) -> None:
    read = text_of(tmp_path, letters("BOATS AND MEN", 1.5))
    assert read == "BOATS AND MEN"


def test_words_beside_each_other_on_two_lines_stay_on_them(tmp_path: Path) -> None:
    pieces = [(72.0, 700.0, "first"), (110.0, 700.0, "row"), (72.0, 684.0, "second")]
    assert text_of(tmp_path, pieces) == "first row\nsecond"


def test_symbols_before_the_points_of_a_list_are_bullets(tmp_path: Path) -> None:
    codes = {65: "\uf0b7", 66: "o", 67: "n", 68: "e"}
    content = b"".join(
        b"BT /F1 12 Tf 40 %d Td (A) Tj ET BT /F1 12 Tf 60 %d Td (BCD) Tj ET\n" % (y, y)
        for y in (700, 680)
    )
    path = write_page(tmp_path / "a.pdf", content, b"/F1 5 0 R", drawn_font(codes, FIRST_FREE))
    (section,) = PdfReader().read(path)
    assert section.text.split("\n") == ["\u2022 one", "\u2022 one"]


def test_letters_outside_the_basic_plane_are_whole(tmp_path: Path) -> None:
    codes = {65: "\U0001d461", 66: "\U00020bb7", 67: "x"}
    content = b"BT /F1 12 Tf 40 700 Td (ABC) Tj ET"
    path = write_page(tmp_path / "a.pdf", content, b"/F1 5 0 R", drawn_font(codes, FIRST_FREE))
    (section,) = PdfReader().read(path)
    assert section.text == "\U0001d461\U00020bb7x"

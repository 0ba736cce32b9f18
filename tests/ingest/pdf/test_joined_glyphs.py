"""Right-to-left words whose letters share a glyph."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.ingest.pdf.page_picture import find_quote
from carrel.ingest.pdf.pdf import PdfReader
from samples.pdfs import FIRST_FREE, drawn_font, write_page


def text_of(path: Path, glyphs: list[str]) -> str:
    """Return the text of a line of glyphs, given in reading order and drawn from the right."""
    codes = dict(enumerate(dict.fromkeys(glyphs), 65))
    of = {text: code for code, text in codes.items()}
    line = bytes(of[each] for each in reversed(glyphs))
    content = b"BT /F1 20 Tf 100 700 Td (%s) Tj ET" % line
    write_page(path, content, b"/F1 5 0 R", drawn_font(codes, FIRST_FREE))
    (section,) = PdfReader().read(path)
    return section.text


@pytest.mark.parametrize(
    "glyphs",
    [
        ["ا", "لإ", "ن", "ت", "ا", "ج"],
        ["خ", "لا", "ل"],
        ["لا", " ", "ي", "و", "ج", "د"],
        ["ا", "لأ", "ح", "د"],
        ["ا", "لآ", "ن"],
        ["س", "لا", "م", "ت", "ی"],
        ["ا", "ل", "م", "ش", "ك", "لا", "ت"],
        ["م", "لم", "س"],
    ],
)
def test_letters_of_a_ligature_are_in_order(tmp_path: Path, glyphs: list[str]) -> None:
    assert text_of(tmp_path / "a.pdf", glyphs) == "".join(glyphs)


def test_hebrew_and_latin_are_as_they_were(tmp_path: Path) -> None:
    assert text_of(tmp_path / "a.pdf", list("שלום עולם")) == "שלום עולם"
    content = b"BT /F1 20 Tf 100 700 Td (AB) Tj ET"
    font = drawn_font({65: "of", 66: "fi"}, FIRST_FREE)
    (section,) = PdfReader().read(write_page(tmp_path / "b.pdf", content, b"/F1 5 0 R", font))
    assert section.text == "offi"


def test_a_presentation_form_is_found_by_its_letters() -> None:
    assert find_quote("\ufefb \u064a\u0648\u062c\u062f", "لا يوجد") == [(0, 6)]

"""The models that come with the package, and the order of what they find."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont

from carrel.core.errors import UnreadableDocument
from carrel.ingest.images.legibility import legible
from carrel.ingest.images.rapid_ocr import RapidOcr
from samples.images import picture_of_text

TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
LINES = ["The quick brown fox jumps over", "13 lazy dogs near the old river."]
RECOGNIZER = RapidOcr()
"""Shared: loading the models takes a second."""


def read(picture: Image.Image) -> str:
    return RECOGNIZER.text_of(picture.convert("L"))


def test_accents_are_read() -> None:
    lines = ["Größere Wälder, über Öl", "Ça coûte 12,50 où, dès Noël", "¿Qué mañana, señor?"]
    font = ImageFont.truetype(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf", 40)
    page = Image.new("L", (900, 320), 255)
    ImageDraw.Draw(page).multiline_text((40, 40), "\n".join(lines), font=font, fill=0, spacing=20)
    assert read(page).splitlines() == lines


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name)
def test_a_page_that_lies_on_its_side_or_head_is_read(turn: Image.Transpose) -> None:
    text = "\n".join(LINES * 2)
    assert read(picture_of_text(text).transpose(turn)) == text


@pytest.mark.parametrize("angle", [-3, 3])
def test_skewed_lines_stay_in_order(angle: float) -> None:
    text = "\n".join(LINES * 2)
    skewed = picture_of_text(text).rotate(angle, expand=True, fillcolor="white")
    assert read(skewed) == text


def test_columns_are_read_one_after_the_other() -> None:
    left = picture_of_text("\n".join(f"A line {each} of the left side" for each in range(4)))
    right = picture_of_text("\n".join(f"B line {each} of the right side" for each in range(4)))
    page = Image.new("RGB", (left.width + right.width, left.height), "white")
    page.paste(left, (0, 0))
    page.paste(right, (left.width, 0))
    assert [line[0] for line in read(page).splitlines() if line] == list("AAAABBBB")


def test_cells_of_a_table_stay_in_their_rows() -> None:
    rows = [("Region", "2021", "2022"), ("North", "41", "57"), ("East coast", "1,204", "998")]
    page = Image.new("L", (1100, 400), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=40)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            draw.text((40 + 400 * column, 40 + 100 * number), cell, font=font, fill=0)
    lines = [line for line in read(page).splitlines() if line]
    assert lines == [" | ".join(row) for row in rows]


def test_paragraphs_are_apart() -> None:
    assert read(picture_of_text("One line\nAnother line\n\nA paragraph")) == (
        "One line\nAnother line\n\nA paragraph"
    )


def test_lone_words_on_an_empty_page_are_read() -> None:
    page = Image.new("L", (2480, 3508), 255)
    for number, (x, y) in enumerate([(150, 150), (1800, 1700), (1200, 3300)], start=1):
        page.paste(picture_of_text(f"Note {number}", letters=42, margin=5).convert("L"), (x, y))
    assert read(page).split("\n\n") == ["Note 1", "Note 2", "Note 3"]


def test_a_picture_without_text_has_none() -> None:
    picture = Image.radial_gradient("L").resize((600, 400))
    assert read(picture) == ""


def test_small_print_on_a_photograph_is_read() -> None:
    picture = picture_of_text(LINES[0], letters=14, margin=10).convert("L")
    faint = picture.point(lambda value: 120 + value // 3)
    assert read(legible(faint)) == LINES[0]


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("it opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert RapidOcr().text_of(picture_of_text("text").convert("L")) == "text"


def test_an_image_that_takes_too_long_is_refused() -> None:
    picture = picture_of_text("\n".join(LINES)).convert("L")
    start = time.process_time()
    with pytest.raises(UnreadableDocument, match="took longer than 0 seconds"):
        RapidOcr(seconds=0).text_of(picture)
    assert time.process_time() > start


def test_memory_that_does_not_suffice_is_named() -> None:
    from carrel.ingest.images import rapid_ocr

    def fail(*_: Any, **__: Any) -> None:
        raise rapid_ocr.ONNXRuntimeError("bad allocation")

    recognizer = RapidOcr()
    recognizer._models = fail
    with pytest.raises(MemoryError):
        recognizer.text_of(picture_of_text("text").convert("L"))

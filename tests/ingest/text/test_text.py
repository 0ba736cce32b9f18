from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from carrel.ingest.text.blocks import SECTION_CHARACTERS
from carrel.ingest.text.text import TextReader, cut_long_text, text_lines
from samples.documents import write_text

GERMAN = "Die Größe der Gebäude übersteigt die zulässigen Maße; schöne Grüße aus München.\n"
JAPANESE = "当社の売上高は前年度に比べて増加しました。東京で会議を開きます。\n"


def text_of(path: Path) -> str:
    return "".join(section.text for section in TextReader().read(path))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((GERMAN, name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")),
        *((GERMAN, name) for name in ("utf-32", "utf-32-be", "cp1252")),
        *((JAPANESE, name) for name in ("utf-8", "utf-16", "utf-16-be", "shift_jis", "euc_jp")),
    ],
)
def test_text_is_read_in_its_encoding(text: str, encoding: str, tmp_path: Path) -> None:
    assert text_of(write_text(tmp_path / "a.txt", text, encoding)) == text


def test_line_breaks_are_one_character_even_across_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 65_535 + b"\r\n" + b"y\rz")
    assert text_of(path) == "x" * 65_535 + "\ny\nz"


def test_zeros_are_dropped_and_a_broken_character_does_not_spoil_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(("Grüße, schöne Grüße " * 20).encode() + b"\0\0 \xff end")
    assert text_of(path) == "Grüße, schöne Grüße " * 20 + " � end"


def test_a_long_text_is_cut_at_paragraphs_and_nothing_is_lost(tmp_path: Path) -> None:
    text = "".join(f"Paragraph {number}. " + "word " * 200 + "\n\n" for number in range(600))
    sections = list(TextReader().read(write_text(tmp_path / "a.txt", text)))
    assert "".join(section.text for section in sections) == text
    assert len(sections) > 4
    for section, following in pairwise(sections):
        assert SECTION_CHARACTERS / 2 <= len(section.text) <= SECTION_CHARACTERS
        assert following.text.startswith("Paragraph ")


def test_a_long_text_without_paragraphs_is_cut_at_lines_then_words_then_anywhere() -> None:
    assert list(cut_long_text(["aaa\nbbb\nccc ddd"], 10)) == ["aaa\nbbb\n", "ccc ddd"]
    assert list(cut_long_text(["aaa bbb", " ccc ddd"], 10)) == ["aaa bbb ", "ccc ddd"]
    assert list(cut_long_text(["x" * 25], 10)) == ["x" * 10, "x" * 10, "x" * 5]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "A line of a long log file.\n" * 400_000)
    reader = TextReader()
    next(reader.read(path))
    tracemalloc.start()
    try:
        characters = sum(len(section.text) for section in reader.read(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert characters == path.stat().st_size
    assert peak < characters / 2


def test_lines_are_whole_across_blocks_and_very_long_ones_come_in_parts(tmp_path: Path) -> None:
    lines = ["x" * 70_000, "", "y" * 3_000_000, "end"]
    found = list(text_lines(write_text(tmp_path / "a.txt", "\n".join(lines))))
    assert found[:2] == lines[:2]
    assert "".join(found[2:-1]) == lines[2]
    assert max(len(line) for line in found) < 2_000_000
    assert found[-1] == "end"

from __future__ import annotations

from carrel.core.documents import Section
from carrel.ingest.text.blocks import (
    SECTION_CHARACTERS,
    Block,
    heading_line,
    paragraphs,
    sections_by_heading,
)


def heading(text: str) -> Block:
    return Block(text, heading=True)


def test_each_heading_begins_a_section_with_its_line() -> None:
    blocks = [Block("intro"), heading("One"), Block("a"), Block("b"), heading("Two"), Block("c")]
    assert list(sections_by_heading(blocks)) == [
        Section("intro", heading=None),
        Section("One\na\nb", heading="One"),
        Section("Two\nc", heading="Two"),
    ]


def test_headings_in_a_row_are_together() -> None:
    blocks = [heading("Chapter"), heading("Part"), Block("text"), heading("Last")]
    assert list(sections_by_heading(blocks)) == [
        Section("Chapter\nPart\ntext", heading="Part"),
        Section("Last", heading="Last"),
    ]


def test_blank_blocks_are_left_out_and_the_first_heading_can_be_given() -> None:
    blocks = [Block(" "), Block("a"), Block("")]
    assert list(sections_by_heading(blocks, first_heading="Title")) == [
        Section("a", heading="Title")
    ]


def test_a_long_section_continues_under_the_same_heading() -> None:
    block = Block("x" * (SECTION_CHARACTERS // 4))
    sections = list(sections_by_heading([heading("Long"), *[block] * 10]))
    assert [section.heading for section in sections] == ["Long"] * 3
    assert max(len(section.text) for section in sections) < SECTION_CHARACTERS * 1.3
    assert sum(section.text.count("x") for section in sections) == len(block.text) * 10


def test_a_heading_is_one_line_of_bounded_length() -> None:
    assert heading_line(" Annual\n report ") == "Annual report"
    assert heading_line(" \n") is None
    (section,) = sections_by_heading([heading("word " * 200), Block("text")])
    assert section.heading is not None
    assert len(section.heading) <= 200
    assert section.heading.startswith("word word")
    assert section.heading.endswith("…")
    assert section.text.count("word") == 200


def test_lines_become_paragraphs_between_blocks() -> None:
    title = Block("Title", heading=True)
    assert list(paragraphs(["a", "b", " ", "", "c", title, "d"])) == [
        Block("a\nb\n"),
        Block("c\n"),
        title,
        Block("d\n"),
    ]
    assert list(paragraphs([])) == []

"""Chunks without what they repeat of each other."""

from __future__ import annotations

from itertools import pairwise

from carrel.core.documents import Chunk, Section
from carrel.ingest.chunking.splitter import RecursiveSplitter
from carrel.services.text.reading_order import without_overlaps

TEXT = " ".join(f"Sentence number {index} tells of ship {index * 7}." for index in range(60))


def chunks_of(*sections: Section) -> list[Chunk]:
    pieces = RecursiveSplitter(200, 60).split(sections)
    return [
        Chunk(str(index), "d", index, each.text, each.page, None, each.start, each.end)
        for index, each in enumerate(pieces)
    ]


def test_what_neighbours_share_is_given_once_and_nothing_is_lost() -> None:
    chunks = chunks_of(Section(TEXT, 1))
    assert any(one.end > other.start for one, other in pairwise(chunks)), "they overlap"
    kept = without_overlaps(chunks)
    assert " ".join(each.text for each in kept).split() == TEXT.split()
    for each in kept:
        assert TEXT[each.start : each.end] == each.text


def test_spans_of_another_page_or_section_are_no_repetition() -> None:
    sections = (Section(TEXT, None, "One"), Section(TEXT[::-1], None, "Two"), Section(TEXT, 4))
    chunks = chunks_of(*sections)
    kept = " ".join(each.text for each in without_overlaps(chunks)).split()
    assert kept == f"{TEXT} {TEXT[::-1]} {TEXT}".split()


def test_a_chunk_that_only_repeats_is_left_out() -> None:
    first = Chunk("a", "d", 0, "One. Two.", 1, None, 0, 9)
    again = Chunk("b", "d", 1, "Two.", 1, None, 5, 9)
    assert without_overlaps([first, again]) == (first,)

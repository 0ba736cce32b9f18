from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.documents import Section
from carrel.ingest.chunking.splitter import RecursiveSplitter
from running.real_processes import modules_after

SENTENCE = "The company sold more boats than in the year before. "
TEXTS = st.one_of(
    st.text(max_size=1500),
    st.text(alphabet="ab .\n。，\t", max_size=1500),
    st.lists(st.sampled_from([SENTENCE, "Title\n\n", "12 | 34\n", "\n", "   ", "漢字。", "x" * 90]))
    .map("".join)
    .map(lambda text: text[:3000]),
)
SIZES = st.integers(min_value=10, max_value=400).flatmap(
    lambda size: st.tuples(st.just(size), st.integers(min_value=0, max_value=size // 2))
)


@given(text=TEXTS, sizes=SIZES)
def test_each_piece_is_exactly_its_span_and_together_they_cover_the_text(
    text: str, sizes: tuple[int, int]
) -> None:
    chunk_size, chunk_overlap = sizes
    pieces = list(RecursiveSplitter(chunk_size, chunk_overlap).split([Section(text)]))
    covered = 0
    for piece in pieces:
        assert text[piece.start : piece.end] == piece.text
        assert 0 < len(piece.text) <= chunk_size
        assert piece.text == piece.text.strip()
        assert not text[covered : piece.start].strip()
        assert covered - piece.start <= chunk_overlap
        assert piece.end > covered
        covered = piece.end
    assert not text[covered:].strip()


def test_page_and_heading_of_the_section_stay_with_every_piece() -> None:
    sections = [Section(SENTENCE * 10, page=3, heading="Boats"), Section("Short.", page=4)]
    pieces = list(RecursiveSplitter(200, 20).split(sections))
    assert {(piece.page, piece.heading) for piece in pieces} == {(3, "Boats"), (4, None)}
    assert pieces[-1].text == "Short."


def test_a_section_that_fits_is_one_piece_without_its_outer_white_space() -> None:
    (piece,) = RecursiveSplitter(100, 20).split([Section(f"\n  {'x' * 95}  \n")])
    assert (piece.text, piece.start, piece.end) == ("x" * 95, 3, 98)


def test_sections_of_white_space_are_no_pieces() -> None:
    assert (
        list(RecursiveSplitter(100, 0).split([Section(""), Section(" \n\t "), Section("\n" * 500)]))
        == []
    )


def test_prose_is_cut_at_sentences() -> None:
    pieces = list(RecursiveSplitter(300, 60).split([Section(SENTENCE * 40)]))
    assert len(pieces) > 5
    for piece in pieces:
        assert piece.text.startswith("The company")
        assert piece.text.endswith(".")


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    paragraphs = [f"Paragraph {number}. {SENTENCE * 2}".strip() for number in range(12)]
    pieces = list(RecursiveSplitter(250, 0).split([Section("\n\n".join(paragraphs))]))
    for paragraph in paragraphs:
        assert any(paragraph in piece.text for piece in pieces)


def test_a_heading_is_not_cut_from_the_long_paragraph_below_it() -> None:
    (first, *_) = RecursiveSplitter(200, 0).split([Section(f"Risk factors\n\n{SENTENCE * 10}")])
    assert first.text.startswith("Risk factors\n\nThe company")


def test_table_lines_are_never_cut() -> None:
    lines = [f"Year: {year}; Revenue: {year * 7} million" for year in range(1900, 2000)]
    pieces = list(RecursiveSplitter(300, 50).split([Section("\n".join(lines))]))
    for piece in pieces:
        assert set(piece.text.split("\n")) <= set(lines)


def test_chinese_is_cut_at_full_stops() -> None:
    pieces = list(RecursiveSplitter(60, 0).split([Section("公司去年的营业收入大幅增长。" * 30)]))
    assert len(pieces) > 3
    assert all(piece.text.endswith("。") for piece in pieces)


def test_neighbours_share_the_end_of_the_earlier_one() -> None:
    words = " ".join(f"word{number}" for number in range(200))
    pieces = list(RecursiveSplitter(200, 50).split([Section(words)]))
    for earlier, later in pairwise(pieces):
        shared = earlier.end - later.start
        assert 40 <= shared <= 50
        assert later.text.startswith(earlier.text[-shared:])
        assert re.match(r"word\d+ ", later.text)


def test_spans_do_not_drift_in_a_text_that_repeats_itself() -> None:
    text = "ab " * 3000
    pieces = list(RecursiveSplitter(100, 20).split([Section(text)]))
    assert pieces[-1].end == len(text) - 1
    assert all(later.start > earlier.start for earlier, later in pairwise(pieces))


def test_sections_are_taken_one_at_a_time() -> None:
    taken = []

    def sections() -> Iterator[Section]:
        for page in (1, 2):
            taken.append(page)
            yield Section("text", page=page)

    pieces = RecursiveSplitter(100, 0).split(sections())
    assert next(pieces).page == 1
    assert taken == [1]


@pytest.mark.parametrize(("size", "overlap"), [(100, 100), (100, 150), (100, -1), (0, 0)])
def test_an_overlap_that_leaves_no_space_is_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="chunk_overlap"):
        RecursiveSplitter(size, overlap)


def test_a_text_without_any_place_to_cut_fills_its_pieces() -> None:
    pieces = list(RecursiveSplitter(1000, 100).split([Section("x" * 10_000)]))
    assert [len(piece.text) for piece in pieces] == [900] * 11 + [100]


def test_a_splitter_that_has_split_nothing_imports_no_library() -> None:
    loaded = modules_after(
        "from carrel.ingest.chunking.splitter import RecursiveSplitter; RecursiveSplitter(100, 10)"
    )
    assert not loaded & {"langchain_text_splitters", "langchain_core"}

"""Near-duplicates, neighbours, and pages among the passages."""

from hypothesis import given
from hypothesis import strategies as st

from carrel.core.documents import Chunk, RetrievedChunk
from carrel.services.retrieval.passages import deduplicate, diversify, merge_adjacent

TEXT = "One two three four five. Six seven eight nine ten.\n\nEleven twelve thirteen fourteen."


def part(
    start: int,
    end: int,
    ordinal: int,
    score: float = 0.5,
    page: int | None = 1,
    document: str = "d",
) -> RetrievedChunk:
    """A chunk of TEXT."""
    chunk = Chunk(
        f"{document}{ordinal}", document, ordinal, TEXT[start:end], page, None, start, end
    )
    return RetrievedChunk(chunk, "a.pdf", "UserData", score)


def plain(text: str, document: str = "d", page: int | None = None) -> RetrievedChunk:
    """A chunk by itself."""
    return RetrievedChunk(Chunk(text, document, 0, text, page), f"{document}.txt", "UserData", 0.5)


def test_overlapping_neighbours_become_one_text_at_the_place_of_the_better() -> None:
    passages = merge_adjacent([part(25, 50, 1, 0.9), plain("Other.", "e"), part(10, 40, 0, 0.2)])
    assert [each.chunk.text for each in passages] == [TEXT[10:50], "Other."]
    assert (passages[0].chunk.start, passages[0].chunk.end) == (10, 50)
    assert passages[0].chunk.id == "d1"
    assert passages[0].score == 0.9


def test_white_space_between_neighbours_is_kept_in_length() -> None:
    (passage,) = merge_adjacent([part(0, 50, 0), part(52, len(TEXT), 1)])
    assert passage.chunk.text == TEXT


def test_chunks_of_other_pages_documents_and_sections_stay_apart() -> None:
    for other in (part(25, 50, 1, page=2), part(25, 50, 1, document="e"), part(60, 70, 1)):
        assert len(merge_adjacent([part(0, 30, 0), other])) == 2
    # The next section of the page counts from 0 again.
    assert len(merge_adjacent([part(0, 30, 0), part(0, 20, 1)])) == 2


def test_a_joined_passage_has_a_longest_length() -> None:
    assert len(merge_adjacent([part(0, 30, 0), part(25, 50, 1)], longest=49)) == 2
    assert len(merge_adjacent([part(0, 30, 0), part(25, 50, 1)], longest=50)) == 1


@given(
    st.lists(st.tuples(st.integers(10, 30), st.integers(0, 4)), max_size=6),
    st.permutations(range(6)),
)
def test_a_joined_text_is_always_the_pages_own(
    cuts: list[tuple[int, int]], order: list[int]
) -> None:
    chunks, end = [], 0
    for ordinal, (length, overlap) in enumerate(cuts):
        start = max(end - overlap, 0)
        end = start + length
        if end <= len(TEXT):
            chunks.append(part(start, end, ordinal))
    for each in merge_adjacent([chunks[place] for place in order if place < len(chunks)]):
        assert each.chunk.text == TEXT[each.chunk.start : each.chunk.end]


def test_a_short_chunk_between_two_is_not_taken_for_white_space() -> None:
    chunks = [part(0, 10, 0), part(10, 20, 1), part(22, 32, 3), part(16, 26, 2)]
    for each in merge_adjacent(chunks):
        assert each.chunk.text == TEXT[each.chunk.start : each.chunk.end]


def test_what_says_the_same_is_left_out_and_another_number_is_not_the_same() -> None:
    wording = "The committee met in spring and decided to continue the programme for {} more years."
    kept = deduplicate(
        [plain(wording.format(3)), plain(wording.format(4)), plain(wording.format(3) + " ")]
    )
    assert [each.chunk.text for each in kept] == [wording.format(3), wording.format(4)]


def test_nearly_the_same_words_are_the_same() -> None:
    words = [f"word{first}{second}" for first in "abcdefgh" for second in "stuvwx"]
    one, other = " ".join(words), " ".join([*words[:-1], "end"])
    assert len(deduplicate([plain(one), plain(other)])) == 1
    assert (
        len(deduplicate([plain(one), plain(" ".join(words[:20]) + " and nothing of it more")])) == 2
    )
    assert len(deduplicate([plain("Yes."), plain("No."), plain("!"), plain("?")])) == 3


def test_each_page_comes_once_before_any_comes_twice() -> None:
    passages = [plain("a", page=1), plain("b", page=1), plain("c"), plain("d", page=2), plain("e")]
    assert [each.chunk.text for each in diversify(passages)] == ["a", "c", "d", "e", "b"]
    assert diversify([]) == []

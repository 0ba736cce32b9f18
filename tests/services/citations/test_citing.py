"""Quotes are verbatim, and the right ones."""

from hypothesis import given
from hypothesis import strategies as st

from carrel.core.documents import Chunk, RetrievedChunk
from carrel.services.citations.citing import LONGEST_QUOTE, cite
from carrel.services.text.sentences import sentences

REPORT = (
    "The company was founded in 1902 in Two Harbors. Net sales were $34.2 billion in 2022. "
    "Net sales were $35.4 billion in 2021.\nIt employs 92,000 people."
)


def retrieved(text: str) -> RetrievedChunk:
    return RetrievedChunk(Chunk("c", "d", 0, text, 7), "3M.pdf", "UserData", 0.5)


def test_the_quote_is_the_sentence_that_supports_the_answer() -> None:
    [source] = cite("What were net sales in 2022?", "They were $34.2 billion.", [retrieved(REPORT)])
    assert source.quote == "Net sales were $34.2 billion in 2022."
    assert (source.index, source.document, source.page) == (1, "3M.pdf", 7)


def test_an_answer_without_shared_words_falls_back_on_the_question() -> None:
    [source] = cite("How many people does it employ?", "No idea", [retrieved(REPORT)])
    assert source.quote == "It employs 92,000 people."


def test_sources_keep_the_order_in_which_they_were_numbered() -> None:
    sources = cite("q", "a", [retrieved("one"), retrieved("two"), retrieved("three")])
    assert [(source.index, source.quote) for source in sources] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
    ]


@given(text=st.text(min_size=1), answer=st.text(max_size=50))
def test_every_quote_is_verbatim_and_bounded(text: str, answer: str) -> None:
    [source] = cite("question", answer, [retrieved(text)])
    assert source.quote in text
    assert len(source.quote) <= LONGEST_QUOTE or not sentences(text)

"""The best sentences come first, and each is a verbatim part of its chunk."""

from hypothesis import given
from hypothesis import strategies as st

from carrel.core.documents import Chunk, RetrievedChunk
from carrel.services.chat.relevance import Passage, passages_of, rank


def retrieved(text: str) -> RetrievedChunk:
    return RetrievedChunk(Chunk("c", "d", 0, text), "a.txt", "UserData", 0.5)


@given(st.lists(st.text(), max_size=4))
def test_every_passage_is_where_it_says(texts: list[str]) -> None:
    chunks = [retrieved(text) for text in texts]
    for passage in passages_of(chunks):
        assert chunks[passage.source - 1].chunk.text[passage.start : passage.end] == passage.text


def test_a_sentence_in_two_chunks_is_one_passage_and_of_the_first() -> None:
    chunks = [retrieved("The tide rises. Boats leave."), retrieved("Boats leave. Gulls cry.")]
    found = [(each.text, each.source) for each in passages_of(chunks)]
    assert found == [("The tide rises.", 1), ("Boats leave.", 1), ("Gulls cry.", 2)]


def ranked(question: str, texts: list[str], cosines: list[float]) -> list[str]:
    passages = [Passage(text, 1, 0, len(text)) for text in texts]
    return [each.passage.text for each in rank(question, passages, cosines, 2)]


def test_rare_words_of_the_question_outweigh_common_ones() -> None:
    texts = ["The harbor opened.", "The harbor is old.", "The harbor pays a pilot."]
    assert ranked("Does the harbor pay a pilot?", texts, [0.5] * 3)[0] == texts[2]


def test_the_cosine_decides_where_words_do_not() -> None:
    texts = ["Bread is baked daily.", "Wages rose."]
    assert ranked("How did pay develop?", texts, [0.1, 0.4]) == [texts[1], texts[0]]


def test_an_earlier_chunk_wins_between_equals() -> None:
    later, earlier = Passage("Boats leave.", 3, 0, 12), Passage("Boats sail.", 1, 0, 11)
    best = rank("Boats?", [later, earlier], [0.5, 0.5], 1)
    assert [each.passage for each in best] == [earlier]

"""The few words that answer are found in the sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.services.chat.relevance import Evidence, Passage
from carrel.services.chat.span_selection import LONGEST_SPAN, Span, candidate_spans, likeliest


def evidence(text: str, score: float = 1.0) -> Evidence:
    return Evidence(Passage(text, 1, 0, len(text)), score)


SENTENCE = "The yard was founded in 1902 by Ada Lind and employs 340 people."


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When was the yard founded?", "1902"),
        ("Who founded the yard?", "Ada Lind"),
        ("How many people does the yard employ?", "340"),
    ],
)
def test_the_first_span_is_of_the_kind_that_is_asked(question: str, answer: str) -> None:
    assert candidate_spans(question, [evidence(SENTENCE)], 5)[0].text == answer


@given(question=st.text(max_size=60), text=st.text(max_size=200))
def test_every_span_is_in_its_sentence(question: str, text: str) -> None:
    spans = candidate_spans(question, [evidence(text)], 10)
    assert len({span.text for span in spans}) == len(spans) <= 10
    assert all(span.text and span.text in text for span in spans)
    assert all(len(span.text.split()) <= LONGEST_SPAN for span in spans)


def test_other_languages_have_spans_too() -> None:
    spans = candidate_spans("Wann wurde die Werft gebaut?", [evidence("Die Werft: 1902.")], 5)
    assert "1902" in [span.text for span in spans]


def test_the_better_sentence_gives_the_better_span() -> None:
    sentences = [evidence("Pilots eat herring.", 0.2), evidence("Pilots eat bread.", 0.9)]
    assert candidate_spans("What do pilots eat?", sentences, 1)[0].text == "bread"


def test_what_the_model_wrote_decides_between_near_spans() -> None:
    passage = Passage("bread and herring", 1, 0, 17)
    spans = [Span("bread", passage, 1.2), Span("herring", passage, 1.0)]
    assert likeliest(spans, "") == spans[0]
    assert likeliest(spans, "Herring.\nbread bread") == spans[1]
    assert likeliest([Span("bread", passage, 3.0), spans[1]], "Herring") != spans[1]


def test_without_words_there_is_no_span() -> None:
    assert candidate_spans("Who?", [evidence("…!")], 5) == []
    assert likeliest([], "Ada") is None


def test_a_time_of_day_is_not_cut_in_two() -> None:
    sentence = evidence("The reading room is open until 20:00 on Thursdays.")
    spans = candidate_spans("Until when is the reading room open on Thursdays?", [sentence], 40)
    assert not any(span.text.endswith("20") for span in spans)
    assert "20:00" in likeliest(spans, "20:00").text  # type: ignore[union-attr]

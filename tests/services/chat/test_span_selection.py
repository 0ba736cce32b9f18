"""The few words that answer are found in the sentence, and shown where they are certain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.services.chat.span_selection import LONGEST_SPAN, candidate_spans, certain_span

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
    assert candidate_spans(question, SENTENCE)[0].text == answer


@given(question=st.text(max_size=60), text=st.text(max_size=200))
def test_every_span_is_in_its_sentence(question: str, text: str) -> None:
    spans = candidate_spans(question, text)
    assert len({span.text for span in spans}) == len(spans)
    assert all(span.text and span.text in text for span in spans)
    assert all(len(span.text.split()) <= LONGEST_SPAN for span in spans)


@given(question=st.text(max_size=60), text=st.text(max_size=200))
def test_a_certain_span_is_in_its_sentence(question: str, text: str) -> None:
    assert (certain_span(question, text) or "") in text


def test_other_languages_have_spans_too() -> None:
    spans = candidate_spans("Wann wurde die Werft gebaut?", "Die Werft: 1902.")
    assert "1902" in [span.text for span in spans]


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("When was the boiler cleaned?", "On 4 May 2024 the boiler was cleaned.", "4 May 2024"),
        ("When was the roof repaired?", "The roof was repaired 14.05.2024.", "14.05.2024"),
        ("Who founded the yard?", "The yard was founded in 1902 by Ada Lind.", "Ada Lind"),
        (
            "When did the ferry sink?",
            "The ferry of 1912 was repaired in 1931 and sank in 1954.",
            None,
        ),
        ("What do pilots eat?", "Pilots eat bread and herring.", None),
        ("Why was the yard founded?", SENTENCE, None),
    ],
    ids=["a date with its day", "digits", "a name", "one date of several", "a thing", "a reason"],
)
def test_few_words_are_shown_only_where_one_span_is_far_ahead(
    question: str, sentence: str, answer: str | None
) -> None:
    assert certain_span(question, sentence) == answer


def test_without_words_there_is_no_span() -> None:
    assert candidate_spans("Who?", "…!") == []
    assert certain_span("Who?", "…!") is None


def test_a_time_of_day_is_not_cut_in_two() -> None:
    sentence = "The reading room is open until 20:00 on Thursdays."
    spans = candidate_spans("Until when is the reading room open on Thursdays?", sentence)
    assert not any(span.text.endswith("20") for span in spans)


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("Wann ist die Miete fällig?", "Die Miete ist am 20. Oktober fällig.", "20. Oktober"),
        ("Wie hoch ist die Miete?", "Die Miete ist am 20. Oktober fällig.", None),
        ("When was it opened?", "It was opened on 14 May by the mayor.", "14 May"),
        ("Quand a-t-il ouvert ?", "Il a ouvert le 3 mars 2019.", "3 mars 2019"),
        ("什么时候开业?", "公司于2024年5月14日开业。", "2024年5月14日"),
        ("How many tiles were replaced?", "In May 2024 20 tiles were replaced.", None),
        ("How many days did the repair take?", "The repair took nine days.", None),
        ("Who signed it?", "It was signed by April Jones in 2021.", "April Jones"),
    ],
)
def test_a_date_is_shown_whole_and_is_no_amount(
    question: str, sentence: str, words: str | None
) -> None:
    assert certain_span(question, sentence) == words

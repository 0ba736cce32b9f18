"""Sentences and lines of texts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from carrel.services.text.sentences import sentence_spans, sentences


def test_a_sentence_continues_over_the_lines_of_a_page_and_rows_of_a_table_do_not() -> None:
    lines = "He has left an indelible mark on the business, the organization and"
    text = (
        f"{lines}\nthe sneaker community. Next sentence.\nNet sales 2022 34.2\nNet sales 2021 35.4"
    )
    assert sentences(text) == [
        f"{lines}\nthe sneaker community.",
        "Next sentence.",
        "Net sales 2022 34.2",
        "Net sales 2021 35.4",
    ]
    assert sentences("Mary N. Dillon leads Foot Locker, Inc. from now on. Really.") == [
        "Mary N. Dillon leads Foot Locker, Inc. from now on.",
        "Really.",
    ]
    assert sentences("He said “No.” Then he left (at six.) It was **late.** *So* it ended.") == [
        "He said “No.”",
        "Then he left (at six.)",
        "It was **late.**",
        "*So* it ended.",
    ]
    assert sentences("Short heading\nA paragraph below it") == [
        "Short heading",
        "A paragraph below it",
    ]


@given(st.text())
def test_sentences_are_where_their_spans_are_and_do_not_overlap(text: str) -> None:
    spans = sentence_spans(text)
    assert [text[start:end] for start, end in spans] == sentences(text)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))

"""Sentences and lines of texts."""

from itertools import pairwise

import pytest
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


@pytest.mark.parametrize(
    "sentence",
    [
        "Geschäftsführerin ist seit dem 1. Februar 2023 Dr. Anna Ostermann.",
        "Die Frist endet am 30. September und gilt nach Abs. 2 Satz 1.",
        "Der Umsatz stieg im 3. Quartal, z. B. Strom und d. h. Gas.",
        "La directrice est Mme. Lefort, qui succède à MM. Petit et Roux.",
        "El Sr. García firmó la pág. 7.",
        "Дом стоит на ул. Ленина.",
        "She met Dr. Grant, Mrs. Hill and Prof. Ross at No. 10.",
        "See Fig. 3 and Sec. IV of the report.",
        "It opened on Sept. 5 at Mt. Kisco, Tel. 3114.",
        "Wir fragten Dr. med. Lind in der Langen Str. 5.",
        "Отчёт сдал проф. Иванов.",
    ],
)
def test_an_abbreviation_or_an_ordinal_ends_no_sentence(sentence: str) -> None:
    assert sentences(f"{sentence} Next one.") == [sentence, "Next one."]


@pytest.mark.parametrize(
    "text",
    [
        "He said No. Then he left.",
        "So ist ihre Art. Sie bleibt.",
        "Il aime cet art. Elle aussi.",
        "Мы верим им. Потом увидим.",
        "Wie geht es Dir. Hast Du Sorgen?",
        "It reached 120.5 °C. The pump stopped.",
        "The train ran at 100 km/h. It was late.",
    ],
)
def test_a_word_like_an_abbreviation_ends_a_sentence(text: str) -> None:
    assert len(sentences(text)) == 2


def test_a_number_ends_a_sentence_and_that_of_a_list_item_does_not() -> None:
    assert sentences("It was 5. Then it rained.") == ["It was 5.", "Then it rained."]
    assert sentences("It was 15. Then it rained.") == ["It was 15.", "Then it rained."]
    steps = ["1. Open the valve.", "12. Close it.", "- 3. Wait.", "• 4. Wait again."]
    assert sentences("\n".join(steps)) == steps


def test_a_sentence_continues_over_the_lines_of_a_narrow_column() -> None:
    column = "By 2002, the number of farms had declined\nfrom 697 to 603, and the land\nwith them."
    assert sentences(column) == [column]
    assert sentences("apples\npears\nplums") == ["apples", "pears", "plums"]


def test_a_closing_quote_and_the_number_of_a_source_belong_to_their_sentence() -> None:
    assert sentences("“利润为1180万元。” [1]\n他说：“不。”然后走了。") == [
        "“利润为1180万元。” [1]",
        "他说：“不。”",
        "然后走了。",
    ]


@given(st.text())
def test_sentences_are_where_their_spans_are_and_do_not_overlap(text: str) -> None:
    spans = sentence_spans(text)
    assert [text[start:end] for start, end in spans] == sentences(text)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))

"""Dates, amounts, part numbers and pictographs in their spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.services.text.dates import date_spans
from carrel.services.text.exact_forms import exact_forms, quoted_phrases
from carrel.services.text.search_words import with_search_words


@pytest.mark.parametrize(
    "text",
    [
        "On 14 May 2024 it rained.",
        "on the 14th of May, 2024",
        "May 14, 2024",
        "2024-05-14",
        "14.05.2024",
        "14.5.24",
        "14/05/2024",
        "am 14. Mai 2024",
        "le 14 mai 2024",
        "el 14 de mayo de 2024",
        "il 14 maggio 2024",
        "14 мая 2024 года",
        "2024年5月14日",
        "2024년 5월 14일",
        "١٤ مايو ٢٠٢٤",
        "２０２４－０５－１４",
    ],
)
def test_a_day_has_one_form(text: str) -> None:
    assert {"date20240514", "month202405"} <= exact_forms(text).keys()


@pytest.mark.parametrize("text", ["in May 2024", "im Mai 2024", "2024-05", "2024年5月", "mai 2024"])
def test_a_month_has_the_form_of_its_days(text: str) -> None:
    assert "month202405" in exact_forms(text)
    assert not [each for each in exact_forms(text) if each.startswith("date")]


def test_both_readings_of_a_day_and_no_day_that_does_not_exist() -> None:
    assert {"date20240403", "date20240304"} <= exact_forms("03/04/2024").keys()
    assert "date20240230" not in exact_forms("30 February 2024")
    assert not exact_forms("They may 14 times 2024.")


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("number48900", ["48,900 crowns", "48 900", "48.900 €", "48'900", "48900", "４８９００"]),
        ("number1250000", ["1.25 million", "1,25 Mio. Euro", "1,250,000", "125万", "1250 тыс."]),
        ("number12p5", ["12.5 %", "12,50 Euro"]),
        ("codeab10297", ["AB-1029/7", "ab1029/7", "AB.1029.7"]),
        ("sign1f9ef", ["🧯", "the 🧯 means that it is moved"]),
    ],
)
def test_other_things_have_one_form(form: str, texts: list[str]) -> None:
    for text in texts:
        assert form in exact_forms(text), text


@pytest.mark.parametrize("text", ["5 miles", "in 2024", "the 14th", "192.168.0.1", "12 people"])
def test_ordinary_words_and_numbers_have_none(text: str) -> None:
    assert not exact_forms(text)


def test_what_is_quoted() -> None:
    assert quoted_phrases('Who said "Not  Yet" and „Die Sache“ or «non»?') == [
        "not yet",
        "die sache",
        "non",
    ]
    assert quoted_phrases("It's the clerk's desk") == []


def test_search_words_are_below_the_text() -> None:
    assert with_search_words("Paid 48,900.") == "Paid 48,900.\nnumber48900"
    assert with_search_words("Paid in cash.") == "Paid in cash."


@given(st.text(alphabet="0123456789 .,/-年月日abMay万%"))
def test_any_text_has_forms_of_letters_and_digits(text: str) -> None:
    assert all(each.isalnum() and each.islower() for each in exact_forms(text))
    assert all(text[start:end].strip() for start, end in date_spans(text))

"""Words made comparable."""

import pytest

from carrel.services.text.terms import stem, terms


def test_words_are_stemmed_and_stop_words_dropped() -> None:
    assert terms("What were the companies that it acquired?") == terms("company acquiring")


@pytest.mark.parametrize("written", ["FY21", "FY2021", "fy 2021", "FY'21", "2021"])
def test_a_fiscal_year_is_its_number(written: str) -> None:
    assert terms(f"revenue in {written}") == ["revenu", "2021"]


def test_numbers_and_other_scripts_stay_as_they_are() -> None:
    assert terms("1,234.5 Straße 東京 кипит") == ["1,234.5", "straße", "東京", "кипит"]


def test_forms_of_a_word_have_one_stem() -> None:
    assert stem("Opened") == stem("opens") == stem("opening") == "open"

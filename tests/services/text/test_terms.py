"""Words made comparable, and their weights."""

import math

import pytest

from carrel.services.text.terms import BACKGROUND, TermWeights, stem, terms


def test_words_are_stemmed_and_stop_words_dropped() -> None:
    assert terms("What were the companies that it acquired?") == terms("company acquiring")


@pytest.mark.parametrize("written", ["FY21", "FY2021", "fy 2021", "FY'21", "2021"])
def test_a_fiscal_year_is_its_number(written: str) -> None:
    assert terms(f"revenue in {written}") == ["revenu", "2021"]


def test_numbers_and_other_scripts_stay_as_they_are() -> None:
    assert terms("1,234.5 Straße 東京 кипит") == ["1,234.5", "straße", "東京", "кипит"]


def test_the_weight_is_the_inverse_frequency() -> None:
    weights = TermWeights([["a", "b"], ["a"], ["a", "a"]])
    texts = 3 + BACKGROUND
    assert weights.weight("a") == pytest.approx(math.log(1 + (texts - 2.5) / 3.5))
    assert weights.weight("b") == pytest.approx(math.log(1 + (texts - 0.5) / 1.5))
    assert weights.weight("none") == pytest.approx(math.log(1 + (texts + 0.5) / 0.5))


def test_coverage_is_the_share_of_the_questions_weight() -> None:
    weights = TermWeights([["a", "b"], ["a"], ["c"]])
    assert weights.coverage(["a", "b"], ["a", "b", "c"]) == pytest.approx(1.0)
    assert weights.coverage(["a", "b"], ["c"]) == 0
    expected = weights.weight("b") / (weights.weight("a") + weights.weight("b"))
    assert weights.coverage(["a", "b", "b"], ["b"]) == pytest.approx(expected)
    assert weights.coverage([], ["a"]) == 0


def test_forms_of_a_word_have_one_stem() -> None:
    assert stem("Opened") == stem("opens") == stem("opening") == "open"

"""The figures of an evaluation against values that were computed by hand."""

from __future__ import annotations

import pytest

from carrel.evaluate.metrics import (
    Abstention,
    abstention,
    contains,
    exact_match,
    first_rank,
    hit_at,
    is_verbatim,
    mean,
    mean_reciprocal_rank,
    normalised,
    percentile,
    token_f1,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Quick, brown Fox!", "quick brown fox"),
        ("an apple a day", "apple day"),
        ("Theodore", "theodore"),
        ("$1,577.00", "157700"),
        ("co-operate", "cooperate"),
        ("The", ""),
    ],
)
def test_texts_are_normalised_as_squad_does(text: str, expected: str) -> None:
    assert normalised(text) == expected


def test_an_exact_match_is_with_any_accepted_answer() -> None:
    assert exact_match("The Denver Broncos.", ["Broncos", "Denver Broncos"])
    assert not exact_match("The Denver Broncos won.", ["Denver Broncos"])
    assert not exact_match("Denver", [])


def test_f1_counts_common_words_as_often_as_both_have_them() -> None:
    # Common: denver, broncos; precision 2/4, recall 2/2.
    assert token_f1("It was Denver Broncos", ["Denver Broncos"]) == pytest.approx(2 / 3)
    # "ho" occurs three times and twice: common 2, precision 2/3, recall 2/2.
    assert token_f1("ho ho ho", ["ho ho"]) == pytest.approx(0.8)
    assert token_f1("Denver", ["Carolina", "Denver Broncos"]) == pytest.approx(2 / 3)
    assert token_f1("", ["Denver"]) == 0.0
    assert token_f1("Denver", []) == 0.0


def test_an_answer_is_in_a_text_in_whole_words() -> None:
    assert contains("Revenue was 2 million\nin the year.", ["2 million in year"])
    assert not contains("It was 2022.", ["2"])
    assert contains("It is 12 % of them.", ["%"])
    assert not contains("It is a part.", ["%"])
    assert not contains("Whatever", ["", " "])
    assert not contains("Whatever", [])


def test_ranks_count_from_one() -> None:
    assert first_rank([False, True, True]) == 2
    assert first_rank([False]) is None
    ranks = [1, 2, None, 4]
    assert hit_at(ranks, 1) == 0.25
    assert hit_at(ranks, 2) == 0.5
    assert hit_at(ranks, 5) == 0.75
    assert mean_reciprocal_rank(ranks) == pytest.approx((1 + 0.5 + 0 + 0.25) / 4)
    assert hit_at([], 1) is None
    assert mean_reciprocal_rank([]) is None


def test_percentiles_interpolate() -> None:
    values = [4.0, 1.0, 3.0, 2.0]
    assert percentile(values, 50) == 2.5
    assert percentile(values, 95) == pytest.approx(3.85)
    assert percentile(values, 100) == 4.0
    assert percentile([7.0], 95) == 7.0
    assert percentile([], 50) is None
    assert mean([]) is None


def test_abstention_is_judged_on_both_kinds_of_questions() -> None:
    outcomes = [
        *[(False, True)] * 3,
        (False, False),
        *[(True, True)] * 2,
        *[(True, False)] * 6,
    ]
    found = abstention(outcomes)
    assert found == Abstention(0.6, 0.75, 0.75, 0.75)


def test_abstention_without_one_kind_of_question_has_no_balance() -> None:
    assert abstention([(True, False), (True, True)]) == Abstention(0.0, None, 0.5, None)
    assert abstention([(False, False)]) == Abstention(None, 0.0, None, None)


def test_a_verbatim_quote_is_there_to_the_character() -> None:
    assert is_verbatim("two  words", "The two  words.")
    assert not is_verbatim("two words", "The two  words.")
    assert not is_verbatim("", "The two words.")

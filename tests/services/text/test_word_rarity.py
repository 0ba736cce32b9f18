"""Weights of words by rarity."""

import math

import pytest

from carrel.services.text.word_rarity import WordRarity


def test_the_weight_is_the_inverse_frequency() -> None:
    rarity = WordRarity([["a", "b"], ["a"], ["a", "a"]], background=10)
    texts = 3 + 10
    assert rarity.weight("a") == pytest.approx(math.log(1 + (texts - 2.5) / 3.5))
    assert rarity.weight("b") == pytest.approx(math.log(1 + (texts - 0.5) / 1.5))
    assert rarity.weight("none") == pytest.approx(math.log(1 + (texts + 0.5) / 0.5))


def test_the_share_is_that_of_the_wanted_weight() -> None:
    rarity = WordRarity([["a", "b"], ["a"], ["c"]], background=10)
    assert rarity.share({"a", "b"}, ["a", "b", "c"]) == pytest.approx(1.0)
    assert rarity.share({"a", "b"}, ["c"]) == 0
    expected = rarity.weight("b") / (rarity.weight("a") + rarity.weight("b"))
    assert rarity.share({"a", "b"}, ["b"]) == pytest.approx(expected)
    assert rarity.share(set(), ["a"]) == 0


def test_without_smoothing_only_what_tells_texts_apart_weighs() -> None:
    rarity = WordRarity([["a", "b"], ["a"]], smoothing=0.0)
    assert rarity.weight("a") == 0
    assert rarity.weight("b") == pytest.approx(math.log(2))
    assert rarity.weight("none") == math.inf
    assert rarity.share({"a"}, ["a"]) == 0


def test_the_base_is_added_to_each_weight() -> None:
    texts = [["a", "b"], ["a"]]
    plain, based = WordRarity(texts), WordRarity(texts, base=1.0)
    for word in ("a", "b", "none"):
        assert based.weight(word) == pytest.approx(1 + plain.weight(word))
    assert based.total(["a", "a", "b"]) == pytest.approx(3 + plain.total(["a", "a", "b"]))


def test_it_knows_the_words_of_its_texts() -> None:
    rarity = WordRarity([["a", "a", "b"], ["b"]], background=10)
    assert "a" in rarity
    assert "c" not in rarity
    assert rarity.counts == {"a": 1, "b": 2}

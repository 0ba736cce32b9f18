"""Amounts and denials are the same however they are written, and differ where they differ."""

from __future__ import annotations

import pytest

from carrel.services.citations.facts import amounts, contradicts


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1,500", "1500", True),
        ("$3.2 million", "3.2 million dollars", True),
        ("$3.2 million", "3,200,000 dollars", True),
        ("EUR 5bn", "€5 billion", True),
        ("five per cent", "5%", True),
        ("3.2", "$3.2 million", True),
        ("$3.2 million", "$3.2 billion", False),
        ("$3.2 million", "€3.2 million", False),
        ("5%", "5 dollars", False),
        ("2021", "2022", False),
    ],
)
def test_amounts_agree_where_they_say_the_same(one: str, other: str, same: bool) -> None:
    [first], [second] = amounts(one), amounts(other)
    assert first.agrees(second) is second.agrees(first) is same


def test_the_number_of_a_version_is_no_amount() -> None:
    assert amounts("v1.2.3 of the tool") == []


@pytest.mark.parametrize(
    ("sentence", "quote", "against"),
    [
        ("The pier opened.", "The pier has not opened yet.", True),
        ("The pier did not open.", "The pier opened in May.", True),
        ("It didn't rise.", "It rose.", True),
        ("The pier isn't open.", "The pier is no longer open.", False),
        ("It costs 5 euros.", "It costs no more than 5 euros.", False),
        ("It runs ferries.", "It runs not only ferries.", False),
        ("Ada was born in Bergen.", "Ada was not born in Oslo, but was born in Bergen.", False),
    ],
)
def test_what_a_sentence_denies_has_to_be_denied_there(
    sentence: str, quote: str, against: bool
) -> None:
    assert contradicts(sentence, [quote]) is against

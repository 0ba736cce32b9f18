"""Words of texts."""

import pytest

from carrel.services.text.words import WordForm, character_pairs, word_matches, words

TEXT = "The U.S isn't Jean-Luc's: LEAST_SHARE is 1,234.5, or 12"


@pytest.mark.parametrize(
    ("form", "found"),
    [
        (WordForm.WORD, "the u s isn t jean luc s least_share is 1,234.5 or 12"),
        (WordForm.TERM, "the u s isn t jean luc s least share is 1,234.5 or 12"),
        (WordForm.PLAIN, "the u s isn t jean luc s least share is 1 234 5 or 12"),
        (WordForm.CONTRACTION, "the u s isn't jean luc's least share is 1 234 5 or 12"),
        (WordForm.COMPOUND, "the u.s isn't jean-luc's least share is 1 234.5 or 12"),
    ],
)
def test_each_form_has_its_words(form: WordForm, found: str) -> None:
    assert words(TEXT, form) == found.split()
    assert [match[0].lower() for match in word_matches(TEXT, form)] == found.split()


def test_matches_are_as_written() -> None:
    [first, second] = word_matches("An Inn")
    assert (first[0], second[0], second.start()) == ("An", "Inn", 3)


def test_scripts_without_spaces_give_pairs_of_characters() -> None:
    assert character_pairs("東京都は") == ["東京", "京都", "都は"]
    assert character_pairs("a東bไทย") == ["東", "ไท", "ทย"]
    assert character_pairs("word") == []

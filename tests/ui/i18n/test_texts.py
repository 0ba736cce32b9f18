"""Every language says everything."""

from __future__ import annotations

import re
from datetime import date

import pytest

from carrel.ui.i18n.texts import ENGLISH, LANGUAGES, texts_for


def blanks(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_language_has_every_text_with_the_same_blanks(language: str) -> None:
    texts = LANGUAGES[language]
    assert set(texts.by_key) == set(ENGLISH.by_key)
    for key, text in texts.by_key.items():
        assert text.strip(), key
        assert blanks(text) == blanks(ENGLISH.by_key[key]), key


def test_a_language_that_is_there_has_other_words() -> None:
    german = LANGUAGES["de"]
    same = [key for key, text in german.by_key.items() if text == ENGLISH.by_key[key]]
    assert len(same) < len(german.by_key) / 10, same


def test_the_first_language_that_there_is_counts() -> None:
    assert texts_for(["fr-FR", "de-AT", "en"]).language == "de"
    assert texts_for(["fr"]) is ENGLISH
    assert texts_for([]) is ENGLISH


def test_numbers_and_counts_are_written_as_the_language_does() -> None:
    assert ENGLISH.counted("chats.messages", 1) == "1 message"
    assert ENGLISH.counted("chats.messages", 1204) == "1,204 messages"
    assert LANGUAGES["de"].counted("chats.messages", 1204) == "1.204 Nachrichten"


def test_parts_of_numbers_shares_and_days_are_written_as_the_language_does() -> None:
    german = LANGUAGES["de"]
    assert [each.decimal(1204.56, 1) for each in (ENGLISH, german)] == ["1204.6", "1204,6"]
    assert [each.percent(0.426) for each in (ENGLISH, german)] == ["43%", "43 %"]
    day = date(2026, 3, 4)
    assert [each.day(day) for each in (ENGLISH, german)] == ["2026-03-04", "04.03.2026"]


def test_what_is_filled_in_is_escaped_in_html() -> None:
    assert "<b>" not in ENGLISH.html("chats.options", title="<b>{x}")

"""What a text is found by beside its words: stems, exact forms, quoted phrases. Pure functions."""

from __future__ import annotations

import re

from carrel.core.indexed_text import compatible
from carrel.services.text.exact_forms import exact_forms, quoted_phrases
from carrel.services.text.languages import ENGLISH, STEMMERS, language_of, stems
from carrel.services.text.terms import terms, without_vowel_signs
from carrel.services.text.words import WordForm, words


def with_search_words(text: str) -> str:
    """Return the text, and below it its exact forms, and the stems of words in other languages.

    The keyword index, which knows English endings and single words, thus finds any form of a word,
    and a date, an amount, a part number and a pictograph in any spelling.
    """
    found = [*exact_forms(text), *_stems(text)]
    return "\n".join((text, " ".join(found))) if found else text


def _stems(text: str) -> list[str]:
    language = language_of(text)
    if language == ENGLISH or language not in STEMMERS:
        return []
    plain = list(dict.fromkeys(words(without_vowel_signs(compatible(text)), WordForm.PLAIN)))
    stemmed = stems(plain, language)
    return sorted({found for word, found in zip(plain, stemmed, strict=True) if found != word})


class ExactWords:
    """What a question names exactly: its exact forms, and the phrases that it quotes."""

    def __init__(self, question: str) -> None:
        self._forms = exact_forms(question)
        self._phrases = {
            f"phrase{number}": re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)")
            for number, phrase in enumerate(quoted_phrases(question))
        }

    def within(self, text: str, language: str) -> list[str]:
        """Return a word for each that the text has, and the question's terms for it.

        "14.05.2024" has the terms of "14 May 2024", if that is asked for.
        """
        if not self._forms and not self._phrases:
            return []
        found = [each for each in exact_forms(text) if each in self._forms] if self._forms else []
        written = " ".join(self._forms[each] for each in found)
        if self._phrases:
            flat = " ".join(compatible(text).lower().split())
            found += [each for each, phrase in self._phrases.items() if phrase.search(flat)]
        return [*found, *terms(written, language)]

    def asked(self, found: set[str]) -> set[str]:
        """Return the words for what is named, of those that any text has."""
        return found & (self._forms.keys() | self._phrases.keys())

"""Terms of questions and passages."""

from __future__ import annotations

import re

from carrel.core.indexed_text import compatible
from carrel.core.stop_words import STOP_WORDS
from carrel.services.text.function_words import FUNCTION_WORDS, without_question_words
from carrel.services.text.languages import ENGLISH, stems
from carrel.services.text.words import WordForm, character_pairs, spaced_parts, words

_FISCAL_YEAR = re.compile(r"\bfy\s?'?(\d{2}|\d{4})\b")
_ARABIC_SIGNS = re.compile("[\u0640\u064b-\u0652\u0670]")


def terms(text: str, language: str = ENGLISH) -> list[str]:
    """Return the stems of a text's words and its numbers, without stop words, in order.

    Words are stemmed by the language's Snowball stemmer, so that "acquired" and "acquisition"
    match; scripts without spaces, and Korean, are pairs of characters. FY21 and FY2021 count as
    2021.
    """
    lowered = without_vowel_signs(_FISCAL_YEAR.sub(_year, compatible(text).lower()))
    # The question may be English whatever the text is.
    stop_words = STOP_WORDS | FUNCTION_WORDS.get(language, frozenset())
    content: list[str] = []
    for word in words(lowered, WordForm.TERM):
        if word in stop_words:
            continue
        pairs = character_pairs(word)
        content += [*spaced_parts(word), *pairs] if pairs else [word]
    return stems(content, language)


def question_terms(question: str, language: str = ENGLISH) -> list[str]:
    """Return the terms of a question, without its question words."""
    return terms(without_question_words(question, language), language)


def without_vowel_signs(text: str) -> str:
    """Return an Arabic text without vowel signs and lengthening strokes; others unchanged."""
    return _ARABIC_SIGNS.sub("", text)


def stem(word: str) -> str:
    """Return the English stem of one word, in lower case."""
    return stems([word.lower()], ENGLISH)[0]


def _year(match: re.Match[str]) -> str:
    digits = match[1]
    return digits if len(digits) == 4 else f"20{digits}"

"""Terms of questions and passages."""

from __future__ import annotations

import re

from carrel.core.indexed_text import compatible
from carrel.core.stop_words import STOP_WORDS
from carrel.services.text.function_words import FUNCTION_WORDS, without_question_words
from carrel.services.text.languages import ENGLISH, STEMMERS, language_of, stems
from carrel.services.text.words import WordForm, character_pairs, spaced_parts, words

_FISCAL_YEAR = re.compile(r"\bfy\s?'?(\d{2}|\d{4})\b")
# Vowel signs and the lengthening stroke, which are seldom written.
_ARABIC_SIGNS = re.compile("[\u0640\u064b-\u0652\u0670]")


def terms(text: str, language: str = ENGLISH) -> list[str]:
    """Return the stems of a text's words and its numbers, without stop words, in order.

    Words are stemmed by the language's Snowball stemmer, so that "acquired" and "acquisition"
    match; scripts without spaces, and Korean, are pairs of characters. FY21 and FY2021 count as
    2021.
    """
    lowered = _ARABIC_SIGNS.sub("", _FISCAL_YEAR.sub(_year, compatible(text).lower()))
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


def with_stems(text: str) -> str:
    """Return the text, and below it the stems of its words if its language is another than English.

    The keyword index, which knows English endings, thus finds any form of a word.
    """
    language = language_of(text)
    if language == ENGLISH or language not in STEMMERS:
        return text
    plain = list(dict.fromkeys(words(_ARABIC_SIGNS.sub("", compatible(text)), WordForm.PLAIN)))
    stemmed = stems(plain, language)
    other = {found for word, found in zip(plain, stemmed, strict=True) if found != word}
    return "\n".join((text, " ".join(sorted(other)))) if other else text


def stem(word: str) -> str:
    """Return the English stem of one word, in lower case."""
    return stems([word.lower()], ENGLISH)[0]


def _year(match: re.Match[str]) -> str:
    digits = match[1]
    return digits if len(digits) == 4 else f"20{digits}"

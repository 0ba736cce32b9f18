"""Terms of questions and passages."""

from __future__ import annotations

import re

import Stemmer

from carrel.core.stop_words import STOP_WORDS
from carrel.services.text.words import WordForm, words

_FISCAL_YEAR = re.compile(r"\bfy\s?'?(\d{2}|\d{4})\b")


def terms(text: str) -> list[str]:
    """Return the stems of a text's words and its numbers, without stop words, in order.

    English words are stemmed (Porter 2, of Snowball), so that "acquired" and "acquisition" match;
    most words of other languages are unchanged. FY21 and FY2021 count as 2021.
    """
    lowered = _FISCAL_YEAR.sub(_year, text.lower())
    content = [word for word in words(lowered, WordForm.TERM) if word not in STOP_WORDS]
    # A stemmer is stateful: one per call makes this thread-safe.
    stems: list[str] = Stemmer.Stemmer("english").stemWords(content)
    return stems


def stem(word: str) -> str:
    """Return the stem of one word, in lower case."""
    stemmed: str = Stemmer.Stemmer("english").stemWord(word.lower())
    return stemmed


def _year(match: re.Match[str]) -> str:
    digits = match[1]
    return digits if len(digits) == 4 else f"20{digits}"

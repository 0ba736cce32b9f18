"""Expected type of an answer, and whether a few words match it. Pure functions.

By the words of English questions and the form of the answer; other questions have no type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum


class AnswerType(StrEnum):
    """What a question asks for."""

    DATE = "date"
    NUMBER = "number"
    NAME = "name"
    OTHER = "other"


ASKED: dict[AnswerType, re.Pattern[str]] = {
    AnswerType.DATE: re.compile(
        r"\b(when|(what|which) (year|date|decade|century|month|day))\b", re.IGNORECASE
    ),
    AnswerType.NUMBER: re.compile(
        r"\b(how (many|much|long|old|far|large|big|high|tall|often)|percent\w*|what number"
        r"|population)\b",
        re.IGNORECASE,
    ),
    AnswerType.NAME: re.compile(
        r"\b(who|whom|whose|where|(what|which) (city|country|state|place|location))\b",
        re.IGNORECASE,
    ),
}

YEAR = re.compile(r"\b\d{3,4}s?\b")
_DATE_WORDS = (
    "january february march april may june july august september october november december century "
)
DATE_WORDS = frozenset(_DATE_WORDS.split())
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve dozen hundred hundreds "
    "thousand thousands million millions billion billions half third twice once double "
)
NUMBER_WORDS = frozenset(_NUMBER_WORDS.split())


def kind_of(question: str) -> AnswerType:
    """Return the type of a question: the first one whose words it contains."""
    return next((kind for kind, words in ASKED.items() if words.search(question)), AnswerType.OTHER)


def fit(kind: AnswerType, words: Sequence[str]) -> float:
    """Return whether words match the type: 1 they do, -1 they do not, 0 unknown."""
    small = {word.lower() for word in words}
    digits = any(character.isdigit() for word in words for character in word)
    if kind is AnswerType.DATE:
        if YEAR.search(" ".join(words)) or small & DATE_WORDS:
            return 1.0
        return 0.0 if digits else -1.0
    if kind is AnswerType.NUMBER:
        return 1.0 if digits or small & NUMBER_WORDS else -1.0
    if kind is AnswerType.NAME:
        # A description can also answer "who": missing capitals are weak evidence.
        return 1.0 if any(word[:1].isupper() for word in words) else -0.3
    return 0.0

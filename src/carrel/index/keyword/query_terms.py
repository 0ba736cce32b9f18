"""Converts text to a query of SQLite's full-text search."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from carrel.core.indexed_text import compatible
from carrel.core.stop_words import STOP_WORDS

MAXIMUM_TERMS = 128
"""Maximum terms of one query. A longer text keeps its last ones, where the question is."""

_IDEOGRAPH = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003134f"
)
_IDEOGRAPHS = re.compile(f"[{_IDEOGRAPH}]")
_AROUND_IDEOGRAPH = re.compile(f"(?<=[{_IDEOGRAPH}])|(?=[{_IDEOGRAPH}])")
_BORDER = re.compile(
    f"(?<=[{_IDEOGRAPH}])(?=[^{_IDEOGRAPH}])|(?<=[^{_IDEOGRAPH}])(?=[{_IDEOGRAPH}])"
)


def separated(text: str) -> str:
    """Return the text as it is indexed: in one form, with a space around every ideograph.

    Chinese, Japanese and Korean have no spaces between words, and the tokenizer would take a whole
    sentence as one word.
    """
    return _AROUND_IDEOGRAPH.sub(" ", compatible(text))


def match_expression(text: str) -> str | None:
    """Return an FTS5 expression that matches any word of ``text``; None without words.

    Every word is quoted, so that nothing in a text is an operator. English stop words are dropped
    unless there are no others.
    """
    words = [term for word in _words(text.lower()) for term in _terms(word)]
    distinct = list(dict.fromkeys(reversed(words)))[:MAXIMUM_TERMS]
    telling = [word for word in distinct if word not in STOP_WORDS]
    return " OR ".join(f'"{word}"' for word in telling or distinct) or None


def _words(text: str) -> list[str]:
    """Split a text as the tokenizer of the index does: letters, digits and marks make words."""
    composed = compatible(text)
    kept = (each if unicodedata.category(each)[0] in "LNM" else " " for each in composed)
    spaced = _BORDER.sub(" ", "".join(kept))
    return spaced.split()


def _terms(word: str) -> list[str]:
    """Return a word unchanged, and a run of ideographs as its pairs."""
    if len(word) == 1 or not _IDEOGRAPHS.match(word):
        return [word]
    return [f"{first} {second}" for first, second in pairwise(word)]

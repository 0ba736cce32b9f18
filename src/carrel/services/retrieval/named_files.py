"""File names in questions. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from carrel.services.text.words import WordForm, words

MOST_NAME_WORDS = 8
"""Words of a name with spaces that are tried before an ending."""

_ENDING = re.compile(r"\.\w{1,8}\b")
_START = re.compile(r"(?:^|(?<=[\s\"'“”‘’(«»„]))\S")
_PARTS = re.compile(r"[^\W\d_]+|\d+")


def possible_names(question: str) -> Iterator[str]:
    """Yield the parts of a question that may be the name of a file, the longest first."""
    for ending in _ENDING.finditer(question):
        starts = [each.start() for each in _START.finditer(question, 0, ending.start())]
        for start in starts[-MOST_NAME_WORDS:]:
            yield question[start : ending.end()]


def names_said(question: str, names: Collection[str]) -> set[str]:
    """Return the names that a question says with other signs between: ``report_7`` as "report 7".

    A name of one word is none of them: it may be any word.
    """
    said = f" {spaced(question)} "
    found = set()
    for name in names:
        own = spaced(re.sub(r"\.\w{1,8}$", "", name))
        if len(own.split()) > 1 and f" {own} " in said:
            found.add(name)
    return found


def spaced(text: str) -> str:
    """Return the words and numbers of a text, in lower case, with a blank between them."""
    parts = (part for word in words(text, WordForm.PLAIN) for part in _PARTS.findall(word))
    return " ".join(parts)

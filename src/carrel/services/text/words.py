"""Splits texts into words. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

_RUN = r"[^\W_]+"


class WordForm(Enum):
    """What one word is."""

    WORD = re.compile(r"\w+(?:[.,]\d+)*")
    """A run of letters, digits and underscores; a number with its separators: ``1,234.5``."""
    TERM = re.compile(rf"{_RUN}(?:[.,]\d+)*")
    """The same without underscores: ``least_share`` is found by "share"."""
    PLAIN = re.compile(_RUN)
    """A run of letters and digits."""
    CONTRACTION = re.compile(rf"{_RUN}(?:['’]{_RUN})?")
    """Two runs with an apostrophe: ``isn't``."""
    COMPOUND = re.compile(rf"{_RUN}(?:['’.–-]{_RUN})*")
    """Any number of runs with apostrophes, full stops or hyphens: ``U.S``, ``Jean-Luc's``."""


# Scripts without spaces, and Korean, whose words have endings: two characters count as a word.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")


def words(text: str, form: WordForm = WordForm.WORD) -> list[str]:
    """Return the words of a text in lower case."""
    return form.value.findall(text.lower())


def word_matches(text: str, form: WordForm = WordForm.WORD) -> Iterator[re.Match[str]]:
    """Yield the words of a text with their positions, as they are written."""
    return form.value.finditer(text)


def character_pairs(word: str) -> list[str]:
    """Return all pairs of adjacent characters of a script without spaces.

    A single character is returned alone; a word of another script has none.
    """
    return [
        run[at : at + 2] for run in _UNSPACED.findall(word) for at in range(max(1, len(run) - 1))
    ]


def spaced_parts(word: str) -> list[str]:
    """Return the parts of a word that are of no script without spaces, as in ``2024年``."""
    return [part for part in _UNSPACED.split(word) if part]

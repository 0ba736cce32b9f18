"""Languages of texts, and the stems of their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import Stemmer

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ENGLISH = "en"
STEMMERS = MappingProxyType(
    {
        "ar": "arabic",
        "ca": "catalan",
        "cs": "czech",
        "da": "danish",
        "de": "german",
        "el": "greek",
        "en": "english",
        "es": "spanish",
        "fa": "persian",
        "fi": "finnish",
        "fr": "french",
        "hi": "hindi",
        "hu": "hungarian",
        "id": "indonesian",
        "it": "italian",
        "nl": "dutch",
        "no": "norwegian",
        "pl": "polish",
        "pt": "portuguese",
        "ro": "romanian",
        "ru": "russian",
        "sv": "swedish",
        "tr": "turkish",
    }
)
"""Snowball's stemmer of each language."""

UNSTEMMED = ("he", "ja", "ko", "th", "uk", "vi", "zh")
"""Languages that are recognised and have no stemmer."""

LEAST_PROBABILITY = 0.9
"""Below it a text counts as English, as do those of a few numbers and names."""

_LOOKED_AT = 400
_WORD = re.compile(r"[^\W\d_]{2,}")


def language_of(text: str) -> str:
    """Return the language of a text by its beginning, as ISO 639-1; English if unclear."""
    beginning = text[:_LOOKED_AT]
    if not _WORD.search(beginning):
        return ENGLISH
    language, probability = _identifier().classify(beginning)
    return str(language) if probability >= LEAST_PROBABILITY else ENGLISH


def stems(words: Sequence[str], language: str) -> list[str]:
    """Return the Snowball stem of each word in lower case; unchanged if there is no stemmer."""
    algorithm = STEMMERS.get(language)
    if algorithm is None:
        return list(words)
    # A stemmer is stateful: one per call makes this thread-safe.
    found: list[str] = Stemmer.Stemmer(algorithm).stemWords(words)
    return found


@cache
def _identifier() -> LanguageIdentifier:
    # Reads 4 MB of tables, which takes half a second: commands that search nothing do without.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*STEMMERS, *UNSTEMMED])
    return identifier

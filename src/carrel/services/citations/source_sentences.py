"""Overlap of a sentence with the sentences of a source. Pure functions.

The measure is the share of the sentence's words that the source contains, each word weighted by
its rarity among the sources; all names, amounts and negations (``facts.py``) must agree. It
compares words, not meanings: it does not see who did what to whom.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.documents import Source
from carrel.core.stop_words import STOP_WORDS
from carrel.services.citations.facts import SPELLED, units_written_out
from carrel.services.text.sentences import sentence_spans
from carrel.services.text.terms import stem
from carrel.services.text.word_rarity import WordRarity
from carrel.services.text.words import character_pairs, word_matches, words

_CONTRACTION = re.compile(r"\b\w+n['’]t\b", re.I)
_NUMBERED_NAME = re.compile(r"\d[^\W\d_]|[^\W\d_]\d")


def normalized_terms(text: str) -> set[str]:
    """Return the terms of a text: without stop words, endings, and number formats."""
    found: set[str] = set()
    text = _CONTRACTION.sub(" not ", unicodedata.normalize("NFKC", text))
    for word in words(units_written_out(text)):
        pairs = character_pairs(word)
        if pairs:
            found.update(pairs)
        elif word not in STOP_WORDS:
            found.add(SPELLED.get(word) or _stem(word))
    return found


def exact_terms(sentence: str) -> set[str]:
    """Return the terms that must match exactly: names inside the sentence, and words with both
    letters and digits. ``facts.py`` compares plain numbers.
    """
    written = [match[0] for match in word_matches(sentence)]
    names = (normalized_terms(word) for word in written[1:] if word[0].isupper())
    return {term for name in names for term in name} | {
        term for term in normalized_terms(sentence) if _NUMBERED_NAME.search(term)
    }


def _stem(word: str) -> str:
    return word.replace(",", "") if word[0].isdigit() else stem(word)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a source: its character span within ``source.text``, and its terms.

    ``around`` are the terms of the whole source and of its document's name.
    """

    source: Source
    start: int
    end: int
    terms: frozenset[str]
    around: frozenset[str]

    @property
    def text(self) -> str:
        """The sentence, verbatim."""
        return self.source.text[self.start : self.end]


class SourceSentences:
    """The sentences of all sources of an answer, and the rarity of each word among them."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.evidence = [each for source in sources for each in _evidence(source)]
        # Among few sentences, where all words are common, each still counts.
        self.rarity = WordRarity((each.terms for each in self.evidence), base=1.0)


def _evidence(source: Source) -> list[Evidence]:
    around = frozenset(normalized_terms(f"{source.document} {source.text}"))
    return [
        Evidence(source, start, end, frozenset(normalized_terms(source.text[start:end])), around)
        for start, end in sentence_spans(source.text)
    ]

"""Overlap of a sentence with the sentences of a source. Pure functions.

The measure is the share of the sentence's words that the source contains, each word weighted by
its rarity among the sources; all names, amounts and negations (``facts.py``) must agree. It
compares words, not meanings: it does not see who did what to whom.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carrel.core.documents import Source
from carrel.core.stop_words import STOP_WORDS
from carrel.services.citations.citing import sentence_spans, words
from carrel.services.citations.facts import SPELLED, units_written_out
from carrel.services.text.terms import stem

# Scripts without spaces: two characters count as a word.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")

_NUMBERED_NAME = re.compile(r"\d[^\W\d_]|[^\W\d_]\d")


def terms(text: str) -> set[str]:
    """Return the terms of a text: without stop words, endings, and number formats."""
    found: set[str] = set()
    for word in words(units_written_out(unicodedata.normalize("NFKC", text))):
        unspaced = _UNSPACED.findall(word)
        if unspaced:
            for run in unspaced:
                found.update(run[at : at + 2] for at in range(max(1, len(run) - 1)))
        elif word not in STOP_WORDS:
            found.add(SPELLED.get(word) or _stem(word))
    return found


def exact_terms(sentence: str) -> set[str]:
    """Return the terms that must match exactly: names inside the sentence, and words with both
    letters and digits. ``facts.py`` compares plain numbers.
    """
    written = re.findall(r"\w+(?:[.,]\d+)*", sentence)
    names = (terms(word) for word in written[1:] if word[0].isupper())
    return {term for name in names for term in name} | {
        term for term in terms(sentence) if _NUMBERED_NAME.search(term)
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
    """The sentences of all sources of an answer, and the weight of each word among them."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.evidence = [each for source in sources for each in _evidence(source)]
        # One is added so that among few sentences, where all words are common, each still counts.
        counts = Counter(term for each in self.evidence for term in each.terms)
        total = len(self.evidence)
        self._weights = {
            term: 1 + math.log((1 + total) / (0.5 + count)) for term, count in counts.items()
        }
        self._unseen = 1 + math.log((1 + total) / 0.5)

    def weight(self, of: Iterable[str]) -> float:
        """Return the total weight of the terms; a word that no source contains weighs most."""
        return sum(self._weights.get(term, self._unseen) for term in of)

    def share(self, of: set[str], within: Iterable[str]) -> float:
        """Return the share of the first terms' weight that the others cover, from 0 to 1."""
        whole = self.weight(of)
        return self.weight(of.intersection(within)) / whole if whole else 0.0


def _evidence(source: Source) -> list[Evidence]:
    around = frozenset(terms(f"{source.document} {source.text}"))
    return [
        Evidence(source, start, end, frozenset(terms(source.text[start:end])), around)
        for start, end in sentence_spans(source.text)
    ]

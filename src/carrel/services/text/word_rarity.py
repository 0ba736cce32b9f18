"""Weights of words by their rarity among a few texts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable


class WordRarity:
    """Inverse document frequency.

    The weight of a word that n of N texts contain is
    ``base`` + log((N + 2 ``smoothing``) / (n + ``smoothing``)). With the default smoothing that is
    log(1 + (N - n + 0.5) / (n + 0.5)) (Robertson and Zaragoza, The Probabilistic Relevance
    Framework, 2009, kept above zero). Without smoothing a word of all texts weighs nothing.
    """

    def __init__(
        self,
        texts: Iterable[Collection[str]],
        *,
        background: int = 0,
        smoothing: float = 0.5,
        base: float = 0.0,
    ) -> None:
        """Count the texts, each given by its words, and ``background`` empty ones."""
        self.counts: Counter[str] = Counter()
        """The number of texts that contain each word."""
        total = background
        for each in texts:
            self.counts.update(set(each))
            total += 1

        def weight(count: int) -> float:
            return base + math.log((total + 2 * smoothing) / (count + smoothing))

        self._weights = {word: weight(count) for word, count in self.counts.items()}
        self._unseen = weight(0) if smoothing else math.inf

    def __contains__(self, word: str) -> bool:
        """Whether a text contains the word."""
        return word in self.counts

    def weight(self, word: str) -> float:
        """Return the weight of a word; it is highest for one that no text contains."""
        return self._weights.get(word, self._unseen)

    def total(self, words: Iterable[str]) -> float:
        """Return the total weight of words."""
        return sum(map(self.weight, words))

    def share(self, wanted: set[str], within: Iterable[str]) -> float:
        """Return the share of the wanted words' weight that other words cover, from 0 to 1."""
        whole = self.total(wanted)
        return self.total(wanted.intersection(within)) / whole if whole else 0.0

"""Selects the most representative sentences of documents, optionally about a focus.

For models that are too small to summarise: excerpts are verbatim, so they are correct. Word counts
preselect, because they are cheap; vectors decide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.protocols.adapters import Embedder, Vector
from carrel.services.summaries.whole_sentences import Sentence
from carrel.services.text.word_rarity import WordRarity
from carrel.services.text.words import words

EMBEDDED = 16
"""Sentences of one part that are compared by vectors."""

NOVELTY = 0.5
"""Weight of novelty against representativeness (maximal marginal relevance, Carbonell and
Goldstein, SIGIR 1998)."""

NEAR = 0.4
"""Cosine with the focus from which a sentence without a common word matches it, too."""

LEAD = 0.3
"""Bonus at the beginning of a document, without a focus: texts state their topic there. It falls
to zero at the end."""

COMMON = 0.2
"""Document frequency above which a word is ignored."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A candidate sentence; scores are comparable within one summary."""

    sentence: Sentence
    score: float
    vector: Vector


class ExcerptChooser:
    """Selects among the sentences of one summary; blocks while it embeds."""

    def __init__(self, embedder: Embedder, everything: Sequence[Sentence], focus: str) -> None:
        self._embedder = embedder
        self._rarity = WordRarity(each.words for each in everything)
        common = max(2.0, COMMON * len(everything))
        self._telling_words = {
            word
            for word, count in self._rarity.counts.items()
            if count <= common and not word.isdigit()
        }
        self._focus_words = self._telling_words.intersection(words(focus))
        self._focus = embedder.embed_query(focus) if focus else None

    def best(self, part: Sequence[Sentence]) -> list[Excerpt]:
        """Return the best sentences of a part, best first; with a focus, those about it."""
        if not part:
            return []
        by_words = {
            each.place: self._rarity.share(self._focus_words, each.words)
            if self._focus is not None
            else share
            for each, share in zip(part, self._telling(part), strict=True)
        }
        likely = sorted(part, key=lambda each: -by_words[each.place])[:EMBEDDED]
        vectors = self._embedder.embed_documents([each.text for each in likely])
        goal = self._focus if self._focus is not None else _mean(vectors)
        found = []
        for each, vector in zip(likely, vectors, strict=True):
            share, near = by_words[each.place], dot(goal, vector)
            if self._focus is None:
                found.append(Excerpt(each, near + share + LEAD * (1 - each.position), vector))
            elif share or near >= NEAR:
                found.append(Excerpt(each, near + share, vector))
        return sorted(found, key=lambda each: -each.score)

    def _telling(self, part: Sequence[Sentence]) -> list[float]:
        """Return how representative each sentence is of its part; 0 to 1."""
        spoken = Counter(each for one in part for each in self._telling_words & set(one.words))
        said = [
            sum(
                self._rarity.weight(each) * math.log(spoken[each])
                for each in set(one.words) & spoken.keys()
            )
            / math.sqrt(8 + len(one.words))
            for one in part
        ]
        most = max(said)
        return [each / most if most else 0.0 for each in said]


def chosen(candidates: Sequence[Excerpt], count: int, most_words: int) -> list[Excerpt]:
    """Return up to ``count`` diverse excerpts, in order of selection.

    Together they have at most ``most_words`` words, except for the first one.
    """
    left = list(candidates)
    taken: list[Excerpt] = []
    spent = 0

    def gain(each: Excerpt) -> float:
        alike = max((dot(each.vector, other.vector) for other in taken), default=0.0)
        return each.score - NOVELTY * alike

    while left and len(taken) < count:
        best = max(left, key=gain)
        left.remove(best)
        if taken and spent + len(best.sentence.words) > most_words:
            continue
        taken.append(best)
        spent += len(best.sentence.words)
    return taken


def dot(one: Vector, other: Vector) -> float:
    """Return the dot product of two vectors: the cosine of unit vectors."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def _mean(vectors: Sequence[Vector]) -> Vector:
    sums = [sum(column) for column in zip(*vectors, strict=True)]
    length = math.sqrt(sum(each * each for each in sums)) or 1.0
    return [each / length for each in sums]

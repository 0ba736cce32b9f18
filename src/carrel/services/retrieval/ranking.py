"""Ranks the results of both searches. Pure functions.

The weights were chosen with benchmarks/answers.py; its result page has the figures of each step.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from carrel.core.documents import RetrievedChunk
from carrel.services.retrieval.named_files import names_said, spaced
from carrel.services.text.languages import ENGLISH, language_of
from carrel.services.text.search_words import ExactWords
from carrel.services.text.terms import question_terms, terms
from carrel.services.text.word_rarity import WordRarity
from carrel.services.text.words import WordForm, words
from carrel.settings.document_settings import BUNDLED

TEXT_WEIGHT = 0.5
HEADING_WEIGHT = 1.0
NAME_WEIGHT = 0.2
"""Weights of the question's words in the text, its heading, and the file name; the cosine has
1."""

SAID_NAME_WEIGHT = 0.5
"""For passages of a file whose name the question says; its words count as words of the text."""

BACKGROUND = 10
"""Number of empty texts that are added to the chunks when the rarity of a word is estimated.

Most words are rare, even if there are only two chunks to estimate from. In a collection of one
passage, without them, 92 % of the questions that it answers count as answered; with ten, 97 %. With
many chunks they change nothing.
"""

UNKNOWN_COSINE_WEIGHT = 0.3
"""Weight of the cosine of a text in the question's language, which the embedder does not know; the
words in the text have the rest. Where the languages differ, the cosine is all there is."""


@dataclass(frozen=True, slots=True)
class MultilingualWeights:
    """What a cosine of the multilingual embedder above ``floor``, and the words in the text, count.

    Cosines of texts that have nothing in common are up to about ``floor``.
    """

    cosine: float
    words: float
    floor: float = 0.0

    def evidence(self, cosine: float, share: float) -> float:
        """Return the sum."""
        return self.cosine * max(cosine - self.floor, 0.0) + self.words * share


SAME_LANGUAGE = MultilingualWeights(cosine=1.2, words=1.05, floor=0.1)
OTHER_LANGUAGE = MultilingualWeights(cosine=1.8, words=0.75)
"""For texts in the question's language, and in another one, where little but names is shared.

They are on the scale of the other embedder's evidence, so that one bound of relevance serves both,
and chunks of both kinds in one collection.
"""

LONGEST_JOINED_NAME = 4
"""Words of a question that may be written as one word in a file name."""

_language_of = lru_cache(maxsize=1000)(language_of)

Scores = Sequence[tuple[str, float]]


def known_languages(embedder: str) -> Set[str] | None:
    """Return the languages of the bundled embedder; None, for all, of any other."""
    return frozenset((ENGLISH,)) if embedder == BUNDLED else None


def cosines(dense: Scores, keywords: Scores) -> dict[str, float]:
    """Return the cosine of each item of the two results, each given best first.

    The cosine of an item found only by words is unknown; the lowest known one is its upper bound.
    """
    lowest = min((score for _, score in dense), default=0.0)
    return dict.fromkeys((item for item, _ in keywords), lowest) | dict(dense)


def ranked(
    question: str,
    found: Sequence[RetrievedChunk],
    known: Set[str] | None = None,
    multilingual: Set[str] = frozenset(),
) -> list[RetrievedChunk]:
    """Return chunks, whose scores are cosines, in the order of their combined score.

    It combines the cosine and the share of the question's words, weighted by rarity among the
    chunks, in the text, in its heading, and in the file name: which statement of a report a table
    shows, and whose, is often written nowhere else. Ranks are not fused, and the keyword score is
    not used: the share of covered words is comparable between questions of any length. Scores are
    scaled by the maximum: 0 to 1, with negative cosines as 0. So is the relevance: the cosine and
    the words in the text only. ``known`` are the languages that the embedder knows, None for all;
    ``multilingual`` the ids of chunks whose score is a cosine of the multilingual embedder.
    """
    languages = [_language_of(each.chunk.text) for each in found]
    own = language_of(question)
    asked = {each: set(question_terms(question, each)) for each in {*languages, ENGLISH}}
    said = names_said(question, {each.document_name for each in found})
    exact = ExactWords(question)
    texts = [
        [
            *terms(each.chunk.text, language),
            *(terms(spaced(each.document_name), language) if each.document_name in said else ()),
            *exact.within(each.chunk.text, language),
        ]
        for each, language in zip(found, languages, strict=True)
    ]
    named = exact.asked(set().union(*texts))
    asked = {each: words_asked | named for each, words_asked in asked.items()}
    titles = [
        (each.chunk.heading or "", language)
        for each, language in zip(found, languages, strict=True)
    ]
    headings = {title: terms(*title) for title in set(titles)}
    rarity = WordRarity(
        ([*text, *headings[title]] for title, text in zip(titles, texts, strict=True)),
        background=BACKGROUND,
    )
    names = name_matches(question, {each.document_name for each in found})
    over = {title: rarity.share(asked[title[1]], each) for title, each in headings.items()}
    whole = 1 + TEXT_WEIGHT + HEADING_WEIGHT + NAME_WEIGHT
    scored = []
    for each, text, title in zip(found, texts, titles, strict=True):
        language = title[1]
        share = rarity.share(asked[language], text)
        if each.chunk.id in multilingual:
            weights = SAME_LANGUAGE if language == own else OTHER_LANGUAGE
            evidence = weights.evidence(each.score, share)
        else:
            counted = known is None or language in known or language != own
            weight = 1.0 if counted else UNKNOWN_COSINE_WEIGHT
            evidence = weight * max(each.score, 0.0) + (TEXT_WEIGHT + 1 - weight) * share
        score = evidence + HEADING_WEIGHT * over[title]
        score += NAME_WEIGHT * names[each.document_name]
        score += SAID_NAME_WEIGHT * (each.document_name in said)
        evidence = min(evidence / (1 + TEXT_WEIGHT), 1.0)
        scored.append(replace(each, score=min(score / whole, 1.0), evidence=evidence))
    return sorted(scored, key=lambda each: -each.score)


def name_matches(question: str, names: Collection[str]) -> Mapping[str, float]:
    """Return for each file name how much of it the question mentions, the best being 1.

    Words that all names share do not count. ``FOOTLOCKER_2022`` matches "Foot Locker" and "FY22".
    """
    said = _joined(question)
    of_names = {name: _name_words(name) for name in names}
    rarity = WordRarity(of_names.values(), smoothing=0.0)
    totals = {name: rarity.total(each & said) for name, each in of_names.items()}
    best = max(totals.values(), default=0.0)
    return {name: total / best if best > 0 else 0.0 for name, total in totals.items()}


def _name_words(name: str) -> set[str]:
    stem = re.sub(r"\.\w{1,8}$", "", name)
    parts = (terms(part) for part in re.findall(r"[^\W\d_]+|\d+", stem))
    return {word for part in parts for word in part if len(word) > 1}


def _joined(text: str) -> set[str]:
    """Return the terms of a text, and adjacent ones joined."""
    parts = words(text.lower().replace("'s ", " "), WordForm.PLAIN)
    spans = (
        "".join(parts[start : start + length])
        for length in range(1, LONGEST_JOINED_NAME + 1)
        for start in range(len(parts) - length + 1)
    )
    return set(terms(" ".join(spans))) | set(terms(text))

"""Ranks the results of both searches. Pure functions.

The weights were chosen with benchmarks/answers.py; its result page has the figures of each step.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from carrel.core.documents import RetrievedChunk
from carrel.services.retrieval.named_files import names_said, spaced
from carrel.services.text.terms import terms
from carrel.services.text.word_rarity import WordRarity
from carrel.services.text.words import WordForm, words

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

LONGEST_JOINED_NAME = 4
"""Words of a question that may be written as one word in a file name."""

Scores = Sequence[tuple[str, float]]


def cosines(dense: Scores, keywords: Scores) -> dict[str, float]:
    """Return the cosine of each item of the two results, each given best first.

    The cosine of an item found only by words is unknown; the lowest known one is its upper bound.
    """
    lowest = min((score for _, score in dense), default=0.0)
    return dict.fromkeys((item for item, _ in keywords), lowest) | dict(dense)


def ranked(question: str, found: Sequence[RetrievedChunk]) -> list[RetrievedChunk]:
    """Return chunks, whose scores are cosines, in the order of their combined score.

    It combines the cosine and the share of the question's words, weighted by rarity among the
    chunks, in the text, in its heading, and in the file name: which statement of a report a table
    shows, and whose, is often written nowhere else. Ranks are not fused, and the keyword score is
    not used: the share of covered words is comparable between questions of any length. Scores are
    scaled by the maximum: 0 to 1, with negative cosines as 0. So is the relevance: the cosine and
    the words in the text only."""
    asked = set(terms(question))
    said = names_said(question, {each.document_name for each in found})
    texts = [
        terms(f"{each.chunk.text} {spaced(each.document_name)}")
        if each.document_name in said
        else terms(each.chunk.text)
        for each in found
    ]
    headings = {heading: terms(heading) for heading in {each.chunk.heading or "" for each in found}}
    rarity = WordRarity(
        (
            [*text, *headings[each.chunk.heading or ""]]
            for each, text in zip(found, texts, strict=True)
        ),
        background=BACKGROUND,
    )
    names = name_matches(question, {each.document_name for each in found})
    over = {heading: rarity.share(asked, each) for heading, each in headings.items()}
    whole = 1 + TEXT_WEIGHT + HEADING_WEIGHT + NAME_WEIGHT
    scored = []
    for each, text in zip(found, texts, strict=True):
        evidence = max(each.score, 0.0) + TEXT_WEIGHT * rarity.share(asked, text)
        score = evidence + HEADING_WEIGHT * over[each.chunk.heading or ""]
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

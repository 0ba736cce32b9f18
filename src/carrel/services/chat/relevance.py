"""Selects the sentences of the retrieved chunks that most likely contain the answer. Pure.

On XQuAD, over retrieved chunks and with the bundled embedder, the best sentence contains the answer
of 82 % of the questions. By cosine alone it is 72 %, by shared words alone 78 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.documents import RetrievedChunk
from carrel.core.indexed_text import compatible
from carrel.core.protocols.adapters import Embedder
from carrel.services.text.sentences import sentences
from carrel.services.text.terms import terms
from carrel.services.text.word_rarity import WordRarity

RANK_WEIGHT = 0.2
"""Bonus of the first chunk over the last; cosine and shared words count up to 1 each."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of a chunk: ``text`` is ``chunk.text[start:end]``, verbatim.

    ``source`` is the chunk's number in the prompt, from 1.
    """

    text: str
    source: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence and its score; higher is better, at most 2.2."""

    passage: Passage
    score: float


def passages_of(chunks: Sequence[RetrievedChunk]) -> list[Passage]:
    """Return the sentences of all chunks in order, without duplicates."""
    found: dict[str, Passage] = {}
    for source, each in enumerate(chunks, start=1):
        end = 0
        for sentence in sentences(each.chunk.text):
            start = each.chunk.text.index(sentence, end)
            end = start + len(sentence)
            found.setdefault(sentence, Passage(sentence, source, start, end))
    return list(found.values())


def rank(
    question: str, passages: Sequence[Passage], cosines: Sequence[float], limit: int
) -> list[Evidence]:
    """Return the ``limit`` best sentences, best first.

    A score is the cosine to the question, plus the share of the question's words that the sentence
    contains, weighted by rarity among the sentences, plus a bonus for early chunks.
    """
    own = [set(terms(each.text)) for each in passages]
    rarity = WordRarity(own)
    wanted = {word for word in terms(question) if word in rarity}
    scored = [
        Evidence(passage, cosine + rarity.share(wanted, of_passage) + RANK_WEIGHT / passage.source)
        for passage, cosine, of_passage in zip(passages, cosines, own, strict=True)
    ]
    return sorted(scored, key=lambda each: -each.score)[:limit]


def find_evidence(
    question: str, chunks: Sequence[RetrievedChunk], embedder: Embedder, limit: int
) -> list[Evidence]:
    """Return the best sentences of the chunks; embeds each sentence, so it may take a second."""
    passages = passages_of(chunks)
    if not passages:
        return []
    asked = embedder.embed_query(compatible(question))
    vectors = embedder.embed_documents([compatible(each.text) for each in passages])
    cosines = [sum(a * b for a, b in zip(asked, one, strict=True)) for one in vectors]
    return rank(question, passages, cosines, limit)

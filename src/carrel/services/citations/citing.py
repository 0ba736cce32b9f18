"""Selects the sentence of each source that matches the answer best. Pure functions.

Whether it supports the answer is decided by ``attribution.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from carrel.core.documents import Chunk, RetrievedChunk, Source
from carrel.services.text.sentences import sentences
from carrel.services.text.word_rarity import WordRarity
from carrel.services.text.words import words

LONGEST_QUOTE = 400


def _clip(sentence: str) -> str:
    """Cut a run-on sentence between words; the rest is still verbatim."""
    if len(sentence) <= LONGEST_QUOTE:
        return sentence
    cut = sentence[:LONGEST_QUOTE]
    return cut.rsplit(None, 1)[0] if re.search(r"\s", cut) else cut


def cite(question: str, answer: str, chunks: Sequence[RetrievedChunk]) -> list[Source]:
    """Return one source per chunk, in order, with its best sentence as the quote.

    The best sentence shares most with the answer, weighted by the rarity of each word, and
    then with the question. A quote is always a verbatim part of the chunk.
    """
    rarity = WordRarity(
        words(sentence) for each in chunks for sentence in sentences(each.chunk.text)
    )
    of_answer, of_question = set(words(answer)), set(words(question))

    def support(sentence: str) -> float:
        own = set(words(sentence))
        shared = rarity.total(own & of_answer) + 0.5 * rarity.total(own & of_question)
        return shared / math.sqrt(8 + len(own))

    sources = []
    for index, each in enumerate(chunks, start=1):
        candidates = sentences(each.chunk.text) or [each.chunk.text]
        sources.append(
            Source(
                index=index,
                document=each.document_name,
                document_id=each.chunk.document_id,
                collection=each.collection,
                page=each.chunk.page,
                score=each.score,
                text=each.chunk.text,
                quote=_clip(max(candidates, key=support)),
                start=each.chunk.start,
            )
        )
    return sources


def passages_of(sources: Sequence[Source]) -> tuple[RetrievedChunk, ...]:
    """Return the passages of an answer's sources, in the same order."""
    return tuple(
        RetrievedChunk(
            Chunk("", each.document_id, 0, each.text, each.page, start=each.start),
            each.document,
            each.collection,
            each.score,
        )
        for each in sources
    )

"""Selects the sentence of each source that matches the answer best. Pure functions.

Whether it supports the answer is decided by ``attribution.py``.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from carrel.core.documents import Chunk, RetrievedChunk, Source

LONGEST_QUOTE = 400
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_SENTENCE_END = re.compile(
    "|".join(
        (
            # An initial, or an abbreviation before a small letter, ends no sentence.
            r"(?<=[.!?])(?<!\b\w\.)\s+(?![a-z])",
            # Quotes, brackets and the asterisks of Markdown may follow the full stop.
            r"(?<=[.!?][\"”’)*_])\s+(?=[^\Wa-z]|[\"“‘(*_])",
            r"(?<=[.!?]\*\*)\s+(?=[^\Wa-z]|[\"“‘(*_])",
            r"(?<=[。！？])\s*",
            r"\n{2,}",
            # Lines of a PDF page break within sentences: after a long line that ends with a letter
            # or a comma, and before a letter, the sentence continues.
            r"\n(?![^\W\d_])",
            r"(?<![^\W\d_,])\n",
            r"(?<!.{60})\n",
        )
    )
)


def words(text: str) -> list[str]:
    """Return the words and numbers of a text in lower case."""
    return _WORD.findall(text.lower())


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text, each verbatim, none blank."""
    return [text[start:end] for start, end in sentence_spans(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences and lines of a text, without surrounding white space."""
    return [
        (start + len(part) - len(part.lstrip()), start + len(part.rstrip()))
        for start, part in _parts(text)
        if part.strip()
    ]


def _parts(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for boundary in _SENTENCE_END.finditer(text):
        yield start, text[start : boundary.start()]
        start = boundary.end()
    yield start, text[start:]


def _weights(chunks: Sequence[RetrievedChunk]) -> dict[str, float]:
    """Return the inverse sentence frequency of each word."""
    every = [set(words(sentence)) for each in chunks for sentence in sentences(each.chunk.text)]
    counts = Counter(word for one in every for word in one)
    return {word: math.log((1 + len(every)) / (0.5 + count)) for word, count in counts.items()}


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
    weights = _weights(chunks)
    of_answer, of_question = set(words(answer)), set(words(question))

    def support(sentence: str) -> float:
        own = set(words(sentence))
        shared = sum(weights.get(word, 0.0) for word in own & of_answer)
        shared += 0.5 * sum(weights.get(word, 0.0) for word in own & of_question)
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

"""Summaries and extractions that consist of sentences of the documents."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import pairwise

from carrel.core.protocols.adapters import Embedder
from carrel.core.summaries import (
    Extracted,
    ExtractedItem,
    SummarizationProgress,
    SummarizationStyle,
    Summarized,
    SummaryPart,
)
from carrel.services.summaries.excerpts import Excerpt, ExcerptChooser, chosen
from carrel.services.summaries.progress_clock import ProgressClock
from carrel.services.summaries.whole_sentences import Sentence, whole_sentences
from carrel.services.text.reading_order import DocumentText

PART_SENTENCES = 60
"""Sentences of one part, if a document has no more than ``MOST_PARTS`` parts."""

MOST_PARTS = 16
"""Maximum parts of one document."""

FEWEST, MOST = 3, 24
"""Minimum and maximum sentences of a summary; in between, the square root of their number."""

WORDS_PER_TOKEN = 0.7
"""Approximate words per token of English text."""


class ExtractiveSummary:
    """Selects sentences of several documents; ``max_tokens`` is the length of a summary."""

    def __init__(
        self, documents: Sequence[DocumentText], embedder: Embedder, focus: str, max_tokens: int
    ) -> None:
        self._embedder = embedder
        self._focus = focus
        self._most_words = max(1, int(max_tokens * WORDS_PER_TOKEN))
        self._order = {each.document_id: place for place, each in enumerate(documents)}
        self._parts = [part for each in documents for part in _parts(whole_sentences(each))]
        sentences = sum(map(len, self._parts))
        self._count = min(MOST, max(FEWEST, round(math.sqrt(sentences))))
        self._found: list[list[Excerpt]] = []

    async def summary(self) -> AsyncGenerator[SummarizationProgress | Summarized]:
        """Yield progress, and last the summary with the sentences of each part.

        Without a focus every part is represented; with one, only matching sentences are.
        """
        async with aclosing(self._read()) as steps:
            async for progress in steps:
                yield progress
        share = max(1, math.ceil(self._count / max(1, len(self._parts))))
        of_parts = [chosen(each, share, self._most_words) for each in self._found]
        candidates = self._found if self._focus else of_parts
        final = chosen([each for one in candidates for each in one], self._count, self._most_words)
        parts = [
            self._summary(part, each)
            for part, each in zip(self._parts, of_parts, strict=True)
            if each
        ]
        text = " ".join(map(_line, self._in_order(final)))
        yield Summarized(text, tuple(parts), SummarizationStyle.EXCERPTS)

    async def extraction(self) -> AsyncGenerator[SummarizationProgress | Extracted]:
        """Yield progress, and last the sentences about the focus, or the best ones."""
        async with aclosing(self._read()) as steps:
            async for progress in steps:
                yield progress
        best = chosen([each for one in self._found for each in one], self._count, sys.maxsize)
        items = [
            ExtractedItem(_line(each), each.document, each.document_id, each.page, each.text)
            for each in self._in_order(best)
        ]
        yield Extracted(tuple(items), SummarizationStyle.EXCERPTS)

    async def _read(self) -> AsyncGenerator[SummarizationProgress]:
        every = [each for part in self._parts for each in part]
        chooser = await asyncio.to_thread(ExcerptChooser, self._embedder, every, self._focus)
        clock = ProgressClock(1, len(self._parts))
        yield clock.progress()
        for part in self._parts:
            self._found.append(await asyncio.to_thread(chooser.best, part))
            yield clock.advance()

    def _in_order(self, excerpts: Sequence[Excerpt]) -> list[Sentence]:
        sentences = [each.sentence for each in excerpts]
        return sorted(sentences, key=lambda each: (self._order[each.document_id], each.place))

    def _summary(self, part: Sequence[Sentence], excerpts: Sequence[Excerpt]) -> SummaryPart:
        sentences = self._in_order(excerpts)
        pages = [each.page for each in part if each.page is not None]
        return SummaryPart(
            sentences[0].document,
            sentences[0].document_id,
            (min(pages), max(pages)) if pages else None,
            " ".join(map(_line, sentences)),
        )


def _parts(sentences: Sequence[Sentence]) -> list[Sequence[Sentence]]:
    """Return runs of about equally many sentences of one document."""
    count = min(MOST_PARTS, -(-len(sentences) // PART_SENTENCES))
    borders = [len(sentences) * each // max(1, count) for each in range(count + 1)]
    return [sentences[start:end] for start, end in pairwise(borders)]


def _line(sentence: Sentence) -> str:
    """Return a sentence without the line breaks of its page."""
    return " ".join(sentence.text.split())

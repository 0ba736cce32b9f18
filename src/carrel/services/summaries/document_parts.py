"""Splits documents into parts for one prompt each."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from carrel.core.documents import Chunk
from carrel.core.summaries import Pages
from carrel.services.text.reading_order import DocumentText

_GAP = re.compile(r"\s+")

Count = Callable[[str], Awaitable[int]]
"""Counts the tokens of a text as part of a prompt; the sum over pieces is an upper bound."""


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring chunks of one document."""

    document: str
    document_id: str
    chunks: tuple[Chunk, ...]

    @property
    def pages(self) -> Pages | None:
        """The first and the last page; None where the format has none."""
        pages = [each.page for each in self.chunks if each.page is not None]
        return (min(pages), max(pages)) if pages else None

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(each.text for each in self.chunks)


async def planned_parts(documents: Sequence[DocumentText], most: int, count: Count) -> list[Part]:
    """Return the parts of the documents, in order, each of at most ``most`` tokens.

    No part contains two documents. The parts of one document are about equally large: a short last
    part would weigh as much as the others.
    """
    parts: list[Part] = []
    for document in documents:
        counted = [
            (piece, await count(piece.text))
            for chunk in document.chunks
            for piece in await _fitting(chunk, most, count)
        ]
        for group in _groups([cost for _, cost in counted], most):
            chunks = tuple(counted[index][0] for index in group)
            parts.append(Part(document.name, document.document_id, chunks))
    return parts


def _groups(costs: Sequence[int], most: int) -> Iterator[range]:
    """Yield runs of indexes whose costs are within ``most``, as evenly as possible."""
    left = sum(costs)
    start, spent = 0, 0
    goal = left / max(1, -(-left // most))
    for index, cost in enumerate(costs):
        # Beyond its even share a part ends where that is nearer to the share than continuing.
        if spent and (spent + cost > most or spent + cost / 2 > goal):
            yield range(start, index)
            left -= spent
            start, spent = index, 0
            goal = left / max(1, -(-left // most))
        spent += cost
    if start < len(costs):
        yield range(start, len(costs))


async def _fitting(chunk: Chunk, most: int, count: Count) -> list[Chunk]:
    """Return the chunk, or halves of it and so on, each within ``most`` tokens."""
    if await count(chunk.text) <= most or len(chunk.text) < 2:
        return [chunk]
    middle = len(chunk.text) // 2
    gaps = [each.span() for each in _GAP.finditer(chunk.text)]
    start, end = min(gaps, key=lambda gap: abs(gap[0] - middle), default=(middle, middle))
    if not start or end == len(chunk.text):
        start = end = middle
    first = replace(chunk, text=chunk.text[:start], end=chunk.start + start)
    second = replace(chunk, text=chunk.text[end:], start=chunk.start + end)
    halves = [await _fitting(each, most, count) for each in (first, second)]
    return [piece for half in halves for piece in half]

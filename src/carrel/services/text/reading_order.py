"""The text of documents in reading order, with nothing given twice. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from carrel.core.documents import Chunk


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document's chunks in reading order; no chunk repeats the end of the one before it."""

    name: str
    document_id: str
    chunks: tuple[Chunk, ...]


def without_overlaps(chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """Return the chunks without what each repeats of the one before; ``start`` moves along.

    Spans begin anew with each section, so a repetition counts only where the text is the same.
    """
    kept: list[Chunk] = []
    before: Chunk | None = None
    for chunk in chunks:
        shared = _shared(before, chunk) if before is not None else 0
        text = chunk.text[shared:]
        stripped = text.lstrip()
        if stripped:
            start = chunk.start + shared + len(text) - len(stripped) if shared else chunk.start
            kept.append(replace(chunk, text=stripped, start=start) if shared else chunk)
        before = chunk
    return tuple(kept)


def _shared(before: Chunk, chunk: Chunk) -> int:
    """Return how many characters at the head of a chunk are the tail of the one before it."""
    if before.page != chunk.page or not before.start < chunk.start < before.end:
        return 0
    length = before.end - chunk.start
    return length if chunk.text.startswith(before.text[-length:]) else 0

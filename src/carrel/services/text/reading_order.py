"""The text of documents in reading order, without overlaps. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from carrel.core.documents import Chunk


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document's chunks in reading order, without overlaps."""

    name: str
    document_id: str
    chunks: tuple[Chunk, ...]


def without_overlaps(chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """Return the chunks without what each repeats of the previous one; ``start`` is adjusted.

    Offsets restart with each section, so an overlap only counts if the text is the same.
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
    """Return the length of the overlap of a chunk's start with the end of the previous one."""
    if before.page != chunk.page or not before.start < chunk.start < before.end:
        return 0
    length = before.end - chunk.start
    return length if chunk.text.startswith(before.text[-length:]) else 0

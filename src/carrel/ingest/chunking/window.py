"""Splits pieces further if they exceed the embedder's input limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import structlog

from carrel.core.documents import Piece, Section
from carrel.core.indexed_text import NAME_BYTES, compatible, indexed_text
from carrel.core.protocols.adapters import TextWindow
from carrel.core.protocols.reading import Splitter

GROUP = 32
"""Pieces that are counted together: a tokenizer is fastest with many texts."""

RESERVE = NAME_BYTES + 1
"""Tokens reserved for the file name and the line break after it."""

SHORTEST = 32
"""Minimum length of pieces to split: in shorter ones the heading fills the window."""

_BOUNDARIES = tuple(re.compile(each) for each in (r"\n\s*", r"(?<=[.!?…])\s+|[。！？｡]", r"\s+"))
_JOINING = "\u200d\ufe0f"
"""Combining characters: no piece begins with one."""

log = structlog.get_logger()


class WindowSplitter:
    """A ``Splitter`` over another one, whose pieces fit the embedder's input limit.

    A piece is halved, and its halves again, at the line, sentence or word end nearest to the
    middle, until its indexed text (file name, heading, text) fits the embedder's window. The file
    name is unknown here: its maximum length is reserved. The halves of an overlapping piece do not
    overlap each other. Positions stay exact.
    """

    def __init__(self, splitter: Splitter, window: TextWindow) -> None:
        self._splitter = splitter
        self._window = window

    def split(self, sections: Iterable[Section]) -> Iterator[Piece]:
        """Yield the pieces in reading order, in small batches."""
        pieces = iter(self._splitter.split(sections))
        while group := list(islice(pieces, GROUP)):
            yield from self._fitting(group)

    def _fitting(self, group: list[Piece]) -> Iterator[Piece]:
        texts = [compatible(indexed_text("", piece.heading, piece.text)) for piece in group]
        for piece, fits in zip(group, self._window.fits(texts, RESERVE), strict=True):
            if fits:
                yield piece
            elif len(piece.text) <= SHORTEST:
                log.warning("chunk.clipped", page=piece.page)
                yield piece
            else:
                yield from self._fitting(_halves(piece))


def _halves(piece: Piece) -> list[Piece]:
    cut = _middle(piece.text)
    halves = []
    for start, end in ((0, cut), (cut, len(piece.text))):
        part = piece.text[start:end]
        begin = start + len(part) - len(part.lstrip())
        text = part.strip()
        if text:
            at = piece.start + begin
            halves.append(replace(piece, text=text, start=at, end=at + len(text)))
    return halves


def _middle(text: str) -> int:
    """Return where to cut: the best boundary in the middle half, else the middle itself."""
    middle = len(text) // 2
    for pattern in _BOUNDARIES:
        ends = [match.end() for match in pattern.finditer(text, len(text) // 4, len(text) * 3 // 4)]
        if ends:
            return min(ends, key=lambda end: abs(end - middle))
    while text[middle] in _JOINING and middle < len(text) - 1:
        middle += 1
    return middle

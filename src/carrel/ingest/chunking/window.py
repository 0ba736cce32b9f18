"""Cuts pieces further where the embedder would not read them to their end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import structlog

from carrel.core.documents import Piece, Section
from carrel.core.indexed_text import NAME_BYTES, indexed_text
from carrel.core.protocols.adapters import TextWindow
from carrel.core.protocols.reading import Splitter

GROUP = 32
"""Pieces that are counted at once: a tokenizer is fastest with many texts."""

RESERVE = NAME_BYTES + 1
"""Tokens kept for the name of the file and the line break after it."""

SHORTEST = 32
"""Pieces of so few characters are not cut: their heading is what fills the window."""

_BOUNDARIES = tuple(re.compile(each) for each in (r"\n\s*", r"(?<=[.!?…])\s+|[。！？｡]", r"\s+"))
_JOINING = "\u200d\ufe0f"
"""Characters that belong to the one before them: no piece begins with one."""

log = structlog.get_logger()


class WindowSplitter:
    """A ``Splitter`` over another one, whose pieces an embedder reads to their end.

    A piece is halved, and its halves again, at the line, sentence or word end nearest to the
    middle, until its indexed text (name of the file, heading, text) fits the embedder's window.
    The name is not known here: its longest form is reserved. Of a piece that repeats text of the
    one before, the halves repeat nothing of each other. Positions stay exact.
    """

    def __init__(self, splitter: Splitter, window: TextWindow) -> None:
        self._splitter = splitter
        self._window = window

    def split(self, sections: Iterable[Section]) -> Iterator[Piece]:
        """Yield the pieces in reading order, a few at a time."""
        pieces = iter(self._splitter.split(sections))
        while group := list(islice(pieces, GROUP)):
            yield from self._fitting(group)

    def _fitting(self, group: list[Piece]) -> Iterator[Piece]:
        texts = [indexed_text("", piece.heading, piece.text) for piece in group]
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

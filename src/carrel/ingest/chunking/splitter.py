"""Splits sections into chunks with exact positions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from carrel.core.documents import Piece, Section

if TYPE_CHECKING:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

# From the best place to cut to the worst. A table has no sentence ends, so that its lines stay
# whole; the line break after a sentence comes before the bare one because the lines of a PDF page
# break within sentences.
_PARAGRAPH_END = r"\n[^\S\n]*\n+"
_SENTENCE_AND_LINE_END = r"(?<=[.!?:;])[^\S\n]*\n"
_LINE_END = r"\n"
_SENTENCE_END = r"(?<=[.!?…])\s+|[。！？｡][」』”’）]*"
_CLAUSE_END = r"(?<=[,;:])\s+|[、，；：]"
_WORD_END = r"\s+"

# Where the overlap at the start of a chunk may begin, best first.
_OVERLAP_STARTS = tuple(
    re.compile(pattern) for pattern in (r"\n\s*", rf"(?:{_SENTENCE_END})\s*", _WORD_END)
)

Span = tuple[int, int]


class RecursiveSplitter:
    """A ``Splitter`` that cuts at paragraphs, else lines, else sentences, else words.

    ``chunk_size`` is the maximum length of a piece and ``chunk_overlap`` the maximum overlap with
    the preceding text of its section, both in characters. ``section.text[piece.start:piece.end]``
    is ``piece.text``; only white space is outside all pieces.
    """

    def __init__(self, chunk_size: int, chunk_overlap: int) -> None:
        """Make a splitter; ``chunk_overlap`` must be less than ``chunk_size``."""
        if not 0 <= chunk_overlap < chunk_size:
            raise ValueError(f"chunk_overlap {chunk_overlap} is not below chunk_size {chunk_size}")
        self._chunk_size = chunk_size
        self._chunk_overlap = chunk_overlap
        # Its own overlap is not used: it finds the start of a chunk by searching for its text,
        # which is wrong for repeated texts. Without overlap and without stripping, its chunks
        # concatenated are the section.
        self._length = chunk_size - chunk_overlap

    @cached_property
    def _splitter(self) -> RecursiveCharacterTextSplitter:
        # Imported lazily because it takes a third of a second, and a start splits nothing.
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        return RecursiveCharacterTextSplitter(
            separators=[
                _PARAGRAPH_END,
                _SENTENCE_AND_LINE_END,
                _LINE_END,
                _SENTENCE_END,
                _CLAUSE_END,
                _WORD_END,
                # Single characters would be joined in quadratic time.
                f"(?s:.{{1,{self._length}}})",
            ],
            is_separator_regex=True,
            keep_separator="end",
            chunk_size=self._length,
            chunk_overlap=0,
            strip_whitespace=False,
        )

    def split(self, sections: Iterable[Section]) -> Iterator[Piece]:
        """Yield the pieces of one section after the other, except white space."""
        for section in sections:
            for start, end in self._spans(section.text):
                text = section.text[start:end]
                yield Piece(text, section.page, section.heading, start, end)

    def _spans(self, text: str) -> Iterator[Span]:
        whole = _stripped(text, (0, len(text)))
        if whole is None:
            return
        if whole[1] - whole[0] <= self._chunk_size:
            yield whole
            return
        for start, end in self._joined(self._consecutive(text)):
            span = _stripped(text, (start, end))
            if span is not None:
                yield self._overlap_start(text, span[0]), span[1]

    def _consecutive(self, text: str) -> Iterator[Span]:
        start = 0
        for part in self._splitter.split_text(text):
            yield start, start + len(part)
            start += len(part)

    def _joined(self, spans: Iterable[Span]) -> Iterator[Span]:
        """Merge neighbours that fit together, such as a heading and its paragraph."""
        current: Span | None = None
        for span in spans:
            if current is not None and span[1] - current[0] <= self._length:
                current = (current[0], span[1])
                continue
            if current is not None:
                yield current
            current = span
        if current is not None:
            yield current

    def _overlap_start(self, text: str, start: int) -> int:
        """Return where a piece with an overlap of up to ``chunk_overlap`` characters begins."""
        earliest = max(0, start - self._chunk_overlap)
        last = earliest + len(text[earliest:start].rstrip())
        for pattern in _OVERLAP_STARTS:
            # One character earlier, so that a boundary right before the window counts.
            match = pattern.search(text, max(0, earliest - 1), last)
            if match is not None and earliest <= match.end() < last:
                return match.end()
        return start


def _stripped(text: str, span: Span) -> Span | None:
    """Return the span without surrounding white space; None if nothing is left."""
    part = text[span[0] : span[1]]
    start = span[0] + len(part) - len(part.lstrip())
    end = span[0] + len(part.rstrip())
    return (start, end) if start < end else None

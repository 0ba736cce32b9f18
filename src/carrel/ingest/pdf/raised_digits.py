"""Exponents and marks of notes on a PDF page: digits smaller and higher than their base."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.pdf.turn import Box, Turn
from carrel.ingest.text.raised import plain_scripts, raised

# Behind a blank only marks of notes, which are short.
_CANDIDATE = re.compile(r"(?<=[^\W_])(?:\s{1,2}(?=\d{1,2}(?!\d)))?(\d{1,12})(?!\d)")
_MOST_CANDIDATES = 5_000
# Of the height of the base: what is smaller, and how much higher its foot is.
_SMALLER = 0.85
_HIGHER = 0.15
# In points: the gap between the base and its digits.
_WIDEST_GAP = 4.0

Span = tuple[int, int]


def raised_spans(text_page: pypdfium2.PdfTextPage, turn: Turn, text: str) -> list[Span]:
    """Return the raised digits of a page, with the blank that pdfium inserts before them.

    The spans are those of characters; ``text`` is that of all characters of the page.
    """
    if len(text) != text_page.count_chars():
        return []
    box_of = _boxes(text_page, turn)
    spans: list[Span] = []
    for number, match in enumerate(_CANDIDATE.finditer(text)):
        if number > _MOST_CANDIDATES:
            break
        base = box_of(match.start() - 1)
        if not _is_raised(base, box_of(match.end() - 1)):
            continue
        first = match.start(1)
        while not _is_raised(base, box_of(first)):
            first += 1
        before = box_of(first - 1 if first > match.start(1) else match.start() - 1)
        if abs(box_of(first)[0] - before[2]) < _WIDEST_GAP:
            spans.append((match.start() if first == match.start(1) else first, match.end()))
    return spans


def with_raised(
    text_page: pypdfium2.PdfTextPage, turn: Turn, text: str, spans: Sequence[Span]
) -> str:
    """Return the text with raised digits apart from their base, as ``plain_scripts`` writes them.

    pdfium breaks the line behind raised digits, also in the middle of a line.
    """
    box_of = _boxes(text_page, turn)
    parts: list[str] = []
    end = 0
    for start, stop in spans:
        parts += (text[end:start], raised(text[start:stop].strip()))
        end = stop
        following = re.match(r"\s*", text[stop:])
        after = stop + (following.end() if following else 0)
        if "\n" in text[stop:after] and after < len(text):
            base, there = box_of(start - 1), box_of(after)
            if there[1] < (base[1] + base[3]) / 2 < there[3] and there[0] > base[0]:
                parts.append(" ")
                end = after
    return plain_scripts("".join((*parts, text[end:])))


def _boxes(text_page: pypdfium2.PdfTextPage, turn: Turn) -> Callable[[int], Box]:
    """Return what gives the box of a character by the height of its font, whatever its shape."""
    # A page has hundreds of numbers: the per-call overhead matters.
    raw, box, ask = text_page.raw, pdfium.FS_RECTF(), pdfium.FPDFText_GetLooseCharBox
    pointer = ctypes.pointer(box)

    def box_of(index: int) -> Box:
        ask(raw, index, pointer)
        found = box.left, box.bottom, box.right, box.top
        return turn.box(found) if turn.quarters else found

    return box_of


def _is_raised(base: Box, digit: Box) -> bool:
    height = base[3] - base[1]
    return (
        digit[3] - digit[1] < _SMALLER * height
        and digit[1] - base[1] > _HIGHER * height
        and digit[1] < base[3]
    )

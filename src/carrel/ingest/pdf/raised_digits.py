"""Exponents and marks of notes on a PDF page: digits smaller and higher than their base."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from itertools import islice

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.text.raised import plain_scripts, raised

# Behind a blank only marks of notes, which are short.
_CANDIDATE = re.compile(r"(?<=[^\W_])(?:\s{1,2}(?=\d{1,2}(?!\d)))?(\d{1,12})(?!\d)")
_MOST_CANDIDATES = 5_000
# Of the height of the base: what is smaller, and how much higher its foot is.
_SMALLER = 0.85
_HIGHER = 0.15
# In points: the gap between the base and its digits.
_WIDEST_GAP = 4.0

NO_BLANK = "\ufddf"
"""A noncharacter of Unicode in place of a blank between a base and its raised digits."""

# Stand-ins are for private use, in the last plane.
_FIRST_STAND_IN = 0x100000
_STAND_INS = re.compile(f"[{NO_BLANK}{chr(_FIRST_STAND_IN)}-{chr(_FIRST_STAND_IN + 0xFFFF)}]+")

Span = tuple[int, int]
Box = tuple[float, float, float, float]


def with_raised(text_page: pypdfium2.PdfTextPage, characters: str) -> str:
    """Return the characters of a page with stand-ins for raised digits, for ``plain_raised``.

    The blank that pdfium inserts before them is ``NO_BLANK``: there are as many characters as
    before.
    """
    parts: list[str] = []
    end = 0
    for start, stop in _spans(text_page, characters):
        parts += (characters[end:start], *map(_stand_in, characters[start:stop]))
        end = stop
    return "".join((*parts, characters[end:])) if parts else characters


def plain_raised(text: str) -> str:
    """Return the text with raised digits apart from their base, as ``plain_scripts`` writes them.

    Every piece of the text must have the base of its digits, too.
    """
    if text.isascii():
        return text
    return plain_scripts(_STAND_INS.sub(_marked, text))


def _stand_in(character: str) -> str:
    if character.isspace():
        return NO_BLANK
    return chr(_FIRST_STAND_IN + ord(character)) if character <= "\uffff" else character


def _marked(match: re.Match[str]) -> str:
    digits = (chr(ord(each) - _FIRST_STAND_IN) for each in match[0] if each != NO_BLANK)
    return raised("".join(digits))


def _spans(text_page: pypdfium2.PdfTextPage, text: str) -> Iterator[Span]:
    """Yield the raised digits of a page, with the blank that pdfium inserts before them."""
    box_of = _boxes(text_page)
    for match in islice(_CANDIDATE.finditer(text), _MOST_CANDIDATES):
        base = box_of(match.start() - 1)
        if not _is_raised(base, box_of(match.end() - 1)):
            continue
        first = match.start(1)
        while not _is_raised(base, box_of(first)):
            first += 1
        before = box_of(first - 1 if first > match.start(1) else match.start() - 1)
        if abs(box_of(first)[0] - before[2]) < _WIDEST_GAP:
            yield match.start() if first == match.start(1) else first, match.end()


def _boxes(text_page: pypdfium2.PdfTextPage) -> Callable[[int], Box]:
    """Return what gives the box of a character by the height of its font, whatever its shape."""
    # A page has hundreds of numbers: the per-call overhead matters.
    raw, box, ask = text_page.raw, pdfium.FS_RECTF(), pdfium.FPDFText_GetLooseCharBox
    pointer = ctypes.pointer(box)

    def box_of(index: int) -> Box:
        ask(raw, index, pointer)
        return box.left, box.bottom, box.right, box.top

    return box_of


def _is_raised(base: Box, digit: Box) -> bool:
    height = base[3] - base[1]
    return (
        digit[3] - digit[1] < _SMALLER * height
        and digit[1] - base[1] > _HIGHER * height
        and digit[1] < base[3]
    )

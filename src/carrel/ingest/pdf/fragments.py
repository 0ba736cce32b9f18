"""Pieces of the lines on a PDF page, with their boxes."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.pdf.raised_digits import NO_BLANK
from carrel.ingest.text.hyphenation import LINE_END_HYPHEN

CELL_GAP = 1.2
"""Wider gaps, in heights of a line, are between cells or columns."""

_SAME_ROW = 0.5
# A letter beside others is part of a spaced word up to this gap, if they have it, too; two single
# letters up to the second one, and what touches in any case.
_SPACED = 0.25
_SINGLE = 0.16
_EQUAL = 0.75
_DRAWN_OVER = 0.3
# Chinese and Japanese have no blanks between characters, and are often spaced.
_IDEOGRAPHS = "\u2e80"
_IDEOGRAPH = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_BETWEEN_IDEOGRAPHS = 0.6
_TALL = 2.0
_TOUCHING = 0.06
# A word, or the part of one before a hyphen at a line's end.
_WHOLE_WORD = re.compile(r"\S+")
_WORD = re.compile(f"[^\\s{LINE_END_HYPHEN}]*{LINE_END_HYPHEN}|[^\\s{LINE_END_HYPHEN}]+")


@dataclass(slots=True)
class Fragment:
    """Words beside each other on one line, without a wide gap; ``size`` is its letters' height.

    ``vertical`` if its letters are below each other.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    vertical: bool = False

    def beside(self, other: Fragment) -> bool:
        """Whether both are on one line."""
        shared = min(self.top, other.top) - max(self.bottom, other.bottom)
        return shared > _SAME_ROW * min(self.top - self.bottom, other.top - other.bottom)

    def gap(self, other: Fragment) -> float:
        """Return the horizontal distance, negative if they overlap."""
        return max(other.left - self.right, self.left - other.right)


def fragments_of(text_page: pypdfium2.PdfTextPage, characters: str) -> Iterator[Fragment]:
    """Yield the words beside each other as one fragment, in the order of the file.

    ``characters`` are those of the page, one for each that pdfium counts, with stand-ins for raised
    digits.
    """
    # A page has hundreds of words: the overhead per call matters.
    raw, box = text_page.raw, pdfium.FS_RECTF()
    to_box, box_of = ctypes.pointer(box), pdfium.FPDFText_GetLooseCharBox
    last: Fragment | None = None
    end, single = 0, False
    words = _WORD if LINE_END_HYPHEN in characters else _WHOLE_WORD
    for match in words.finditer(characters):
        first, after = match.span()
        box_of(raw, first, to_box)
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        if after - first > 1:
            box_of(raw, after - 1, to_box)
            if (edge := box.left) < left:
                left = edge
            if (edge := box.right) > right:
                right = edge
            # Lines of a vertical script are tall.
            if (edge := box.bottom) < bottom:
                bottom = edge
        tall = after - first > 1 and top - bottom > _TALL * (right - left)
        if last is not None:
            lower, upper = last.bottom, last.top
            gap = left - last.right if left >= last.left else last.left - right
            shared = (top if top < upper else upper) - (bottom if bottom > lower else lower)
            size = last.size
            same_line = first - end == 1 or (first > end and "\n" not in characters[end:first])
            if (
                gap < CELL_GAP * size
                and (shared > _SAME_ROW * (top - bottom) or shared > _SAME_ROW * (upper - lower))
                and not (tall or last.vertical)
                # Within a line pdfium has ordered the words; another line follows to the right.
                and (same_line or -_TOUCHING * size < gap <= left - last.left)
            ):
                glued = (gap < _TOUCHING * size or single or after - first == 1) and (
                    gap < _BETWEEN_IDEOGRAPHS * size
                    and _is_one_word(text_page, characters, (end, first, after), gap, size)
                )
                last.text += match[0] if glued else " " + match[0]
                last.left = left if left < last.left else last.left
                last.right = right if right > last.right else last.right
                last.bottom = bottom if bottom < lower else lower
                last.top = top if top > upper else upper
                end, single = after, after - first == 1
                continue
            yield last
        size = right - left if tall else top - bottom
        last = Fragment(match[0], left, bottom, right, top, size, tall)
        end, single = after, after - first == 1
    if last is not None:
        yield last


def _is_one_word(
    text_page: pypdfium2.PdfTextPage,
    characters: str,
    places: tuple[int, int, int],
    gap: float,
    size: float,
) -> bool:
    """Whether two pieces, ``gap`` apart, are one word despite the blank that pdfium inserts.

    ``places`` are the end of the first, the start of the second, and its end.
    """
    end, start, after = places
    if start == end:
        return False
    if pdfium.FPDFText_IsGenerated(text_page.raw, end) != 1:
        # A blank that is drawn elsewhere, over a letter, divides no word.
        drawn_over = start == end + 1 and _gap(text_page, end) < -_DRAWN_OVER * size
        return drawn_over and gap < _TOUCHING * size
    if _IDEOGRAPH.match(characters[end - 1]) and _IDEOGRAPH.match(characters[start]):
        return True
    if gap > _SPACED * size:
        return False
    if "\n" in characters[end:start]:
        # Between objects without a blank pdfium ends the line.
        return gap < _TOUCHING * size
    if start < after - 1 and end > 1 and not characters[end - 2].isspace():
        return False
    inner = []
    if end > 1 and not (characters[end - 2].isspace() or characters[end - 2] == NO_BLANK):
        inner.append(_gap(text_page, end - 1))
    if after - start > 1:
        inner.append(_gap(text_page, start + 1))
    return min(inner) > _EQUAL * gap if inner else gap < _SINGLE * size


def _gap(text_page: pypdfium2.PdfTextPage, index: int) -> float:
    """Return the distance of a character from the one before."""
    box, before = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text_page.raw, index - 1, before)
    pdfium.FPDFText_GetLooseCharBox(text_page.raw, index, box)
    return float(box.left - before.right)

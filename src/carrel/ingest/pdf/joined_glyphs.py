"""Letters of right-to-left scripts that share one glyph."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from itertools import groupby

import pypdfium2
import pypdfium2.raw as pdfium

_ARABIC = "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff"
_RUN = re.compile(f"[\u0590-\u05ff{_ARABIC}]{{2,}}")
_ALEF = "\u0622\u0623\u0625\u0627\u0671"
_LAM = "\u0644"
# Ligatures that pdfium itself takes apart, in the right order: U+FDF2 and U+FDFB.
_IN_ORDER = frozenset(("\u0627\u0644\u0644\u0647", "\u0644\u0644\u0647"))


def in_logical_order(text_page: pypdfium2.PdfTextPage, text: str) -> str:
    """Return the text with the letters of each right-to-left ligature in logical order.

    pdfium reverses right-to-left lines letter by letter, also within a glyph to which the font's
    ToUnicode map gives several, in logical order already (ISO 32000-1, 9.10.3): lam-alef comes out
    as alef-lam in files of most word processors.
    """
    if not _RUN.search(text):
        return text
    letters = list(text)
    for run in _RUN.finditer(text):
        boxes = [_box(text_page, index) for index in range(*run.span())]
        first = 0
        for _, glyph in groupby(boxes):
            after = first + len(list(glyph))
            span = slice(run.start() + first, run.start() + after)
            if after - first > 1:
                letters[span] = _ordered(letters[span])
            first = after
    return "".join(letters)


def _ordered(glyph: list[str]) -> list[str]:
    """Return the letters of one glyph in logical order."""
    if unicodedata.combining(glyph[-1]) or "".join(glyph) in _IN_ORDER:
        # A reversed ligature would begin with its mark.
        return glyph
    if len(glyph) == 2 and glyph[0] == _LAM and glyph[1] in _ALEF:
        # U+FEF5 to U+FEFC, taken apart by pdfium.
        return glyph
    return glyph[::-1]


def _box(text_page: pypdfium2.PdfTextPage, index: int) -> tuple[float, ...]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium.FPDFText_GetCharBox(text_page.raw, index, left, right, bottom, top)
    return left.value, right.value, bottom.value, top.value

"""Turns the content of PDF pages that are rotated or printed sideways."""

from __future__ import annotations

from collections import Counter
from math import pi

import pypdfium2
import pypdfium2.raw as pdfium

_SAMPLE = 40
_LEAST_SHARE = 0.6
_QUARTER = 90


def turn_upright(page: pypdfium2.PdfPage) -> None:
    """Apply the page's ``/Rotate`` to its content, so that lines of text are horizontal.

    pdfium returns positions on the page as it is before the rotation (ISO 32000-1, 7.7.3.3).
    """
    if rotation := page.get_rotation():
        _turn(page, rotation, *page.get_size())


def turn_sideways(
    page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, characters: str
) -> bool:
    """Turn a page whose text is mostly written upwards or downwards; return whether it was."""
    turns: Counter[int] = Counter()
    for index in range(0, len(characters), max(1, len(characters) // _SAMPLE)):
        # Inserted blanks have no angle.
        if not characters[index].isspace():
            angle = pdfium.FPDFText_GetCharAngle(text_page.raw, index)
            turns[round(angle / (pi / 2)) % 4] += 1
    if not turns:
        return False
    turn, share = turns.most_common(1)[0]
    if not turn or share < _LEAST_SHARE * turns.total():
        return False
    width, height = page.get_size()
    # pdfium's angles are clockwise.
    degrees = (4 - turn) * _QUARTER
    _turn(page, degrees, *((height, width) if turn % 2 else (width, height)))
    return True


def _turn(page: pypdfium2.PdfPage, degrees: int, width: float, height: float) -> None:
    """Turn the objects clockwise; the page becomes ``width`` by ``height`` from the origin."""
    left, bottom, right, top = page.get_bbox()
    matrix = {
        90: (0, -1, 1, 0, -bottom, right),
        180: (-1, 0, 0, -1, right, top),
        270: (0, 1, -1, 0, top, -left),
    }[degrees]
    for index in range(pdfium.FPDFPage_CountObjects(page.raw)):
        each = pdfium.FPDFPage_GetObject(page.raw, index)
        pdfium.FPDFPageObj_Transform(each, *matrix)
    pdfium.FPDFPage_TransformAnnots(page.raw, *matrix)
    page.set_rotation(0)
    page.set_mediabox(0, 0, width, height)
    page.set_cropbox(0, 0, width, height)

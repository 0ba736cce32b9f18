"""Turned pages: coordinates in which lines of text run from left to right."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from math import degrees

import pypdfium2
import pypdfium2.raw as pdfium

_SAMPLE = 30
_QUARTERS = 4

Box = tuple[float, float, float, float]
"""Left, bottom, right and top."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A rotation about the origin by quarters; an upright page has none."""

    quarters: int = 0

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the page in reading coordinates."""
        match self.quarters:
            case 1:
                return -y, x
            case 2:
                return -x, -y
            case 3:
                return y, -x
        return x, y

    def box(self, box: Box) -> Box:
        """Return a box of the page in reading coordinates."""
        if not self.quarters:
            return box
        (x, y), (to_x, to_y) = self.point(box[0], box[1]), self.point(box[2], box[3])
        return min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)

    def back(self, box: Box) -> Box:
        """Return a box in reading coordinates as one of the page."""
        return Turn(-self.quarters % _QUARTERS).box(box)


def turn_of(text_page: pypdfium2.PdfTextPage) -> Turn:
    """Return how most letters of the page are turned.

    The page's own ``/Rotate`` is not asked: a landscape table may be drawn sideways on an upright
    page.
    """
    count = text_page.count_chars()
    angles: Counter[int] = Counter()
    for index in range(0, count, max(1, count // _SAMPLE)):
        # Blanks have no angle; codes beyond Unicode come from damaged fonts.
        code = pdfium.FPDFText_GetUnicode(text_page.raw, index)
        if code <= sys.maxunicode and not chr(code).isspace():
            angle = pdfium.FPDFText_GetCharAngle(text_page.raw, index)
            angles[round(degrees(angle) / 90) % _QUARTERS] += 1
    quarters, most = max(angles.items(), key=lambda item: item[1], default=(0, 0))
    return Turn(quarters if 2 * most > angles.total() else 0)

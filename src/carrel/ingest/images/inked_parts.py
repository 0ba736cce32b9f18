"""Parts of an image that show anything, without the blank paper around and between them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

# Averaged over so many pixels, noise is no ink.
_STEP = 4
_CONTRAST = 32
# In pixels: parts are further apart, and have so much paper around.
_GAP = 100
_MARGIN = 40

Part = tuple[int, int, int, int]


def inked_parts(picture: Image.Image) -> list[Part]:
    """Return left, top, right and bottom of each part of a grey image, from the top.

    Small print on an empty page is not found by a model that sees the whole page at once.
    """
    coarse = np.asarray(picture.reduce(_STEP), dtype=np.int16)
    ink = np.abs(coarse - np.int16(np.median(coarse))) > _CONTRAST
    parts = []
    for top, bottom in _runs(ink.any(axis=1)):
        columns = np.flatnonzero(ink[top:bottom].any(axis=0))
        parts.append(
            (
                max(0, int(columns[0]) * _STEP - _MARGIN),
                max(0, top * _STEP - _MARGIN),
                min(picture.width, (int(columns[-1]) + 1) * _STEP + _MARGIN),
                min(picture.height, bottom * _STEP + _MARGIN),
            )
        )
    return parts


def _runs(inked: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[tuple[int, int]]:
    """Yield the first and behind the last of rows with ink that are close to each other."""
    rows = np.flatnonzero(inked)
    if not rows.size:
        return
    ends = np.flatnonzero(np.diff(rows) > _GAP // _STEP)
    firsts = [rows[0], *(rows[each + 1] for each in ends)]
    lasts = [*(rows[each] for each in ends), rows[-1]]
    for first, last in zip(firsts, lasts, strict=True):
        yield int(first), int(last) + 1

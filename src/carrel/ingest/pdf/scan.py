"""Scanned PDF pages: detection, and rendering for OCR."""

from __future__ import annotations

from itertools import islice
from math import sqrt

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from carrel.core.errors import UnreadableDocument
from carrel.ingest.images.recognition_limits import DOTS_PER_INCH

FEWEST_CHARACTERS = 3
MOST_RENDERED_PIXELS = 25_000_000
# Limit of all images on a page together, before scaling: a page of A0 at 300 dpi.
MOST_SOURCE_PIXELS = 150_000_000
_MOST_OBJECTS = 20_000
_DEEPEST_FORM = 5
_POINTS_PER_INCH = 72
_DRAWN = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING)

# Callers of this module hold the lock of pdfium.


def is_scan(page: pypdfium2.PdfPage, text: str) -> bool:
    """Whether a page draws something, and its text layer is almost empty.

    Shapes count, too: some programs write letters as outlines.
    """
    if len("".join(text.split())) >= FEWEST_CHARACTERS:
        return False
    return next(page.get_objects(_DRAWN, max_depth=_DEEPEST_FORM), None) is not None


def picture_of(page: pypdfium2.PdfPage) -> Image.Image:
    """Return the page in grey, with 300 dots per inch unless the page is huge.

    Raises:
        UnreadableDocument: the images on it have an absurd number of pixels.
    """
    require_real_pictures(page)
    width, height = page.get_size()
    most = sqrt(MOST_RENDERED_PIXELS / max(1.0, width * height))
    scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, most)
    bitmap = page.render(scale=scale, grayscale=True, limit_image_cache=True)
    try:
        # A copy: the image outlives the bitmap.
        picture: Image.Image = bitmap.to_pil().copy()
    finally:
        bitmap.close()
    return picture


def require_real_pictures(page: pypdfium2.PdfPage) -> None:
    """Check a page before it is rendered.

    Raises:
        UnreadableDocument: the images on it have an absurd number of pixels.
    """
    images = page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST_FORM)
    pixels = 0
    for image in islice(images, _MOST_OBJECTS):
        width, height = image.get_px_size()
        pixels += width * height
        if pixels > MOST_SOURCE_PIXELS:
            raise UnreadableDocument(
                "a page of it has more pixels than any real scan: save a smaller copy and add that"
            )

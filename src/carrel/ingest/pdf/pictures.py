"""Pictures on a PDF page that has text: which may hold text of their own, and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from carrel.ingest.images.image import MOST_PIXELS
from carrel.ingest.images.legibility import legible
from carrel.ingest.images.picture_texts import may_hold_text
from carrel.ingest.pdf.fragments import Fragment

MOST_ON_PAGE = 50
_MOST_OBJECTS = 10_000
_DEEPEST_FORM = 5
# Smaller parts of a page are logos.
_LEAST_SHARE = 0.01
# So many characters drawn on a picture are its text, as of a scan that was recognised before.
_MOST_ON_IT = 200
_MARK = re.compile("\n?\ue000\ue001\\d+\ue001\ue000\n?")
_WORD = re.compile(r"[^\W_]+")
_KNOWN = 0.7

# Callers of this module hold the lock of pdfium.


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A picture on a page: its place, and the text that is drawn over it.

    ``index`` is where it is among the pictures of the page.
    """

    index: int
    over: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def mark(self) -> str:
        """The placeholder of its text: characters that no font has."""
        return f"\ue000\ue001{self.index}\ue001\ue000"


def pictures_on(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> list[PagePicture]:
    """Return the pictures whose text may be no part of the text layer."""
    left, bottom, right, top = page.get_bbox()
    least = _LEAST_SHARE * (right - left) * (top - bottom)
    found = []
    for index, each in enumerate(_images(page)):
        if not may_hold_text(*each.get_px_size()):
            continue
        box = _bounds(each)
        width = min(right, box[2]) - max(left, box[0])
        height = min(top, box[3]) - max(bottom, box[1])
        if min(width, height) <= 0 or width * height < least:
            continue
        over = text_page.get_text_bounded(*box)
        if len("".join(over.split())) < _MOST_ON_IT:
            found.append(PagePicture(index, over, *box))
    return found[:MOST_ON_PAGE]


def picture_data(page: pypdfium2.PdfPage, index: int) -> bytes:
    """Return the stored bytes of a picture, which tell it from others."""
    return bytes(_image(page, index).get_data())


def picture_at(page: pypdfium2.PdfPage, index: int) -> Image.Image | None:
    """Return a picture, prepared for OCR; None if it is too large, or not drawn."""
    image = _image(page, index)
    width, height = image.get_px_size()
    if width * height > MOST_PIXELS:
        return None
    try:
        bitmap = image.get_bitmap(render=True)
    except pypdfium2.PdfiumError:
        return None
    # A copy: the image outlives the bitmap, which is freed here.
    return legible(bitmap.to_pil().copy())


def with_marks(fragments: Sequence[Fragment], pictures: Sequence[PagePicture]) -> list[Fragment]:
    """Return the fragments in reading order, with the mark of each picture at its place.

    That is behind the nearest line above it, otherwise before the first line below it.
    """
    placed = list(fragments)
    for picture in sorted(pictures, key=lambda each: -each.top):
        sides = picture.left, picture.bottom, picture.right, picture.top
        mark = Fragment(f"\n{picture.mark}\n", *sides, size=1.0)
        over = [each for each in placed if mark.gap(each) < 0]
        above = [each for each in over if each.bottom + each.top >= 2 * picture.top]
        if above:
            nearest = min(above, key=lambda each: each.bottom)
            at = next(index for index, each in enumerate(placed) if each is nearest) + 1
            while at < len(placed) and placed[at].beside(nearest):
                at += 1
        else:
            at = next((index for index, each in enumerate(placed) if each in over), len(placed))
        placed.insert(at, mark)
    return placed


def without_marks(text: str) -> str:
    """Return text without the marks of pictures."""
    return _MARK.sub("", text)


def without_known(text: str, known: str) -> str:
    """Return recognised text without the lines whose words are in the text drawn over it."""
    words = set(_WORD.findall(known.casefold()))
    return "\n".join(line for line in text.split("\n") if not _is_known(line, words)).strip()


def _is_known(line: str, words: set[str]) -> bool:
    own = _WORD.findall(line.casefold())
    return bool(own) and sum(each in words for each in own) >= _KNOWN * len(own)


def _image(page: pypdfium2.PdfPage, index: int) -> pypdfium2.PdfImage:
    return next(islice(_images(page), index, None))


def _images(page: pypdfium2.PdfPage) -> Iterator[pypdfium2.PdfImage]:
    """Yield the images of the page and of the forms on it."""
    # A page has thousands of objects: the overhead per call matters.
    raw = page.raw
    for index in range(min(pdfium.FPDFPage_CountObjects(raw), _MOST_OBJECTS)):
        each = pdfium.FPDFPage_GetObject(raw, index)
        kind = pdfium.FPDFPageObj_GetType(each)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            yield pypdfium2.PdfObject(each, page=page)
        elif kind == pdfium.FPDF_PAGEOBJ_FORM:
            form = pypdfium2.PdfObject(each, page=page)
            yield from islice(
                page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], _DEEPEST_FORM, form, level=1),
                MOST_ON_PAGE,
            )


def _bounds(image: pypdfium2.PdfImage) -> tuple[float, float, float, float]:
    """Return the box on the page, also of an image inside forms."""
    corners = list(image.get_quad_points())
    container = image.container
    while container is not None:
        matrix = container.get_matrix()
        corners = [matrix.on_point(*each) for each in corners]
        container = container.container
    across, down = zip(*corners, strict=True)
    return min(across), min(down), max(across), max(down)

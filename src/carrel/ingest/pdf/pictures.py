"""Pictures on a PDF page that has text: which may hold text of their own, and where it stands."""

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
_MOST_OBJECTS = 1_000
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
    """A picture on a page: its place, and where it is among the objects of the page."""

    index: int
    left: float
    bottom: float
    right: float
    top: float

    @property
    def mark(self) -> str:
        """What stands for its text until that is recognised: characters that no font has."""
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
        if len("".join(text_page.get_text_bounded(*box).split())) < _MOST_ON_IT:
            found.append(PagePicture(index, *box))
    return found[:MOST_ON_PAGE]


def picture_at(page: pypdfium2.PdfPage, index: int) -> tuple[bytes, Image.Image | None]:
    """Return what tells a picture from others, and it itself, prepared; None if it is not drawn."""
    image = next(islice(_images(page), index, None))
    width, height = image.get_px_size()
    data = bytes(image.get_data())
    if width * height > MOST_PIXELS:
        return data, None
    try:
        bitmap = image.get_bitmap(render=True)
    except pypdfium2.PdfiumError:
        return data, None
    # A copy: the image outlives the bitmap, which is freed here.
    return data, legible(bitmap.to_pil().copy())


def with_marks(fragments: Sequence[Fragment], pictures: Sequence[PagePicture]) -> list[Fragment]:
    """Return the fragments in reading order, with the mark of each picture where it stands.

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
    """Return recognised text without the lines whose words the text layer has already."""
    words = set(_WORD.findall(known.casefold()))
    return "\n".join(line for line in text.split("\n") if not _is_known(line, words)).strip()


def _is_known(line: str, words: set[str]) -> bool:
    own = _WORD.findall(line.casefold())
    return bool(own) and sum(each in words for each in own) >= _KNOWN * len(own)


def _images(page: pypdfium2.PdfPage) -> Iterator[pypdfium2.PdfImage]:
    images = page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST_FORM)
    return islice(images, _MOST_OBJECTS)


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

"""A page of a PDF as a picture, with the words of a quote marked."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from math import sqrt
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageChops, ImageDraw

from carrel.core.documents import PagePicture, PageView
from carrel.core.errors import PlaceNotFound
from carrel.ingest.pdf.pdf import PDFIUM_LOCK, loaded_page, opened
from carrel.ingest.pdf.scan import require_real_pictures

MOST_PIXELS = 6_000_000
MOST_CHARACTERS = 200_000
MARK = (255, 224, 130)
# What is found of a quote in parts counts as the quote where it is this share of it.
LEAST_FOUND = 0.6
SHORTEST_PART = 4
_LEFT_OUT = re.compile(r"[\s\W_]+")

Span = tuple[int, int]


def picture_of_page(path: Path, view: PageView) -> PagePicture:
    """Return the picture of a page, drawn at once in white, grey and color as it is printed.

    Raises:
        PlaceNotFound: the file has no such page.
        EncryptedDocument, UnreadableDocument: it cannot be opened, or the page is damaged.
    """
    with PDFIUM_LOCK, closing(opened(path)) as document:
        count = len(document)
        if not 1 <= view.page <= count:
            raise PlaceNotFound(f"There is no page {view.page}: the document has {count}.")
        with loaded_page(document, view.page - 1) as page:
            picture = _drawn(page, view.width)
            boxes = list(_boxes(page, view.quote, picture.size)) if view.quote else []
    if boxes:
        picture = _marked(picture, boxes)
    output = io.BytesIO()
    picture.save(output, "PNG")
    return PagePicture(output.getvalue(), count, bool(boxes))


def _drawn(page: pypdfium2.PdfPage, width: int) -> Image.Image:
    require_real_pictures(page)
    across, down = page.get_size()
    most = sqrt(MOST_PIXELS / max(1.0, across * down))
    bitmap = page.render(scale=min(width / max(1.0, across), most), limit_image_cache=True)
    try:
        picture: Image.Image = bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()
    return picture


def _marked(picture: Image.Image, boxes: list[tuple[int, int, int, int]]) -> Image.Image:
    """Lay the color over the boxes so that what is printed there shows through."""
    layer = Image.new("RGB", picture.size, "white")
    draw = ImageDraw.Draw(layer)
    for box in boxes:
        draw.rectangle(box, fill=MARK)
    return ImageChops.multiply(picture, layer)


def _boxes(
    page: pypdfium2.PdfPage, quote: str, size: tuple[int, int]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield a box in pixels for each stretch of a line that belongs to the quote."""
    with closing(page.get_textpage()) as text_page:
        for start, end in find_quote(_characters(text_page), quote):
            for index in range(text_page.count_rects(start, end - start)):
                left, bottom, right, top = text_page.get_rect(index)
                corners = [_pixel(page, size, x, y) for x, y in ((left, top), (right, bottom))]
                (x0, x1), (y0, y1) = (sorted(both) for both in zip(*corners, strict=True))
                yield (x0 - 1, y0 - 1, x1 + 1, y1 + 1)


def _pixel(page: pypdfium2.PdfPage, size: tuple[int, int], x: float, y: float) -> tuple[int, int]:
    """Return where a point of the page lies in its picture; the page may be turned or cropped."""
    across, down = pdfium.c_int(), pdfium.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, across, down)
    return across.value, down.value


def _characters(text_page: pypdfium2.PdfTextPage) -> str:
    """Return one character for each that pdfium counts, so that places in both are the same."""
    count = min(text_page.count_chars(), MOST_CHARACTERS)
    codes = (pdfium.FPDFText_GetUnicode(text_page, index) for index in range(count))
    return "".join(chr(code) if 0 < code < 0x110000 else " " for code in codes)


def find_quote(text: str, quote: str) -> list[Span]:
    """Return the spans of a text that hold a quote; none where most of it is not there.

    Only letters and digits are compared, in their plain forms: line breaks, hyphens, ligatures and
    the lines between the cells of a table may differ. Where the quote does not stand there in one
    piece, because the text runs in another order, its lines and cells are looked for one by one.
    """
    plain, places = _plain(text)
    wanted, _ = _plain(quote)
    if not wanted:
        return []
    at = plain.find(wanted)
    if at >= 0:
        return [(places[at], places[at + len(wanted) - 1] + 1)]
    spans: list[Span] = []
    found = last = 0
    for part in (_plain(each)[0] for each in re.split(r"\n|\|", quote)):
        at = plain.find(part, last) if len(part) >= SHORTEST_PART else -1
        if at < 0 and len(part) >= SHORTEST_PART:
            at = plain.find(part)
        if at >= 0:
            last = at + len(part)
            found += len(part)
            spans.append((places[at], places[last - 1] + 1))
    return spans if found >= LEAST_FOUND * len(wanted) else []


def _plain(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of a text, and for each the place that it comes from."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", character).casefold())
        letters.append(plain)
        places.extend([place] * len(plain))
    return "".join(letters), places

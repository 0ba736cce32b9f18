"""Renders a page of a PDF, with a quote highlighted."""

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
from carrel.ingest.pdf.blank_glyphs import give_outline
from carrel.ingest.pdf.pdf import PDFIUM_LOCK, loaded_page, opened
from carrel.ingest.pdf.scan import require_real_pictures
from carrel.ingest.pdf.text_layer import characters_of

MOST_PIXELS = 6_000_000
MARK = (255, 224, 130)
# Parts of a quote count as the quote if they are this share of it.
LEAST_FOUND = 0.6
SHORTEST_PART = 4
_LEFT_OUT = re.compile(r"[\s\W_]+")

Span = tuple[int, int]


def picture_of_page(path: Path, view: PageView) -> PagePicture:
    """Render a page, as printed, with the highlights.

    Raises:
        PlaceNotFound: the file has no such page.
        EncryptedDocument, UnreadableDocument: it cannot be opened, or the page is damaged.
    """
    with PDFIUM_LOCK, closing(opened(path)) as document:
        count = len(document)
        if not 1 <= view.page <= count:
            raise PlaceNotFound(f"The document has no page {view.page}: the document has {count}.")
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
    """Blend the color over the boxes so that the print shows through."""
    layer = Image.new("RGB", picture.size, "white")
    draw = ImageDraw.Draw(layer)
    for box in boxes:
        draw.rectangle(box, fill=MARK)
    return ImageChops.multiply(picture, layer)


def _boxes(
    page: pypdfium2.PdfPage, quote: str, size: tuple[int, int]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield a box in pixels for each part of a line that belongs to the quote."""
    give_outline(page)
    with closing(page.get_textpage()) as text_page:
        for start, end in find_quote(characters_of(text_page), quote):
            for index in range(text_page.count_rects(start, end - start)):
                left, bottom, right, top = text_page.get_rect(index)
                corners = [_pixel(page, size, x, y) for x, y in ((left, top), (right, bottom))]
                (x0, x1), (y0, y1) = (sorted(both) for both in zip(*corners, strict=True))
                yield (x0 - 1, y0 - 1, x1 + 1, y1 + 1)


def _pixel(page: pypdfium2.PdfPage, size: tuple[int, int], x: float, y: float) -> tuple[int, int]:
    """Return the pixel of a point of the page, which may be rotated or cropped."""
    across, down = pdfium.c_int(), pdfium.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, across, down)
    return across.value, down.value


def find_quote(text: str, quote: str) -> list[Span]:
    """Return the spans of a text that contain a quote; none if most of it is missing.

    Only letters and digits are compared, normalised: line breaks, hyphens, ligatures and table
    rules may differ. If the quote does not occur in one piece, because the text is in another
    order or repeats the heads of a table, its lines and cells are searched for one by one.
    """
    plain, places = _plain(text)
    wanted, _ = _plain(quote)
    if not wanted:
        return []
    at = plain.find(wanted)
    if at >= 0:
        return [(places[at], places[at + len(wanted) - 1] + 1)]
    spans: list[Span] = []
    found = last = total = 0
    for line in quote.split("\n"):
        parts = [_plain(cell)[0] for cell in _cells(line)]
        row = "".join(parts)
        total += len(row)
        for part in [row] if len(row) >= SHORTEST_PART and row in plain else parts:
            at = plain.find(part, last) if len(part) >= SHORTEST_PART else -1
            if at < 0 and len(part) >= SHORTEST_PART:
                at = plain.find(part)
            if at >= 0:
                last = at + len(part)
                found += len(part)
                spans.append((places[at], places[last - 1] + 1))
    return spans if found >= LEAST_FOUND * total else []


def _cells(line: str) -> list[str]:
    """Return the cells of a table's row, without the heads that ``TableLines`` repeats."""
    if " | " in line:
        return line.split("|")
    labelled = (part.partition(": ") for part in line.split("; "))
    return [value or head for head, _, value in labelled]


def _plain(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of a text, each with its offset."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", character).casefold())
        letters.append(plain)
        places.extend([place] * len(plain))
    return "".join(letters), places

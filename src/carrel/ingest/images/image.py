"""Reader of images with Pillow and OCR."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from pathlib import Path

from pi_heif import register_heif_opener
from PIL import Image

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.failures import TOO_MANY_PIXELS, checked_sections
from carrel.ingest.images.legibility import legible, scaled
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.text.cleaning import squeeze_blank_lines
from carrel.ingest.text.hyphenation import HyphenJoiner

# A4 at 900 dots per inch. Pillow itself warns of more, and refuses twice as many.
MOST_PIXELS = 89_000_000
# These are decoded into several copies at once: fewer pixels take a gigabyte.
MOST_PIXELS_OF = {"WEBP": 55_000_000, "HEIF": 55_000_000, "AVIF": 55_000_000}
MOST_PAGES = 5_000
_PAGED = "TIFF"
_HEIF = "HEIF"
# What Pillow raises on damaged or truncated pixels; with an errno, an OSError is about the disk.
_DAMAGE = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class ImageReader:
    """Reads the printed text of one image format, each image a section.

    A TIFF has pages, counted from 1; of animated images the first frame is read. Sizes are checked
    before anything is decoded.
    """

    def __init__(self, name: str, recognizer: TextRecognizer) -> None:
        """Take Pillow's name of the format: no decoder of another format is tried."""
        if name == _HEIF:
            # Pillow has no decoder of its own for it. Secondary images are not read.
            register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
        self._name = name
        self._recognizer = recognizer

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the text of each image.

        Raises:
            EmptyDocument: no text was recognised.
            UnreadableDocument: it is damaged, has too many pixels, or cannot be recognised.
        """
        with path.open("rb") as stream:
            obstacle = self._recognizer.obstacle()
            if obstacle is not None:
                raise UnreadableDocument(f"it is a picture: {obstacle}")
            joiner = HyphenJoiner()
            found = False
            with Image.open(stream, formats=[self._name]) as picture:
                for number in range(1, MOST_PAGES + 1 if self._name == _PAGED else 2):
                    page = prepared(picture, number)
                    if page is None:
                        break
                    text = joiner.join(self._recognizer.text_of(page))
                    if text := squeeze_blank_lines(text):
                        found = True
                        yield Section(text, page=number if self._name == _PAGED else None)
        if not found:
            raise EmptyDocument("no text was recognised in the picture")


def prepared(picture: Image.Image, number: int = 1) -> Image.Image | None:
    """Return the next page of an opened image, prepared for OCR; None after the last one.

    Raises:
        UnreadableDocument: it is damaged, or has too many pixels.
    """
    try:
        if number > 1:
            try:
                picture.seek(number - 1)
            except EOFError:
                return None
        if picture.width * picture.height > MOST_PIXELS_OF.get(picture.format or "", MOST_PIXELS):
            raise UnreadableDocument(TOO_MANY_PIXELS)
        # Lets a large JPEG be decoded at a fraction of its size.
        picture.draft("L", scaled(picture.size))
        picture.load()
        return legible(picture)
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnreadableDocument(
            "it is damaged or cut short: the picture cannot be unpacked"
        ) from error

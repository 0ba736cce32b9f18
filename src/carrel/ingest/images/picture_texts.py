"""Text of the pictures in a document, within limits."""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Callable, Iterator
from hashlib import sha256

from PIL import Image, UnidentifiedImageError

from carrel.core.errors import UnreadableDocument
from carrel.ingest.failures import TOO_MANY_PIXELS
from carrel.ingest.images.image import prepared
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.text.hyphenation import HyphenJoiner

MOST_PICTURES = 200
MOST_WAITED = 120.0
"""In seconds by the clock, for all pictures of one document."""

# In pixels. Smaller pictures are logos, icons and decoration, longer ones are rules.
LEAST_SIDE, LEAST_PIXELS = 40, 30_000
_LONGEST = 25
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
# Fewer letters and digits are read into the edges of photographs.
_FEWEST_LETTERS = 4
_LETTER = re.compile(r"[^\W_]")
_MARK = "Text in image:"


def may_hold_text(width: float, height: float) -> bool:
    """Whether a picture of so many pixels is large enough."""
    shorter, longer = sorted((width, height))
    return shorter >= LEAST_SIDE and width * height >= LEAST_PIXELS and longer <= _LONGEST * shorter


class PictureTexts:
    """Recognises the pictures of one document, each once, however often it is shown.

    At most ``MOST_PICTURES`` are read, and none after the seconds of the recognizer, or after
    ``MOST_WAITED``.
    """

    def __init__(self, recognizer: TextRecognizer | None) -> None:
        """Take None where no picture is to be read."""
        self._recognizer = recognizer
        self._most = (
            0.0 if recognizer is None or not recognizer.wanted else recognizer.picture_seconds
        )
        self._seconds, self._waited = self._most, MOST_WAITED
        self._seen: set[bytes] = set()
        self._count = 0
        self._obstacle: str | None = None
        self._left_out: dict[str, int] = {}

    @property
    def wanted(self) -> bool:
        """Whether pictures are read at all."""
        return self._most > 0

    def text_of(self, data: bytes) -> str:
        """Return the marked text of a picture's file; empty if it has none, or is not read."""

        def picture() -> Image.Image | None:
            try:
                with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                    return prepared(opened) if may_hold_text(*opened.size) else None
            except UnidentifiedImageError:
                # Vector graphics, or a format that is not drawn here.
                return None
            except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
                raise UnreadableDocument(TOO_MANY_PIXELS) from error

        text = self.recognised(data, picture) if self.wanted else ""
        return marked(HyphenJoiner().join(text))

    def recognised(self, data: bytes, picture: Callable[[], Image.Image | None]) -> str:
        """Return the text of a prepared picture; ``data`` is what tells it from others."""
        key = sha256(data).digest()
        if key in self._seen or not self.wanted:
            return ""
        self._seen.add(key)
        try:
            image = picture()
            if image is None or not self._may_read():
                return ""
            assert self._recognizer is not None
            start, begun = _processor_seconds(), time.monotonic()
            try:
                text = self._recognizer.text_of(image)
            finally:
                self._seconds -= _processor_seconds() - start
                self._waited -= time.monotonic() - begun
        except UnreadableDocument as error:
            self._leave_out(str(error))
            return ""
        except MemoryError:
            self._leave_out("recognising it needs more memory than reading may take")
            return ""
        return text if len(_LETTER.findall(text)) >= _FEWEST_LETTERS else ""

    def left_out(self) -> Iterator[str]:
        """Yield the remarks on what was left out."""
        for reason, count in self._left_out.items():
            yield f"the text of {count:,} picture{'s'[: count > 1]}: {reason}"

    def _may_read(self) -> bool:
        assert self._recognizer is not None
        self._count += 1
        if self._count == 1:
            self._obstacle = self._recognizer.obstacle()
        if self._obstacle is not None:
            self._leave_out(self._obstacle)
        elif self._count > MOST_PICTURES:
            self._leave_out(f"no more than {MOST_PICTURES} are read")
        elif min(self._seconds, self._waited) <= 0:
            self._leave_out(f"recognising all takes longer than {self._most:g} seconds")
        else:
            return True
        return False

    def _leave_out(self, reason: str) -> None:
        self._left_out[reason] = self._left_out.get(reason, 0) + 1


def marked(text: str) -> str:
    """Return recognised text as part of the text of a document."""
    return f"{_MARK}\n{text}" if "\n" in text else f"{_MARK} {text}" if text else ""


def _processor_seconds() -> float:
    """Return the processor time of this process and of the programs that it ran."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system

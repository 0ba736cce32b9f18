"""OCR: chooses the engine that reads the languages of the settings."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from PIL import Image

from carrel.core.errors import UnreadableDocument
from carrel.ingest.images.recognition_limits import LEAST_SIDE
from carrel.ingest.images.tesseract import Tesseract
from carrel.ingest.text.cleaning import clean_text
from carrel.ingest.text.hyphenation import LINE_END_HYPHEN

LATIN_LANGUAGES = (
    "afr bos cat ces cym dan deu eng est eus fao fil fin fra frm fry gla gle glg hat hrv hun ind "
    "isl ita jav lat lav lit ltz mlt mri msa nld nor oci pol por que ron slk slv spa sqi sun swa "
    "swe ton tur uzb"
)
LANGUAGES_OF_RAPIDOCR = frozenset((*LATIN_LANGUAGES.split(), "chi_sim", "chi_tra", "jpn", "osd"))
"""What the models of rapidocr read, all of it at once, named as for tesseract."""

_CUT_WORD = re.compile(r"(?<=\w)-\n(?=\w)")


class TextRecognizer:
    """Recognises printed text in images, with the models of rapidocr or with tesseract.

    ``auto`` takes rapidocr if it reads all languages, otherwise tesseract.
    """

    def __init__(
        self,
        ocr: str = "auto",
        languages: str = "eng",
        picture_seconds: float = 30.0,
        tesseract: Tesseract | None = None,
    ) -> None:
        """Take the settings ``ocr``, ``ocr_languages`` and ``ocr_picture_seconds``."""
        self._ocr = ocr
        self.picture_seconds = picture_seconds
        self._unread = [each for each in languages.split("+") if each not in LANGUAGES_OF_RAPIDOCR]
        self._with_tesseract = ocr == "tesseract" or (ocr == "auto" and bool(self._unread))
        self._tesseract = tesseract or Tesseract(languages)
        self._rapid_ocr: Any = None

    @property
    def wanted(self) -> bool:
        """Whether the settings ask for OCR."""
        return self._ocr != "never"

    def obstacle(self) -> str | None:
        """Return what to do to enable OCR, as the end of a sentence, or None."""
        if not self.wanted:
            return "set --ocr=auto to have it read"
        if self._with_tesseract:
            return self._tesseract.obstacle()
        if self._unread:
            return f"rapidocr does not read {', '.join(self._unread)}: set --ocr=auto"
        return None

    def text_of(self, picture: Image.Image) -> str:
        """Return the clean text of a grey image with 300 dots per inch; empty if it has none.

        A hyphen at the end of a line is encoded as by pdfium, for a ``HyphenJoiner``.

        Raises:
            UnreadableDocument: it took too long, or the program failed.
        """
        darkest, lightest = picture.getextrema()
        if min(picture.size) < LEAST_SIDE or darkest == lightest:
            return ""
        text = clean_text(self._engine().text_of(picture)).strip()
        return _CUT_WORD.sub(LINE_END_HYPHEN, text)

    def _engine(self) -> Any:
        if self._with_tesseract:
            return self._tesseract
        if self._rapid_ocr is None:
            # Its libraries take 0.7 s to import, and most processes never recognise anything.
            try:
                self._rapid_ocr = import_module("carrel.ingest.images.rapid_ocr").RapidOcr()
            except ImportError as error:
                raise UnreadableDocument(
                    "its text cannot be recognised: rapidocr does not load; it needs 1.5 GiB "
                    "(--max_reading_memory), or has to be installed again"
                ) from error
        return self._rapid_ocr

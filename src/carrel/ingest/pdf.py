"""PDF by pdfium, page by page."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, EncryptedDocument, UnreadableDocument
from carrel.ingest.cleaning import squeeze_blank_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.hyphenation import HyphenJoiner

# pdfium keeps its state per process, not per document: whoever calls it from any thread holds
# this lock. It is reentrant because the collector may close an abandoned document of a thread
# that is inside another one.
PDFIUM_LOCK = threading.RLock()


class PdfReader:
    """Reads the text layer: one section per page that has text, pages counted from 1.

    The pages are read one at a time and closed again, so that memory does not grow with their
    number. Files that only their owner's password restricts are read.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the pages.

        Raises:
            EncryptedDocument: it takes a password to open.
            EmptyDocument: no page has text.
            UnreadableDocument: it is damaged.
        """
        document = _open(path)
        joiner = HyphenJoiner()
        found = False
        try:
            with PDFIUM_LOCK:
                count = len(document)
            for index in range(count):
                text = squeeze_blank_lines(joiner.join(_page_text(document, index)))
                if text:
                    found = True
                    yield Section(text, page=index + 1)
        finally:
            with PDFIUM_LOCK:
                document.close()
        if not count:
            raise UnreadableDocument("it is damaged: it has no pages")
        if not found:
            raise EmptyDocument(
                "no page has text: it is probably a scan, and text recognition is not available yet"
            )


def _open(path: Path) -> pypdfium2.PdfDocument:
    try:
        with PDFIUM_LOCK:
            return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise EncryptedDocument(
                "it is password protected: save a copy without the password and add that"
            ) from error
        if error.err_code == pdfium.FPDF_ERR_SECURITY:
            raise EncryptedDocument(
                "it is protected in a way that cannot be opened: save an unprotected copy"
            ) from error
        raise UnreadableDocument("it is damaged: its page structure cannot be read") from error


def _page_text(document: pypdfium2.PdfDocument, index: int) -> str:
    """Return a page's text as pdfium has it; a page that cannot be loaded damages the file."""
    with PDFIUM_LOCK:
        try:
            page = document[index]
            try:
                text_page = page.get_textpage()
                try:
                    return str(text_page.get_text_bounded())
                finally:
                    text_page.close()
            finally:
                page.close()
        except pypdfium2.PdfiumError as error:
            raise UnreadableDocument(f"it is damaged: page {index + 1} cannot be read") from error

"""Reader of PDF with pdfium, page by page."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import structlog
from PIL import Image

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, EncryptedDocument, UnreadableDocument
from carrel.ingest.failures import checked_sections
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.pdf.page_heading import PageHeadings
from carrel.ingest.pdf.page_tables import PageTable
from carrel.ingest.pdf.raised_digits import raised_spans, with_raised
from carrel.ingest.pdf.ruled_text import ruled_text
from carrel.ingest.pdf.scan import is_scan, picture_of
from carrel.ingest.pdf.turn import turn_of
from carrel.ingest.remarks import Remarks
from carrel.ingest.text.cleaning import squeeze_blank_lines
from carrel.ingest.text.hyphenation import HyphenJoiner

log = structlog.get_logger()

# pdfium's state is per process, not per document: callers in any thread must hold this
# this lock. It is reentrant because the collector may close an abandoned document of a thread
# that is inside another one.
PDFIUM_LOCK = threading.RLock()


class PdfReader:
    """Reads the text layer: one section per page that has text, pages counted from 1.

    A page that is an image is recognised, if tesseract is installed. Pages are opened one at a
    time, so that memory does not grow with their number. Files that are only restricted by an owner
    password are read.
    """

    def __init__(self, recognizer: TextRecognizer | None = None) -> None:
        """Take the OCR for scans; by default tesseract, in English."""
        self._recognizer = recognizer or TextRecognizer()

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the pages.

        Raises:
            EncryptedDocument: it needs a password to open.
            EmptyDocument: no page has text.
            UnreadableDocument: it is damaged.
        """
        remarks = Remarks()
        yield from remarks.carried_by(self._pages(path, remarks))

    def _pages(self, path: Path, remarks: Remarks) -> Generator[Section]:
        document = opened(path)
        joiner, headings = HyphenJoiner(), PageHeadings()
        found = False
        scans = 0
        table: PageTable | None = None
        obstacle: str | None = None
        try:
            with PDFIUM_LOCK:
                count = len(document)
            for index in range(count):
                text, scanned, table = _page_text(document, index, table)
                if scanned:
                    if not scans:
                        obstacle = self._recognizer.obstacle()
                    scans += 1
                    if obstacle is None:
                        picture = _page_picture(document, index)
                        text = self._recognizer.text_of(picture) or text
                text = squeeze_blank_lines(joiner.join(text))
                if text:
                    found = True
                    heading = headings.of(text)
                    yield Section(text, page=index + 1, heading=heading, page_count=count)
        finally:
            with PDFIUM_LOCK:
                document.close()
        if not count:
            raise UnreadableDocument("it is damaged: it has no pages")
        if obstacle is not None:
            if not found:
                raise EmptyDocument(f"no page has text: it looks like a scan; {obstacle}")
            log.warning("document.scans_left_out", pages=scans, reason=obstacle)
            remarks.add(f"the text of {scans:,} scanned page{'s'[: scans > 1]}: {obstacle}")
        elif not found:
            reason = ", and none was recognised in its pictures" if scans else ""
            raise EmptyDocument(f"no page has text{reason}")


def opened(path: Path) -> pypdfium2.PdfDocument:
    """Return the document of a file, to be closed.

    Raises:
        EncryptedDocument: it needs a password to open.
        UnreadableDocument: it is damaged.
    """
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


def _page_text(
    document: pypdfium2.PdfDocument, index: int, before: PageTable | None
) -> tuple[str, bool, PageTable | None]:
    """Return the text of a page, whether the page is rather an image, and its last table.

    ``before`` is the last table of the page before.
    """
    with loaded_page(document, index) as page, closing(page.get_textpage()) as text_page:
        turn = turn_of(text_page)
        whole = str(text_page.get_text_range())
        spans = raised_spans(text_page, turn, whole)
        ruled = ruled_text(page, text_page, turn, spans, before)
        if ruled is not None:
            return ruled.text, False, ruled.last
        text = str(text_page.get_text_bounded())
        # pdfium's text of a box may leave out what is beside the page, and some line breaks.
        if spans and text.split() == whole.split():
            text = with_raised(text_page, turn, whole, spans)
        return text, is_scan(page, text), None


def _page_picture(document: pypdfium2.PdfDocument, index: int) -> Image.Image:
    with loaded_page(document, index) as page:
        return picture_of(page)


@contextmanager
def loaded_page(document: pypdfium2.PdfDocument, index: int) -> Iterator[pypdfium2.PdfPage]:
    """Hold the lock and the page; if it cannot be loaded, the file is damaged."""
    with PDFIUM_LOCK:
        try:
            with closing(document[index]) as page:
                yield page
        except pypdfium2.PdfiumError as error:
            raise UnreadableDocument(f"it is damaged: page {index + 1} cannot be read") from error

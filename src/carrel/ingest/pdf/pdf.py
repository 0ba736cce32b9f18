"""Reader of PDF with pdfium, page by page."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import structlog
from PIL import Image

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, EncryptedDocument, UnreadableDocument
from carrel.core.protocols.reading import ReaderRegistry
from carrel.ingest.archives.embedded_files import ContainerReader, Contents
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.images.picture_texts import PictureTexts, marked
from carrel.ingest.pdf.attachments import Attachments, NoReaders
from carrel.ingest.pdf.form_fields import open_form
from carrel.ingest.pdf.page_heading import PageHeadings
from carrel.ingest.pdf.page_text import PageKind, PageText, text_of_page
from carrel.ingest.pdf.pictures import picture_at, picture_data, without_known, without_marks
from carrel.ingest.pdf.running_lines import RunningLines
from carrel.ingest.pdf.scan import picture_of
from carrel.ingest.pdf.tables.page_tables import PageTable
from carrel.ingest.text.cleaning import squeeze_blank_lines
from carrel.ingest.text.hyphenation import HyphenJoiner

log = structlog.get_logger()

# pdfium's state is per process, not per document: callers in any thread must hold this lock. It is
# reentrant because the collector may close an abandoned document inside another one's call.
PDFIUM_LOCK = threading.RLock()

_UNMAPPED = "its fonts do not say which letters they show"


class PdfReader(ContainerReader):
    """Reads the text layer: one section per page that has text, pages counted from 1.

    A page that is an image, or whose text layer is not what it shows, is recognised, as are
    pictures with text on other pages. Pages are opened one at a time, so that memory does not grow
    with their number. Files that are only restricted by an owner password are read. Attachments
    follow the pages.
    """

    def __init__(
        self, recognizer: TextRecognizer | None = None, registry: ReaderRegistry | None = None
    ) -> None:
        """Take the OCR for scans (by default in English), and attachments' readers."""
        super().__init__(registry or NoReaders())
        self._recognizer = recognizer or TextRecognizer()

    def sections(self, path: Path, contents: Contents) -> Generator[Section]:
        """Yield the pages, then the attachments.

        Raises:
            EncryptedDocument: it needs a password to open.
            EmptyDocument: no page has text, and there is no attachment.
            UnreadableDocument: it is damaged.
        """
        attachments = Attachments()
        pages = _Pages(self._recognizer, attachments)
        yield from pages.read(path)
        found = pages.found
        for section in attachments.sections(contents):
            found = True
            yield section
        if not found:
            raise pages.nothing_read()
        contents.remarks.add(*pages.left_out())


class _Pages:
    """The pages of one document, and what of them is not read."""

    def __init__(self, recognizer: TextRecognizer, attachments: Attachments) -> None:
        self.found = False
        self._recognizer = recognizer
        self._pictures = PictureTexts(recognizer)
        self._attachments = attachments
        self._scans = 0
        self._noise = 0
        self._unrecognised = 0
        self._obstacle: str | None = None

    def read(self, path: Path) -> Generator[Section]:
        document = opened(path)
        joiner, headings, running = HyphenJoiner(), PageHeadings(), RunningLines()
        table: PageTable | None = None
        try:
            with PDFIUM_LOCK:
                open_form(document)
                count = len(document)
                self._attachments.take_from_document(document)
            for index in range(count):
                page = self._page(document, index, table)
                table = page.table
                text = squeeze_blank_lines(running.moved(joiner.join(page.text), page.in_margin))
                if text or page.notes:
                    self.found = True
                    heading = headings.of(text)
                    whole = "\n\n".join(part for part in (text, page.notes) if part)
                    yield Section(whole, page=index + 1, heading=heading, page_count=count)
        finally:
            with PDFIUM_LOCK:
                document.close()
        if not count:
            raise UnreadableDocument("it is damaged: it has no pages")

    def _page(
        self, document: pypdfium2.PdfDocument, index: int, before: PageTable | None
    ) -> PageText:
        """Return the text of a page, recognised where it has to be.

        ``before`` is the last table of the page before.
        """
        with loaded_page(document, index) as page:
            read = text_of_page(page, before)
            self._attachments.take_from_page(page)
        if read.kind is PageKind.TEXT:
            return replace(read, text=self._with_pictures(document, index, read))
        if not self._scans + self._noise:
            self._obstacle = self._recognizer.obstacle()
        self._scans += read.kind is PageKind.SCAN
        self._noise += read.kind is PageKind.NOISE
        text = "" if read.kind is PageKind.NOISE else read.text
        if self._obstacle is None:
            with loaded_page(document, index) as page:
                picture = picture_of(page)
            recognised = self._recognizer.text_of(picture)
            self._unrecognised += read.kind is PageKind.NOISE and not recognised
            text = recognised or text
        return replace(read, text=text)

    def _with_pictures(self, document: pypdfium2.PdfDocument, index: int, read: PageText) -> str:
        """Return the text of a page, with that of its pictures in place of their marks."""
        text = without_marks(read.text)
        if not self._pictures.wanted or not read.pictures:
            return text
        whole = read.text
        for place in read.pictures:
            with loaded_page(document, index) as page:
                data = picture_data(page, place.index)
            found = self._pictures.recognised(data, partial(_picture, document, index, place.index))
            found = marked(without_known(found, place.over))
            whole = whole.replace(place.mark, f"\n{found}\n" if found else place.mark)
        return without_marks(whole)

    def nothing_read(self) -> EmptyDocument:
        """Return the error of a document without any text."""
        if self._obstacle is not None:
            kind = "it looks like a scan" if self._scans else _UNMAPPED
            return EmptyDocument(f"no page has text: {kind}; {self._obstacle}")
        pictures = ", and none was recognised in its pictures"
        return EmptyDocument(f"no page has text{pictures if self._scans + self._noise else ''}")

    def left_out(self) -> Iterator[str]:
        """Yield the remarks on pages and pictures that are not read."""
        yield from self._pictures.left_out()
        if self._obstacle is not None:
            log.warning(
                "document.scans_left_out", pages=self._scans + self._noise, reason=self._obstacle
            )
            if self._scans:
                yield f"the text of {_pages('scanned page', self._scans)}: {self._obstacle}"
            if self._noise:
                yield f"the text of {_pages('page', self._noise)}: {_UNMAPPED}; {self._obstacle}"
        elif self._unrecognised:
            pages = _pages("page", self._unrecognised)
            yield f"the text of {pages}: {_UNMAPPED}, and none was recognised"


def _picture(document: pypdfium2.PdfDocument, page: int, index: int) -> Image.Image | None:
    with loaded_page(document, page) as loaded:
        return picture_at(loaded, index)


def _pages(name: str, count: int) -> str:
    return f"{count:,} {name}{'s'[: count > 1]}"


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


@contextmanager
def loaded_page(document: pypdfium2.PdfDocument, index: int) -> Iterator[pypdfium2.PdfPage]:
    """Hold the lock and the page; if it cannot be loaded, the file is damaged."""
    with PDFIUM_LOCK:
        try:
            with closing(document[index]) as page:
                yield page
        except pypdfium2.PdfiumError as error:
            raise UnreadableDocument(f"it is damaged: page {index + 1} cannot be read") from error

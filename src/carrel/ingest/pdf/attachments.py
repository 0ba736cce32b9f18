"""Files embedded in a PDF: those of the document, and those pinned to a page."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument, UnsupportedFormat
from carrel.core.protocols.reading import Reader
from carrel.ingest.archives.embedded_files import MOST_FILES, Contents
from carrel.ingest.pdf.form_fields import string_of
from carrel.ingest.text.cleaning import one_line

MOST_BYTES = 256 << 20
_MOST_ANNOTATIONS = 1_000


class Attachments:
    """The attachments of one document, each read once (ISO 32000-1, 7.11.4).

    Callers hold the lock of pdfium, except for ``sections``.
    """

    def __init__(self) -> None:
        self._files: list[tuple[str, bytes | None]] = []
        self._size = 0

    def take_from_document(self, document: pypdfium2.PdfDocument) -> None:
        """Take the files of the document's list."""
        # One more than may be read: so many are refused.
        for index in range(min(pdfium.FPDFDoc_GetAttachmentCount(document.raw), MOST_FILES + 1)):
            self._take(pdfium.FPDFDoc_GetAttachment(document.raw, index))

    def take_from_page(self, page: pypdfium2.PdfPage) -> None:
        """Take the files of the page's annotations."""
        count = min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MOST_ANNOTATIONS)
        for index in range(count):
            annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
            if annotation:
                if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_FILEATTACHMENT:
                    self._take(pdfium.FPDFAnnot_GetFileAttachment(annotation))
                pdfium.FPDFPage_CloseAnnot(annotation)

    def sections(self, contents: Contents) -> Iterator[Section]:
        """Yield the sections of the files; those that cannot be read become remarks."""
        for name, data in self._files:
            if data is None:
                contents.remarks.add(f"{name}: it cannot be unpacked")
            else:
                yield from contents.read(name, data)

    def _take(self, attachment: Any) -> None:
        if not attachment:
            return
        name = one_line(string_of(partial(pdfium.FPDFAttachment_GetName, attachment)))
        data = _data(attachment)
        self._size += len(data or b"")
        if self._size > MOST_BYTES:
            raise UnreadableDocument("its attachments are too large: save them and add them singly")
        file = name or f"attachment {len(self._files) + 1}", data
        if file not in self._files:
            self._files.append(file)


def _data(attachment: Any) -> bytes | None:
    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(attachment, None, 0, size):
        return None
    if size.value > MOST_BYTES:
        return None
    buffer = (ctypes.c_char * size.value)()
    if not pdfium.FPDFAttachment_GetFile(attachment, buffer, size.value, size):
        return None
    return bytes(buffer)


class NoReaders:
    """A ``ReaderRegistry`` without readers: attachments are named, and not read."""

    def reader_for(self, path: Path, name: str) -> Reader:
        """Refuse the file."""
        raise UnsupportedFormat("it is attached, and attachments are not read here")

    def supports(self, name: str) -> bool:
        """Return False."""
        return False

    def suffixes(self) -> Sequence[str]:
        """Return no suffix."""
        return ()

    def interrupt(self, reader: Reader) -> None:
        """Do nothing."""

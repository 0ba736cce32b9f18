"""The table of formats and their readers. New formats are added here only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from carrel.core.documents import READABLE
from carrel.core.errors import (
    EmptyDocument,
    EncryptedDocument,
    UnreadableDocument,
    UnsupportedFormat,
)
from carrel.core.protocols.reading import Reader
from carrel.ingest.archives.archive import GzipReader, TarReader, ZipReader
from carrel.ingest.data.calendar_events import CalendarReader
from carrel.ingest.data.contacts import ContactReader
from carrel.ingest.data.json_records import JsonLinesReader, JsonReader
from carrel.ingest.data.subtitles import SubtitleReader
from carrel.ingest.data.table import TableReader
from carrel.ingest.detection.content import Content, identify
from carrel.ingest.detection.unsupported_formats import REPACK, UNSUPPORTED_FORMATS, save_as
from carrel.ingest.failures import as_core_error
from carrel.ingest.images.image import ImageReader
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.images.svg import SVGReader
from carrel.ingest.mail.mail import MailboxReader, MailReader
from carrel.ingest.mail.outlook import OutlookReader
from carrel.ingest.mail.web_archive import WebArchiveReader
from carrel.ingest.markup.jupyter import NotebookReader
from carrel.ingest.markup.markdown import MarkdownReader
from carrel.ingest.markup.org import OrgReader
from carrel.ingest.markup.restructured_text import RestructuredTextReader
from carrel.ingest.office.old_office import OldOfficeReader
from carrel.ingest.office.old_workbook import OldWorkbookReader
from carrel.ingest.office.opendocument_presentation import OpenDocumentPresentationReader
from carrel.ingest.office.opendocument_spreadsheet import OpenDocumentSpreadsheetReader
from carrel.ingest.office.opendocument_text import OpenDocumentTextReader
from carrel.ingest.office.presentation import PresentationReader
from carrel.ingest.office.rich_text import RichTextReader
from carrel.ingest.office.spreadsheet import SpreadsheetReader
from carrel.ingest.office.word import WordReader
from carrel.ingest.pdf.pdf import PdfReader
from carrel.ingest.text.definitions import DEFINITIONS
from carrel.ingest.text.source_code import SourceCodeReader
from carrel.ingest.text.text import TextReader
from carrel.ingest.web.epub import EPUBReader
from carrel.ingest.web.web import WebReader
from carrel.ingest.wiki.wiki_reader import WikiOrXmlReader

_PACKAGES = frozenset((Content.WORD, Content.PRESENTATION, Content.WORKBOOK)).union(
    (Content.OPEN_TEXT, Content.OPEN_PRESENTATION, Content.OPEN_SPREADSHEET, Content.BOOK)
)
# What a container may have held whose directory cannot be read.
_DAMAGED = {
    Content.DAMAGED_ZIP: _PACKAGES | {Content.ZIP},
    Content.DAMAGED_OLE: frozenset((Content.OLD_WORD, Content.OLD_PRESENTATION)).union(
        (Content.OLD_WORKBOOK, Content.OUTLOOK)
    ),
}
_IN_PARTS = (Content.MAIL, Content.SAVED_PAGE)
_PRESENTATIONS = (".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm")
# What to do with files of unsupported content.
_INSTEAD = {
    Content.OLD_OFFICE: save_as(".docx, .xlsx or .pptx"),
    Content.MAIL: "rename it to end in .eml",
    Content.SEVEN_ZIP: REPACK,
    Content.RAR: REPACK,
}


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: its lower-case suffixes, its content, and its reader.

    ``also`` is what its files may contain as well.
    """

    suffixes: tuple[str, ...]
    content: Content
    reader: Reader
    also: tuple[Content, ...] = ()


class SuffixReaderRegistry:
    """A ``ReaderRegistry`` that accepts a file's name only if its content matches."""

    def __init__(self, formats: Sequence[Format]) -> None:
        """Take the formats; no two may share a suffix."""
        self._formats: dict[str, Format] = {}
        for each in formats:
            self.add(each)

    def add(self, format_: Format) -> None:
        """Add a format whose reader needs the registry itself for embedded files."""
        for suffix in format_.suffixes:
            if suffix in self._formats:
                raise ValueError(f"two formats claim {suffix}")
            self._formats[suffix] = format_

    def reader_for(self, path: Path, name: str) -> Reader:
        """Return the reader for the suffix of ``name``, checked against the content of ``path``.

        Messages contain only the reason, so that the caller can prepend the name.

        Raises:
            UnsupportedFormat: no reader, or the content does not match the suffix.
            EmptyDocument: the file has no bytes.
            EncryptedDocument: a password-protected Office document.
            UnreadableDocument: the file is damaged or cannot be opened.
        """
        suffix = _suffix(name)
        expected = self._formats.get(suffix)
        if suffix in UNSUPPORTED_FORMATS:
            advice = UNSUPPORTED_FORMATS[suffix]
            raise UnsupportedFormat(f"files ending in {suffix} cannot be read: {advice}")
        if expected is None:
            named = f"files ending in {suffix}" if suffix else "files without an ending"
            raise UnsupportedFormat(f"{named} cannot be read: Carrel reads {READABLE}")
        try:
            content = identify(path)
        except OSError as error:
            raise as_core_error(error) from error
        if content is not expected.content and content not in expected.also:
            raise self._mismatch(suffix, expected, content)
        return expected.reader

    def supports(self, name: str) -> bool:
        """Whether a file of this name has a reader."""
        return _suffix(name) in self._formats

    def suffixes(self) -> Sequence[str]:
        """The suffixes that have a reader, each with its dot, sorted."""
        return sorted(self._formats)

    def interrupt(self, reader: Reader) -> None:
        """Do nothing: readers in this process cannot be interrupted."""

    def _mismatch(self, suffix: str, expected: Format, content: Content) -> UnreadableDocument:
        if content is Content.EMPTY:
            return EmptyDocument("it is empty")
        if content is Content.ENCRYPTED_OFFICE:
            return EncryptedDocument(
                "it is password protected: save a copy without the password and add that"
            )
        if expected.content in _DAMAGED.get(content, ()):
            return UnreadableDocument("it is damaged or cut short: its contents cannot be unpacked")
        return UnsupportedFormat(
            f"its name ends in {suffix}, but it holds {content.value}{self._advice(content)}"
        )

    def _advice(self, content: Content) -> str:
        if content in _INSTEAD:
            return f": {_INSTEAD[content]}"
        for suffix, known in self._formats.items():
            if known.content is content or content in known.also:
                return f": rename it to end in {suffix}"
        return ""


def default_registry(ocr: str = "auto", ocr_languages: str = "eng") -> SuffixReaderRegistry:
    """Return a registry of all formats; the parameters have the names of the settings."""
    recognizer = TextRecognizer(ocr != "never", ocr_languages)
    word, presentation = WordReader(), PresentationReader()
    old_word = OldOfficeReader(Content.OLD_WORD, ".docx", word)
    old_presentation = OldOfficeReader(Content.OLD_PRESENTATION, ".pptx", presentation)
    registry = SuffixReaderRegistry(
        [
            Format((".pdf",), Content.PDF, PdfReader(recognizer)),
            Format((".docx", ".docm", ".dotx", ".dotm"), Content.WORD, word),
            Format(_PRESENTATIONS, Content.PRESENTATION, presentation),
            Format((".xlsx", ".xlsm", ".xltx", ".xltm"), Content.WORKBOOK, SpreadsheetReader()),
            Format((".doc",), Content.OLD_WORD, old_word),
            Format((".ppt",), Content.OLD_PRESENTATION, old_presentation),
            Format((".xls",), Content.OLD_WORKBOOK, OldWorkbookReader()),
            Format((".odt",), Content.OPEN_TEXT, OpenDocumentTextReader()),
            Format((".odp",), Content.OPEN_PRESENTATION, OpenDocumentPresentationReader()),
            Format((".ods",), Content.OPEN_SPREADSHEET, OpenDocumentSpreadsheetReader()),
            Format((".rtf",), Content.RTF, RichTextReader()),
            Format((".epub",), Content.BOOK, EPUBReader()),
            Format((".txt", ".text", ".log"), Content.TEXT, TextReader()),
            Format((".md", ".markdown"), Content.TEXT, MarkdownReader()),
            Format((".csv", ".tsv"), Content.TEXT, TableReader()),
            Format((".html", ".htm"), Content.TEXT, WebReader()),
            Format((".png",), Content.PNG, ImageReader("PNG", recognizer)),
            Format((".jpg", ".jpeg"), Content.JPEG, ImageReader("JPEG", recognizer)),
            Format((".tif", ".tiff"), Content.TIFF, ImageReader("TIFF", recognizer)),
            Format((".webp",), Content.WEBP, ImageReader("WEBP", recognizer)),
            Format((".heic", ".heif", ".hif"), Content.HEIC, ImageReader("HEIF", recognizer)),
            Format((".avif",), Content.AVIF, ImageReader("AVIF", recognizer)),
            Format((".bmp",), Content.BMP, ImageReader("BMP", recognizer)),
            Format((".gif",), Content.GIF, ImageReader("GIF", recognizer)),
            Format((".mht", ".mhtml"), Content.TEXT, WebArchiveReader(), _IN_PARTS),
            Format((".rst",), Content.TEXT, RestructuredTextReader()),
            Format((".org",), Content.TEXT, OrgReader()),
            Format((".json",), Content.TEXT, JsonReader()),
            Format((".jsonl", ".ndjson"), Content.TEXT, JsonLinesReader()),
            Format((".xml",), Content.TEXT, WikiOrXmlReader()),
            Format((".ipynb",), Content.TEXT, NotebookReader()),
            Format((".srt", ".vtt"), Content.TEXT, SubtitleReader()),
            Format((".ics", ".ical"), Content.TEXT, CalendarReader()),
            Format((".vcf", ".vcard"), Content.TEXT, ContactReader()),
            Format((".svg",), Content.TEXT, SVGReader()),
            *(
                Format((suffix,), Content.TEXT, SourceCodeReader(definition))
                for suffix, definition in DEFINITIONS.items()
            ),
        ]
    )
    # Files embedded in these are read by the same readers.
    registry.add(Format((".eml",), Content.TEXT, MailReader(registry), _IN_PARTS))
    registry.add(Format((".msg",), Content.OUTLOOK, OutlookReader(registry)))
    registry.add(Format((".mbox",), Content.TEXT, MailboxReader(registry), _IN_PARTS))
    registry.add(Format((".zip",), Content.ZIP, ZipReader(registry)))
    registry.add(Format((".tar",), Content.TAR, TarReader(registry)))
    registry.add(Format((".gz", ".tgz"), Content.GZIP, GzipReader(registry)))
    registry.add(Format((".bz2", ".tbz2"), Content.BZIP2, TarReader(registry)))
    registry.add(Format((".xz", ".txz"), Content.XZ, TarReader(registry)))
    return registry


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()

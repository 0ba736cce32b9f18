"""The table of formats and their readers. New formats are added here only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, cast

from carrel.core.documents import READABLE
from carrel.core.errors import (
    EmptyDocument,
    EncryptedDocument,
    UnreadableDocument,
    UnsupportedFormat,
)
from carrel.core.protocols.reading import Reader, ReaderRegistry
from carrel.ingest.detection.content import Content, identify
from carrel.ingest.detection.unsupported_formats import REPACK, UNSUPPORTED_FORMATS, save_as
from carrel.ingest.failures import as_core_error
from carrel.ingest.plugins import unstructured_package
from carrel.ingest.text.definitions import DEFINITIONS

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
_OPEN_DOCUMENTS = (
    (".odt", Content.OPEN_TEXT, "Text"),
    (".odp", Content.OPEN_PRESENTATION, "Presentation"),
    (".ods", Content.OPEN_SPREADSHEET, "Spreadsheet"),
)
# With the names that Pillow has for them.
_PICTURES = (
    (".png", Content.PNG, "PNG"),
    (".jpg .jpeg", Content.JPEG, "JPEG"),
    (".tif .tiff", Content.TIFF, "TIFF"),
    (".webp", Content.WEBP, "WEBP"),
    (".heic .heif .hif", Content.HEIC, "HEIF"),
    (".avif", Content.AVIF, "AVIF"),
    (".bmp", Content.BMP, "BMP"),
    (".gif", Content.GIF, "GIF"),
)
_TEXTS = (
    (".txt .text .log", "text.text:TextReader"),
    (".md .markdown", "markup.markdown:MarkdownReader"),
    (".csv .tsv", "data.table:TableReader"),
    (".html .htm", "web.web:WebReader"),
    (".rst", "markup.restructured_text:RestructuredTextReader"),
    (".org", "markup.org:OrgReader"),
    (".json", "data.json_records:JsonReader"),
    (".jsonl .ndjson", "data.json_records:JsonLinesReader"),
    (".xml", "wiki.wiki_reader:WikiOrXmlReader"),
    (".ipynb", "markup.jupyter:NotebookReader"),
    (".srt .vtt", "data.subtitles:SubtitleReader"),
    (".ics .ical", "data.calendar_events:CalendarReader"),
    (".vcf .vcard", "data.contacts:ContactReader"),
    (".svg", "images.svg:SVGReader"),
)
_ARCHIVES = (
    (".zip", Content.ZIP, "Zip"),
    (".tar", Content.TAR, "Tar"),
    (".gz .tgz", Content.GZIP, "Compressed"),
    (".bz2 .tbz2", Content.BZIP2, "Compressed"),
    (".xz .txz", Content.XZ, "Compressed"),
)
# What to do with files of unsupported content.
_INSTEAD = {
    Content.OLD_OFFICE: save_as(".docx, .xlsx or .pptx"),
    Content.MAIL: "rename it to end in .eml",
    Content.SEVEN_ZIP: REPACK,
    Content.RAR: REPACK,
}


class OnDemand:
    """A reader, or a part of one, that is imported and made when the first file needs it.

    To list the formats that can be read, no library of a format is imported.
    """

    def __init__(self, where: str, *arguments: object) -> None:
        """Take ``module:Class`` below ``carrel.ingest``, and what it is made of."""
        self._module, _, self._name = where.partition(":")
        self._arguments = arguments
        self._made: Any = None

    def get(self) -> Any:
        """Return it, the same one every time."""
        if self._made is None:
            arguments = [
                each.get() if isinstance(each, OnDemand) else each for each in self._arguments
            ]
            kind = getattr(import_module(f"carrel.ingest.{self._module}"), self._name)
            self._made = kind(*arguments)
        return self._made


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: its lower-case suffixes, its content, and its reader.

    ``also`` is what its files may contain as well.
    """

    suffixes: tuple[str, ...]
    content: Content
    reader: Reader | OnDemand
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
        return self.made_reader(suffix)

    def made_reader(self, suffix: str) -> Reader:
        """Return the reader of a suffix that has one."""
        reader: Reader | OnDemand = self._formats[suffix].reader
        return cast(Reader, reader.get()) if isinstance(reader, OnDemand) else reader

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


def default_registry(
    ocr: str = "auto", ocr_languages: str = "eng", ocr_picture_seconds: str = "30"
) -> SuffixReaderRegistry:
    """Return a registry of all formats; the parameters have the names of the settings."""
    registry = SuffixReaderRegistry([])
    _add_formats(registry, registry, _recognizer(ocr, ocr_languages, ocr_picture_seconds))
    return registry


def chosen_registry(
    ocr: str = "auto",
    ocr_languages: str = "eng",
    ocr_picture_seconds: str = "30",
    reader: str = "carrel",
) -> ReaderRegistry:
    """Return the readers of the settings, with that of unstructured where it is installed.

    Raises:
        InvalidSetting: ``reader`` is unstructured, which is not installed.
    """
    unstructured_first = reader == unstructured_package.PACKAGE
    if unstructured_first:
        unstructured_package.require_installed()
    elif not unstructured_package.is_installed():
        return default_registry(ocr, ocr_languages, ocr_picture_seconds)
    # With parsers, which a command that only asks for suffixes does not need.
    from carrel.ingest.plugins.reader_order import ReadersInOrder

    own = SuffixReaderRegistry([])
    within = ReadersInOrder(own, unstructured_first, named=False)
    _add_formats(own, within, _recognizer(ocr, ocr_languages, ocr_picture_seconds))
    return ReadersInOrder(own, unstructured_first)


def _recognizer(ocr: str, languages: str, picture_seconds: str) -> OnDemand:
    return OnDemand("images.ocr:TextRecognizer", ocr, languages, float(picture_seconds))


def _add_formats(
    registry: SuffixReaderRegistry, embedded: ReaderRegistry, recognizer: OnDemand
) -> None:
    """Add all formats. ``embedded`` reads the files within mail, archives and PDF."""

    def add(
        suffixes: str, content: Content, where: str, *made_of: object, also: Sequence[Content] = ()
    ) -> None:
        made = OnDemand(where, *made_of)
        registry.add(Format(tuple(suffixes.split()), content, made, tuple(also)))

    word = OnDemand("office.word:WordReader", recognizer)
    presentation = OnDemand("office.presentation:PresentationReader", recognizer)
    add(".pdf", Content.PDF, "pdf.pdf:PdfReader", recognizer, embedded)
    registry.add(Format((".docx", ".docm", ".dotx", ".dotm"), Content.WORD, word))
    registry.add(Format(_PRESENTATIONS, Content.PRESENTATION, presentation))
    add(".xlsx .xlsm .xltx .xltm", Content.WORKBOOK, "office.spreadsheet:SpreadsheetReader")
    for suffix, content, modern, reader in (
        (".doc", Content.OLD_WORD, ".docx", word),
        (".ppt", Content.OLD_PRESENTATION, ".pptx", presentation),
    ):
        add(suffix, content, "office.old_office:OldOfficeReader", content, modern, reader)
    add(".xls", Content.OLD_WORKBOOK, "office.old_workbook:OldWorkbookReader")
    for suffix, content, kind in _OPEN_DOCUMENTS:
        add(suffix, content, f"office.opendocument_{kind.lower()}:OpenDocument{kind}Reader")
    add(".rtf", Content.RTF, "office.rich_text:RichTextReader")
    add(".epub", Content.BOOK, "web.epub:EPUBReader")
    for suffixes, content, name in _PICTURES:
        add(suffixes, content, "images.image:ImageReader", name, recognizer)
    for suffixes, where in _TEXTS:
        add(suffixes, Content.TEXT, where)
    add(".mht .mhtml", Content.TEXT, "mail.web_archive:WebArchiveReader", also=_IN_PARTS)
    for suffix, definition in DEFINITIONS.items():
        add(suffix, Content.TEXT, "text.source_code:SourceCodeReader", definition)
    # Files embedded in these are read by the same readers.
    add(".eml", Content.TEXT, "mail.mail:MailReader", embedded, also=_IN_PARTS)
    add(".msg", Content.OUTLOOK, "mail.outlook:OutlookReader", embedded)
    add(".mbox", Content.TEXT, "mail.mail:MailboxReader", embedded, also=_IN_PARTS)
    for suffixes, content, kind in _ARCHIVES:
        add(suffixes, content, f"archives.archive:{kind}Reader", embedded)


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()

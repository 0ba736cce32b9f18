"""Converts exceptions of reading libraries to errors of ``carrel.core.errors``."""

from __future__ import annotations

import binascii
import csv
import functools
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import structlog

from carrel.core.documents import Section
from carrel.core.errors import CarrelError, EmptyDocument, UnreadableDocument
from carrel.ingest.text_bound import LEAST_SECTION, TextBound

ReaderT = TypeVar("ReaderT")

log = structlog.get_logger()

TOO_MANY_PIXELS = "it has more pixels than any real page: save a smaller copy and add that"
_OFFICE_PART = "it is damaged: parts of it are missing or wrong"
_CONTENTS = "it is damaged: its contents are not what the format asks"

# Exceptions of libraries by module and name, so that no library is imported for a comparison.
# The first line that fits is taken. Libraries that parse XML by hand answer damage with whatever
# their code runs into, so that the last lines are Python's own errors.
DAMAGE: tuple[tuple[tuple[type[Exception] | str, ...], str], ...] = (
    ((MemoryError,), "it needs more memory than there is"),
    (
        (
            *(zipfile.BadZipFile, gzip.BadGzipFile, tarfile.TarError),
            *(zlib.error, lzma.LZMAError, EOFError),
        ),
        "it is damaged: its contents cannot be unpacked",
    ),
    ((NotImplementedError,), "it is packed in a way that cannot be unpacked"),
    ((csv.Error,), "it is not a table: a field is too long, or a quotation mark is never closed"),
    (
        (
            UnicodeError,
            "oxmsg.domain.model.UnrecognizedCodePageError",
            "oxmsg.domain.model.UnsupportedEncodingError",
        ),
        "it is damaged: its text cannot be decoded",
    ),
    (("lxml.etree.LxmlError", SyntaxError), "it is damaged: its XML is broken"),
    (("mwparserfromhell.parser.errors.ParserError",), "it is damaged: its markup cannot be read"),
    (("pypdfium2._helpers.misc.PdfiumError",), "it is damaged: its pages cannot be read"),
    (("PIL.Image.DecompressionBombError", "PIL.Image.DecompressionBombWarning"), TOO_MANY_PIXELS),
    (("PIL.UnidentifiedImageError",), "it is damaged: the picture cannot be unpacked"),
    (
        (
            "docx.exceptions.PythonDocxError",
            "docx.opc.exceptions.OpcError",
            "docx.oxml.exceptions.XmlchemyError",
            "pptx.exc.PythonPptxError",
            "olefile.olefile.OleFileError",
            "openpyxl.utils.exceptions.CellCoordinatesException",
            "openpyxl.utils.exceptions.IllegalCharacterError",
            "openpyxl.utils.exceptions.InvalidFileException",
            "openpyxl.utils.exceptions.NamedRangeException",
            "openpyxl.utils.exceptions.ReadOnlyWorkbookException",
            "openpyxl.utils.exceptions.SheetTitleException",
            "openpyxl.utils.exceptions.WorkbookAlreadySaved",
            "xlrd.biffh.XLRDError",
            "xlrd.compdoc.CompDocError",
            "xlrd.formula.FormulaError",
        ),
        _OFFICE_PART,
    ),
    ((RecursionError,), "it is nested too deeply"),
    ((binascii.Error, struct.error), _CONTENTS),
    (
        (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, AssertionError),
        _OFFICE_PART,
    ),
)


def as_core_error(error: Exception) -> CarrelError:
    """Return the core error that says what a vendor library's exception means for the file."""
    if isinstance(error, CarrelError):
        return error
    for kinds, reason in DAMAGE:
        if any(_is(error, kind) for kind in kinds):
            return UnreadableDocument(reason)
    if type(error) is OSError and error.errno is None:
        # The system numbers its errors: this one is a library's own.
        return UnreadableDocument(_CONTENTS)
    if isinstance(error, OSError):
        # Some libraries raise it with a message of their own and without the system's.
        detail = f": {error.strerror}" if error.strerror else ""
        return UnreadableDocument(f"it cannot be opened{detail}")
    return UnreadableDocument(f"it is damaged ({type(error).__name__})")


def _is(error: Exception, kind: type[Exception] | str) -> bool:
    """Whether an exception is of a class, or of one that is named, or derived from it."""
    if isinstance(kind, str):
        return any(f"{each.__module__}.{each.__qualname__}" == kind for each in type(error).__mro__)
    return isinstance(error, kind)


def checked_sections(
    read: Callable[[ReaderT, Path], Generator[Section]],
) -> Callable[[ReaderT, Path], Iterator[Section]]:
    """Make a reader's ``read`` keep the promises of the protocol.

    Whatever a library raises becomes an ``UnreadableDocument``, sections without text are left
    out, a file without any is an ``EmptyDocument``, and one that yields far more text than its size
    can account for is ``DocumentTooLarge``.
    """

    @functools.wraps(read)
    def checked(reader: ReaderT, path: Path) -> Iterator[Section]:
        found = False
        bound = TextBound.of(path)
        try:
            with closing(read(reader, path)) as sections:
                for section in sections:
                    if section.text.strip():
                        found = True
                        bound.count(max(LEAST_SECTION, len(section.text)))
                        yield section
        except CarrelError:
            raise
        except Exception as error:
            # Libraries raise undocumented exceptions for damaged input.
            log.debug("document.vendor_error", kind=type(error).__name__)
            raise as_core_error(error) from error
        if not found:
            raise EmptyDocument("it holds no text")

    return checked

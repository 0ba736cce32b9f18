"""Which of two readers reads a file: Carrel's own, or that of unstructured."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path, PurePath

import structlog

from carrel.core.documents import Section
from carrel.core.errors import CarrelError, EmptyDocument, UnsupportedFormat
from carrel.core.protocols.reading import Reader, ReaderRegistry
from carrel.ingest.archives.embedded_files import ContainerReader, Contents
from carrel.ingest.detection.content import Content, identify
from carrel.ingest.detection.unsupported_formats import UNSUPPORTED_FORMATS
from carrel.ingest.failures import as_core_error
from carrel.ingest.plugins.read_by_carrel import read_by_carrel
from carrel.ingest.plugins.unstructured_package import SUFFIXES
from carrel.ingest.plugins.unstructured_reader import UnstructuredReader

# Their own readers open these: unstructured has none for archives, and leaves out attachments that
# it cannot read without saying so.
_OPENED_BY_CARREL = frozenset((".eml", ".msg", ".mbox", ".mht", ".mhtml")).union(
    (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz")
)
# unstructured takes some of these for text.
_NOT_DOCUMENTS = frozenset((Content.BINARY, Content.PROGRAM, Content.SQLITE)).union(
    (Content.ZIP, Content.TAR, Content.GZIP, Content.BZIP2, Content.XZ, Content.SEVEN_ZIP),
    (Content.RAR, Content.DAMAGED_ZIP, Content.DAMAGED_OLE, Content.ENCRYPTED_OFFICE),
)

log = structlog.get_logger()


class ReadersInOrder:
    """A ``ReaderRegistry`` of Carrel's own readers and, for other endings, that of unstructured.

    With ``unstructured_first`` the latter is also tried before the own reader of a file. Mail and
    archives are always opened by their own, and what they contain is read in this order.
    """

    def __init__(self, own: ReaderRegistry, unstructured_first: bool, named: bool = True) -> None:
        """Take the own readers.

        ``named`` says whether somebody chose the files: then those of any ending are read,
        otherwise, within mail and archives, only those of ``SUFFIXES``.
        """
        self._own = own
        self._first = unstructured_first
        self._named = named

    def reader_for(self, path: Path, name: str) -> Reader:
        """Return the reader; see ``SuffixReaderRegistry.reader_for``."""
        suffix = PurePath(name).suffix.lower()
        if not self._own.supports(name):
            if suffix in UNSUPPORTED_FORMATS or not (self._named or suffix in SUFFIXES):
                return self._own.reader_for(path, name)
            _require_document(path, suffix)
            return UnstructuredReader(suffix)
        own = self._own.reader_for(path, name)
        if not self._first or suffix in _OPENED_BY_CARREL:
            return own
        first = UnstructuredReader(suffix)
        if isinstance(own, ContainerReader):
            return _UnstructuredFirstInside(first, own, self._within())
        return _UnstructuredFirst(first, own)

    def _within(self) -> ReaderRegistry:
        return ReadersInOrder(self._own, self._first, named=False) if self._named else self

    def has_second_reader(self, name: str) -> bool:
        """Whether unstructured and the own reader are tried for a file of this name."""
        return self._first and self._own.supports(name)

    def own_reader_for(self, path: Path, name: str) -> Reader:
        """Return the own reader, after that of unstructured took its process with it."""
        return self._own.reader_for(path, name)

    def supports(self, name: str) -> bool:
        """Whether a file of this name has a reader, without looking into it."""
        return self._own.supports(name) or PurePath(name).suffix.lower() in SUFFIXES

    def suffixes(self) -> Sequence[str]:
        """The suffixes that ``supports`` knows, each with its dot, sorted."""
        return sorted(SUFFIXES.union(self._own.suffixes()))

    def interrupt(self, reader: Reader) -> None:
        """Do nothing: readers in this process cannot be interrupted."""


class _UnstructuredFirst:
    """Reads with unstructured, and where that fails with the own reader, with a remark."""

    def __init__(self, first: UnstructuredReader, own: Reader) -> None:
        self._first = first
        self._own = own

    def read(self, path: Path) -> Iterator[Section]:
        """Yield the sections of one of the two."""
        return _tried(self._first, path, lambda: self._own.read(path))


class _UnstructuredFirstInside(ContainerReader):
    """The same for files that may have others attached, within the limits of what holds them."""

    def __init__(
        self, first: UnstructuredReader, own: ContainerReader, embedded: ReaderRegistry
    ) -> None:
        super().__init__(embedded)
        self._first = first
        self._own = own

    def read_inside(self, path: Path, contents: Contents) -> Generator[Section]:
        """Yield the sections of one of the two."""
        yield from _tried(self._first, path, lambda: self._own.read_inside(path, contents))

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield those of the own reader."""
        return self._own.sections(path, contents)


def _tried(
    first: UnstructuredReader, path: Path, own: Callable[[], Iterator[Section]]
) -> Iterator[Section]:
    try:
        sections = list(first.read(path))
    except CarrelError as error:
        yield from read_by_carrel(own(), error)
    else:
        yield from sections


def _require_document(path: Path, suffix: str) -> None:
    """Check the content of a file whose ending says nothing.

    Raises:
        EmptyDocument, UnsupportedFormat: it is no document.
    """
    try:
        content = identify(path)
    except OSError as error:
        raise as_core_error(error) from error
    if content is Content.EMPTY:
        raise EmptyDocument("it is empty")
    if content in _NOT_DOCUMENTS:
        named = f"files ending in {suffix}" if suffix else "files without an ending"
        raise UnsupportedFormat(f"{named} cannot be read: it holds {content.value}")

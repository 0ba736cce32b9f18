"""Protocols of readers and of the splitter. All of them block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from carrel.core.documents import PagePicture, PageView, Piece, Section


class Reader(Protocol):
    """Reads one file format."""

    def read(self, path: Path) -> Iterator[Section]:
        """Yield the sections of a file in reading order, lazily where the format allows it.

        Raises:
            UnreadableDocument: or one of its subclasses; also in the middle of the iteration.
        """
        ...


class ReaderRegistry(Protocol):
    """Maps a file to its reader."""

    def reader_for(self, path: Path, name: str) -> Reader:
        """Return the reader for the suffix of ``name``, checked against the content of ``path``.

        Raises:
            UnsupportedFormat: no reader, or the content does not match the suffix.
        """
        ...

    def supports(self, name: str) -> bool:
        """Whether a file of this name has a reader."""
        ...

    def suffixes(self) -> Sequence[str]:
        """The suffixes that have a reader, each with its dot, sorted."""
        ...

    def interrupt(self, reader: Reader) -> None:
        """Abort, from another thread, whatever a reader of ``reader_for`` is reading.

        The reading raises ``UnreadableDocument``. Does nothing where reading cannot be
        interrupted.
        """
        ...


class Splitter(Protocol):
    """Cuts sections into pieces small enough to embed."""

    def split(self, sections: Iterable[Section]) -> Iterator[Piece]:
        """Yield pieces in reading order, lazily. No piece crosses a page."""
        ...


class PagePainter(Protocol):
    """Renders pages."""

    def paint(self, path: Path, view: PageView) -> PagePicture:
        """Return a page of a PDF file as an image, with the quote highlighted where it is found.

        Raises:
            PlaceNotFound: there is no such page.
            UnreadableDocument: or one of its subclasses; also if rendering exceeds the limits.
        """
        ...

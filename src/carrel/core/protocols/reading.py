"""What readers of files and the splitter promise; they block, as all adapters but engines do."""

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
    """Knows which reader a file needs."""

    def reader_for(self, path: Path, name: str) -> Reader:
        """Return the reader by the suffix of ``name``, checked against the content of ``path``.

        Raises:
            UnsupportedFormat: no reader, or the content is something else than the suffix says.
        """
        ...

    def supports(self, name: str) -> bool:
        """Whether a file of this name has a reader."""
        ...

    def suffixes(self) -> Sequence[str]:
        """The suffixes that have a reader, each with its dot, sorted."""
        ...

    def interrupt(self, reader: Reader) -> None:
        """End what a reader of ``reader_for`` reads, from another thread, for good.

        Its reading raises ``UnreadableDocument``. Where reading cannot be interrupted this does
        nothing.
        """
        ...


class Splitter(Protocol):
    """Cuts sections into pieces small enough to embed."""

    def split(self, sections: Iterable[Section]) -> Iterator[Piece]:
        """Yield pieces in reading order, lazily. No piece crosses a page."""
        ...


class PagePainter(Protocol):
    """Draws pages."""

    def paint(self, path: Path, view: PageView) -> PagePicture:
        """Return the picture of a page of a PDF file, with the quote marked where it is found.

        Raises:
            PlaceNotFound: there is no such page.
            UnreadableDocument: or one of its subclasses; also where it takes too much to draw.
        """
        ...

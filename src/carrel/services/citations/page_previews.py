"""Preview of a quote: its page as an image, or the text around it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import PurePath

from carrel.core.access import Principal
from carrel.core.documents import Chunk, PagePicture, PageView, Passage
from carrel.core.errors import PlaceNotFound, UnreadableDocument, UnsupportedFormat
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.reading import PagePainter
from carrel.services.collections import CollectionService

MOST_AT_ONCE = 2
"""Concurrent renderings; each may take as much memory as reading a file."""


class PagePreviews:
    """Shows quotes in their documents."""

    def __init__(
        self, collections: CollectionService, catalog: Catalog, painter: PagePainter
    ) -> None:
        self._collections = collections
        self._catalog = catalog
        self._painter = painter
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    async def picture(
        self, collection: str, document_id: str, view: PageView, principal: Principal
    ) -> PagePicture:
        """Return a page of a PDF as an image, with the quote highlighted where it is found.

        Raises:
            CollectionNotFound, DocumentNotFound: no such document for this account.
            UnsupportedFormat: it is no PDF; ``passage`` shows its text.
            PlaceNotFound: it has no such page.
            UnreadableDocument: the page cannot be rendered within the limits.
        """
        record = await self._collections.document(collection, document_id, principal)
        if not has_pictures(record.name):
            raise UnsupportedFormat(
                f"'{record.name}' has no pages to look at, only PDF files have: ask for the "
                "passage instead."
            )
        path = await self._collections.original(collection, document_id, principal)
        async with self._turn:
            try:
                return await asyncio.to_thread(self._painter.paint, path, view)
            except UnreadableDocument as error:
                line = f"Page {view.page} of '{record.name}' cannot be shown: {error}"
                raise type(error)(line) from error

    async def passage(
        self, collection: str, document_id: str, quote: str, principal: Principal
    ) -> Passage:
        """Return a quote in its context: its chunk and both neighbours.

        Raises:
            CollectionNotFound, DocumentNotFound: no such document for this account.
            PlaceNotFound: the quote does not occur verbatim in the document.
        """
        record = await self._collections.document(collection, document_id, principal)
        chunks = await asyncio.to_thread(self._catalog.document_chunks, record.id)
        for index, chunk in enumerate(chunks):
            if quote and quote in chunk.text:
                return _surrounded(chunks, index, quote)
        raise PlaceNotFound(f"'{record.name}' does not hold these words.")

    async def numbered_passage(
        self, collection: str, document_id: str, number: int, principal: Principal
    ) -> Passage:
        """Return one passage of a document, counted from 1 in reading order.

        Raises:
            CollectionNotFound, DocumentNotFound: no such document for this account.
            PlaceNotFound: it has no such passage.
        """
        chunks = await self.chunks(collection, document_id, principal)
        if not 1 <= number <= len(chunks):
            raise PlaceNotFound(f"The document has no passage {number}, but {len(chunks)} of them.")
        chunk = chunks[number - 1]
        return Passage(chunk.text, 0, 0, chunk.page, chunk.heading, number, len(chunks))

    async def chunks(
        self, collection: str, document_id: str, principal: Principal
    ) -> Sequence[Chunk]:
        """Return the chunks of a document in reading order.

        Raises:
            CollectionNotFound, DocumentNotFound: no such document for this account.
        """
        record = await self._collections.document(collection, document_id, principal)
        return await asyncio.to_thread(self._catalog.document_chunks, record.id)


def has_pictures(name: str) -> bool:
    """Whether documents of this name have page previews."""
    return PurePath(name).suffix.lower() == ".pdf"


def _surrounded(chunks: Sequence[Chunk], index: int, quote: str) -> Passage:
    middle = chunks[index]
    text, offset = middle.text, 0
    for before in chunks[max(0, index - 1) : index]:
        if _follows(before, middle):
            text = _joined(before, middle)
            offset = len(text) - len(middle.text)
    for after in chunks[index + 1 : index + 2]:
        if _follows(middle, after):
            text = text[: offset + len(middle.text)] + _joined(middle, after)[len(middle.text) :]
    start = offset + middle.text.index(quote)
    end, count = start + len(quote), len(chunks)
    return Passage(text, start, end, middle.page, middle.heading, index + 1, count)


def _follows(first: Chunk, second: Chunk) -> bool:
    """Whether two chunks belong to one page or section with continuous offsets."""
    same = (first.page, first.heading) == (second.page, second.heading)
    return same and first.start < second.start <= first.end + 2


def _joined(first: Chunk, second: Chunk) -> str:
    """Return two chunks as one text; neighbours may overlap, or have white space between."""
    if second.start > first.end:
        return f"{first.text}\n{second.text}"
    return first.text[: second.start - first.start] + second.text

"""Chroma with a copy of its vectors that survives a kill during a write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

from carrel.core.documents import Chunk
from carrel.core.errors import StoreCorrupt
from carrel.core.protocols.adapters import Vector
from carrel.disk.damage import mark_damaged, set_aside_if_damaged
from carrel.index.chroma.chroma import ChromaIndex
from carrel.index.chroma.vector_copy import VectorCopy

log = structlog.get_logger()


class DurableChromaIndex:
    """A ``ChromaIndex`` in a folder, and next to it ``vectors.db`` with the same vectors.

    A collection that ``ChromaIndex`` emptied, because its files may be torn, is filled from the
    copy when the store is opened. That takes about as long as Chroma takes to add them; nothing is
    embedded. Vectors that were being added when the process was killed may be in neither.

    A damaged ``chroma.sqlite3`` is set aside and all of Chroma filled again; a damaged or missing
    ``vectors.db`` is filled from Chroma. If both are lost, the store is empty.

    It raises what ``ChromaIndex`` raises.
    """

    def __init__(self, folder: Path) -> None:
        self._index = _open(folder)
        try:
            self._copy = VectorCopy(folder / "vectors.db")
            self._refill()
        except BaseException:
            self._index.close()
            raise

    def add(self, collection_id: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store one vector per chunk; a chunk id that exists is overwritten."""
        with self._copy.adding(collection_id, chunks, vectors):
            self._index.add(collection_id, chunks, vectors)

    def search(
        self,
        collection_id: str,
        vector: Vector,
        top_k: int,
        document_ids: Sequence[str] = (),
    ) -> list[tuple[str, float]]:
        """Return (chunk id, cosine) pairs, best first; empty for an unknown collection.

        A non-empty ``document_ids`` restricts the search to those documents.
        """
        return self._index.search(collection_id, vector, top_k, document_ids)

    def vectors(self, collection_id: str, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those chunks that have one, scaled to length 1, by chunk id."""
        return self._index.vectors(collection_id, chunk_ids)

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one vector in the collection."""
        return self._index.document_ids(collection_id)

    def count(self, collection_id: str) -> int:
        """The number of vectors in the collection."""
        return self._index.count(collection_id)

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all vectors of the documents; unknown ones are ignored."""
        # The copy first: after a kill, surplus vectors in Chroma are identified by their documents.
        self._copy.delete_documents(collection_id, document_ids)
        self._index.delete_documents(collection_id, document_ids)

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        self._copy.delete_collection(collection_id)
        self._index.delete_collection(collection_id)

    def close(self) -> None:
        """Release the files, so that the folder can be opened again. Closing twice does nothing."""
        self._copy.close()
        self._index.close()

    def _refill(self) -> None:
        copied = self._copy.counts()
        for collection_id, stored in self._index.counts().items():
            if stored > copied.get(collection_id, 0):
                log.warning("vectors.copied", collection=collection_id, vectors=stored)
                for chunks, vectors in self._index.entries(collection_id):
                    with self._copy.adding(collection_id, chunks, vectors):
                        pass
        for collection_id, kept in copied.items():
            if self._index.count(collection_id) >= kept:
                continue
            log.warning("vectors.refilled", collection=collection_id, vectors=kept)
            for chunks, vectors in self._copy.entries(collection_id):
                self._index.add(collection_id, chunks, vectors)


def _open(folder: Path) -> ChromaIndex:
    database = folder / "chroma.sqlite3"
    set_aside_if_damaged(database)
    try:
        return ChromaIndex(folder)
    except StoreCorrupt:
        # A sound database whose content Chroma cannot use.
        mark_damaged(database)
        set_aside_if_damaged(database)
        return ChromaIndex(folder)

"""Keeping the vector index, the keyword index and the catalog in agreement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from itertools import islice

import structlog

from carrel.core.documents import Chunk, Collection, DocumentRecord, DocumentStatus
from carrel.core.errors import InvalidSetting
from carrel.core.indexed_text import indexed_text
from carrel.core.protocols import (
    Catalog,
    Embedder,
    KeywordIndex,
    OriginalStore,
    Vector,
    VectorIndex,
)
from carrel.services.known_vectors import KnownVectors

BATCH = 64

GROUP = 16
"""Texts that are embedded between two looks at whether to stop: less than a second's work."""

log = structlog.get_logger()


def batches(chunks: Iterable[Chunk], size: int = BATCH) -> Iterable[list[Chunk]]:
    """Yield lists of at most ``size`` chunks."""
    iterator = iter(chunks)
    while batch := list(islice(iterator, size)):
        yield batch


class DocumentIndexer:
    """Writes chunks to and removes documents from all indexes. Its methods block."""

    def __init__(
        self,
        catalog: Catalog,
        embedder: Embedder,
        vectors: VectorIndex,
        keywords: KeywordIndex,
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._vectors = vectors
        self._keywords = keywords

    def require_same_embedder(self) -> None:
        """Record the embedder while there are no documents, and insist on it afterwards.

        Raises:
            InvalidSetting: the stored vectors were made by another embedder.
        """
        stored, current = self._catalog.embedder_name(), self._embedder.name
        if stored == current:
            return
        collections = self._catalog.collections()
        if stored is not None and any(self._catalog.documents(each.id) for each in collections):
            raise InvalidSetting(
                f"The stored documents were embedded with {stored}, not {current}: "
                f"start with --embedder={stored}, or give another folder with --db_dir."
            )
        for each in collections:
            # An emptied store still remembers the length of its vectors.
            self._vectors.delete_collection(each.id)
        self._catalog.set_embedder_name(current)

    def known_vectors(self) -> KnownVectors:
        """Return a look-up of stored vectors that knows no document yet."""
        return KnownVectors(self._vectors)

    def write(
        self,
        record: DocumentRecord,
        chunks: Sequence[Chunk],
        known: KnownVectors,
        pause: Callable[[], None],
    ) -> None:
        """Embed chunks of a pending document, but those whose vectors are known, and store them.

        ``pause`` is called between two groups of texts, and may raise to stop.
        """
        self._catalog.add_chunks(record.id, chunks)
        self._index(record, chunks, known.of(chunks), pause)

    def _index(
        self,
        record: DocumentRecord,
        chunks: Sequence[Chunk],
        known: Sequence[Vector | None],
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        texts = [indexed_text(record.name, chunk.heading, chunk.text) for chunk in chunks]
        vectors = list(known)
        # Texts of about one length are embedded together: the shorter ones are padded.
        missing = [row for row, vector in enumerate(vectors) if vector is None]
        missing.sort(key=lambda row: len(texts[row]))
        for start in range(0, len(missing), GROUP):
            pause()
            rows = missing[start : start + GROUP]
            for row, vector in zip(
                rows, self._embedder.embed_documents([texts[row] for row in rows]), strict=True
            ):
                vectors[row] = vector
        pause()
        complete = [vector for vector in vectors if vector is not None]
        self._vectors.add(record.collection_id, chunks, complete)
        self._keywords.add(record.collection_id, chunks, texts)

    def remove_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove documents from both indexes."""
        self._vectors.delete_documents(collection_id, document_ids)
        self._keywords.delete_documents(collection_id, document_ids)

    def remove_collection(self, collection_id: str) -> None:
        """Remove a collection from both indexes."""
        self._vectors.delete_collection(collection_id)
        self._keywords.delete_collection(collection_id)

    def reconcile(
        self, originals: OriginalStore, to_be_continued: Set[tuple[str, str]] = frozenset()
    ) -> None:
        """Make the indexes and the stored files agree with the catalog again, after a crash.

        A document that was left pending becomes failed, unless a job goes on with it:
        ``to_be_continued`` holds collection ids and names. Entries and files of documents that the
        catalog does not hold are removed; a ready document that an index misses (its folder was
        lost, or the kind of store was changed) is indexed again from its chunks.
        """
        ready_everywhere: set[str] = set()
        for collection in self._catalog.collections():
            ready: dict[str, DocumentRecord] = {}
            pending: set[str] = set()
            for record in self._catalog.documents(collection.id):
                if record.status is DocumentStatus.READY:
                    ready[record.id] = record
                elif record.status is DocumentStatus.PENDING:
                    log.warning("ingestion.interrupted", document=record.name)
                    if (collection.id, record.name) in to_be_continued:
                        pending.add(record.id)
                        continue
                    self._catalog.fail_document(
                        record.id, "Carrel stopped while it was being read: add it again"
                    )
            self._reconcile_collection(collection, ready, pending)
            ready_everywhere.update(ready)
        originals.delete(originals.ids() - ready_everywhere)

    def _reconcile_collection(
        self, collection: Collection, ready: dict[str, DocumentRecord], pending: Set[str]
    ) -> None:
        in_vectors = self._vectors.document_ids(collection.id)
        in_keywords = self._keywords.document_ids(collection.id)
        stale = (in_vectors | in_keywords) - ready.keys() - pending
        if stale:
            log.warning("index.stale", collection=collection.name, documents=len(stale))
            self.remove_documents(collection.id, sorted(stale))
        for document_id in ready.keys() - (in_vectors & in_keywords):
            record = ready[document_id]
            log.warning("index.missing", document=record.name)
            for batch in batches(self._catalog.document_chunks(document_id)):
                self._index(record, batch, [None] * len(batch))

"""Keeping the vector index, the keyword index and the catalog in agreement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from functools import partial
from itertools import islice
from threading import Lock

import structlog

from carrel.core.documents import Chunk, Collection, DocumentRecord, DocumentStatus
from carrel.core.errors import RemoteUnavailable
from carrel.core.indexed_text import indexed_text
from carrel.core.protocols import (
    Catalog,
    Embedder,
    KeywordIndex,
    OriginalStore,
    Vector,
    VectorIndex,
)
from carrel.services.embedder_record import EmbedderRecord
from carrel.services.known_vectors import KnownVectors

BATCH = 64

GROUP = 16
"""Texts that are embedded between two looks at whether to stop: less than a second's work."""

log = structlog.get_logger()


def batches(chunks: Iterable[Chunk], size: int = BATCH) -> Iterator[list[Chunk]]:
    """Yield lists of at most ``size`` chunks."""
    iterator = iter(chunks)
    while batch := list(islice(iterator, size)):
        yield batch


def _is_whole(stored: tuple[int, int]) -> bool:
    return stored[0] == stored[1]


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
        self.embedders = EmbedderRecord(catalog, embedder, vectors)
        self._owed: list[Callable[[], None]] = []
        self._owing = Lock()

    def require_same_embedder(self) -> None:
        """Insist that all stored vectors were made by the present embedder.

        Raises:
            InvalidSetting: some collections were embedded with another one.
        """
        self.embedders.require_same()

    def ready_documents(self, collection: Collection) -> list[DocumentRecord]:
        """Return the documents of a collection that have to have all their vectors."""
        return list(self._ready(collection.id).values())

    def unfinished(self, collection: Collection) -> list[DocumentRecord]:
        """Return the ready documents of a collection that miss vectors."""
        ready = self._ready(collection.id)
        whole = self._whole(collection.id, ready)
        return [record for record in ready.values() if record.index_id not in whole]

    def index_again(self, record: DocumentRecord) -> Iterator[int]:
        """Embed and index a document from its chunks; yields how many each batch had."""
        chunks = self._catalog.document_chunks(record.id)
        for batch in batches(replace(each, document_id=record.index_id) for each in chunks):
            self._index(record, batch, [None] * len(batch))
            yield len(batch)

    def _ready(self, collection_id: str) -> dict[str, DocumentRecord]:
        records = self._catalog.documents(collection_id)
        return {each.index_id: each for each in records if each.status is DocumentStatus.READY}

    def _whole(
        self,
        collection_id: str,
        ready: dict[str, DocumentRecord],
        pending: Set[str] = frozenset(),
    ) -> set[str]:
        """Return those among ``ready`` of which both indexes hold every chunk.

        ``ready`` is by the ids of the indexes; ``pending`` are documents that the indexes may hold
        in part.
        """
        in_vectors = self._vectors.document_ids(collection_id) - pending
        present = ready.keys() & in_vectors & self._keywords.document_ids(collection_id)
        # Counting is quick; asking for every chunk is not, and only needed after a crash.
        begun = sum(self._stored(collection_id, each)[0] for each in pending)
        expected = sum(ready[each].chunks for each in present) + begun
        if in_vectors == present and self._vectors.count(collection_id) == expected:
            return present
        return {each for each in present if _is_whole(self._stored(collection_id, ready[each].id))}

    def _stored(self, collection_id: str, document_id: str) -> tuple[int, int]:
        """Return how many of a document's chunks have a vector, and how many there are."""
        ids = [each.id for each in self._catalog.document_chunks(document_id)]
        return len(self._vectors.vectors(collection_id, ids)), len(ids)

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
        # Vectors last: a document that has them all has all its words, whenever it was stopped.
        self._keywords.add(record.collection_id, chunks, texts)
        self.embedders.note(record.collection_id)
        self._remove_owed()
        complete = [vector for vector in vectors if vector is not None]
        self._vectors.add(record.collection_id, chunks, complete)

    def remove_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove documents from both indexes, by their ids there."""
        self._vectors.delete_documents(collection_id, document_ids)
        self._keywords.delete_documents(collection_id, document_ids)

    def discard_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove documents that the catalog does not give any more, by their ids in the indexes.

        While the store's server does not answer, their vectors, which nobody gets to see, wait for
        the next write, or for the next start.
        """
        self._keywords.delete_documents(collection_id, document_ids)
        self._remove_or_owe(partial(self._vectors.delete_documents, collection_id, document_ids))

    def _remove_or_owe(self, remove: Callable[[], None]) -> None:
        try:
            remove()
        except RemoteUnavailable as error:
            log.warning("index.removal_waits", reason=str(error))
            with self._owing:
                self._owed.append(remove)

    def _remove_owed(self) -> None:
        with self._owing:
            while self._owed:
                self._owed[-1]()
                self._owed.pop()

    def require_store(self, collection_id: str) -> None:
        """Make sure that vectors can be removed now, before the catalog forgets what they are of.

        Raises:
            RemoteUnavailable: the store's server does not answer.
        """
        self._vectors.count(collection_id)

    def remove_collection(self, collection_id: str) -> None:
        """Remove a collection that the catalog does not hold any more from both indexes.

        While the store's server does not answer, its vectors wait for the next write, or for the
        next start.
        """
        self._keywords.delete_collection(collection_id)
        self._remove_or_owe(partial(self._remove_vectors, collection_id))

    def _remove_vectors(self, collection_id: str) -> None:
        self._vectors.delete_collection(collection_id)
        self._catalog.forget_collection(collection_id)

    def reconcile(
        self, originals: OriginalStore, to_be_continued: Set[tuple[str, str]] = frozenset()
    ) -> None:
        """Make the indexes and the stored files agree with the catalog again, after a crash.

        A document that was left pending becomes failed, or goes where it was to replace another,
        unless a job goes on with it:
        ``to_be_continued`` holds collection ids and names. Entries and files of documents that the
        catalog does not hold are removed; a ready document that an index misses or has in part (its
        folder was lost, the kind of store was changed, a reindex was interrupted) is indexed again
        from its chunks. What is left of a removed collection goes; other collections that the
        catalog does not know stay as they are: on a server they belong to another Carrel.
        """
        for collection_id in self._catalog.leaving_collections():
            log.warning("index.leaving", collection=collection_id)
            self.remove_collection(collection_id)
        with_original: set[str] = set()
        for collection in self._catalog.collections():
            ready: dict[str, DocumentRecord] = {}
            pending: set[str] = set()
            for record in self._catalog.documents(collection.id):
                if record.has_original:
                    with_original.add(record.id)
                if record.status is DocumentStatus.READY:
                    ready[record.index_id] = record
                elif record.status is DocumentStatus.PENDING:
                    log.warning("ingestion.interrupted", document=record.name)
                    if (collection.id, record.name) in to_be_continued:
                        pending.add(record.id)
                        continue
                    self._catalog.fail_document(
                        record.id, "Carrel stopped while it was being read: add it again"
                    )
            for record in self._catalog.replacements(collection.id):
                if (collection.id, record.name) in to_be_continued:
                    pending.add(record.id)
                else:
                    self._catalog.delete_document(record.id)
            self._reconcile_collection(collection, ready, pending)
        originals.delete(originals.ids() - with_original)

    def _reconcile_collection(
        self, collection: Collection, ready: dict[str, DocumentRecord], pending: Set[str]
    ) -> None:
        in_vectors = self._vectors.document_ids(collection.id)
        stale = in_vectors | self._keywords.document_ids(collection.id)
        stale -= ready.keys() | pending
        if stale:
            log.warning("index.stale", collection=collection.name, documents=len(stale))
            self.remove_documents(collection.id, sorted(stale))
        for index_id in ready.keys() - self._whole(collection.id, ready, pending):
            record = ready[index_id]
            log.warning("index.missing", document=record.name)
            for _ in self.index_again(record):
                pass

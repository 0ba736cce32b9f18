"""Keeps vector index, keyword index and catalog consistent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from functools import partial
from itertools import islice
from threading import Lock

import structlog

from carrel.core.documents import Chunk, Collection, DocumentRecord, DocumentStatus
from carrel.core.errors import RemoteUnavailable
from carrel.core.indexed_text import compatible, indexed_text
from carrel.core.log_reason import log_reason
from carrel.core.protocols.adapters import (
    Catalog,
    Embedder,
    KeywordIndex,
    Vector,
    VectorIndex,
)
from carrel.services.indexing.embedder_record import EmbedderRecord
from carrel.services.indexing.embedding_reuse import EmbeddingReuse
from carrel.services.indexing.foreign_vectors import ForeignVectors
from carrel.services.text.search_words import with_search_words

BATCH = 64

GROUP = 16
"""Texts embedded between two checks for cancellation: less than a second's work."""

log = structlog.get_logger()


def batches(chunks: Iterable[Chunk], size: int = BATCH) -> Iterator[list[Chunk]]:
    """Yield lists of at most ``size`` chunks."""
    iterator = iter(chunks)
    while batch := list(islice(iterator, size)):
        yield batch


def _texts(record: DocumentRecord, chunks: Iterable[Chunk]) -> list[str]:
    return [indexed_text(record.name, chunk.heading, chunk.text) for chunk in chunks]


def _words(record: DocumentRecord, chunks: Iterable[Chunk]) -> list[str]:
    return [with_search_words(text) for text in _texts(record, chunks)]


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
        foreign: ForeignVectors | None = None,
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._vectors = vectors
        self._keywords = keywords
        self._foreign = foreign or ForeignVectors(vectors)
        self.embedders = EmbedderRecord(catalog, embedder, vectors, self._foreign)
        self._owed: list[Callable[[], None]] = []
        self._owing = Lock()

    def require_same_embedder(self) -> None:
        """Check that all stored vectors were made by the current embedder.

        Raises:
            InvalidSetting: some collections were embedded with another one.
        """
        self.embedders.require_same()

    def ready_documents(self, collection: Collection) -> list[DocumentRecord]:
        """Return the documents of a collection that must have all their vectors."""
        return list(self._ready(collection.id).values())

    def unfinished(self, collection: Collection) -> list[DocumentRecord]:
        """Return the ready documents of a collection that lack vectors."""
        ready = self._ready(collection.id)
        whole = self.whole(collection.id, ready)
        return [record for record in ready.values() if record.index_id not in whole]

    def index_again(self, record: DocumentRecord) -> Iterator[int]:
        """Index a document from its chunks; yields the size of each batch.

        Only chunks without a vector are embedded. The words of all chunks are stored in one
        transaction: a document in the keyword index is complete, whenever this is stopped.
        """
        stored = self._catalog.document_chunks(record.id)
        chunks = [replace(each, document_id=record.index_id) for each in stored]
        self._keywords.add(record.collection_id, chunks, _words(record, chunks))
        for batch in batches(chunks):
            ids = [each.id for each in batch]
            known = self._vectors.vectors(record.collection_id, ids)
            if len(known) < len(set(ids)):
                vectors = self._embedded(record, batch, [known.get(each) for each in ids])
                self._add_vectors(record, batch, vectors)
            yield len(batch)

    def documents(self, collection_id: str) -> set[str]:
        """Return the documents that at least one of the indexes contains, by their ids there."""
        in_vectors = self._vectors.document_ids(collection_id)
        return in_vectors | self._keywords.document_ids(collection_id)

    def _ready(self, collection_id: str) -> dict[str, DocumentRecord]:
        records = self._catalog.documents(collection_id)
        return {each.index_id: each for each in records if each.status is DocumentStatus.READY}

    def whole(
        self,
        collection_id: str,
        ready: dict[str, DocumentRecord],
        pending: Set[str] = frozenset(),
    ) -> set[str]:
        """Return those among ``ready`` of which both indexes contain every chunk.

        ``ready`` is keyed by index ids; ``pending`` are documents that the indexes may contain in
        part.
        """
        in_vectors = self._vectors.document_ids(collection_id) - pending
        present = ready.keys() & in_vectors & self._keywords.document_ids(collection_id)
        # Counting is fast; looking up every chunk is not, and is only needed after a crash.
        begun = sum(self._stored(collection_id, each)[0] for each in pending)
        expected = sum(ready[each].chunks for each in present) + begun
        if in_vectors == present and self._vectors.count(collection_id) == expected:
            return present
        return {each for each in present if _is_whole(self._stored(collection_id, ready[each].id))}

    def _stored(self, collection_id: str, document_id: str) -> tuple[int, int]:
        """Return how many of a document's chunks have a vector, and how many there are."""
        ids = [each.id for each in self._catalog.document_chunks(document_id)]
        return len(self._vectors.vectors(collection_id, ids)), len(ids)

    def known_vectors(self) -> EmbeddingReuse:
        """Return an empty look-up of stored vectors."""
        return EmbeddingReuse(self._vectors)

    def write(
        self,
        record: DocumentRecord,
        chunks: Sequence[Chunk],
        known: EmbeddingReuse,
        pause: Callable[[], None],
    ) -> None:
        """Embed the chunks of a pending document that have no known vector, and store them.

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
        vectors = self._embedded(record, chunks, known, pause)
        # Vectors last: a document with all vectors has all its words, whenever it was stopped.
        self._keywords.add(record.collection_id, chunks, _words(record, chunks))
        self._add_vectors(record, chunks, vectors)

    def _embedded(
        self,
        record: DocumentRecord,
        chunks: Sequence[Chunk],
        known: Sequence[Vector | None],
        pause: Callable[[], None] = lambda: None,
    ) -> list[Vector]:
        """Return the vectors of chunks; those that are not ``known`` are computed."""
        texts = [compatible(text) for text in _texts(record, chunks)]
        vectors = list(known)
        # Texts of similar length are embedded together, because shorter ones are padded.
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
        return [vector for vector in vectors if vector is not None]

    def _add_vectors(
        self, record: DocumentRecord, chunks: Sequence[Chunk], vectors: Sequence[Vector]
    ) -> None:
        self.embedders.note(record.collection_id)
        self._remove_owed()
        # First: a document with all of its main vectors has these, too.
        self._foreign.add(record.collection_id, chunks, _texts(record, chunks))
        self._vectors.add(record.collection_id, chunks, vectors)

    def remove_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove documents from both indexes, by their ids there."""
        self._remove_document_vectors(collection_id, document_ids)
        self._keywords.delete_documents(collection_id, document_ids)

    def discard_documents(self, collection_id: str, document_ids: Sequence[str]) -> bool:
        """Remove documents that the catalog no longer has, by their ids in the indexes.

        If the store's server does not answer, their vectors, which are no longer visible, are
        removed at the next write or start. Returns whether nothing is left of them.
        """
        self._keywords.delete_documents(collection_id, document_ids)
        return self._remove_or_owe(
            partial(self._remove_document_vectors, collection_id, document_ids)
        )

    def _remove_document_vectors(self, collection_id: str, document_ids: Sequence[str]) -> None:
        self._foreign.delete_documents(collection_id, document_ids)
        self._vectors.delete_documents(collection_id, document_ids)

    def _remove_or_owe(self, remove: Callable[[], None]) -> bool:
        try:
            remove()
        except RemoteUnavailable as error:
            log.warning("index.removal_waits", reason=log_reason(error))
            with self._owing:
                self._owed.append(remove)
            return False
        return True

    def _remove_owed(self) -> None:
        with self._owing:
            while self._owed:
                self._owed[-1]()
                self._owed.pop()

    def require_store(self, collection_id: str) -> None:
        """Check that vectors can be removed now, before the catalog forgets their document.

        Raises:
            RemoteUnavailable: the store's server does not answer.
        """
        self._vectors.count(collection_id)

    def remove_collection(self, collection_id: str) -> None:
        """Remove a collection that the catalog no longer has from both indexes.

        If the store's server does not answer, its vectors are removed at the next write or start.
        """
        self._keywords.delete_collection(collection_id)
        self._remove_or_owe(partial(self._remove_vectors, collection_id))

    def _remove_vectors(self, collection_id: str) -> None:
        self._foreign.delete_collection(collection_id)
        self._vectors.delete_collection(collection_id)
        self._catalog.forget_collection(collection_id)

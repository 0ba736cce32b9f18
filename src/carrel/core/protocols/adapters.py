"""Protocols of the adapters. ``tests/contracts`` has a conformance suite for each.

Readers are in ``reading.py``, the store of originals in ``originals.py``, the stores of chats
and jobs in ``conversations.py`` and ``jobs.py``.

Engines are asynchronous. The others block: services call them from worker threads.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Protocol, runtime_checkable

from carrel.core.chat import EngineEvent, Message, ModelInfo, SamplingParams
from carrel.core.document_properties import NOTHING_STATED, DocumentProperties
from carrel.core.documents import (
    Chunk,
    Collection,
    CollectionContents,
    DocumentRecord,
)

Vector = Sequence[float]


class Engine(Protocol):
    """A model that generates text."""

    @property
    def info(self) -> ModelInfo:
        """The model's name, context length and placement."""
        ...

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the messages' prompt in tokens."""
        ...

    def failure(self) -> str | None:
        """Why the model can no longer answer, in one line; None while it can."""
        ...

    def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield queue positions, text deltas and, last, one ``Finished``.

        Callers that wait are served in turn. Closing the generator (``aclose``, or cancelling the
        task that reads it) stops the model within one token. A stop string is never part of the
        text.

        Raises:
            PromptTooLong: prompt and ``max_new_tokens`` do not fit; before anything is yielded.
            UnsupportedParameter: the engine does not support a sampling parameter.
            QueueFull: too many requests wait already; before anything is yielded.
            GenerationFailed: the model failed.
        """
        ...

    async def close(self) -> None:
        """Stop running requests and free the memory. Closing twice does nothing."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors, so that a dot product is their cosine."""

    @property
    def name(self) -> str:
        """Identifies the model; vectors of different names must not be mixed."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order."""
        ...

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        ...


@runtime_checkable
class TextWindow(Protocol):
    """An embedder that knows its text limit."""

    def fits(self, texts: Sequence[str], reserve: int = 0) -> list[bool]:
        """Return for each text whether ``reserve`` more tokens fit without truncation."""
        ...


class VectorIndex(Protocol):
    """Nearest-neighbour search over chunk vectors, per collection."""

    def add(self, collection_id: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store one vector per chunk; a chunk id that exists is overwritten."""
        ...

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
        ...

    def vectors(self, collection_id: str, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Return the stored vectors of those chunks, scaled to length 1, by chunk id."""
        ...

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one vector in the collection."""
        ...

    def count(self, collection_id: str) -> int:
        """The number of vectors in the collection."""
        ...

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all vectors of the documents; unknown ones are ignored."""
        ...

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        ...

    def close(self) -> None:
        """Flush and release files. Closing twice does nothing."""
        ...


class KeywordIndex(Protocol):
    """Ranked full-text search over the same chunks.

    Its methods mean the same as those of ``VectorIndex``.
    """

    def add(self, collection_id: str, chunks: Sequence[Chunk], texts: Sequence[str]) -> None:
        """Store the words of one text per chunk; a chunk id that exists is overwritten."""
        ...

    def search(
        self,
        collection_id: str,
        query: str,
        top_k: int,
        document_ids: Sequence[str] = (),
    ) -> list[tuple[str, float]]:
        """Return (chunk id, score) pairs, best first; any text is a valid query."""
        ...

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one chunk in the collection."""
        ...

    def count(self, collection_id: str) -> int:
        """The number of chunks in the collection."""
        ...

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all chunks of the documents; unknown ones are ignored."""
        ...

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        ...

    def close(self) -> None:
        """Release files. Closing twice does nothing."""
        ...


class Catalog(Protocol):
    """The source of truth for collections, documents and chunks; the indexes follow it."""

    def collections(self) -> list[Collection]:
        """Every collection, by name."""
        ...

    def create_collection(self, name: str, shared: bool, owner: str) -> Collection:
        """Create a collection.

        Raises:
            AlreadyExists: a shared one by that name, or the owner's own, exists.
        """
        ...

    def delete_collection(self, collection_id: str) -> None:
        """Remove a collection with its documents and chunks; its id is listed as leaving."""
        ...

    def leaving_collections(self) -> list[str]:
        """The ids of removed collections that the indexes may still contain."""
        ...

    def forget_collection(self, collection_id: str) -> None:
        """Record that the indexes contain nothing of a removed collection any more."""
        ...

    def leaving_documents(self) -> set[str]:
        """The ids of removed documents whose files, vectors or words may still exist."""
        ...

    def forget_documents(self, ids: Iterable[str]) -> None:
        """Forget removed documents of which nothing is left, by catalog and index ids."""
        ...

    def begin_document(
        self,
        collection_id: str,
        name: str,
        sha256: str,
        size: int,
        reading: str = "",
        *,
        replaces: str | None = None,
    ) -> DocumentRecord:
        """Record a pending document under a new id; ``reading`` identifies how it is chunked.

        One that ``replaces`` a document is listed only among the ``replacements``.
        """
        ...

    def ready_document(self, collection_id: str, name: str) -> DocumentRecord | None:
        """The ready document of this name in a collection, if there is one."""
        ...

    def failed_document(self, collection_id: str, name: str) -> DocumentRecord | None:
        """The failed document of this name in a collection, if there is one."""
        ...

    def unfinished(
        self,
        collection_id: str,
        name: str,
        sha256: str,
        reading: str,
        *,
        replaces: str | None = None,
    ) -> DocumentRecord | None:
        """The pending document that was begun with exactly these values, if there is one."""
        ...

    def same_content(self, sha256: str, reading: str) -> DocumentRecord | None:
        """A ready document of any collection with the same bytes and the same reading."""
        ...

    def add_chunks(self, document_id: str, chunks: Sequence[Chunk]) -> None:
        """Store the chunks of a pending document; existing ones are overwritten."""
        ...

    def finish_document(
        self,
        document_id: str,
        pages: int | None,
        left_out: str | None = None,
        properties: DocumentProperties = NOTHING_STATED,
    ) -> DocumentRecord:
        """Mark a document ready and remove what it replaces, in one transaction.

        Other documents of the same name in the collection (an older version, an earlier
        failure) are removed from the catalog.
        """
        ...

    def exchange_document(
        self,
        document_id: str,
        pages: int | None,
        left_out: str | None = None,
        properties: DocumentProperties = NOTHING_STATED,
    ) -> DocumentRecord:
        """Move a pending document's content to the one that it replaces, which becomes ready.

        Its id, name and time of adding are kept. This is one transaction.
        """
        ...

    def fail_document(
        self, document_id: str, reason: str, *, has_original: bool = False
    ) -> DocumentRecord:
        """Remove a document's chunks, mark it failed, and drop earlier failures of its name."""
        ...

    def delete_document(self, document_id: str) -> None:
        """Remove a document and its chunks."""
        ...

    def documents(self, collection_id: str) -> list[DocumentRecord]:
        """The documents of a collection, by name."""
        ...

    def replacements(self, collection_id: str) -> list[DocumentRecord]:
        """The pending documents that replace others of a collection."""
        ...

    def document(self, document_id: str) -> DocumentRecord | None:
        """One document, or None."""
        ...

    def chunks(self, chunk_ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks by id, of ready documents only; unknown ids are left out."""
        ...

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """All chunks of a document in reading order."""
        ...

    def ready_count(self, collection_id: str, document_ids: Sequence[str] = ()) -> int:
        """The number of ready documents, among ``document_ids`` where any are given."""
        ...

    def embedders(self) -> dict[str, str]:
        """The embedder of each collection's vectors, by id; left out before its first vector."""
        ...

    def set_embedder(self, collection_id: str, name: str) -> None:
        """Record the embedder of a collection's vectors; an unknown collection is ignored."""
        ...

    def contents(self) -> dict[str, CollectionContents]:
        """The statistics of each collection, by id; empty ones are left out."""
        ...

    def rename_collection(self, collection_id: str, name: str, shared: bool) -> Collection:
        """Give a collection another name and say whether it is shared; its documents stay.

        Raises:
            CollectionNotFound: it has been deleted.
            AlreadyExists: another shared one by that name, or the owner's own, exists.
        """
        ...

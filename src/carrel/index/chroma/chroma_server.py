"""Nearest-neighbour search on a Chroma server, which other Carrel processes may use as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TypeVar

import structlog

from carrel.core.documents import Chunk
from carrel.core.errors import RemoteUnavailable
from carrel.core.protocols.adapters import Vector
from carrel.index.chroma.chroma_http import ChromaServer, CollectionGone
from carrel.index.chroma.chroma_rows import (
    HNSW,
    Rows,
    among,
    nearest,
    parts,
    store_rows,
    stored_documents,
    stored_vectors,
)
from carrel.index.chroma.server_namespace import ServerNamespace

Result = TypeVar("Result")

NUMBERS = 1_000_000
"""Vector components per call, some 20 MB of JSON: Chroma refuses calls of more than 40 MB."""

READ_AT_ONCE = 1_000
"""Vectors of one answer."""

log = structlog.get_logger()


class ChromaServerIndex:
    """A Chroma server, one Chroma collection per collection.

    Data folders do not see each other's collections: the names on the server have a prefix of the
    folder's own, which is stored in ``folder``. A row is with the server when ``add`` returns.

    Deleted rows are not found any more, but remain in the server's files, even when a collection is
    deleted: only the server's operator can remove them.

    Raises (every method):
        RemoteUnavailable: the server does not answer, rejects the token, fails, or is no Chroma.
        InvalidSetting: the vectors have another length than the stored ones.
    """

    def __init__(self, url: str, token: str | None, folder: Path, *, offline: bool) -> None:
        """Connect.

        Raises:
            InvalidSetting: the address is invalid, or the folder cannot be written.
            OfflineRefused: ``offline`` is set and the server is on another machine.
            RemoteUnavailable: as every method.
            StorageFull: the disk is full.
        """
        self._server = ChromaServer(url, token, offline=offline)
        self._lock = RLock()
        self._namespace = ServerNamespace(folder)
        try:
            self._most_rows = self._server.most_rows()
            if self._namespace.is_outdated():
                self._forget_everything()
        except BaseException:
            self._server.close()
            raise

    @property
    def host(self) -> str:
        """The server's host."""
        return self._server.host

    def add(self, collection_id: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store one vector per chunk; a chunk id that exists is overwritten."""
        if not chunks:
            return
        at_once = max(1, min(self._most_rows, NUMBERS // max(1, len(vectors[0]))))
        with self._lock, self._writing():
            rows = self._server.made(self._namespace.of(collection_id), HNSW)
            store_rows(rows, chunks, vectors, at_once)

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
        return self._read(
            collection_id, lambda rows: nearest(rows, vector, top_k, document_ids), []
        )

    def vectors(self, collection_id: str, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those chunks that have one, scaled to length 1, by chunk id."""
        return self._read(
            collection_id, lambda rows: stored_vectors(rows, chunk_ids, READ_AT_ONCE), {}
        )

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one vector in the collection."""
        return self._read(collection_id, stored_documents, set())

    def count(self, collection_id: str) -> int:
        """The number of vectors in the collection."""
        return self._read(collection_id, lambda rows: rows.count(), 0)

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all vectors of the documents; unknown ones are ignored.

        A collection without vectors is removed: it would keep their length.
        """
        if not document_ids:
            return

        def delete(rows: Rows) -> bool:
            for ids in parts(document_ids, self._most_rows):
                rows.delete(where=among(ids))
            return rows.count() == 0

        with self._lock:
            if self._read(collection_id, delete, False):
                self.delete_collection(collection_id)

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        with self._lock, suppress(CollectionGone):
            self._server.delete(self._namespace.of(collection_id))

    def close(self) -> None:
        """Close the connections. Closing twice does nothing."""
        self._server.close()

    def _forget_everything(self) -> None:
        """Remove what this data folder has on the server, and nothing else."""
        for name in self._server.names(self._namespace.prefix):
            log.warning("vectors.outdated", server=self._server.url, collection=name)
            with suppress(CollectionGone):
                self._server.delete(name)
        self._namespace.renew()

    def _read(self, collection_id: str, read: Callable[[Rows], Result], nothing: Result) -> Result:
        """Return the result of a read, or ``nothing`` if the collection does not exist."""
        try:
            return read(self._server.collection(self._namespace.of(collection_id)))
        except CollectionGone:
            return nothing

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except CollectionGone as error:
            raise RemoteUnavailable(
                f"The Chroma server {self._server.url} lost a collection while it was written: "
                "add the file again."
            ) from error

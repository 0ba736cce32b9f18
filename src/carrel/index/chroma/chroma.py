"""Nearest-neighbour search with embedded Chroma."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence, Set
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

import structlog

from carrel.core.documents import Chunk
from carrel.core.errors import InvalidSetting, StorageFull, StoreCorrupt
from carrel.core.protocols.adapters import Vector
from carrel.core.runtime.collection_pause import collection_paused
from carrel.disk.damage import REBUILT, mark_damaged
from carrel.disk.failures import disk_errors, is_nearly_full
from carrel.index.chroma.chroma_cleaning import (
    COPY,
    Deletions,
    compact,
    copy_rows,
    is_due,
    wipe_unused,
)
from carrel.index.chroma.chroma_rows import (
    HNSW,
    among,
    nearest,
    parts,
    store_rows,
    stored_documents,
    stored_entries,
    stored_vectors,
)
from carrel.index.chroma.graph_digests import GraphDigests
from carrel.index.chroma.write_guard import WriteGuard

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

log = structlog.get_logger()


class ChromaIndex:
    """A persistent Chroma store in a folder, one Chroma collection per collection.

    A row is on the disk when ``add`` returns. Vectors are always given: Chroma's own embedding
    function, which downloads a model, is never loaded, and its telemetry is off.

    Chroma overwrites its graph files in place, and torn ones give wrong results or crash the
    process. So a collection whose files were being overwritten when the process was killed or the
    disk became full, or have changed since, is emptied when the store is opened, and must be filled
    again.

    Chroma leaves deleted vectors in its graphs, where no search returns them. They are removed when
    the store is opened the next time (from a large collection, once they are a tenth of it), and at
    once when a collection or its last document is deleted.

    Raises (every method):
        StorageFull: the disk is full.
        StoreCorrupt: Chroma cannot read its files.
        InvalidSetting: the vectors have another length than the stored ones.
    """

    def __init__(self, folder: Path) -> None:
        # Chroma takes most of a second to import, and other stores do not need it.
        with collection_paused():
            import chromadb
            from chromadb.config import Settings

        self._folder = folder
        self._lock = RLock()
        # Named here, so that neither a file .env nor the environment redirects the store.
        settings = Settings(
            _env_file=None,
            anonymized_telemetry=False,
            chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
            chroma_otel_collection_endpoint="",
            allow_reset=False,
            migrations="apply",
        )
        with self._errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._guard = WriteGuard(folder)
            self._digests = GraphDigests(folder)
            self._client = cast("Client", chromadb.PersistentClient(folder, settings))
        try:
            self._prepare()
        except BaseException:
            # Chroma would share its open handles with the next one that opens the folder.
            self._client.close()
            raise

    def _prepare(self) -> None:
        with self._errors():
            self._batch = self._client.get_max_batch_size()
            self._deletions = Deletions(self._folder)
            self._unwiped = False
            self._closed = False
            self._discard_torn()
            self._digests.forget()
        # A full disk does not prevent searching and deleting: the next start cleans.
        with suppress(StorageFull), self._errors():
            self._clean()

    def add(self, collection_id: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store one vector per chunk; a chunk id that exists is overwritten."""
        with self._lock, self._errors(), self._guard.writing(collection_id, grows=True):
            store_rows(
                self._made(collection_id),
                chunks,
                vectors,
                self._batch,
                partial(self._deletions.note, collection_id),
            )

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
        with self._errors():
            collection = self._collection(collection_id)
            if collection is None:
                return []
            return nearest(collection, vector, top_k, document_ids)

    def vectors(self, collection_id: str, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those chunks that have one, scaled to length 1, by chunk id."""
        with self._errors():
            collection = self._collection(collection_id)
            return {} if collection is None else stored_vectors(collection, chunk_ids, self._batch)

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one vector in the collection."""
        with self._errors():
            collection = self._collection(collection_id)
            return set() if collection is None else stored_documents(collection)

    def count(self, collection_id: str) -> int:
        """The number of vectors in the collection."""
        with self._errors():
            collection = self._collection(collection_id)
            return 0 if collection is None else collection.count()

    def counts(self) -> dict[str, int]:
        """Return the number of vectors of each collection, by its id."""
        with self._errors():
            return {each.name: each.count() for each in self._client.list_collections()}

    def entries(self, collection_id: str) -> Iterator[tuple[list[Chunk], list[Vector]]]:
        """Yield the chunks of a collection, by their ids alone, with their vectors, in parts."""
        with self._errors():
            collection = self._collection(collection_id)
            yield from () if collection is None else stored_entries(collection)

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all vectors of the documents; unknown ones are ignored."""
        if not document_ids:
            return
        with self._lock, self._errors(), self._guard.writing(collection_id, grows=False):
            collection = self._collection(collection_id)
            if collection is None:
                return
            before = collection.count()
            for ids in parts(document_ids, self._batch):
                collection.delete(where=cast(Any, among(ids)))
            remaining = collection.count()
            if not remaining:
                self._drop(collection_id)
                self._sweep()
            elif remaining < before:
                self._deletions.note(collection_id, before - remaining)
            self._unwiped = self._unwiped or remaining < before

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        with self._lock, self._errors():
            self._drop(collection_id)
            self._sweep()
            self._compact()

    def close(self) -> None:
        """Release the files, so that the folder can be opened again. Closing twice does nothing."""
        with self._lock, self._errors():
            self._client.close()
            if self._unwiped:
                self._compact()
            # Even after a session without a write: Chroma may write a graph when it reads it.
            if not self._guard.is_marked():
                for graph in self._folder.iterdir():
                    wipe_unused(graph)
                if not self._closed:
                    self._digests.record()
            self._closed = True

    def _compact(self) -> None:
        """Wipe deleted data from the database, if the disk has the space that it takes."""
        self._unwiped = True
        with suppress(StorageFull), self._errors():
            compact(self._database)
            self._unwiped = False

    @property
    def _database(self) -> Path:
        return self._folder / "chroma.sqlite3"

    def _clean(self) -> None:
        """Rebuild the graphs that contain deleted vectors, and wipe the database."""
        for each in self._client.list_collections():
            if each.name.endswith(COPY):
                self._finish_copy(each.name.removesuffix(COPY))
        counts = self._deletions.counts()
        for collection_id, deleted in counts.items():
            collection = self._collection(collection_id)
            if collection is not None and is_due(deleted, collection.count()):
                log.info("vectors.cleaning", collection=collection_id, kept=collection.count())
                with self._guard.writing(collection_id + COPY, grows=True):
                    copy_rows(collection, self._made(collection_id + COPY))
                self._drop(collection_id)
                self._finish_copy(collection_id)
        if counts:
            self._sweep()
            compact(self._database)

    def _finish_copy(self, collection_id: str) -> None:
        """Replace the original by its complete copy; drop an incomplete one."""
        # The original is only dropped once the copy is complete.
        if self._collection(collection_id) is not None:
            self._drop(collection_id + COPY)
            return
        copy = self._collection(collection_id + COPY)
        assert copy is not None
        copy.modify(name=collection_id)
        self._deletions.settle(collection_id)

    def _made(self, name: str) -> Collection:
        return self._client.get_or_create_collection(
            name, configuration=cast(Any, {"hnsw": HNSW}), embedding_function=None
        )

    def _discard_torn(self) -> None:
        damaged = self._collections_of(self._digests.changed())
        for collection_id in sorted({*self._guard.torn_collections(), *damaged}):
            log.warning("vectors.torn", folder=str(self._folder), collection=collection_id)
            self._drop(collection_id)
        self._sweep()
        self._guard.clear()

    def _drop(self, collection_id: str) -> None:
        if self._collection(collection_id) is not None:
            self._client.delete_collection(collection_id)
        self._deletions.settle(collection_id)

    def _sweep(self) -> None:
        """Remove the folders of graphs without a collection: Chroma leaves them behind."""
        known = set(self._first_column("SELECT id FROM segments"))
        for each in self._folder.iterdir():
            if each.is_dir() and each.name not in known:
                shutil.rmtree(each)

    def _collections_of(self, graphs: Set[str]) -> list[str]:
        """Return the collections whose graphs are in these folders."""
        if not graphs:
            return []
        query = (
            "SELECT collections.name FROM segments JOIN collections "
            "ON collections.id = segments.collection "
            "WHERE segments.id IN (SELECT value FROM json_each(?))"
        )
        return self._first_column(query, json.dumps(sorted(graphs)))

    def _first_column(self, query: str, *values: str) -> list[str]:
        """Query Chroma's database while Chroma has it open."""
        database = f"{self._database.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(database, uri=True)) as connection:
            return [row[0] for row in connection.execute(query, values)]

    def _collection(self, collection_id: str) -> Collection | None:
        from chromadb.errors import NotFoundError

        try:
            return self._client.get_collection(collection_id, embedding_function=None)
        except NotFoundError:
            return None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Convert Chroma's disk errors to Carrel's; others are raised unchanged."""
        from chromadb.errors import InternalError, InvalidArgumentError

        with disk_errors(self._folder, REBUILT):
            try:
                yield
            except InvalidArgumentError as error:
                if "dimension" not in str(error):
                    raise
                raise InvalidSetting(
                    f"The embedder does not fit the vectors in {self._folder} ({error}): "
                    "start with the --embedder that made them."
                ) from error
            except InternalError as error:
                detail = str(error)
                if "is full" in detail or "No space left" in detail or is_nearly_full(self._folder):
                    raise StorageFull(
                        f"The disk is full: {self._folder} could not be written. "
                        "Free some space and try again."
                    ) from error
                mark_damaged(self._database)
                raise StoreCorrupt(
                    f"The vectors in {self._folder} cannot be read ({detail}): {REBUILT}."
                ) from error

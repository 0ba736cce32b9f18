"""Nearest-neighbour search with FAISS over vectors in an SQLite file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, RLock, Thread

import numpy as np
import structlog

from carrel.core.documents import Chunk
from carrel.core.errors import CarrelError, InvalidSetting, StorageFull, Unavailable
from carrel.core.log_reason import log_reason
from carrel.core.protocols.adapters import Vector
from carrel.index.embedding.directions import normalize
from carrel.index.faiss.collection_index import CollectionIndex
from carrel.index.faiss.segment_builder import SEGMENT_ROWS, SegmentBuilder
from carrel.index.faiss.segment_files import SegmentFiles
from carrel.index.faiss.vector_rows import SegmentRow, VectorRows, gaps

FLAT_LIMIT = 100_000

log = structlog.get_logger()


class _StoppedError(Unavailable):
    """The index is being closed."""


class FaissIndex:
    """FAISS over ``vectors.db``, the source of truth; exact up to ``flat_limit`` vectors.

    Up to the limit a collection is one flat index in memory, loaded from the database at its first
    use (100,000 vectors of 384 take 150 MB and about a second).

    Above it, all but the latest vectors are in segments: files with inverted lists (``IVF``,
    ``SQ8``), memory-mapped, so that they open at once and only used parts are in memory. A search
    takes candidates from the nearest lists of every file and scores them by their vectors in the
    database; one restricted to documents reads all lists, or only the database.
    ``benchmarks/results/faiss_layouts.md`` has the recall. New vectors stay in memory until they
    are worth a file, which a thread then makes from the database.

    Every change is first committed to the database, which also records the files with their
    digests: a missing or damaged file is rebuilt from the database, and an unrecorded one is
    removed. Deleted vectors are removed from the files before ``delete_documents`` returns; while a
    file is being made, the disk is full or the process is killed, and for replaced vectors, it
    happens soon afterwards, or when the index is opened the next time. The centroids of a file were
    computed from at least five vectors each, and stay when one of those is deleted.

    Raises (every method):
        StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: the disk failed.
        InvalidSetting: the vectors have another length than the stored ones.
    """

    def __init__(self, folder: Path, flat_limit: int = FLAT_LIMIT) -> None:
        self._lock = RLock()
        self._flat_limit = flat_limit
        self._loaded: dict[str, CollectionIndex] = {}
        self._rows = VectorRows(folder / "vectors.db")
        self._files = SegmentFiles(folder)
        self._builder = SegmentBuilder(self._rows, self._files)
        self._stopping = Event()
        self._behind: set[str] = set()
        self._worker: Thread | None = None
        self._files.keep_only(self._rows.segment_names())
        for collection_id in self._rows.stale_collections():
            self._clean(collection_id)

    def add(self, collection_id: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store one vector per chunk; a chunk id that exists is overwritten."""
        if not chunks:
            return
        rows = list({chunk.id: row for row, chunk in enumerate(chunks)}.values())
        matrix = np.asarray([vectors[row] for row in rows], dtype=np.float32)
        normalize(matrix)
        with self._lock:
            index = self._index_for(collection_id, matrix.shape[1])
            replaced, numbers = self._rows.replace(
                collection_id, [chunks[row] for row in rows], matrix
            )
            index.remove(replaced)
            index.add(numbers, matrix)
            self._follow_up(collection_id, index)

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
        query = np.asarray([vector], dtype=np.float32)
        normalize(query)
        with self._lock:
            index = self._load(collection_id)
            if index is None or not index.total:
                return []
            self._require_length(index, query.shape[1])
            allowed = self._rows.numbers_of(collection_id, document_ids) if document_ids else None
            found = index.search(query, top_k, allowed)
            names = self._rows.chunk_ids([number for number, _ in found])
        return [(names[number], score) for number, score in found]

    def vectors(self, collection_id: str, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those chunks that have one, scaled to length 1, by chunk id."""
        return self._rows.vectors(collection_id, chunk_ids)

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one vector in the collection."""
        return self._rows.document_ids(collection_id)

    def count(self, collection_id: str) -> int:
        """The number of vectors in the collection."""
        return self._rows.count(collection_id)

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all vectors of the documents; unknown ones are ignored."""
        with self._lock:
            removed = self._rows.delete_documents(collection_id, document_ids)
            if not removed:
                return
            index = self._loaded.get(collection_id)
            if index is not None:
                index.remove(removed)
            segments = self._rows.segments(collection_id)
            left = self._rows.count(collection_id) if index is None else index.total
            if segments and left <= self._flat_limit // 2:
                self._forget(collection_id, segments)
            else:
                self._clean(collection_id)

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        with self._lock:
            names = {each.name for each in self._rows.segments(collection_id)}
            self._rows.delete_collection(collection_id)
            self._loaded.pop(collection_id, None)
            self._files.remove(names)

    def settle(self) -> None:
        """Wait until all due files have been made."""
        while (worker := self._worker) is not None and worker.is_alive():
            worker.join()

    def close(self) -> None:
        """Release the file and the memory. Closing twice does nothing."""
        self._stopping.set()
        self.settle()
        with self._lock:
            self._loaded.clear()
            self._rows.close()

    def _load(self, collection_id: str) -> CollectionIndex | None:
        """Return a collection's index, loaded from the files and the database at its first use."""
        index = self._loaded.get(collection_id)
        if index is not None:
            return index
        self._drop_damaged(collection_id)
        while self._uncovered(collection_id) > 2 * self._flat_limit:
            if not self._build(collection_id):
                break
        for row in self._rows.segments(collection_id):
            segment = self._files.open(row.name)
            index = index or CollectionIndex(segment.d, self._rows)
            index.put_segment(row, segment)
        for begin, end in gaps(self._rows.segments(collection_id)):
            for numbers, matrix in self._rows.stream(collection_id, begin, end):
                index = index or CollectionIndex(matrix.shape[1], self._rows)
                index.add(numbers, matrix)
        if index is not None:
            self._loaded[collection_id] = index
            self._follow_up(collection_id, index)
        return index

    def _index_for(self, collection_id: str, length: int) -> CollectionIndex:
        """Return a collection's index for vectors of a length; an emptied one accepts any."""
        index = self._load(collection_id)
        if index is None or not index.total:
            self._forget(collection_id, self._rows.segments(collection_id))
            index = self._loaded[collection_id] = CollectionIndex(length, self._rows)
        self._require_length(index, length)
        return index

    def _require_length(self, index: CollectionIndex, length: int) -> None:
        if index.length != length:
            raise InvalidSetting(
                f"The embedder does not fit the vectors in {self._rows.path} (they have "
                f"{index.length} numbers, not {length}): start with the --embedder that made them."
            )

    def _uncovered(self, collection_id: str) -> int:
        """Count the vectors that are in no segment."""
        free = gaps(self._rows.segments(collection_id))
        return sum(self._rows.count(collection_id, *each) for each in free)

    def _drop_damaged(self, collection_id: str) -> None:
        """Drop the segments whose files are missing or changed."""
        for row in self._rows.segments(collection_id):
            if not self._files.is_whole(row.name, row.digest):
                log.warning("index.damaged", file=row.name)
                self._forget(collection_id, [row])

    def _forget(self, collection_id: str, segments: Sequence[SegmentRow]) -> None:
        """Remove segments; their vectors are read from the database at the next use."""
        if segments:
            self._rows.forget_segments([each.name for each in segments])
            self._loaded.pop(collection_id, None)
            self._files.remove({each.name for each in segments})

    def _clean(self, collection_id: str) -> None:
        """Remove deleted vectors from the files; on a full disk this is left to the next time."""
        try:
            for name, row, segment in self._builder.clean(collection_id):
                index = self._loaded.get(collection_id)
                if row is None:
                    # A damaged file's vectors are still in the database.
                    self._loaded.pop(collection_id, None)
                elif index is not None:
                    index.replace_segment(name, row, segment)
        except StorageFull as error:
            log.warning("index.stale_files", collection=collection_id, reason=log_reason(error))

    def _is_behind(self, index: CollectionIndex) -> bool:
        """Whether the tail is worth a file, or files contain deleted vectors."""
        limit = min(max(self._flat_limit // 4, index.total // 16), SEGMENT_ROWS)
        waiting = index.in_memory - index.failed_at
        return index.is_stale or (index.total > self._flat_limit and waiting > limit)

    def _follow_up(self, collection_id: str, index: CollectionIndex) -> None:
        """Let a thread make the due files."""
        if not self._is_behind(index) or self._stopping.is_set():
            return
        self._behind.add(collection_id)
        if self._worker is None or not self._worker.is_alive():
            self._worker = Thread(target=self._work, name="faiss-segments")
            self._worker.start()

    def _work(self) -> None:
        import faiss

        # Half of the machine is left to concurrent searches.
        faiss.omp_set_num_threads(max(1, faiss.omp_get_max_threads() // 2))
        while True:
            with self._lock:
                if not self._behind or self._stopping.is_set():
                    self._worker = None
                    return
                collection_id = self._behind.pop()
                index = self._loaded.get(collection_id)
            try:
                self._catch_up(collection_id)
            except _StoppedError:
                continue
            except (CarrelError, OSError, RuntimeError) as error:
                log.warning("index.behind", collection=collection_id, reason=log_reason(error))
                if index is not None:
                    index.failed_at = index.in_memory

    def _catch_up(self, collection_id: str) -> None:
        """Do what is due for one collection."""
        while True:
            with self._lock:
                if collection_id not in self._loaded:
                    return
                self._clean(collection_id)
                index = self._loaded.get(collection_id)
                if index is None or index.is_stale or not self._is_behind(index):
                    return
            if not self._build(collection_id):
                return

    def _build(self, collection_id: str) -> bool:
        """Make one file, and add it to the search; False if all vectors are in files.

        The lock is released while the file is made.
        """
        built = self._builder.build(collection_id, self._check_stop)
        if built is None:
            return False
        row, count = built
        with self._lock:
            alive = sum(
                self._rows.count(collection_id, max(begin, row.first), min(end, row.last))
                for begin, end in gaps(self._rows.segments(collection_id))
            )
            # Numbers only grow: missing ones were deleted while the file was made.
            stale = alive != count
            self._rows.put_segment(replace(row, stale=stale))
            index = self._loaded.get(collection_id)
            if index is not None:
                index.put_segment(row, self._files.open(row.name))
                index.failed_at = 0
            if stale:
                self._clean(collection_id)
        return True

    def _check_stop(self) -> None:
        if self._stopping.is_set():
            raise _StoppedError(
                f"The files of {self._rows.path} are not made because Carrel is ending: ask again "
                f"once it has started."
            )

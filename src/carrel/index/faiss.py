"""Exact nearest neighbours in FAISS, over vectors that an SQLite file keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Connection
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carrel.core.documents import Chunk
from carrel.core.errors import InvalidSetting
from carrel.core.protocols import Vector
from carrel.disk.sqlite_file import SqliteFile
from carrel.index.directions import normalize

if TYPE_CHECKING:
    import faiss

LOAD_ROWS = 10_000
"""Rows read at a time while an index is filled."""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS entry (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        collection_id TEXT NOT NULL,
        chunk_id TEXT NOT NULL,
        document_id TEXT NOT NULL,
        vector BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS entry_by_chunk ON entry (collection_id, chunk_id)",
    "CREATE INDEX IF NOT EXISTS entry_by_document ON entry (collection_id, document_id)",
)


class FaissIndex:
    """``IndexIDMap2(IndexFlatIP)`` per collection, in memory; the truth is ``vectors.db``.

    A flat index holds nothing but the vectors, so a file of it would only be a second copy that
    can disagree with the first. Every change is committed to the database before the index in
    memory follows, and an index is filled from the database at the first use of its collection
    (100,000 vectors of 384 take 150 MB and about a second). Numbers in the index are the
    database's, and are never used twice.

    Raises (every method):
        StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: the disk failed.
        InvalidSetting: the vectors have another length than the stored ones.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = RLock()
        self._loaded: dict[str, faiss.IndexIDMap2] = {}
        self._file = SqliteFile(folder / "vectors.db", synchronous="NORMAL")
        with self._file.transaction() as connection:
            for statement in SCHEMA:
                connection.execute(statement)

    def add(self, collection_id: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store one vector per chunk; a chunk id that exists is overwritten."""
        if not chunks:
            return
        latest = {chunk.id: row for row, chunk in enumerate(chunks)}
        rows = list(latest.values())
        matrix = np.asarray([vectors[row] for row in rows], dtype=np.float32)
        normalize(matrix)
        with self._lock:
            index = self._index_for(collection_id, matrix.shape[1])
            with self._file.transaction() as connection:
                replaced = _delete(connection, collection_id, "chunk_id", list(latest))
                numbers = [
                    _insert(connection, collection_id, chunks[row], vector)
                    for row, vector in zip(rows, matrix, strict=True)
                ]
            _remove(index, replaced)
            index.add_with_ids(matrix, np.asarray(numbers, dtype=np.int64))

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
        import faiss

        query = np.asarray([vector], dtype=np.float32)
        normalize(query)
        with self._lock:
            index = self._load(collection_id)
            if index is None or not index.ntotal:
                return []
            self._require_length(index, query.shape[1])
            parameters = None
            if document_ids:
                allowed = self._numbers(collection_id, document_ids)
                selector = faiss.IDSelectorBatch(allowed)
                parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
            wanted = min(top_k, index.ntotal)
            scores, numbers = index.search(query, wanted, params=parameters)
            found = [
                (int(number), float(score))
                for number, score in zip(numbers[0], scores[0], strict=True)
                if number >= 0
            ]
            names = self._chunk_ids([number for number, _ in found])
        return [(names[number], score) for number, score in found]

    def vectors(self, collection_id: str, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those chunks that have one, scaled to length 1, by chunk id."""
        query = (
            "SELECT chunk_id, vector FROM entry WHERE collection_id = ? "
            "AND chunk_id IN (SELECT value FROM json_each(?))"
        )
        parameters = (collection_id, json.dumps(list(chunk_ids)))
        with self._file.reading() as connection:
            return {
                chunk_id: np.frombuffer(vector, dtype="<f4").tolist()
                for chunk_id, vector in connection.execute(query, parameters)
            }

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one vector in the collection."""
        query = "SELECT DISTINCT document_id FROM entry WHERE collection_id = ?"
        with self._file.reading() as connection:
            return {row[0] for row in connection.execute(query, (collection_id,))}

    def count(self, collection_id: str) -> int:
        """The number of vectors in the collection."""
        query = "SELECT count(*) FROM entry WHERE collection_id = ?"
        with self._file.reading() as connection:
            return int(connection.execute(query, (collection_id,)).fetchone()[0])

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all vectors of the documents; unknown ones are ignored."""
        with self._lock:
            with self._file.transaction() as connection:
                removed = _delete(connection, collection_id, "document_id", document_ids)
            if removed:
                self._file.empty_log()
            if collection_id in self._loaded:
                _remove(self._loaded[collection_id], removed)

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        with self._lock:
            with self._file.transaction() as connection:
                connection.execute("DELETE FROM entry WHERE collection_id = ?", (collection_id,))
            self._file.empty_log()
            self._loaded.pop(collection_id, None)

    def close(self) -> None:
        """Release the file and the memory. Closing twice does nothing."""
        with self._lock:
            self._loaded.clear()
            self._file.close()

    def _load(self, collection_id: str) -> faiss.IndexIDMap2 | None:
        """Return a collection's index, filled from the database at its first use."""
        index = self._loaded.get(collection_id)
        if index is not None:
            return index
        query = "SELECT number, vector FROM entry WHERE collection_id = ? ORDER BY number"
        with self._file.reading() as connection:
            cursor = connection.execute(query, (collection_id,))
            while rows := cursor.fetchmany(LOAD_ROWS):
                matrix = _matrix([vector for _, vector in rows])
                if index is None:
                    index = _empty(matrix.shape[1])
                index.add_with_ids(matrix, np.asarray([row[0] for row in rows], dtype=np.int64))
        if index is not None:
            self._loaded[collection_id] = index
        return index

    def _index_for(self, collection_id: str, length: int) -> faiss.IndexIDMap2:
        """Return a collection's index for vectors of a length; an emptied one takes any."""
        index = self._load(collection_id)
        if index is None or not index.ntotal:
            index = self._loaded[collection_id] = _empty(length)
        self._require_length(index, length)
        return index

    def _require_length(self, index: faiss.IndexIDMap2, length: int) -> None:
        if index.d != length:
            raise InvalidSetting(
                f"The embedder does not fit the vectors in {self._file.path} (they have "
                f"{index.d} numbers, not {length}): start with the --embedder that made them."
            )

    def _numbers(self, collection_id: str, document_ids: Sequence[str]) -> NDArray[np.int64]:
        query = (
            "SELECT number FROM entry WHERE collection_id = ? "
            "AND document_id IN (SELECT value FROM json_each(?))"
        )
        parameters = (collection_id, json.dumps(list(document_ids)))
        with self._file.reading() as connection:
            rows = connection.execute(query, parameters).fetchall()
        return np.asarray([row[0] for row in rows], dtype=np.int64)

    def _chunk_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        query = (
            "SELECT number, chunk_id FROM entry WHERE number IN (SELECT value FROM json_each(?))"
        )
        with self._file.reading() as connection:
            return dict(connection.execute(query, (json.dumps(list(numbers)),)).fetchall())


def _empty(length: int) -> faiss.IndexIDMap2:
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(length))


def _insert(
    connection: Connection, collection_id: str, chunk: Chunk, vector: NDArray[np.float32]
) -> int:
    cursor = connection.execute(
        "INSERT INTO entry (collection_id, chunk_id, document_id, vector) VALUES (?, ?, ?, ?)",
        (collection_id, chunk.id, chunk.document_id, vector.astype("<f4").tobytes()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _delete(
    connection: Connection, collection_id: str, column: str, values: Sequence[str]
) -> list[int]:
    """Delete the entries whose column holds one of the values, and return their numbers."""
    rows = connection.execute(
        f"DELETE FROM entry WHERE collection_id = ? "
        f"AND {column} IN (SELECT value FROM json_each(?)) RETURNING number",
        (collection_id, json.dumps(list(values))),
    ).fetchall()
    return [row[0] for row in rows]


def _remove(index: Any, numbers: Sequence[int]) -> None:
    import faiss

    if numbers:
        index.remove_ids(faiss.IDSelectorBatch(np.asarray(numbers, dtype=np.int64)))


def _matrix(blobs: Sequence[bytes]) -> NDArray[np.float32]:
    flat = np.frombuffer(b"".join(blobs), dtype="<f4")
    return flat.reshape(len(blobs), -1).astype(np.float32)

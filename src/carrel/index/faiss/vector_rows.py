"""``vectors.db``: the vectors of a FAISS index, and its segments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

import numpy as np
from numpy.typing import NDArray

from carrel.core.documents import Chunk
from carrel.core.protocols.adapters import Vector
from carrel.disk.damage import set_aside_if_damaged
from carrel.disk.sqlite_file import SqliteFile

Matrix = NDArray[np.float32]
Numbers = NDArray[np.int64]

READ_ROWS = 10_000
"""Rows per read; other threads wait for the file meanwhile."""

HIGHEST = 2**63 - 1
"""Larger than any number."""

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
    # A covering index of a collection's numbers in order, without their vectors.
    "CREATE INDEX IF NOT EXISTS entry_by_number ON entry (collection_id)",
    """CREATE TABLE IF NOT EXISTS segment (
        name TEXT PRIMARY KEY,
        collection_id TEXT NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        trained_on INTEGER NOT NULL,
        digest TEXT NOT NULL,
        stale INTEGER NOT NULL
    )""",
)


@dataclass(frozen=True)
class SegmentRow:
    """A file with every vector of a collection from number ``first`` to ``last``.

    ``trained_on`` is the size of the collection when the file's centroids were trained, ``digest``
    the SHA-256 of the file, and ``stale`` says that the file contains vectors that have been
    deleted.
    """

    name: str
    collection_id: str
    first: int
    last: int
    trained_on: int
    digest: str
    stale: bool = False


class VectorRows:
    """The database of one folder. Numbers are never reused; deleted rows leave no trace.

    A damaged file is set aside when it is opened, and a new one created.

    Raises (every method):
        StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: the disk failed.
    """

    def __init__(self, path: Path) -> None:
        set_aside_if_damaged(path)
        self._file = SqliteFile(path, synchronous="NORMAL", rebuildable=True)
        with self._file.transaction() as connection:
            for statement in SCHEMA:
                connection.execute(statement)

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._file.path

    def replace(
        self, collection_id: str, chunks: Sequence[Chunk], matrix: Matrix
    ) -> tuple[list[int], list[int]]:
        """Store one vector per chunk, replacing earlier ones.

        Returns the numbers of the replaced ones, and the new numbers in the order of the chunks.
        Segments with a replaced one become stale.
        """
        with self._file.transaction() as connection:
            ids = [chunk.id for chunk in chunks]
            replaced = _delete(connection, collection_id, "chunk_id", ids)
            numbers = [
                _insert(connection, collection_id, chunk, vector)
                for chunk, vector in zip(chunks, matrix, strict=True)
            ]
        return replaced, numbers

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> list[int]:
        """Delete the vectors of documents and return their numbers; their segments become stale."""
        with self._file.transaction() as connection:
            removed = _delete(connection, collection_id, "document_id", document_ids)
        if removed:
            self._file.empty_log()
        return removed

    def delete_collection(self, collection_id: str) -> None:
        """Delete the vectors and segments of a collection; the files stay."""
        with self._file.transaction() as connection:
            connection.execute("DELETE FROM entry WHERE collection_id = ?", (collection_id,))
            connection.execute("DELETE FROM segment WHERE collection_id = ?", (collection_id,))
        self._file.empty_log()

    def vectors(self, collection_id: str, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those chunks that have one, by chunk id."""
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

    def count(self, collection_id: str, first: int = 0, last: int = HIGHEST) -> int:
        """The number of vectors in the collection, or of those numbered from first to last."""
        query = "SELECT count(*) FROM entry WHERE collection_id = ? AND number BETWEEN ? AND ?"
        with self._file.reading() as connection:
            row = connection.execute(query, (collection_id, first, last)).fetchone()
            return int(row[0])

    def numbers_between(self, collection_id: str, first: int, last: int) -> Numbers:
        """Return the numbers from ``first`` to ``last`` that the collection has, in order."""
        query = (
            "SELECT number FROM entry WHERE collection_id = ? AND number BETWEEN ? AND ? "
            "ORDER BY number"
        )
        with self._file.reading() as connection:
            rows = connection.execute(query, (collection_id, first, last)).fetchall()
        return np.asarray([row[0] for row in rows], dtype=np.int64)

    def numbers_of(self, collection_id: str, document_ids: Sequence[str]) -> Numbers:
        """Return the numbers of the vectors of documents."""
        query = (
            "SELECT number FROM entry WHERE collection_id = ? "
            "AND document_id IN (SELECT value FROM json_each(?))"
        )
        parameters = (collection_id, json.dumps(list(document_ids)))
        with self._file.reading() as connection:
            rows = connection.execute(query, parameters).fetchall()
        return np.asarray([row[0] for row in rows], dtype=np.int64)

    def chunk_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the chunk ids of those numbers that exist."""
        query = (
            "SELECT number, chunk_id FROM entry WHERE number IN (SELECT value FROM json_each(?))"
        )
        with self._file.reading() as connection:
            return dict(connection.execute(query, (json.dumps(list(numbers)),)).fetchall())

    def matrix_of(self, numbers: Sequence[int]) -> tuple[Numbers, Matrix]:
        """Return those of the numbers that exist, and their vectors, one per row."""
        query = "SELECT number, vector FROM entry WHERE number IN (SELECT value FROM json_each(?))"
        with self._file.reading() as connection:
            return _arrays(connection.execute(query, (json.dumps(list(numbers)),)).fetchall())

    def stream(
        self, collection_id: str, first: int = 0, last: int = HIGHEST, every: int = 1
    ) -> Iterator[tuple[Numbers, Matrix]]:
        """Yield numbers and vectors from number ``first`` to ``last`` in order, in batches.

        With ``every``, only multiples of it.
        """
        query = (
            "SELECT number, vector FROM entry WHERE collection_id = ? AND number BETWEEN ? AND ? "
            "AND number % ? = 0 ORDER BY number LIMIT ?"
        )
        rows = max(1, READ_ROWS // every)
        while True:
            with self._file.reading() as connection:
                parameters = (collection_id, first, last, every, rows)
                numbers, matrix = _arrays(connection.execute(query, parameters).fetchall())
            if not len(numbers):
                return
            yield numbers, matrix
            first = int(numbers[-1]) + 1

    def segments(self, collection_id: str) -> list[SegmentRow]:
        """The segments of a collection by their first number."""
        with self._file.reading() as connection:
            return _segments(connection, collection_id)

    def stale_collections(self) -> list[str]:
        """The collections that have stale segments."""
        query = "SELECT DISTINCT collection_id FROM segment WHERE stale"
        with self._file.reading() as connection:
            return [row[0] for row in connection.execute(query)]

    def segment_names(self) -> set[str]:
        """The names of the files of all collections."""
        with self._file.reading() as connection:
            return {row[0] for row in connection.execute("SELECT name FROM segment")}

    def put_segment(self, segment: SegmentRow, in_place_of: str = "") -> None:
        """Record a segment, and remove the named one in the same transaction."""
        with self._file.transaction() as connection:
            connection.execute("DELETE FROM segment WHERE name = ?", (in_place_of,))
            connection.execute(
                "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    segment.name,
                    segment.collection_id,
                    segment.first,
                    segment.last,
                    segment.trained_on,
                    segment.digest,
                    segment.stale,
                ),
            )

    def forget_segments(self, names: Sequence[str]) -> None:
        """Remove the records of segments; the files stay."""
        with self._file.transaction() as connection:
            connection.executemany(
                "DELETE FROM segment WHERE name = ?", [(name,) for name in names]
            )

    def close(self) -> None:
        """Release the file. Closing twice does nothing."""
        self._file.close()


def gaps(segments: Sequence[SegmentRow]) -> list[tuple[int, int]]:
    """Return the ranges of numbers, ends included, that are in no segment, in order."""
    free, begin = [], 0
    for segment in sorted(segments, key=lambda each: each.first):
        if segment.first > begin:
            free.append((begin, segment.first - 1))
        begin = max(begin, segment.last + 1)
    return [*free, (begin, HIGHEST)]


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
    numbers = sorted(row[0] for row in rows)
    for segment in _segments(connection, collection_id) if numbers else []:
        begin, end = np.searchsorted(numbers, (segment.first, segment.last + 1))
        if begin < end:
            connection.execute("UPDATE segment SET stale = 1 WHERE name = ?", (segment.name,))
    return numbers


def _segments(connection: Connection, collection_id: str) -> list[SegmentRow]:
    query = (
        "SELECT name, collection_id, first, last, trained_on, digest, stale FROM segment "
        "WHERE collection_id = ? ORDER BY first"
    )
    return [
        SegmentRow(name, of, first, last, trained_on, digest, bool(stale))
        for name, of, first, last, trained_on, digest, stale in connection.execute(
            query, (collection_id,)
        )
    ]


def _arrays(rows: Sequence[tuple[int, bytes]]) -> tuple[Numbers, Matrix]:
    numbers = np.asarray([row[0] for row in rows], dtype=np.int64)
    flat = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4")
    return numbers, flat.reshape(len(rows), -1 if rows else 0).astype(np.float32)

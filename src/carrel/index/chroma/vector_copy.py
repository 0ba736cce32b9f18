"""A copy of vectors in an SQLite file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from carrel.core.documents import Chunk
from carrel.core.protocols.adapters import Vector
from carrel.disk.damage import set_aside_if_damaged
from carrel.disk.sqlite_file import SqliteFile

READ_ROWS = 1_000
"""Rows read at a time."""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS document (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        collection_id TEXT NOT NULL,
        document_id TEXT NOT NULL,
        UNIQUE (collection_id, document_id)
    )""",
    """CREATE TABLE IF NOT EXISTS copy (
        number INTEGER PRIMARY KEY,
        document INTEGER NOT NULL REFERENCES document (number) ON DELETE CASCADE,
        chunk_id TEXT NOT NULL,
        vector BLOB NOT NULL,
        UNIQUE (document, chunk_id)
    )""",
)


class VectorCopy:
    """Vectors by collection, document and chunk. Deleted ones leave no trace.

    A damaged file is set aside when it is opened, and a new one created.

    Raises (every method):
        StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: the disk failed.
    """

    def __init__(self, path: Path) -> None:
        set_aside_if_damaged(path)
        self._file = SqliteFile(path, synchronous="NORMAL", rebuildable=True)
        try:
            with self._file.transaction() as connection:
                for statement in SCHEMA:
                    connection.execute(statement)
        except BaseException:
            self._file.close()
            raise

    @contextmanager
    def adding(
        self, collection_id: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]
    ) -> Iterator[None]:
        """Store one vector per chunk, unless the block raises."""
        documents = sorted({chunk.document_id for chunk in chunks})
        with self._file.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO document (collection_id, document_id) VALUES (?, ?)",
                [(collection_id, each) for each in documents],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO copy (document, chunk_id, vector) VALUES "
                "((SELECT number FROM document WHERE collection_id = ? AND document_id = ?), ?, ?)",
                [
                    (
                        collection_id,
                        chunk.document_id,
                        chunk.id,
                        np.asarray(vector, dtype="<f4").tobytes(),
                    )
                    for chunk, vector in zip(chunks, vectors, strict=True)
                ],
            )
            yield

    def counts(self) -> dict[str, int]:
        """Return the number of vectors of each collection, by its id."""
        query = (
            "SELECT collection_id, count(*) FROM copy JOIN document "
            "ON document.number = copy.document GROUP BY collection_id"
        )
        with self._file.reading() as connection:
            return dict(connection.execute(query).fetchall())

    def entries(self, collection_id: str) -> Iterator[tuple[list[Chunk], list[Vector]]]:
        """Yield the chunks of a collection, by their ids alone, with their vectors, in parts."""
        query = (
            "SELECT copy.number, chunk_id, document_id, vector FROM copy JOIN document "
            "ON document.number = copy.document WHERE collection_id = ? AND copy.number > ? "
            "ORDER BY copy.number LIMIT ?"
        )
        last = -1
        while True:
            with self._file.reading() as connection:
                rows = connection.execute(query, (collection_id, last, READ_ROWS)).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield (
                [Chunk(chunk_id, document_id, 0, "") for _, chunk_id, document_id, _ in rows],
                [np.frombuffer(vector, dtype="<f4").tolist() for *_, vector in rows],
            )

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove the vectors of documents; unknown ones are ignored."""
        self._delete(
            "collection_id = ? AND document_id IN (SELECT value FROM json_each(?))",
            (collection_id, json.dumps(list(document_ids))),
        )

    def delete_collection(self, collection_id: str) -> None:
        """Remove the vectors of a collection; an unknown one is ignored."""
        self._delete("collection_id = ?", (collection_id,))

    def close(self) -> None:
        """Release the file. Closing twice does nothing."""
        self._file.close()

    def _delete(self, condition: str, parameters: tuple[str, ...]) -> None:
        with self._file.transaction() as connection:
            found = connection.execute(f"DELETE FROM document WHERE {condition}", parameters)
        if found.rowcount:
            self._file.empty_log()

"""LanceDB behind the methods of Carrel's vector indexes, for ``vector_stores.py`` alone."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import BTree, HnswSq, IvfPq

from carrel.core.documents import Chunk
from carrel.core.protocols.adapters import Vector
from carrel.index.embedding.directions import normalize

LEAST_WRITES, MOST_WRITES = 20, 200
PART_WRITTEN = 8
"""The files are merged after 20 writes, as LanceDB's documentation advises, or after an eighth of
all, if that is more, since that rewrites the whole table; and after 200, since each write looks for
its chunks in every file that the scalar index does not cover yet."""

VECTOR_INDEXES = {
    "lance": None,
    "lance_pq": IvfPq(distance_type="cosine", num_sub_vectors=48),
    "lance_hnsw": HnswSq(distance_type="cosine"),
}
"""One number per eight components, and one graph: what the documentation recommends."""

PROBES = 64
REFINE = 10
CANDIDATES = 200

# The process is the only one that has the table open.
warnings.filterwarnings("ignore", message="optimize.cleanup_older_than=0")


class LanceIndex:
    """A table per collection, with scalar indexes and, once settled, one of the vectors."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._database = lancedb.connect(folder)
        self._vector_index = VECTOR_INDEXES[kind]
        self._tables: dict[str, Any] = {}
        self._writes = 0
        self._since = 0

    def add(self, collection_id: str, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Store one vector per chunk; a chunk id that exists is overwritten."""
        matrix = np.asarray(vectors, dtype=np.float32)
        normalize(matrix)
        table = self._table(collection_id)
        if table is None:
            table = self._create(collection_id, matrix.shape[1])
        # Twice as fast as merge_insert, which returns the same rows.
        existing = _among("chunk_id", [chunk.id for chunk in chunks])
        if table.count_rows(existing):
            table.delete(existing)
        table.add(_rows(chunks, matrix))
        self._writes += 1
        self._since += 1
        if self._since >= max(LEAST_WRITES, min(self._writes // PART_WRITTEN, MOST_WRITES)):
            self._merge(table)

    def search(
        self,
        collection_id: str,
        vector: Vector,
        top_k: int,
        document_ids: Sequence[str] = (),
    ) -> list[tuple[str, float]]:
        """Return (chunk id, cosine) pairs, best first."""
        table = self._table(collection_id)
        if table is None:
            return []
        query = table.search(np.asarray(vector, dtype=np.float32)).distance_type("cosine")
        if document_ids:
            # The exact scan of the few rows that the scalar index finds.
            query = query.where(_among("document_id", document_ids)).bypass_vector_index()
        elif self._vector_index is not None:
            query = query.nprobes(PROBES).ef(CANDIDATES).refine_factor(REFINE)
        found = query.select(["chunk_id", "_distance"]).limit(top_k).to_arrow()
        return [(row["chunk_id"], 1 - row["_distance"]) for row in found.to_pylist()]

    def vectors(self, collection_id: str, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those chunks that have one, by chunk id."""
        table = self._table(collection_id)
        if table is None:
            return {}
        query = table.search().where(_among("chunk_id", chunk_ids))
        found = query.select(["chunk_id", "vector"]).limit(len(chunk_ids)).to_arrow()
        return {row["chunk_id"]: row["vector"] for row in found.to_pylist()}

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one vector in the collection."""
        table = self._table(collection_id)
        if table is None:
            return set()
        found = table.search().select(["document_id"]).limit(table.count_rows()).to_arrow()
        return set(found["document_id"].unique().to_pylist())

    def count(self, collection_id: str) -> int:
        """The number of vectors in the collection."""
        table = self._table(collection_id)
        return 0 if table is None else table.count_rows()

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all vectors of the documents; unknown ones are ignored."""
        table = self._table(collection_id)
        if table is not None and document_ids:
            table.delete(_among("document_id", document_ids))
            self._merge(table)

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        self._tables.pop(collection_id, None)
        self._database.drop_table(collection_id, ignore_missing=True)

    def settle(self) -> None:
        """Merge the files and index the vectors."""
        for table in self._tables.values():
            self._merge(table)
            if self._vector_index is not None:
                table.create_index("vector", config=self._vector_index)

    def close(self) -> None:
        """Release the tables. Closing twice does nothing."""
        self._tables.clear()

    def _table(self, collection_id: str) -> Any:
        if collection_id not in self._tables:
            with suppress(ValueError):
                self._tables[collection_id] = self._database.open_table(collection_id)
        return self._tables.get(collection_id)

    def _create(self, collection_id: str, length: int) -> Any:
        table = self._database.create_table(collection_id, schema=_schema(length))
        table.create_index("chunk_id", config=BTree())
        table.create_index("document_id", config=BTree())
        self._tables[collection_id] = table
        return table

    def _merge(self, table: Any) -> None:
        """Merge small files, extend the indexes, and remove older versions."""
        table.optimize(cleanup_older_than=timedelta(0))
        self._since = 0


def _schema(length: int) -> pa.Schema:
    vector = pa.list_(pa.float32(), length)
    return pa.schema([("chunk_id", pa.string()), ("document_id", pa.string()), ("vector", vector)])


def _rows(chunks: Sequence[Chunk], matrix: np.ndarray[Any, Any]) -> pa.Table:
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
    columns = [[chunk.id for chunk in chunks], [chunk.document_id for chunk in chunks], vectors]
    return pa.table(columns, schema=_schema(matrix.shape[1]))


def _among(column: str, values: Iterable[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({quoted})"

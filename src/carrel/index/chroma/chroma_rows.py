"""Rows of a Chroma collection, embedded or on a server: one per chunk, with its vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from carrel.core.documents import Chunk
from carrel.core.protocols.adapters import Vector
from carrel.index.embedding.directions import normalize

Item = TypeVar("Item")

DOCUMENT = "document_id"
PAGE = 10_000
"""Rows per listing, so that listing a large collection takes little memory."""

COPIED = 1_000
"""Rows with their vectors per read."""

HNSW = {"space": "cosine", "ef_search": 400}
"""Chroma's graph with four times the default search candidates: 1.1 ms become 2.2 ms, and all
of the ten nearest among 2,000 random directions are found instead of 91 %.
"""


class Rows(Protocol):
    """The used part of Chroma's own ``Collection``."""

    def add(self, *, ids: Any, embeddings: Any, metadatas: Any) -> Any:
        """Store rows; those whose id exists are left as they are."""
        ...

    def get(
        self, *, ids: Any = None, limit: Any = None, offset: Any = None, include: Any = ...
    ) -> Any:
        """Return rows by id, or a page of all."""
        ...

    def query(
        self, *, query_embeddings: Any, n_results: Any, where: Any = None, include: Any = ...
    ) -> Any:
        """Return the rows that are nearest to each vector."""
        ...

    def delete(self, *, ids: Any = None, where: Any = None) -> Any:
        """Remove rows by id or by a condition."""
        ...

    def count(self) -> int:
        """The number of rows."""
        ...


def store_rows(
    rows: Rows,
    chunks: Sequence[Chunk],
    vectors: Sequence[Vector],
    at_once: int,
    note_deleted: Callable[[int], None] = lambda _: None,
) -> None:
    """Store one vector per chunk, in batches of ``at_once``; existing chunk ids are overwritten.

    ``note_deleted`` is called with the number of overwritten ones.
    """
    latest = {chunk.id: number for number, chunk in enumerate(chunks)}
    for part in parts(list(latest.values()), at_once):
        ids = [chunks[number].id for number in part]
        # Not upsert: its writes are replayed as updates, which take milliseconds each and leave
        # nodes of the graph unreachable.
        existing = rows.get(ids=ids, include=[])["ids"]
        if existing:
            rows.delete(ids=existing)
            note_deleted(len(existing))
        rows.add(
            ids=ids,
            embeddings=np.asarray([vectors[number] for number in part], dtype=np.float32),
            metadatas=[{DOCUMENT: chunks[number].document_id} for number in part],
        )


def nearest(
    rows: Rows, vector: Vector, top_k: int, document_ids: Sequence[str]
) -> list[tuple[str, float]]:
    """Return (chunk id, cosine) pairs, best first, of some documents or, without any, of all."""
    found = rows.query(
        query_embeddings=np.asarray([vector], dtype=np.float32),
        n_results=top_k,
        where=among(document_ids) if document_ids else None,
        include=["distances"],
    )
    distances = found["distances"]
    assert distances is not None
    return [
        (chunk_id, 1.0 - distance)
        for chunk_id, distance in zip(found["ids"][0], distances[0], strict=True)
    ]


def stored_vectors(rows: Rows, chunk_ids: Sequence[str], at_once: int) -> dict[str, Vector]:
    """Return the vectors of those chunks that have one, scaled to length 1, by chunk id."""
    found: dict[str, Vector] = {}
    # Chroma refuses a list with duplicate ids.
    for ids in parts(list(dict.fromkeys(chunk_ids)), at_once):
        page = rows.get(ids=list(ids), include=["embeddings"])
        if not page["ids"]:
            continue
        matrix = np.asarray(page["embeddings"], dtype=np.float32)
        normalize(matrix)
        found.update(zip(page["ids"], matrix.tolist(), strict=True))
    return found


def stored_documents(rows: Rows) -> set[str]:
    """The documents that have at least one row."""
    found: set[str] = set()
    for offset in range(0, rows.count(), PAGE):
        page = rows.get(limit=PAGE, offset=offset, include=["metadatas"])
        found.update(str(each[DOCUMENT]) for each in page["metadatas"] or ())
    return found


def stored_entries(rows: Rows) -> Iterator[tuple[list[Chunk], list[Vector]]]:
    """Yield all chunks, by their ids alone, with their vectors, some at a time."""
    for offset in range(0, rows.count(), COPIED):
        page = rows.get(limit=COPIED, offset=offset, include=["embeddings", "metadatas"])
        chunks = [
            Chunk(chunk_id, str(each[DOCUMENT]), 0, "")
            for chunk_id, each in zip(page["ids"], page["metadatas"] or (), strict=True)
        ]
        yield chunks, np.asarray(page["embeddings"], dtype=np.float32).tolist()


def parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield parts of at most ``size`` items, in order."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def among(document_ids: Sequence[str]) -> dict[str, Any]:
    """Return the condition that a row belongs to one of the documents."""
    return {DOCUMENT: {"$in": list(document_ids)}}

"""Reuses the vectors of texts that are stored already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from carrel.core.documents import Chunk
from carrel.core.protocols.adapters import Vector, VectorIndex


class EmbeddingReuse:
    """Looks up the vectors of chunks by heading and text, among the documents added to it.

    An earlier version of a file, the same bytes under another name, and a file whose ingestion was
    interrupted contain chunks with the same vectors. The vector of a document under another name
    includes that name; its own name is in the keyword index.
    """

    def __init__(self, vectors: VectorIndex) -> None:
        self._vectors = vectors
        self._places: dict[tuple[str | None, str], tuple[str, str]] = {}

    def add(self, collection_id: str, chunks: Iterable[Chunk]) -> None:
        """Add the chunks of a document that is, or may be, in the index."""
        for chunk in chunks:
            self._places[chunk.heading, chunk.text] = collection_id, chunk.id

    def of(self, chunks: Sequence[Chunk]) -> list[Vector | None]:
        """Return the vector of each chunk, None where there is none."""
        places = [self._places.get((chunk.heading, chunk.text)) for chunk in chunks]
        wanted: defaultdict[str, list[str]] = defaultdict(list)
        for collection_id, chunk_id in filter(None, places):
            wanted[collection_id].append(chunk_id)
        stored = {
            collection_id: self._vectors.vectors(collection_id, chunk_ids)
            for collection_id, chunk_ids in wanted.items()
        }
        return [stored[place[0]].get(place[1]) if place else None for place in places]

"""Second vectors of chunks in other languages than English, by an embedder that knows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from carrel.core.documents import Chunk
from carrel.core.indexed_text import compatible
from carrel.core.protocols.adapters import Vector, VectorIndex
from carrel.core.protocols.embedding import LanguageEmbedder
from carrel.services.text.languages import ENGLISH, language_of

SUFFIX = "-languages"


class ForeignVectors:
    """Vectors beside those of the main embedder, in a collection of their own in the same store.

    Only chunks in a language that ``embedder`` knows, other than English, have one. Documents that
    were added before there were such vectors have none until the next reindex. Without an embedder
    nothing is added or found; earlier vectors are still removed. Its methods block.
    """

    def __init__(self, vectors: VectorIndex, embedder: LanguageEmbedder | None = None) -> None:
        self._vectors = vectors
        self.embedder = embedder

    def add(self, collection_id: str, chunks: Sequence[Chunk], texts: Sequence[str]) -> None:
        """Embed the indexed texts of chunks in known languages, and store their vectors."""
        if self.embedder is None:
            return
        known = self.embedder.languages - {ENGLISH}
        rows = [row for row, chunk in enumerate(chunks) if language_of(chunk.text) in known]
        if rows:
            vectors = self.embedder.embed_documents([compatible(texts[row]) for row in rows])
            self._vectors.add(_own(collection_id), [chunks[row] for row in rows], vectors)

    def nearest(
        self, question: str, collection_ids: Sequence[str], top_k: int, within: Sequence[str]
    ) -> ForeignNearest | None:
        """Return the nearest chunks of collections; None if they have no such vectors.

        A non-empty ``within`` restricts the search to those documents.
        """
        ids = [each for each in map(_own, collection_ids) if self._vectors.count(each)]
        if self.embedder is None or not ids:
            return None
        vector = self.embedder.embed_query(compatible(question))
        found = [pair for each in ids for pair in self._vectors.search(each, vector, top_k, within)]
        found.sort(key=lambda pair: -pair[1])
        return ForeignNearest(self._vectors, ids, vector, dict(found[:top_k]))

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove the vectors of the documents; unknown ones are ignored."""
        self._vectors.delete_documents(_own(collection_id), document_ids)

    def delete_collection(self, collection_id: str) -> None:
        """Remove all vectors of the collection; an unknown one is ignored."""
        self._vectors.delete_collection(_own(collection_id))


class ForeignNearest:
    """Result of a search: the cosines of the nearest chunks, by their ids."""

    def __init__(
        self,
        vectors: VectorIndex,
        ids: Sequence[str],
        question: Vector,
        found: Mapping[str, float],
    ) -> None:
        self._vectors = vectors
        self._ids = ids
        self._question = question
        self.found = found

    def cosines(self, chunk_ids: Iterable[str]) -> dict[str, float]:
        """Return the cosines of what was found, and of those chunks that have a vector."""
        others = [each for each in chunk_ids if each not in self.found]
        known = dict(self.found)
        for each in self._ids:
            for chunk_id, vector in self._vectors.vectors(each, others).items():
                known[chunk_id] = sum(a * b for a, b in zip(vector, self._question, strict=True))
        return known


def _own(collection_id: str) -> str:
    return collection_id + SUFFIX

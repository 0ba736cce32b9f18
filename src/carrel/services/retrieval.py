"""From a question and a scope to the chunks that may answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import Collection, RetrievedChunk
from carrel.core.errors import DocumentNotFound, InvalidRequest, NothingToSearch
from carrel.core.protocols import Catalog, Embedder, KeywordIndex, VectorIndex
from carrel.services.collections import CollectionService

RANK_CONSTANT = 60
"""The k of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""


def fuse(rankings: Sequence[Sequence[str]]) -> list[tuple[str, float]]:
    """Merge rankings by reciprocal rank: the score of an item is the sum of 1 / (k + rank).

    Scores are scaled so that an item that is first in every ranking has 1.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (RANK_CONSTANT + rank)
    best = len(rankings) / (RANK_CONSTANT + 1)
    ordered = sorted(scores.items(), key=lambda pair: -pair[1])
    return [(item, score / best) for item, score in ordered]


def _merged(results: Iterable[Sequence[tuple[str, float]]], limit: int) -> list[str]:
    """Return the ids of several collections' results, best score first."""
    everything = sorted((pair for result in results for pair in result), key=lambda pair: -pair[1])
    return [chunk_id for chunk_id, _ in everything[:limit]]


@dataclass(frozen=True, slots=True)
class SearchIndexes:
    """The two indexes that are searched, and the embedder of the first."""

    embedder: Embedder
    vectors: VectorIndex
    keywords: KeywordIndex


class RetrievalService:
    """Dense and keyword search, fused by reciprocal rank."""

    def __init__(
        self,
        catalog: Catalog,
        indexes: SearchIndexes,
        collections: CollectionService,
        candidates: int,
    ) -> None:
        self._catalog = catalog
        self._indexes = indexes
        self._collections = collections
        self._candidates = candidates

    async def search(
        self, question: str, scope: Scope, principal: Principal
    ) -> list[RetrievedChunk]:
        """Return at most ``scope.top_k`` chunks, best first, none twice.

        Raises:
            InvalidRequest: the question is blank or the scope names no collection.
            CollectionNotFound: a collection that the account may not read.
            DocumentNotFound: a document that is in none of the collections.
            NothingToSearch: the scope holds no ready document.
        """
        if not question.strip():
            raise InvalidRequest("The question is empty.")
        if not scope.collections:
            raise InvalidRequest("Name at least one collection to search.")
        names = dict.fromkeys(scope.collections)
        collections = [await self._collections.get(name, principal) for name in names]
        await asyncio.to_thread(self._require_documents, scope, collections)
        # Side by side: words are looked up while the question is embedded.
        rankings = await asyncio.gather(
            asyncio.to_thread(self._nearest, question, scope, collections),
            asyncio.to_thread(self._with_words, question, scope, collections),
        )
        return await asyncio.to_thread(self._load, fuse(rankings), scope.top_k, collections)

    def _nearest(self, question: str, scope: Scope, collections: Sequence[Collection]) -> list[str]:
        wanted = self._wanted(scope)
        vector = self._indexes.embedder.embed_query(question)
        search = self._indexes.vectors.search
        return _merged(
            (search(each.id, vector, wanted, scope.document_ids) for each in collections), wanted
        )

    def _with_words(
        self, question: str, scope: Scope, collections: Sequence[Collection]
    ) -> list[str]:
        wanted = self._wanted(scope)
        search = self._indexes.keywords.search
        return _merged(
            (search(each.id, question, wanted, scope.document_ids) for each in collections), wanted
        )

    def _wanted(self, scope: Scope) -> int:
        return max(self._candidates, scope.top_k)

    def _require_documents(self, scope: Scope, collections: Sequence[Collection]) -> None:
        for document_id in scope.document_ids:
            record = self._catalog.document(document_id)
            if record is None or record.collection_id not in {each.id for each in collections}:
                where = ", ".join(scope.collections)
                raise DocumentNotFound(f"There is no document '{document_id}' in {where}.")
        ready = sum(self._catalog.ready_count(each.id, scope.document_ids) for each in collections)
        if not ready:
            where = ", ".join(f"'{each.name}'" for each in collections)
            raise NothingToSearch(
                f"There is nothing to search in {where}: add documents to it first."
            )

    def _load(
        self, ranked: Sequence[tuple[str, float]], top_k: int, collections: Sequence[Collection]
    ) -> list[RetrievedChunk]:
        """Read the best chunks, leaving out those whose text stands already."""
        chunks = self._catalog.chunks([chunk_id for chunk_id, _ in ranked])
        names = {each.id: each.name for each in collections}
        found: list[RetrievedChunk] = []
        seen: set[str] = set()
        for chunk_id, score in ranked:
            chunk = chunks.get(chunk_id)
            # A document that was deleted or replaced a moment ago may still stand in an index.
            record = self._catalog.document(chunk.document_id) if chunk else None
            if chunk is None or record is None or chunk.text in seen:
                continue
            seen.add(chunk.text)
            found.append(RetrievedChunk(chunk, record.name, names[record.collection_id], score))
            if len(found) == top_k:
                break
        return found

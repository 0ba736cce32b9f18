"""Retrieves the chunks that may answer a question within a scope."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from carrel.core.access import Principal
from carrel.core.chat import ALL, Scope
from carrel.core.documents import Collection, DocumentRecord, DocumentStatus, RetrievedChunk
from carrel.core.errors import DocumentNotFound, InvalidRequest, NothingToSearch
from carrel.core.indexed_text import compatible
from carrel.core.protocols.adapters import Catalog, Embedder, KeywordIndex, VectorIndex
from carrel.core.protocols.reranking import Reranker
from carrel.core.request_limits import require_short_query
from carrel.services.collections import CollectionService
from carrel.services.document_filter import DocumentFilter, parse_filter
from carrel.services.indexing.foreign_vectors import ForeignNearest, ForeignVectors
from carrel.services.retrieval.named_files import possible_names
from carrel.services.retrieval.passages import deduplicate, diversify, merge_adjacent
from carrel.services.retrieval.ranking import Scores, cosines, known_languages, ranked
from carrel.services.text.search_words import with_search_words

RERANKED = 30
"""Minimum number of chunks for the reranker."""

NEIGHBOURHOOD = 12
"""Minimum number of chunks among which neighbours are merged."""


def _merged(results: Iterable[Scores], limit: int) -> Scores:
    """Merge the results of several collections, best score first."""
    everything = sorted((pair for result in results for pair in result), key=lambda pair: -pair[1])
    return everything[:limit]


@dataclass(frozen=True, slots=True)
class SearchIndexes:
    """The two indexes, the embedder of the first, and its vectors for other languages."""

    embedder: Embedder
    vectors: VectorIndex
    keywords: KeywordIndex
    foreign: ForeignVectors | None = None


class RetrievalService:
    """Dense and keyword search, fused, and the best results reranked."""

    def __init__(
        self,
        catalog: Catalog,
        indexes: SearchIndexes,
        collections: CollectionService,
        candidates: int,
        reranker: Reranker | None = None,
    ) -> None:
        self._catalog = catalog
        self._indexes = indexes
        self._collections = collections
        self._candidates = candidates
        self._reranker = reranker

    async def search(
        self, question: str, scope: Scope, principal: Principal
    ) -> list[RetrievedChunk]:
        """Return at most ``scope.top_k`` passages, best first, without duplicates; or ``ALL``.

        A passage is a chunk, or several neighbouring ones. One of each page comes before a second
        one of any page.

        Raises:
            QueryTooLong: the question is.
            InvalidRequest: the question is blank, the scope names no collection, or its filter is
                none.
            CollectionNotFound: a collection that the account may not read.
            DocumentNotFound: a document that is in none of the collections, or no document matches
                the filter.
            NothingToSearch: the scope holds no ready document.
        """
        require_short_query(question)
        if not question.strip():
            raise InvalidRequest("The question is empty.")
        if not scope.collections:
            raise InvalidRequest("Name at least one collection to search.")
        scope = await self.filtered(scope, principal)
        collections = await self._readable(scope, principal)
        within = await asyncio.to_thread(self._required_documents, scope, collections)
        if not within:
            within = await asyncio.to_thread(self._named_documents, question, collections)
        # Concurrently: words are looked up while the question is embedded.
        dense, keywords, foreign = await asyncio.gather(
            asyncio.to_thread(self._nearest, question, scope, collections, within),
            asyncio.to_thread(self._with_words, question, scope, collections, within),
            asyncio.to_thread(self._foreign_nearest, question, scope, collections, within),
        )
        known = cosines(dense, keywords)
        others = await asyncio.to_thread(foreign.cosines, known) if foreign is not None else {}
        candidates = await asyncio.to_thread(self._load, known | others, collections)
        order = await asyncio.to_thread(
            self._ranked, question, candidates, scope.top_k, others.keys()
        )
        best = len(order) if scope.top_k == ALL else max(NEIGHBOURHOOD, scope.top_k)
        passages = diversify([*merge_adjacent(order[:best]), *order[best:]])
        return passages if scope.top_k == ALL else passages[: scope.top_k]

    async def filtered(self, scope: Scope, principal: Principal) -> Scope:
        """Return the scope with the documents that match its filter, instead of the filter.

        Raises:
            InvalidRequest: the filter is none.
            CollectionNotFound: a collection that the account may not read.
            DocumentNotFound: no document matches.
        """
        if not scope.filter.strip():
            return scope
        wanted = parse_filter(scope.filter)
        collections = await self._readable(scope, principal)
        found = await asyncio.to_thread(self._matching, wanted, scope, collections)
        if not found:
            where = ", ".join(f"'{each.name}'" for each in collections)
            raise DocumentNotFound(f"No document of {where} matches the filter '{scope.filter}'.")
        return replace(scope, document_ids=found, filter="")

    def _matching(
        self, wanted: DocumentFilter, scope: Scope, collections: Sequence[Collection]
    ) -> tuple[str, ...]:
        return tuple(
            record.id
            for collection in collections
            for record in self._catalog.documents(collection.id)
            if record.status is DocumentStatus.READY
            and (not scope.document_ids or record.id in scope.document_ids)
            and wanted.matches(record)
        )

    async def _readable(self, scope: Scope, principal: Principal) -> list[Collection]:
        names = dict.fromkeys(scope.collections)
        return [await self._collections.get(name, principal) for name in names]

    def _ranked(
        self,
        question: str,
        candidates: Sequence[RetrievedChunk],
        top_k: int,
        multilingual: Set[str],
    ) -> list[RetrievedChunk]:
        known = known_languages(self._indexes.embedder.name)
        order = deduplicate(ranked(question, candidates, known, multilingual))
        if self._reranker is None:
            return order
        narrowed = order[: max(RERANKED, top_k)]
        scores = self._reranker.scores(question, narrowed)
        judged = [replace(each, score=score) for each, score in zip(narrowed, scores, strict=True)]
        judged.sort(key=lambda each: -each.score)
        # The others follow the reranked ones, whatever the two scales are.
        least = judged[-1].score if judged else 0.0
        rest = (replace(each, score=min(each.score, least)) for each in order[len(narrowed) :])
        return [*judged, *rest]

    def _nearest(
        self,
        question: str,
        scope: Scope,
        collections: Sequence[Collection],
        within: Sequence[str],
    ) -> Scores:
        wanted = self._wanted(scope)
        vector = self._indexes.embedder.embed_query(compatible(question))
        search = self._indexes.vectors.search
        return _merged((search(each.id, vector, wanted, within) for each in collections), wanted)

    def _foreign_nearest(
        self,
        question: str,
        scope: Scope,
        collections: Sequence[Collection],
        within: Sequence[str],
    ) -> ForeignNearest | None:
        foreign = self._indexes.foreign
        if foreign is None:
            return None
        return foreign.nearest(question, [c.id for c in collections], self._wanted(scope), within)

    def _with_words(
        self,
        question: str,
        scope: Scope,
        collections: Sequence[Collection],
        within: Sequence[str],
    ) -> Scores:
        wanted = self._wanted(scope)
        search = self._indexes.keywords.search
        query = with_search_words(question)
        return _merged((search(each.id, query, wanted, within) for each in collections), wanted)

    def _wanted(self, scope: Scope) -> int:
        return max(self._candidates, scope.top_k)

    def _required_documents(self, scope: Scope, collections: Sequence[Collection]) -> Sequence[str]:
        """Return the index ids of the scope's documents; empty for all."""
        within: list[str] = []
        for document_id in scope.document_ids:
            record = self._catalog.document(document_id)
            if record is None or record.collection_id not in {each.id for each in collections}:
                where = ", ".join(scope.collections)
                raise DocumentNotFound(f"There is no document '{document_id}' in {where}.")
            within.append(record.index_id)
        ready = sum(self._catalog.ready_count(each.id, scope.document_ids) for each in collections)
        if not ready:
            where = ", ".join(f"'{each.name}'" for each in collections)
            raise NothingToSearch(
                f"There is nothing to search in {where}: add documents to it first."
            )
        return within

    def _named_documents(self, question: str, collections: Sequence[Collection]) -> Sequence[str]:
        """Return the index ids of the documents whose file names the question contains."""
        found = (
            self._catalog.ready_document(each.id, name)
            for name in possible_names(question)
            for each in collections
        )
        return list(dict.fromkeys(record.index_id for record in found if record is not None))

    def _load(
        self, scores: Mapping[str, float], collections: Sequence[Collection]
    ) -> list[RetrievedChunk]:
        """Read the chunks of a search, best first, skipping texts that are included already."""
        chunks = self._catalog.chunks(list(scores))
        names = {each.id: each.name for each in collections}
        documents: dict[str, DocumentRecord | None] = {
            each: self._catalog.document(each)
            for each in {chunk.document_id for chunk in chunks.values()}
        }
        found: list[RetrievedChunk] = []
        seen: set[str] = set()
        for chunk_id, score in sorted(scores.items(), key=lambda pair: -pair[1]):
            chunk = chunks.get(chunk_id)
            # A document that was just deleted or replaced may still be in an index.
            record = documents[chunk.document_id] if chunk else None
            if chunk is None or record is None or chunk.text in seen:
                continue
            seen.add(chunk.text)
            found.append(RetrievedChunk(chunk, record.name, names[record.collection_id], score))
        return found

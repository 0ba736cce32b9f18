"""Gives documents to the model whole if they fit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from carrel.core.access import Principal
from carrel.core.chat import ModelInfo, Scope
from carrel.core.documents import DocumentRecord, DocumentStatus, RetrievedChunk
from carrel.core.protocols.adapters import Catalog, Engine
from carrel.services.chat.grounding import count_source
from carrel.services.collections import CollectionService
from carrel.services.model_size import is_large_or_remote
from carrel.services.text.reading_order import without_overlaps

WholeDocuments = Literal["auto", "never", "always"]


class WholeDocumentReading:
    """Reads the documents of a scope whole, if the setting allows it and they fit."""

    def __init__(
        self, catalog: Catalog, collections: CollectionService, mode: WholeDocuments
    ) -> None:
        self._catalog = catalog
        self._collections = collections
        self._mode = mode

    def is_wanted(self, info: ModelInfo) -> bool:
        """Whether the model gets whole documents; ``auto`` excludes models that may be small."""
        if self._mode == "auto":
            return is_large_or_remote(info)
        return self._mode == "always"

    async def read(
        self, scope: Scope, principal: Principal, engine: Engine, budget: int
    ) -> tuple[list[RetrievedChunk], int] | None:
        """Return all chunks of the scope in reading order, and their tokens.

        None if they exceed ``budget``, in tokens of the engine. Overlaps of chunks are included
        once. The documents of a collection are sorted by name; scores are 0, as nothing was
        searched.

        Raises:
            CollectionNotFound: a collection that the account may not read.
        """
        whole: list[RetrievedChunk] = []
        spent = 0
        for name in dict.fromkeys(scope.collections):
            records = await self._ready(name, scope, principal)
            # A chunk has one token at least: most collections are rejected before they are read.
            if len(whole) + sum(each.chunks for each in records) > budget:
                return None
            for record in records:
                chunks = await asyncio.to_thread(self._catalog.document_chunks, record.id)
                for chunk in without_overlaps(chunks):
                    whole.append(RetrievedChunk(chunk, record.name, name, 0.0))
                    spent += await count_source(engine, len(whole), whole[-1])
                    if spent > budget:
                        return None
        return (whole, spent) if whole else None

    async def _ready(
        self, name: str, scope: Scope, principal: Principal
    ) -> Sequence[DocumentRecord]:
        return [
            each
            for each in await self._collections.documents(name, principal)
            if each.status is DocumentStatus.READY
            and (not scope.document_ids or each.id in scope.document_ids)
        ]


def with_scores(
    whole: Sequence[RetrievedChunk], found: Sequence[RetrievedChunk]
) -> list[RetrievedChunk]:
    """Return the chunks of whole documents with the scores of the search results."""
    scores = {each.chunk.id: each.score for each in found}
    return [replace(each, score=scores.get(each.chunk.id, 0.0)) for each in whole]

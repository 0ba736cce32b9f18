"""Selects the documents of a summary."""

from __future__ import annotations

import asyncio

from carrel.core.documents import DocumentStatus
from carrel.core.errors import DocumentNotFound, NothingToSearch
from carrel.core.protocols.adapters import Catalog
from carrel.core.summaries import SummarizationRequest
from carrel.services.collections import CollectionService
from carrel.services.text.reading_order import DocumentText, without_overlaps


class ChosenDocuments:
    """Reads the selected documents of collections in reading order."""

    def __init__(self, catalog: Catalog, collections: CollectionService) -> None:
        self._catalog = catalog
        self._collections = collections

    async def read(self, request: SummarizationRequest) -> list[DocumentText]:
        """Return the selected documents in the order of the request, or all of them by name.

        Raises:
            CollectionNotFound: no such collection.
            DocumentNotFound: a chosen document is in none of them.
            NothingToSearch: they have no ready document, or a chosen one is not ready.
        """
        where = ", ".join(f"'{each}'" for each in request.collections)
        by_id = {
            each.id: each
            for name in dict.fromkeys(request.collections)
            for each in await self._collections.documents(name, request.principal)
        }
        for document_id in request.document_ids:
            if document_id not in by_id:
                raise DocumentNotFound(f"There is no document '{document_id}' in {where}.")
            if by_id[document_id].status is not DocumentStatus.READY:
                raise NothingToSearch(
                    f"'{by_id[document_id].name}' in {where} is not ready: choose a document "
                    "that is."
                )
        chosen = [by_id[each] for each in dict.fromkeys(request.document_ids)]
        documents = []
        for record in chosen or by_id.values():
            if record.status is DocumentStatus.READY:
                chunks = await asyncio.to_thread(self._catalog.document_chunks, record.id)
                documents.append(DocumentText(record.name, record.id, without_overlaps(chunks)))
        documents = [each for each in documents if each.chunks]
        if not documents:
            raise NothingToSearch(
                f"There is nothing to read in {where}: add documents to it first."
            )
        return documents

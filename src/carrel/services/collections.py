"""Collections and their documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from carrel.core.access import Principal, may_administer, may_read, may_write
from carrel.core.documents import (
    MY_DATA,
    USER_DATA,
    Collection,
    CollectionContents,
    DocumentRecord,
    DocumentStatus,
)
from carrel.core.errors import (
    AccessDenied,
    CollectionNotFound,
    DocumentNotFound,
    InvalidRequest,
)
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.originals import OriginalStore
from carrel.services.indexing.indexing import DocumentIndexer

LONGEST_NAME = 200
PERMANENT = (MY_DATA, USER_DATA)
RESERVED = ("LLM",)


def require_collection_name(name: str) -> str:
    """Return the name without surrounding white space.

    Raises:
        InvalidRequest: it is empty, too long, reserved, or contains control characters or slashes.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidRequest(f"A collection's name has 1 to {LONGEST_NAME} characters.")
    if name in RESERVED:
        raise InvalidRequest(f"'{name}' is reserved and cannot name a collection.")
    if "/" in name or "\\" in name or not name.isprintable():
        raise InvalidRequest("A collection's name cannot contain slashes or control characters.")
    return name


class CollectionService:
    """Access-checked operations on collections."""

    def __init__(
        self, catalog: Catalog, originals: OriginalStore, indexer: DocumentIndexer
    ) -> None:
        self._catalog = catalog
        self._originals = originals
        self._indexer = indexer
        self._before_delete: list[Callable[[Collection], Awaitable[None]]] = []

    def call_before_delete(self, stop: Callable[[Collection], Awaitable[None]]) -> None:
        """Register a function to be awaited before a collection is deleted."""
        self._before_delete.append(stop)

    async def list(self, principal: Principal) -> Sequence[Collection]:
        """Return the collections that the account may read, by name."""
        everything = await asyncio.to_thread(self._catalog.collections)
        return [each for each in everything if may_read(principal, each)]

    async def overview(
        self, principal: Principal
    ) -> Sequence[tuple[Collection, CollectionContents]]:
        """Return the collections that the account may read, with statistics."""
        readable = await self.list(principal)
        contents = await asyncio.to_thread(self._catalog.contents)
        return [(each, contents.get(each.id, CollectionContents())) for each in readable]

    async def contents(self, collection: Collection) -> CollectionContents:
        """Return the statistics of a collection."""
        contents = await asyncio.to_thread(self._catalog.contents)
        return contents.get(collection.id, CollectionContents())

    async def get(self, name: str, principal: Principal) -> Collection:
        """Return a collection by name; the account's own one takes precedence over a shared one.

        Raises:
            CollectionNotFound: none that the account may read.
        """
        found = [each for each in await self.list(principal) if each.name == name]
        if not found:
            raise CollectionNotFound(f"There is no collection '{name}'.")
        return min(found, key=lambda each: each.shared)

    def may_change(self, collection: Collection, principal: Principal) -> bool:
        """Whether the account may rename and delete the collection."""
        return collection.name not in PERMANENT and may_administer(principal, collection)

    async def create(self, name: str, shared: bool, principal: Principal) -> Collection:
        """Create a collection.

        Raises:
            InvalidRequest: the name cannot be used.
            AlreadyExists: the name is taken.
        """
        name = require_collection_name(name)
        return await asyncio.to_thread(
            self._catalog.create_collection, name, shared, principal.account
        )

    async def ensure(self, name: str, principal: Principal) -> Collection:
        """Return the collection of that name; create a shared one if there is none.

        Raises:
            InvalidRequest: there is none and the name is invalid.
        """
        try:
            return await self.get(name, principal)
        except CollectionNotFound:
            return await self.create(name, True, principal)

    async def rename(
        self, name: str, new_name: str, principal: Principal, shared: bool | None = None
    ) -> Collection:
        """Rename a collection; ``shared`` changes its visibility. Its documents are kept.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not rename it, or it is built in.
            InvalidRequest: the new name cannot be used.
            AlreadyExists: the new name is taken.
        """
        collection = await self.get(name, principal)
        if name in PERMANENT:
            raise AccessDenied(f"The collection '{name}' always exists and cannot be renamed.")
        if not may_administer(principal, collection):
            raise AccessDenied(f"The collection '{name}' is not yours to rename.")
        return await asyncio.to_thread(
            self._catalog.rename_collection,
            collection.id,
            require_collection_name(new_name),
            collection.shared if shared is None else shared,
        )

    async def delete(self, name: str, principal: Principal) -> int:
        """Delete a collection with all its documents and return their number.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not delete it, or it is built in.
            RemoteUnavailable: the store's server does not answer; nothing was changed.
        """
        collection = await self.get(name, principal)
        if name in PERMANENT:
            raise AccessDenied(f"The collection '{name}' always exists and cannot be deleted.")
        if not may_administer(principal, collection):
            raise AccessDenied(f"The collection '{name}' is not yours to delete.")
        for stop in self._before_delete:
            await stop(collection)
        return await asyncio.to_thread(self._delete, collection)

    def _delete(self, collection: Collection) -> int:
        self._indexer.require_store(collection.id)
        documents = self._catalog.documents(collection.id)
        document_ids = [each.id for each in documents]
        gone = {*document_ids, *(each.index_id for each in documents)}
        gone.update(each.id for each in self._catalog.replacements(collection.id))
        self._catalog.delete_collection(collection.id)
        self._indexer.remove_collection(collection.id)
        self._originals.delete(document_ids)
        self._catalog.forget_documents(gone)
        return len(document_ids)

    async def documents(self, name: str, principal: Principal) -> Sequence[DocumentRecord]:
        """Return the documents of a collection, by name.

        Raises:
            CollectionNotFound: no such collection.
        """
        collection = await self.get(name, principal)
        return await asyncio.to_thread(self._catalog.documents, collection.id)

    async def document(self, name: str, document_id: str, principal: Principal) -> DocumentRecord:
        """Return one document of a collection.

        Raises:
            CollectionNotFound: no such collection.
            DocumentNotFound: no such document in it.
        """
        collection = await self.get(name, principal)
        record = await asyncio.to_thread(self._catalog.document, document_id)
        if record is None or record.collection_id != collection.id:
            raise DocumentNotFound(f"There is no document '{document_id}' in '{name}'.")
        return record

    async def original(self, name: str, document_id: str, principal: Principal) -> Path:
        """Return the path of the document's original file.

        Raises:
            CollectionNotFound: no such collection.
            DocumentNotFound: no such document, or its file is not kept.
        """
        record = await self.document(name, document_id, principal)
        path = self._originals.path(record.id)
        if not await asyncio.to_thread(path.is_file):
            raise DocumentNotFound(f"The original of '{record.name}' is not stored.")
        return path

    async def delete_document(self, name: str, document_id: str, principal: Principal) -> None:
        """Delete a document, its chunks, its vectors and its file.

        Raises:
            CollectionNotFound: no such collection.
            DocumentNotFound: no such document in it.
            AccessDenied: the account may not write to the collection.
            InvalidRequest: the document is being ingested.
            RemoteUnavailable: the store's server does not answer; nothing was changed.
        """
        record = await self.document(name, document_id, principal)
        collection = await self.get(name, principal)
        if not may_write(principal, collection):
            raise AccessDenied(f"You may not change the collection '{name}'.")
        if record.status is DocumentStatus.PENDING:
            raise InvalidRequest(f"'{record.name}' is still being read: cancel that first.")
        await asyncio.to_thread(self._delete_document, record)

    def _delete_document(self, record: DocumentRecord) -> None:
        self._indexer.require_store(record.collection_id)
        self._catalog.delete_document(record.id)
        gone = self._indexer.discard_documents(record.collection_id, [record.index_id])
        self._originals.delete([record.id])
        if gone:
            self._catalog.forget_documents([record.id, record.index_id])

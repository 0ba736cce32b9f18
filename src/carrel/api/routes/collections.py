"""Collections: list, create, rename, delete, search."""

from __future__ import annotations

from fastapi import APIRouter, status

from carrel.api.deps import ApiState, Caller
from carrel.core.chat import Scope
from carrel.core.documents import CollectionContents
from carrel.schemas.collections import (
    CollectionBody,
    CollectionList,
    DeletedCollection,
    NewCollection,
    RenamedCollection,
)
from carrel.schemas.sources import SearchBody, SearchReply, SourceBody
from carrel.services.citations.citing import cite

router = APIRouter()


@router.get("/v1/collections")
async def list_collections(api: ApiState, caller: Caller) -> CollectionList:
    """List the collections that the account may read."""
    listed = await api.services.collections.overview(caller)
    bodies = [CollectionBody.of(each, contents) for each, contents in listed]
    return CollectionList(collections=bodies)


@router.post("/v1/collections", status_code=status.HTTP_201_CREATED)
async def create_collection(body: NewCollection, api: ApiState, caller: Caller) -> CollectionBody:
    """Create a collection."""
    made = await api.services.collections.create(body.name, body.shared, caller)
    return CollectionBody.of(made, CollectionContents())


@router.patch("/v1/collections/{name}")
async def rename_collection(
    name: str, body: RenamedCollection, api: ApiState, caller: Caller
) -> CollectionBody:
    """Give a collection another name; its documents stay as they are."""
    service = api.services.collections
    renamed = await service.rename(name, body.name, caller, body.shared)
    return CollectionBody.of(renamed, await service.contents(renamed))


@router.delete("/v1/collections/{name}")
async def delete_collection(name: str, api: ApiState, caller: Caller) -> DeletedCollection:
    """Delete a collection with its documents."""
    documents = await api.services.collections.delete(name, caller)
    return DeletedCollection(name=name, documents=documents)


@router.post("/v1/collections/{name}/search")
async def search(name: str, body: SearchBody, api: ApiState, caller: Caller) -> SearchReply:
    """Find passages; no model is asked."""
    top_k = body.top_k or api.services.settings.documents.top_k
    scope = Scope((name,), tuple(body.ids), top_k, filter=body.filter)
    found = await api.services.retrieval.search(body.query, scope, caller)
    sources = cite(body.query, "", found)
    return SearchReply(results=[SourceBody.of(each) for each in sources])

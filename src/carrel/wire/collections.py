"""Collections, and what creates and deletes them."""

from __future__ import annotations

from pydantic import Field

from carrel.core.documents import Collection
from carrel.wire.body import ReplyBody, RequestBody, Text


class CollectionBody(ReplyBody):
    """A collection and the number of its documents, failed ones included."""

    name: str
    shared: bool
    owner: str
    documents: int

    @classmethod
    def of(cls, collection: Collection, documents: int) -> CollectionBody:
        """Return the body of a core collection."""
        return cls(
            name=collection.name,
            shared=collection.shared,
            owner=collection.owner,
            documents=documents,
        )


class CollectionList(ReplyBody):
    """The collections that the account may read, by name."""

    collections: list[CollectionBody]


class NewCollection(RequestBody):
    """Asks for a collection. One that is not ``shared`` is seen by its owner alone."""

    name: Text = Field(min_length=1, max_length=200)
    shared: bool = False


class DeletedCollection(ReplyBody):
    """Says that a collection is gone, and how many documents with it."""

    name: str
    deleted: bool = True
    documents: int

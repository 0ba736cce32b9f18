"""Collections: replies, creation, renaming and deletion."""

from __future__ import annotations

from pydantic import Field

from carrel.core.documents import Collection, CollectionContents
from carrel.schemas.body import ReplyBody, RequestBody, Text


class CollectionBody(ReplyBody):
    """A collection with statistics; ``bytes`` are those of the stored originals.

    ``documents`` counts all: those that are ready, failed or being read.
    """

    name: str
    shared: bool
    owner: str
    documents: int
    ready: int
    failed: int
    chunks: int
    bytes: int

    @classmethod
    def of(cls, collection: Collection, contents: CollectionContents) -> CollectionBody:
        """Return the body of a core collection."""
        return cls(
            name=collection.name,
            shared=collection.shared,
            owner=collection.owner,
            documents=contents.documents,
            ready=contents.ready,
            failed=contents.failed,
            chunks=contents.chunks,
            bytes=contents.bytes,
        )

    def contents(self) -> CollectionContents:
        """Return core's counts."""
        return CollectionContents(self.documents, self.ready, self.failed, self.chunks, self.bytes)


class CollectionList(ReplyBody):
    """The collections that the account may read, by name."""

    collections: list[CollectionBody]


class NewCollection(RequestBody):
    """Creates a collection. One that is not ``shared`` is visible to its owner only."""

    name: Text = Field(min_length=1, max_length=200)
    shared: bool = False


class RenamedCollection(RequestBody):
    """Renames a collection; an omitted ``shared`` is unchanged."""

    name: Text = Field(min_length=1, max_length=200)
    shared: bool | None = None


class DeletedCollection(ReplyBody):
    """Confirms a deletion, with the number of deleted documents."""

    name: str
    deleted: bool = True
    documents: int
